"""An audit as the one screen that people meet first, and the same as Markdown."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from evalspec.model.audit import Audit, AuditFile, Finding, Status
from evalspec.stages.reporting.figures import plain_text, table

WIDTH = 100  # columns
NARROWEST = 60
MARGIN = "  "
TITLE = 20
CELL = 9
LONGEST_NAME = 40  # of a column
PROSE_NAME = 4  # words of a column, from which it looks like a case
TIED = "\u00a0"  # between a figure and its sign: a line never breaks there
MARKS: Mapping[Status, str] = {"ok": "✓", "warning": "!", "error": "✗", "unknown": "?", "report": "·"}
TINTS: Mapping[Status, str] = {"ok": "32", "warning": "33", "error": "31", "unknown": "36", "report": "2"}
LEGEND = "✓ in order  ! look at it  ✗ would stop a launch  ? cannot be said  · a figure, not judged"

Paint = Callable[[str, str], str]  # (text, tint) to text


def plain(text: str, tint: str) -> str:
    """Leave a text as it is."""
    return text


def screen(audit: Audit, paint: Paint = plain, width: int = WIDTH) -> str:
    """Lay the audit out for a terminal; `harmless` comes first, since what is painted cannot be escaped any more."""
    width = max(NARROWEST, min(width, WIDTH))
    lines = [*_head(audit, paint, width)]
    section = ""
    for one in audit.findings:
        if one.section != section:
            section = one.section
            lines.append(_section_line(audit, section, paint, width))
        lines += _finding_lines(one, paint, width)
    lines += _actions(audit, paint, width)
    return "\n".join(lines) + "\n"


def harmless(audit: Audit, clean: Callable[[str], str]) -> Audit:
    """Return an audit with every word that comes from a file cleaned: what a terminal could act on is spelled out."""

    def name(one: str | None) -> str | None:
        return None if one is None else clean(one)

    def file(one: AuditFile) -> AuditFile:
        fields = replace(
            one.fields,
            text=clean(one.fields.text),
            id=name(one.fields.id),
            label=name(one.fields.label),
            origin=name(one.fields.origin),
            verified=name(one.fields.verified),
            choices=name(one.fields.choices),
            parent=name(one.fields.parent),
            spread=tuple(clean(column) for column in one.fields.spread),
            context=tuple(clean(column) for column in one.fields.context),
        )
        return replace(one, name=clean(one.name), fields=fields)

    return replace(
        audit,
        file=file(audit.file),
        seeds=None if audit.seeds is None else file(audit.seeds),
        training=None if audit.training is None else file(audit.training),
        known=None if audit.known is None else file(audit.known),
        beside=clean(audit.beside),
        findings=tuple(
            replace(
                one,
                words=clean(one.words),
                cells=tuple((clean(name), clean(value)) for name, value in one.cells),
            )
            for one in audit.findings
        ),
        actions=tuple(replace(one, words=clean(one.words), figure=clean(one.figure)) for one in audit.actions),
    )


def _head(audit: Audit, paint: Paint, width: int) -> list[str]:
    file = audit.file
    title = f"{file.name}: {_count(len(file.rows), 'case')}"
    if audit.beside:
        size = f"{audit.beside_size:,} of " if audit.seeds and audit.beside_size < len(audit.seeds.rows) else ""
        there = f"{len(audit.seeds.rows):,} real texts of {audit.beside}" if audit.seeds else audit.beside
        title += f", beside {size}{there}"
    found = [paint(row, "1") for row in _wrap(title, width, "", "  ")]
    found += _wrap(f"read as {read_as(file)}{_otherwise(file)}", width, MARGIN, MARGIN * 2)
    for other in (audit.seeds, audit.training, audit.known):
        if other is not None:
            found += _wrap(f"{other.name} as {read_as(other, text_only=True)}", width, MARGIN, MARGIN * 2)
    for one in (file, audit.seeds, audit.training, audit.known):
        if one is not None and (said := left_out(one)):
            found += [paint(row, "33") for row in _wrap(f"left out of {one.name}: {said}", width, MARGIN, MARGIN * 2)]
    return found


def read_as(file: AuditFile, *, text_only: bool = False) -> str:
    """Say how a file was read: its form, and what its columns were taken for."""
    fields = file.fields
    parts = [f"text `{_short(fields.text)}`" + (" (chats: the user's turns)" if fields.is_chat else "")]
    if not text_only or fields.label:
        parts += [f"answer `{fields.label}`"] if fields.label else ["no answers"]
    if not text_only:
        parts += [f"id `{fields.id}`"] if fields.id else []
        parts += [f"origin `{fields.origin}`"] if fields.origin else []
        parts += [f"checked `{fields.verified}`"] if fields.verified else []
        parts += [f"choices `{fields.choices}`"] if fields.choices else []
        parts += [f"choices `{fields.spread[0]}` to `{fields.spread[-1]}`"] if fields.spread else []
        parts += [f"parent `{fields.parent}`"] if fields.parent else []
        parts += [f"context {', '.join(f'`{one}`' for one in fields.context)}"] if fields.context else []
    said = () if text_only else fields.told  # flags about columns are about the set
    told = f" (told: {', '.join(f'--{one}' for one in said)})" if said else ""
    return f"{file.form}: {', '.join(parts)}{told}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _otherwise(file: AuditFile) -> str:
    """Name the flags that put a guess right, but for those that were given."""
    left = [f"--{one}" for one in ("text", "label", "origin") if one not in file.fields.told]
    return f" (guessed; or say {', '.join(left)})" if left else ""


def left_out(file: AuditFile) -> str:
    """Say which rows are not in the figures, or nothing."""
    parts = [
        f"{_count(file.refused, 'row')} could not be read" if file.refused else "",
        f"{_count(file.blank, 'row')} without a text" if file.blank else "",
        f"{_count(file.repeats, 'row')} of further runs of a case" if file.repeats else "",
        f"{_count(file.cut, 'text')} longer than what is measured" if file.cut else "",
        f"only the first {len(file.rows):,} rows were read" if file.unread else "",
        "line 1, taken for the names of columns" if _names_look_like_a_case(file) else "",
    ]
    return ", ".join(part for part in parts if part)


def _names_look_like_a_case(file: AuditFile) -> bool:
    return file.form.startswith(("CSV", "TSV")) and len(file.fields.text.split()) >= PROSE_NAME


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _section_line(audit: Audit, section: str, paint: Paint, width: int) -> str:
    cells = next((one.cells for one in audit.findings if one.section == section and one.cells), ())
    if not cells:
        return paint(section, "1")
    names = "".join(f"{_fit(name, CELL):>{CELL + 1}}" for name, _ in cells)
    lead = len(MARGIN) + TITLE + 2
    return paint(f"{section:<{lead}}", "1") + paint(names, "2")


def _finding_lines(one: Finding, paint: Paint, width: int) -> list[str]:
    mark = paint(MARKS[one.status], TINTS[one.status])
    cells = "".join(f"{value:>{CELL + 1}}" for _, value in one.cells)
    lead = f" {one.title:<{TITLE}}{cells}"
    gap = "  " if one.cells else " "
    indent = len(MARGIN) + 1 + len(lead) + len(gap)
    said = _wrap(one.words, max(width - indent, 20), "", "") or [""]
    return [f"{MARGIN}{mark}{lead}{gap}{said[0]}".rstrip(), *(" " * indent + row for row in said[1:])]


def _actions(audit: Audit, paint: Paint, width: int) -> list[str]:
    found = [paint("What to do first", "1")]
    for at, one in enumerate(audit.actions, start=1):
        found += _wrap(f"{at}. {one.words}", width, MARGIN, MARGIN + "   ")
        found += [paint(row, "2") for row in _wrap(one.figure, width, MARGIN + "   ", MARGIN + "   ")]
    if not audit.actions:
        found.append(MARGIN + "nothing that these figures ask for")
    if audit.open:
        found.append(paint("Still open", "1"))
    for question in audit.open:
        found += _wrap(question, width, f"{MARGIN}? ", f"{MARGIN}  ")
    return [*found, *(paint(row, "2") for row in _wrap(LEGEND, width, "", ""))]


def _wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    rows = textwrap.wrap(
        text.replace(" %", f"{TIED}%").replace("< 0", f"<{TIED}0").replace("> 9", f">{TIED}9"),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=True,
        break_on_hyphens=False,
    )
    return [row.replace(TIED, " ") for row in rows]


def _fit(text: str, width: int) -> str:
    return text if _columns(text) <= width else text[: width - 1] + "…"


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def markdown(audit: Audit) -> str:
    """Lay the audit out as Markdown in which nothing of the data acts; every measurement stands in a table below."""
    file = audit.file
    lines = [f"# Audit of `{plain_text(file.name)}`", ""]
    beside = f", beside {audit.beside_size:,} texts: {plain_text(audit.beside)}" if audit.beside else ""
    lines += [f"{_count(len(file.rows), 'case')}{beside}. Read as {plain_text(read_as(file), 400)}.", ""]
    left = [f"- Left out of {plain_text(one.name)}: {said}" for one in _files(audit) if (said := left_out(one))]
    lines += [*left, "", "## What to do first", ""] if left else ["## What to do first", ""]
    for at, action in enumerate(audit.actions, start=1):
        lines.append(f"{at}. {plain_text(action.words, 400)} *{plain_text(action.figure, 400)}*")
    lines += [] if audit.actions else ["Nothing that these figures ask for."]
    lines += ["", *(f"- Open: {plain_text(one, 400)}" for one in audit.open), *([""] if audit.open else [])]
    for section in dict.fromkeys(one.section for one in audit.findings):
        lines += [f"## {section}", "", *_markdown_section(audit, section)]
    lines += _measurements(audit)
    lines += ["", LEGEND, ""]
    return "\n".join(lines)


def _files(audit: Audit) -> Sequence[AuditFile]:
    return [one for one in (audit.file, audit.seeds, audit.training, audit.known) if one is not None]


def _markdown_section(audit: Audit, section: str) -> list[str]:
    found = [one for one in audit.findings if one.section == section]
    names = list(dict.fromkeys(name for one in found for name, _ in one.cells))
    rows = []
    for one in found:
        cells = dict(one.cells)
        p = "–" if one.p is None else f"{one.p:.3f}" if one.p >= 0.001 else "< 0.001"
        rows.append(
            [
                MARKS[one.status],
                one.title,
                *(plain_text(cells.get(name, "")) for name in names),
                f"{one.n:,}" if one.n else "",
                p,
                plain_text(one.words, 400),
            ]
        )
    return table(["", "figure", *(plain_text(name) for name in names), "n", "p", "says"], rows)


def _measurements(audit: Audit) -> list[str]:
    if not audit.measurements:
        return []
    rows = [
        [
            f"`{one.measure}`" + (f" ({one.space})" if one.space else ""),
            plain_text(one.slice),
            "–" if one.value is None else f"{one.value:.4g}",
            "–" if one.baseline is None else f"{one.baseline:.4g}",
            "–" if one.p is None else f"{one.p:.3f}",
            one.unit,
            f"{one.n:,}",
            plain_text(one.note or "", 200),
        ]
        for one in audit.measurements
    ]
    return [
        "## Every measure",
        "",
        *table(["measure", "cases", "value", "real texts", "p", "unit", "n", "note"], rows),
    ]
