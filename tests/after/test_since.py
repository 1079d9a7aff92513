"""A ledger is append-only: whatever is taken out of it is found, and no order of its lines is a loss."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from evalspec.after.since import added_lines, guard_problems, ledger_change, ledger_problems
from evalspec.diagnostics import Exit
from evalspec.model.diff import Lowered, said
from evalspec.model.ledger import Decision

LINES = st.lists(st.integers(0, 6).map(lambda at: json.dumps({"case": f"seed.{at}", "verdict": "keep"})), max_size=8)


def files(lines: list[str], names: tuple[str, ...] = ("a",)) -> dict[str, str]:
    """Lines dealt out to files in turn."""
    return {name: "".join(f"{line}\n" for line in lines[at :: len(names)]) for at, name in enumerate(names)}


@given(LINES, LINES, st.randoms(use_true_random=False))
def test_moved_and_added_lines_are_no_loss(before: list[str], more: list[str], random: object) -> None:
    """Any order, any file, anything added: nothing is gone."""
    after = [*before, *more]
    random.shuffle(after)  # type: ignore[attr-defined]  # hypothesis gives a `random.Random`
    assert ledger_change(files(before), files(after, ("a", "b")), ()).removed == {}


@given(LINES.filter(bool), st.data())
def test_every_line_taken_out_is_found(before: list[str], data: st.DataObject) -> None:
    """One line less is one loss, also of a line that stands there twice."""
    at = data.draw(st.integers(0, len(before) - 1))
    change = ledger_change(files(before), files(before[:at] + before[at + 1 :]), ())

    assert change.removed == {"a": (before[at],)}
    (problem,) = ledger_problems(change, "specs", "main")
    assert (problem.path, problem.exit) == ("specs/a", Exit.INTEGRITY)


def test_a_line_that_nobody_can_read_is_counted() -> None:
    """What is no decision is named as that, and no text of it is repeated."""
    change = ledger_change({"a": "{not json ::error::\n"}, {}, ())
    (problem,) = ledger_problems(change, "", "main")
    assert "a line that is no decision" in problem.message
    assert "::error::" not in problem.message


def test_what_lowers_the_guard_is_an_error_only_on_request() -> None:
    """A warning without --no-loosen, else exit 1."""
    lowered = [Lowered(kind="gate", name="g", said=said("gate {}: min {} is now {}", "g", 3, 2))]
    assert [one.severity for one in guard_problems(lowered, "a.yaml", no_loosen=False)] == ["warning"]
    (problem,) = guard_problems(lowered, "a.yaml", no_loosen=True)
    assert (problem.severity, problem.exit) == ("error", Exit.FINDING)
    assert "gate `g`: min `3` is now `2`" in problem.message


def test_added_decisions_by_reviewer_and_verdict() -> None:
    """One line a reviewer, verdict and reason; more than ten cases are counted."""
    keeps = [_decision(f"seed.{at:02d}", "ann", "keep", None) for at in range(12)]
    lines = added_lines([*keeps, _decision("seed.99", "bob", "drop", "no_op")])

    assert lines[0].startswith("ann: 12 keep: seed.00, seed.01")
    assert lines[0].endswith(" and 2 more")
    assert lines[1] == "bob: 1 drop (no_op): seed.99"


def _decision(case: str, reviewer: str, verdict: str, reason: str | None) -> Decision:
    return Decision(
        case=case,
        digest="0" * 32,
        verdict=verdict,  # type: ignore[arg-type]  # one of the four
        reviewer=reviewer,
        date="2026-03-01",
        reason=reason,
    )
