"""Embedding beside sentence-transformers, the same weights and texts: `python -m benchmarks.measures.embedding`.

Both are loaded first, then run in turns, each in a process of its own, on one core and on two. Threads that wait for
each other burn time on a machine that does other work, so read the figures of one core first. Vectors are compared as
floats and as the whole numbers that evalspec keeps. The peer stands in an environment of its own, whose interpreter
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
from benchmarks.pages import replaced
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


def measure(count: int, rounds: int, cores: int) -> dict[str, Any]:
    """Run both in turns and compare what they give."""
    chosen, what = texts(count)
    interpreters = {OURS: sys.executable, PEER: os.environ.get("EVALSPEC_EMBEDDING_PEER", sys.executable)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.json")
        source.write_text(json.dumps(chosen), "utf-8")
        outs = {name: Path(folder, f"{name}.npy") for name in interpreters}
        running = {name: _start(path, name, source, outs[name], cores) for name, path in interpreters.items()}
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
        "cores": cores,
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


def _start(interpreter: str, name: str, source: Path, out: Path, cores: int) -> subprocess.Popen[str]:
    command = [interpreter, str(Path(__file__).with_name("embedding_peer.py")), name, str(source), str(out), str(cores)]
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


def section(runs: list[dict[str, Any]]) -> str:
    """Spell what was measured as the page's table."""
    first = runs[0]
    middle, long, longest = first["words"]
    load = max(one["load_average"] for one in runs)
    lines = [
        f"{first['texts']:,} {first['what']} (words: median {middle}, 95 % under {long}, longest {longest:,}), medians",
        f"of {first['rounds']} runs in turns. The load of the machine was {load:g}: texts per second of the wall are "
        "what was left of it.",
        "Threads that wait for each other burn time then, so one core is the fairer comparison:",
        "",
        "| | cores | texts/s | texts per CPU second |",
        "| --- | ---: | ---: | ---: |",
    ]
    for one in runs:
        for name, row in one["methods"].items():
            rates = f"{row['texts_per_second']:,.0f} | {row['texts_per_cpu_second']:,.0f}"
            lines.append(f"| {name} | {one['cores']} | {rates} |")
    by_cores = "; ".join(
        f"on {one['cores']} {'core' if one['cores'] == 1 else 'cores'} {one['times_by_wall']:.1f} times as fast by the "
        f"wall, {one['times_by_cpu']:.1f} by CPU"
        for one in runs
    )
    worst = max(one["largest_difference"] for one in runs)
    differ = max(one["whole_numbers_that_differ"] for one in runs)
    lines += [
        "",
        f"So {by_cores}.",
        f"Of {first['components']:,} components {differ:,} differ{'s' if differ == 1 else ''} as whole numbers; "
        + "the largest difference of floats",
        f"is {worst:.1e}, the lowest cosine {min(one['lowest_cosine'] for one in runs):.7f}.",
    ]
    return "\n".join(lines)


def page(text: str, found: list[dict[str, Any]]) -> str:
    """Return the page with its table written again."""
    return replaced(text, *MARKS, f"{MARKS[0]}\n{section(found)}\n{MARKS[1]}")


def main() -> None:
    """Measure, keep the figures, and write the table of the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.embedding", description=__doc__)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", action="store_true", help="print what was measured, write nothing")
    given = parser.parse_args()
    found = [measure(given.texts, given.rounds, cores) for cores in given.cores]
    if given.json:
        print(json.dumps(found, indent=1))
        return
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8"), found), "utf-8")
    print(section(found))


if __name__ == "__main__":
    main()
