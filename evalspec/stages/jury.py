"""Candidates that a model wrote to what the jury says of them: opinions, flags, and how far each juror can be trusted.

A juror's opinion sends a candidate to a person and never out of the set: what a model says of a model's text is a
reason to look, not a decision. All questions go out at once; a sample is asked again, and again with the labels in
reverse order, and the anchors, whose verdicts people gave, say whether a juror does better than a coin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from evalspec.digests import digest, keyed_hash
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Anchor, Candidate, input_json, user_texts
from evalspec.model.jury import Flag, JurorRecord, Jury, Opinion
from evalspec.model.spec import Model, Part, Spec
from evalspec.ports import Tools
from evalspec.registry import Catalog
from evalspec.text.verdicts import read_verdict

MAX_TOKENS = 400  # of a verdict: a line, and room for a model that thinks aloud first
CONSISTENCY_SHARE = 0.1  # of the candidates asked again and in another order
CONSISTENCY_LEAST = 10  # so that a small build says something about it
ANCHORS_LEAST = 10  # fewer say nothing about a juror: 20 to 30 are asked for, see docs/families.md
CHANCE = 0.5  # balanced accuracy of a coin
YES_NO = ("yes", "no")
UNSURE = "unsure"
Kind = Literal["verdict", "repeat", "reorder", "anchor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    kind: Kind
    juror: Model
    about: Candidate | Anchor
    labels: tuple[str, ...]
    nonce: str
    request: Request


def deliberate(
    candidates: Sequence[Candidate], anchors: Sequence[Anchor], spec: Spec, catalog: Catalog, tools: Tools
) -> Jury:
    """Ask every juror about every candidate that a live model wrote, and read what they say."""
    written = [one for one in candidates if is_written_by_model(one)]
    jurors = [spec.model(alias) for alias in spec.roles.jury]
    if not written or not jurors:
        return Jury()
    questions = [one for juror in jurors for one in _questions(juror, written, anchors, spec, catalog)]
    replies = tools.ask([one.request for one in questions])
    read = [_read(one, reply) for one, reply in zip(questions, replies, strict=True)]
    told = list(zip(questions, read, strict=True))
    records = tuple(_record(juror, [one for one in told if one[0].juror is juror], spec) for juror in jurors)
    out = {one.alias for one in records if one.left_out}
    opinions = tuple(
        _opinion(question, verdict)
        for question, verdict in told
        if question.kind == "verdict" and verdict is not None and question.juror.alias not in out
    )
    return Jury(opinions=opinions, flags=MappingProxyType(_flags(written, opinions, spec)), records=records)


def is_written_by_model(candidate: Candidate) -> bool:
    """Tell whether a live model wrote the text; what a rule of ours wrote is the same for every build, and free."""
    generator = candidate.lineage.generator
    return generator is not None and not generator.startswith("builtin/")


def _questions(
    juror: Model, written: Sequence[Candidate], anchors: Sequence[Anchor], spec: Spec, catalog: Catalog
) -> list[_Question]:
    ask = catalog.get("juror", "candidate").function
    ask_anchor = catalog.get("juror", "anchor").function
    part = _label_part(spec)
    labels = part.values if part is not None else ()
    count = min(len(written), max(CONSISTENCY_LEAST, round(CONSISTENCY_SHARE * len(written))))
    again = sorted(written, key=lambda one: (keyed_hash("jury/again", one.id), one.id))[:count]
    found: list[_Question] = []

    def add(
        kind: Kind, about: Candidate | Anchor, values: tuple[str, ...], text: str, nonce: str, ordinal: int
    ) -> None:
        request = Request(
            model=juror.model,
            messages=(("user", text),),
            params={"max_tokens": MAX_TOKENS} | dict(juror.params),
            ordinal=ordinal,
        )
        found.append(_Question(kind=kind, juror=juror, about=about, labels=values, nonce=nonce, request=request))

    for one in written:
        nonce = _nonce(input_json(one.input))
        add("verdict", one, labels, ask(one, spec, labels, nonce), nonce, 0)
    for one in again:
        nonce = _nonce(input_json(one.input))
        add("repeat", one, labels, ask(one, spec, labels, nonce), nonce, 1)
        if len(labels) > 1:
            turned = tuple(reversed(labels))
            add("reorder", one, turned, ask(one, spec, turned, nonce), nonce, 0)
    for anchor in anchors:
        nonce = _nonce([input_json(anchor.input), anchor.output])
        add("anchor", anchor, (), ask_anchor(anchor, spec, nonce), nonce, 0)
    return found


def _nonce(judged: object) -> str:
    """Return what a verdict must echo: no text can hold the digest of itself."""
    return digest(["nonce", judged])[:16]


def _read(question: _Question, reply: Reply) -> Mapping[str, str] | None:
    if reply.problem is not None:
        return None
    if isinstance(question.about, Anchor):
        return read_verdict(reply.text, question.nonce, {"verdict": ("pass", "fail")})
    fields: dict[str, Sequence[str]] = {"plausible": YES_NO, "sure": YES_NO}
    if question.about.lineage.cell:
        fields["in_cell"] = YES_NO
    if question.about.lineage.persona:
        fields["in_persona"] = YES_NO
    if question.labels:
        fields["label"] = (*question.labels, UNSURE)
    return read_verdict(reply.text, question.nonce, fields)


def _opinion(question: _Question, verdict: Mapping[str, str]) -> Opinion:
    assert isinstance(question.about, Candidate)
    label = verdict.get("label")
    return Opinion(
        case=question.about.id,
        juror=question.juror.alias,
        plausible=verdict["plausible"] == "yes",
        in_cell=verdict["in_cell"] == "yes" if "in_cell" in verdict else None,
        in_persona=verdict["in_persona"] == "yes" if "in_persona" in verdict else None,
        label=None if label == UNSURE else label,
        sure=verdict["sure"] == "yes" and label != UNSURE,
    )


def _flags(written: Sequence[Candidate], opinions: Sequence[Opinion], spec: Spec) -> dict[str, tuple[Flag, ...]]:
    by_case: dict[str, list[Opinion]] = {one.id: [] for one in written}
    for opinion in opinions:
        by_case[opinion.case].append(opinion)
    raised = {one.id: _flags_of(one, by_case[one.id], spec) for one in written}
    return {case: flags for case, flags in sorted(raised.items()) if flags}


def _flags_of(candidate: Candidate, opinions: Sequence[Opinion], spec: Spec) -> tuple[Flag, ...]:
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
    labels = Counter(one.label for one in opinions if one.label is not None)
    expected = _expected_label(candidate, spec)
    if labels:
        label, votes = min(labels.items(), key=lambda row: (-row[1], row[0]))
        if expected is not None and label != expected and votes * 2 > labels.total():
            found.append("label")
        elif len(labels) > 1:
            is_split = True
    if is_split:
        found.append("split")
    if sum(not one.sure for one in opinions) * 2 >= len(opinions):
        found.append("boundary")
    return tuple(found)


def _record(juror: Model, told: Sequence[tuple[_Question, Mapping[str, str] | None]], spec: Spec) -> JurorRecord:
    first = {_about(question): verdict for question, verdict in told if question.kind == "verdict" and verdict}
    pairs: dict[Kind, list[bool]] = {"repeat": [], "reorder": []}
    for question, verdict in told:
        before = first.get(_about(question))
        if verdict is None or before is None or question.kind not in pairs:
            continue
        same = verdict == before if question.kind == "repeat" else verdict.get("label") == before.get("label")
        pairs[question.kind].append(same)
    with_label: list[bool] = []
    seen: list[tuple[float, float]] = []
    for question, verdict in told:
        if question.kind != "verdict" or verdict is None or not isinstance(question.about, Candidate):
            continue
        expected = _expected_label(question.about, spec)
        if expected is not None and verdict.get("label") not in (None, UNSURE):
            with_label.append(verdict["label"] == expected)
        size = sum(len(text) for text in user_texts(question.about.input))
        seen.append((float(size), float(verdict["plausible"] == "yes")))
    record = JurorRecord(
        alias=juror.alias,
        asked=len(told),
        unread=sum(verdict is None for _, verdict in told),
        repeated=_held(pairs["repeat"]),
        reordered=_held(pairs["reorder"]),
        with_label=_held(with_label),
        length_correlation=correlation(seen),
    )
    return _with_anchors(record, [row for row in told if row[0].kind == "anchor"])


def _with_anchors(record: JurorRecord, told: Sequence[tuple[_Question, Mapping[str, str] | None]]) -> JurorRecord:
    """Add how a juror does where people know the answer; at or below chance its opinions count for nothing."""
    right: dict[str, list[bool]] = {"pass": [], "fail": []}
    for question, verdict in told:
        if verdict is not None and isinstance(question.about, Anchor):
            right[question.about.verdict].append(verdict["verdict"] == question.about.verdict)
    both = [*right["pass"], *right["fail"]]
    shares = [sum(one) / len(one) for one in right.values() if one]
    balanced = sum(shares) / len(shares) if len(shares) == len(right) else None
    return replace(
        record,
        anchors=_held(both),
        balanced=balanced,
        left_out=len(both) >= ANCHORS_LEAST and balanced is not None and balanced <= CHANCE,
    )


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation, -1 to 1; None when one side does not vary."""
    count = len(pairs)
    if count < 2:
        return None
    mean_x, mean_y = (sum(pair[at] for pair in pairs) / count for at in (0, 1))
    across = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    along = sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs)
    return across / along**0.5 if along > 0 else None


def _label_part(spec: Spec) -> Part | None:
    return next((part for part in spec.task.expected if part.kind == "label"), None)


def _expected_label(candidate: Candidate, spec: Spec) -> str | None:
    part, expected = _label_part(spec), candidate.expected
    if part is None or expected is None:
        return None
    label = expected if isinstance(expected, str) else expected.get(part.name)
    return label if isinstance(label, str) else None


def _held(found: Sequence[bool]) -> tuple[int, int]:
    return sum(found), len(found)


def _about(question: _Question) -> str:
    return question.about.id if isinstance(question.about, Candidate) else question.about.row
