"""A tape on disk: its segments read with everything that is wrong with them, and a new one published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit
from evalspec.edges.files import exists, list_files, read_text, write_atomic
from evalspec.edges.secrets import held_secrets, refuse_secrets, secret_spans
from evalspec.model.asking import Reply
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.registry import Catalog
from evalspec.stages.resolving.paths import stem_of
from evalspec.stages.scrub import detectors_of, find_hidden, personal_spans
from evalspec.stages.tape import Find, Tape, dump_segments, edited, read_tape
from evalspec.text.json_text import json_line, unescaped
from evalspec.text.patterns import lazy_pattern

if TYPE_CHECKING:
    from evalspec.asking import Asked

FOUND_BEFORE = 256  # every reply names the model that served it
_SURROGATE = lazy_pattern("[\ud800-\udfff]")


def tape_folder(spec: Spec) -> str:
    """Return where the published replies of a spec stand."""
    return os.path.join(spec.folder, spec.name, "tape")


def read_tape_of(spec: Spec) -> Tape:
    """Read the spec's own tape and that of the spec it extends: nothing is asked twice."""
    names = [spec.name, *([stem_of(spec.base)] if spec.base else [])]
    tapes: list[list[SourceFile]] = []
    problems: list[Diagnostic] = []
    for name in names:
        folder = os.path.join(spec.folder, name, "tape")
        tapes.append([])
        try:
            paths = _segments_in(folder, spec.folder or os.curdir)
        except EvalspecError as error:
            problems += error.diagnostics
            continue
        for path in paths:
            try:
                tapes[-1].append(_segment(path, spec.folder or os.curdir))
            except EvalspecError as error:
                problems += error.diagnostics
    try:
        found = read_tape(tapes)
    except EvalspecError as error:
        problems += error.diagnostics
    if problems:
        raise EvalspecError(problems)
    return found


def publish_tape(spec: Spec, fresh: Mapping[str, Reply]) -> tuple[str, ...]:
    """Write replies that no segment holds into a new segment, and return its path; none where there is nothing new."""
    paths = []
    for name, text in dump_segments(fresh):
        path = os.path.join(tape_folder(spec), name)
        write_atomic(path, text, root=spec.folder or os.curdir)
        paths.append(path)
    return tuple(paths)


@contextmanager
def publishing(
    spec: Spec, asked: Asked, say: Callable[[str], None], *, writes: bool
) -> Iterator[tuple[Asked, list[str]]]:
    """Publish what a build was answered and the tape does not hold, also where the build stops for a person later.

    Yields how the build has to ask, and a list that names the new segments in the end. A provider or a budget that
    stops a build half-way leaves its replies in the journal: the build that goes on publishes all of them at once.
    """
    fresh: dict[str, Reply] = {}
    paths: list[str] = []
    try:
        yield replace(asked, hear=lambda taped, bought: fresh.update(bought)), paths
    except BuildError as error:
        if writes and error.exit is Exit.FINDING:
            for path in publish_tape(spec, fresh):
                say(f"  wrote tape {path}")
        raise
    if writes:
        paths += publish_tape(spec, fresh)


def finder(catalog: Catalog) -> Find:
    """Return what looks in a reply for what must not be published, in its text and in the strings written in it."""
    detectors, held = detectors_of(catalog), held_secrets()

    @lru_cache(maxsize=FOUND_BEFORE)
    def find(text: str) -> str | None:
        seen = dict.fromkeys((text, unescaped(text)))
        # Also as the segment spells it: a file with a key in it is refused when it is written.
        if any(secret_spans(one, held) for one in seen | {json_line(text)[1:-1]: None}):
            return "secret"
        if any(find_hidden(one) or _SURROGATE.search(one) for one in seen):
            return "hidden"
        personal = next((found for one in seen if (found := personal_spans(one, detectors))), ())
        return personal[0].type if personal else None

    return find


def _segments_in(folder: str, root: str) -> tuple[str, ...]:
    """Return the files of a tape; whatever else stands there is refused, since nobody would read it."""
    if not exists(folder):
        return ()
    if os.path.islink(folder) or not os.path.isdir(folder):
        raise EvalspecError([_no_segment(folder, "it is not a folder")])
    paths = list_files(os.path.join(folder, "*"), root=root)
    with os.scandir(folder) as entries:
        given = sorted((entry.name, entry.is_file(follow_symlinks=False)) for entry in entries)
    problems = []
    for name, is_regular in given:
        if name.startswith("."):
            continue
        if not is_regular:
            problems.append(_no_segment(os.path.join(folder, name), "it is not a regular file"))
        elif not name.endswith(".jsonl"):
            problems.append(_no_segment(os.path.join(folder, name), "a tape is JSON lines, and nothing else is read"))
    if problems:
        raise EvalspecError(problems)
    return paths


def _segment(path: str, root: str) -> SourceFile:
    try:
        text = read_text(path, root=root)
    except EvalspecError as error:
        if any(one.code == "E905" for one in error.diagnostics):  # evalspec writes UTF-8
            raise EvalspecError([edited(path)]) from error
        raise
    refuse_secrets(text, path)
    return SourceFile(path=path, text=text)


def _no_segment(path: str, why: str) -> Diagnostic:
    return Diagnostic(
        code="T705",
        severity="error",
        message=f"`{path}` is no segment of a tape: {why}",
        path=path,
        hint="take it out of the folder; segments are written by `evalspec build` alone",
    )
