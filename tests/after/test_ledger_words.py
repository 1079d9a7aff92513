"""What changed in a ledger is said in words, and the words add up to the counts of the two locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from checkouts import case_ids, checkout, decide, edit_spec, keep_all

from evalspec.after.ledger_words import ledger_words
from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.model.ledger import Decision, DecisionVerdict
from evalspec.stages.ledger import line_digest

Capture = pytest.CaptureFixture[str]


def line(
    case: str, verdict: DecisionVerdict = "keep", reviewer: str = "ann", over: Sequence[Decision] = ()
) -> Decision:
    """A decision about the one text of a case."""
    made = Decision(
        case=case,
        digest=f"{case}-text",
        verdict=verdict,
        reviewer=reviewer,
        date="2026-03-01",
        supersedes=tuple(one.line_digest for one in over),
    )
    return replace(made, line_digest=line_digest(made))


A, B, C = line("a"), line("b"), line("c")
OTHER = line("a", "drop", "bob")
OVERRULES = line("a", "drop", "bob", over=[A])


@pytest.mark.parametrize(
    ("before", "after", "was", "now", "words"),
    [
        ([A], [A, B, C], 1, 3, "decisions: 2 added (1 applied before, 3 now)"),
        ([A, B], [A, B, OVERRULES], 2, 2, "decisions: 1 added, 1 replaced (2 applied before, 2 now)"),
        ([A, B], [A, B, OTHER], 2, 1, "decisions: 1 disputed by another (2 applied before, 1 now)"),
        ([A, B], [A], 2, 1, "decisions: 1 taken out (2 applied before, 1 now)"),
        ([A, OVERRULES], [A], 1, 1, "decisions: 1 taken out, 1 in force again (1 applied before, 1 now)"),
        (
            *([A, B], [A, B, C], 2, 2),
            "decisions: 1 added, 1 no longer applies, as its case changed or left (2 applied before, 2 now)",
        ),
        (
            *([A, B, C], [A, B, C], 3, 1),
            "decisions: 2 no longer apply, as their cases changed or left (3 applied before, 1 now)",
        ),
        ([A, B], [A, B], 1, 2, "decisions: 1 applies again, as its case is what was read (1 applied before, 2 now)"),
        ([A, B], [A, B], 1, 1, "as many decisions apply, to cases that changed or came in (1 applied before, 1 now)"),
    ],
)
def test_what_came_went_or_lost_its_case(
    before: list[Decision], after: list[Decision], was: int, now: int, words: str
) -> None:
    """Each way in which a decision can start or stop to count has its own words."""
    assert ledger_words(before, after, was, now).plain == f"the ledger: {words}"
    assert ledger_words(before[::-1], after[::-1], was, now).plain == f"the ledger: {words}"


def test_without_the_ledgers_only_the_counts_are_said() -> None:
    """Two lock files alone do not tell which decisions apply, and the sentence says so."""
    found = ledger_words(None, [A], 112, 112).plain

    assert found == (
        "the ledger: other decisions apply, and which ones only the ledgers tell (112 applied before, 112 now)"
    )


def test_the_words_of_a_real_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A fix in place of a keep, and a label changed under two keeps that are read again: all of it adds up."""
    monkeypatch.chdir(tmp_path)
    spec = checkout(tmp_path)
    case = next(name for name in case_ids(spec, "prompted") if ".table." in name)
    decide(spec, case, "fix", "--input", "one leg of my table is short, what now?")
    edit_spec(spec, lambda data: data["axes"]["item"]["clock"].update(expected="track"))
    clocks = sum(".clock." in name for name in case_ids(spec, "prompted"))
    keep_all(spec)
    assert run(["build", spec, "-q"]) == Exit.OK
    capsys.readouterr()

    assert run(["diff", spec]) == Exit.OK

    text = capsys.readouterr().out
    assert f"the ledger: decisions: {clocks + 1} added, 1 replaced, {clocks} no longer apply" in text
    assert "other decisions" not in text
