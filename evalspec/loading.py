"""A spec and all that it names, read from disk: what every command begins with.

Nothing of the pipeline's later stages is imported here: `check` must not wait for what it does not use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from evalspec.catalog import load_catalog
from evalspec.diagnostics import Collector, Diagnostic, EvalspecError, Span, SpecError
from evalspec.edges.files import exists, list_files, neighbour, read_bytes, read_text
from evalspec.edges.package import read_schema
from evalspec.edges.package import read_text as read_package_text
from evalspec.edges.project_folder import root_of
from evalspec.edges.secrets import refuse_secrets
from evalspec.model.build import Inputs
from evalspec.model.case import Seed
from evalspec.model.ledger import Ledger
from evalspec.model.plan import Plan, Slot
from evalspec.model.row import Header
from evalspec.model.source import SourceFile
from evalspec.model.spec import Source, Spec
from evalspec.model.training import TrainingDigest
from evalspec.model.vocabulary import DIGESTED
from evalspec.planning import check, read
from evalspec.registry import Catalog
from evalspec.stages.families import FamilyTable, read_table
from evalspec.stages.ledger import read_ledger
from evalspec.stages.parse import parse_data
from evalspec.stages.parse_text import decode
from evalspec.stages.resolve import Reference, extended_fault, extended_path, referenced_files, resolve
from evalspec.stages.resolving.paths import stem_of
from evalspec.stages.seeds import read_source
from evalspec.stages.tape import Tape
from evalspec.taping import read_tape_of
from evalspec.twins import twin_prompts

DATA_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A resolved spec with the catalogue it was resolved against."""

    spec: Spec
    catalog: Catalog
    files: tuple[Reference, ...] = ()  # that the spec names
    warnings: tuple[Diagnostic, ...] = ()


def load_spec(path: str) -> Loaded:
    """Read, validate and resolve a spec file and the one it extends."""
    if path.endswith((".lock.json", ".report.md")):
        raise SpecError([_not_a_spec(path)])
    twin = f"{path[:-5]}.yml" if path.endswith(".yaml") else f"{path[:-4]}.yaml" if path.endswith(".yml") else ""
    if twin and exists(twin):
        raise SpecError([_two_of_one_name(path, twin)])
    catalog = load_catalog()
    schema = read_schema("spec.v1.json")
    source = decode(path, read_bytes(path, root=root_of(path) or os.path.dirname(path) or os.curdir))
    document = read(source, schema)
    refuse_secrets(source.text, path)
    extended = extended_path(document)
    base = None
    if extended is not None and not extended_fault(document, extended[0]):
        folder = os.path.dirname(path) or os.curdir
        beside = os.path.join(folder, extended[0])
        base = read(decode(beside, read_bytes(beside, root=folder, at=extended[1])), schema)
    spec = resolve(document, catalog, base)
    warnings = (*document.warnings, *(base.warnings if base else ()), *spec.warnings)
    return Loaded(spec=spec, catalog=catalog, files=referenced_files(document, base), warnings=warnings)


def _two_of_one_name(path: str, twin: str) -> Diagnostic:
    return Diagnostic(
        code="E920",
        severity="error",
        message=f"`{path}` and `{twin}` would write one lock",
        path=path,
        hint="rename one of them; a spec's name is its file's",
    )


def _not_a_spec(path: str) -> Diagnostic:
    name = os.path.basename(path).split(".")[0]
    return Diagnostic(
        code="E909",
        severity="error",
        message=f"`{path}` is what a build wrote, not a spec",
        path=path,
        hint=f"name the spec: {os.path.join(os.path.dirname(path), name)}.yaml",
    )


def read_inputs(loaded: Loaded) -> Inputs:
    """Read everything that a build of the spec uses: snapshots, ledger, grammar, prompts, the family registry."""
    spec = loaded.spec
    found: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    seeds: dict[str, tuple[Seed, ...]] = {}
    headers: dict[str, Header] = {}
    training: dict[str, tuple[TrainingDigest, ...]] = {}
    anchors = {}
    places = {file.path: file.at for file in loaded.files if file.kind == "source"}
    for source in spec.sources:
        if source.kind == "document":
            found += _missing_documents(source, spec)
            continue
        try:
            file = _snapshot(source, spec, places.get(source.path) or source.at)
            rows = read_source(file.text, source, spec, loaded.catalog, file.path)
        except EvalspecError as error:
            found += error.diagnostics
            continue
        warnings += rows.warnings
        if rows.header is not None:
            headers[source.name] = rows.header
        if source.kind in DIGESTED:
            training[source.name] = rows.training
        else:
            seeds[source.name] = rows.seeds
        if source.kind == "anchor":
            anchors[source.name] = rows.anchors
    texts, data = _read_files(loaded, found)
    spec = _with_texts(spec, texts)
    ledger = _read_ledger(spec, found)
    try:
        tape = read_tape_of(spec)
    except EvalspecError as error:
        found += error.diagnostics
        tape = Tape()
    if found:
        raise EvalspecError(found)
    return Inputs(
        spec=spec,
        seeds=seeds,
        headers=headers,
        anchors=anchors,
        training=training,
        ledger=ledger,
        tape=tape.replies,
        texts=texts,
        data=data,
        families=family_table(),
        warnings=(*warnings, *ledger.warnings, *tape.warnings),
    )


