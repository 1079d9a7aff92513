"""Hits of the detectors per 1,000 real texts, and a sample of them to read: how loud are false alarms?

Needs the shared data (folder by `EVALSPEC_SHARED`); prints values, so its output is not for commits.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import evalspec.catalog.detectors  # noqa: F401  (registers them)
from evalspec.registry import CATALOG

DATA = Path(os.environ.get("EVALSPEC_SHARED", "../shared")) / "data"
SHOWN = 30


def texts(name: str) -> Iterator[str]:
    """Yield the users' texts of one set."""
    path, column = {
        "abcd": ("abcd/customer_utterances.jsonl", "text"),
        "cfpb": ("cfpb_complaints/complaints.jsonl", "narrative"),
        "hint3": ("hint3/messages.jsonl", "sentence"),
        "multidogo": ("multidogo/customer_conversations.jsonl", "customer_turns"),
    }[name]
    with (DATA / path).open(encoding="utf-8") as handle:
        for line in handle:
            value = json.loads(line)[column]
            yield from [turn[1] for turn in value] if isinstance(value, list) else [value]


def main(names: list[str]) -> None:
    """Print counts for each set, and thirty hits of each detector."""
    for name in names or ["abcd", "cfpb", "hint3", "multidogo"]:
        found = list(texts(name))
        for member in CATALOG.all("detector"):
            hits = [(text, span) for text in found for span in member.function(text)]
            print(f"{name:<10} {member.name:<16} {len(hits):>5} hits, {1000 * len(hits) / len(found):6.2f} per 1,000")
            for text, (start, end) in random.Random(1).sample(hits, min(SHOWN, len(hits))):
                print(f"    {text[max(0, start - 40) : start]!r} [{text[start:end]}] {text[end : end + 20]!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
