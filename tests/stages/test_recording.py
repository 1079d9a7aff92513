"""Drafts of decisions to decisions: bound to the candidate as it is, all of them or none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evalspec.diagnostics import Diagnostic, SpecError
from evalspec.model.case import Candidate, Drop, Lineage, Message
from evalspec.model.ledger import Decision, Ledger
from evalspec.model.source import SourceFile
from evalspec.model.spec import Mix, Part, Spec, Task
from evalspec.stages.content import content_digest
from evalspec.stages.ledger import line_text, read_ledger
from evalspec.stages.recording import Recording, decisions_from_drafts

SPEC = Spec(
    name="s",
    path="s.yaml",
    folder=".",
    task=Task(expected=(Part(name="expected", values=("deny", "refund")),), short_expected=True),
    mix=Mix(size=1, counts=()),
)
CHAT = (
    Message(role="user", content="hello"),
    Message(role="assistant", content="Which order?"),
    Message(role="user", content="4481"),
)
TEXT = Candidate(
    id="prompted.delay.01",
    pool="prompted",
    technique="prompted",
    stratum="delay",
    input="where is it",
    provenance="synth-delay",
    track="happy",
    language="en",
    expected="refund",
    lineage=Lineage(pool="prompted"),
)
MADE: dict[str, Candidate | Drop] = {
    TEXT.id: TEXT,
    "prompted.delay.02": replace(TEXT, id="prompted.delay.02", input=CHAT),
    "prompted.delay.03": Drop(
        id="prompted.delay.03", stage="generate", reason="lost_fact", pool="prompted", stratum="delay"
    ),
}


def draft(*drafts: dict[str, object], ledger: Ledger | None = None, **about: object) -> tuple[Decision, ...]:
    """Record drafts as ann on one day."""
    given = Recording(**({"reviewer": "ann", "date": "2026-03-01"} | about))  # type: ignore[arg-type]
    file = SourceFile(path="drafts.jsonl", text="\n".join(json.dumps(one) for one in drafts))
    return decisions_from_drafts(file, MADE.get, MADE, ledger or Ledger(), SPEC, given)


def refused(*drafts: dict[str, object], ledger: Ledger | None = None, **about: object) -> list[tuple[str, int]]:
    """The code and line of everything that is wrong with the drafts."""
    with pytest.raises(SpecError) as caught:
        draft(*drafts, ledger=ledger, **about)
    found: tuple[Diagnostic, ...] = caught.value.diagnostics
    return [(one.code, one.span.line if one.span else 0) for one in found]


def keep(case: str = TEXT.id, **fields: object) -> dict[str, object]:
    """A draft that keeps a case."""
    return {"case": case, "verdict": "keep"} | fields


def test_a_draft_is_bound_to_the_candidate_as_it_is() -> None:
    """Digest, reviewer, day and guidelines are filled in, and the line can be read back from the reviewer's file."""
    (found,) = draft(keep(seconds=4), guidelines="a" * 32)

    assert (found.digest, found.reviewer, found.date) == (content_digest(TEXT), "ann", "2026-03-01")
    assert (found.guidelines, found.seconds) == ("a" * 32, 4)
    assert read_ledger([SourceFile(path="s/ledger/ann.jsonl", text=line_text(found))]).decisions == (found,)


def test_a_text_for_a_conversation_takes_the_place_of_the_users_last_message() -> None:
    """The other turns stay as they are, and the ledger holds the whole conversation."""
    (found,) = draft({"case": "prompted.delay.02", "verdict": "fix", "input": "order 4481"})

    assert found.input == (*CHAT[:2], Message(role="user", content="order 4481"))


def test_a_fix_of_one_part_keeps_the_others() -> None:
    """Parts that a fix does not name stay as the candidate has them."""
    task = Task(expected=(Part(name="decision", values=("deny", "refund")), Part(name="why", kind="text")))
    made = replace(TEXT, expected={"decision": "deny", "why": "late"})
    file = SourceFile(path="d", text=json.dumps(keep(verdict="fix", expected={"decision": "refund"})))
    about = Recording(reviewer="ann", date="2026-03-01")

    (found,) = decisions_from_drafts(file, lambda case: made, (), Ledger(), replace(SPEC, task=task), about)

    assert found.expected == {"decision": "refund", "why": "late"}


def test_a_reviewer_decides_once_unless_the_decision_supersedes() -> None:
    """A second reviewer may judge the same text; the same one may not, but may correct and may retire."""
    before = Ledger(decisions=draft(keep()))

    assert refused(keep(), ledger=before) == [("V412", 1)]
    assert [one.reviewer for one in draft(keep(blind=True), ledger=before, reviewer="bob")] == ["bob"]
    assert [one.verdict for one in draft(keep(verdict="retire", reason="all_pass"), ledger=before)] == ["retire"]
    (corrected,) = draft(keep(verdict="drop", reason="unnatural"), ledger=before, supersede=True)
    assert corrected.supersedes == (before.decisions[0].line_digest,)


def test_every_problem_of_every_draft_is_named_and_nothing_is_recorded() -> None:
    """Unknown cases, cases without a text, texts that changed, wrong lines and second decisions, each on its line."""
    drafts = (
        keep("prompted.delya.01"),
        keep("prompted.delay.03"),
        keep(digest="0" * 32),
        keep(verdict="drop"),
        {"verdict": "keep"},
        keep(why="first"),
        keep("prompted.delay.02"),
        keep("prompted.delay.02"),
        keep(reviewer="bob"),
    )

    assert refused(*drafts) == [
        ("V411", 1),
        ("V411", 2),
        ("V413", 3),
        ("V406", 4),
        ("V404", 5),
        ("V403", 6),
        ("V412", 8),
        ("V409", 9),
    ]
    assert refused(keep(verdict="fix", expected="refnd")) == [("V410", 1)]
    assert refused(keep(), supersede=True) == [("V412", 1)]


def test_a_misspelled_case_gets_a_suggestion() -> None:
    """The id that was most likely meant is named."""
    with pytest.raises(SpecError) as caught:
        draft(keep("prompted.dlay.01"))

    assert caught.value.diagnostics[0].label == "did you mean `prompted.delay.01`?"
