"""Candidates that a model wrote to what the jury says of them: opinions, flags, and how far each juror can be trusted.

A juror's opinion sends a candidate to a person and never out of the set: what a model says of a model's text is a
reason to look, not a decision. All questions go out at once; a sample is asked again, and again with the labels in
reverse order, and the anchors, whose verdicts people gave, say whether a juror does better than a coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from evalspec.diagnostics import Diagnostic
from evalspec.model.asking import UNASKED
from evalspec.model.case import Anchor, Candidate
from evalspec.model.jury import Jury, Opinion
from evalspec.model.spec import Spec
from evalspec.ports import Tools
from evalspec.registry import Catalog
from evalspec.stages.judging.opinions import flags_of, found_by, opinion_of
from evalspec.stages.judging.questions import questions, read
from evalspec.stages.judging.records import record_of


def deliberate(
    candidates: Sequence[Candidate], anchors: Sequence[Anchor], spec: Spec, catalog: Catalog, tools: Tools
) -> Jury:
    """Ask every juror about every candidate that a live model wrote, and read what they say.

    Candidates come as they were made: what a person has changed in them since is that person's, and asks nobody anew.
    """
    written = [one for one in candidates if is_written_by_model(one)]
    jurors = [spec.model(alias) for alias in spec.roles.jury]
    if not written or not jurors:
        return Jury()
    asked = [one for juror in jurors for one in questions(juror, written, anchors, spec, catalog)]
    replies = tools.ask([one.request for one in asked])
    told = [(one, read(one, reply)) for one, reply in zip(asked, replies, strict=True) if reply.problem != UNASKED]
    records = tuple(record_of(juror.alias, [one for one in told if one[0].juror is juror], spec) for juror in jurors)
    out = {one.alias for one in records if one.left_out}
    heard = {one.about.id for one, _ in told if one.kind == "verdict" and isinstance(one.about, Candidate)}
    written = [one for one in written if one.id in heard]
    by_case: dict[str, list[Opinion]] = {one.id: [] for one in written}
    for question, said in told:
        about, juror = question.about, question.juror.alias
        if question.kind == "verdict" and said is not None and juror not in out and isinstance(about, Candidate):
            by_case[about.id].append(opinion_of(about.id, juror, said))
    raised = {one.id: flags_of(one, by_case[one.id], spec) for one in sorted(written, key=lambda one: one.id)}
    return Jury(
        opinions=tuple(one for case in sorted(by_case) for one in by_case[case]),
        flags=MappingProxyType({case: flags for case, flags in raised.items() if flags}),
        found=MappingProxyType(found_by(written, by_case, spec)),
        records=records,
    )


def is_written_by_model(candidate: Candidate) -> bool:
    """Tell whether a live model wrote the text; what a rule of ours wrote is the same for every build, and free."""
    generator = candidate.lineage.generator
    return generator is not None and not generator.startswith("builtin/")


def left_out(jury: Jury, spec: Spec) -> tuple[Diagnostic, ...]:
    """Name the jurors that do no better than a coin on the anchors."""
    return tuple(
        Diagnostic(
            code="M122",
            severity="warning",
            message=f"juror `{one.alias}` is right on {one.anchors[0]} of {one.anchors[1]} anchors (balanced "
            f"{one.balanced:.2f}), no better than a coin: its opinions count for nothing",
            path=spec.path,
            hint="name another model in `roles.jury`, or look at the anchors: they may ask for what nobody was told",
        )
        for one in jury.records
        if one.left_out
    )
