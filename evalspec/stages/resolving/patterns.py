"""Patterns of facts: a subset of regular expressions that means the same everywhere and cannot run away."""

from __future__ import annotations

import re
import warnings

from evalspec.text.patterns import lazy_pattern

PATTERN_MAX = 200  # characters; an order number, a date or a postcode needs a few dozen
COUNT_MAX = 1000  # of a counted repetition
_COUNTS = lazy_pattern(r"\{([0-9]{1,6})(?:,([0-9]{0,6}))?\}")


def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern is refused, or None."""
    if len(pattern) > PATTERN_MAX:
        return f"is longer than {PATTERN_MAX} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"is no regular expression: {getattr(error, 'msg', None) or error}"
    fault = _shape_problem(pattern)
    if fault is None and compiled.fullmatch(""):
        return "matches the empty text"
    return fault


def _shape_problem(pattern: str) -> str | None:
    # One entry for each open group: does what it holds so far vary in length or choice? A repetition of such a group
    # is what backtracks exponentially; every other pattern of these pieces is polynomial.
    open_groups = [False]
    closed_varies = False  # of the group that has just been closed
    at = 0
    while at < len(pattern):
        if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
            return "uses more than groups, classes, choices and counts"
        step, repeats = 1, None
        if pattern[at] == "\\":
            if pattern[at + 1].isdigit():
                return "refers back to a group"
            step, closed_varies = 2, False
        elif pattern[at] == "[":
            step, closed_varies = _class_length(pattern, at), False
        elif pattern[at] == "(":
            open_groups.append(False)
            step, closed_varies = 3 if pattern.startswith("(?:", at) else 1, False
        elif pattern[at] == ")":
            closed_varies = open_groups.pop()
            open_groups[-1] |= closed_varies
        elif pattern[at] == "|":
            open_groups[-1] = True
        elif (repeats := _repetition(pattern, at)) is not None:
            step, least, most = repeats
            if most > COUNT_MAX and most != _UNBOUNDED:
                return f"repeats more than {COUNT_MAX} times"
            if closed_varies and most > 1:
                return "repeats a group that itself repeats or chooses, which can take for ever"
            open_groups[-1] |= least != most
            closed_varies = False
        else:
            closed_varies = False
        at += step
    return None


_UNBOUNDED = 10**9


def _repetition(pattern: str, at: int) -> tuple[int, int, int] | None:
    """Return length, least and most of the repetition at `at`, its laziness included."""
    simple = {"*": (0, _UNBOUNDED), "+": (1, _UNBOUNDED), "?": (0, 1)}
    if pattern[at] in simple:
        least, most = simple[pattern[at]]
        length = 1
    else:
        counts = _COUNTS.match(pattern, at)
        if counts is None:
            return None
        least = int(counts[1])
        most = least if counts[2] is None else int(counts[2]) if counts[2] else _UNBOUNDED
        length = len(counts[0])
    if pattern[at + length : at + length + 1] in ("?", "+"):  # lazy or possessive
        length += 1
    return length, least, most


def _class_length(pattern: str, start: int) -> int:
    at = start + 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1 - start
