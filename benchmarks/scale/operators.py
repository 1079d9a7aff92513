"""Mutation operators, texts a CPU second on one core, beside those of nlpaug that do the same.

Three figures for ours: the operator alone with its own random stream for each text; with protected spans as a build
finds them; and the whole guarded step of a build, which also checks that no number or fact was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.scale.data import texts
from benchmarks.scale.peers import ask
from evalspec.catalog import load_catalog
from evalspec.catalog.techniques.mutation import mutate
from evalspec.registry import Member
from evalspec.stream import Stream
from evalspec.text.spans import Spans, protected_spans

COUNT = 2000  # more than the package remembers the protected stretches of, so that no round profits from another
ROUNDS = 3
# Ours to the one of nlpaug that does the same kind of thing; None: nlpaug has none.
PAIRS = {
    "typo": "KeyboardAug",
    "keyboard": "KeyboardAug",
    "swap": "RandomCharSwap",
    "drop_letter": "RandomCharDelete",
    "misspell": "SpellingAug",
    "lowercase": None,
    "no_punctuation": None,
    "abbreviate": None,
}


def rate(step: Callable[[str], object], lines: Sequence[str]) -> float:
    """Return the median of texts a CPU second."""
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for line in lines:
            step(line)
        found.append(len(lines) / (time.process_time() - started))
    return median(found)


def _steps(member: Member) -> tuple[Callable[[str], object], ...]:
    """Return the three ways to apply an operator to a text."""

    def applied(line: str, spans: Spans) -> object:
        supply = {"text": line, "rng": Stream(line), "protected": spans, "language": "en", "facts": ()}
        return member.function(**{one: supply[one] for one in member.supplied})

    return (
        lambda line: applied(line, ()),
        lambda line: applied(line, protected_spans(line, ())),
        lambda line: mutate(line, (member,), {}, key=line, language="en"),
    )


def run() -> dict[str, Any]:
    """Measure every pair."""
    lines = list(texts(COUNT))
    catalog = load_catalog()
    peers = ask("operators_peer.py", str(COUNT // 8))
    rows = []
    for name, peer in PAIRS.items():
        alone, protected, whole = _steps(catalog.get("operator", name))
        rows.append(
            {
                "operator": name,
                "alone": rate(alone, lines),
                "protected": rate(protected, lines),
                "whole": rate(whole, lines),
                "peer": peer,
                "peer_rate": peers.get(peer) if peer else None,
            }
        )
    return {"rows": rows, "texts": COUNT, "rounds": ROUNDS}
