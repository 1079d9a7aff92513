"""What measuring costs, beside its peers: `python -m benchmarks.measures.speed [NAME ...] [--sizes N ...] [--json]`.

Each figure is a process of its own, in turns with the others of its size: CPU seconds of the work alone on one thread
(its data is made before), the wall of a run on two, and the process's peak memory. Peers stand in an environment of
their own, which is made when it is first needed. What is measured goes into `speed.json`; the section of
`docs/benchmarks.md` is written from it.
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
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "speed.json"
SIZES = (10_000, 100_000)
STAGE_SIZES = (1_000, 10_000)
DIMS = 384  # of an embedding model's vectors
ROUNDS = 5  # of a size that is measured in turns; the median counts
MANY = 20_000  # texts a side, from which on once must do
SLOW = 30.0  # CPU seconds, from which on once must do
LIMIT = 300  # CPU seconds that a peer may take
PACKAGES = ("numpy", "scipy", "scikit-learn")
# Settings of a shell that would choose another kernel of OpenBLAS than a user's machine does, or other threads.
LEFT_OUT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Measure what was asked for, keep it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.speed", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TITLES)}; all when none is named")
    parser.add_argument("--sizes", type=int, nargs="+", help="texts a side, or cases of a set")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"runs of each in turns ({ROUNDS})")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page again")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SIZE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_measured(asked.one[0], int(asked.one[1]))))
        return
    found: dict[str, Any] = read()
    if not asked.page:
        for size in asked.sizes or sorted({*SIZES, *STAGE_SIZES}):
            names = asked.names or list(TITLES)
            at_size = names if asked.sizes else [name for name in names if size in _sizes(name)]
            for one in _in_turns(at_size, size, asked.rounds):
                found[f"{one['name']} {size}"] = one
                RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    _write_page()
    if asked.json:
        print(json.dumps(found, indent=1))


def _sizes(name: str) -> tuple[int, ...]:
    if name == "stage":
        return STAGE_SIZES
    return SIZES[:1] if name in QUADRATIC else SIZES


def read() -> dict[str, Any]:
    """Return what was measured; nothing where nobody has measured yet."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}  # type: ignore[no-any-return]


def section(found: dict[str, Any]) -> str:
    """Spell the section of docs/benchmarks.md."""
    if not found:
        return ""
    rows = [
        _row(one)
        for name in TITLES
        for one in sorted((one for one in found.values() if one["name"] == name), key=lambda one: one["size"])
    ]
    loads = [one["load"] for one in found.values() if "load" in one]
    return (
        "<!-- measures: written by python -m benchmarks.measures.speed -->\n## Measures\n\nData is made before the "
        "clock starts. CPU is of one thread, the wall of a run on two; medians of runs in turns, but of what "
        f"takes over {SLOW:g} CPU s one run on one thread, and of what takes over {LIMIT} none. The machine has two "
        f"cores and was doing other work (load {min(loads):g} to {max(loads):g}; a quiet one is below 1), so read CPU "
        "before walls: these hold what others took. The BLAS chooses its kernels itself; *256 bits* "
        "is the same work with those of a processor without AVX-512.\n\nA shift is the squared distance of the means "
        "under the cosine kernel, from sums of unit vectors, with its interval and the p of 999 exchanges by family, "
        f"which are drawn on the clock; a peer's figure is one value without either, from all pairs of {DIMS} "
        "dimensions. A measure stage is every measure of a set of three pools, with the gates' slices, as `build` and "
        "`verify` take it.\n\n"
        "| work | texts a side, or cases | CPU s | wall s | MB |\n| --- | ---: | ---: | ---: | ---: |\n"
        + "".join(rows)
        + "<!-- end of measures -->\n"
    )


def _row(one: dict[str, Any]) -> str:
    title = f"| {TITLES[one['name']]} | {one['size']:,} |"
    if "failed" in one:
        return f"{title} {one['failed']} | | |\n"
    digits = 4 if one["cpu"] < 0.05 else 2
    wall = f"{one['wall']:.{digits}f}" if "wall" in one else ""
    return f"{title} {one['cpu']:.{digits}f} | {wall} | {one['mb']:,} |\n"


