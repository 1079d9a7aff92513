"""A diff as text for a terminal or a log: what a stranger wrote is escaped, and colour only where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from evalspec.after.diff_words import (
    around,
    counted,
    figure,
    is_listed,
    lead,
    named_rest,
    number_line,
    own_edits,
    shift_words,
    shortened,
    told_shifts,
)
from evalspec.model.diff import CaseEdit, Diff, DropEdit, FieldEdit, ListedCase, NameShift, Said, Stretch

LISTED = 20  # of a list without --all
_RED, _GREEN, _BOLD, _DIM, _RESET = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
_MARKS = {"cut": ("[-", "-]"), "new": ("{+", "+}"), "same": ("", "")}  # as `git diff --word-diff` spells them

Item = TypeVar("Item")
Safe = Callable[[str], str]


def text(found: Diff, safe: Safe, *, color: bool = False, limit: int | None = LISTED) -> str:
    """Return the diff in the order in which to read it; `safe` escapes what a terminal could act on."""
    page = _Page(safe, color=color, limit=limit)
    lines = [page.bold(f"{safe(found.name)}: {safe(found.before)} -> {safe(found.after)}"), f"  {safe(lead(found))}"]
    lines += [f"  note: {page.said(note)}" for note in found.notes]
    if found.is_empty:
        return "\n".join([*lines, "  no difference"])
    for section in (page.guard, page.edits, page.cases, page.names, page.drops, page.stale, page.figures):
        lines += section(found)
    return "\n".join(lines)


class _Page:
    """One rendering; a class because every line asks for the same three choices."""

    def __init__(self, safe: Safe, *, color: bool, limit: int | None) -> None:
        self.safe, self.color, self.limit = safe, color, limit

    def guard(self, found: Diff) -> list[str]:
        """Return what lowers the guard; that nothing does is said too."""
        if not found.guard:
            return ["", self.bold("Nothing lowers the guard")]
        lines = ["", self.bold(f"Lowers the guard ({len(found.guard)})")]
        for one in found.guard:
            lines.append(f"  {self.paint('!', _RED)} {self.said(one.said)}")
            shown = one.lines[: self.limit]
            lines += [f"      {self.said(line)}" for line in shown]
            lines += [f"      … {len(one.lines) - len(shown)} more (--all)"] if len(one.lines) > len(shown) else []
        return lines

    def edits(self, found: Diff) -> list[str]:
        """Return what was edited."""
        if not found.edits:
            return []
        return ["", self.bold("What was edited"), *(f"  {self.said(one.said)}" for one in found.edits)]

    def cases(self, found: Diff) -> list[str]:
        """Return renames, and the cases added, removed, changed and moved."""
        told = told_shifts(found)
        lines: list[str] = []
        if found.renames:
            lines += ["", self.bold("Renamed")]
            for one in found.renames:
                rest = f", {one.rewritten} with another text" if one.rewritten else ""
                names = f"{self.safe(one.dimension)} {self.safe(one.before)} renamed {self.safe(one.after)}"
                lines.append(f"  {names}: {counted(len(one.cases), 'case')}{rest}")
        lines += self._list("Added", found.added, lambda one: self._listed(one, "+", _GREEN))
        lines += self._list("Removed", found.removed, lambda one: self._listed(one, "-", _RED))
        lines += self._list(
            "Changed", [one for one in found.changed if is_listed(one)], lambda one: self._case(one, told)
        )
        return [*lines, *self._list("Moved", found.moved, lambda one: self._case(one, told))]

    def names(self, found: Diff) -> list[str]:
        """Return the names that stand in the place of others."""
        return self._list("Names", told_shifts(found), self._shift)

    def drops(self, found: Diff) -> list[str]:
        """Return what is newly dropped, and how many are dropped no longer."""
        lines = self._list("Newly dropped", found.dropped, self._drop)
        if found.released:
            lines += ["", self.bold(f"No longer dropped ({len(found.released)})")]
            lines.append(f"  {self.safe(named_rest(found.released))}")
        return lines

    def stale(self, found: Diff) -> list[str]:
        """Return the reviews that are about another text or label."""
        return self._list("Stale reviews", found.stale, lambda one: [f"  {self.safe(one.id)}: {self.said(one.said)}"])

    def figures(self, found: Diff) -> list[str]:
        """Return mix, measures and gates before and after."""
        lines: list[str] = []
        for title, rows in (("Mix", found.mix), ("Measures", found.measures), ("Gates", found.gates)):
            lines += self._list(title, rows, lambda one: [f"  {self.safe(number_line(one))}{self._because(one.cause)}"])
        return lines

    def _list(self, title: str, items: Sequence[Item], spell: Callable[[Item], Iterable[str]]) -> list[str]:
        if not items:
            return []
        shown = items[: self.limit]
        lines = ["", self.bold(f"{title} ({len(items)})"), *(line for one in shown for line in spell(one))]
        rest = len(items) - len(shown)
        return [*lines, f"  … {rest} more (--all)"] if rest else lines

    def _listed(self, one: ListedCase, sign: str, tint: str) -> list[str]:
        why = f", {self.said(one.why)}" if one.why else ""
        head = f"  {self.paint(sign, tint)} {self.safe(one.id)}  {self.safe(one.provenance)}"
        expected = f", expects {self.safe(shortened(one.expected, 60))}" if one.expected else ""
        return [f"{head}{expected}{why}{self._because(one.cause)}", f"      {self.safe(shortened(one.text, 140))}"]

    def _case(self, one: CaseEdit, told: Sequence[NameShift]) -> list[str]:
        was = f" (was {self.safe(one.was)})" if one.was else ""
        lines = [f"  {self.paint('~', _BOLD)} {self.safe(one.id)}{was}{self._because(one.cause)}"]
        return [*lines, *(f"      {line}" for edit in own_edits(one, told) for line in self._field(edit))]

    def _field(self, edit: FieldEdit) -> list[str]:
        if not edit.is_text:
            return [f"{self.safe(edit.name)}: {self.safe(figure(edit.before))} -> {self.safe(figure(edit.after))}"]
        return [f"{self.safe(edit.name)}: {self._inline(edit.words)}"]

    def _inline(self, words: Sequence[Stretch]) -> str:
        spelled = []
        for at, one in enumerate(words):
            open_, close = _MARKS[one.how]
            if one.how == "same":
                spelled.append(self._lines(around(one.text, is_first=at == 0, is_last=at == len(words) - 1)))
            else:
                tint = _RED if one.how == "cut" else _GREEN
                spelled.append(self.paint(f"{open_}{self._lines(one.text)}{close}", tint))
        return "".join(spelled)

    def _lines(self, words: str) -> str:
        """Keep line breaks, each line marked as one of a text: it must not pass for a line of ours."""
        return "\n        | ".join(self.safe(line) for line in words.split("\n"))

    def _shift(self, one: NameShift) -> list[str]:
        cases = f"{counted(len(one.cases), 'case')}: {self.safe(named_rest(one.cases))}"
        return [f"  {self.safe(shift_words(one))}: {cases}{self._because(one.cause)}"]

    def _drop(self, one: DropEdit) -> list[str]:
        was = "  was a case" if one.was_case else ""
        semantic = "  verify cannot recompute it" if one.is_semantic else ""
        other = f" of {self.safe(one.other)}" if one.other else ""
        line = f"  {self.paint('x', _RED)} {self.safe(one.id)}  {self.safe(one.stage)}: {self.safe(one.reason)}{other}"
        return [f"{line}{was}{semantic}{self._because(one.cause)}"]

    def _because(self, cause: Said | None) -> str:
        return self.paint(f"  <- {self.said(cause)}", _DIM) if cause else ""

    def said(self, sentence: Said) -> str:
        """Return a sentence with its values escaped."""
        return sentence.words.format(*(f"`{self.safe(value)}`" for value in sentence.values))

    def bold(self, title: str) -> str:
        """Return a heading."""
        return self.paint(title, _BOLD)

    def paint(self, words: str, tint: str) -> str:
        """Return words in a colour, where colours are asked for."""
        return f"{tint}{words}{_RESET}" if self.color else words
