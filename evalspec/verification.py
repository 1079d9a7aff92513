"""A lock held against its inputs, and a change against its base: replay the build, compare, and say what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeGuard

from evalspec.after.fields import case_id
from evalspec.after.policy import policy_problems
from evalspec.after.since import guard_problems, ledger_problems
from evalspec.after.since_rows import drops_since, hidden_diffs, unrecomputed
from evalspec.asking import Asked
from evalspec.base import Base, TapeChange, attributes_now, base_of, ledger_since, lowered_since, tape_since
from evalspec.catalog import load_catalog
from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit
from evalspec.digests import canonical
from evalspec.edges.files import exists, read_text
from evalspec.model.build import Build
from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock, Verdict
from evalspec.pipeline import on_day
from evalspec.ports import Progress
from evalspec.project import Loaded, load_spec, lock_path, read_lock, report_path, run
from evalspec.registry import Catalog, Kind
from evalspec.stages.header import embedder_tag
from evalspec.stages.lock import another_maker, dump, faults
from evalspec.stages.meaning import recorded_drops
from evalspec.stages.report import numbers, numbers_in
from evalspec.stages.reporting.trusted import unmeasured, with_written
from evalspec.stages.scrub import detectors_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found for one spec."""

    path: str
    exit: Exit
    root: str = ""
    cases: int = 0
    diagnostics: tuple[Diagnostic, ...] = field(default=())  # what lowers the guard since the base comes first
    added: tuple[Decision, ...] = ()  # decisions that the base does not have
    tape: TapeChange = field(default_factory=TapeChange)  # since the base
    dropped: tuple[str, ...] = ()  # drops that the base does not have: one line a stage and reason
    is_new: bool = False  # the base has no spec of this path, so that nothing could be compared with it


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
        change = ledger_since(spec, before)
        tape = tape_since(spec, before)
        since = (
            *guard_problems((*lowered_since(spec, before), *tape.other), path, no_loosen=no_loosen),
            *hidden_diffs(attributes_now(spec), no_loosen=no_loosen),
            *ledger_problems(change, spec.folder, base),
        )
    except EvalspecError as error:
        return Verification(path=path, exit=error.exit, diagnostics=error.diagnostics)
    found = _replayed(path, today, before, steps)
    first = [one for one in found.diagnostics if one.code == "L615"]
    rest = [one for one in found.diagnostics if one.code != "L615"]
    diagnostics = (*first, *since, *_lost_replies(tape, base, rest), *rest)
    is_new = before.spec is None and before.is_readable
    return replace(
        found, exit=_exit(diagnostics), diagnostics=diagnostics, added=change.added, tape=tape, is_new=is_new
    )


