"""Raw rows to what is measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from evalspec.auditing.rows import LONGEST_TEXT, Counts, read_audit_rows
from evalspec.model.audit import AuditFields, AuditRow
from evalspec.model.row import RawRow
from evalspec.row_problems import RowProblems


def read(values: Sequence[Mapping[str, object]], **columns: str) -> tuple[tuple[AuditRow, ...], RowProblems, Counts]:
    problems, counts = RowProblems("set.jsonl"), Counts()
    fields = AuditFields(text="ask", **columns)  # type: ignore[arg-type]  # columns are texts here
    raws = [RawRow(line=at, values=one) for at, one in enumerate(values, start=1)]
    return read_audit_rows(raws, fields, problems, counts), problems, counts


@pytest.mark.parametrize(
    ("value", "turns"),
    [
        ("Where is it?", ("Where is it?",)),
        (12, ("12",)),
        (["One.", "Two."], ("One.\nTwo.",)),
        (
            [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
                {"role": "user", "content": "you?"},
            ],
            ("Hi", "you?"),
        ),
        ('[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]', ("Hi",)),
        ([["customer", "Hi"], ["agent", "Yes?"], ["customer", "Late!"]], ("Hi", "Late!")),
        ([{"text": "Hi", "intent": "x"}, {"text": "Late!"}], ("Hi", "Late!")),
        ("[1, 2] is my list", ("[1, 2] is my list",)),
    ],
)
def test_what_the_user_wrote_is_what_is_measured(value: object, turns: tuple[str, ...]) -> None:
    """A text, a number, lines, or a conversation of which others' turns are context."""
    rows, problems, _ = read([{"ask": value}])

    assert [row.turns for row in rows] == [turns]
    assert not problems.warnings


def test_a_bad_row_is_a_warning_with_its_line_and_a_count() -> None:
    """The rest is read; an empty text is counted apart."""
    rows, problems, counts = read(
        [{"ask": "a b"}, {"ask": {"x": 1}}, {"ask": [{"role": "king", "content": "c"}]}, {"ask": "  "}, {"other": 1}]
    )

    assert [row.line for row in rows] == [1]
    assert [(one.code, one.span.line if one.span else 0) for one in problems.warnings] == [("A804", 2), ("A804", 3)]
    assert (counts.refused, counts.blank) == (2, 2)


def test_a_text_is_cut_at_what_is_measured() -> None:
    """An attachment costs no more than a long chat, and is counted."""
    rows, _, counts = read([{"ask": "a" * (LONGEST_TEXT + 5)}, {"ask": "b"}])

    assert [len(row.text) for row in rows] == [LONGEST_TEXT, 1]
    assert counts.cut == 1


def test_many_long_texts_are_cut_at_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short ones stay whole, and what was cut is counted."""
    monkeypatch.setattr("evalspec.auditing.rows.MOST_TEXT", 3_000)
    rows, _, counts = read([{"ask": "a" * 900}, {"ask": "b" * 300}, *({"ask": "c" * 600} for _ in range(5))])

    sizes = [len(row.text) for row in rows]
    assert sum(sizes) <= 3_000 and sizes[1] == 300 and len(set(sizes)) == 2
    assert counts.cut == 6


CHOICES = ["red", "green", "blue"]


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ([("q", "A", CHOICES), ("q", "c", CHOICES)], [(0, 3), (2, 3)]),
        ([("q", " (B)", CHOICES), ("q", "A.", CHOICES)], [(1, 3), (0, 3)]),
        ([("q", 0, CHOICES), ("q", 2, CHOICES)], [(0, 3), (2, 3)]),
        ([("q", 1, CHOICES), ("q", 3, CHOICES)], [(0, 3), (2, 3)]),
        ([("q", "green", CHOICES), ("q", "red", CHOICES)], [(1, 3), (0, 3)]),
        ([("q", "A", {"text": CHOICES}), ("q", "B", {"text": CHOICES})], [(0, 3), (1, 3)]),
        ([("Is it?\n (A) Yes\n (B) No", "(A)", None), ("Or?\nA. x\nB. y\nC. z", "C", None)], [(0, 2), (2, 3)]),
        ([("q", "A", None), ("q", "B", None)], [None, None]),
        ([("q", "D", CHOICES), ("q", "A", CHOICES)], [None, None]),
        ([("q", "red", CHOICES), ("q", "violet", CHOICES)], [None, None]),
        ([("q", "A", CHOICES), ("q", "A", CHOICES)], [None, None]),
        ([("q", "B", CHOICES)] * 20, [(1, 3)] * 20),
    ],
)
def test_where_the_right_answer_stands(
    rows: Sequence[tuple[str, object, object]], places: Sequence[tuple[int, int] | None]
) -> None:
    """A letter, a number from 0 or 1, or a choice word for word; letters without choices may be classes."""
    found, *_ = read([{"ask": a, "key": k, "choices": c} for a, k, c in rows], label="key", choices="choices")

    assert [None if one.place is None else (one.place, one.choices) for one in found] == list(places)
