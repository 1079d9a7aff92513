"""Inline differences spell both texts, whatever they hold."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.after.words import LONGEST_TOKENS, inline, turn_edits

WORDS = st.lists(
    st.sampled_from(["a", "b", "the", "Don't", " ", "  ", "\n", "\t", ".", "é", "日本", "👍🏽"]), max_size=25
)
TEXTS = st.one_of(WORDS.map("".join), st.text(max_size=40))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off(before: str, after: str) -> None:
    """What stayed and was cut is the text before; what stayed and is new the one after; whitespace and all."""
    found = inline(before, after)

    assert "".join(one.text for one in found if one.how != "new") == before
    assert "".join(one.text for one in found if one.how != "cut") == after
    assert all(one.text for one in found)
    assert all(one.how != other.how for one, other in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("where is it", "where is it", "where is it"),
        ("I want a refund", "I want a new one", "I want a [refund]{new one}"),
        ("my old red shoe broke", "my new blue shoe broke", "my [old red]{new blue} shoe broke"),
        ("a  b", "a b", "a[  ]{ }b"),
        ("one", "", "[one]"),
        ("", "one two", "{one two}"),
        ("don't", "do not", "[don't]{do not}"),
    ],
)
def test_words_are_compared(before: str, after: str, shown: str) -> None:
    """Words are replaced whole, neighbours together, and a space that differs shows."""
    marks = {"same": "{}", "cut": "[{}]", "new": "{{{}}}"}
    assert "".join(marks[one.how].format(one.text) for one in inline(before, after)) == shown


def test_a_text_made_to_hurt_is_shown_whole() -> None:
    """Two long texts of one repeated word cost no quadratic time: their middle is cut and new as a whole."""
    before, after = "x " + "a " * LONGEST_TOKENS + "y", "z " + "a b " * LONGEST_TOKENS + "w"

    assert [one.how for one in inline(before, after)] == ["cut", "new"]


def turn(role: str, content: str, **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


def test_turns_are_compared_one_by_one() -> None:
    """A changed turn, one that was taken out and one that was put in each stand at their place."""
    before = [turn("user", "hello"), turn("assistant", "which order"), turn("user", "4481")]
    after = [turn("user", "hello there"), turn("assistant", "which order"), turn("tool", "{}"), turn("user", "4481")]

    found = turn_edits(before, after)

    assert [(one.name, one.before, one.after) for one in found] == [
        ("turn 1 (user)", "hello", "hello there"),
        ("turn 3 (tool)", None, "{}"),
    ]
    assert [one.name for one in turn_edits(after, before)][1] == "turn 3 before (tool)"


def test_a_changed_tool_call_is_a_changed_turn() -> None:
    """What an assistant called is part of its turn."""
    before = [turn("assistant", "", tool_calls=[{"name": "find", "arguments": {"id": "1"}}])]
    after = [turn("assistant", "", tool_calls=[{"name": "find", "arguments": {"id": "2"}}])]

    (found,) = turn_edits(before, after)

    assert [(one.how, one.text) for one in found.words if one.how != "same"] == [("cut", "1"), ("new", "2")]
