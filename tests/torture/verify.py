"""`verify` against edits, forgers and a bare machine: a lock that its inputs do not give is never called verified."""

from __future__ import annotations

import contextlib
import io
import json
import random
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders import drawn_text
from guard_specs import GUARD_ROWS, words_of
from small_specs import small_spec, write_project

from evalspec.cli import run
from evalspec.stages.lock import dump, load
from evalspec.stages.report import numbers_in
from tests.torture.suites import Effort, Tally, suite
from tests.torture.verify_forger import FORGERIES, Forgery, sealed
from tests.torture.verify_setting import ROOT, core_script, modules_there, run_alone, without_network

EXAMPLES = ("clinic_chat", "library", "refund")  # a set of conversations, two languages, every technique
QUICK = ("clinic_chat", "library")  # a replay of `refund` takes seconds: in a sample its lock is only read
# What an edit may end in: integrity, or input that cannot be read at all (a higher version, a merge to finish).
CAUGHT = (5, 3)
BYTES = b'0123456789{}[],:" \n\r\\ae'
CASES = 1000  # of the set that is timed


@dataclass(frozen=True, kw_only=True)
class Example:
    """A copy of an example on disk, with the bytes that verify."""

    spec: Path
    lock: bytes
    report: bytes

    @property
    def lock_path(self) -> Path:
        return self.spec.with_suffix(".lock.json")

    @property
    def report_path(self) -> Path:
        return self.spec.with_suffix(".report.md")

    @contextlib.contextmanager
    def with_files(self, lock: bytes | None = None, report: bytes | None = None) -> Iterator[None]:
        """Hold other bytes in the place of lock or report."""
        self.lock_path.write_bytes(self.lock if lock is None else lock)
        self.report_path.write_bytes(self.report if report is None else report)
        try:
            yield
        finally:
            self.lock_path.write_bytes(self.lock)
            self.report_path.write_bytes(self.report)


def examples(folder: Path) -> dict[str, Example]:
    """Copy the examples, inputs and all."""
    shutil.copytree(ROOT / "specs", folder / "specs", ignore=shutil.ignore_patterns(".evalspec", "results"))
    found = {}
    for name in EXAMPLES:
        spec = folder / "specs" / f"{name}.yaml"
        lock, report = spec.with_suffix(".lock.json"), spec.with_suffix(".report.md")
        found[name] = Example(spec=spec, lock=lock.read_bytes(), report=report.read_bytes())
    return found


