"""What a grammar can do for a spec: whether every cell can be written, and how many different texts it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evalspec.catalog.grammar.read import STATE, Grammar
from evalspec.catalog.grammar.write import write
from evalspec.diagnostics import Collector
from evalspec.digests import digest
from evalspec.model.case import Unmade, input_json
from evalspec.model.plan import Slot
from evalspec.model.spec import Spec

DRAWS = 60  # texts tried for each cell: a cell that owes more than this many is beyond what people review


def check_grammar(grammar: Grammar, spec: Spec, slots: tuple[Slot, ...], *, enough: int = DRAWS) -> Mapping[str, int]:
    """Return how many different texts each cell gives at least, or raise when one cannot be written at all.

    `slots` holds one slot a pool, cell and persona, as planned; the key is `pool.cell` or `pool.persona.cell`. The
    count is of texts that were really written, so it is a floor; a cell with `enough` of them is tried no further.
    """
    problems = Collector()
    capacity: dict[str, int] = {}
    for slot in slots:
        place = ".".join(one for one in (slot.pool, slot.persona, slot.cell.id if slot.cell else None) if one)
        texts, failed = _texts(grammar, slot, spec, enough)
        capacity[place] = len(texts)
        if not texts:
            detail = f" ({failed.detail})" if failed.detail else ""
            problems.add(
                "M107",
                f"the grammar cannot write `{place}`: {failed.reason}{detail}",
                path=grammar.path,
                hint=_advice(grammar, slot, failed, spec),
            )
    problems.raise_errors()
    return capacity


def _texts(grammar: Grammar, slot: Slot, spec: Spec, enough: int) -> tuple[set[str], Unmade]:
    found: set[str] = set()
    failed = Unmade(reason="no_text")
    for ordinal in range(1, DRAWS + 1):
        value = write(grammar, replace(slot, ordinal=ordinal, key=f"{slot.key}/{ordinal}"), spec)
        if isinstance(value, Unmade):
            failed = value
        else:
            found.add(digest(input_json(value)))
        if len(found) >= enough:
            break
    return found, failed


def _advice(grammar: Grammar, slot: Slot, failed: Unmade, spec: Spec) -> str:
    if failed.reason == "lost_fact":
        return f"add a rule `{STATE}{failed.detail}` that holds `{{fact.{failed.detail}}}`"
    if failed.reason == "off_persona":
        length = dict(spec.persona(slot.persona).style).get("length") if slot.persona else None
        return f"write `lengths.{length}.message`" if length else "see the persona's style facts"
    if failed.reason == "off_language":
        return f"add `languages.{slot.language}`"
    levels = ", ".join(f"levels.{axis}.{level}" for axis, level in (slot.cell.levels if slot.cell else ()))
    return f"the rule must stand in `rules` or in one of: {levels}" if levels else "add the rule to `rules`"
