"""What no operator may touch, and edits around it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.spans import changed_outside, edited, is_protected, protected_spans, sentence_spans, substrings

PROTECTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("nothing here", ()),
    ("order 12345, please", ("12345",)),
    ("paid $1,299.50.", ("$1,299.50",)),
    ("on 2026-03-01 at 10:30am!", ("2026-03-01", "10:30am")),
    ("the 5th, SKU-44b/2; (977) 625-2661", ("5th", "SKU-44b/2", "977", "625-2661")),
    ("१२३ दिन", ("१२३",)),
    ("订单12345在哪里", ("12345",)),
    ("mail ann.lee+x@example.co.uk.", ("ann.lee+x@example.co.uk",)),
    ("see https://a.example/b?c=d, ok", ("https://a.example/b?c=d",)),
    ("www.shop.example. Thanks", ("www.shop.example",)),
    ("shop.com is down", ("shop.com",)),
    ("hello <EMAIL_1> and [NAME]", ("<EMAIL_1>", "[NAME]")),
    ("use `rm -rf` or ```\nx = y\n```", ("`rm -rf`", "```\nx = y\n```")),
    ("dear {{ first name }} {city} {% if x %}", ("{{ first name }}", "{city}", "{% if x %}")),
    ("ask @anna_lee now", ("@anna_lee",)),
    ("on XX/XX at XXXX", ("XX/XX", "XXXX")),
)


@pytest.mark.parametrize(("text", "expected"), PROTECTED)
def test_these_stretches_are_protected(text: str, expected: tuple[str, ...]) -> None:
    """Digits, addresses, placeholders, code, templates and handles, without the punctuation around them."""
    assert substrings(text, protected_spans(text)) == expected


def test_patterns_of_the_spec_are_protected_and_joined_with_what_they_overlap() -> None:
    """A fact that overlaps a number is one stretch with it."""
    text = "a blue Model 5 shirt"

    assert substrings(text, protected_spans(text, ("blue", "Model 5 s", ""))) == ("blue", "Model 5 s")


@given(st.text(max_size=200))
def test_spans_are_sorted_apart_and_cover_every_digit(text: str) -> None:
    """No digit of any script stands outside."""
    spans = protected_spans(text)

    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    assert all(is_protected(spans, at, at + 1) for at, char in enumerate(text) if char.isdecimal())


@given(st.text(max_size=100), st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=4))
def test_a_question_of_overlap_agrees_with_counting(text: str, wanted: list[tuple[int, int]]) -> None:
    """Bisection finds what a look at every span finds."""
    spans = protected_spans(text + " 12 ab3 x@y.zz")
    for start, end in wanted:
        if start < end:
            assert is_protected(spans, start, end) == any(left < end and start < right for left, right in spans)


@given(st.text(max_size=200))
def test_changing_outside_keeps_what_is_inside(text: str) -> None:
    """With the identity nothing moves; with a change the protected stretches are still there."""
    spans = protected_spans(text)
    new = changed_outside(text, spans, lambda piece: "." * len(piece))

    assert changed_outside(text, spans, lambda piece: piece) == text
    assert substrings(new, spans) == substrings(text, spans)


def test_edits_apply_from_left_to_right() -> None:
    """What lies between edits stays."""
    assert edited("abcdef", [(0, 1, "x"), (3, 3, "-"), (5, 6, "")]) == "xbc-de"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("no mark", ("no mark",)),
        ("One. Two? Three!", ("One.", "Two?", "Three!")),
        ("Mr. Lee paid 3.50 e.g. today. Ok", ("Mr. Lee paid 3.50 e.g. today.", "Ok")),
        ("first line\nsecond line", ("first line", "second line")),
        ("我要退货。订单在哪里？", ("我要退货。", "订单在哪里？")),
        ("वह टूट गया। मदद करें।", ("वह टूट गया।", "मदद करें।")),
        ("see `a. b` now. Then", ("see `a. b` now.", "Then")),
        ("... well", ("...", "well")),
    ],
)
def test_sentences(text: str, expected: tuple[str, ...]) -> None:
    """Marks of several scripts end a sentence; titles, numbers and code do not."""
    assert substrings(text, sentence_spans(text, protected_spans(text))) == expected
