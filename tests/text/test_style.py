"""Style facts that a text was given are style facts that it keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.stream import Stream
from evalspec.text.style import STYLE_FACTS, apply_style, check_style


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("I paid £3.50. Why?", {"casing": "lower"}, "i paid £3.50. why?"),
        ("i paid. why? because i did", {"casing": "sentence"}, "I paid. Why? Because I did"),
        ("No! Send 3.50, at 12:30; now...", {"punctuation": "none"}, "No Send 3.50 at 12:30 now"),
        ("Well; it came. Broken!", {"punctuation": "light"}, "Well, it came. Broken"),
        ("where is it", {"punctuation": "full"}, "where is it."),
        ("please help you know", {"abbreviations": "some"}, "pls help u know"),
        ("Fine 🙂 then", {"emoji": "none"}, "Fine then"),
    ],
)
def test_a_style_is_applied(text: str, style: dict[str, str], expected: str) -> None:
    assert apply_style(text, style, Stream("style")) == expected


def test_protected_strings_stay_as_they_are_and_are_not_judged() -> None:
    text = apply_style(
        "Order AB-12.X is late.", {"casing": "lower", "punctuation": "none"}, Stream("a"), protected=("AB-12.X",)
    )

    assert text == "order AB-12.X is late"
    assert check_style(text, {"casing": "lower", "punctuation": "none"}, protected=("AB-12.X",)) == ()
    assert check_style(text, {"casing": "lower"}) == ("casing",)


@pytest.mark.parametrize(
    ("words", "kept"),
    [(1, {"terse"}), (8, {"terse", "short"}), (16, {"short", "medium"}), (40, {"medium", "long"}), (60, {"long"})],
)
def test_lengths_are_bands_of_words(words: int, kept: set[str]) -> None:
    text = "word " * words

    assert {band for band in STYLE_FACTS["length"] if not check_style(text, {"length": band})} == kept


_TEXTS = st.text(alphabet="aI. ,!?5;:'", min_size=1).filter(str.strip)


@given(_TEXTS, st.sampled_from(["lower", "sentence", "upper"]), st.sampled_from(["none", "full"]))
def test_what_was_applied_is_kept(text: str, casing: str, punctuation: str) -> None:
    style = {"casing": casing, "punctuation": punctuation}

    styled = apply_style(text, style, Stream("law"))

    assert check_style(styled, {"punctuation": punctuation}) == ()
    assert casing == "sentence" or check_style(styled, {"casing": casing}) == ()


@pytest.mark.parametrize(
    ("text", "style", "failed"),
    [
        ("Fine.", {"casing": "lower", "punctuation": "none"}, ("casing", "punctuation")),
        ("fine 🙂", {"emoji": "none"}, ("emoji",)),
        ("thank you", {"abbreviations": "some"}, ("abbreviations",)),
        ("this is Fine. really", {"casing": "sentence"}, ("casing",)),
        ("it is late", {"punctuation": "full"}, ("punctuation",)),
        ("It is late!", {"punctuation": "light"}, ("punctuation",)),
    ],
)
def test_what_is_not_kept_is_named(text: str, style: dict[str, str], failed: tuple[str, ...]) -> None:
    assert check_style(text, style) == failed
