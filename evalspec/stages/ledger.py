"""Ledger files to decisions, and decisions to what they mean for the candidates of one build.

A decision binds to a digest: it never applies to a text or label that has changed since. Which lines are in force does
not depend on their order, so that branches and files merge in any order with the same result.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from evalspec.diagnostics import Collector, Note, Span, did_you_mean
from evalspec.digests import canonical, digest
from evalspec.model.case import Candidate, input_json
from evalspec.model.ledger import Decision, Effective, Ledger, LedgerView
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.stages.content import content_digest, plain
from evalspec.stages.ledger_fields import decision_from
from evalspec.stages.ledger_line import Line, read_line
from evalspec.text.json_text import split_torn


def read_ledger(files: Sequence[SourceFile]) -> Ledger:
    """Return every decision of the files, in name and line order; raise all problems of all lines at once."""
    problems = Collector()
    found: list[Decision] = []
    for file in sorted(files, key=lambda one: one.path):
        whole, torn = split_torn(file.text)
        if torn:
            _set_aside(file.path, whole.count("\n") + 1, torn, problems)
        # Only LF ends a line: JSON strings may hold U+2028 and other separators.
        for number, text in enumerate(whole.split("\n"), start=1):
            if text.strip():
                line = read_line(file.path, number, text, problems)
                decision = decision_from(line, problems) if line is not None else None
                if line is not None and decision is not None:
                    _check_file(line, decision, problems)
                found += [replace(decision, line_digest=line_digest(decision))] if decision is not None else []
    if not problems.failed:
        _check_supersedes(found, problems)
    problems.raise_errors()
    return Ledger(decisions=tuple(found), warnings=problems.warnings)


def line_text(decision: Decision) -> str:
    """Return the decision as one line of JSON, keys in declared order, empty fields left out, without a line feed."""
    return json.dumps(line_data(decision), ensure_ascii=False, allow_nan=False)


def line_data(decision: Decision) -> dict[str, object]:
    """Return the decision as JSON data in declared order, empty fields left out."""
    fields: dict[str, object] = {
        "case": decision.case,
        "digest": decision.digest,
        "guidelines": decision.guidelines,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "input": None if decision.input is None else input_json(decision.input),
        "expected": decision.expected,
        "reviewer": decision.reviewer,
        "date": decision.date,
        "seconds": decision.seconds,
        "blind": decision.blind or None,
        "supersedes": list(decision.supersedes) or None,
    }
    return {name: plain(value) for name, value in fields.items() if value is not None}


def line_digest(decision: Decision) -> str:
    """Return the digest of the line, which an adjudication names; spelling and key order do not matter."""
    return digest(line_data(decision))


def effective(decisions: Sequence[Decision], candidate_digest: str) -> Effective:
    """Return what the lines about one case come to for a candidate with this digest.

    In force are the lines about this digest that no other line about the case supersedes. One verdict among them
    counts; several are a dispute. A `retire` asks another question (is the case still worth its place?): one in
    force takes the case out, whatever else was said of it.
    """
    # The same line may come in by two branches.
    lines = {one.line_digest: one for one in decisions}
    overruled = {name for one in lines.values() for name in one.supersedes}
    about = sorted((one for one in lines.values() if one.digest == candidate_digest), key=_line_order)
    live = [one for one in about if one.line_digest not in overruled]
    case = decisions[0].case
    if not live:
        return Effective(case=case, stale=bool(lines))
    retired = [one for one in live if one.verdict == "retire"]
    judged = [one for one in about if one.verdict != "retire"]
    said = Effective(
        case=case,
        votes=len({one.reviewer for one in judged}),
        blind=len({one.reviewer for one in judged if one.blind}),
        lines=tuple(sorted(one.line_digest for one in live)),
    )
    deciding = retired or live
    if len({_content(one) for one in deciding}) > 1:
        return replace(said, disputed=True)
    first = deciding[0]
    return replace(
        said,
        verdict=first.verdict,
        by=tuple(sorted({one.reviewer for one in deciding})),
        reason=first.reason,
        input=first.input,
        expected=first.expected,
    )


def consult(ledger: Ledger, candidates: Iterable[Candidate], spec: Spec) -> LedgerView:
    """Hold the ledger against candidates as they were made; raise where a fix does not fit its candidate."""
    made = {one.id: one for one in candidates}
    by_case: dict[str, list[Decision]] = {}
    for decision in ledger.decisions:
        by_case.setdefault(decision.case, []).append(decision)
    problems = Collector()
    found: dict[str, Effective] = {}
    for case in sorted(by_case.keys() & made.keys()):
        found[case] = effective(by_case[case], content_digest(made[case]))
        if found[case].verdict == "fix":
            _check_fix(found[case], made[case], by_case[case], spec, problems)
    problems.raise_errors()
    applied = {line for one in found.values() if one.verdict is not None for line in one.lines}
    return LedgerView(
        effective=MappingProxyType(found),
        candidates=tuple(made[case] for case in found),
        applied=tuple(sorted(applied)),
        ignored=sum(len(lines) for case, lines in by_case.items() if case not in made),
    )


def apply_fix(candidate: Candidate, decided: Effective) -> Candidate:
    """Return the candidate with a person's text and label in place; unchanged unless the verdict is fix.

    A label that a person wrote is verified by that person.
    """
    if decided.verdict != "fix":
        return candidate
    fixed = replace(candidate, edited=decided.input is not None)
    if decided.input is not None:
        fixed = replace(fixed, input=decided.input)
    if decided.expected is not None:
        fixed = replace(fixed, expected=decided.expected, expected_by=f"verified:{decided.by[0]}")
    return fixed


def _set_aside(path: str, number: int, torn: str, problems: Collector) -> None:
    problems.add(
        "V414",
        "the last line is cut off and does not count",
        at=Span(path, number, 1, number, len(torn) + 1),
        hint="record the decision again; `evalspec review record` takes the line out",
        severity="warning",
    )


def _check_file(line: Line, decision: Decision, problems: Collector) -> None:
    stem = posixpath.basename(line.whole.path.replace("\\", "/")).removesuffix(".jsonl")
    if decision.reviewer != stem:
        problems.add(
            "V409",
            f"a line of `{decision.reviewer}` stands in the file of `{stem}`",
            at=line.values["reviewer"],
            hint=f"move the line to `{decision.reviewer}.jsonl`: one file a reviewer, so that branches never conflict",
        )


def _line_order(decision: Decision) -> tuple[str, str, str]:
    return (decision.date, decision.reviewer, decision.line_digest)


def _content(decision: Decision) -> bytes:
    """What two lines must share to be unanimous: two different fixes are a dispute, two reasons for a drop are not."""
    given = line_data(decision)
    return canonical([given["verdict"], given.get("input"), given.get("expected")])


def _check_supersedes(decisions: Sequence[Decision], problems: Collector) -> None:
    known = {one.line_digest: one for one in decisions}
    for decision in decisions:
        for name in decision.supersedes:
            other = known.get(name)
            if other is None:
                problems.add(
                    "V408",
                    f"`supersedes` names no line of the ledger: `{name}`",
                    at=decision.at,
                    hint="The ledger is append-only; put the missing line back, or name a line that is there.",
                )
            elif (other.case, other.digest) != (decision.case, decision.digest):
                problems.add(
                    "V408",
                    f"`supersedes` names a line about another case or text than `{decision.case}`",
                    at=decision.at,
                    notes=[Note(message=f"that line is about `{other.case}`", span=other.at)],
                )


def _check_fix(
    decided: Effective, candidate: Candidate, lines: Sequence[Decision], spec: Spec, problems: Collector
) -> None:
    """A fix must have the shape of its candidate and a label that the spec knows."""
    at = next(one.at for one in lines if one.line_digest in decided.lines)
    if decided.input is not None and isinstance(decided.input, str) != isinstance(candidate.input, str):
        wanted = "a text" if isinstance(candidate.input, str) else "messages"
        problems.add("V410", f"the fix of `{candidate.id}` must give {wanted}, as the candidate has", at=at)
    if decided.expected is None:
        return
    if isinstance(decided.expected, str) != spec.task.short_expected:
        wanted = "one label" if spec.task.short_expected else "part to value"
        problems.add("V410", f"`expected` of `{candidate.id}` must be {wanted}", at=at)
        return
    given: Mapping[str, object] = (
        {spec.task.expected[0].name: decided.expected} if isinstance(decided.expected, str) else decided.expected
    )
    parts = {part.name: part for part in spec.task.expected}
    for name, value in given.items():
        part = parts.get(name)
        if part is None:
            problems.add("V410", f"`{name}` is no part of what is expected", at=at, hint=did_you_mean(name, parts))
        elif part.kind == "label" and value not in part.values:
            guess = did_you_mean(str(value), part.values)
            problems.add("V410", f"`{value}` is no value of `{name}`", at=at, hint=guess)
