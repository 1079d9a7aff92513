"""The example's grammar writes every cell of its grid, and people of a cell do not sound alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import yaml
from grammar_slots import make_slot, make_spec

from evalspec.catalog.grammar.check import check_grammar
from evalspec.catalog.grammar.read import Grammar, read_grammar
from evalspec.catalog.grammar.write import write
from evalspec.model.plan import Slot
from evalspec.model.spec import Fact, Persona, Spec

USERS = ("angry_escalator", "enterprise_buyer", "new_customer", "power_user")
POLICIES = ("buyers_remorse", "damaged", "delay", "outside_window", "wrong_item")
VOICES = (
    Persona(
        name="retiree",
        description="A retiree.",
        style=(("casing", "sentence"), ("length", "long"), ("punctuation", "full")),
    ),
    Persona(
        name="lowercase_poweruser",
        description="Three words.",
        style=(("casing", "lower"), ("length", "terse"), ("punctuation", "none")),
    ),
)
DAYS = Fact(name="days_since_delivery", range=(0, 90))


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    path = Path(__file__).parents[3] / "specs/refund/grammar.yaml"
    return read_grammar(yaml.safe_load(path.read_text(encoding="utf-8")), "refund/grammar.yaml")


def spec() -> Spec:
    return replace(make_spec(facts=[DAYS]), personas=VOICES)


def slot(ordinal: int, policy: str, *, user: str | None = None, voice: str | None = None) -> Slot:
    levels = (*((("user_type", user),) if user else ()), ("policy", policy))
    facts = {"days_since_delivery": 31 + ordinal} if policy == "outside_window" else {}
    return make_slot(ordinal, levels=levels, persona=voice, facts=facts)


def test_it_has_no_loose_ends(grammar: Grammar) -> None:
    assert grammar.warnings == ()


def test_every_cell_gives_many_texts(grammar: Grammar) -> None:
    cells = [slot(1, policy, user=user) for user, policy in product(USERS, POLICIES)]
    voiced = [slot(1, policy, voice=voice.name) for voice, policy in product(VOICES, POLICIES)]

    capacity = check_grammar(grammar, spec(), tuple(cells + voiced))

    assert len(capacity) == 30
    assert min(capacity.values()) >= 18


def test_six_people_of_a_cell_open_in_six_ways(grammar: Grammar) -> None:
    for user, policy in product(USERS, POLICIES):
        texts = [str(write(grammar, slot(ordinal, policy, user=user), spec())) for ordinal in range(1, 7)]
        assert len(set(texts)) == 6
        assert len({tuple(text.split()[:3]) for text in texts}) >= 5
