"""A lock written for a runner: read, held against itself and its spec, cut to a slice, handed to an exporter, stored.

The driver behind `evalspec export`; what the files hold is decided in `catalog/exporters/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit, did_you_mean
from evalspec.digests import digest_text
from evalspec.edges.files import exists, read_text, write_atomic
from evalspec.edges.project_folder import root_of
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.model.spec import Spec
from evalspec.project import Loaded, load_spec, lock_path, read_lock
from evalspec.registry import Member
from evalspec.stages.lock import faults
from evalspec.stages.resolve import spec_digest

MANIFEST = "evalspec.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote and what it left as a person had edited it."""

    exporter: str
    folder: str
    root: str
    cases: int
    of: int
    purpose: str
    written: tuple[str, ...]
    kept: tuple[str, ...]


def export_spec(
    path: str,
    to: str,
    out: str,
    *,
    tracks: Sequence[str] = (),
    pools: Sequence[str] = (),
    sources: Sequence[str] = (),
) -> Exported:
    """Write the lock of a spec into a folder for one runner; `to` names an exporter of the catalogue."""
    loaded = load_spec(path)
    lock = locked(loaded.spec, path)
    chosen = selected(lock, path, {"track": tracks, "pool": pools, "source": sources})
    facts = ExportFacts(
        instructions=_instructions(loaded, lock),
        labels=() if loaded.spec.task.short_expected else tuple(one.name for one in loaded.spec.task.label_parts),
        tracks=tuple(tracks),
        pools=tuple(pools),
        sources=tuple(sources),
        lock_cases=len(lock.cases),
    )
    member = loaded.catalog.get("exporter", to)
    files: Mapping[str, str] = member.function(chosen, facts)
    written, kept = _store(files, member, out)
    return Exported(
        exporter=member.tag,
        folder=out,
        root=lock.root,
        cases=len(chosen.cases),
        of=len(lock.cases),
        purpose=loaded.spec.purpose,
        written=written,
        kept=kept,
    )


def locked(spec: Spec, path: str) -> Lock:
    """Return the lock of a spec; one that is missing, partial, damaged or of another spec is refused."""
    where = lock_path(spec)
    build = f"run: evalspec build {path}"
    found = read_lock(spec)
    if found is None:
        problem = _problem("L606", "there is no lock to export", where, build, Exit.STALE)
        if exists(lock_path(spec, partial=True)):
            hint = f"a trial set is not exported; decide what waits (evalspec review list {path}) and build"
            problem = _problem("L607", "there is a trial set only", lock_path(spec, partial=True), hint, Exit.FINDING)
        raise BuildError([problem])
    lock, text = found
    if broken := faults(lock, text, where):
        raise BuildError(broken)
    if lock.header.get("partial"):
        message = "this is a trial set, from which undecided cases are missing"
        raise BuildError([_problem("L607", message, where, build, Exit.FINDING)])
    if lock.header.get("spec") != spec_digest(spec):
        message = "the lock is of another state of the spec"
        raise BuildError([_problem("L606", message, where, build, Exit.STALE)])
    return lock


def selected(lock: Lock, path: str, asked: Mapping[str, Iterable[str]]) -> Lock:
    """Return the lock with the cases of the slices that were asked for; a name that no case has is an error."""
    cases = lock.cases
    for name, values in asked.items():
        wanted = tuple(values)
        known = {slice_of(case, name) for case in lock.cases} - {""}
        for value in wanted:
            if value not in known:
                message = f"no case of the lock has the {name} `{value}`"
                raise EvalspecError([_problem("X530", message, path, did_you_mean(value, known), Exit.INVALID)])
        if wanted:
            cases = tuple(case for case in cases if slice_of(case, name) in wanted)
    if not cases:
        hint = "each of the slices has cases, but none is in all of them" if lock.cases else None
        raise EvalspecError([_problem("X530", "no case is left to export", path, hint, Exit.INVALID)])
    return replace(lock, cases=cases)


def slice_of(case: Mapping[str, object], name: str) -> str:
    """Return a case's track, pool or source; what was not taken from a source has none."""
    if name == "track":
        return str(case["track"])
    lineage = case.get("lineage")
    return str(lineage.get(name, "")) if isinstance(lineage, Mapping) else ""


def _instructions(loaded: Loaded, lock: Lock) -> str | None:
    """Return what the subject is told, from the file that the lock was built with."""
    task, folder = loaded.spec.task, loaded.spec.folder
    if task.instructions_path is None:
        return task.instructions
    where = os.path.join(folder, task.instructions_path)
    text = read_text(where, root=folder)
    inputs = lock.header.get("inputs")
    recorded = inputs.get(task.instructions_path) if isinstance(inputs, Mapping) else None
    if not isinstance(recorded, Mapping) or recorded.get("digest") != digest_text(text):
        hint = f"run: evalspec build {loaded.spec.path}"
        message = "the instructions are not those that the lock was built with"
        raise BuildError([_problem("L606", message, where, hint, Exit.STALE)])
    return text


def _store(files: Mapping[str, str], member: Member, out: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the files, the manifest last; a stub that a person has edited stays as it is."""
    stubs = frozenset(member.traits["stubs"])
    if not exists(os.path.join(out, MANIFEST)):
        for name in files:
            if exists(os.path.join(out, name)):
                message = f"`{out}` holds a `{name}` that is of no export"
                problem = _problem("E912", message, out, "choose a folder of its own", Exit.INVALID)
                raise EvalspecError([problem])
    root = root_of(os.path.join(out, MANIFEST)) or out
    written, kept = [], []
    for name in sorted(files, key=lambda one: (one == MANIFEST, one)):
        where = os.path.join(out, name)
        there = read_text(where, root=root) if exists(where) else None
        if name in stubs and there is not None and there != files[name]:
            kept.append(where)
            continue
        if there != files[name]:
            write_atomic(where, files[name], root=root)
        written.append(where)
    return tuple(written), tuple(kept)


def _problem(code: str, message: str, path: str, hint: str | None, exit: Exit) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, path=path, hint=hint, exit=exit)
