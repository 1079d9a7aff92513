"""What is found of training texts that are said again: `python -m benchmarks.measures.trained --write`.

Real questions are the training texts. Held against them are paraphrases of the same questions, which a chat model
wrote, and other questions of the same source: what is found of the first is worth something only as far as it is more
than of the second. The data comes from EVALSPEC_SHARED.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.pages import replaced
from evalspec.digests import keyed_hash
from evalspec.edges.meaning.embedder import minilm_embedder
from evalspec.model.spec import Mix, Screening, Spec
from evalspec.stages.training import Firewall, digest_training
from evalspec.stats.digested import nearest
from evalspec.text.meaning import Embed

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".json")
PAGE = ROOT / "docs" / "embeddings.md"
MARKS = ("<!-- begin trained, written by python -m benchmarks.measures.trained -->", "<!-- end trained -->")
SOURCES = {"banking77": "Banking77", "clinc_oos": "CLINC150"}
SIZE = 600
SPEC = Spec(name="trained", path="", folder="", mix=Mix(size=1, counts=()))
BOUND = Screening().near_semantic


def measure() -> list[dict[str, Any]]:
    """Return one row a source and side: texts, and how many are found by words and by meaning."""
    folder = Path(os.environ["EVALSPEC_SHARED"], "data", "gptaug_paraphrases")
    embed = minilm_embedder("trained", None)
    found = []
    for name, title in SOURCES.items():
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").open(encoding="utf-8")]
        rows.sort(key=lambda row: keyed_hash("trained", row["original"]))
        tuned, others = rows[:SIZE], rows[SIZE : 2 * SIZE]
        trained = [row["original"] for row in tuned]
        for side, texts in (
            ("paraphrases of them", [row["paraphrases"][0] for row in tuned]),
            ("other questions", [row["original"] for row in others]),
        ):
            found.append({"source": title, "side": side, "texts": len(texts), **_found(texts, trained, embed)})
    return found


def _found(texts: Sequence[str], trained: Sequence[str], embed: Embed) -> dict[str, int]:
    firewall = Firewall.of({"training": [digest_training(text, SPEC.screen.training_ngram) for text in trained]}, SPEC)
    near = nearest(embed(texts), embed(trained), BOUND)
    return {
        "words": sum(firewall.overlap(text) is not None for text in texts),
        "meaning": sum(one is not None for one in near),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Lay out the rows in Markdown."""
    lines = ["| training texts | held against them | texts | found by words | by meaning |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {SIZE} of {one['source']} | {one['side']} | {one['texts']} | {one['words']} | {one['meaning']} "
        f"({100 * one['meaning'] / one['texts']:.0f} %) |"
        for one in rows
    ]
    return "\n".join(lines)


def page(text: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the page with the table of these rows between its marks."""
    return replaced(text, *MARKS, f"{MARKS[0]}\n{table(rows)}\n{MARKS[1]}")


def main() -> None:
    """Measure, print the table, and keep it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the figures and write the table of the page")
    rows = measure()
    print(table(rows))
    if parser.parse_args().write:
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        PAGE.write_text(page(PAGE.read_text("utf-8"), rows), "utf-8")


if __name__ == "__main__":
    main()
