"""Words and numbers of a report: names stay readable, and no text of a user or a spec becomes markup."""

from __future__ import annotations

import pytest

from evalspec.stages.reporting.figures import percent, plain_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rawness_lower is -0.162", "rawness_lower is -0.162"),
        ("agreement of `verdict` is low", "agreement of `verdict` is low"),
        ("opening `good evening i`", "opening `good evening i`"),
        ("case `persona.retiree.delay.03`", "case `persona.retiree.delay.03`"),
        ("opening `ok i'm seriously`", "opening `ok i'm seriously`"),
        ("term `<b>`", "term \\`\\<b\\>\\`"),
        ("one ` alone", "one \\` alone"),
        ("a | b * c [d](http://e.f)", "a \\| b \\* c \\[d\\](http:\u2060//e.f)"),
        ("`http://e.f` @ann", "`http:\u2060//e.f` \\@ann"),
        ("_loud_ and __init__", "\\_loud\\_ and \\_\\_init\\_\\_"),
        ("two\nlines\u202e", "two lines\\\\u202e"),
    ],
)
def test_a_text_is_quoted_without_becoming_markup(text: str, expected: str) -> None:
    """Underscores inside words and our own names in backticks stay; everything else that could be markup is escaped."""
    assert plain_text(text) == expected


def test_a_long_text_is_cut_outside_of_markup() -> None:
    """A name that is cut in the middle leaves no open backtick."""
    assert plain_text("see `averylongname`", limit=10) == "see \\`aver…"


def test_a_share_is_a_percentage_with_a_space() -> None:
    """As everywhere else in the report."""
    assert percent(0.2) == "20 %"
