"""The resolved spec as plain data in the order of the language, which resolves to the same spec again; its digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalspec.digests import digest
from evalspec.model.spec import Fact, Level, Match, OperatorUse, Part, Pool, RelationUse, Source, Spec
from evalspec.model.vocabulary import GRIDS, MEANING

Data = dict[str, Any]
# Lists whose order means nothing: the digest sorts them.
_UNORDERED = frozenset({"absent", "exclude", "high_stakes", "jury", "keep", "personas", "subject", "waivers"})


def resolved_data(spec: Spec) -> Data:
    """Return the whole spec, defaults filled in, as JSON data in the order of the language."""
    return _given(
        version=spec.version,
        name=spec.name,
        description=spec.description,
        purpose=spec.purpose,
        random_state=spec.random_state,
        task=_task(spec),
        sources={one.name: _source(one) for one in spec.sources},
        axes={axis.name: {level.name: _level(level) for level in axis.levels} for axis in spec.axes},
        personas={one.name: _given(description=one.description, style=dict(one.style)) for one in spec.personas},
        models={
            one.alias: _given(
                model=one.model,
                family=one.family,
                grammar=one.grammar,
                price=dict(zip(("prompt", "completion"), one.price, strict=True)) if one.price else None,
                **dict(one.params),
            )
            for one in spec.models
        },
        roles=_given(
            subject=list(spec.roles.subject), generator=dict(spec.roles.generator), jury=list(spec.roles.jury)
        ),
        independence=spec.independence,
        pools={pool.name: _pool(pool) for pool in spec.pools},
        screen=_screen(spec),
        review=_given(
            require=dict(spec.review.require), guidelines=spec.review.guidelines, overlap=spec.review.overlap
        ),
        mix=_mix(spec),
        gates={
            one.name: _given(
                measure=one.measure,
                of=one.of,
                space=one.space,
                where=_match(one.where),
                by=one.by,
                min=one.min,
                max=one.max,
                within=one.within,
                change=one.change,
                severity=one.severity,
            )
            for one in spec.gates
        },
        waivers=[
            _given(
                gate=one.gate,
                independence=list(one.independence or ()),
                reason=one.reason,
                until=one.until,
            )
            for one in spec.waivers
        ],
        budget=_given(usd=spec.budget.usd, hours=spec.budget.hours),
    )


def spec_digest(spec: Spec) -> str:
    """Return the digest of what a spec resolves to: comments, order, quotes and what decides no byte change nothing.

    That is the description, the budget and the prices.
    """
    data = resolved_data(spec)
    for key in ("description", "budget"):
        data.pop(key, None)
    for model in data.get("models", {}).values():
        model.pop("price", None)
    return digest(_settled(data))


def _settled(value: object, key: str = "") -> object:
    """Spell lists whose order means nothing in one order, and numbers that are equal in one way."""
    if isinstance(value, dict):
        return {name: _settled(one, name) for name, one in value.items()}
    if isinstance(value, list):
        found = [_settled(one) for one in value]
        return sorted(found, key=digest) if key in _UNORDERED else found
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _given(**entries: object) -> Data:
    """Return the entries that say something."""
    return {key: value for key, value in entries.items() if value is not None and value != {} and value != []}


def _text(text: str | None, path: str | None) -> object:
    return {"path": path} if path is not None else text


def _match(match: Match) -> Data:
    return {name: list(values) for name, values in match}


def _pairs(pairs: Iterable[tuple[str, tuple[object, ...]]]) -> Data:
    return {name: list(values) for name, values in pairs}


def _plain(value: object) -> object:
    """Return a value of the spec with lists for tuples."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _task(spec: Spec) -> Data:
    task = spec.task
    expected: object = {part.name: _part(part) for part in task.expected}
    if task.short_expected:
        expected = list(task.expected[0].values)
    return _given(
        turns=task.turns,
        instructions=_text(task.instructions, task.instructions_path),
        expected=expected,
        context=list(task.context),
        checks={one.name: _plain(one.option) for one in task.checks},
        rubric={one.name: {"question": one.question, "required": one.required} for one in task.rubric},
        facts={fact.name: _fact(fact) for fact in task.facts},
        languages=list(task.languages),
        key_terms={name: list(terms) for name, terms in task.key_terms},
    )


def _part(part: Part) -> Data:
    return _given(
        kind=part.kind,
        values=list(part.values),
        ordered=part.ordered or None,
        high_stakes=list(part.high_stakes),
        schema=part.schema,
        tools=part.tools,
        **({"from": part.source} if part.source else {}),
        language=part.language,
        database=part.database,
    )


def _fact(fact: Fact) -> Data:
    return _given(
        range=list(fact.range) if fact.range else None,
        limit=fact.limit,
        values={value: list(forms) for value, forms in fact.values} if _named(fact) else [v for v, _ in fact.values],
        pattern=fact.pattern,
        absent=list(fact.absent),
    )


