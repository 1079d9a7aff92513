"""One slot to the rules that wrote its text: where each stands in the grammar file, in the order they were used."""

from __future__ import annotations

from evalspec.catalog.grammar.read import Grammar
from evalspec.catalog.grammar.write import length_of, write_traced
from evalspec.model.plan import Slot
from evalspec.model.spec import Spec
from evalspec.text.patterns import lazy_pattern

Place = tuple[str | int, ...]  # keys and list positions in the grammar file: ("levels", "user", "new", "message", 2)

# What the writer calls the two sides of a conversation, and where they stand.
_SPOKEN: dict[str, Place] = {
    "hello": ("hello",),
    "open": ("open",),
    "last_question": ("close", "assistant"),
    "request": ("close", "user"),
}
_EXCHANGE = lazy_pattern(r"(ask|answer)(\d+)")


def rules_used(grammar: Grammar, slot: Slot, spec: Spec) -> tuple[Place, ...]:
    """Return the alternatives that wrote a slot's text, each once; what was tried and given up is not among them.

    The text is written once more, since a slot gives the same one every time.
    """
    places = (
        (*_spoken(name.removeprefix("conversation.")), at)
        if name.startswith("conversation.")
        else (*_block(grammar, slot, spec, name), name, at)
        for name, at in write_traced(grammar, slot, spec)[1]
    )
    return tuple(dict.fromkeys(places))


def _spoken(name: str) -> Place:
    if found := _EXCHANGE.fullmatch(name):
        return ("conversation", "exchanges", int(found[2]), "assistant" if found[1] == "ask" else "user")
    return ("conversation", *_SPOKEN[name])


def _block(grammar: Grammar, slot: Slot, spec: Spec, name: str) -> Place:
    """Return the block whose rule of that name holds in this slot: the most special one, as `rules_for` merges them."""
    levels = slot.cell.levels if slot.cell else ()
    for at, block in reversed(list(enumerate(grammar.cells))):
        if all(pair in levels for pair in block.where) and name in block.rules:
            return ("cells", at, "rules")
    if name in grammar.personas.get(slot.persona or "", {}):
        return ("personas", slot.persona or "")
    length = length_of(slot, spec)
    if name in grammar.lengths.get(length or "", {}):
        return ("lengths", length or "")
    for axis, level in reversed(levels):
        if any(block.where == ((axis, level),) and name in block.rules for block in grammar.levels):
            return ("levels", axis, level)
    if name in grammar.languages.get(slot.language, {}):
        return ("languages", slot.language)
    return ("lexicon",) if name in grammar.kept else ("rules",)
