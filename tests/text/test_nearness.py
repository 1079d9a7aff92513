"""Only what differs by nothing but noise is a duplicate."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.text.nearness import NearIndex, duplicate_pairs, is_misspelling, noise_key, same_but_noise
from evalspec.text.tokens import tokens


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("cancel my order 4481", "Cancel my order, 4481!", True),
        ("please cancel my order", "cancel my order", True),
        ("where is my refund", "where is my refnud", True),
        ("my reimbursement is late", "my reimbusrment is late", True),  # two slips in a long word
        ("cancel order 4481", "cancel order 4482", False),
        ("i can cancel it", "i can't cancel it", False),
        ("refund before delivery", "refund after delivery", False),
        ("increase my limit", "decrease my limit", False),
        ("you do know it", "do you know it", False),  # order
        ("my card was stolen", "my cart was stolen", True),  # `cart` stands nowhere else: a slip
        ("???", "???", False),
    ],
)
def test_the_rule_by_example(left: str, right: str, same: bool) -> None:
    assert same_but_noise(tokens(left), tokens(right), lambda form: False) is same


def test_two_words_that_both_stand_elsewhere_are_no_slip() -> None:
    left, right = tokens("i was charged twice"), tokens("i was changed twice")

    assert same_but_noise(left, right, lambda form: form == "charged")
    assert not same_but_noise(left, right, lambda form: True)


@pytest.mark.parametrize(
    ("left", "right", "slip"),
    [("refund", "refnud", True), ("more", "most", False), ("ab1c", "ab2c", False), ("don't", "dont", False)],
)
def test_what_counts_as_a_misspelling(left: str, right: str, slip: bool) -> None:
    assert is_misspelling(left, right) is slip


WORDS = st.sampled_from(
    ["please", "pleese", "refund", "refnud", "refunds", "the", "you", "order", "4481", "not", "kard"]
)
LINES = st.lists(WORDS, max_size=6)


@given(LINES, LINES)
@settings(max_examples=300)
def test_texts_that_differ_by_noise_share_a_key(left: list[str], right: list[str]) -> None:
    """The sieve of the index is a necessary condition of the rule."""
    if same_but_noise(left, right, lambda form: False):
        assert noise_key(left) == noise_key(right)


@given(LINES, LINES)
@settings(max_examples=200)
def test_the_rule_does_not_depend_on_the_side(left: list[str], right: list[str]) -> None:
    assert same_but_noise(left, right, lambda form: False) == same_but_noise(right, left, lambda form: False)


def test_the_index_returns_the_earliest_duplicate_and_skips_lineage() -> None:
    index = NearIndex()
    index.add("a", "Where is my refund?")
    index.add("b", "where is my refund")

    assert index.find("where is my refund!!")[0] == "a"  # type: ignore[index]
    assert index.find("where is my refund!!", {"a"})[0] == "b"  # type: ignore[index]
    assert index.find("where is my refund!!", {"a", "b"}) is None
    assert index.find("where is my parcel") is None


def test_a_word_of_the_corpus_is_not_a_slip() -> None:
    kept = "the courier charged me twice for one small blue parcel"
    asked = "the courier changed me twice for one small blue parcel"
    corpus = {"x": "they charged my card", "y": "i changed my mind"}

    alone, with_corpus = NearIndex(), NearIndex(corpus)
    alone.add("a", kept)
    with_corpus.add("a", kept)

    assert alone.find(asked) is not None
    assert with_corpus.find(asked) is None


def test_a_text_of_the_corpus_that_is_added_counts_once() -> None:
    kept = "the courier changed me twice for one small blue parcel"
    index = NearIndex({"a": kept, "x": "they charged my card"})
    index.add("a", kept)

    assert index.find(kept.replace("changed", "charged")) is not None


def test_signs_without_words_are_compared_as_written() -> None:
    index = NearIndex()
    index.add("a", "???")

    assert index.find(" ??? ") is not None
    assert index.find("!!!") is None


def test_pairs_are_found_once_whatever_the_order_of_rows() -> None:
    texts = {"a": "where is my refund", "b": "where is my refnud", "c": "please where is my refund", "d": "new"}
    pairs = duplicate_pairs(texts, {}, lambda left, right: {left, right} == {"a", "c"}, cosine=0.5)

    assert [(left, right) for left, right, _ in pairs] == [("a", "b"), ("b", "c")]
    assert pairs == duplicate_pairs(
        dict(reversed(texts.items())), {}, lambda left, right: {left, right} == {"a", "c"}, cosine=0.5
    )
