"""Which real texts and words an audit may show."""

from __future__ import annotations

import pytest

from evalspec.auditing.examples import PERSONAL, Examples, opening_of_nobody
from evalspec.model.audit import AuditRow
from evalspec.model.outcome import Measurement

REAL = tuple(
    AuditRow(line=n, turns=(text,))
    for n, text in enumerate(
        [
            *["where is my parcel now"] * 6,
            "where is my parcel now Rosa",
            "now my parcel is where 12",
            "parcel@where.now is my",
        ]
    )
)
SHOWN = Examples.of(REAL, lambda text: text.replace("now is", "<X>"))


@pytest.mark.parametrize(
    ("text", "is_showable"),
    [
        ("where is my parcel now", True),
        ("where is my parcel now Rosa", False),
        ("now my parcel is where 12", False),
        ("where my parcel @ now", False),
        ("where now is my parcel", False),
        ("", False),
    ],
)
def test_a_text_is_shown_when_it_could_be_anybodys(text: str, is_showable: bool) -> None:
    """A word that few texts share, a digit, an @ and what a detector finds each keep it back."""
    assert SHOWN.is_showable(text) is is_showable


def test_missed_texts_come_from_empty_regions_first() -> None:
    """Of the listed texts those that may be shown are; a text that a region cut is no example."""
    regions = {
        "thin": [
            {"cases": 2, "examples": ["is my parcel now where"]},
            {"cases": 0, "examples": ["my parcel now where is", "where is my parcel now Rosa", "my parcel…"]},
        ]
    }
    rows = (
        Measurement(measure="coverage", version=1, value=0.5, detail={"missed": ["s6", "s0"]}),
        Measurement(measure="thin_regions", version=1, value=2.0, detail=regions),
    )

    assert SHOWN.missed(rows) == ("my parcel now where is", "where is my parcel now")


def test_regions_keep_no_text_and_no_word_that_names_somebody() -> None:
    """The details of a measure go into JSON as they are: nothing may be left in them."""
    thin = [{"cases": 0, "words": ["parcel", "rosa"], "examples": ["where is my parcel now Rosa", "my parcel now"]}]
    row = SHOWN.cleaned(
        Measurement(measure="thin_regions", version=1, value=1.0, detail={"thin": thin, "note": "now is"})
    )

    assert row.detail == {"thin": [{"cases": 0, "words": ["parcel"], "examples": ["my parcel now"]}], "note": "<X>"}


def test_an_opening_of_personal_data_is_not_shown() -> None:
    """The words of an address are no address to a detector: what they were taken from is asked."""
    rows = [AuditRow(line=1, turns=("now is it late",)), AuditRow(line=2, turns=("where is it",))]

    assert opening_of_nobody("now is it", rows, lambda text: text.replace("now is", "<X>")) == PERSONAL
    assert opening_of_nobody("where is it", rows, lambda text: text.replace("now is", "<X>")) == "where is it"
