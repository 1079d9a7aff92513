"""Words and phrases of a list in a text."""

from __future__ import annotations

from evalspec.text.phrases import find_phrases, phrases

KNOWN = phrases(["order", "purchase order", "please", "don't know", "multi-factor login", "shirt"])


def found(text: str) -> list[tuple[str, str, str]]:
    """Return phrase and neighbours of each place."""
    return [(one.phrase, one.previous, one.following) for one in find_phrases(text, KNOWN)]


def test_the_longest_phrase_wins_and_none_overlap() -> None:
    """`purchase order` is not also `order`."""
    assert found("my Purchase Order or order") == [("purchase order", "my", "or"), ("order", "or", "")]


def test_case_apostrophes_and_hyphens_do_not_hide_a_phrase() -> None:
    """People write them in many ways."""
    assert found("I DON’T know the Multi-Factor LOGIN") == [
        ("don't know", "i", "the"),
        ("multi-factor login", "the", ""),
    ]


def test_a_neighbour_behind_punctuation_is_none() -> None:
    """A comma or the end of the text parts words."""
    assert found("yes, please, order") == [("please", "", ""), ("order", "", "")]
    assert found("order. please") == [("order", "", ""), ("please", "", "")]


def test_parts_of_hyphened_words_are_left_alone() -> None:
    """A T-shirt is no shirt; reordering is no order."""
    assert found("T-shirt re-order reorder orders order-id") == []
