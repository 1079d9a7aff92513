"""A lock held against its inputs, and a change against its base: replay the build, compare, and say what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evalspec.after.guard import guard
from evalspec.after.since import guard_problems, ledger_problems
from evalspec.base import Base, base_of, ledger_since
from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit
from evalspec.edges.files import exists, read_text
from evalspec.model.build import Build
from evalspec.model.diff import Lowered, said
from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock, Verdict
from evalspec.model.spec import Spec
from evalspec.ports import Progress
from evalspec.project import load_spec, lock_path, read_lock, report_path, run
from evalspec.stages.lock import dump, faults
from evalspec.stages.report import numbers, numbers_in

TIMED = frozenset({"age"})  # measures that ask what day it is; without --today they are silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found for one spec."""

    path: str
    exit: Exit
    root: str = ""
    cases: int = 0
    diagnostics: tuple[Diagnostic, ...] = field(default=())  # what lowers the guard since the base comes first
    added: tuple[Decision, ...] = ()  # decisions that the base does not have


def verify_spec(
    path: str,
    *,
    today: str | None = None,
    base: str | None = None,
    no_loosen: bool = False,
    steps: Progress = lambda stage, done, total: None,
) -> Verification:
    """Replay the build of a spec and hold lock and report against it.

    `base` is the commit that a change starts from: what the change lets through that the base did not, and ledger
    lines that are gone, are told as well. With `no_loosen` the first is an error.
    """
    if base is None:
        return _replayed(path, today, None, steps)
    try:
        spec = load_spec(path).spec
        before = base_of(spec, base)
    except EvalspecError as error:
        return Verification(path=path, exit=error.exit, diagnostics=error.diagnostics)
    change = ledger_since(spec, before)
    since = (
        *guard_problems(_lowered(spec, before), path, no_loosen=no_loosen),
        *ledger_problems(change, spec.folder, base),
    )
    found = _replayed(path, today, base, steps)
    errors = [one for one in (*since, *found.diagnostics) if one.severity == "error"]
    return replace(
        found,
        exit=BuildError(errors).exit if errors else found.exit,
        diagnostics=(*since, *found.diagnostics),
        added=change.added,
    )


def _lowered(spec: Spec, base: Base) -> tuple[Lowered, ...]:
    if base.spec is not None:
        return guard(base.spec, spec)
    if base.is_readable:
        return ()  # a new spec is read as a whole
    words = said("the spec of {} cannot be read by this evalspec, so nothing is known of its gates", base.ref)
    return (Lowered(kind="unread", name=spec.name, said=words),)


def _replayed(path: str, today: str | None, base: str | None, steps: Progress) -> Verification:
    try:
        spec = load_spec(path).spec
        found = read_lock(spec)
        if found is None:
            raise BuildError([_stale(lock_path(spec), "there is no lock", f"run: evalspec build {path}")])
        lock, text = found
        if broken := faults(lock, text, lock_path(spec)):
            raise BuildError(broken)
        done = run(path, today=today, progress=steps, base=base)
        problems = compare(done, lock, text)
    except EvalspecError as error:
        return Verification(path=path, exit=error.exit, diagnostics=error.diagnostics)
    failed = any(one.severity == "error" for one in problems)
    return Verification(
        path=path,
        exit=BuildError(problems).exit if failed else Exit.OK,
        root=lock.root,
        cases=len(lock.cases),
        diagnostics=problems,
    )


def compare(done: Build, lock: Lock, text: str) -> tuple[Diagnostic, ...]:
    """Return how lock and report differ from what the inputs give now, and which gates fail."""
    where = lock_path(done.spec)
    hint = f"run: evalspec build {done.spec.path}"
    if done.lock is None:
        waits = (
            "1 case that the inputs give now waits"
            if len(done.waiting) == 1
            else (f"{len(done.waiting)} cases that the inputs give now wait")
        )
        path = done.spec.path
        first = f"evalspec review list {path}    to see and decide what waits, then: evalspec build {path}"
        return (_stale(where, f"{waits} for a person, so there is no lock to compare", first),)
    if dump(done.lock) != text:
        notes = differences(lock, done.lock)
        if _inputs_differ(lock, done.lock):
            return (_stale(where, f"the lock is out of date: {notes}", hint),)
        return (
            Diagnostic(
                code="L604",
                severity="error",
                message=f"the lock is not what its inputs give: {notes}",
                path=where,
                hint="the inputs are the ones it names, so it was edited, or built by a changed evalspec; " + hint,
                exit=Exit.INTEGRITY,
            ),
        )
    return (*_report_problems(done), *gate_problems(done))


