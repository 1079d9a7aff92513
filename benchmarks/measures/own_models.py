"""Models of a spec's own beside sentence-transformers, vector by vector: `python -m benchmarks.measures.own_models`.

The packaged MiniLM is named as a model of one's own, and models that sentence-transformers itself makes and saves, with
weights drawn at random, go through both. The peer stands in an environment of its own, whose interpreter
EVALSPEC_EMBEDDING_PEER names; real texts come from EVALSPEC_SHARED, else the examples' own rows are embedded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures.embedding import PAGE, ROOT, texts
from benchmarks.pages import replaced
from evalspec.embedding import shown
from evalspec.text.meaning import quantised

RESULTS = Path(__file__).with_suffix(".json")
MARKS = ("<!-- begin own, written by python -m benchmarks.measures.own_models -->", "<!-- end own -->")
PEER = Path(__file__).with_name("own_models_peer.py")
PACKAGED = "all-MiniLM-L6-v2, its folder"
TITLES = {
    "packaged": PACKAGED,
    "mean": "BERT, 3 layers of 96, mean, no step of length",
    "cls": "BERT, 3 layers of 96, first piece",
    "half": "BERT, 3 layers of 96, mean, weights of 16 bits",
    "distilbert": "DistilBERT, 2 layers of 64, mean",
    "dense": "BERT, 3 layers of 96, mean, then a dense step to 48",
}


def measure(count: int) -> list[dict[str, Any]]:
    """Embed the same texts by both, with each model."""
    chosen, what = texts(count)
    interpreter = os.environ.get("EVALSPEC_EMBEDDING_PEER", sys.executable)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "texts.json")
        source.write_text(json.dumps(chosen), "utf-8")
        subprocess.run([interpreter, str(PEER), place], check=True, stdout=subprocess.DEVNULL)
        peer = json.loads(Path(place, "versions.json").read_text("utf-8"))
        return [{**_compared(Path(place, one), interpreter), "name": one, "what": what, "peer": peer} for one in TITLES]


def _compared(folder: Path, interpreter: str) -> dict[str, Any]:
    found = shown(str(folder))
    told = {"path": ".", "revision": "random", "weights": found.weights, "settings": found.settings}
    # What needs the library is run where the library is.
    ours = sys.executable if found.spoken.runner == "evalspec" else interpreter
    rows = np.load(_row(ours, folder, told))
    theirs = np.load(folder.parent / f"rows-{folder.name}.npy")
    return {
        "dimensions": found.spoken.dimensions,
        "run_by": found.spoken.runner,
        "texts": len(rows),
        "components": int(rows.size),
        "whole_numbers_that_differ": int((quantised(rows) != quantised(theirs)).sum()),
        "largest_difference": float(np.abs(rows - theirs).max()),
    }


def _row(interpreter: str, folder: Path, told: dict[str, str]) -> Path:
    out = folder.parent / f"{folder.name}.npy"
    code = (
        "import json, sys\nimport numpy as np\n"
        "from evalspec.edges.meaning.own import loaded, opened\nfrom evalspec.model.embedders import OwnModel\n"
        "folder, told, source, out = json.loads(sys.argv[1])\n"
        "model = loaded(opened('own', OwnModel(**told), folder, folder))\n"
        "np.save(out, model.vectors(json.load(open(source, encoding='utf-8'))))\n"
    )
    given = json.dumps([str(folder), told, str(folder.parent / "texts.json"), str(out)])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([interpreter, "-c", code, given], check=True, env=environment, stdout=subprocess.DEVNULL)
    return out


def section(found: list[dict[str, Any]]) -> str:
    """Spell what was measured as the page's table."""
    first = found[0]
    peer = " on ".join(f"{name} {version}" for name, version in first["peer"].items())
    lines = [
        f"{first['texts']:,} {first['what']} through evalspec and through {peer}.",
        "All but the first model have weights drawn at random and were saved by that library:",
        "",
        "| model | run by | components | differ as whole numbers | largest difference of floats |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for one in found:
        lines.append(
            f"| {TITLES[one['name']]} | {one['run_by']} | {one['components']:,} | "
            f"{one['whole_numbers_that_differ']:,} | {one['largest_difference']:.1e} |"
        )
    return "\n".join(lines)


def page(text: str, found: list[dict[str, Any]]) -> str:
    """Return the page with its table written again."""
    return replaced(text, *MARKS, f"{MARKS[0]}\n{section(found)}\n{MARKS[1]}")


def main() -> None:
    """Measure, keep the figures, and write the table of the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.own_models", description=__doc__)
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--json", action="store_true", help="print what was measured, write nothing")
    given = parser.parse_args()
    found = measure(given.texts)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8"), found), "utf-8")
    print(section(found))


if __name__ == "__main__":
    main()
