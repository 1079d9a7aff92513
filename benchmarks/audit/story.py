"""The audits of docs/audit.md: three public sets, each one command, and every figure that the page names.

    EVALSPEC_SHARED=... python -m benchmarks.audit.story [--out FOLDER]

The sets are not in the repository. What is kept of them is what the command prints: figures, the three words that open
a case most often, single words, and one request as an example. `--out` keeps the files, so that the commands can be run
by hand. The screens and figures are written to `story.json`, and a test holds docs/audit.md to them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "story.json"
MAIN = "import sys; sys.path[:] = [one for one in sys.path if one]; from evalspec.cli import main; main()"
LEAST_WORDS = 3  # of an utterance of ABCD; shorter ones are answers to the agent
Rows = Iterator[Mapping[str, Any]]

# Each story: the arguments of `evalspec audit`, over files that `write` makes.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "templates": ("bitext_refund.jsonl", "--seeds", "abcd_refund.jsonl"),
    "paraphrases": ("banking_chatgpt.jsonl", "--seeds", "banking_asked.jsonl"),
    "choices": ("advanced_ai_risk.jsonl",),
}


def read(shared: Path, name: str) -> Rows:
    """Yield the rows of a public set."""
    with (shared / "data" / name).open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def abcd_refund(shared: Path) -> Rows:
    """What customers of ABCD said in chats about refunds and returns (MIT, CC BY 4.0)."""
    for row in read(shared, "abcd/customer_utterances.jsonl"):
        flows = " ".join(f"{one.get('flow')} {one.get('subflow')}" for one in row["occurrences"])
        if re.search("refund|return", flows) and len(row["text"].split()) >= LEAST_WORDS:
            yield {"text": row["text"]}


def bitext_refund(shared: Path) -> Rows:
    """Bitext's templates for the intents about refunds (CDLA-Sharing-1.0)."""
    for row in read(shared, "bitext_customer_service/utterances.jsonl"):
        if "refund" in row["intent"]:
            yield {"utterance": row["utterance"], "intent": row["intent"]}


def banking_asked(shared: Path) -> Rows:
    """What people asked a bank (Banking77, CC BY 4.0)."""
    for row in read(shared, "gptaug_paraphrases/banking77.jsonl"):
        yield {"text": row["original"], "intent": row["label"]}


def banking_chatgpt(shared: Path) -> Rows:
    """ChatGPT's first paraphrase of each of these (gptaug, MIT)."""
    for row in read(shared, "gptaug_paraphrases/banking77.jsonl"):
        yield {"text": row["paraphrases"][0], "intent": row["label"], "author": "ChatGPT"}


def advanced_ai_risk(shared: Path) -> Rows:
    """The model-written evaluations with their part by people, as published (CC BY 4.0)."""
    yield from read(shared, "model_written_evals/advanced_ai_risk.jsonl")


def write(shared: Path, folder: Path) -> None:
    """Write the files of all stories."""
    for make in (abcd_refund, bitext_refund, banking_asked, banking_chatgpt, advanced_ai_risk):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in make(shared))
        (folder / f"{make.__name__}.jsonl").write_text(lines, encoding="utf-8")


def told(folder: Path, *arguments: str) -> str:
    """Run one audit and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-c", MAIN, "audit", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page names of an audit's JSON: figures of findings and measures, and no text of the set."""
    kept = ("value", "real", "n", "n_real", "p", "interval")
    return {
        "findings": {
            one["finding"]: {"status": one["status"], "n": one["n"], "p": one["p"], "cells": one["cells"]}
            for one in found["findings"]
        },
        "measures": [{name: one[name] for name in ("measure", "space", "pool", *kept)} for one in found["measures"]],
    }


def main() -> None:
    """Take every audit, print its screen, and write what the page rests on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="keep the files of the audits here")
    given = parser.parse_args()
    shared = os.environ.get("EVALSPEC_SHARED")
    if not shared:
        raise SystemExit("EVALSPEC_SHARED names the folder of the public sets")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = given.out or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        write(Path(shared), folder)
        for story, arguments in COMMANDS.items():
            screen = told(folder, *arguments)
            print(f"$ evalspec audit {' '.join(arguments)}\n{screen}")
            results[story] = {
                "command": f"evalspec audit {' '.join(arguments)}",
                "screen": screen.splitlines(),
                **figures(json.loads(told(folder, *arguments, "--json"))),
            }
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
