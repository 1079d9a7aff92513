"""`import`, the only thing that reads raw data: a raw file to the snapshot of one source, written beside the spec."""

from __future__ import annotations

import os
from dataclasses import dataclass

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, did_you_mean
from evalspec.edges.files import MAX_FILE_BYTES, write_atomic
from evalspec.edges.readers import read_rows
from evalspec.embedding import embedder_of, require_embedder
from evalspec.model.spec import Source, Spec
from evalspec.model.vocabulary import DIGESTED, MEANING
from evalspec.ports import Progress
from evalspec.registry import Catalog
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows
from evalspec.stages.snapshot import Snapshot, snapshot
from evalspec.text.meaning import Embed

SURELY = 0.95  # of the rows that fit by their mean size: another sample may be longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import made of a raw file."""

    source: Source
    path: str  # of the snapshot
    made: Snapshot
    blank: int  # rows without a user's text
    warnings: tuple[Diagnostic, ...]


def import_source(
    spec: Spec,
    name: str,
    raw_path: str,
    catalog: Catalog,
    *,
    dry_run: bool = False,
    embedder: str | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Imported:
    """Sample and scrub a raw file into the snapshot of a source; a dry run writes nothing.

    `embedder`, which must be the spec's, keeps vectors of texts that are known by digests alone.
    """
    source = _source(spec, name)
    embed = _embed(spec, source, embedder, progress) if embedder is not None else None
    problems, reading = RowProblems(raw_path), Reading()
    rows = map_rows(read_rows(raw_path, problems), source, spec.task, problems, reading)
    made = snapshot(rows, reading, source, spec, catalog, problems, embed)
    problems.raise_errors()
    if made.header.sampled == 0:
        _refuse_empty(made, raw_path)
    if reading.told:
        problems.add(
            "I314",
            f"in {reading.told:,} of {reading.read:,} rows an earlier message already holds the expected call or label",
            hint="Name the column that says how many messages to keep: `fields: {cut: COLUMN}`.",
            severity="warning",
        )
    path = os.path.join(spec.folder, source.path)
    _refuse_large(made, path)
    if not dry_run:
        write_atomic(path, made.text, root=spec.folder)
    return Imported(source=source, path=path, made=made, blank=reading.blank, warnings=tuple(problems.warnings))


def _source(spec: Spec, name: str) -> Source:
    known = [one.name for one in spec.sources]
    if name not in known:
        message = f"the spec has no source `{name}` ({did_you_mean(name, known)})"
        raise EvalspecError([_problem("I326", message, spec.path)])
    source = spec.source(name)
    if source.kind == "document":
        message = f"`{name}` is a document source: its files are read as they stand in {source.path}"
        raise EvalspecError([_problem("I324", message, spec.path)])
    return source


def _embed(spec: Spec, source: Source, embedder: str, progress: Progress) -> Embed | None:
    """Return what makes the vectors that an import is told to keep."""
    named = spec.screen.embedder
    if source.kind not in DIGESTED:
        message = f"`{source.name}` is of kind {source.kind}: its texts are kept, and a build embeds them itself"
        raise EvalspecError([_problem("I327", message, spec.path, "Leave `--embedder` out.")])
    if named not in MEANING or embedder != named:
        hint = "Name an embedder in the spec first, such as `screen: {embedder: minilm}`."
        if named in MEANING:
            hint = f"Say `--embedder {named}`, or name the other one in the spec."
        message = f"`--embedder {embedder}`: the spec's embedder is {named}, and no build reads vectors of another"
        raise EvalspecError([_problem("I327", message, spec.path, hint)])
    require_embedder(spec)
    return embedder_of(spec, progress, cached=True)


def _refuse_empty(made: Snapshot, raw_path: str) -> None:
    blocked = ", ".join(f"{count:,} with {kind}" for kind, count in made.header.blocked.items())
    if blocked:
        message = f"no row may enter: `pii: block` refuses {blocked}"
        hint = "`pii: redact` on the source replaces the spans and keeps the rest."
    else:
        message = f"none of the {made.header.rows:,} rows has a user's text"
        hint = "`fields: {input: COLUMN}` says where the text stands."
    raise EvalspecError([_problem("I325", message, raw_path, hint)])


def _refuse_large(made: Snapshot, path: str) -> None:
    """Raise where a build would not read what is about to be written."""
    raw = made.text.encode("utf-8")
    size, head = len(raw), raw.find(b"\n") + 1
    if size > MAX_FILE_BYTES:
        fitting = int(made.header.sampled * (MAX_FILE_BYTES - head) / (size - head) * SURELY)
        message = f"the snapshot would have {size:,} bytes, and a build reads at most {MAX_FILE_BYTES:,}"
        hint = f"About {fitting:,} of these rows fit: `sample: {{size: {fitting}}}` on the source; nothing was written."
        raise EvalspecError([_problem("E904", message, path, hint)])


def _problem(code: str, message: str, path: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, path=path, hint=hint, exit=Exit.INVALID)
