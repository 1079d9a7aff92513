"""The rules that wrote a text are named where they stand in the grammar file, and naming them changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from grammar_slots import make_slot, make_spec

from evalspec.catalog import load_catalog
from evalspec.catalog.grammar.pattern import parse_pattern
from evalspec.catalog.grammar.read import read_grammar
from evalspec.catalog.grammar.trace import rules_used
from evalspec.catalog.grammar.write import length_of, write, write_traced
from evalspec.model.case import Unmade
from evalspec.planning import plan
from evalspec.project import load_spec, read_inputs

ROOT = Path(__file__).parents[3]


def text_at(data: Any, place: tuple[str | int, ...]) -> str:
    """The alternative that stands at a place of a grammar file."""
    for step in place[:-1]:
        data = data[step]
    said = data[place[-1]] if isinstance(data, list) else data
    return str(said["text"] if isinstance(said, dict) else said)


def test_each_place_holds_the_alternative_that_was_dealt(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the block whose rule counts for the cell and the voice, over the slots of the refund desk."""
    monkeypatch.chdir(ROOT)
    inputs = read_inputs(load_spec("specs/refund.yaml"))
    spec, blocks = inputs.spec, set()
    for slot in plan(inputs, load_catalog()).slots_by_id.values():
        path = spec.model(slot.generator).grammar if slot.generator else None
        if path is None:
            continue
        grammar, data = read_grammar(inputs.data[path], path), inputs.data[path]
        rules = grammar.rules_for(slot.cell, language=slot.language, length=length_of(slot, spec), persona=slot.persona)
        text, dealt = write_traced(grammar, slot, spec)
        places = rules_used(grammar, slot, spec)

        assert text == write(grammar, slot, spec)
        assert bool(places) is not isinstance(text, Unmade)
        for (name, at), place in zip(dict.fromkeys(dealt), places, strict=True):
            assert parse_pattern(text_at(data, place)) == rules[name][at].pattern
            blocks.add(place[0])
    assert blocks == {"cells", "levels", "lengths", "lexicon", "personas", "rules"}


def test_the_most_special_block_is_named() -> None:
    """Languages over rules, levels over languages, cells over levels; a single text has the place of its rule."""
    data = {
        "language": "en",
        "rules": {"message": ["{a} {b} {c} {d}"], "a": "one", "b": ["two"], "c": ["three"], "d": ["four"]},
        "languages": {"en": {"b": ["due"], "c": ["tre"], "d": ["quattro"]}},
        "levels": {"issue": {"late": {"c": ["drei"], "d": ["vier"]}}},
        "cells": [
            {"where": {"issue": "early"}, "rules": {"d": ["fyra"]}},
            {"where": {"issue": "late"}, "rules": {"d": ["cuatro"]}},
        ],
    }

    assert rules_used(read_grammar(data, "g.yaml"), make_slot(), make_spec()) == (
        ("rules", "message", 0),
        ("rules", "a", 0),
        ("languages", "en", "b", 0),
        ("levels", "issue", "late", "c", 0),
        ("cells", 1, "rules", "d", 0),
    )


def test_both_sides_of_a_conversation_are_named() -> None:
    """Hello, opening, exchanges and close, each where it stands."""
    chat = {
        "hello": ["Welcome."],
        "open": ["my parcel is late"],
        "exchanges": [{"assistant": ["Which order?"], "user": ["{number}"]}],
        "close": {"assistant": ["What would you like?"], "user": ["my money back"]},
    }
    data = {"rules": {"message": ["money back please"], "number": ["4481"]}, "conversation": chat}
    grammar, slot = read_grammar(data, "g.yaml"), make_slot(turns=6)

    places = rules_used(grammar, slot, make_spec(turns="conversation"))

    assert set(places) == {
        ("conversation", "hello", 0),
        ("conversation", "open", 0),
        ("conversation", "exchanges", 0, "assistant", 0),
        ("conversation", "exchanges", 0, "user", 0),
        ("rules", "number", 0),
        ("conversation", "close", "assistant", 0),
        ("conversation", "close", "user", 0),
    }
    assert next(text_at(data, place) for place in places) == "Welcome."
