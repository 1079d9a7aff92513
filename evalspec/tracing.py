"""Why something in a spec's set is as it is: the build replayed up to its mix, and one id looked up in it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

from evalspec.after.why import why_case
from evalspec.after.why_cell import known_names, strata_named, why_cell
from evalspec.after.why_ground import Ground, Made
from evalspec.asking import Asked
from evalspec.base import base_of, ledger_since
from evalspec.catalog import load_catalog
from evalspec.catalog.grammar.read import read_grammar
from evalspec.catalog.grammar.trace import Place, rules_used
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, did_you_mean
from evalspec.model.asking import Reply, Request
from evalspec.model.build import Build
from evalspec.model.case import Candidate, Drop, measured_text
from evalspec.model.plan import Slot
from evalspec.model.source import Document, SourceFile
from evalspec.model.why import CaseWhy, CellWhy, Exchange, SpecLine
from evalspec.ports import Progress, Tools, request_key
from evalspec.project import read_lock, run
from evalspec.stages.generate import generate
from evalspec.stages.header import header
from evalspec.stages.parse import parse_data
from evalspec.stages.screen import FAR_POOLS
from evalspec.text.distance import reach


def ground_of(path: str, *, base: str | None = None, progress: Progress = lambda stage, done, total: None) -> Ground:
    """Build a spec up to its mix, and read its lock and its state at the commit `base`; answers are read off that."""
    return _ground(run(path, until="mix", progress=progress, reading=True, asked=Asked(mode="reading")), base)


def why(ground: Ground, name: str) -> CaseWhy | CellWhy:
    """Return why the candidate or cell `name` is as it is; raise with the nearest name when there is none."""
    known = known_names(ground)
    if name not in known:
        problem = Diagnostic(
            code="X540",
            severity="error",
            message=f"`{name}` is no case, drop or cell of this spec",
            path=ground.done.spec.path,
            hint=did_you_mean(name, known),
            exit=Exit.INVALID,
        )
        raise EvalspecError([problem])
    return why_cell(ground, name) if strata_named(ground, name) else why_case(ground, name)


def _ground(done: Build, ref: str | None) -> Ground:
    catalog, spec = load_catalog(), done.spec
    standing = read_lock(spec)
    before = base_of(spec, ref) if ref is not None else None
    added = ledger_since(spec, before).added if before is not None else ()
    inputs = header(done, catalog, partial=False)["inputs"]
    assert isinstance(inputs, dict)
    made, asked = _maker(done)
    return Ground(
        done=done,
        made=made,
        asked=asked,
        lock=standing[0] if standing else None,
        base_ref=ref,
        base_lock=before.lock if before else None,
        base_spec=before.spec if before else None,
        new_lines=frozenset(one.line_digest for one in added),
        digests={name: str(facts["digest"]) for name, facts in inputs.items()},
        grammars=frozenset(model.grammar for model in spec.models if model.grammar),
        written_by=_rules_of(done),
        far_limit=_far_limit(done),
    )


def _rules_of(done: Build) -> Callable[[Slot], tuple[SpecLine, ...]]:
    """Return what names the lines of the grammar that wrote a slot; no lock holds them, so it is written again."""
    spec, inputs = done.spec, done.inputs

    @functools.cache
    def document(path: str) -> Document:
        return parse_data(SourceFile(path=os.path.join(spec.folder, path), text=inputs.texts[path]))

    def written_by(slot: Slot) -> tuple[SpecLine, ...]:
        path = spec.model(slot.generator).grammar if slot.generator else None
        if path is None:
            return ()
        grammar = read_grammar(inputs.data[path], path)
        return tuple(_rule_line(document(path), place) for place in rules_used(grammar, slot, spec))

    return written_by


def _rule_line(document: Document, place: Place) -> SpecLine:
    rule, at = place[:-1], place[-1]
    found: Any = document.data  # read as a grammar before, so every step is there
    for step in rule:
        found = found[step]
    text = found[at] if isinstance(found, list) and isinstance(at, int) else found
    said = text["text"] if isinstance(text, dict) else text
    return SpecLine(what="rule", name=".".join(map(str, rule)), said=str(said), at=document.span_of(place))


def _maker(done: Build) -> tuple[Made, Callable[[str], tuple[Exchange, ...]]]:
    """Return what makes a slot's candidate once more, and what tells what it asked a model for it.

    A slot is a function of its inputs, so it is the same candidate, and they are the same questions.
    """
    catalog, inputs = load_catalog(), done.inputs
    heard: list[Exchange] = []

    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        replies = [done.replies[request_key(one)] for one in requests]
        heard.extend(Exchange(request=one, reply=reply) for one, reply in zip(requests, replies, strict=True))
        return replies

    slots = done.plan.slots_by_id if done.plan else {}
    tools = Tools(
        ask=ask,
        progress=lambda stage, count, total: None,
        texts=inputs.texts,
        data=inputs.data,
    )

    @functools.cache
    def both(name: str) -> tuple[Candidate | Drop | None, tuple[Exchange, ...]]:
        heard.clear()
        try:
            made = generate(slots[name], done.spec, catalog, tools) if name in slots else None
        except KeyError:  # a slot that this build did not ask for
            return None, ()
        return made, tuple(heard)

    return (lambda name: both(name)[0]), (lambda name: both(name)[1])


def _far_limit(done: Build) -> float | None:
    """Return the distance that `far_from_seeds` compares with, measured on the rows that the screen measures it on."""
    spec = done.spec
    if done.plan is None or not any(pool.kind in FAR_POOLS for pool in spec.pools):
        return None
    production = {source.name for source in spec.sources_of("production")}
    standing = {
        slot.parent.key
        for slot in done.plan.slots_by_id.values()
        if slot.technique in ("seed", "golden") and slot.parent is not None
    }
    texts = [
        measured_text(seed.input)
        for name in sorted(done.inputs.seeds)
        for seed in done.inputs.seeds[name]
        if seed.key in standing and seed.source in production
    ]
    found = reach(texts, spec.screen.seed_far)
    return found.limit if found is not None else None
