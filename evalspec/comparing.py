"""Two states of a spec, from git, from the working tree or from two lock files, to what differs between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from evalspec.after.diff import diff
from evalspec.catalog import load_catalog
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.digests import digest_text
from evalspec.edges.files import exists, list_files, read_text
from evalspec.edges.git import merge_base, names_at, require_commit, text_at
from evalspec.edges.package import read_schema
from evalspec.edges.project_folder import root_of
from evalspec.model.diff import Diff, Said, Side, said
from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.planning import read
from evalspec.stages.ledger import read_ledger
from evalspec.stages.lock import faults, load
from evalspec.stages.parse_text import decode
from evalspec.stages.report import numbers_in
from evalspec.stages.resolve import extended_path, resolve, spec_digest
from evalspec.stages.resolving.paths import path_problem, stem_of

LOCK_SUFFIX = ".lock.json"
PARTIAL = ".partial"
WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where one side is read: a revision or the disk."""

    label: str
    text: Callable[[str], str | None]  # of a file, None when it is not there
    names: Callable[[str], tuple[str, ...]]  # of a folder's files


def compare_files(before: str, after: str) -> Diff:
    """Compare two lock files, each with the spec, report and ledger that stand beside it if they are its own."""
    return diff(_file_side(before), _file_side(after))


def compare_revisions(spec: str, *, base: str, head: str | None = None, since_fork: bool = False) -> Diff:
    """Compare a spec's lock, report, spec and ledger at two commits; without `head` the working tree is the second.

    `since_fork` compares with the commit where `head` left `base`: what others did on `base` since is no change here.
    """
    places = [_revision(base, spec), _revision(head, spec) if head is not None else _disk(spec)]
    if since_fork:
        common = merge_base(base, head or "HEAD", spec)
        if common is None:
            raise _problem("E913", spec, f"`{base}` and `{head or 'HEAD'}` have no commit in common")
        places[0] = _revision(common, spec)
    sides = [_spec_side(spec, place) for place in places]
    if all(side.lock is None for side in sides):
        raise _problem(
            "L610", spec, f"there is no lock of `{spec}` at {' or in the '.join(one.label for one in sides)}"
        )
    return diff(*sides)


def _revision(ref: str, spec: str) -> _Place:
    require_commit(ref, spec)
    return _Place(
        label=ref[:12] if len(ref) == 40 else ref,
        text=lambda path: _normalised(text_at(ref, path)),
        names=lambda folder: names_at(ref, folder),
    )


def _disk(spec: str) -> _Place:
    folder = root_of(spec) or os.path.dirname(spec) or os.curdir
    return _Place(
        label=WORKING_TREE,
        text=lambda path: read_text(path, root=folder) if exists(path) else None,
        names=lambda below: (
            tuple(os.path.basename(one) for one in list_files(os.path.join(below, "*.jsonl"), root=folder))
            if os.path.isdir(below)
            else ()
        ),
    )


def _normalised(text: str | None) -> str | None:
    """Read a file of a commit as one from the disk is read: no byte order mark, LF line ends."""
    return None if text is None else text.removeprefix("\ufeff").replace("\r\n", "\n")


def _spec_side(path: str, place: _Place) -> Side:
    stem = os.path.join(os.path.dirname(path), stem_of(path))
    notes: list[Said] = []
    spec = _spec(path, place, notes)
    lock, broken = _lock(f"{stem}{LOCK_SUFFIX}", place)
    if lock is None:
        notes.append(said("{} has no lock", place.label))
    elif spec is not None and lock.header.get("spec") != spec_digest(spec):
        notes.append(said("the lock of {} is not built from its spec: run `evalspec build`", place.label))
    return Side(
        label=place.label,
        lock=lock,
        faults=broken,
        spec=spec,
        numbers=_numbers(f"{stem}.report.md", lock, place, notes),
        ledger=_ledger(stem, spec, place, notes),
        files=_files(spec, lock, place),
        notes=tuple(notes),
    )


