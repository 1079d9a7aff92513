"""A diff as a comment on a pull request: folded, capped, and nothing in it acts on whoever reads it.

Every word that is not ours stands in a code span or a fenced block that is longer than any run of backticks in it.
There nothing pings, links, loads an image, is HTML or ends the block; escaping with backslashes would not do, since
GitHub looks for names and addresses in the text that comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from evalspec.text.patterns import lazy_pattern

LONGEST = 60_000  # characters; GitHub refuses a comment of more than 65,536
LONGEST_FIELD = 2_000  # characters of one text on one side
LONGEST_SPAN = 400
RESERVED = 200  # for the closing lines of a list that was cut

_TICKS = lazy_pattern("`+")
# What a page does not show or shows elsewhere: controls, marks of direction, separators, tags, surrogates.
_HIDDEN = lazy_pattern(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e0fff]"
)
Item = TypeVar("Item")


def markdown(found: Diff, *, longest: int = LONGEST) -> str:
    """Return the diff as Markdown of at most `longest` characters, in the order in which to read it."""
    head = [f"### Changes of {span(found.name)}", ""]
    head += [f"{span(found.before)} → {span(found.after)}: **{lead(found)}**", ""]
    head += [f"- Note: {sentence(note)}" for note in found.notes] + ([""] if found.notes else [])
    if found.is_empty:
        return "\n".join([*head, "Nothing differs.", ""])
    page, told = _Page(longest), told_shifts(found)
    page.put("\n".join([*head, ""]))
    page.guard(found)
    page.list("What was edited", found.edits, lambda one: f"- {sentence(one.said)}", folded=False)
    page.list("Renamed", found.renames, lambda one: (
        f"- {span(one.dimension)} {span(one.before)} renamed {span(one.after)}: {counted(len(one.cases), 'case')}"
        + (f", {one.rewritten} with another text" if one.rewritten else "")
    ), folded=False)  # fmt: skip
    page.list("Stale reviews", found.stale, lambda one: f"- {span(one.id)}: {sentence(one.said)}", folded=False)
    page.list("Added", found.added, _listed)
    page.list("Removed", found.removed, _listed)
    page.list("Changed", [one for one in found.changed if is_listed(one)], lambda one: _case(one, told))
    page.list("Moved", found.moved, lambda one: _case(one, told))
    page.list("Names", told, _shift)
    page.list("Newly dropped", found.dropped, _drop)
    page.list("No longer dropped", found.released, lambda one: f"- {span(one)}")
    for title, rows in (("Mix", found.mix), ("Measures", found.measures), ("Gates", found.gates)):
        page.list(title, rows, lambda one: f"- {span(number_line(one))}{_because(one.cause)}",
                  folded=title == "Measures")  # fmt: skip
    return page.text()


class _Page:
    """A comment as it grows; a class because every section asks how much room is left."""

    def __init__(self, longest: int) -> None:
        self.left, self.parts = longest, list[str]()

    def put(self, text: str) -> None:
        """Add a piece that there is room for."""
        self.parts.append(text)
        self.left -= len(text)

    def guard(self, found: Diff) -> None:
        """Add what lowers the guard, never folded; that nothing does is said too."""
        if not found.guard:
            self.put("**Nothing lowers the guard.**\n\n")
            return
        lines: list[str] = []
        for one in found.guard:
            lines.append(f"- {sentence(one.said)}")
            lines += [f"  - {sentence(line)}" for line in one.lines]
        self.list("⚠️ Lowers the guard", lines, lambda line: line, folded=False, count=len(found.guard))

    def list(
        self,
        title: str,
        items: Sequence[Item],
        spell: Callable[[Item], str],
        *,
        folded: bool = True,
        count: int | None = None,
    ) -> None:
        """Add a section, as many of its items as there is room for, and the number of the rest."""
        if not items or self.left < 2 * RESERVED:
            if items and self.left >= RESERVED // 2:
                self.put(f"{title}: … {len(items)} more\n\n"[: RESERVED // 2])
            return
        number = len(items) if count is None else count
        if folded:
            self.put(f"<details><summary>{title} ({number})</summary>\n\n")
        else:
            self.put(f"**{title} ({number})**\n\n")
        shown = 0
        for item in items:
            spelled = f"{spell(item)}\n"
            if len(spelled) > self.left - RESERVED:
                break
            self.put(spelled)
            shown += 1
        if shown < len(items):
            self.put(f"\n… {len(items) - shown} more\n")
        self.put("\n</details>\n\n" if folded else "\n")

    def text(self) -> str:
        """Return the comment."""
        return "".join(self.parts)


def span(words: str) -> str:
    """Return words of others as a code span in one line, whatever they hold."""
    line = shortened(visible(words), LONGEST_SPAN) or " "
    ticks = "`" * (max((len(run) for run in _TICKS.findall(line)), default=0) + 1)
    # A space on both sides is taken away again by the reader, and keeps backticks apart from the marks.
    pad = " " if line.startswith("`") or line.endswith("`") or line == " " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def block(lines: Sequence[str], indent: str = "") -> str:
    """Return lines of others as a fenced block that none of them can end."""
    longest = max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    shown = [one for line in lines for one in [visible(line)]]
    return "\n".join(f"{indent}{line}" for line in (f"{fence}diff", *shown, fence))


def visible(words: str) -> str:
    r"""Return words with everything that hides, reorders or breaks a line as `\u…`."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", words)


