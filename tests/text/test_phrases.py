"""Words and phrases of a list in a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.phrases import WORD, find_phrases, phrases, plain_words

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


def looked_up(text: str) -> list[tuple[int, int, str, str, str]]:
    """Find the same by looking at every word and every phrase in turn."""
    spans, words = [one.span() for one in WORD.finditer(text)], plain_words(text)
    places: list[tuple[int, int, str, str, str]] = []
    at = 0
    while at < len(words):
        for key in sorted(LISTED, key=lambda one: (-len(plain_words(one)), one)):
            wanted = plain_words(key)
            last = at + len(wanted) - 1
            if words[at : last + 1] != wanted:
                continue
            if any(text[spans[one][1] : spans[one + 1][0]] not in (" ", "-") for one in range(at, last)):
                continue
            start, end = spans[at][0], spans[last][1]
            before, after = text[start - 2 : start] if start > 1 else "", text[end : end + 2]
            if (before[1:] == "-" and before[0].isalnum()) or (after[:1] == "-" and after[1:].isalnum()):
                continue
            gaps = (
                text[spans[at - 1][1] : start] if at else "",
                text[end : spans[last + 1][0]] if last + 1 < len(words) else "",
            )
            previous = words[at - 1] if gaps[0].isspace() else ""
            following = words[last + 1] if gaps[1].isspace() else ""
            places.append((start, end, key, previous, following))
            at = last
            break
        at += 1
    return places


LISTED = ("a", "a b", "a b c", "b-c", "don't", "i'm a", "é", "é a", "ss")
PIECES = st.sampled_from([*"abcABÉéİß1_'’- .x", "\n", "\x1d", "  ", "ss", "don't", "DON’T", "i'm"])


@given(st.lists(PIECES, max_size=16).map("".join))
def test_places_are_those_of_a_plain_search(text: str) -> None:
    """Quick ways for plain texts find what looking at every word finds."""
    known = phrases(LISTED)

    assert [(one.start, one.end, one.phrase, one.previous, one.following) for one in find_phrases(text, known)] == (
        looked_up(text)
    )
