"""What jurors say of candidates to why a person should look, and to how many jurors found the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.model.case import Candidate
from evalspec.model.jury import Flag, Opinion
from evalspec.model.spec import Spec
from evalspec.stages.judging.questions import UNSURE, Said, expected_label
from evalspec.stats.agreement import majority

EASY_JURORS = 3  # opinions on a case, before it can be said to be easy: two of two agree by chance too often


def opinion_of(case: str, juror: str, said: Said) -> Opinion:
    """Return the opinion that a verdict states."""
    label = said.get("label")
    return Opinion(
        case=case,
        juror=juror,
        plausible=said["plausible"] == "yes",
        in_cell=said["in_cell"] == "yes" if "in_cell" in said else None,
        in_persona=said["in_persona"] == "yes" if "in_persona" in said else None,
        label=None if label == UNSURE else label,
        sure=said["sure"] == "yes" and label != UNSURE,
    )


def flags_of(candidate: Candidate, opinions: Sequence[Opinion], spec: Spec) -> tuple[Flag, ...]:
    """Say why a person should look: a majority against, a disagreement, or jurors who would not bet."""
    if not opinions:
        return ("unread",)
    found: list[Flag] = []
    questions: tuple[tuple[Flag, list[bool]], ...] = (
        ("implausible", [one.plausible for one in opinions]),
        ("off_cell", [one.in_cell for one in opinions if one.in_cell is not None]),
        ("off_persona", [one.in_persona for one in opinions if one.in_persona is not None]),
    )
    is_split = False
    for flag, answers in questions:
        against = answers.count(False)
        if answers and against * 2 > len(answers):
            found.append(flag)
        elif against:
            is_split = True
    expected = expected_label(candidate, spec)
    said = [one.label or UNSURE for one in opinions]  # a juror who is unsure does not vote for another label
    named = {one for one in said if one != UNSURE}
    most = majority(said)
    if expected is not None and most in named and most != expected:
        found.append("label")
    elif len(named) > 1 or (expected is not None and named - {expected}):
        is_split = True
    if is_split:
        found.append("split")
    if sum(not one.sure for one in opinions) * 2 >= len(opinions):
        found.append("boundary")
    return tuple(found)


def found_by(
    written: Sequence[Candidate], opinions: Mapping[str, Sequence[Opinion]], spec: Spec
) -> dict[str, tuple[int, int]]:
    """Return how many of its jurors gave a case the label it should have, where enough jurors judged it."""
    found: dict[str, tuple[int, int]] = {}
    for one in written:
        expected, said = expected_label(one, spec), opinions.get(one.id, ())
        if expected is not None and one.behaviour == "answer" and len(said) >= EASY_JURORS:
            found[one.id] = (sum(opinion.label == expected for opinion in said), len(said))
    return found
