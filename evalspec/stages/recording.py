"""What a reviewer says about candidates, as drafts of ledger lines, to decisions bound to the candidates as they are.

A draft names `case` and `verdict`; reviewer, day, guidelines and digest are filled in. A draft that gives the digest
that `evalspec review list --json` prints is held to it: the text may have changed since it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from evalspec.diagnostics import Collector, did_you_mean
from evalspec.model.case import Candidate, Drop, Input, input_json, user_texts, with_user_texts
from evalspec.model.ledger import Decision, Ledger
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.stages.content import content_digest
from evalspec.stages.ledger import consult, effective, line_digest
from evalspec.stages.ledger_fields import decision_from
from evalspec.stages.ledger_line import Line, read_line

Find = Callable[[str], Candidate | Drop | None]  # by case id: as made, before any fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What holds for every draft of one command."""

    reviewer: str
    date: str
    guidelines: str | None = None  # digest
    supersede: bool = False  # each decision takes the place of the lines in force


def decisions_from_drafts(
    drafts: SourceFile, find: Find, cases: Iterable[str], ledger: Ledger, spec: Spec, about: Recording
) -> tuple[Decision, ...]:
    """Return a decision for every draft, in order; raise all problems of all drafts, so that nothing is half-recorded.

    `cases` are the ids that `find` may know, for the guess at a misspelled one.
    """
    problems = Collector()
    made: dict[str, Candidate] = {}
    found: list[Decision] = []
    for number, text in enumerate(drafts.text.split("\n"), start=1):
        if not text.strip():
            continue
        line = read_line(drafts.path, number, text, problems)
        candidate = _candidate(line, find, cases, problems) if line is not None else None
        if line is None or candidate is None:
            continue
        made[candidate.id] = candidate
        earlier = [one for one in (*ledger.decisions, *found) if one.case == candidate.id]
        decision = decision_from(_complete(line, candidate, earlier, about), problems)
        if decision is not None and _may_decide(decision, candidate, earlier, about, problems):
            found.append(replace(decision, line_digest=line_digest(decision)))
    problems.raise_errors()
    whole = Ledger(decisions=(*ledger.decisions, *found))
    consult(whole, made.values(), spec)  # a fix must fit before it is written
    return tuple(found)


def _candidate(line: Line, find: Find, cases: Iterable[str], problems: Collector) -> Candidate | None:
    case = line.fields.get("case")
    if not isinstance(case, str):
        problems.add("V404", "`case` is missing, or is no text", at=line.whole)
        return None
    made = find(case)
    at = line.values["case"]
    if made is None:
        problems.add("V411", f"no candidate `{case}`", at=at, label=did_you_mean(case, cases))
    elif isinstance(made, Drop):
        problems.add("V411", f"`{case}` has no text: {made.reason}", at=at)
    elif line.fields.get("digest", now := content_digest(made)) != now:
        problems.add("V413", f"`{case}` has changed since it was read", at=line.values["digest"], label=f"now {now}")
    else:
        return made
    return None


def _complete(line: Line, candidate: Candidate, earlier: Sequence[Decision], about: Recording) -> Line:
    """Fill in what the draft leaves out; what it says stays, in a conversation a text replaces the last user's."""
    current = content_digest(candidate)
    filled: dict[str, object] = {"digest": current, "reviewer": about.reviewer, "date": about.date}
    if about.guidelines is not None:
        filled["guidelines"] = about.guidelines
    in_force = effective(earlier, current).lines if earlier else ()
    if about.supersede and in_force:
        filled["supersedes"] = list(in_force)
    fields = filled | dict(line.fields)
    if isinstance(fields.get("input"), str) and not isinstance(candidate.input, str):
        fields["input"] = input_json(_with_last(candidate.input, str(fields["input"])))
    expected = fields.get("expected")
    if isinstance(expected, dict) and isinstance(candidate.expected, Mapping):
        fields["expected"] = {**candidate.expected, **expected}
    places = dict.fromkeys(fields, line.whole)
    return replace(
        line,
        fields=MappingProxyType(fields),
        keys=MappingProxyType(places | dict(line.keys)),
        values=MappingProxyType(places | dict(line.values)),
    )


def _with_last(chat: Input, text: str) -> Input:
    return with_user_texts(chat, [*user_texts(chat)[:-1], text])


def _may_decide(
    decision: Decision, candidate: Candidate, earlier: Sequence[Decision], about: Recording, problems: Collector
) -> bool:
    """A reviewer decides once about a text, unless the decision takes the place of those in force."""
    if decision.reviewer != about.reviewer:
        problems.add("V409", f"a line of `{decision.reviewer}` among those of `{about.reviewer}`", at=decision.at)
        return False
    lines = effective(earlier, decision.digest).lines if earlier else ()
    own = [one for one in earlier if one.line_digest in lines and one.reviewer == decision.reviewer]
    if about.supersede and not lines:
        problems.add("V412", f"there is no decision about `{candidate.id}` as it is now to supersede", at=decision.at)
        return False
    if own and not decision.supersedes and decision.verdict != "retire":
        problems.add(
            "V412",
            f"`{decision.reviewer}` has already decided to {own[0].verdict} `{candidate.id}`",
            at=decision.at,
            hint="`--supersedes` takes the place of every decision in force",
        )
        return False
    return True