def _named(fact: Fact) -> bool:
    return any(forms != (value,) for value, forms in fact.values)


def _columns(columns: tuple[tuple[str, str], ...]) -> object:
    return columns[0][1] if columns and columns[0][0] == "" else dict(columns)


def _source(source: Source) -> Data:
    fields, is_rows = source.fields, source.kind != "document"
    sample = source.sample
    return _given(
        kind=source.kind,
        path=source.path,
        fields=_given(
            **dict(fields.columns),
            expected=_columns(fields.expected),
            context=_columns(fields.context),
            facts=_columns(fields.facts),
            metadata=dict(fields.metadata),
            votes=list(fields.votes),
        ),
        speakers=dict(source.speakers),
        verified_by=source.verified_by,
        generated_by=source.generated_by,
        pii=source.pii.mode if source.pii.mode == "allow" else _given(mode=source.pii.mode, keep=list(source.pii.keep)),
        sample=_given(size=sample.size, by=list(sample.by), allocate=sample.allocate) if sample else None,
        sections=None if is_rows else {"by": source.sections.by, "max_chars": source.sections.max_chars},
    )


def _level(level: Level) -> Data | None:
    found = _given(
        description=level.description,
        expected=_plain(level.expected),
        behaviour=level.behaviour,
        facts=_pairs(level.facts),
        track=level.track,
    )
    return found or None


def _operator(use: OperatorUse) -> Data:
    kinds = list(use.kinds)
    return {
        "kind": kinds[0] if len(kinds) == 1 else kinds,
        **{name: _plain(value) for name, value in use.options if value is not None},
        **_given(where=_match(use.where), exclude=[_match(one) for one in use.exclude]),
    }


def _relation(use: RelationUse) -> Data:
    return _given(
        kind=use.kind,
        fact=use.fact,
        expected=_plain(use.expected),
        where=_match(use.where),
        exclude=[_match(one) for one in use.exclude],
    )


def _pool(pool: Pool) -> Data:
    is_children = pool.kind in ("mutation", "metamorphic")
    found: Data = _given(kind=pool.kind)
    if pool.source:
        found["from"] = pool.source
    return found | _given(
        where=_match(pool.where),
        exclude=[_match(one) for one in pool.exclude],
        track=pool.track,
        generator=dict(pool.generator),
        trial=pool.trial or None,
        axes=list(pool.axes),
        cells=[
            _given(
                where=_match(rule.where),
                expected=_plain(rule.expected),
                behaviour=rule.behaviour,
                facts=_pairs(rule.facts),
                track=rule.track,
                per_cell=rule.per_cell,
            )
            for rule in pool.cells
        ],
        per_cell=pool.per_cell,
        max_per_cell=pool.max_per_cell,
        exemplars=_exemplars(pool),
        prompt=_text(pool.prompt, pool.prompt_path),
        personas=list(pool.personas),
        operators={one.name: _operator(one) for one in pool.operators},
        relations={one.name: _relation(one) for one in pool.relations},
        attacks={one.name: _given(kind=one.kind, count=one.count, **dict(one.options)) for one in pool.attacks},
        per_parent=pool.per_parent if is_children else None,
        parents=pool.parents if is_children else None,
        hard_negatives=pool.hard_negatives if pool.kind == "redteam" else None,
        rotate_after=f"{pool.rotate_after}d" if pool.rotate_after else None,
        multi_hop=pool.multi_hop if pool.kind == "document" else None,
        unanswerable=pool.unanswerable if pool.kind == "document" else None,
        per_section=pool.per_section,
    )


def _exemplars(pool: Pool) -> object:
    if pool.kind not in GRIDS:
        return None
    return {"from": pool.exemplars.source, "count": pool.exemplars.count} if pool.exemplars.source else 0


def _screen(spec: Spec) -> Data:
    screen, has_training = spec.screen, bool(spec.sources_of("training"))
    near = {"lexical": screen.near_lexical}
    if screen.embedder in MEANING:
        near["semantic"] = screen.near_semantic
    own = screen.own
    return _given(
        embedder=screen.embedder
        if own is None
        else {
            "name": screen.embedder,
            "path": own.path,
            "revision": own.revision,
            "weights": own.weights,
            "settings": own.settings,
        },
        language_id=screen.language_id,
        near_duplicate=near,
        seed_distance={"far": screen.seed_far},
        training_overlap={"cosine": screen.training_cosine, "ngram": screen.training_ngram} if has_training else None,
        signature_words=screen.signature_path or list(screen.signature_words),
    )


def _mix(spec: Spec) -> Data:
    if not spec.mix.shares:
        return {"cases": dict(spec.mix.counts)}
    return {"size": spec.mix.size, "shares": {name: float(share) for name, share in spec.mix.shares}}
