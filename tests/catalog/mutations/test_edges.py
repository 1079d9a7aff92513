"""Where an operator must hold back: a table of what would change the meaning or read like a machine."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalspec.catalog import load_catalog
from evalspec.catalog.mutations.slips import doubled, dropped, exchanged, near_key
from evalspec.catalog.mutations.wording import cased_like, lower_first, with_opening
from evalspec.catalog.techniques.mutation import mutate
from evalspec.catalog.words import column, grouped, lines, table, words
from evalspec.model.case import Made, Message, user_texts
from evalspec.stream import Stream
from evalspec.text.spans import protected_spans

CATALOG = load_catalog()

# Operator, text that it has to leave alone, why.
LEFT_ALONE: tuple[tuple[str, str, Mapping[str, object], str], ...] = (
    ("typo", "no, not two", {"rate": 1.0}, "negations and numbers keep their letters, short words too"),
    ("drop_letter", "12345 AB-4711 <EMAIL_1>", {"rate": 1.0}, "all of it is protected"),
    ("contract", "Yes, I am.", {"rate": 1.0}, "a verb at the end is never contracted"),
    ("contract", "I know what it is called", {"rate": 1.0}, "nor after a question word"),
    ("contract", "you have a card", {"rate": 1.0}, "have as a full verb"),
    ("contract", "why do not you tell me", {"rate": 1.0}, "the subject stands between"),
    ("expand", "Why don't you answer", {"rate": 1.0}, "do not you is no English"),
    ("expand", "It's been a week", {"rate": 1.0}, "here 's is has"),
    ("expand", "I'll wait, we're fine, he'd know", {"rate": 1.0, "into": "bare"}, "ill, were, hed are other words"),
    ("abbreviate", "I am going to the bank", {"rate": 1.0}, "gonna takes a verb"),
    ("polite_strip", "Please help", {}, "one word is no sentence"),
    ("polite_strip", "Would you mind telling me when it ships?", {}, "the request has no other verb"),
    ("angry_opener", "Thank you, that is a great help to me", {}, "nobody is furious and grateful at once"),
    ("angry_opener", "my order id is 4711", {}, "an id is no request"),
    ("preamble", "4711", {}, "nobody chats before a bare number"),
    ("filler", "Thanks for your help, bye now", {"rate": 1.0}, "thanks are not hesitated over"),
    ("half_finished", "I ordered a shirt and I do not want it", {}, "the rest holds a negation"),
    ("half_finished", "I would like my money for the order 4711", {}, "the rest holds a fact"),
    ("self_correct", "my T-shirt", {}, "a T-shirt is one word"),
    ("reorder", "I bought a shirt. It was torn.", {}, "the second leans on the first"),
    ("reorder", "Name: Ann Lee\nItem: red shirt", {}, "a form has its order"),
    ("drift", "My parcel is late today", {}, "without a partner there is nothing to add"),
    ("entity_swap", "I live in Newark, NY 97920", {}, "the state belongs to the city"),
    ("entity_swap", "the Michael Kors bag", {}, "a brand is no person"),
    ("entity_swap", "may I mark this", {}, "words are no names"),
    ("entity_swap", "reserve a table, and monitor my account", {}, "a word with another sense is no product"),
    ("jargon", "I want to order it", {"rate": 1.0}, "the verb is not the paper"),
    ("code_switch", "I want to return", {"rate": 1.0, "into": "hi-Latn"}, "the verb is not the noun"),
    ("alias", "I want a refund", {}, "the spec has no terms"),
    ("run_on", "Is it there? I paid.", {"rate": 1.0}, "a question keeps its mark"),
    ("multiply_punctuation", "order 12.50", {"rate": 1.0}, "a point in a number is no mark"),
    ("spacing", "我的包裹在哪里", {"rate": 1.0}, "there are no blanks"),
    ("uppercase", "我的包裹在哪里", {}, "there is no case"),
)


@pytest.mark.parametrize(("name", "text", "options", "why"), LEFT_ALONE)
def test_an_operator_holds_back(name: str, text: str, options: Mapping[str, object], why: str) -> None:
    """Where the change would be wrong there is none, whatever the key."""
    for key in "abcdefgh":
        made = mutate(text, (CATALOG.get("operator", name),), options, key=key, language="en")
        assert not isinstance(made, Made), f"{made.input!r}: {why}"


def test_slips_are_what_their_names_say() -> None:
    """Each slip changes one letter in its own way, and keeps the case."""
    rng = Stream("slips")

    assert exchanged("please", 2, rng, "en") == "plaese"
    assert exchanged("please", 5, rng, "en") is None
    assert dropped("please", 2, rng, "en") == "plase"
    assert dropped("please", 5, rng, "en") is None
    assert doubled("please", 2, rng, "en") == "pleease"
    assert doubled("letter", 2, rng, "en") is None
    assert {near_key("cat", 1, Stream(str(key)), "en") for key in range(40)} == {"cqt", "cwt", "cst", "czt"}
    assert {near_key("cat", 1, Stream(str(key)), "fr") for key in range(40)} == {"czt", "cqt"}
    assert near_key("CAT", 1, rng, "en") in {"CQT", "CWT", "CST", "CZT"}
    assert near_key("naïve", 2, rng, "en") is None


def test_a_typo_makes_no_other_word() -> None:
    """A slip that spells another frequent word is not made: `form` never becomes `from`."""
    swap = CATALOG.get("operator", "swap").function

    made = {swap("form", Stream(str(key)), (), "en", rate=1.0) for key in range(50)}

    assert made == {"fomr"}


def test_case_follows_the_old_word() -> None:
    """A replacement is written as the word was."""
    assert [cased_like(old, "pls") for old in ("please", "Please", "PLEASE")] == ["pls", "Pls", "PLS"]
    assert lower_first("Where is it") == "where is it"
    kept = ["I am", "I'm", "David is", "IBM is"]
    assert [lower_first(text) for text in kept] == kept


def test_an_opening_reads_on_from_a_greeting() -> None:
    """After `Hi,` the sentence goes on small; after `Hi!` a new one begins; small writers stay small."""
    assert with_opening("Hi, it is late", "What a joke.") == "Hi, what a joke. It is late"
    assert with_opening("Hi! It is late", "What a joke.") == "Hi! What a joke. It is late"
    assert with_opening("it is late", "What a joke.") == "what a joke. it is late"
    assert with_opening("It is late", "What a joke.") == "What a joke. It is late"


def test_a_name_is_swapped_the_same_way_everywhere_and_only_if_the_other_side_does_not_use_it() -> None:
    """The two sides of a chat talk about the same people."""
    chat = (
        Message(role="user", content="I am Anna Smith from Leeds"),
        Message(role="assistant", content="Hello Anna, which shirt is it?"),
        Message(role="user", content="Anna here, from Leeds, the blue jacket. My jacket is torn."),
        Message(role="assistant", content="I see."),
        Message(role="user", content="Leeds is far"),
    )

    made = mutate(chat, (CATALOG.get("operator", "entity_swap"),), {}, key="a", language="en")

    assert isinstance(made, Made)
    first, second, third = user_texts(made.input)
    city = first.removeprefix("I am Anna Smith from ")
    assert city != "Leeds"
    assert third == f"{city} is far"
    assert second.startswith(f"Anna here, from {city}, the blue ")
    garment = second.split(" blue ")[1].split(".")[0]
    assert garment not in {"jacket", "shirt"}
    assert second.endswith(f"My {garment} is torn.")


def test_the_lists_hold_what_they_promise() -> None:
    """Enough entries, no digit that would read as a fact, no misspelling that is another frequent word."""
    common = words("common.txt")
    misspelled, short = table("misspellings.txt"), table("abbreviations.txt")

    assert len(misspelled) >= 300
    assert len(short) >= 150
    assert min(len(column("code_switch.txt", index)) for index in (1, 2, 3, 4)) >= 120
    assert not [one for entries in misspelled.values() for one in entries if one in common - {"its"}]
    for name in ("misspellings.txt", "abbreviations.txt", "jargon.txt", "contractions.txt"):
        for key, values in table(name).items():
            assert not any(char.isdigit() for one in (key, *values) for char in one), key
            assert key not in values, key
    for name in ("preambles.txt", "openers.txt", "fillers.txt"):
        assert not [line for line in lines(name) if protected_spans(line)]
    assert set(grouped("openers.txt")) == {"any", "problem", "question"}
