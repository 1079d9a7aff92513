"""What a build of a spec will cost: its questions against the tape, the journal, list prices and the budget.

Nothing is asked. The build is replayed from replies that are here until the first one that is not; what follows is
estimated from the spec.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalspec.asking import KNOWN, Asked
from evalspec.catalog.techniques.asked import REPAIRS
from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit, Note
from evalspec.edges.models.prices import MILLION, ListPrice, most_prompt_tokens
from evalspec.model.asking import UNASKED, Reply, Request
from evalspec.model.build import Inputs
from evalspec.model.cost import Bill, CostLine, PlannedCost, Role
from evalspec.model.plan import Plan
from evalspec.model.spec import Spec
from evalspec.pipeline import build
from evalspec.planning import plan as lay_out
from evalspec.ports import Tools, request_key
from evalspec.pricing import called_models, cap_of, prices_of
from evalspec.project import Loaded, read_inputs, tools_for
from evalspec.stages.estimate import Need, generator_needs, jury_needs, least_of, most_of, typical_of, unknown
from evalspec.stages.reporting.replies import replies_by_cell


class _NotHere(Exception):
    """The replay came to replies that nobody has."""


@dataclass(slots=True)
class _Replay:
    """What a build from known replies asked, by role, and where it came to an end."""

    known: dict[str, Reply] = field(default_factory=dict)  # replies that are here, by key
    journal: frozenset[str] = frozenset()  # keys of those that are in the journal alone
    answered: dict[Role, dict[str, Request]] = field(default_factory=lambda: {"generator": {}, "jury": {}})
    missing: dict[str, Request] = field(default_factory=dict)  # of the role in which it ended
    role: Role = "generator"
    is_whole: bool = False  # nothing is missing


def planned_cost(loaded: Loaded, inputs: Inputs, plan: Plan, *, counts_useless: bool = False) -> PlannedCost:
    """Return what is still to be asked for a spec; a model without a known price is refused.

    `counts_useless` replays what is here once more, to say what became of it.
    """
    spec = inputs.spec
    if not called_models(spec):
        return PlannedCost(cap=cap_of(spec))
    prices = _prices(spec)
    with tools_for(loaded, inputs, KNOWN) as tools:
        writing = generator_needs(plan, spec, loaded.catalog, tools, inputs.ledger, REPAIRS)
        done = _replay(loaded, inputs, tools, [one.request for one in writing])
    judging: Sequence[Need]
    if done.role == "jury":
        judging, writing = tuple(Need(request=one) for one in done.missing.values()), ()
    else:
        longest = max((int(str(one.request.params["max_tokens"])) for one in writing), default=0)
        anchors = [one for name in sorted(inputs.anchors) for one in inputs.anchors[name]]
        judging = jury_needs(plan, spec, loaded.catalog, anchors, longest)
        writing = unknown(writing, done.known)
    if done.is_whole:
        writing, judging = (), ()
    lines = [*_lines("generator", writing, done, prices), *_lines("jury", judging, done, prices)]
    asked, useless = _useless(loaded, inputs) if counts_useless and done.known else (0, ())
    return PlannedCost(lines=tuple(lines), asked=asked, useless=useless, spent=_spent(loaded), cap=cap_of(spec))


def _useless(loaded: Loaded, inputs: Inputs) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Count the slots for which replies are here, and those of them without a candidate, by reason."""
    with tools_for(loaded, inputs, Asked(mode="reading")) as tools:
        try:
            rows = replies_by_cell(build(inputs, loaded.catalog, tools, until="screen", reading=True)).values()
        except EvalspecError:  # `check` and `build` say it
            return 0, ()
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row.dropped)
    unasked = reasons.pop(UNASKED, 0)
    found = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return sum(row.slots for row in rows) - unasked, tuple(found)


def planned_dollars(loaded: Loaded, *, refuses: bool = True) -> tuple[float, float] | None:
    """Return the least and the most dollars that a build is expected to cost; None where it asks no model that costs.

    A model without a known price is refused, and with `refuses` a budget that no first build can come to its end with.
    """
    if not called_models(loaded.spec) or all(one.is_free for one in _prices(loaded.spec).values()):
        return None
    inputs = read_inputs(loaded)
    cost = planned_cost(loaded, inputs, lay_out(inputs, loaded.catalog))
    if refuses and not cost.spent:  # a later one stops where its budget ends, with that exit code
        refuse_dear(cost, loaded.spec.path)
    return cost.least.cost / MILLION, cost.most.cost / MILLION


def _prices(spec: Spec) -> Mapping[str, ListPrice]:
    from evalspec.reaching import reach  # brings the transports along, which a plan of builtin writers must not pay for

    return prices_of(spec, reach())


