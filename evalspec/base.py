"""A spec as an earlier commit holds it: what a change is compared with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from evalspec.after.guard import guard
from evalspec.after.since import LedgerChange, ledger_change
from evalspec.after.since_rows import rows_since
from evalspec.catalog import load_catalog
from evalspec.diagnostics import EvalspecError
from evalspec.digests import digest
from evalspec.edges.files import list_files, read_text
from evalspec.edges.git import attributes_of, require_commit, text_at, texts_at
from evalspec.edges.package import read_schema
from evalspec.model.diff import Lowered, said
from evalspec.model.outcome import Lock
from evalspec.model.source import SourceFile
from evalspec.model.spec import Source, Spec
from evalspec.planning import read
from evalspec.project import lock_path, report_path
from evalspec.stages.ledger import read_ledger
from evalspec.stages.lock import load
from evalspec.stages.resolve import extended_path, resolve
from evalspec.stages.resolving.paths import stem_of
from evalspec.stages.seeds import read_source
from evalspec.stages.tape import Tape, read_tape, same
from evalspec.taping import read_tape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What one spec was at a commit; None or empty where the commit has none."""

    ref: str
    is_readable: bool = True  # False: the commit has the spec, and this evalspec cannot read it
    spec: Spec | None = None
    lock: Lock | None = None
    ledger: Mapping[str, str] = field(default_factory=dict)  # path from the spec's folder to the file's text


def base_of(spec: Spec, ref: str) -> Base:
    """Read spec, lock and ledger as the commit `ref` holds them; raise when there is no such commit."""
    require_commit(ref, spec.path)
    text = text_at(ref, spec.path)
    found = _spec(spec.path, text, ref) if text is not None else None
    return Base(
        ref=ref,
        is_readable=found is not None or text is None,
        spec=found,
        lock=_lock(spec, ref),
        ledger=_ledger(spec, ref),
    )


def ledger_since(spec: Spec, base: Base) -> LedgerChange:
    """Compare the ledger's files as they are with those of the base; a folder that is gone has no lines."""
    after: dict[str, str] = {}
    for path in {os.path.dirname(path) for path in base.ledger} | {f"{spec.name}/ledger"}:
        folder = os.path.join(spec.folder, path)
        if os.path.isdir(folder):
            names = list_files(os.path.join(folder, "*.jsonl"), root=spec.folder)
            after |= {name: read_text(name, root=spec.folder, may_be_torn=True) for name in names}
    try:
        decisions = read_ledger([SourceFile(path=path, text=text) for path, text in after.items()]).decisions
    except EvalspecError:
        decisions = ()  # the replay says what is wrong with the ledger
    return ledger_change(base.ledger, after, decisions)


