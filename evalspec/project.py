"""A spec on disk: reads what a build needs, runs the pipeline, compares and writes what comes out.

This is where the pure pipeline meets the edges; every command of the command line is one call of a function here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from evalspec.asking import KNOWN, Asked, answering
from evalspec.edges.files import exists, noting, read_bytes
from evalspec.edges.git import text_at
from evalspec.edges.project_folder import project_folder
from evalspec.edges.tagging import has_tagger, pattern_tags, require_tagger
from evalspec.embedding import embedder_of, has_embedder, require_embedder, spoken_of
from evalspec.loading import Loaded, check_spec, family_table, load_spec, read_inputs
from evalspec.model.build import Build, Inputs
from evalspec.model.outcome import Lock
from evalspec.model.spec import Spec
from evalspec.model.vocabulary import MEANING
from evalspec.pipeline import STAGES, build
from evalspec.ports import Progress, Tools
from evalspec.stages.lock import load, lock_text
from evalspec.stages.meaning import recorded_drops
from evalspec.taping import finder

__all__ = [
    "Loaded",
    "base_lock",
    "check_spec",
    "failed_folder",
    "family_table",
    "load_spec",
    "lock_path",
    "read_inputs",
    "read_lock",
    "report_path",
    "run",
    "tools_for",
]

MEASURED = frozenset(STAGES[STAGES.index("measure") :])  # stages that an embedder's extra is needed for


def run(
    path: str,
    *,
    until: str = "report",
    partial: bool = False,
    today: str | None = None,
    progress: Progress = lambda stage, done, total: None,
    entered: Any = lambda stage: None,
    wave: int = 1,
    base: str | None = None,
    reading: bool = False,
    asked: Asked = KNOWN,
    recorded: Mapping[str, tuple[str, float]] | None = None,
) -> Build:
    """Load a spec, read its inputs and build it up to a stage; writes nothing.

    `base` is the commit whose lock the change gates compare with; without one they are not asked. `asked` says who may
    be asked for replies; without a word nobody is, and what is paid for already is used. `recorded` are the drops by
    meaning that a lock states: they are taken as they stand, and no embedder is asked.
    """
    with noting() as read_files:
        loaded = load_spec(path)
        inputs = read_inputs(loaded)
    if base is not None:
        inputs = replace(inputs, base=base_lock(inputs.spec, base))
    with tools_for(loaded, inputs, asked, progress, recorded=recorded) as tools:
        if until in MEASURED and tools.embed is not None:
            require_embedder(loaded.spec)  # before any work, and whatever a cache still holds
            tools = replace(tools, spoken=spoken_of(loaded.spec))
        if until in MEASURED and recorded is None and asks_for_tags(loaded.spec):
            require_tagger(loaded.spec.path)
        done = build(
            inputs,
            loaded.catalog,
            tools,
            until=until,
            partial=partial,
            today=today,
            entered=entered,
            wave=wave,
            reading=reading,
        )
    return replace(done, read=read_files, warnings=(*loaded.warnings, *inputs.warnings, *done.warnings))


@contextmanager
def tools_for(
    loaded: Loaded,
    inputs: Inputs,
    asked: Asked = KNOWN,
    progress: Progress = lambda stage, done, total: None,
    *,
    recorded: Mapping[str, tuple[str, float]] | None = None,
) -> Iterator[Tools]:
    """Return the ports of a build over files that were read; with `recorded` nothing embeds."""
    reads_meaning = loaded.spec.screen.embedder in MEANING
    if recorded is None and asked.mode == "reading" and reads_meaning and not has_embedder(loaded.spec):
        # Who only reads needs no model: what the lock states is what there is to read.
        found = read_lock(loaded.spec)
        recorded = recorded_drops(found[0].drops) if found else {}
    embed = embedder_of(loaded.spec, progress, cached=asked.mode != "tape") if recorded is None else None
    with answering(loaded.spec, inputs.tape, finder(loaded.catalog), asked) as ask:
        yield Tools(
            ask=ask,
            progress=progress,
            texts=inputs.texts,
            data=inputs.data,
            embed=embed,
            tag=pattern_tags if asks_for_tags(loaded.spec) and has_tagger() else None,
            recorded=recorded or {},
        )


def asks_for_tags(spec: Spec) -> bool:
    """Tell whether a gate names the space of parts of speech."""
    return any(rule.space == "pattern" for rule in spec.gates)


def lock_path(spec: Spec, *, partial: bool = False) -> str:
    """Return where the lock stands: beside the spec."""
    return os.path.join(spec.folder, f"{spec.name}.partial.lock.json" if partial else f"{spec.name}.lock.json")


def report_path(spec: Spec, *, partial: bool = False) -> str:
    """Return where the mix report stands: beside the spec."""
    return os.path.join(spec.folder, f"{spec.name}.partial.report.md" if partial else f"{spec.name}.report.md")


def failed_folder(spec: Spec) -> str:
    """Return where lock and report of a build go that failed a gate; never committed."""
    return os.path.join(project_folder(spec.folder), ".evalspec", spec.name, "failed")


def read_lock(spec: Spec) -> tuple[Lock, str] | None:
    """Return the lock beside a spec and its text, or None when there is none."""
    path = lock_path(spec)
    if not exists(path):
        return None
    text = lock_text(read_bytes(path, root=spec.folder), path)
    return load(text, path), text


def base_lock(spec: Spec, ref: str) -> Lock | None:
    """Return the spec's lock as a commit holds it, or None when it holds none."""
    text = text_at(ref, lock_path(spec))
    return load(text, f"{ref}:{lock_path(spec)}") if text is not None else None