def refuse_dear(cost: PlannedCost, path: str) -> None:
    """Refuse a build that cannot come to its end within its budget."""
    if cost.cap is None:
        return
    left = max(0, cost.cap - cost.spent)
    largest = max((one.largest for one in cost.lines if one.least.calls), default=0)
    if cost.least.cost <= left and largest <= left:
        return
    if cost.least.cost > left:
        said = f"the least that the build can cost is ${cost.least.cost / MILLION:,.6f}"
    else:
        said = f"a single question may cost ${largest / MILLION:,.6f}, and is not sent unless the budget holds it"
    before = f", of which ${cost.spent / MILLION:,.6f} are spent or reserved" if cost.spent else ""
    problem = Diagnostic(
        code="X523",
        severity="error",
        message=f"{said}; the budget is ${cost.cap / MILLION:,.6f}{before}",
        path=path,
        notes=tuple(Note(message=_said(one)) for one in cost.lines if one.least.calls),
        hint="raise `budget.usd`, lower the shares of pools that a model writes, or ask a cheaper model",
        exit=Exit.INVALID,
    )
    raise BuildError([problem])


def _said(line: CostLine) -> str:
    calls, least = line.least.calls, line.least.cost / MILLION
    return f"{line.role} {line.model}: {calls:,} calls, at least ${least:,.6f}"


def _replay(loaded: Loaded, inputs: Inputs, tools: Tools, first: Sequence[Request]) -> _Replay:
    """Build from what is known, and note where that ends."""
    found = _Replay()
    _look_up([request_key(one) for one in first], inputs, found)

    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        asked = {request_key(one): one for one in requests}
        _look_up(tuple(asked), inputs, found)
        found.answered[found.role] |= {key: one for key, one in asked.items() if key in found.known}
        found.missing = {key: one for key, one in asked.items() if key not in found.known}
        if found.missing:
            raise _NotHere
        return tools.ask(requests)

    def entered(stage: str) -> None:
        found.role = "jury" if stage == "review" else "generator"

    try:
        build(inputs, loaded.catalog, replace(tools, ask=ask), until="review", reading=True, entered=entered)
        found.is_whole = True
    except _NotHere:
        pass
    except EvalspecError:  # `check` and `build` say it; what was found until then still counts
        found.role = "generator"
    return found


def _look_up(keys: Sequence[str], inputs: Inputs, found: _Replay) -> None:
    found.known.update((key, inputs.tape[key]) for key in keys if key in inputs.tape)
    rest = [key for key in keys if key not in found.known]
    if not rest:
        return
    from evalspec.live import has_journal, open_journal

    if not has_journal():
        return
    journal = open_journal()
    try:
        bought = journal.known(rest)
    finally:
        journal.close()
    found.known.update(bought)
    found.journal |= frozenset(bought)


def _spent(loaded: Loaded) -> int:
    from evalspec.live import has_journal, open_journal, plan_name

    if not has_journal():
        return 0
    journal = open_journal()
    try:
        return journal.spent(plan_name(loaded.spec))
    finally:
        journal.close()


def _lines(role: Role, needs: Sequence[Need], done: _Replay, prices: Mapping[str, ListPrice]) -> list[CostLine]:
    answered = done.answered[role]
    known = [(one, done.known[key]) for key, one in answered.items()]
    models = sorted({one.request.model for one in needs} | {one.model for one in answered.values()})
    return [
        _line(role, model, [one for one in needs if one.request.model == model], known, done, prices[model])
        for model in models
    ]


def _line(
    role: Role,
    model: str,
    needs: Sequence[Need],
    known: Sequence[tuple[Request, Reply]],
    done: _Replay,
    price: ListPrice,
) -> CostLine:
    own = [one for one in known if one[0].model == model]
    keys = [request_key(one) for one, _ in own]
    # A repair or a second round that is known to be missing is asked for sure, beside the first questions.
    later = [Need(request=one) for one in done.missing.values() if one.model == model and done.role == role]
    least = least_of(needs, price.of_tokens)
    if role == "generator" and len(later) > least.calls:
        needs = [*later, *(replace(one, is_sure=False) for one in needs)]
        least = least_of(needs, price.of_tokens)
    typical = typical_of(needs, own or known, price.of_tokens)
    return CostLine(
        role=role,
        model=model,
        price=price.source,
        is_free=price.is_free,
        from_tape=sum(key not in done.journal for key in keys),
        from_journal=sum(key in done.journal for key in keys),
        least=least,
        typical=typical if least.calls else Bill(),
        most=most_of(needs, most_prompt_tokens, price.of_tokens),
        largest=max((price.highest(one.request) for one in needs), default=0),
    )