def lowered_since(spec: Spec, base: Base) -> tuple[Lowered, ...]:
    """Return everything that the change lets through and the base did not: in the spec, and in the rows behind it."""
    if base.spec is None:
        if base.is_readable:
            return ()  # a new spec is read as a whole
        words = said("the spec of {} cannot be read by this evalspec, so nothing is known of its gates", base.ref)
        return (Lowered(kind="unread", name=spec.name, said=words),)
    before = _with_words(base.spec, lambda path: text_at(base.ref, path))
    after = _with_words(spec, lambda path: read_text(path, root=spec.folder) if os.path.isfile(path) else None)
    rows = [one for source in base.spec.sources for one in _rows_since(source, base, spec)]
    return (*guard(before, after), *rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeChange:
    """What a change did to a tape, its files by their path."""

    new: int = 0  # replies that the base does not have
    other: tuple[Lowered, ...] = ()  # another answer to a question of the base
    added: tuple[tuple[str, int], ...] = ()  # segments, and how many replies they hold
    removed: tuple[tuple[str, int], ...] = ()


def tape_since(spec: Spec, base: Base) -> TapeChange:
    """Compare the tape as it is with that of the base.

    A reply that nobody asks for any more may go; another answer to the same question was never given.
    """
    names = (spec.name, *([stem_of(spec.base)] if spec.base else []))
    old = [texts_at(base.ref, spec.folder or os.curdir, f"{name}/tape") for name in names]
    before = _tape(lambda: read_tape(_segments(texts, spec.folder) for texts in old))
    after = _tape(lambda: read_tape_of(spec))
    changed = sorted(key for key, reply in before.replies.items() if not same(after.replies.get(key, reply), reply))
    words = said(f"{len(changed)} replies on the tape are other ones than at {{}}", base.ref)
    lines = tuple(said("{}", key[:12]) for key in changed)
    return TapeChange(
        new=len(after.replies.keys() - before.replies.keys()),
        other=(Lowered(kind="rows", name="tape", said=words, lines=lines),) if changed else (),
        added=_only_in(after, before),
        removed=_only_in(before, after),
    )


def _segments(texts: Mapping[str, str], folder: str) -> list[SourceFile]:
    given = {os.path.join(folder, path): text for path, text in texts.items() if path.endswith(".jsonl")}
    return [SourceFile(path=path, text=text) for path, text in given.items()]


def _tape(read_one: Callable[[], Tape]) -> Tape:
    try:
        return read_one()
    except EvalspecError:
        return Tape()  # of now, the replay says what is wrong with it


def _only_in(one: Tape, other: Tape) -> tuple[tuple[str, int], ...]:
    there = {os.path.basename(segment.path) for segment in other.segments}
    return tuple(
        (segment.path, len(segment.replies)) for segment in one.segments if os.path.basename(segment.path) not in there
    )


def attributes_now(spec: Spec) -> Mapping[str, Mapping[str, str]]:
    """Return the Git attributes of everything that a reviewer of this spec reads, by path from where we stand."""
    paths = [os.path.basename(spec.path), *(os.path.basename(one(spec)) for one in (lock_path, report_path))]
    paths += [source.path for source in spec.sources]
    folder = os.path.join(spec.folder, spec.name, "ledger")
    if os.path.isdir(folder):
        names = list_files(os.path.join(folder, "*.jsonl"), root=spec.folder)
        paths += [os.path.relpath(name, spec.folder or os.curdir) for name in names]
    found = attributes_of(spec.folder, paths, ("diff", "linguist-generated"))
    return {os.path.join(spec.folder, path): given for path, given in found.items()}


def _with_words(spec: Spec, read: Callable[[str], str | None]) -> Spec:
    """Put the signature words that stand in a file into the spec, so that fewer of them show."""
    path = spec.screen.signature_path
    text = read(os.path.join(spec.folder, path)) if path is not None else None
    return spec if text is None else replace(spec, screen=replace(spec.screen, signature_words=tuple(text.split())))


def _rows_since(source: Source, base: Base, spec: Spec) -> tuple[Lowered, ...]:
    """Compare the rows of a source that is in both specs; what cannot be read at the base is said."""
    now = next((one for one in spec.sources if one.name == source.name), None)
    if base.spec is None or source.kind in _NO_ROWS or now is None or now.kind in _NO_ROWS:
        return ()
    path, here = os.path.join(spec.folder, source.path), os.path.join(spec.folder, now.path)
    text = text_at(base.ref, path)
    if text is None or not os.path.isfile(here):
        return ()  # it had no rows, or the replay says that it has none now
    try:
        before = _digests(text, source, base.spec, path)
    except EvalspecError:
        words = said("the rows of source {} at {} cannot be read, so they were not compared", source.name, base.ref)
        return (Lowered(kind="unread", name=source.name, said=words),)
    try:
        return rows_since(source.name, before, _digests(read_text(here, root=spec.folder), now, spec, here))
    except EvalspecError:
        return ()  # the replay says what is wrong with them


_NO_ROWS = ("document",)  # files as they stand


def _digests(text: str, source: Source, spec: Spec, path: str) -> Mapping[str, str]:
    rows = read_source(text, source, spec, load_catalog(), path)
    return {seed.key: seed.digest for seed in rows.seeds} | {digest(one.record()): "" for one in rows.training}


def _spec(path: str, text: str, ref: str) -> Spec | None:
    schema = read_schema("spec.v1.json")
    try:
        document = read(SourceFile(path=path, text=text), schema)
        extended, base = extended_path(document), None
        if extended is not None:
            beside = os.path.join(os.path.dirname(path), extended[0])
            base = read(SourceFile(path=beside, text=text_at(ref, beside) or ""), schema)
        return resolve(document, load_catalog(), base)
    except EvalspecError:
        return None


def _lock(spec: Spec, ref: str) -> Lock | None:
    path = lock_path(spec)
    text = text_at(ref, path)
    try:
        return load(text, f"{ref}:{path}") if text is not None else None
    except EvalspecError:
        return None


def _ledger(spec: Spec, ref: str) -> Mapping[str, str]:
    """Read the spec's own ledger and that of the spec it extends now; the folder may be gone since."""
    names = [spec.name, *([stem_of(spec.base)] if spec.base else [])]
    found: dict[str, str] = {}
    for name in names:
        found |= texts_at(ref, spec.folder or os.curdir, f"{name}/ledger")
    return {path: text for path, text in found.items() if path.endswith(".jsonl")}