def _in_turns(names: list[str], size: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Measure the methods in turns, and yield after each run what is known of the method then."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(1 if size > MANY else rounds):
            for name in names:
                if name in failed or any(one["cpu"] > SLOW for one in runs[name]):
                    continue
                once = _once(name, size, Path(folder))
                print(f"{size:,}, {turn + 1}, {name}: {once}", file=sys.stderr, flush=True)
                if "failed" in once:
                    failed[name] = once["failed"]
                    yield {"name": name, "size": size, **once}
                    continue
                runs[name].append(once)
                yield {"name": name, "size": size, **_medians(runs[name])}


def _medians(runs: list[dict[str, float]]) -> dict[str, Any]:
    walls = [one["wall"] for one in runs if "wall" in one]
    return {
        "cpu": round(median(one["cpu"] for one in runs), 4),
        **({"wall": round(median(walls), 4)} if walls else {}),
        "mb": max(int(one["mb"]) for one in runs),
        "rounds": len(runs),
        "load": round(os.getloadavg()[1], 1),
    }


def _too_large(name: str, size: int) -> str | None:
    """Return why a method that holds all pairs of `size` texts at once is not run, from the bytes of its matrix."""
    pairs = {"naive": size * size, "pdist": size * (size - 1) // 2}.get(name, 0)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"would need {pairs * 8 / 1e9:,.0f} GB for one matrix" if pairs * 8 > there else None


def _once(name: str, size: int, folder: Path) -> dict[str, Any]:
    """Run a method on one thread for its CPU seconds and memory, and on two for its wall if that is not too much."""
    if why := _too_large(name, size):
        return {"failed": why}
    alone = _process(name, size, folder, 1)
    wall = None if "failed" in alone or alone["cpu"] > SLOW else _process(name, size, folder, 2).get("wall")
    return {key: one for key, one in alone.items() if key != "wall"} | ({"wall": wall} if wall else {})


def _process(name: str, size: int, folder: Path, threads: int) -> dict[str, Any]:
    environment = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
    environment |= dict.fromkeys(THREADS, str(threads))
    if name in KERNELS:
        environment["OPENBLAS_CORETYPE"] = "Haswell"
    command = [sys.executable, "-m", "benchmarks.measures.speed", "--one", name, str(size)]
    if name in PEERS:
        script = str(Path(__file__).with_name("speed_peer.py"))
        command = [str(python()), script, name, str(_vectors(name, size, folder)), str(LIMIT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode < 0:
        return {"failed": f"not done after {LIMIT} CPU s"}
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def python() -> Path:
    """Return the interpreter of the peers' environment; make the environment if it is not there."""
    folder = Path(os.environ.get("EVALSPEC_MEASURE_PEERS", ROOT / ".evalspec" / "measure-peers"))
    found = folder / "bin" / "python"
    if not found.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([found, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return found


def _vectors(name: str, size: int, folder: Path) -> Path:
    """Write the vectors of both sides for the peers, once a size: sparse ones of letters, else dense ones."""
    if name != "cosine":
        path = folder / f"dense{size}.npy"
        if not path.exists():
            import numpy as np

            np.save(path, _rows(2 * size))
        return path
    path = folder / f"sparse{size}.npz"
    if not path.exists():
        from scipy.sparse import csr_matrix, save_npz

        rows = _sides(size).vectors
        save_npz(path, csr_matrix((rows.counts.astype(float), rows.columns, rows.starts), (len(rows), rows.width)))
    return path


def _measured(name: str, size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        work = WORK[name](size, Path(folder))
        started, spent = time.perf_counter(), time.process_time()
        result = work()
        taken = {"cpu": time.process_time() - spent, "wall": time.perf_counter() - started}
    if isinstance(result, dict):
        taken = result
    return taken | {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _sides(size: int) -> Any:
    from benchmarks.scale.data import texts
    from evalspec.stats.comparison import Comparison, Item

    def items(seed: str) -> tuple[Item, ...]:
        return tuple(
            Item(id=f"{seed}{at}", turns=(one,), family=f"{seed}{at}") for at, one in enumerate(texts(size, seed))
        )

    return Comparison(pool=items("pool"), seeds=items("seeds"), key="speed")


def _shift(size: int, folder: Path) -> Callable[[], object]:
    both = _sides(size)
    return _shift_of(both, both.vectors)


def _shift_meaning(size: int, folder: Path) -> Callable[[], object]:
    from evalspec.text.meaning import meanings, quantised

    return _shift_of(_sides(size), meanings(quantised(_rows(2 * size))))


def _shift_of(both: Any, vectors: Any) -> Callable[[], object]:
    from evalspec.stats.exchange import exchange_p
    from evalspec.stats.spaces import apart, mmd_interval

    def work() -> object:
        seen = apart(vectors, both.truth)[0]
        return seen, exchange_p(both, vectors, seen.mmd), mmd_interval(both, vectors)

    return work


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
        started, spent = time.perf_counter(), time.process_time()
        done = step(*given)
        taken.update(cpu=time.process_time() - spent, wall=time.perf_counter() - started)
        return done

    pipeline._STEPS = {**pipeline._STEPS, "measure": clocked}

    def work() -> object:
        project.run(spec.name, asked=Asked(mode="tape"))
        return taken

    return work


WORK: dict[str, Callable[[int, Path], Callable[[], object]]] = {
    "shift": _shift,
    "shift_256": _shift,
    "shift_meaning": _shift_meaning,
    "distance": _mean_distance,
    "stage": _stage,
}
KERNELS = ("shift_256",)
QUADRATIC = ("cosine",)  # minutes at the first size, hours at the second
PEERS = ("cosine", "rbf", "naive", "pdist", "similarity")
TITLES = {
    "shift": "shift, 999 exchanges, interval, letters (4,096 dimensions): ours",
    "shift_256": "shift, 999 exchanges, interval, letters, 256 bits: ours",
    "shift_meaning": f"shift, 999 exchanges, interval, {DIMS} dimensions: ours",
    "rbf": "one value, all pairs: scikit-learn `rbf_kernel`, in blocks",
    "naive": "one value, all pairs: the RBF kernel in numpy, whole matrices",
    "cosine": "one value, all pairs, letters: scikit-learn `cosine_similarity`, sparse, in blocks",
    "distance": f"mean pairwise distance, {DIMS} dimensions: ours",
    "similarity": "mean pairwise distance: scikit-learn `cosine_similarity`, in blocks",
    "pdist": "mean pairwise distance: scipy `pdist`",
    "stage": "a whole measure stage",
}


def _write_page() -> None:
    from benchmarks.scale.__main__ import PAGE, page
    from benchmarks.scale.__main__ import RESULTS as SCALE

    PAGE.write_text(page(json.loads(SCALE.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