def verified(spec: Path, *more: str) -> tuple[int, list[str], str]:
    """Exit code of `evalspec verify`, the codes that it told in order, and all that it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(run(["verify", str(spec), "--json", *more]))
    said = out.getvalue() + err.getvalue()
    try:
        told = [str(one["code"]) for one in json.loads(out.getvalue())["diagnostics"]]
    except (ValueError, KeyError, TypeError):
        told = []
    return code, told, said


def _failed(said: str, code: int) -> str:
    """What no answer may hold, whatever its exit code is."""
    return "a traceback" if "Traceback" in said or "E999" in said or code == 70 else ""


@suite("verify", "A lock is what its inputs give, or verify says so")
def verify(effort: Effort, folder: Path) -> list[Tally]:
    """Edit locks and reports, forge them, hide what loosens a gate, and verify on a machine with nothing on it."""
    found = examples(folder)
    return [
        _untouched(effort, found),
        _bytes(effort, found),
        _lines(effort, found),
        _report_bytes(effort, found),
        _forged(effort, found),
        _loosened(effort, folder),
        _alone(effort, found, folder),
    ]


def _untouched(effort: Effort, found: dict[str, Example]) -> Tally:
    tally = Tally("a lock that nobody touched verifies: what is caught below is the edit and nothing else")
    for name in EXAMPLES if effort.full else QUICK:
        one = found[name]
        code, told, said = verified(one.spec)
        tally.hold(code == 0, f"{name}: exit {code}, told {told}: {said[-300:]}")
    return tally


def _bytes(effort: Effort, found: dict[str, Example]) -> Tally:
    tally = Tally("any byte of a lock that is replaced, taken out or put in ends in exit 5, or 3 for its version")
    dice = effort.dice("bytes")
    for at in range(effort.count(full=2000, sample=150)):
        name = EXAMPLES[at % len(EXAMPLES)]
        one = found[name]
        raw, how = _edited(one.lock, dice)
        with one.with_files(lock=raw):
            code, told, said = verified(one.spec)
        wrong = _failed(said, code) or ("" if code in CAUGHT else f"exit {code}")
        tally.hold(not wrong, f"{name}: {how}: {wrong}, told {told}")
    tally.figures["locks"] = ", ".join(EXAMPLES)
    return tally


def _edited(raw: bytes, dice: random.Random) -> tuple[bytes, str]:
    """Edit one byte so that the bytes differ."""
    while True:
        at, byte = dice.randrange(len(raw)), bytes([dice.choice((dice.randrange(256), dice.choice(BYTES)))])
        how = dice.choice(("replaced", "taken out", "put in"))
        if how == "replaced":
            edited = raw[:at] + byte + raw[at + 1 :]
        elif how == "taken out":
            edited = raw[:at] + raw[at + 1 :]
        else:
            edited = raw[:at] + byte + raw[at:]
        if edited != raw:
            return edited, f"byte {at} {how} ({byte!r})"


def _lines(effort: Effort, found: dict[str, Example]) -> Tally:
    tally = Tally("a line of a lock that is lost, doubled or swapped with the next ends in exit 5")
    dice = effort.dice("lines")
    for at in range(effort.count(full=900, sample=45)):
        name = EXAMPLES[at % len(EXAMPLES)]
        lines = found[name].lock.decode().split("\n")
        while True:
            line = dice.randrange(len(lines) - 2)
            how = dice.choice(("lost", "doubled", "swapped"))
            head, tail = lines[:line], lines[line + 1 :]
            middle = {"lost": [], "doubled": [lines[line]] * 2, "swapped": []}[how]
            edited = [*head, *middle, *tail] if how != "swapped" else [*head, tail[0], lines[line], *tail[1:]]
            if edited != lines:
                break
        with found[name].with_files(lock="\n".join(edited).encode()):
            code, told, said = verified(found[name].spec)
        wrong = _failed(said, code) or ("" if code == 5 else f"exit {code}")
        tally.hold(not wrong, f"{name}: line {line + 1} {how}: {wrong}, told {told}")
    return tally


def _report_bytes(effort: Effort, found: dict[str, Example]) -> Tally:
    tally = Tally("a byte of the report that changes its numbers ends in exit 5, or 4 where it names inputs")
    dice = effort.dice("report")
    same = 0
    for at in range(effort.count(full=400, sample=8)):
        name = QUICK[at % len(QUICK)]
        one = found[name]
        start = one.report.rfind(b"```json") + len(b"```json")
        before, block = one.report[:start], one.report[start:]
        edited, how = _edited(block, dice)
        raw = before + edited
        if json.dumps(numbers_in(_text(raw))) == json.dumps(numbers_in(_text(one.report))):
            same += 1  # space between two tokens: the numbers are the same
            continue
        with one.with_files(report=raw):
            code, told, said = verified(one.spec)
        is_caught = code in (5, 4) or (code == 3 and told == ["E905"])  # not UTF-8 any more
        wrong = _failed(said, code) or ("" if is_caught else f"exit {code}")
        tally.hold(not wrong, f"{name}: report, {how}: {wrong}, told {told}")
    tally.figures["edits that left the numbers as they were, not counted"] = str(same)
    return tally


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _forged(effort: Effort, found: dict[str, Example]) -> Tally:
    tally = Tally("a lock forged with every digest and its report computed again is caught by replay")
    dice = effort.dice("forged")
    wanted, at, skipped = effort.count(full=500, sample=len(FORGERIES)), 0, 0
    kinds: dict[str, int] = {}
    while tally.tried < wanted and skipped < 10 * wanted:
        one = FORGERIES[at % len(FORGERIES)]
        # In full every eighth is of the example whose replay takes seconds.
        name = "refund" if effort.full and at % 8 == 7 else QUICK[at // len(FORGERIES) % 2 if effort.full else 0]
        at += 1
        kept = _forge(one, found[name], dice)
        if kept is None:
            skipped += 1
            wanted -= 0 if effort.full else 1
            continue
        kinds[one.name] = kinds.get(one.name, 0) + 1
        code, told, said = kept
        wrong = _failed(said, code) or ("" if code == one.exit else f"exit {code}, not {one.exit}")
        if one.told and (told[:1] if one.told_first else told).count(one.told) == 0:
            wrong = wrong or f"{one.told} is not told{' first' if one.told_first else ''}"
        tally.hold(not wrong, f"{name}: {one.name}: {wrong}, told {told}")
    tally.figures["ways to forge"] = str(len(kinds))
    return tally


def _forge(one: Forgery, example: Example, dice: random.Random) -> tuple[int, list[str], str] | None:
    lock = load(example.lock.decode(), "lock")
    made = one.make(lock, dice)
    if made is None:
        return None
    forged = sealed(made)
    report = example.report.replace(lock.root.encode(), str(forged.header["root"]).encode())
    with example.with_files(lock=dump(forged).encode(), report=report):
        return verified(example.spec)


def _loosened(effort: Effort, folder: Path) -> Tally:
    tally = Tally("whatever holds a set to less is named by --base, and what holds it to more is not")
    place = folder / "guard"
    for row in GUARD_ROWS if effort.full else GUARD_ROWS[::6]:  # the test suite has them all anyway
        said = words_of(row, place / str(tally.tried))
        is_told = any(row.says in one for one in said) if row.says else not said
        tally.hold(is_told, f"{row.name}: told {said}")
    tally.figures["controls that loosen nothing"] = str(sum(1 for row in GUARD_ROWS if not row.says))
    return tally


def _alone(effort: Effort, found: dict[str, Example], folder: Path) -> Tally:
    tally = Tally("verify needs no network, no environment and no extra: an empty environment, the core alone")
    script = core_script(folder)
    there = modules_there(script)
    tally.hold(not there, f"the environment that should hold the core alone can import {there}")
    for name in EXAMPLES if effort.full else QUICK[:1]:
        done = run_alone(script, "verify", str(found[name].spec), cwd=folder)
        is_fine = done.returncode == 0 and "verified" in done.stderr
        tally.hold(is_fine, f"{name}: exit {done.returncode}: {done.stderr[-500:]}")
    one = found[QUICK[0]]
    raw, how = _edited(one.lock, effort.dice("alone"))
    with one.with_files(lock=raw):
        done = run_alone(script, "verify", str(one.spec), cwd=folder)
    tally.hold(done.returncode in CAUGHT, f"{how}: exit {done.returncode}: {done.stderr[-500:]}")
    tally.figures["network"] = "none (unshare -rn)" if without_network() else "not taken away: no unshare"
    if effort.full:
        tally.figures |= _seconds(script, folder / "large", tally)
    return tally


def _seconds(script: Path, folder: Path, tally: Tally) -> dict[str, str]:
    """Verify a set of 1,000 cases in the bare environment, and say how long that took."""
    labels = ("refund", "replace", "track")
    raw = [
        {"id": f"r{at:04d}", "input": f"{drawn_text('large', str(at)).capitalize()}.", "expected": labels[at % 3]}
        for at in range(CASES)
    ]
    spec = small_spec(seeds=CASES * 7 // 10, children=CASES * 3 // 10, prompted=0, operators=("lowercase", "typo"))
    spec["pools"].pop("prompted")
    spec["review"]["require"].pop("prompted")
    spec["mix"]["cases"].pop("prompted")
    for name in ("axes", "models", "roles"):
        spec.pop(name)
    folder.mkdir()
    path = write_project(folder, spec, raw)
    _quiet(lambda: run(["build", path, "-q"]))
    took = []
    for _ in range(3):
        started, used = time.perf_counter(), _processor_seconds()
        done = run_alone(script, "verify", path, cwd=folder)
        took.append((time.perf_counter() - started, _processor_seconds() - used))
        tally.hold(done.returncode == 0, f"{CASES} cases: exit {done.returncode}: {done.stderr[-500:]}")
    wall, processor = (sorted(one)[1] for one in zip(*took, strict=True))
    said = f"{wall:.1f} by the clock, {processor:.1f} of one core (medians of 3, start-up in it)"
    return {f"seconds to verify {CASES} cases": said}


def _processor_seconds() -> float:
    """What the children of this process have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _quiet(work: Callable[[], Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work()
