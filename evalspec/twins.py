"""Cells that a model would be asked the same for: found by rendering the prompt of each, before anything is asked."""

from __future__ import annotations

from dataclasses import replace

from evalspec.diagnostics import Diagnostic, Note
from evalspec.model.plan import Plan, Slot
from evalspec.model.spec import Spec
from evalspec.stages.generate import asks_model

LISTED = 3  # pairs that are named, a pool


def twin_prompts(spec: Spec, layout: Plan) -> tuple[Diagnostic, ...]:
    """Warn of cells and personas of a pool whose prompts say the same, exemplars and facts left aside."""
    first: dict[tuple[str, str, str | None, str], Slot] = {}
    for slot in layout.slots_by_id.values():
        if slot.cell is not None and asks_model(slot, spec):
            first.setdefault((slot.pool, slot.stratum, slot.persona, slot.language), slot)
    if not first:  # nothing is asked, and nothing of prompts is imported
        return ()
    from evalspec.catalog.techniques.asked import prompt_of
    from evalspec.text.prompt_error import PromptError

    said: dict[tuple[str, str, str], list[Slot]] = {}
    for slot in first.values():
        try:
            prompt = prompt_of(replace(slot, exemplars=(), facts={}, turns=1), spec)
        except PromptError:  # the build says why, with M120
            continue
        said.setdefault((slot.pool, slot.language, prompt), []).append(slot)
    pairs: dict[str, list[str]] = {}
    for (pool, _, _), slots in said.items():
        if len(slots) > 1:
            pairs.setdefault(pool, []).extend(f"{_named(slots[0])} and {_named(one)}" for one in slots[1:])
    return tuple(_warning(spec, pool, found) for pool, found in pairs.items())


def _named(slot: Slot) -> str:
    return f"`{slot.stratum}`" + (f" as `{slot.persona}`" if slot.persona else "")


def _warning(spec: Spec, pool: str, found: list[str]) -> Diagnostic:
    more = len(found) - LISTED
    return Diagnostic(
        code="M121",
        severity="warning",
        message=f"`{pool}` asks the same for {found[0]}",
        span=spec.pool(pool).at,
        path=None if spec.pool(pool).at else spec.path,
        label="this pool",
        notes=tuple(Note(message=f"and for {one}") for one in found[1:LISTED])
        + ((Note(message=f"and {more} more"),) if more > 0 else ()),
        hint="use `cell.levels` and `persona` in the prompt, so that a model knows what it writes for",
    )
