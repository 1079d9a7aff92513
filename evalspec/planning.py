"""The beginning of every command: a spec file to a document, and a spec with its rows to the plan of its slots.

Apart from the pipeline, whose stages a command that makes nothing must not wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalspec.diagnostics import Collector, Diagnostic, Exit, SpecError
from evalspec.model.build import Inputs
from evalspec.model.plan import Plan
from evalspec.model.source import Document, SourceFile
from evalspec.model.spec import Spec
from evalspec.registry import Catalog
from evalspec.stages.capacity import capacity, refuse_sure_hours
from evalspec.stages.expand import expand
from evalspec.stages.independence import independence
from evalspec.stages.parse import parse
from evalspec.stages.validate import validate

# In the language, and not made by this version: refused by name before anything is planned, never skipped.
NOT_MADE = frozenset({"metamorphic", "document"})

# Cases; laying out a million takes half a minute, which a mix that its rows cannot carry must not cost. Below this it
# takes a second, and what is wrong with all pools is said at once.
LARGE_MIX = 20_000


def read(source: SourceFile, schema: Mapping[str, Any]) -> Document:
    """Turn a spec file into a document of the right shape."""
    document = parse(source)
    try:
        validate(document, schema)
    except SpecError as error:  # a value that YAML 1.1 reads otherwise may be why its type is wrong
        raise SpecError((*error.diagnostics, *document.warnings)) from None
    return document


def plan(inputs: Inputs, catalog: Catalog) -> Plan:
    """Lay out the slots of a spec, after refusing what this version cannot make."""
    _refuse_not_made(inputs.spec)
    return _laid_out(inputs.spec, inputs, catalog)


def check(inputs: Inputs, catalog: Catalog) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Refuse what the sources cannot give and models that are related; return the plan and the warnings."""
    spec = inputs.spec
    _, findings = independence(spec, inputs.families)
    raise_errors(findings)
    made = replace(spec, pools=tuple(pool for pool in spec.pools if pool.kind not in NOT_MADE))
    return _laid_out(made, inputs, catalog), findings


def _laid_out(spec: Spec, inputs: Inputs, catalog: Catalog) -> Plan:
    """Lay out the slots of a spec and hold them against its mix; a large mix first by its rows and hours alone."""
    if spec.mix.size > LARGE_MIX:
        refuse_sure_hours(spec)
        rows = replace(spec, pools=tuple(pool for pool in spec.pools if pool.kind in ("seed", "golden")))
        capacity(rows, expand(rows, inputs.seeds, catalog, decided(inputs)))
    layout = expand(spec, inputs.seeds, catalog, decided(inputs))
    capacity(spec, layout)
    return layout


def decided(inputs: Inputs) -> frozenset[str]:
    """Return the ids of the cases that people have decided about."""
    return frozenset(decision.case for decision in inputs.ledger.decisions)


def raise_errors(findings: tuple[Diagnostic, ...]) -> None:
    """Raise all findings when one of them is an error."""
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
    problems.raise_errors()
