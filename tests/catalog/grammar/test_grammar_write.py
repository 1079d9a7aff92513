"""The built-in generator writes different texts, in users' words, with facts and style, every time the same."""

from __future__ import annotations

from collections import Counter

import pytest
from grammar_slots import make_slot, make_spec

from evalspec.catalog.grammar.check import check_grammar
from evalspec.catalog.grammar.read import read_grammar
from evalspec.catalog.grammar.write import adherence, write
from evalspec.diagnostics import SpecError
from evalspec.model.case import Message, Unmade, user_texts
from evalspec.model.spec import Fact

SMALL = {
    "language": "en",
    "lexicon": {"item": ["kettle", "lamp", "rug", "tent"]},
    "rules": {
        "want": ["I want to"],
        "closing": ["bye"],
        "message": ["{problem} {ask}", "{ask} {problem}"],
        "ask": ["refund me.", "{fragment.want} send it back.", "may I have my money?"],
        "problem": ["the {item} is broken, a {item} should not be."],
    },
    "levels": {"issue": {"late": {"problem": ["my {item} is late.", "no {item} yet."]}}},
    "lengths": {"terse": {"message": ["no {item}, refund!"]}},
    "personas": {},
    "cells": [{"where": {"issue": "late", "tone": "odd"}, "rules": {"message": ["odd and late."]}}],
}

CHATTY = {
    "rules": {"message": ["the lamp is late. refund?"], "state_days": ["it has been {fact.days} days."]},
    "conversation": {
        "hello": ["how can I help?"],
        "open": ["the lamp is late"],
        "exchanges": [
            {"assistant": ["which order?"], "user": ["order 7"]},
            {"assistant": ["since when?"], "user": ["a while"]},
        ],
        "close": {"assistant": ["what do you want?"], "user": ["a refund"]},
    },
}


def test_a_deck_deals_every_alternative_before_one_comes_again() -> None:
    grammar = read_grammar({"rules": {"message": ["one", "two", "three", {"text": "four", "weight": 2}]}}, "g.yaml")

    texts = [write(grammar, make_slot(ordinal), make_spec()) for ordinal in range(1, 11)]

    assert Counter(texts) == {"One": 2, "Two": 2, "Three": 2, "Four": 4}


def test_a_word_of_the_lexicon_stays_for_the_whole_text() -> None:
    grammar = read_grammar(SMALL, "g.yaml")

    for ordinal in range(1, 30):
        text = str(write(grammar, make_slot(ordinal, levels=(("issue", "other"),)), make_spec()))
        words = [word for word in ("kettle", "lamp", "rug", "tent") if word in text]
        assert len(words) == 1
        assert text.count(words[0]) == 2


def test_the_most_special_rule_wins() -> None:
    grammar = read_grammar(SMALL, "g.yaml")

    late = str(write(grammar, make_slot(), make_spec()))
    odd = write(grammar, make_slot(levels=(("issue", "late"), ("tone", "odd"))), make_spec())

    assert "late" in late or "yet" in late
    assert odd == "Odd and late."


def test_the_same_slot_gives_the_same_text_and_another_key_another() -> None:
    grammar = read_grammar(SMALL, "g.yaml")

    texts = {str(write(grammar, make_slot(ordinal), make_spec())) for ordinal in range(1, 13)}

    assert write(grammar, make_slot(3), make_spec()) == write(grammar, make_slot(3), make_spec())
    assert len(texts) >= 10


def test_a_users_phrase_is_lent_and_its_topic_is_not() -> None:
    grammar = read_grammar({"rules": {"want": ["I want to"], "message": ["{fragment.want} send it back."]}}, "g.yaml")
    slot = make_slot(exemplars=["I was hoping to close my account 4711 at Barclays."])

    assert write(grammar, slot, make_spec()) == "I was hoping to send it back."


def test_a_text_is_typed_as_one_of_its_exemplars() -> None:
    grammar = read_grammar({"rules": {"message": ["Where is it? I paid on Monday, for nothing."]}}, "g.yaml")

    bare = write(grammar, make_slot(exemplars=["where is my card it should be here"]), make_spec())
    neat = write(grammar, make_slot(exemplars=["Where is my card? It should be here."]), make_spec())

    assert bare == "where is it i paid on monday for nothing"
    assert neat == "Where is it? I paid on Monday, for nothing."


