"""All pairs of vectors at a cosine of 0.92 beside approximate peers: `python -m benchmarks.measures.near_dense`.

Every method runs in a process of its own, in turns; memory is the process's peak, the vectors it was given included.
Recall and precision are of the rows that a first-one-stays pass removes, against the exact pairs. What is measured
goes to `near_dense.json`, and the section of `docs/benchmarks.md` between its markers is written from that file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measures.near_dense_data import Rows, grown, made, read
from benchmarks.measures.near_dense_peer import peak
from evalspec.stats.dense_pairs import pairs_at_least, pairs_between

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "near_dense.json"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- begin near pairs of vectors, written by python -m benchmarks.measures.near_dense -->"
END = "<!-- end near pairs of vectors -->"
PEERS = ("hnswlib", "faiss HNSW", "faiss IVF", "usearch", "semhash", "brute force")
PACKAGES = ("numpy", "hnswlib", "faiss-cpu", "usearch", "semhash")
OURS = "evalspec"
THRESHOLD = 0.92
SIZES = (200, 10_000, 100_000)
ADDED = 1000  # new rows of the incremental form


def python() -> Path:
    """Return the interpreter of the peers' environment; make it, with what can be installed, if it is not there."""
    folder = Path(os.environ.get("EVALSPEC_VECTOR_PEERS", ROOT / ".evalspec" / "vector-peers"))
    found = folder / "bin" / "python"
    if not found.exists():
        venv.create(folder, with_pip=True)
        for package in PACKAGES:
            done = subprocess.run([found, "-m", "pip", "install", "--quiet", package], check=False)
            if done.returncode:
                print(f"{package} could not be installed: left out", file=sys.stderr)
    return found


def ours(source: str, out: str) -> dict[str, Any]:
    """Measure this package's search on one file."""
    rows = np.load(source)
    started, busy = time.perf_counter(), time.process_time()
    found = pairs_at_least(rows, THRESHOLD, limit=50_000_000)
    wall, cpu = time.perf_counter() - started, time.process_time() - busy
    memory = peak()
    np.save(out, found.pairs)
    if len(rows) <= ADDED:
        return {"wall": wall, "cpu": cpu, "mb": memory, "share": 1.0}
    busy = time.process_time()
    pairs_between(rows[-ADDED:], rows[:-ADDED], THRESHOLD)
    return {"wall": wall, "cpu": cpu, "mb": memory, "share": 1.0, "added": time.process_time() - busy}


