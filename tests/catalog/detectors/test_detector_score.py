"""The published scores of the detectors, and what is promised of them whatever a text holds."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.privacy.score import (
    NEVER_MISTAKEN,
    PAGE,
    ROWS,
    STRUCTURED,
    Labelled,
    alarms,
    corpus,
    filled,
    scored,
    table,
)
from evalspec.catalog import load_catalog
from evalspec.stages.scrub import detectors_of, redact_texts
from tests.torture.privacy import BETWEEN, byte_tallies, same_rest

CORPUS = corpus()
DETECTORS = detectors_of(load_catalog())
LOWEST_RECALL = 0.98


def test_the_corpus_is_as_large_and_as_mixed_as_it_says() -> None:
    """At least 400 strings in eight languages, a third of them with nothing in them, and every detector's type."""
    assert len(CORPUS) >= 400
    assert len({row.language for row in CORPUS}) >= 8
    assert sum(not row.spans for row in CORPUS) * 3 >= len(CORPUS)
    assert all(bool(row.spans) != bool(row.mistakable) for row in CORPUS)
    assert {kind for row in CORPUS for _, _, kind in row.spans} == set(load_catalog().names("detector"))


def test_structured_types_are_found_and_orders_tracking_numbers_and_amounts_are_not_mistaken() -> None:
    """Recall of at least 0.98 for each structured type, no false alarm on what looks like one."""
    result = scored(CORPUS)

    assert {kind: result.types[kind].recall for kind in STRUCTURED if result.types[kind].recall < LOWEST_RECALL} == {}
    assert {kind: result.alarms[kind] for kind in NEVER_MISTAKEN if result.alarms[kind]} == {}


def test_the_page_says_what_the_corpus_gives() -> None:
    """`python -m benchmarks.privacy.score --write` would change nothing; a changed figure would be mended."""
    page, result = PAGE.read_text(encoding="utf-8"), scored(CORPUS)
    made = {"corpus": table(result), "alarms": alarms(CORPUS, result)}

    assert filled(page, made) == page
    assert filled(page.replace("| `email` | 50 |", "| `email` | 51 |", 1), made) == page


def test_a_missed_a_cut_and_a_false_finding_are_counted() -> None:
    """The score can be bad: it counts a span that is missed, one found in part, and a finding of nothing."""
    rows = [
        Labelled("mail ana@example.org", ((0, 20, "email"),)),
        Labelled("mail ana@example.org", ((0, 4, "email"),)),
    ]

    score = scored(rows).types["email"]

    assert (score.labelled, score.whole, score.part, score.findings, score.false) == (2, 0, 1, 2, 1)


def test_labels_of_real_rows_hold_no_text() -> None:
    """A line is a set, a digest and spans."""
    for line in ROWS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert set(row) == {"set", "id", "spans"}
        assert re.fullmatch("[0-9a-f]{16}", row["id"])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(st.sampled_from([row.text for row in CORPUS]), st.sampled_from(BETWEEN), st.text(max_size=6)),
        max_size=6,
    )
)
def test_only_values_are_replaced(pieces: list[str]) -> None:
    """Equal bytes but for the placeholders, the same again when replaced again, and no value left."""
    for tally in byte_tallies(["".join(pieces)], DETECTORS):
        assert tally.broken == [], tally.promise


def test_a_changed_byte_is_told() -> None:
    """The comparison of both texts can fail: a byte more, a byte less, or one changed beside the placeholder."""
    assert same_rest("mail a@b.de now", "mail <EMAIL_1> now")
    for after in ("mail <EMAIL_1> now.", "mail <EMAIL_1>now", "Mail <EMAIL_1> now", "mail a@b.de nov"):
        assert not same_rest("mail a@b.de now", after)


@pytest.mark.parametrize(
    "piece", ["my name is Ana Lopez, ", "u{}@example.org ", "call 206 555 {:04} ", "4111 1111 1111 1111 "]
)
def test_a_row_of_a_quarter_of_a_mebibyte_is_replaced(piece: str) -> None:
    """Thousands of values in one row end, and every one is replaced."""
    count = 256 * 1024 // len(piece)
    text = "".join(piece.format(at % 10_000) for at in range(count))

    ((done,), types) = redact_texts([("", text)], DETECTORS)

    assert len(types) == 1
    assert len(re.findall(r"<[A-Z]+_\d+>", done)) == count