def differences(before: Lock, after: Lock) -> str:
    """Say in one line how two locks differ."""
    old = {str(case["id"]): case for case in before.cases}
    new = {str(case["id"]): case for case in after.cases}
    changed = sum(1 for case in old.keys() & new.keys() if old[case] != new[case])
    added, removed = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    parts = [f"{added} cases would be added, {changed} changed, {removed} removed"]
    facts = [name for name in after.header if name != "root" and before.header.get(name) != after.header[name]]
    if facts:
        parts.append("differs in " + ", ".join(f"`{name}`" for name in facts))
    if before.drops != after.drops:
        parts.append("other drops")
    return "; ".join(parts)


def gate_problems(done: Build) -> tuple[Diagnostic, ...]:
    """Return the gates that failed, or are past their bound without evidence, at their place in the spec.

    What could not be measured is in the report; a set of 20 cases would else print a screen of it at every build.
    """
    found = []
    for one in done.verdicts or ():
        is_past = one.status == "not known" and one.measurement is not None and one.measurement.value is not None
        if one.waived_until or not (one.status == "fail" or is_past):
            continue
        where = f" in {one.measurement.slice}" if one.measurement and one.measurement.slice != "all" else ""
        found.append(
            Diagnostic(
                code="G401" if one.status == "fail" else "G402",
                severity="error" if one.blocks else "warning",
                message=f"gate `{one.gate}`{where}: {one.message}",
                span=one.at,
                path=None if one.at else done.spec.path,
                label=one.bound if one.at else None,
                hint=one.advice,
                exit=Exit.FINDING,
            )
        )
    return tuple(found)


def past_without_evidence(verdicts: Iterable[Verdict]) -> str:
    """Name the gates that are past their bound where chance is not ruled out, each with its slices."""
    slices: dict[str, list[str]] = {}
    for one in verdicts:
        if one.status == "not known" and one.measurement is not None and one.measurement.value is not None:
            slices.setdefault(one.gate, []).append(one.measurement.slice.partition("=")[2])
    spelled = []
    for gate, found in sorted(slices.items()):
        named = [name for name in found if name]
        spelled.append(f"{gate} ({', '.join(named)})" if named else gate)
    return ", ".join(spelled)


def _report_problems(done: Build) -> tuple[Diagnostic, ...]:
    where = report_path(done.spec)
    hint = f"run: evalspec build {done.spec.path}"
    if not exists(where):
        return (_stale(where, "there is no mix report", hint),)
    written = numbers_in(read_text(where, root=done.spec.folder))
    now = numbers(done.without_changes())
    if _timeless(written, done.spec) == _timeless(now, done.spec):
        return ()
    if isinstance(written, dict) and written.get("inputs") == now["inputs"]:
        return (
            Diagnostic(
                code="L605",
                severity="error",
                message="the report's numbers are not those of its lock",
                path=where,
                hint=hint,
                exit=Exit.INTEGRITY,
            ),
        )
    return (_stale(where, "the report is out of date", hint),)


def _timeless(found: object, spec: Spec) -> object:
    """Leave out of a report's numbers what another day changes: ages, gates over them, whether a waiver still holds.

    The waivers themselves stand in the lock, which is compared byte for byte.
    """
    if not isinstance(found, dict):
        return found
    timed = {rule.name for rule in spec.gates if rule.measure in TIMED}
    kept = dict(found)
    for block, key, names in (("measures", "measure", TIMED), ("gates", "gate", timed)):
        rows = found.get(block)
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            kept[block] = [
                {name: value for name, value in row.items() if name != "waived_until"}
                for row in rows
                if row.get(key) not in names
            ]
    return kept


def _inputs_differ(before: Lock, after: Lock) -> bool:
    return any(before.header.get(name) != after.header.get(name) for name in ("engine", "name", "spec", "inputs"))


def _stale(path: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="L606", severity="error", message=message, path=path, hint=hint, exit=Exit.STALE)
