"""A `why` as JSON data: everything the text says, with whole texts, all ids and spans as numbers."""

from __future__ import annotations

from collections.abc import Iterable

from evalspec.diagnostics import Span
from evalspec.model.case import input_json
from evalspec.model.diff import FieldEdit
from evalspec.model.why import CaseWhy, CellWhy, Exchange, Screened, Shown, SpecLine
from evalspec.stages.content import plain
from evalspec.stages.ledger import line_data


def case_data(why: CaseWhy) -> dict[str, object]:
    """Return one candidate's story as JSON data, empty fields left out."""
    decisions = [
        {**line_data(one.decision), "state": one.state, "at": _at(one.decision.at), **_edits(one.edits)}
        for one in why.decisions
    ]
    since = why.since
    return _filled(
        id=why.id,
        status=why.status,
        said=why.said,
        lock=why.lock,
        since=_filled(ref=since.ref, state=since.state, said=since.said, causes=list(since.causes)) if since else None,
        pool=why.pool,
        stratum=why.stratum,
        digest=why.digest,
        provenance=why.provenance,
        track=why.track,
        language=why.language,
        behaviour=why.behaviour,
        input=input_json(why.input) if why.input is not None else None,
        expected=plain(why.expected),
        expected_by=why.expected_by,
        facts=plain(why.facts),
        screened=_screened(why.screened) if why.screened else None,
        passed=list(why.passed),
        decisions=decisions,
        disputed=why.is_disputed or None,
        spec=_lines(why.lines),
        operators=list(why.operators),
        options=plain(why.options),
        grammar=why.grammar,
        rules=_lines(why.rules),
        asked=[_asked(one) for one in why.asked],
        texts=[_shown(one) for one in why.texts],
    )


def cell_data(why: CellWhy) -> dict[str, object]:
    """Return one cell's story as JSON data, empty fields left out."""
    return _filled(
        cell=why.name,
        levels=dict(why.levels),
        expected=plain(why.expected),
        expected_by=why.expected_by,
        pools=[
            _filled(
                pool=one.pool,
                stratum=one.name,
                voice=one.voice,
                places=one.places,
                owed=one.owed,
                budget=one.budget,
                cases=list(one.cases),
                waiting=list(one.waiting),
                spares=list(one.spares),
                dropped=plain(one.dropped),
            )
            for one in why.strata
        ],
        spec=_lines(why.lines),
        seeds=[_shown(one) for one in why.seeds],
    )


def _filled(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def _lines(lines: Iterable[SpecLine]) -> list[object]:
    return [_filled(what=one.what, name=one.name, said=one.said, at=_at(one.at)) for one in lines]


def _at(span: Span | None) -> dict[str, object] | None:
    return {"path": span.path, "line": span.line, "col": span.col} if span is not None else None


def _screened(one: Screened) -> dict[str, object]:
    return _filled(
        stage=one.stage,
        reason=one.reason,
        said=one.said,
        value=one.value,
        bound=one.bound,
        other=_shown(one.other) if one.other else None,
    )


def _shown(one: Shown) -> dict[str, object]:
    text = _filled(part=one.part, id=one.id, input=input_json(one.input), expected=plain(one.expected))
    return text | _edits(one.edits)


def _asked(one: Exchange) -> dict[str, object]:
    request, reply = one.request, one.reply
    return {
        "model": request.model,
        "messages": [{"role": role, "content": content} for role, content in request.messages],
        "params": plain(request.params),
        "reply": _filled(
            text=reply.text,
            served=reply.served,
            finish=reply.finish,
            problem=reply.problem,
            tokens={"prompt": reply.usage.prompt, "completion": reply.usage.completion},
        ),
    }


def _edits(edits: Iterable[FieldEdit]) -> dict[str, object]:
    found = [{"name": one.name, "words": [{"how": word.how, "text": word.text} for word in one.words]} for one in edits]
    return {"edits": found} if found else {}
