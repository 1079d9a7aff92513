"""What every rendering of a diff says the same way: counts, figures, shortened texts, lists of ids."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.after.fields import shift_of
from evalspec.model.diff import CaseEdit, Diff, FieldEdit, NameShift, NumberEdit
from evalspec.text.patterns import lazy_pattern

CONTEXT_CHARS = 60  # of what stayed, on each side of a change
NAMED = 6  # ids of a list
_SPACE = lazy_pattern(r"\s+")


def lead(found: Diff) -> str:
    """Return the line that says how much changed."""
    parts = [f"{found.before_cases} -> {found.after_cases} cases"]
    counts = (
        (len(found.added), "added"),
        (len(found.removed), "removed"),
        (sum(1 for one in found.changed if one.how == "changed"), "changed"),
        (sum(1 for one in found.changed if one.how == "renamed"), "renamed"),
        (len(found.moved), "moved"),
        (len(found.dropped), "newly dropped"),
        (len(found.stale), "with a stale review"),
    )
    parts += [f"{count} {what}" for count, what in counts if count]
    return ", ".join(parts)


def counted(count: int, noun: str) -> str:
    """Return `1 case`, `2 cases`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def figure(value: float | str | None) -> str:
    """Return a value as people read it; what is not there is a dash."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.6g}"


def number_line(one: NumberEdit) -> str:
    """Return one row of the mix, the measures or the gates."""
    where = f" {one.slice}" if one.slice != "all" else ""
    sizes = f" (n {figure(one.before_n)} -> {figure(one.after_n)})" if one.before_n != one.after_n else ""
    return f"{one.name}{where}: {figure(one.before)} -> {figure(one.after)}{sizes}"


def shift_words(one: NameShift) -> str:
    """Return which name stands in the place of which."""
    if one.before is None and one.after is None:
        return f"{one.field}: others"
    if one.before is None:
        return f"{one.field}: {figure(one.after)} is new"
    if one.after is None:
        return f"{one.field}: {figure(one.before)} is gone"
    return f"{one.field}: {one.before} -> {one.after}"


def named_rest(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f", … {rest} more" if rest > 0 else "")


def shortened(text: str, limit: int) -> str:
    """Return a text in one line of at most `limit` characters."""
    line = _SPACE.sub(" ", text).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def around(stayed: str, *, is_first: bool, is_last: bool) -> str:
    """Return what stayed without its middle: a reader needs the words on both sides of a change, as they are."""
    head = 0 if is_first else CONTEXT_CHARS
    tail = 0 if is_last else CONTEXT_CHARS
    if len(stayed) <= head + tail + 1:
        return stayed
    return f"{stayed[:head]}…{stayed[len(stayed) - tail :]}"


def is_listed(one: CaseEdit) -> bool:
    """True for a case with words to read or a move; one whose names alone changed stands in the list of names."""
    return one.how == "moved" or any(edit.is_text for edit in one.edits)


def told_shifts(found: Diff) -> tuple[NameShift, ...]:
    """Return the changes of names that no listed case tells alone."""
    listed = {one.id for one in (*found.changed, *found.moved) if is_listed(one)}
    return tuple(one for one in found.shifts if len(one.cases) > 1 or not set(one.cases) <= listed)


def own_edits(case: CaseEdit, told: Sequence[NameShift]) -> tuple[FieldEdit, ...]:
    """Return the edits of a case without the names that the list of names tells."""
    elsewhere = {(one.field, one.before, one.after) for one in told}
    return tuple(one for one in case.edits if one.is_text or shift_of(one) not in elsewhere)