def check_spec(loaded: Loaded, inputs: Inputs) -> tuple[Diagnostic, ...]:
    """Check what needs the sources: pools against their shares, families, prompts, and that every cell can be written.

    Returns warnings; errors are raised, all of them at once.
    """
    layout, findings = check(inputs, loaded.catalog)
    _check_prompts(loaded, inputs.spec)
    return (*inputs.warnings, *findings, *twin_prompts(inputs.spec, layout), *_check_grammars(inputs, layout))


def _check_prompts(loaded: Loaded, spec: Spec) -> None:
    if not any(pool.prompt for pool in spec.pools):
        return
    from evalspec.text.prompts import problems_in_prompt

    problems = Collector()
    places = {file.path: file.at for file in loaded.files if file.kind == "prompt"}
    for pool in spec.pools:
        for message in problems_in_prompt(pool.prompt) if pool.prompt else ():
            at = places.get(pool.prompt_path or "") or pool.at
            problems.add("M120", f"prompt of `{pool.name}`: {message}", at=at)
    problems.raise_errors()


def _check_grammars(inputs: Inputs, layout: Plan) -> tuple[Diagnostic, ...]:
    """Try every cell and voice that a grammar is to write; a grammar that cannot is refused before the build."""
    if not any(model.grammar for model in inputs.spec.models):
        return ()
    from evalspec.catalog.grammar.check import check_grammar
    from evalspec.catalog.grammar.read import read_grammar

    found: list[Diagnostic] = []
    spec = inputs.spec
    for model in spec.models:
        if model.grammar is None or model.grammar not in inputs.data:
            continue
        grammar = read_grammar(inputs.data[model.grammar], os.path.join(spec.folder, model.grammar))
        found += grammar.warnings
        first: dict[tuple[str, str, str | None], Slot] = {}
        for slot in layout.slots_by_id.values():
            if slot.generator == model.alias:
                first.setdefault((slot.pool, slot.stratum, slot.persona), slot)
        check_grammar(grammar, spec, tuple(first.values()), enough=1)
    return tuple(found)


@cache
def family_table() -> FamilyTable:
    """Read the packaged registry of model families."""
    text = read_package_text("catalog/families.yaml")
    return read_table(parse_data(SourceFile(path="families.yaml", text=text)).data)


def _snapshot(source: Source, spec: Spec, at: Span | None) -> SourceFile:
    path = os.path.join(spec.folder, source.path)
    if not exists(path):
        hint = f"evalspec import {spec.path} {source.name} --from PATH"
        if source.kind in ("golden", "anchor"):
            hint = neighbour(path) or f"write {path}, one row a line, or: {hint}"
        raise EvalspecError(
            [
                Diagnostic(
                    code="I301",
                    severity="error",
                    message=f"source `{source.name}` has no snapshot `{path}`",
                    span=at,
                    path=None if at else spec.path,
                    hint=hint,
                )
            ]
        )
    text = read_text(path, root=spec.folder, at=at)
    refuse_secrets(text, path)
    return SourceFile(path=path, text=text)


def _missing_documents(source: Source, spec: Spec) -> tuple[Diagnostic, ...]:
    pattern = os.path.join(spec.folder, source.path)
    try:
        if list_files(pattern, root=spec.folder, at=source.at):
            return ()
    except EvalspecError as error:
        return error.diagnostics
    message = f"source `{source.name}` has no file `{pattern}`"
    return (Diagnostic(code="I301", severity="error", message=message, span=source.at),)


def _read_files(loaded: Loaded, found: list[Diagnostic]) -> tuple[Mapping[str, str], Mapping[str, object]]:
    """Read every file that the spec names and that is no source; YAML and JSON ones are parsed as well."""
    folder = loaded.spec.folder
    texts: dict[str, str] = {}
    data: dict[str, object] = {}
    for file in loaded.files:
        if file.kind == "source":
            continue
        try:
            whole = os.path.join(folder, file.path)
            texts[file.path] = read_text(whole, root=folder, at=file.at)
            refuse_secrets(texts[file.path], whole)
            if file.path.endswith(DATA_SUFFIXES):
                data[file.path] = parse_data(SourceFile(path=whole, text=texts[file.path])).data
        except EvalspecError as error:
            found += error.diagnostics
    return texts, data


def _with_texts(spec: Spec, texts: Mapping[str, str]) -> Spec:
    """Put the texts of files in the places of the spec that name them."""
    words = texts.get(spec.screen.signature_path or "")
    return replace(
        spec,
        task=replace(spec.task, instructions=texts.get(spec.task.instructions_path or "", spec.task.instructions)),
        pools=tuple(replace(pool, prompt=texts.get(pool.prompt_path or "", pool.prompt)) for pool in spec.pools),
        screen=replace(spec.screen, signature_words=tuple(words.split())) if words is not None else spec.screen,
    )


def _read_ledger(spec: Spec, found: list[Diagnostic]) -> Ledger:
    """Read the spec's own ledger and that of the spec it extends: nothing is reviewed twice."""
    names = [spec.name, *([stem_of(spec.base)] if spec.base else [])]
    files: list[SourceFile] = []
    try:
        for name in names:
            folder = os.path.join(spec.folder, name, "ledger")
            if os.path.isdir(folder):
                paths = list_files(os.path.join(folder, "*.jsonl"), root=spec.folder)
                files += [_ledger_file(path, spec) for path in paths]
        return read_ledger(files)
    except EvalspecError as error:
        found += error.diagnostics
        return Ledger()


def _ledger_file(path: str, spec: Spec) -> SourceFile:
    return SourceFile(path=path, text=read_text(path, root=spec.folder, may_be_torn=True))
