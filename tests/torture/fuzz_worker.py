"""Runs tries in this process, one after the other, and says before and after each what it does.

A separate process, so that a death is counted against the try that it happened in. `python -m
tests.torture.fuzz_worker show TARGET NUMBER SEED FOLDER` writes one try's files into a folder and runs its commands.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture.fuzz_projects import write_projects
from tests.torture.fuzz_targets import TARGETS, Target
from tests.torture.mutations import Stock, mutate, odd_values, values_by_key

ROOT = Path(__file__).parents[2]
ADDRESS_SPACE = 2 << 30  # bytes; far over what a run may take, far under what a machine has
DOCUMENTED = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
DIAGNOSTIC = re.compile(r"\b[A-Z]\d{3}\b")
# Controls that act on a terminal; a report on stdout is a file's content, so only stderr is held to it.
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NOT_SHAPE = re.compile(r"\bX50[23]\b")  # a feature of the language that this version does not make, and says so
RESEALED = 0.35
APART = 500  # one try in so many runs once more as a process of its own


@dataclass(frozen=True)
class Try:
    """One broken file and the commands that read it."""

    path: str
    raw: bytes
    commands: Sequence[list[str]]


class Bench:
    """The valid files of all targets and the odd values; a class because every try starts from the same ones."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        names = {name for target in TARGETS.values() for name in target.files}
        self.files = {name: Path(name).read_bytes() for name in sorted(names)}
        specs = (*sorted(ROOT.glob("specs/*.yaml")), *sorted(ROOT.glob("tests/golden/*/spec.yaml")))
        self.languages = [path.read_bytes() for path in specs]
        known = values_by_key([*self.languages, *(self.files[name] for name in self.files if name.endswith(".yaml"))])
        self.stock = Stock(odd_values(seed), known)
        shutil.copy("small.lock.json", "kept.lock.json")

    def make(self, target: Target, number: int) -> Try:
        """Make one try; the same for the same seed, target and number."""
        dice = random.Random(f"{self.seed}/{target.name}/{number}")
        if target.direct:
            raw = mutate(dice, dice.choice(self.languages), "yaml", self.stock, self.languages)
            return Try("spec.yaml", raw, ())
        path = dice.choice(target.files)
        others = [self.files[name] for name in target.files]
        raw = mutate(dice, self.files[path], path.rsplit(".", 1)[1], self.stock, others)
        if target.reseal and dice.random() < RESEALED:
            with contextlib.suppress(Exception):  # what is no lock any more has nothing to seal
                raw = target.reseal(raw.decode()).encode()
        return Try(path, raw, target.commands(dice, path))

    def run(self, target: Target, one: Try) -> list[dict[str, Any]]:
        """Run a try and return what each command came to; the files are as they were afterwards."""
        if target.direct:
            return [_measured(lambda: _direct(target, one))]
        place = Path(one.path)
        place.write_bytes(one.raw)
        found = []
        try:
            for command in one.commands:
                found.append(_measured(lambda line=command: _command(line)) | {"command": command})
                if found[-1]["exit"] != 0:
                    break
        finally:
            place.write_bytes(self.files[one.path])
            _tidy()
        return found

    def apart(self, one: Try, found: list[dict[str, Any]]) -> list[str]:
        """Run the last command of a try once more, in a process of its own, and say if it ends otherwise there."""
        command = found[-1]["command"]
        Path(one.path).write_bytes(one.raw)
        try:
            alone = subprocess.run((sys.executable, "-m", "evalspec", *command), capture_output=True, check=False)
        finally:
            Path(one.path).write_bytes(self.files[one.path])
            _tidy()
        if alone.returncode == found[-1]["exit"]:
            return []
        return [f"{' '.join(command)}: exit {found[-1]['exit']} here, {alone.returncode} in a process of its own"]


def _tidy() -> None:
    for made in ("made", "made.jsonl", "made.yaml", "specs"):
        shutil.rmtree(made, ignore_errors=True)
        Path(made).unlink(missing_ok=True)


def _measured(call: Any) -> dict[str, Any]:
    """Run a call and add its processor time in seconds and its peak memory in MB."""
    _reset_peak()
    before = time.process_time()
    found: dict[str, Any] = call()
    return found | {"seconds": time.process_time() - before, "megabytes": _peak()}


