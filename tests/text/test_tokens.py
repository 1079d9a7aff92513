"""Tokens, openings and n-grams are the ones that the definitions of measures.md name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.tokens import _TOKEN, document_counts, ngrams, opening_of, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Don't cancel order #4481! 明日の天気 हिन्दी L’été 3.5%",
            ("don't", "cancel", "order", "4481", "明", "日", "の", "天", "気", "हिन्दी", "l'été", "3", "5"),
        ),
        ("", ()),
        ("?!? ...", ()),
        ("'quoted' rock'n'roll o''clock", ("quoted", "rock'n'roll", "o", "clock")),
        ("snake_case A1", ("snake_case", "a1")),
        ("ที่นี่", ("ที่", "นี่")),
        ("ΑΣ ß", ("ας", "ß")),
    ],
)
def test_tokens_are_words_or_single_characters_where_no_spaces_are_written(
    text: str, expected: tuple[str, ...]
) -> None:
    assert tokens(text) == expected


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_quick_way_for_ascii_gives_the_tokens_of_the_general_way(text: str) -> None:
    assert tokens(text) == tuple(_TOKEN.findall(unicodedata.normalize("NFC", text).lower()))


@given(st.text())
def test_composed_and_decomposed_text_have_the_same_tokens(text: str) -> None:
    assert tokens(unicodedata.normalize("NFC", text)) == tokens(unicodedata.normalize("NFD", text))


def test_an_opening_is_three_tokens_with_masked_digits() -> None:
    assert opening_of(("order", "4481", "is", "late")) == ("order", "#", "is")
    assert opening_of(("hi",)) == ("hi",)


def test_ngrams_of_a_short_text_are_none() -> None:
    assert ngrams(("a", "b", "c"), 2) == (("a", "b"), ("b", "c"))
    assert ngrams(("a",), 2) == ()


def test_document_counts_count_a_token_once_a_text() -> None:
    assert document_counts([("a", "a", "b"), ("b",)]) == {"a": 1, "b": 2}
