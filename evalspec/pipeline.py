"""The build, top to bottom: one line a stage, in the order of the files in `stages/`.

Nothing here opens a file: what a build reads comes in as `Inputs`, what it asks for through `Tools`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.model.asking import Reply, Request
from evalspec.model.build import Build, Inputs
from evalspec.model.case import Candidate, Drop
from evalspec.model.jury import Jury
from evalspec.model.plan import Plan, Slot
from evalspec.planning import decided, plan, raise_errors
from evalspec.ports import Tools, request_key
from evalspec.registry import Catalog
from evalspec.stages.expanding.mended import with_mended_parents
from evalspec.stages.fill import fill, refuse_short
from evalspec.stages.gate import gate
from evalspec.stages.generate import generate_all
from evalspec.stages.header import header
from evalspec.stages.independence import families_of, independence
from evalspec.stages.jury import deliberate, left_out
from evalspec.stages.ledger import consult
from evalspec.stages.lock import lock
from evalspec.stages.meaning import same_meaning_of
from evalspec.stages.measure import TIMED, measure
from evalspec.stages.mix import mix
from evalspec.stages.report import report
from evalspec.stages.review import review
from evalspec.stages.screen import screener
from evalspec.stages.served import others_served, served_by
from evalspec.stages.training import Firewall
from evalspec.stages.training_vectors import digested
from evalspec.stats.scope import MeasureFacts

STAGES = (
    "parse",
    "validate",
    "resolve",
    "expand",
    "generate",
    "screen",
    "review",
    "mix",
    "measure",
    "gate",
    "lock",
    "report",
)
Entered = Callable[[str], None]


def mended_plan(inputs: Inputs, catalog: Catalog, tools: Tools) -> Plan:
    """Lay out the slots with every child's parent as people's fixes left it."""
    layout = plan(inputs, catalog)
    named = decided(inputs) & layout.slots_by_id.keys()
    slots = [layout.slots_by_id[case] for case in sorted(named)]
    rows = generate_all([slot for slot in slots if slot.technique in ("seed", "golden")], inputs.spec, catalog, tools)
    view = consult(inputs.ledger, [one for one in rows if isinstance(one, Candidate)], inputs.spec)
    return with_mended_parents(layout, view)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """How one build runs: what it may call, and the flags of the command."""

    catalog: Catalog
    tools: Tools
    wave: int
    today: str | None
    partial: bool
    reading: bool  # for people who read: a stratum that ran dry does not hide what waits in the others


def build(
    inputs: Inputs,
    catalog: Catalog,
    tools: Tools,
    *,
    until: str = "report",
    wave: int = 1,
    today: str | None = None,
    partial: bool = False,
    reading: bool = False,
    entered: Entered = lambda stage: None,
) -> Build:
    """Compile one spec, stage by stage, up to `until`; a set that waits for people has no lock.

    `today` (YYYY-MM-DD) lets waivers expire and seeds age; without it time is not asked about. `partial` locks the
    approved cases alone, as a trial. `reading` goes on where a stratum ran dry, and names it in `short`.
    """
    spec = inputs.spec
    related, findings = independence(spec, inputs.families, today)
    raise_errors(findings)
    done = Build(
        inputs=inputs,
        families=families_of(spec, inputs.families),
        related=related,
        spoken=tools.spoken,
        today=today,
        warnings=tuple(one for one in findings if one.severity == "warning"),
    )
    first = done
    asked: dict[str, str] = {}
    replies: dict[str, Reply] = {}
    ways = _Ways(
        catalog=catalog, tools=_kept(tools, asked, replies), wave=wave, today=today, partial=partial, reading=reading
    )
    wanted = STAGES[: STAGES.index(until) + 1]
    for stage, step in _STEPS.items():
        if stage not in wanted or (stage == "lock" and done.waiting and not partial):
            break
        entered(stage)
        done = step(done, ways)
        if len(replies) > len(done.replies):
            done = _answered(replace(done, replies=dict(replies)), first, asked)
    return done


def _answered(done: Build, first: Build, asked: Mapping[str, str]) -> Build:
    """Hold the models that wrote the replies against those that were asked; `first` is the build before any question.

    It is done before the next stage asks: a jury is not paid for judging what the wrong model wrote.
    """
    spec, families = done.spec, done.inputs.families
    served, problems = served_by(spec, families, asked, done.replies, done.today)
    raise_errors(problems)
    warnings, related = first.warnings, first.related
    others = others_served(served)
    if others:
        related, findings = independence(spec, families, done.today, others)
        raise_errors(findings)
        warnings = findings
    return replace(done, served=served, related=related, warnings=(*warnings, *problems))


def _kept(tools: Tools, asked: dict[str, str], replies: dict[str, Reply]) -> Tools:
    """Return the tools with a port that remembers what was asked of whom, and what it was answered."""

    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        found = tools.ask(requests)
        keys = [request_key(one) for one in requests]
        asked.update((key, one.model) for key, one in zip(keys, requests, strict=True))
        replies.update(zip(keys, found, strict=True))
        return found

    return replace(tools, ask=ask)


def _expand(done: Build, ways: _Ways) -> Build:
    return replace(done, plan=mended_plan(done.inputs, ways.catalog, ways.tools))


def _generate(done: Build, ways: _Ways) -> Build:
    """Fill every stratum: slots are made, held against the ledger and screened one after the other."""
    inputs, spec, layout, tools = done.inputs, done.spec, done.plan, ways.tools
    assert layout is not None
    made: dict[str, Candidate | Drop] = {}

    def make(slots: Sequence[Slot]) -> Sequence[Candidate | Drop]:
        fresh = [slot for slot in slots if slot.id not in made]
        made.update(zip((slot.id for slot in fresh), generate_all(fresh, spec, ways.catalog, tools), strict=True))
        return [made[slot.id] for slot in slots]

    named = decided(inputs) & layout.slots_by_id.keys()
    first = make([layout.slots_by_id[case] for case in sorted(named)])
    view = consult(inputs.ledger, [one for one in first if isinstance(one, Candidate)], spec)
    firewall, same_meaning = Firewall.of(inputs.training, spec), same_meaning_of(spec, tools)
    screening = screener(spec, inputs.seeds, firewall, ways.catalog, _ids(layout), same_meaning)
    total = sum(stratum.owed for stratum in layout.strata)
    filled = fill(
        spec,
        layout,
        make,
        view.of,
        named,
        screening,
        wave=ways.wave,
        on_slot=lambda count: tools.progress("generate", min(count, total), total),
    )
    if not ways.reading:
        refuse_short(filled)
    return replace(
        done, candidates=filled.live, drops=filled.drops, opened=filled.opened, short=filled.short, view=view
    )


def _review(done: Build, ways: _Ways) -> Build:
    assert done.candidates is not None and done.view is not None
    jury = _jury(done, ways)
    return replace(
        done,
        jury=jury,
        reviewed=review(done.candidates, done.view, done.spec, jury.flags),
        warnings=(*done.warnings, *left_out(jury, done.spec)),
    )


def _jury(done: Build, ways: _Ways) -> Jury:
    assert done.candidates is not None and done.view is not None
    anchors = [one for name in sorted(done.inputs.anchors) for one in done.inputs.anchors[name]]
    made = {one.id: one for one in done.view.candidates}  # before people's fixes: nobody is asked about those
    as_made = [made.get(one.id, one) for one in done.candidates]
    return deliberate(as_made, anchors, done.spec, ways.catalog, ways.tools)


def _mix(done: Build, ways: _Ways) -> Build:
    assert done.plan is not None and done.reviewed is not None
    mixed = mix(done.spec, done.plan, done.reviewed, done.drops, approved_only=ways.partial)
    return replace(done, evalset=mixed.evalset, waiting=mixed.waiting)


def _measure(done: Build, ways: _Ways) -> Build:
    assert done.evalset is not None
    facts = replace(_facts(done), embed=ways.tools.embed, tag=ways.tools.tag)
    return replace(done, measurements=measure(done.evalset, done.inputs.seeds, done.spec, ways.catalog, facts))


def on_day(done: Build, catalog: Catalog, today: str | None) -> Build:
    """Return the build as another day sees it: measures of time and gates taken again, all else as it was."""
    assert done.evalset is not None and done.measurements is not None
    dated = replace(done, today=today)
    timed = measure(done.evalset, done.inputs.seeds, done.spec, catalog, _facts(dated), only=TIMED)
    others = [one for one in done.measurements if one.measure.removesuffix(".change") not in TIMED]
    found = tuple(sorted((*others, *timed), key=lambda one: one.measure))
    return replace(dated, measurements=found, verdicts=gate(found, done.spec, today))


def _facts(done: Build) -> MeasureFacts:
    return MeasureFacts(
        reviewed=done.reviewed,
        view=done.view,
        related=done.related,
        firewall=Firewall.of(done.inputs.training, done.spec),
        known=Firewall.of(done.inputs.training, done.spec, known=True),
        digested=digested(done.inputs.training, done.inputs.headers, done.spec),
        today=done.today,
        base=done.inputs.base,
        ledger=done.inputs.ledger,
    )


def _gate(done: Build, ways: _Ways) -> Build:
    assert done.measurements is not None
    return replace(done, verdicts=gate(done.measurements, done.spec, ways.today))


def _lock(done: Build, ways: _Ways) -> Build:
    assert done.evalset is not None
    return replace(done, lock=lock(done.evalset, header(done.without_changes(), ways.catalog, partial=ways.partial)))


def _report(done: Build, ways: _Ways) -> Build:
    return replace(done, report=report(done.without_changes()))


# From the plan on; `screen` has no line of its own, since a slot is opened only while its stratum still owes.
_STEPS: Mapping[str, Callable[[Build, _Ways], Build]] = {
    "expand": _expand,
    "generate": _generate,
    "review": _review,
    "mix": _mix,
    "measure": _measure,
    "gate": _gate,
    "lock": _lock,
    "report": _report,
}


def _ids(layout: Plan) -> Mapping[str, str]:
    """Map a row's key to the case id that stands for it."""
    return {
        slot.parent.key: slot.id
        for stratum in layout.strata
        for slot in stratum.slots
        if slot.technique in ("seed", "golden") and slot.parent is not None
    }
