"""Reviewing a spec on disk: what waits for people, and their decisions appended to the ledger."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

from evalspec.asking import Asked
from evalspec.diagnostics import Diagnostic
from evalspec.digests import digest_text
from evalspec.edges.files import append_lines, exists, read_text, write_atomic
from evalspec.edges.project_folder import project_folder
from evalspec.embedding import embedder_of, has_embedder
from evalspec.model.build import Build
from evalspec.model.case import Candidate, Drop
from evalspec.model.ledger import Decision
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.pipeline import mended_plan
from evalspec.ports import Progress
from evalspec.project import load_spec, read_inputs, run, tools_for
from evalspec.stages.generate import generate
from evalspec.stages.ledger import line_text
from evalspec.stages.reading_list import Reading, reading_list
from evalspec.stages.recording import Recording, decisions_from_drafts
from evalspec.text.json_text import split_torn


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was appended, and where."""

    path: str
    decisions: tuple[Decision, ...]
    warnings: tuple[Diagnostic, ...] = ()  # a line of the file that was cut off, now set aside


def waiting(
    path: str, *, everything: bool = False, progress: Progress = lambda stage, done, total: None
) -> tuple[Build, tuple[Reading, ...]]:
    """Build a spec up to its mix and return what waits for a person; writes nothing."""
    done = run(path, until="mix", progress=progress, reading=True, asked=Asked(mode="reading"))
    # Readers need not have the model: what it says is shown to them, and decides nothing here.
    embed = embedder_of(done.spec, progress, cached=True) if has_embedder(done.spec) else None
    return done, reading_list(done, everything=everything, embed=embed)


def record(path: str, drafts: SourceFile, *, reviewer: str, date: str, supersede: bool = False) -> Recorded:
    """Bind each draft to its candidate as it is now, and append all of them to the reviewer's file, or none."""
    loaded = load_spec(path)
    inputs = read_inputs(loaded)
    spec = inputs.spec
    guidelines = inputs.texts.get(spec.review.guidelines or "")
    about = Recording(
        reviewer=reviewer,
        date=date,
        guidelines=digest_text(guidelines) if guidelines is not None else None,
        supersede=supersede,
    )
    with tools_for(loaded, inputs) as tools:
        slots = mended_plan(inputs, loaded.catalog, tools).slots_by_id

        @functools.cache
        def find(case: str) -> Candidate | Drop | None:
            return generate(slots[case], spec, loaded.catalog, tools) if case in slots else None

        decisions = decisions_from_drafts(drafts, find, slots, inputs.ledger, spec, about)
    target = os.path.join(spec.folder, spec.name, "ledger", f"{reviewer}.jsonl")
    warnings = _set_aside(target, reviewer, spec) if decisions else ()
    if decisions:
        append_lines(target, [line_text(one) for one in decisions], root=spec.folder)
    return Recorded(path=target, decisions=decisions, warnings=warnings)


def _set_aside(path: str, reviewer: str, spec: Spec) -> tuple[Diagnostic, ...]:
    """Keep a copy of a last line that was cut off, which the next append takes out of the ledger."""
    if not exists(path):
        return ()
    torn = split_torn(read_text(path, root=spec.folder, may_be_torn=True))[1]
    if not torn:
        return ()
    project = project_folder(spec.folder)
    kept = os.path.join(project, ".evalspec", spec.name, "torn", f"{reviewer}.{digest_text(torn)[:12]}.txt")
    write_atomic(kept, torn, root=project or os.curdir)
    message = f"the last line was cut off; it was set aside in {kept}"
    return (Diagnostic(code="V414", severity="warning", message=message, path=path),)
