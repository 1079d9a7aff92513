"""A cell of the grid to an input, by the built-in grammar or by a model."""

from __future__ import annotations

from evalspec.catalog.grammar.read import read_grammar
from evalspec.catalog.grammar.write import adherence, write
from evalspec.catalog.techniques.asked import ask_model
from evalspec.model.case import Made, Unmade
from evalspec.model.plan import Slot
from evalspec.model.spec import Model, Spec
from evalspec.ports import Asking, Tools
from evalspec.registry import Catalog, technique
from evalspec.text.stated import surface_forms

BUILTIN_GRAMMAR = "builtin/grammar"


@technique("prompted", version=1)
def prompted(slot: Slot, spec: Spec, tools: Tools, catalog: Catalog) -> Made | Unmade | Asking:
    """Write the input of one cell of the grid, with style anchors drawn from real messages."""
    return write_for_cell(slot, spec, tools)


def write_for_cell(slot: Slot, spec: Spec, tools: Tools) -> Made | Unmade | Asking:
    """Write an input by the slot's generator, and hold it to the slot's facts and persona whoever wrote it."""
    assert slot.generator is not None, "expand gives every slot of a grid a generator"
    model = spec.model(slot.generator)
    if model.model != BUILTIN_GRAMMAR:
        return _asked(slot, spec, model)
    path = model.grammar or ""
    value = write(read_grammar(tools.data[path], path), slot, spec)
    return value if isinstance(value, Unmade) else Made(input=value)


def _asked(slot: Slot, spec: Spec, model: Model) -> Asking:
    made = yield from ask_model(slot, spec, model)
    if isinstance(made, Unmade):
        return made
    declared = {fact.name: fact for fact in spec.task.facts}
    forms = {name: surface_forms(declared.get(name), value) for name, value in sorted(slot.facts.items())}
    style = dict(spec.persona(slot.persona).style) if slot.persona else {}
    return adherence(made.input, style, forms) or made
