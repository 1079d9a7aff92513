"""Embedding beside sentence-transformers, the same weights and texts: `python -m benchmarks.measures.embedding`.

Both are loaded first, then run in turns, each in a process of its own with two threads. Vectors are compared as floats
and as the whole numbers that evalspec keeps. The peer stands in an environment of its own, whose interpreter
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
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measures.samples import sample
from evalspec.edges.meaning.cache import key_of
from evalspec.text.meaning import quantised

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".json")
PAGE = ROOT / "docs" / "embeddings.md"
MARKS = ("<!-- begin speed, written by python -m benchmarks.measures.embedding -->", "<!-- end speed -->")
OURS, PEER = "evalspec", "sentence-transformers"
# Of each real set so much: short messages mostly, and a few long complaints, as support traffic is.
REAL = {"abcd": 0.3, "banking77": 0.3, "clinc": 0.2, "star": 0.15, "cfpb": 0.05}


def texts(count: int) -> tuple[list[str], str]:
    """Return distinct texts in a fixed order, and what they are."""
    shared = os.environ.get("EVALSPEC_SHARED")
    if shared:
        found = {
            text for name, share in REAL.items() for text in sample(Path(shared, "data"), name)[: int(count * share)]
        }
        return sorted(found, key=key_of), "messages and complaints of real people"
    rows = [json.loads(line) for path in sorted(ROOT.glob("specs/*/*.jsonl")) for line in path.open(encoding="utf-8")]
    own = {text for row in rows if (text := _text(row))}
    return sorted(own, key=key_of)[:count], "rows of the examples"


def _text(row: Any) -> str | None:
    return str(row["input"]) if isinstance(row, dict) and isinstance(row.get("input"), str) else None


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Run both in turns and compare what they give."""
    chosen, what = texts(count)
    interpreters = {OURS: sys.executable, PEER: os.environ.get("EVALSPEC_EMBEDDING_PEER", sys.executable)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.json")
        source.write_text(json.dumps(chosen), "utf-8")
        outs = {name: Path(folder, f"{name}.npy") for name in interpreters}
        running = {name: _start(path, name, source, outs[name]) for name, path in interpreters.items()}
        loads = {name: _line(one)["load"] for name, one in running.items()}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in running}
        for _ in range(rounds):
            for name, one in running.items():
                assert one.stdin is not None
                one.stdin.write("again\n")
                one.stdin.flush()
                runs[name].append(_line(one))
        for one in running.values():
            one.communicate()
        ours, theirs = np.load(outs[OURS]), np.load(outs[PEER])
    return {
        "texts": len(chosen),
        "what": what,
        "words": [int(figure) for figure in np.percentile([len(text.split()) for text in chosen], (50, 95, 100))],
        "rounds": rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "methods": {
            name: {
                "load_seconds": round(loads[name], 2),
                "texts_per_second": round(len(chosen) / median(one["wall"] for one in rows), 1),
                "texts_per_cpu_second": round(len(chosen) / median(one["cpu"] for one in rows), 1),
            }
            for name, rows in runs.items()
        },
        "times_by_wall": round(median(b["wall"] / a["wall"] for a, b in zip(runs[OURS], runs[PEER], strict=True)), 2),
        "times_by_cpu": round(median(b["cpu"] / a["cpu"] for a, b in zip(runs[OURS], runs[PEER], strict=True)), 2),
        "largest_difference": float(np.abs(ours - theirs).max()),
        "lowest_cosine": float((ours.astype(np.float64) * theirs).sum(axis=1).min()),
        "components": int(ours.size),
        "whole_numbers_that_differ": int((quantised(ours) != quantised(theirs)).sum()),
    }


def _start(interpreter: str, name: str, source: Path, out: Path) -> subprocess.Popen[str]:
    command = [interpreter, str(Path(__file__).with_name("embedding_peer.py")), name, str(source), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if name == OURS else dict(os.environ)
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )


def _line(one: subprocess.Popen[str]) -> dict[str, float]:
    assert one.stdout is not None
    line = one.stdout.readline()
    if not line:
        raise SystemExit("a peer ended; is it installed in the environment of EVALSPEC_EMBEDDING_PEER?")
    found: dict[str, float] = json.loads(line)
    return found


def section(found: dict[str, Any]) -> str:
    """Spell what was measured as the page's table."""
    middle, long, longest = found["words"]
    lines = [
        f"{found['texts']:,} {found['what']} (words: median {middle}, 95 % under {long}, longest {longest:,}), two "
        f"threads, medians of {found['rounds']} runs in turns, load of the machine {found['load_average']:g}:",
        "",
        "| | texts/s | texts per CPU second | load s |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, row in found["methods"].items():
        lines.append(
            f"| {name} | {row['texts_per_second']:,.0f} | {row['texts_per_cpu_second']:,.0f} | {row['load_seconds']} |"
        )
    lines += [
        "",
        f"{found['times_by_wall']:g} times as fast by the wall and {found['times_by_cpu']:g} times by CPU. Of "
        f"{found['components']:,} components {found['whole_numbers_that_differ']:,} differ as whole numbers; as floats "
        f"the largest difference is {found['largest_difference']:.1e}, the lowest cosine {found['lowest_cosine']:.7f}.",
    ]
    return "\n".join(lines)


def page(text: str, found: dict[str, Any]) -> str:
    """Return the page with its table written again."""
    before, _, rest = text.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{section(found)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


def main() -> None:
    """Measure, keep the figures, and write the table of the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.embedding", description=__doc__)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print what was measured, write nothing")
    given = parser.parse_args()
    found = measure(given.texts, given.rounds)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8"), found), "utf-8")
    print(section(found))


if __name__ == "__main__":
    main()