def _command(line: list[str]) -> dict[str, Any]:
    """Run one command line as the script does, with the streams of a terminal that takes UTF-8."""
    from evalspec.cli import run

    raw_out, raw_err = io.BytesIO(), io.BytesIO()
    out = io.TextIOWrapper(raw_out, encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(raw_err, encoding="utf-8", errors="backslashreplace", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(line)
        except BaseException as error:  # nothing may get past `run`
            traceback.print_exception(error)
            code = -1
    shown, said = raw_out.getvalue().decode(), raw_err.getvalue().decode()
    return {"exit": code, "wrong": list(_wrong(line, code, shown, said)), "code": _code(shown + said)}


def _wrong(line: list[str], code: int, shown: str, said: str) -> Iterator[str]:
    """Yield what a run did that none may do."""
    if code not in DOCUMENTED:
        yield f"exit {code}: {_last(said)}"
    if "Traceback (most recent" in said + shown:
        yield f"a traceback: {_last(said)}"
    if "out of memory" in said:
        yield "out of memory"
    if "Warning: " in said:
        yield f"a warning of Python: {_last(said)}"
    if ACTS.search(said):
        yield "a control character on stderr"
    if code not in (0, 1) and not DIAGNOSTIC.search(said + shown):
        yield f"exit {code} without a code: {_last(said)}"
    if "--json" in line and code in DOCUMENTED:
        try:
            json.loads(shown)
        except ValueError as error:
            yield f"--json is not JSON: {error}"


def _last(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.strip().startswith("= hint")]
    return lines[-1][:200] if lines else "nothing said"


def _code(text: str) -> str:
    found = DIAGNOSTIC.search(text)
    return found[0] if found else ""


def _direct(target: Target, one: Try) -> dict[str, Any]:
    assert target.direct is not None
    try:
        is_taken = target.direct(one.path, one.raw)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {os.path.basename(frame.filename)}:{frame.lineno}"
        return {"exit": 70, "wrong": [f"exit 70: {where}"], "command": ["read and resolve"], "code": ""}
    return {"exit": 0 if is_taken else 3, "wrong": [], "command": ["read and resolve"], "code": ""}


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Return the peak of resident memory in MB: since the last reset on Linux, of the whole process elsewhere."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes // 1024


def judge(found: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with a try as a whole: that of its commands, and a plan that refuses what check took."""
    wrong = [f"{' '.join(one['command'])}: {each}" for one in found for each in one["wrong"]]
    if len(found) > 1 and found[0]["command"][0] == "check":
        for one in found[1:]:
            if one["exit"] == 3 and not NOT_SHAPE.search(one["code"]):
                wrong.append(f"check took it and {' '.join(one['command'])} refuses it: {one['code']}")
    return wrong


def serve(folder: str, seed: int, jobs: Sequence[str]) -> None:
    """Run jobs (TARGET:FIRST:LAST, the last not included) and write a line before and after each try to stdout."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("always")
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    write_projects(Path(folder))
    bench = Bench(seed)

    def tell(what: dict[str, Any]) -> None:
        protocol.write(json.dumps(what) + "\n")
        protocol.flush()

    for job in jobs:
        name, first, last = job.split(":")
        for number in range(int(first), int(last)):
            tell({"begin": number, "target": name})
            one = bench.make(TARGETS[name], number)
            found = bench.run(TARGETS[name], one)
            wrong = judge(found)
            if number % APART == APART // 2 and one.commands:
                wrong += bench.apart(one, found)
            runs = [[one["command"][0], one["exit"], round(one["seconds"], 3), one["megabytes"]] for one in found]
            tell({"end": number, "target": name, "wrong": wrong, "runs": runs})
    tell({"done": True})
    protocol.close()


def show(name: str, number: int, seed: int, folder: str) -> None:
    """Write the files of one try into a folder, broken as it was, and run its commands with everything shown."""
    place = Path(folder).resolve()
    place.mkdir(parents=True)
    os.chdir(place)
    write_projects(place)
    bench = Bench(seed)
    target = TARGETS[name]
    one = bench.make(target, number)
    said = json.dumps(bench.run(target, one), indent=1)
    Path(one.path).write_bytes(one.raw)
    sys.stdout.write(f"{place / one.path}\n{said}\n")


if __name__ == "__main__":
    if sys.argv[1] == "show":
        show(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        serve(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