def ask(name: str, source: Path, out: Path, seconds: float) -> dict[str, Any]:
    """Run one method; `failed` says why there is no figure."""
    if name == OURS:
        command = [sys.executable, "-m", "benchmarks.measures.near_dense", "--one", str(source), str(out)]
    else:
        peer = Path(__file__).parent / "near_dense_peer.py"
        command = [str(python()), str(peer), name, str(source), str(THRESHOLD), str(out)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, cwd=ROOT, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {seconds:.0f} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["failed"])[-1][:120]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def removed(pairs: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Return which rows go when the first one stays: those near to an earlier row that stays."""
    gone = np.zeros(count, dtype=np.bool_)
    for left, right in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].tolist():
        gone[right] |= not gone[left]
    return gone


def run(kind: str, rows: Rows, names: tuple[str, ...], rounds: int, seconds: float) -> dict[str, Any]:
    """Measure the methods in turns on one set of vectors."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "vectors.npy"
        np.save(source, rows)
        for turn in range(rounds):
            for name in names:
                if any("failed" in one for one in runs[name]):
                    continue
                found = ask(name, source, Path(folder) / f"{name}.npy", seconds)
                print(f"{len(rows):,} {kind}, {turn + 1}/{rounds}, {name}: {found}", file=sys.stderr, flush=True)
                runs[name].append(found)
        exact = removed(np.load(Path(folder) / f"{OURS}.npy"), len(rows))
        rows_of = [_row(name, found, Path(folder) / f"{name}.npy", exact) for name, found in runs.items()]
    return {"kind": kind, "count": len(rows), "removed": int(exact.sum()), "rows": rows_of}


def merged(sets: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Put what was measured now in the place of the same, beside the methods that were measured before."""
    same = [old for old in sets if (old["kind"], old["count"]) == (new["kind"], new["count"])]
    rows = {row["name"]: row for old in [*same, new] for row in old["rows"]}
    ordered = [rows[name] for name in (OURS, *PEERS) if name in rows]
    return [old for old in sets if old not in same] + [new | {"rows": ordered}]


def _row(name: str, runs: list[dict[str, Any]], out: Path, exact: NDArray[np.bool_]) -> dict[str, Any]:
    if "failed" in runs[-1]:
        return {"name": name, "failed": runs[-1]["failed"]}
    row = {"name": name, "walls": [round(one["wall"], 3) for one in runs], "mb": round(max(one["mb"] for one in runs))}
    row["load"] = round(os.getloadavg()[1])
    row |= {"cpu": round(median(one["cpu"] for one in runs), 3), "share": round(runs[-1]["share"], 4)}
    if "added" in runs[-1]:
        row["added"] = round(median(one["added"] for one in runs), 3)
    if row["share"] == 1:
        gone = removed(np.load(out), len(exact))
        both = int((gone & exact).sum())
        row |= {"recall": both / max(1, int(exact.sum())), "precision": both / max(1, int(gone.sum()))}
    return row


INTRO = """\
## Near pairs of vectors: cosine 0.92, 384 dimensions, two threads

Written by `python -m benchmarks.measures.near_dense` from `benchmarks/measures/near_dense.json`. Whole numbers at scale
127 for evalspec, the same numbers as floats for the others. *topics*: vectors round 500 directions; *even*: pointing
anywhere, the worst case for whoever looks for structure; both with a fifth of near rows (0.925 to 0.995) and a tenth
just below (0.84 to 0.915). *real*: {real}. Recall and precision are of the rows that go when the first one stays.
Walls are medians of runs in turns; *x* is against evalspec's, by CPU. Brute force is extrapolated where the share of
its blocks that was run is given. The machine has two cores and was doing other work: with a load of 10 a process waits
four fifths of the time, so read CPU before walls.
"""


def section(found: dict[str, Any]) -> str:
    """Spell the section of the page."""
    if not found:
        return ""
    parts = [INTRO.format(real=found.get("real", "not measured"))]
    for one in sorted(found["sets"], key=lambda one: (one["kind"], one["count"])):
        parts.append(_table(one))
    return f"{BEGIN}\n" + "\n".join(parts) + END


def _table(one: dict[str, Any]) -> str:
    mine = next(row for row in one["rows"] if row["name"] == OURS)
    head = ["method", "wall s", "CPU s", "x CPU", "MB", "recall", "precision", "runs", "load"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for row in one["rows"]:
        if "failed" in row:
            lines.append([row["name"], row["failed"], *[""] * (len(head) - 2)])
            continue
        name = row["name"] if row["share"] == 1 else f"{row['name']}, {row['share']:.1%} run"
        scores = [f"{row[key]:.5f}" if key in row else "" for key in ("recall", "precision")]
        cells = [
            f"{median(row['walls']):,.2f}",
            f"{row['cpu']:,.2f}",
            f"{row['cpu'] / mine['cpu']:.1f}",
            f"{row['mb']:,}",
        ]
        lines.append([name, *cells, *scores, str(len(row["walls"])), str(row["load"])])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    added = f" {ADDED:,} new rows against all others: {mine['added']:.2f} CPU s." if "added" in mine else ""
    return f"### {one['count']:,} vectors, {one['kind']}\n\n{one['removed']:,} rows go.{added}\n\n{table}\n"


def write() -> None:
    """Write the page that the section is part of."""
    from benchmarks.scale.__main__ import RESULTS as OTHERS
    from benchmarks.scale.__main__ import page

    PAGE.write_text(page(json.loads(OTHERS.read_text("utf-8"))), "utf-8")


def read_results() -> dict[str, Any]:
    """Return what has been measured, or nothing."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def main() -> None:
    """Measure what was asked for, keep it, and write the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.near_dense", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="vectors; 1000000 takes long")
    parser.add_argument("--kinds", nargs="+", default=["topics", "even"], help="of topics, even, real")
    parser.add_argument("--real", type=Path, help="a .npy of embeddings of real texts; mixtures fill up to a size")
    parser.add_argument("--methods", nargs="+", default=[OURS, *PEERS], help="evalspec must be one of them")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turns")
    parser.add_argument("--seconds", type=float, default=900, help="the longest that a run may take")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the section again")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(ours(*asked.one)))
        return
    found = read_results() or {"sets": []}
    for kind in () if asked.page else asked.kinds:
        for size in asked.sizes:
            rows = grown(read(asked.real), size) if kind == "real" else made(size, kind)
            if kind == "real":
                found["real"] = (
                    f"{min(len(read(asked.real)), max(asked.sizes)):,} embeddings of real texts, mixtures of two beyond"
                )
            one = run(kind, rows, tuple(asked.methods), asked.rounds, asked.seconds)
            found = read_results() | {key: found[key] for key in found if key == "real"}  # another run may have added
            found["sets"] = merged(found.get("sets", []), one)
            RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    write()
    if asked.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