def sentence(said: Said) -> str:
    """Return a sentence of ours with the words of others in code spans."""
    return said.words.format(*(span(value) for value in said.values))


def _because(cause: Said | None) -> str:
    return f" ← {sentence(cause)}" if cause else ""


def _listed(one: ListedCase) -> str:
    expected = f", expects {span(one.expected)}" if one.expected else ""
    why = f", {sentence(one.why)}" if one.why else ""
    head = f"- {span(one.id)} {span(one.provenance)}{expected}{why}{_because(one.cause)}"
    return f"{head}\n  - {span(one.text)}"


def _case(one: CaseEdit, told: Sequence[NameShift]) -> str:
    was = f" (was {span(one.was)})" if one.was else ""
    lines = [f"- {span(one.id)}{was}{_because(one.cause)}"]
    for edit in own_edits(one, told):
        if edit.is_text:
            lines += [f"  - {span(edit.name)}", block(_both(edit), indent="    ")]
        else:
            lines.append(f"  - {span(edit.name)}: {span(figure(edit.before))} → {span(figure(edit.after))}")
    return "\n".join(lines)


def _both(edit: FieldEdit) -> list[str]:
    """Return the text before and after, a sign at the start of every line, what was cut and what is new in marks."""
    before = _marked(edit.words, leave_out="new", marks=("[-", "-]"))
    after = _marked(edit.words, leave_out="cut", marks=("{+", "+}"))
    lines = [f"- {line}" for line in before.split("\n")] if edit.before is not None else []
    return lines + ([f"+ {line}" for line in after.split("\n")] if edit.after is not None else [])


def _marked(words: Sequence[Stretch], *, leave_out: str, marks: tuple[str, str]) -> str:
    spelled = []
    for at, one in enumerate(words):
        if one.how == "same":
            spelled.append(around(one.text, is_first=at == 0, is_last=at == len(words) - 1))
        elif one.how != leave_out:
            spelled.append(f"{marks[0]}{one.text}{marks[1]}")
    whole = "".join(spelled)
    return whole if len(whole) <= LONGEST_FIELD else f"{whole[:LONGEST_FIELD]}…"


def _shift(one: NameShift) -> str:
    cases = f"{counted(len(one.cases), 'case')}: {span(named_rest(one.cases))}"
    return f"- {span(shift_words(one))}: {cases}{_because(one.cause)}"


def _drop(one: DropEdit) -> str:
    was = ", **a case before**" if one.was_case else ""
    semantic = ", **cannot be recomputed**" if one.is_semantic else ""
    other = f" of {span(one.other)}" if one.other else ""
    return f"- {span(one.id)} by {span(one.stage)}: {span(one.reason)}{other}{was}{semantic}{_because(one.cause)}"