def _file_side(path: str) -> Side:
    lock_text = read_text(path, root=root_of(path))
    lock = load(lock_text, path)
    place = _disk(path)
    place = _Place(label=path, text=place.text, names=place.names)
    stem = path.removesuffix(LOCK_SUFFIX)
    stem = stem.removesuffix(PARTIAL) if "partial" in lock.header else stem
    notes: list[Said] = []
    spec = _spec(f"{stem}.yaml", place, notes) if path.endswith(LOCK_SUFFIX) else None
    if spec is not None and spec_digest(spec) != lock.header.get("spec"):
        notes.append(said("the spec beside {} is another one than the lock's: left out", path))
        spec = None
    return Side(
        label=path,
        lock=lock,
        faults=tuple(one.message for one in faults(lock, lock_text, path)),
        spec=spec,
        numbers=_numbers(_report_of(path), lock, place, notes) if path.endswith(LOCK_SUFFIX) else None,
        ledger=_ledger(stem, spec, place, notes) if spec is not None else None,
        files=_files(spec, lock, place),
        notes=tuple(notes),
    )


def _report_of(lock_path: str) -> str:
    return f"{lock_path.removesuffix(LOCK_SUFFIX)}.report.md"


def _spec(path: str, place: _Place, notes: list[Said]) -> Spec | None:
    """Return the resolved spec, or None with a note: a guard that cannot be compared is said, never skipped."""
    try:
        text = place.text(path)
        if text is None:
            return None
        schema = read_schema("spec.v1.json")
        document = read(decode(path, text.encode("utf-8", "surrogatepass")), schema)
        extended, base = extended_path(document), None
        if extended is not None:
            beside = os.path.join(os.path.dirname(path), extended[0])
            beside_text = place.text(beside)
            base = read(decode(beside, (beside_text or "").encode("utf-8", "surrogatepass")), schema)
        return resolve(document, load_catalog(), base)
    except EvalspecError as error:
        notes.append(said("the spec of {} cannot be read: {}", place.label, error.diagnostics[0].message))
        return None


def _lock(path: str, place: _Place) -> tuple[Lock | None, tuple[str, ...]]:
    text = place.text(path)
    if text is None:
        return None, ()
    found = load(text, path if place.label == WORKING_TREE else f"{place.label}:{path}")
    return found, tuple(one.message for one in faults(found, text, path))


def _numbers(path: str, lock: Lock | None, place: _Place, notes: list[Said]) -> dict[str, object] | None:
    text = place.text(path) if lock is not None else None
    found = numbers_in(text) if text is not None else None
    if lock is None:
        return None
    if not isinstance(found, dict):
        notes.append(said("{} has no report with numbers: measures and gates are not compared", place.label))
        return None
    if found.get("root") != lock.root:
        notes.append(said("the report of {} is about another lock: measures and gates are not compared", place.label))
        return None
    return found


def _ledger(stem: str, spec: Spec | None, place: _Place, notes: list[Said]) -> tuple[Decision, ...] | None:
    """Read the ledger of the spec and of the one it extends, as a build does."""
    stems = [stem, *([os.path.join(os.path.dirname(stem), stem_of(spec.base))] if spec and spec.base else [])]
    files = []
    try:
        for one in stems:
            folder = os.path.join(one, "ledger")
            for name in place.names(folder):
                text = place.text(os.path.join(folder, name)) if name.endswith(".jsonl") else None
                if text is not None:
                    files.append(SourceFile(path=os.path.join(folder, name), text=text))
        return read_ledger(files).decisions
    except EvalspecError as error:
        notes.append(said("the ledger of {} cannot be read: {}", place.label, error.diagnostics[0].message))
        return None


def _files(spec: Spec | None, lock: Lock | None, place: _Place) -> dict[str, str]:
    """Digest the files behind the inputs that a lock names, by the name it gives them."""
    if spec is None or lock is None:
        return {}
    paths = {source.name: source.path for source in spec.sources if source.kind != "document"}
    inputs = lock.header.get("inputs")
    found = {}
    for name in inputs if isinstance(inputs, dict) else ():
        if path_problem(paths.get(str(name), str(name))) is not None:
            continue  # a lock is data too: it names no file that a spec could not name
        try:
            text = place.text(os.path.join(spec.folder, paths.get(str(name), str(name))))
        except EvalspecError:
            continue
        if text is not None:
            found[str(name)] = digest_text(text)
    return found


def _problem(code: str, path: str, message: str) -> EvalspecError:
    hints = {
        "E913": "name two commits by `BASE..HEAD`; CI often fetches one commit only (`fetch-depth: 0`)",
        "L610": f"run: evalspec build {path}",
    }
    exit_code = Exit.USAGE if code == "E913" else Exit.INVALID
    return EvalspecError(
        [Diagnostic(code=code, severity="error", message=message, path=path, hint=hints[code], exit=exit_code)]
    )