def test_a_fact_that_nothing_states_gets_its_sentence() -> None:
    rules = {"message": ["late lamp"], "state_days": ["it has been {fact.days} days."]}
    grammar = read_grammar({"rules": rules}, "g.yaml")

    text = write(grammar, make_slot(facts={"days": 41}), make_spec(facts=[Fact(name="days", range=(0, 90))]))

    assert text == "Late lamp. It has been 41 days."


def test_a_fact_that_cannot_be_stated_is_no_text() -> None:
    grammar = read_grammar({"rules": {"message": ["late lamp, order 141"]}}, "g.yaml")

    assert write(grammar, make_slot(facts={"days": 41}), make_spec()) == Unmade(reason="lost_fact", detail="days")


def test_a_template_that_names_a_missing_fact_is_not_dealt() -> None:
    grammar = read_grammar({"rules": {"message": ["{fact.days} days", "no days"]}}, "g.yaml")

    assert {write(grammar, make_slot(ordinal), make_spec()) for ordinal in range(1, 9)} == {"No days"}


def test_a_persona_gets_the_rules_of_its_length_and_its_surface() -> None:
    grammar = read_grammar(SMALL, "g.yaml")
    spec = make_spec(style={"length": "terse", "casing": "lower", "punctuation": "none"})

    text = str(write(grammar, make_slot(persona="voice"), spec))

    assert text in {f"no {item} refund" for item in ("kettle", "lamp", "rug", "tent")}


def test_a_style_that_is_not_reached_is_off_persona() -> None:
    grammar = read_grammar({"rules": {"message": ["too short"]}}, "g.yaml")
    spec = make_spec(style={"length": "long", "casing": "upper"})

    assert write(grammar, make_slot(persona="voice"), spec) == Unmade(reason="off_persona", detail="length")


def test_another_language_is_not_written() -> None:
    grammar = read_grammar(SMALL, "g.yaml")

    assert write(grammar, make_slot(language="de"), make_spec()) == Unmade(
        reason="off_language", detail="it writes en, the slot wants de"
    )


@pytest.mark.parametrize(
    ("turns", "roles"),
    [(1, "u"), (2, "au"), (3, "uau"), (4, "auau"), (5, "uauau"), (6, "auauau"), (7, "uauauau"), (40, "auauauau")],
)
def test_a_conversation_alternates_and_ends_with_the_user(turns: int, roles: str) -> None:
    grammar = read_grammar(CHATTY, "g.yaml")

    chat = write(grammar, make_slot(turns=turns), make_spec(turns="conversation"))

    assert isinstance(chat, tuple)
    assert "".join(one.role[0] for one in chat) == roles


def test_a_chat_of_five_turns_is_golden() -> None:
    """Facts stand in a message of the user, a voice changes the user's messages only, the request comes last."""
    grammar = read_grammar(CHATTY, "g.yaml")
    spec = make_spec(turns="conversation", style={"casing": "lower", "punctuation": "none"})

    chat = write(grammar, make_slot(turns=7, facts={"days": 12}, persona="voice"), spec)

    assert chat == (
        Message(role="user", content="the lamp is late"),
        Message(role="assistant", content="Which order?"),
        Message(role="user", content="order 7"),
        Message(role="assistant", content="Since when?"),
        Message(role="user", content="a while"),
        Message(role="assistant", content="What do you want?"),
        Message(role="user", content="a refund it has been 12 days"),
    )


def test_adherence_judges_message_by_message() -> None:
    chat = (
        Message(role="user", content="ok then"),
        Message(role="assistant", content="SURE!"),
        Message(role="user", content="No Thanks"),
    )

    assert adherence(chat, {"casing": "lower"}, {}) == Unmade(reason="off_persona", detail="casing")
    assert adherence(chat[:1], {"casing": "lower", "length": "terse"}, {}) is None
    assert user_texts(chat) == ("ok then", "No Thanks")


def test_check_counts_what_a_cell_gives_and_names_a_cell_that_gives_nothing() -> None:
    grammar = read_grammar({"rules": {"message": ["{say}"]}, "levels": {"issue": {"late": {"say": ["a", "b"]}}}}, "g")

    assert check_grammar(grammar, make_spec(), (make_slot(),)) == {"prompted.late": 2}
    with pytest.raises(SpecError) as caught:
        check_grammar(grammar, make_spec(), (make_slot(levels=(("issue", "lost"),)),))
    assert [(one.code, one.message, one.hint) for one in caught.value.diagnostics] == [
        (
            "M107",
            "the grammar cannot write `prompted.lost`: no_text (nothing to write for `message` in this cell)",
            "the rule must stand in `rules` or in one of: levels.issue.lost",
        )
    ]
