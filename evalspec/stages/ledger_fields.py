"""The fields of one ledger line to a decision: shapes, forms, and what each verdict must and may not carry."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from evalspec.diagnostics import Collector, did_you_mean
from evalspec.model.case import input_from_json
from evalspec.model.ledger import Decision, DecisionVerdict
from evalspec.stages.ledger_line import Line
from evalspec.text.hidden import hidden_characters
from evalspec.text.patterns import lazy_pattern

VERDICTS: tuple[str, ...] = get_args(DecisionVerdict)
MAX_SECONDS = 7 * 24 * 3600  # a longer reading is a clock that was left running
_DECEIVING = frozenset({"bidi", "tag"})  # zero-width joiners are spelling in some scripts
NEEDS_REASON = frozenset({"drop", "retire"})

# The form of a case id is the language's; that of a name of the spec is used for reason codes.
_CASE = lazy_pattern(r"[a-z][a-z0-9._-]{5,63}")
_DIGEST = lazy_pattern(r"[0-9a-f]{32}")
_REASON = lazy_pattern(r"[a-z][a-z0-9_]{0,23}")
_DATE = lazy_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A reviewer's name is a file's name: no separator, no leading dot or dash.
_REVIEWER = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")

_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})


def decision_from(line: Line, problems: Collector) -> Decision | None:
    """Return the decision on a line; None, and a diagnostic each, when something in it is not as it must be."""
    before = len(problems.found)
    for name in line.fields:
        if name not in _FORMS:
            problems.add(
                "V403", f"unknown key `{name}`", at=line.keys[name], label=did_you_mean(name, _FORMS), hint=_KEYS_HINT
            )
    for name in _REQUIRED:
        if name not in line.fields:
            problems.add("V404", f"`{name}` is missing", at=line.whole)
    for name, (fits, form) in _FORMS.items():
        if name in line.fields and not fits(line.fields[name]):
            problems.add("V405", f"`{name}` must be {form}", at=line.values[name])
    if len(problems.found) == before:
        _check_verdict(line, problems)
        _check_hidden(line, problems)
    return _decision(line) if len(problems.found) == before else None


def _is_date(text: object) -> bool:
    if not isinstance(text, str) or _DATE.fullmatch(text) is None:
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_messages(value: object) -> bool:
    if not isinstance(value, list) or not value or not all(_is_message(one) for one in value):
        return False
    return value[-1]["role"] in ("user", "tool")


def _is_message(value: object) -> bool:
    if not isinstance(value, dict) or not {"role", "content"} <= value.keys() <= _MESSAGE_KEYS:
        return False
    calls = value.get("tool_calls", [])
    return (
        isinstance(value["role"], str)
        and value["role"] in _ROLES
        and isinstance(value["content"], str)
        and isinstance(calls, list)
        and all(isinstance(one, dict) for one in calls)
    )


def _check_hidden(line: Line, problems: Collector) -> None:
    """Refuse a fix that shows otherwise than it reads: nobody could have typed it, and nobody would see it."""
    given = line.fields.get("input")
    texts = [given] if isinstance(given, str) else [one["content"] for one in given] if isinstance(given, list) else []
    kinds = {kind for text in texts for _, _, kind in hidden_characters(text)} & _DECEIVING
    if kinds:
        message = f"`input` holds characters that a reader cannot see ({', '.join(sorted(kinds))})"
        problems.add("V415", message, at=line.values["input"], hint="write the fix without them")


def _check_verdict(line: Line, problems: Collector) -> None:
    fields = line.fields
    verdict = fields["verdict"]
    if verdict in NEEDS_REASON and "reason" not in fields:
        problems.add("V406", f"a `{verdict}` needs a `reason`", at=line.values["verdict"], hint=_REASON_HINT)
    given = [name for name in ("input", "expected") if name in fields]
    if verdict == "fix" and not given:
        problems.add("V406", "a `fix` needs the `input` or the `expected` that it puts in place", at=line.whole)
    if verdict != "fix" and given:
        problems.add("V407", f"`{given[0]}` stands on a `{verdict}`; only a `fix` changes it", at=line.keys[given[0]])


def _decision(line: Line) -> Decision:
    fields: Mapping[str, Any] = line.fields  # every value's type has been checked by its form
    return Decision(
        case=fields["case"],
        digest=fields["digest"],
        verdict=fields["verdict"],
        reviewer=fields["reviewer"],
        date=fields["date"],
        guidelines=fields.get("guidelines"),
        reason=fields.get("reason"),
        input=input_from_json(fields["input"]) if "input" in fields else None,
        expected=fields.get("expected"),
        seconds=fields.get("seconds"),
        blind=fields.get("blind", False),
        supersedes=tuple(fields.get("supersedes", ())),
        at=line.whole,
    )


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_SECONDS


def _is_digests(value: object) -> bool:
    return isinstance(value, list) and all(_matches(_DIGEST)(one) for one in value)


_HEX = "32 hex digits"
_REASON_HINT = "A reason is a code of your guidelines, such as `unnatural` or `wrong_label`."

# Declared order; each key with what its value must be.
_FORMS: Mapping[str, tuple[Callable[[object], bool], str]] = MappingProxyType(
    {
        "case": (_matches(_CASE), "a case id"),
        "digest": (_matches(_DIGEST), _HEX),
        "guidelines": (_matches(_DIGEST), _HEX),
        "verdict": (lambda value: value in VERDICTS, "keep, fix, drop or retire"),
        "reason": (_matches(_REASON), "a code: a small letter, then small letters, digits and underscores"),
        "input": (
            lambda value: (isinstance(value, str) and bool(value.strip())) or _is_messages(value),
            "a text, or messages of role and content that end with the user's or a tool's",
        ),
        "expected": (
            lambda value: (isinstance(value, str | dict)) and bool(value),
            "a label, or an object from part to value",
        ),
        "reviewer": (_matches(_REVIEWER), "a name of letters, digits and . _ @ + - that can name a file"),
        "date": (_is_date, "a day, as YYYY-MM-DD"),
        "seconds": (_is_seconds, "a number of seconds, a week at most"),
        "blind": (lambda value: isinstance(value, bool), "true or false"),
        "supersedes": (_is_digests, f"a list of line digests, {_HEX} each"),
    }
)
_KEYS_HINT = "A line has " + ", ".join(_FORMS) + "."
_REQUIRED = ("case", "digest", "verdict", "reviewer", "date")
