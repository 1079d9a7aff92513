"""A candidate or an anchor to the questions that one juror is asked about it, and a reply to what the juror says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalspec.diagnostics import BuildError, Diagnostic
from evalspec.digests import digest, keyed_hash
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Anchor, Candidate, input_json
from evalspec.model.spec import Expected, Model, Part, Spec
from evalspec.registry import Catalog
from evalspec.text.prompt_error import PromptError
from evalspec.text.verdicts import read_verdict

MAX_TOKENS = 400  # of a verdict: a line, and room for a model that thinks aloud first
CONSISTENCY_SHARE = 0.1  # of the candidates asked again and in another order
CONSISTENCY_LEAST = 10  # so that a small build says something about it
YES_NO = ("yes", "no")
UNSURE = "unsure"
PASS_FAIL = ("pass", "fail")
Kind = Literal["verdict", "repeat", "reorder", "anchor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one juror is asked about one text; `labels` in the order shown, none where no label is asked for."""

    kind: Kind
    juror: Model
    about: Candidate | Anchor
    labels: tuple[str, ...]
    nonce: str
    request: Request


Said = Mapping[str, str]  # the fields of a verdict
Told = tuple[Question, Said | None]  # None: nothing that can be read


def questions(
    juror: Model, written: Sequence[Candidate], anchors: Sequence[Anchor], spec: Spec, catalog: Catalog
) -> list[Question]:
    """Return all that one juror is asked: every candidate, a sample of them twice more, and the anchors."""
    count = min(len(written), max(CONSISTENCY_LEAST, round(CONSISTENCY_SHARE * len(written))))
    again = sorted(written, key=lambda one: (keyed_hash("jury/again", one.id), one.id))[:count]
    ask = catalog.get("juror", "candidate").function
    ask_anchor = catalog.get("juror", "anchor").function

    def question(kind: Kind, about: Candidate | Anchor, labels: tuple[str, ...] = (), ordinal: int = 0) -> Question:
        nonce = _nonce(about)
        if isinstance(about, Anchor):
            text = _rendered(lambda: ask_anchor(about, spec, nonce), juror, spec)
        else:
            text = _rendered(lambda: ask(about, spec, labels, nonce), juror, spec)
        request = Request(
            model=juror.model,
            messages=(("user", text),),
            params={"max_tokens": MAX_TOKENS} | dict(juror.params),
            ordinal=ordinal,
        )
        return Question(kind=kind, juror=juror, about=about, labels=labels, nonce=nonce, request=request)

    found = [question("verdict", one, labels_of(one, spec)) for one in written]
    for one in again:
        labels = labels_of(one, spec)
        found.append(question("repeat", one, labels, ordinal=1))
        if len(labels) > 1:
            found.append(question("reorder", one, tuple(reversed(labels))))
    return [*found, *(question("anchor", one) for one in anchors)]


def labels_of(candidate: Candidate, spec: Spec) -> tuple[str, ...]:
    """Return the labels among which a juror chooses; none where the right behaviour is not to give one."""
    part = _label_part(spec)
    return part.values if part is not None and candidate.behaviour == "answer" else ()


def expected_label(candidate: Candidate, spec: Spec) -> str | None:
    """Return the label that a candidate is expected to get."""
    part, expected = _label_part(spec), candidate.expected
    label: Expected | object | None = expected
    if part is not None and isinstance(expected, Mapping):
        label = expected.get(part.name)
    return label if part is not None and isinstance(label, str) else None


def read(question: Question, reply: Reply) -> Said | None:
    """Return what a juror says, or None where its reply holds no verdict."""
    if reply.problem is not None:
        return None
    if isinstance(question.about, Anchor):
        return read_verdict(reply.text, question.nonce, {"verdict": PASS_FAIL})
    fields: dict[str, Sequence[str]] = {"plausible": YES_NO, "sure": YES_NO}
    if question.about.lineage.cell:
        fields["in_cell"] = YES_NO
    if question.about.lineage.persona:
        fields["in_persona"] = YES_NO
    if question.labels:
        fields["label"] = (*question.labels, UNSURE)
    return read_verdict(reply.text, question.nonce, fields)


def _label_part(spec: Spec) -> Part | None:
    return next((part for part in spec.task.expected if part.kind == "label"), None)


def _nonce(about: Candidate | Anchor) -> str:
    """Return what a verdict must echo: no text can hold the digest of itself."""
    judged = input_json(about.input)
    return digest(["nonce", [judged, about.output] if isinstance(about, Anchor) else judged])[:16]


def _rendered(render: Callable[[], str], juror: Model, spec: Spec) -> str:
    try:
        return render()
    except PromptError as error:
        message = f"the question to juror `{juror.alias}`: {error}"
        raise BuildError([Diagnostic(code="M120", severity="error", message=message, path=spec.path)]) from error
