"""The build, top to bottom: one line a stage, in the order of the files in `stages/`.

Nothing here opens a file: what a build reads comes in as `Inputs`, what it asks for through `Tools`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from evalspec.diagnostics import Collector, Diagnostic, Exit, SpecError
from evalspec.model.build import Build, Inputs
from evalspec.model.case import Candidate, Drop
from evalspec.model.plan import Plan, Slot
from evalspec.model.source import Document, SourceFile
from evalspec.model.spec import Spec
from evalspec.ports import Tools
from evalspec.registry import Catalog
from evalspec.stages.capacity import capacity
from evalspec.stages.expand import expand
from evalspec.stages.fill import fill
from evalspec.stages.gate import gate
from evalspec.stages.generate import generate
from evalspec.stages.header import header
from evalspec.stages.independence import families_of, independence
from evalspec.stages.ledger import consult
from evalspec.stages.lock import lock
from evalspec.stages.measure import measure
from evalspec.stages.mix import mix
from evalspec.stages.parse import parse
from evalspec.stages.report import report
from evalspec.stages.review import review
from evalspec.stages.screen import screener
from evalspec.stages.training import Firewall
from evalspec.stages.validate import validate
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

# In the language, and not made by this version: refused by name before anything is planned, never skipped.
NOT_MADE = frozenset({"metamorphic", "document"})


def read(source: SourceFile, schema: Mapping[str, Any]) -> Document:
    """Turn a spec file into a document of the right shape."""
    document = parse(source)
    validate(document, schema)
    return document


def plan(inputs: Inputs, catalog: Catalog) -> Plan:
    """Lay out the slots of a spec, after refusing what this version cannot make."""
    _refuse_not_made(inputs.spec)
    layout = expand(inputs.spec, inputs.seeds, catalog, _decided(inputs))
    capacity(inputs.spec, layout)
    return layout


def check(inputs: Inputs, catalog: Catalog) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Refuse what the sources cannot give and models that are related; return the plan and the warnings."""
    spec = inputs.spec
    _, findings = independence(spec, inputs.families)
    _raise(findings)
    made = replace(spec, pools=tuple(pool for pool in spec.pools if pool.kind not in NOT_MADE))
    layout = expand(made, inputs.seeds, catalog, _decided(inputs))
    capacity(made, layout)
    return layout, findings


def build(
    inputs: Inputs,
    catalog: Catalog,
    tools: Tools,
    *,
    until: str = "report",
    wave: int = 1,
    today: str | None = None,
    partial: bool = False,
    entered: Entered = lambda stage: None,
) -> Build:
    """Compile one spec, stage by stage, up to `until`; a set that waits for people, or fails a gate, has no lock.

    `today` (YYYY-MM-DD) lets waivers expire and seeds age; without it time is not asked about. `partial` locks the
    approved cases alone, as a trial.
    """
    spec = inputs.spec
    wanted = STAGES[: STAGES.index(until) + 1]
    related, findings = independence(spec, inputs.families, today)
    _raise(findings)
    done = Build(
        inputs=inputs,
        families=families_of(spec, inputs.families),
        related=related,
        warnings=tuple(one for one in findings if one.severity == "warning"),
    )

    if "expand" not in wanted:
        return done

    entered("expand")
    layout = plan(inputs, catalog)
    done = replace(done, plan=layout)
    if "generate" not in wanted:
        return done

    entered("generate")
    made: dict[str, Candidate | Drop] = {}

    def make(slot: Slot) -> Candidate | Drop:
        if slot.id not in made:
            made[slot.id] = generate(slot, spec, catalog, tools)
        return made[slot.id]

    decided = _decided(inputs) & layout.slots_by_id.keys()
    first = [make(layout.slots_by_id[case]) for case in sorted(decided)]
    view = consult(inputs.ledger, [one for one in first if isinstance(one, Candidate)], spec)
    firewall = Firewall.of(inputs.training, spec)
    screening = screener(spec, inputs.seeds, firewall, catalog, _ids(layout))
    total = sum(stratum.owed for stratum in layout.strata)
    filled = fill(
        spec,
        layout,
        make,
        view.of,
        decided,
        screening,
        wave=wave,
        on_slot=lambda count: tools.progress("generate", min(count, total), total),
    )
    done = replace(done, candidates=filled.live, drops=filled.drops, opened=filled.opened, view=view)
    if "review" not in wanted:
        return done

    entered("review")
    reviewed = review(filled.live, view, spec)
    done = replace(done, reviewed=reviewed)
    if "mix" not in wanted:
        return done

    entered("mix")
    mixed = mix(spec, layout, reviewed, filled.drops, approved_only=partial)
    done = replace(done, evalset=mixed.evalset, waiting=mixed.waiting)
    if "measure" not in wanted:
        return done

    entered("measure")
    facts = MeasureFacts(
        reviewed=reviewed,
        view=view,
        ledger=inputs.ledger,
        related=related,
        firewall=firewall,
        today=today,
        base=inputs.base,
    )
    measurements = measure(mixed.evalset, inputs.seeds, spec, catalog, facts)
    done = replace(done, measurements=measurements)
    if "gate" not in wanted:
        return done

    entered("gate")
    done = replace(done, verdicts=gate(measurements, spec, today))
    if "lock" not in wanted or (done.waiting and not partial):
        return done

    entered("lock")
    locked = lock(mixed.evalset, header(done, catalog, partial=partial))
    done = replace(done, lock=locked)
    if "report" not in wanted:
        return done

    entered("report")
    return replace(done, report=report(done))


def _decided(inputs: Inputs) -> frozenset[str]:
    return frozenset(decision.case for decision in inputs.ledger.decisions)


def _ids(layout: Plan) -> Mapping[str, str]:
    """Map a row's key to the case id that stands for it."""
    return {
        slot.parent.key: slot.id
        for stratum in layout.strata
        for slot in stratum.slots
        if slot.technique in ("seed", "golden") and slot.parent is not None
    }


def _raise(findings: tuple[Diagnostic, ...]) -> None:
    if any(one.severity == "error" for one in findings):
        raise SpecError(findings)


def _refuse_not_made(spec: Spec) -> None:
    problems = Collector()
    for pool in spec.pools:
        if pool.kind in NOT_MADE:
            problems.add(
                "X502",
                f"this version of evalspec does not make `{pool.kind}` cases yet (pool `{pool.name}`)",
                at=pool.at,
                label="checked, and not built",
                hint="take the pool and its share out to build the rest",
                exit=Exit.INVALID,
            )
    if spec.screen.embedder != "lexical":
        problems.add(
            "X503",
            f"the embedder `{spec.screen.embedder}` is not part of this version",
            path=spec.path,
            hint="use `embedder: lexical`",
            exit=Exit.ENVIRONMENT,
        )
    problems.raise_errors()