def _lost_replies(tape: TapeChange, base: str, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Name the segments that are gone since the base where the set cannot be made without their replies."""
    if not any(one.code == "M150" for one in found):
        return ()
    return tuple(
        Diagnostic(
            code="T706",
            severity="error",
            message=f"`{path}` of {base} is gone from the tape, and replies are missing (it holds {count:,})",
            path=path,
            hint=f"git checkout {base} -- {path}",
            exit=Exit.INTEGRITY,
        )
        for path, count in tape.removed
    )


def _replayed(path: str, today: str | None, base: Base | None, steps: Progress) -> Verification:
    """Hold a lock against itself, then against what may not stand in it, then against what its inputs give."""
    try:
        loaded = load_spec(path)
        spec, where = loaded.spec, lock_path(loaded.spec)
        found = read_lock(spec)
        if found is None:
            raise BuildError([_stale(where, "there is no lock", f"run: evalspec build {path}")])
        lock, text = found
        if broken := faults(lock, text, where):
            raise BuildError(broken)
    except EvalspecError as error:
        return Verification(path=path, exit=error.exit, diagnostics=error.diagnostics)
    ref = base.ref if base else None
    problems = _replay_problems(path, loaded, lock, text, today, ref, steps)
    diagnostics = (
        *unrecomputed(lock, base.lock if base else None, ref, where),
        *policy_problems(lock, text, spec, detectors_of(loaded.catalog), where),
        *problems,
    )
    return Verification(
        path=path,
        exit=_exit(diagnostics),
        root=lock.root,
        cases=len(lock.cases),
        diagnostics=diagnostics,
        dropped=drops_since(base.lock, lock) if base else (),
    )


def _replay_problems(
    path: str, loaded: Loaded, lock: Lock, text: str, today: str | None, base: str | None, steps: Progress
) -> tuple[Diagnostic, ...]:
    other = another_maker(lock, tags_of(loaded.catalog, str(lock.header.get("embedder"))), lock_path(loaded.spec), path)
    if other is not None:
        return (other,)
    try:
        taken = recorded_drops(lock.drops)
        done = run(path, today=today, progress=steps, base=base, asked=Asked(mode="tape"), recorded=taken)
        twice = tuple(one for one in done.warnings if one.code == "T704")
        return (*twice, *compare(done, lock, text), *_taken_on_trust(done))
    except EvalspecError as error:
        return error.diagnostics


def tags_of(catalog: Catalog, embedder: str) -> frozenset[str]:
    """Return everything with a version that a lock may name and this evalspec has, such as `typo@1`.

    `embedder` is the one that the lock names: of it the version alone counts, since any name may be a spec's own.
    """
    kinds: tuple[Kind, ...] = ("operator", "attack", "measure")
    name, _, made = embedder.partition("@")
    own = made.partition("+")
    return frozenset(
        {*(one.tag for kind in kinds for one in catalog.all(kind)), f"{embedder_tag(name)}{own[1]}{own[2]}"}
    )


def _exit(diagnostics: Iterable[Diagnostic]) -> Exit:
    errors = [one for one in diagnostics if one.severity == "error"]
    return BuildError(errors).exit if errors else Exit.OK


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
    if (more := _measures_since(lock, done.lock)) and dump(done.lock) != text:
        named = ", ".join(f"`{one}`" for one in more)
        return (
            Diagnostic(
                code="L609",
                severity="error",
                message=f"the lock was built before there was {named}: nothing else differs",
                path=where,
                hint=f"{hint}, and read the report; or verify with the evalspec that built it",
                exit=Exit.STALE,
            ),
        )
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


def _measures_since(before: Lock, after: Lock) -> tuple[str, ...]:
    """Return the measures that are all that a lock lacks to be what its inputs give; none where more differs."""
    old, new = before.header.get("measures"), after.header.get("measures")
    if not isinstance(old, list) or not isinstance(new, list) or not set(map(str, old)) < set(map(str, new)):
        return ()
    differing = {
        name for name in before.header.keys() | after.header if before.header.get(name) != after.header.get(name)
    }
    is_same = differing <= {"measures", "root"} and before.cases == after.cases and before.drops == after.drops
    return tuple(sorted(set(new) - set(old))) if is_same else ()


def differences(before: Lock, after: Lock) -> str:
    """Say in one line how two locks differ."""
    old = {case_id(case): case for case in before.cases}
    new = {case_id(case): case for case in after.cases}
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
    """Return the gates that failed, are past their bound without evidence, or over a change that nobody can measure.

    What else could not be measured is in the report; a set of 20 cases would else print a screen of it at every build.
    """
    found = []
    for one in done.verdicts or ():
        if one.waived_until or not (one.status == "fail" or one.is_past or _is_refused(one)):
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


def _is_refused(one: Verdict) -> bool:
    """Tell whether a change cannot be measured because the base was measured by something else: nobody would know."""
    row = one.measurement
    return row is not None and row.is_change and (row.note or "").startswith("refused")


def refused_changes(verdicts: Iterable[Verdict]) -> str:
    """Name the gates on changes that are not compared, with the reason of the first."""
    found = [one for one in verdicts if _is_refused(one) and one.measurement is not None]
    names = ", ".join(dict.fromkeys(one.gate for one in found))
    note = (found[0].measurement.note or "") if found and found[0].measurement else ""
    return f"{names}: {note}" if found else ""


def past_without_evidence(verdicts: Iterable[Verdict]) -> str:
    """Name the gates that are past their bound where chance is not ruled out, each with its slices.

    Changes are apart: no report says what would decide those.
    """
    slices: dict[str, list[str]] = {}
    for one in verdicts:
        row = one.measurement
        if one.status == "not known" and one.is_past and row is not None and not row.is_change:
            slices.setdefault(one.gate, []).append(row.slice.partition("=")[2])
    spelled = []
    for gate, found in sorted(slices.items()):
        named = [name for name in found if name]
        spelled.append(f"{gate} ({', '.join(named)})" if named else gate)
    return ", ".join(spelled)


def unsure_changes(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Say of each change that is past its bound without evidence what is known, and what would decide it."""
    return tuple(
        f"gate {one.gate}{'' if row.slice == 'all' else f' ({row.slice})'}: {one.message}; {one.advice}"
        for one in verdicts
        if one.status == "not known" and one.is_past and (row := one.measurement) is not None and row.is_change
    )


def _report_problems(done: Build) -> tuple[Diagnostic, ...]:
    """Compute the report's numbers again, as of the day that it states, and compare them with what is written."""
    assert done.lock is not None
    where = report_path(done.spec)
    hint = f"run: evalspec build {done.spec.path}"
    if not exists(where):
        return (_stale(where, "there is no mix report", hint),)
    text = read_text(where, root=done.spec.folder)
    written = numbers_in(text)
    if not isinstance(written, dict):
        return (_edited_report(where, "the report has no block of numbers that can be read", hint),)
    day = written.get("today")
    if day is not None and not _is_day(day):
        return (_edited_report(where, "the report states no day that there is", hint),)
    then = done if day == done.today else on_day(done, load_catalog(), day)
    now = with_written(numbers(then.without_changes()), written, then)
    if canonical(written) == canonical(now):
        if text.startswith(f"# Mix report of `{done.spec.name}`, lock `{done.lock.root}`\n"):
            return ()
        return (_edited_report(where, "the report's first line names another lock than its numbers", hint),)
    if written.get("inputs") == now["inputs"]:
        return (_edited_report(where, "the report's numbers are not those of its lock", hint),)
    return (_stale(where, "the report is out of date", hint),)


def _taken_on_trust(done: Build) -> tuple[Diagnostic, ...]:
    """Name the figures of the report that no replay with the core alone gives again."""
    found = [one for one in done.without_changes().measurements or () if unmeasured(one)]
    if not found:
        return ()
    names = sorted({one.measure for one in found})
    return (
        Diagnostic(
            code="L616",
            severity="warning",
            message=f"{len(found)} figures of `{done.spec.screen.embedder}` that `verify` takes from the report: "
            f"{', '.join(names)}",
            path=report_path(done.spec),
            hint="`evalspec build --locked` recomputes them with the extra installed",
        ),
    )


def _is_day(value: object) -> TypeGuard[str]:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _edited_report(path: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="L605", severity="error", message=message, path=path, hint=hint, exit=Exit.INTEGRITY)


def _inputs_differ(before: Lock, after: Lock) -> bool:
    return any(before.header.get(name) != after.header.get(name) for name in ("engine", "name", "spec", "inputs"))


def _stale(path: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="L606", severity="error", message=message, path=path, hint=hint, exit=Exit.STALE)
