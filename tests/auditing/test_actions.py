"""What to do first: by how much of the set is wrong."""

from __future__ import annotations

import pytest

from evalspec.auditing.actions import first_actions
from evalspec.model.audit import AuditFields, AuditFile, AuditRow, Finding, Status

FILE = AuditFile(
    name="set.jsonl",
    form="JSONL",
    fields=AuditFields(text="ask"),
    rows=tuple(AuditRow(line=n, turns=("Hi",)) for n in range(100)),
)


def finding(key: str, status: Status = "warning", **figures: object) -> Finding:
    return Finding(key=key, section="s", title=key, status=status, words=f"words of {key}", n=100, figures=figures)


UNSAID = finding("from_people", unsaid=100, people=0)
UNCHECKED = finding("verified", value=None)
LEAK = finding("training_overlap", "error", share=0.003)


@pytest.mark.parametrize(
    ("found", "order"),
    [
        ([UNSAID, UNCHECKED], ["from_people", "verified"]),
        ([UNSAID, finding("duplicates", value=0.4)], ["duplicates", "from_people"]),
        ([UNSAID, finding("duplicates", value=0.02)], ["from_people", "duplicates"]),
        (
            [UNSAID, finding("duplicates", value=0.4, at_size=0.4, seeds=0.39), finding("coverage", gap=0.2)],
            ["coverage", "from_people", "duplicates"],
        ),
        ([UNSAID, finding("answer_places", value=1.0, even=0.25), finding("coverage", gap=0.5)],
         ["answer_places", "coverage", "from_people"]),
        ([finding("from_people", unsaid=0, people=0), finding("coverage", gap=0.2)], ["from_people", "coverage"]),
        (
            [finding("coverage", gap=0.5), finding("duplicates", value=0.4), UNSAID, UNCHECKED, LEAK],
            ["coverage", "duplicates", "training_overlap"],
        ),
        ([finding("coverage", "report", gap=0.5)], []),
    ],
)  # fmt: skip
def test_the_larger_fault_comes_first_and_an_error_is_never_left_out(found: list[Finding], order: list[str]) -> None:
    """What nobody has said comes behind what is wrong with much of the set, and before what is wrong with little."""
    assert [one.finding for one in first_actions(found, (), FILE)] == order


def test_a_file_that_is_mostly_unread_is_looked_at_first() -> None:
    """Figures of a tenth of the rows are about another set."""
    file = AuditFile(name="s", form="CSV", fields=FILE.fields, rows=FILE.rows, blank=100)

    assert [
        one.finding for one in first_actions([UNSAID, UNCHECKED, LEAK, finding("coverage", gap=1.0)], (), file)
    ] == [
        "read",
        "coverage",
        "training_overlap",
    ]
