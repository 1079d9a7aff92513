"""What measuring costs: `python -m benchmarks.measures.speed [NAME ...] [--sizes N ...] [--json]`.

Each figure is a process of its own on one thread: CPU seconds of the work alone (its data is made before), and the
process's peak memory. What is measured goes into `speed.json`; the section of `docs/benchmarks.md` is written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "speed.json"
SIZES = (10_000, 100_000)
STAGE_SIZES = (1_000, 10_000)
DIMS = 384  # of an embedding model's vectors
CHUNK = 1_000  # rows of a matrix of cosines that a peer holds at a time
RUNS = 2  # the fastest counts: other work on the machine only ever adds
Timed = tuple[str, Callable[[], object]]


def main() -> None:
    """Measure what was asked for, keep it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.speed", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORK)}; all when none is named")
    parser.add_argument("--sizes", type=int, nargs="+", help="texts a side, or cases of a set")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page again")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SIZE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_measured(asked.one[0], int(asked.one[1]))))
        return
    found: dict[str, Any] = read()
    for name in () if asked.page else asked.names or WORK:
        for size in asked.sizes or (STAGE_SIZES if name == "stage" else SIZES):
            if size <= LARGEST.get(name, size):
                found[f"{name} {size}"] = {"name": name, "size": size, **_process(name, size)}
                RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    _write_page()
    if asked.json:
        print(json.dumps(found, indent=1))


def read() -> dict[str, Any]:
    """Return what was measured; nothing where nobody has measured yet."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}  # type: ignore[no-any-return]


def section(found: dict[str, Any]) -> str:
    """Spell the section of docs/benchmarks.md."""
    if not found:
        return ""
    head = "| work | texts a side, or cases | CPU s | s for 10,000 | MB |\n| --- | ---: | ---: | ---: | ---: |\n"
    rows = [
        f"| {TITLES[one['name']]} | {one['size']:,} | {one['cpu']:.3f} | {one['cpu'] * 10_000 / one['size']:.3f} "
        f"| {one['mb']:,} |\n"
        for name in WORK
        for one in sorted((one for one in found.values() if one["name"] == name), key=lambda one: one["size"])
    ]
    return (
        "<!-- measures: written by python -m benchmarks.measures.speed -->\n## Measures\n\nOne thread; data is made "
        "before the clock starts. A shift is the squared distance of the means under the cosine kernel, from sums of "
        "unit vectors, with its interval and the p of 999 exchanges by family; the peers' figure is one value without "
        "either, from all pairs, and no peer is run where its pairs would take an hour. A measure stage is every "
        "measure of a set of three pools, with the gates' slices, as `build` and `verify` take it.\n\n"
        + head
        + "".join(rows)
        + "<!-- end of measures -->\n"
    )


def _process(name: str, size: int) -> dict[str, Any]:
    best: dict[str, Any] = {}
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for _ in range(RUNS if size <= 10_000 else 1):
        command = [sys.executable, "-m", "benchmarks.measures.speed", "--one", name, str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        once = json.loads(done.stdout.splitlines()[-1])
        if not best or once["cpu"] < best["cpu"]:
            best = once
    return best


def _measured(name: str, size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        work = WORK[name](size, Path(folder))
        started = time.process_time()
        result = work()
        cpu = time.process_time() - started
    if isinstance(result, dict):
        cpu = result["cpu"]
    return {"cpu": round(cpu, 4), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _sides(size: int) -> Any:
    from benchmarks.scale.data import texts
    from evalspec.stats.comparison import Comparison, Item

    def items(seed: str) -> tuple[Item, ...]:
        return tuple(
            Item(id=f"{seed}{at}", turns=(one,), family=f"{seed}{at}") for at, one in enumerate(texts(size, seed))
        )

    both = Comparison(pool=items("pool"), seeds=items("seeds"), key="speed")
    assert both.vectors is not None  # made before the clock starts, as are the draws: every measure shares them
    assert len(next(both.labels)) > 0
    return both


def _shift(size: int, folder: Path) -> Callable[[], object]:
    from evalspec.stats.exchange import exchange_p
    from evalspec.stats.spaces import apart, mmd_interval

    both = _sides(size)

    def work() -> object:
        seen = apart(both.vectors, both.truth)[0]
        return seen, exchange_p(both, both.vectors, seen.mmd), mmd_interval(both, both.vectors)

    return work


def _kernel(size: int, folder: Path, *, peer: str) -> Callable[[], object]:
    """One value of the squared distance from all pairs, in blocks of rows."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.metrics.pairwise import cosine_similarity, rbf_kernel

    both = _sides(size)
    vectors = both.vectors
    whole = csr_matrix(
        (vectors.counts.astype(float), vectors.columns, vectors.starts), shape=(len(vectors), vectors.width)
    )
    kernels = {"cosine": cosine_similarity, "rbf": partial(rbf_kernel, gamma=1.0 / vectors.width)}

    def mean(left: Any, right: Any) -> float:
        blocks = (kernels[peer](left[at : at + CHUNK], right) for at in range(0, left.shape[0], CHUNK))
        return float(sum(np.asarray(block).sum() for block in blocks)) / (left.shape[0] * right.shape[0])

    return lambda: (
        mean(whole[:size], whole[:size]) + mean(whole[size:], whole[size:]) - 2 * mean(whole[:size], whole[size:])
    )


