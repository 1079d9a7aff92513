"""A `why` as lines for people: texts with their changes word by word, places as `file:line`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evalspec.after.why_lines import expected_words
from evalspec.diagnostics import Span
from evalspec.model.asking import Reply
from evalspec.model.case import Input
from evalspec.model.diff import FieldEdit, Stretch
from evalspec.model.why import CaseWhy, CellWhy, DecisionLine, Exchange, Screened, Shown, SpecLine, StratumWhy
from evalspec.text.json_text import json_line

LABEL = 11  # columns of the left margin
SHOWN_SEEDS = 5
SHOWN_IDS = 4
_PART_WORDS: Mapping[str, str] = {"other": "it collided with", "parent": "parent", "carrier": "carrier"}


def case_lines(why: CaseWhy) -> tuple[str, ...]:
    """Return everything about one candidate, what it is first and what it came from last."""
    lines = [f"{why.id}: {why.said}"]
    lines += _row("lock", why.lock)
    if why.since is not None:
        lines += _row("since", f"{why.since.ref}: {why.since.said}", *(f"- {cause}" for cause in why.since.causes))
    if why.pool:
        lines += _row("stratum", f"{why.pool}, {why.stratum}")
    if why.digest is not None:
        facts = [why.provenance, why.track, why.language, why.behaviour if why.behaviour != "answer" else None]
        lines += _row("case", ", ".join(one for one in facts if one), f"digest {why.digest}")
        by = f" ({why.expected_by})" if why.expected_by else ""
        lines += _row("expects", f"{expected_words(why.expected)}{by}")
    lines += _row("facts", ", ".join(f"{name} {json_line(value)}" for name, value in why.facts.items()))
    if why.input is not None:
        lines += ["", "text", *_input(why.input)]
    if why.screened is not None:
        lines += ["", *_screened(why.screened)]
    elif why.passed:
        lines += ["", *_row("screens", f"passed: {'; '.join(why.passed)}")]
    if why.decisions:
        lines += ["", "decisions" + (" (disputed: the lines in force disagree)" if why.is_disputed else "")]
        lines += [line for one in why.decisions for line in _decision(one)]
    lines += ["", "spec lines", *_spec_lines(why.lines)] if why.lines else []
    lines += _made_with(why)
    lines += _asked(why.asked)
    for shown in why.texts:
        lines += ["", *_shown(shown)]
    return tuple(lines)


def cell_text(why: CellWhy) -> tuple[str, ...]:
    """Return everything about one cell: what it owes and holds, pool by pool."""
    levels = ", ".join(f"{axis} {level}" for axis, level in why.levels)
    lines = [f"{why.name}: {levels}" if levels else why.name]
    if why.levels:
        by = f" ({why.expected_by})" if why.expected_by else ""
        lines += _row("expects", f"{expected_words(why.expected)}{by}")
    for one in why.strata:
        lines += ["", *_stratum(one)]
    lines += ["", "spec lines", *_spec_lines(why.lines)] if why.lines else []
    if why.levels:
        lines += ["", f"real messages there: {len(why.seeds)}"]
        for seed in why.seeds[:SHOWN_SEEDS]:
            lines += [f"  {seed.id} expects {expected_words(seed.expected)}", *_input(seed.input, "    ")]
        if len(why.seeds) > SHOWN_SEEDS:
            lines.append(f"  and {len(why.seeds) - SHOWN_SEEDS} more; --json lists all")
    return tuple(lines)


def _stratum(one: StratumWhy) -> list[str]:
    if one.places is None:
        return [f"{one.pool}: {_cases(len(one.cases))}, by their own columns", *_ids("cases", one.cases)]
    owes = f"its cell owes {_cases(one.places)}, and voices take turns" if one.voice else f"owes {_cases(one.places)}"
    if one.owed != one.places:
        owes += f", and holds {one.owed} since the spec asks for more"
    dropped = sum(len(ids) for ids in one.dropped.values())
    lines = [
        f"{one.pool} {one.name}: {owes}; {len(one.cases)} in the set, {dropped} dropped,"
        f" {len(one.spares)} spare; at most {one.budget} candidates{' in all voices' if one.voice else ''}",
        *_ids("cases", one.cases),
        *_ids("waiting", one.waiting),
        *_ids("spares", one.spares),
    ]
    for reason, ids in one.dropped.items():
        lines += _ids(f"dropped, {reason}", ids)
    return lines


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def _ids(label: str, ids: Sequence[str]) -> list[str]:
    if not ids:
        return []
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return [f"  {label} {len(ids)}: {', '.join(ids[:SHOWN_IDS])}{more}"]


def _row(label: str, *texts: str) -> list[str]:
    """Return a labelled line and its continuation lines; nothing where there is nothing to say."""
    given = [text for text in texts if text]
    return [f"  {label if at == 0 else '':<{LABEL}}{text}" for at, text in enumerate(given)]


def _spec_lines(lines: Iterable[SpecLine]) -> list[str]:
    found = []
    for one in lines:
        said = f": {one.said}" if one.said else ""
        found.append(f"  {_place(one.at)}  {one.what} {one.name}{said}")
    return found


def _place(at: Span | None) -> str:
    return f"{at.path}:{at.line}" if at is not None else "(by default)"


def _made_with(why: CaseWhy) -> list[str]:
    lines = []
    options = ", ".join(f"{name} {json_line(value)}" for name, value in why.options.items())
    if why.operators:
        lines += _row("made by", " then ".join(why.operators), f"options {options}" if options else "")
    elif options:
        lines += _row("options", options)
    if why.grammar:
        lines += _row("grammar", why.grammar)
    lines += _spec_lines(why.rules)
    return ["", "made with", *lines] if lines else []


def _asked(exchanges: Sequence[Exchange]) -> list[str]:
    """Show what a model was asked and answered; where it was asked again, only what was added."""
    lines: list[str] = []
    said = 0
    for one in exchanges:
        reply, model = one.reply, one.request.model
        by = f", served by {reply.served}" if reply.served != model else ""
        lines += ["", f"asked {model}{by}" if said == 0 else f"asked {model} again"]
        for role, content in one.request.messages[said:]:
            lines += [f"  {role}", *_indented(content, "    ")]
        said = len(one.request.messages)
        lines += ["  replied", *_indented(_reply_words(reply), "    ")]
    return lines


def _reply_words(reply: Reply) -> str:
    if reply.problem is not None:
        reason, _, found = reply.problem.partition(":")
        return f"({reason}: {found} was found in it, sha256 {reply.text})" if found else f"({reason})"
    ends = {"length": "\n(cut off at `max_tokens`)", "filter": "\n(filtered by the provider)"}
    return (reply.text or "(nothing)") + ends.get(reply.finish, "")


def _screened(one: Screened) -> list[str]:
    lines = [f"dropped at {one.stage}: {one.reason}"]
    lines += [f"  {one.said}"] if one.said else []
    if one.value is not None:
        bound = f", and the bound is {one.bound:g}" if one.bound is not None else ""
        lines.append(f"  value {one.value:g}{bound}")
    return lines + ([] if one.other is None else ["", *_shown(one.other)])


def _decision(one: DecisionLine) -> list[str]:
    said = one.decision
    words = [said.verdict, f"({said.reason})" if said.reason else "", f"by {said.reviewer} on {said.date}"]
    words += ["blind" if said.blind else "", f"- {one.state}"]
    lines = [f"  {_place(said.at)}  {' '.join(word for word in words if word)}"]
    if said.expected is not None:
        lines.append(f"    expects {expected_words(said.expected)} instead")
    return lines + _edits(one.edits, "    ")


def _shown(one: Shown) -> list[str]:
    head = f"{_PART_WORDS.get(one.part, one.part)} {one.id}, expects {expected_words(one.expected)}"
    lines = [head, *_input(one.input)]
    return lines + (["  what differs, [-there-] and {+here+}", *_edits(one.edits, "    ")] if one.edits else [])


def _edits(edits: Iterable[FieldEdit], margin: str) -> list[str]:
    lines = []
    for one in edits:
        name = "" if one.name == "input" else f"{one.name}: "
        lines += _indented(f"{name}{_words(one.words)}", margin)
    return lines


def _words(words: Iterable[Stretch]) -> str:
    """Spell a word diff as `git diff --word-diff` does."""
    marks = {"same": "{}", "cut": "[-{}-]", "new": "{{+{}+}}"}
    return "".join(marks[one.how].format(one.text) for one in words)


def _input(value: Input, margin: str = "  ") -> list[str]:
    if isinstance(value, str):
        return _indented(value, margin)
    lines = []
    for at, message in enumerate(value, start=1):
        calls = [json_line(dict(call)) for call in message.tool_calls]
        lines += _indented("\n".join([f"{at} {message.role}: {message.content}", *calls]), margin)
    return lines


def _indented(text: str, margin: str) -> list[str]:
    return [f"{margin}{line}" for line in text.split("\n")]
