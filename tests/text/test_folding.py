"""Folding: what stands in the folded text is led back to where it stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("plain 12", "plain 12"),
        ("４１１１", "4111"),
        ("९८७", "987"),
        ("ana＠example．org", "ana@example.org"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("1\u00a02\u2009-\u20133", "1 2 --3"),
        ("é漢ß", "é漢ß"),
    ],
)
def test_digits_letters_and_spaces_are_plain_and_hidden_characters_gone(text: str, folded: str) -> None:
    """One character stands for one, or for none."""
    assert fold(text).text == folded


def test_a_span_is_led_back_over_hidden_characters() -> None:
    """The span covers what is hidden inside it and not what is hidden beside it."""
    text = "x \u200bb\u200bo\u200bb\u200b y"
    start = fold(text).text.index("bob")

    assert fold(text).span(start, start + 3) == (3, 8)
    assert text[3:8] == "b\u200bo\u200bb"


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_every_folded_character_has_a_place_in_order(text: str) -> None:
    """Whatever the text, each folded character is led back to one character, and the order stays."""
    folded = fold(text)
    places = [folded.span(at, at + 1) for at in range(len(folded.text))]

    assert all(end - start == 1 for start, end in places)
    assert places == sorted(set(places))
    assert all(0 <= start < len(text) for start, _ in places)
