"""Real users' phrases travel; their topics, facts and names do not, and never a whole message."""

from __future__ import annotations

import pytest
from grammar_slots import CHAT, make_seed
from hypothesis import given
from hypothesis import strategies as st

from evalspec.catalog.grammar.fragments import MAX_WORDS, mine


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi there, I want to return my boots", [("opening", "hi there"), ("want", "I want to")]),
        ("My card never came. Please help me.", [("closing", "please help me")]),
        ("The app is down, I am really upset", [("complaint", "I am really upset")]),
        ("Can you tell me if my card shipped?", [("wonder", "can you tell me if")]),
        ("I have to my account added money", []),
        ("Please help me", []),
        ("Hello Dana, my order 4481 is late", []),
        ("call [PHONE_1], thanks [NAME_1]", []),
        ("I’d like to cancel", [("want", "I'd like to")]),
        ("", []),
    ],
)
def test_only_phrases_without_a_topic_are_lent(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.text) for one in mine([make_seed(text)])] == expected


def test_a_chat_lends_from_its_first_user_message_only() -> None:
    assert mine([make_seed(CHAT)]) == ()


WORDS = [
    "hi",
    "I",
    "want",
    "to",
    "please",
    "help",
    "me",
    "thanks",
    "44",
    "Dana",
    "my",
    "card",
    ",",
    ".",
    "am",
    "upset",
    "if",
]


@given(st.lists(st.sampled_from(WORDS)))
def test_a_phrase_is_a_clause_at_most_and_never_the_whole(words: list[str]) -> None:
    text = " ".join(words)

    for one in mine([make_seed(text)]):
        phrase = one.text.lower().split()
        assert len(phrase) <= MAX_WORDS
        assert len(phrase) < len([word for word in words if word.isalnum()])
        assert not {"44", "dana", "card"} & set(phrase)
