"""Broken input of every kind: the program says what is wrong and leaves with a stated code, in bounded time and memory.

Every try breaks one valid file by edits of bytes, tokens, lines or data and runs the commands that read it, through the
function that the `evalspec` script calls. Tries run many to a process, in processes of their own, so that a death or an
endless run costs one try and is counted as one.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.torture.fuzz_targets import TARGETS, Target
from tests.torture.suites import Effort, Tally, suite

ROOT = Path(__file__).parents[2]
FULL, SAMPLE = 10_000, 2_000  # tries of a kind of file
SECONDS = 2.0  # of processor time that one run may take
MEGABYTES = 300  # of memory that one run may hold, interpreter and libraries included
HANGS = 60.0  # seconds of the clock after which a try that says nothing is ended
BATCH = 2_000  # tries of one process
WORKERS = 2
PROMISE = (
    "a documented exit code and a diagnostic; no traceback, no bug (70), no death; no run over "
    f"{SECONDS:g} s of processor time or {MEGABYTES} MB; what `check` takes, `plan` and `build` do not find invalid"
)
Job = tuple[str, int, int]  # a target, its first try, and the one behind its last
SAME = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}


@dataclass
class Findings:
    """What the tries of one target came to."""

    broken: list[tuple[int, str]] = field(default_factory=list)
    runs: int = 0
    accepted: int = 0
    exits: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, 0)
    largest: tuple[int, int] = (0, 0)

    def take(self, number: int, said: dict[str, Any]) -> None:
        """Count one try that ended by itself."""
        self.broken += [(number, wrong) for wrong in said["wrong"]]
        for command, code, seconds, megabytes in said["runs"]:
            self.runs += 1
            self.exits[code] += 1
            self.slowest = max(self.slowest, (seconds, number))
            self.largest = max(self.largest, (megabytes, number))
            if seconds > SECONDS:
                self.broken.append((number, f"{command} took {seconds:.1f} s"))
            if megabytes > MEGABYTES:
                self.broken.append((number, f"{command} held {megabytes} MB"))
        self.accepted += all(run[1] == 0 for run in said["runs"])


@dataclass
class Worker:
    """A process at work on some jobs, and the try that it is in."""

    process: subprocess.Popen[str]
    place: Path
    jobs: list[Job]
    heard: float
    within: tuple[str, int] | None = None
    is_done: bool = False


@suite("fuzz", "Broken files: specs, snapshots, ledgers, locks, results and what else is read")
def fuzz(effort: Effort, folder: Path) -> list[Tally]:
    """Break every kind of file many times."""
    each = {name: effort.count(FULL // target.every, SAMPLE // target.sample) for name, target in TARGETS.items()}
    if effort.full:
        queue = [
            [(name, first, min(first + BATCH, each[name]))] for name in TARGETS for first in range(0, each[name], BATCH)
        ][::-1]
    else:
        # One list a worker: making the projects that are broken costs a worker three seconds.
        queue = [[(name, 0, each[name]) for name in tuple(TARGETS)[at::WORKERS]] for at in range(WORKERS)]
    found = _run(queue, effort.seed, folder, WORKERS)
    return [_tally(target, found[name], each[name], effort.seed) for name, target in TARGETS.items()]


def _tally(target: Target, found: Findings, tries: int, seed: int) -> Tally:
    tally = Tally(f"a broken {target.title}: {PROMISE}")
    broken: dict[int, str] = {}
    for number, wrong in sorted(found.broken):
        broken.setdefault(number, wrong)
    for number in range(tries):
        again = f"python -m tests.torture.fuzz_worker show {target.name} {number} {seed} FOLDER"
        tally.hold(number not in broken, f"{broken.get(number)} ({again})")
    exits = ", ".join(f"{code}: {count:,}" for code, count in sorted(found.exits.items()))
    tally.figures = {
        "runs of a command": f"{found.runs:,}; exit codes {exits}",
        "tries still valid": f"{found.accepted:,}",
        "slowest run": f"{found.slowest[0]:.2f} s (try {found.slowest[1]})",
        "largest run": f"{found.largest[0]} MB (try {found.largest[1]})",
    }
    return tally


def _run(queue: list[list[Job]], seed: int, folder: Path, workers: int) -> dict[str, Findings]:
    """Run lists of jobs, the last first; a process that dies is followed by another, behind the try it died in."""
    found = {name: Findings() for name in TARGETS}
    places = [folder / f"worker-{at}" for at in range(workers)]
    with selectors.DefaultSelector() as selector:
        while queue or selector.get_map():
            while queue and places:
                worker = _start(places.pop(), seed, queue.pop())
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
            for key, _ in selector.select(timeout=1.0):
                worker = key.data
                line = key.fileobj.readline()  # type: ignore[union-attr]
                if line:
                    _hear(worker, json.loads(line), found)
                    continue
                selector.unregister(key.fileobj)
                places.append(worker.place)
                if left := _ended(worker, found):
                    queue.append(left)
            for key in list(selector.get_map().values()):
                if time.monotonic() - key.data.heard > HANGS:
                    key.data.process.kill()
    return found


def _start(place: Path, seed: int, jobs: list[Job]) -> Worker:
    line = (sys.executable, "-m", "tests.torture.fuzz_worker", "serve", str(place), str(seed))
    process = subprocess.Popen(
        (*line, *(f"{name}:{first}:{last}" for name, first, last in jobs)),
        cwd=ROOT,
        env=os.environ | SAME | {"HOME": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Worker(process, place, jobs, time.monotonic())


def _hear(worker: Worker, said: dict[str, Any], found: dict[str, Findings]) -> None:
    worker.heard = time.monotonic()
    if "begin" in said:
        worker.within = (said["target"], said["begin"])
    elif "end" in said:
        found[said["target"]].take(said["end"], said)
    else:
        worker.is_done = True


def _ended(worker: Worker, found: dict[str, Findings]) -> list[Job]:
    """Count a death against the try it happened in, and return the jobs that are left behind it."""
    _, errors = worker.process.communicate()
    code = worker.process.returncode
    if worker.is_done and code == 0:
        return []
    lines = [line for line in errors.split("\n") if line.strip()]
    last = next((line for line in reversed(lines) if "Error" in line or "Fatal" in line), lines[-1] if lines else "")
    if worker.within is None:
        raise RuntimeError(f"a worker did not start: exit {code}, {last}")
    name, number = worker.within
    spelled = f"signal {-code}" if code < 0 else f"exit {code}"
    found[name].broken.append((number, f"the process ended: {spelled}, {last}"))
    at = next(at for at, job in enumerate(worker.jobs) if job[0] == name)
    rest = [(name, number + 1, worker.jobs[at][2])] if number + 1 < worker.jobs[at][2] else []
    return rest + worker.jobs[at + 1 :]