def _rows(size: int) -> Any:
    import numpy as np

    floats = np.random.Generator(np.random.PCG64(1)).normal(size=(size, DIMS)).astype(np.float32)
    return floats / np.linalg.norm(floats, axis=1, keepdims=True)


def _mean_distance(size: int, folder: Path) -> Callable[[], object]:
    import numpy as np

    from evalspec.stats.spaces import mean_distance
    from evalspec.text.meaning import meanings, quantised

    rows = meanings(quantised(_rows(size)))

    def work() -> object:
        summed = rows.weighted(np.ones(size))
        return mean_distance(float(summed @ summed), size, size)

    return work


def _pairs_scipy(size: int, folder: Path) -> Callable[[], object]:
    from scipy.spatial.distance import pdist

    rows = _rows(size)
    return lambda: float(pdist(rows, "cosine").mean())


def _stage(size: int, folder: Path) -> Callable[[], object]:
    from benchmarks.scale.data import write_project
    from evalspec import pipeline, project
    from evalspec.asking import Asked
    from evalspec.cli import run

    spec = write_project(folder, size)
    os.chdir(folder)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of this process
    assert run(["import", spec.name, "production", "--from", "raw.jsonl"]) == 0
    sys.stdout = sys.__stdout__
    taken: dict[str, float] = {}
    step = pipeline._STEPS["measure"]

    def clocked(*given: Any) -> Any:
        started = time.process_time()
        done = step(*given)
        taken["cpu"] = time.process_time() - started
        return done

    pipeline._STEPS = {**pipeline._STEPS, "measure": clocked}

    def work() -> object:
        project.run(spec.name, asked=Asked(mode="tape"))
        return taken

    return work


WORK: dict[str, Callable[[int, Path], Callable[[], object]]] = {
    "shift": _shift,
    "cosine": partial(_kernel, peer="cosine"),
    "rbf": partial(_kernel, peer="rbf"),
    "distance": _mean_distance,
    "pdist": _pairs_scipy,
    "stage": _stage,
}
TITLES = {
    "shift": "shift, 999 exchanges, interval: ours",
    "cosine": "one value, all pairs: scikit-learn `cosine_similarity`",
    "rbf": "one value, all pairs: scikit-learn `rbf_kernel`",
    "distance": f"mean pairwise distance, {DIMS} dimensions: ours",
    "pdist": f"mean pairwise distance, {DIMS} dimensions: scipy `pdist`",
    "stage": "a whole measure stage",
}
LARGEST = {"cosine": 10_000, "rbf": 10_000, "pdist": 10_000}


def _write_page() -> None:
    from benchmarks.scale.__main__ import PAGE, page
    from benchmarks.scale.__main__ import RESULTS as SCALE

    PAGE.write_text(page(json.loads(SCALE.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
