"""The audit reads whatever somebody hands it: broken, hostile or no file at all, and shows nothing raw or personal."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.torture.audit_tries import PLACES, ROLES, SLOW
from tests.torture.suites import Effort, Tally, suite

ROOT = Path(__file__).parents[2]
SECONDS = 20.0  # of processor time that one audit may take, with 200,000 rows; a set of 40 takes a tenth of one
MEGABYTES = 1_000  # that one may hold: 200 million characters of a file are read, and DuckDB has a bound of its own
HANGS = (
    300.0  # seconds of the clock after which a try that says nothing is ended; a busy machine starts one in a minute
)
WORKERS = 2
SAME = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
PROMISE = f"a stated exit code, no traceback, at most {SECONDS:g} s of processor time and {MEGABYTES:,} MB, valid JSON"
# A kind of tries to its promise, its number in full and in a sample.
KINDS = {
    "broken": (f"a set with broken bytes, tokens, lines or values, in every form that is read: {PROMISE}", 4_000, 120),
    "acting": (
        "texts, labels, origins and columns that act on a terminal, in Markdown, HTML or GitHub's log do not act",
        1_500,
        40,
    ),
    "personal": (
        "e-mails, phones, cards, accounts and keys in texts, labels, origins and columns are on no screen, page, JSON",
        1_500,
        36,
    ),
    "places": (
        f"pipes, devices, links, endless files, bombs, pickles, wrong encodings, as set, seeds or training: {PROMISE}",
        len(PLACES) * len(ROLES),
        len(PLACES) - SLOW,
    ),
}


@suite("audit", "The audit: broken, hostile and personal files of every form")
def audit(effort: Effort, folder: Path) -> list[Tally]:
    """Try every kind."""
    tallies = {kind: Tally(promise) for kind, (promise, _, _) in KINDS.items()}

    def run(kind: str) -> None:
        _, full, sample = KINDS[kind]
        _tries(kind, effort.count(full, sample), effort.seed, folder / kind, tallies[kind])

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, KINDS))
    return list(tallies.values())


def _tries(kind: str, count: int, seed: int, folder: Path, tally: Tally) -> None:
    """Run tries in a process, and in another one behind each that dies."""
    exits: Counter[int] = Counter()
    slowest, largest, at = (0.0, 0), (0, 0), 0
    while at < count:
        for number, said in _served(kind, at, count, seed, folder):
            wrong = list(said["wrong"])
            exits[said["exit"]] += 1
            slowest = max(slowest, (said["seconds"], number))
            largest = max(largest, (said["megabytes"], number))
            wrong += [f"took {said['seconds']:.1f} s"] if said["seconds"] > SECONDS else []
            wrong += [f"held {said['megabytes']} MB"] if said["megabytes"] > MEGABYTES else []
            again = f"python -m tests.torture.audit_worker show {kind} {number} {seed} FOLDER"
            tally.hold(not wrong, f"{'; '.join(wrong)} ({again})")
            at = number + 1
    tally.figures = {
        "exit codes": ", ".join(f"{code}: {number:,}" for code, number in sorted(exits.items())),
        "slowest": f"{slowest[0]:.2f} s (try {slowest[1]})",
        "largest": f"{largest[0]} MB (try {largest[1]})",
    }


def _served(kind: str, first: int, last: int, seed: int, folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what each try came to; the one that a process died in, or hung in, is the last."""
    jobs = (str(folder), str(seed), kind, str(first), str(last))
    within, ended = first, first - 1
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            (sys.executable, "-m", "tests.torture.audit_worker", "serve", *jobs),
            cwd=ROOT,
            env=os.environ | SAME | {"HOME": str(folder)},
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        with process:
            for line in _lines_of(process.stdout.fileno()):
                said = json.loads(line)
                if "begin" in said:
                    within = said["begin"]
                else:
                    ended = said["end"]
                    yield ended, said
            process.kill()
        errors.seek(0)
        told = [one for one in errors.read().decode("utf-8", "replace").split("\n") if one.strip()]
    if ended < last - 1:
        reason = f"the process ended or hung: exit {process.returncode}, {told[-1][:200] if told else 'nothing said'}"
        yield within, {"wrong": [reason], "exit": -1, "seconds": 0.0, "megabytes": 0}


def _lines_of(pipe: int) -> Iterator[bytes]:
    """Yield lines until the end, or until nothing is said for too long; what was read ahead is never waited for."""
    held = b""
    while select.select([pipe], [], [], HANGS)[0] and (read := os.read(pipe, 65_536)):
        *lines, held = (held + read).split(b"\n")
        yield from lines
