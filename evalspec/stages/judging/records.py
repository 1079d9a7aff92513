"""All that one juror said in a build to how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalspec.model.case import Anchor, Candidate, user_texts
from evalspec.model.jury import JurorRecord
from evalspec.model.spec import Spec
from evalspec.stages.judging.questions import UNSURE, Kind, Question, Told, expected_label
from evalspec.stats.agreement import balanced_accuracy, correlation

ANCHORS_LEAST = 10  # fewer say nothing about a juror: 20 to 30 are asked for, see docs/jury.md
CHANCE = 0.5  # balanced accuracy of a coin


def record_of(alias: str, told: Sequence[Told], spec: Spec) -> JurorRecord:
    """Count how a juror did: when asked again, with the labels turned, with what is expected, and on the anchors."""
    first = {_case(question): said for question, said in told if question.kind == "verdict" and said}
    pairs: dict[Kind, list[bool]] = {"repeat": [], "reorder": []}
    for question, said in told:
        before = first.get(_case(question))
        if said is None or before is None or question.kind not in pairs:
            continue
        same = said == before if question.kind == "repeat" else said.get("label") == before.get("label")
        pairs[question.kind].append(same)
    with_label: list[bool] = []
    seen: list[tuple[float, float]] = []
    for question, said in told:
        if question.kind != "verdict" or said is None or not isinstance(question.about, Candidate):
            continue
        expected = expected_label(question.about, spec)
        if expected is not None and said.get("label") not in (None, UNSURE):
            with_label.append(said["label"] == expected)
        size = sum(len(text) for text in user_texts(question.about.input))
        seen.append((float(size), float(said["plausible"] == "yes")))
    record = JurorRecord(
        alias=alias,
        asked=len(told),
        unread=sum(said is None for _, said in told),
        repeated=_held(pairs["repeat"]),
        reordered=_held(pairs["reorder"]),
        with_label=_held(with_label),
        length_correlation=correlation(seen),
    )
    return _with_anchors(record, told)


def _with_anchors(record: JurorRecord, told: Sequence[Told]) -> JurorRecord:
    """Add how a juror does where people know the answer; at or below chance its opinions count for nothing."""
    pairs = [
        (question.about.verdict, said["verdict"])
        for question, said in told
        if said is not None and isinstance(question.about, Anchor)
    ]
    balanced = balanced_accuracy(pairs)
    return replace(
        record,
        anchors=_held([true == given for true, given in pairs]),
        balanced=balanced,
        left_out=len(pairs) >= ANCHORS_LEAST and balanced is not None and balanced <= CHANCE,
    )


def _held(found: Sequence[bool]) -> tuple[int, int]:
    return sum(found), len(found)


def _case(question: Question) -> str | None:
    return question.about.id if isinstance(question.about, Candidate) else None
