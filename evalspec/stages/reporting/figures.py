"""How numbers and tables look in a report, and how a measurement is found among many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

from evalspec.model.outcome import Measurement

_MARKUP = regex.compile(r"([\\`*_{}\[\]<>#|~@])")


def share(part: int, whole: int) -> str:
    """Spell a share as a percentage with its counts."""
    return f"{100 * part / whole:.0f} % ({part:,} of {whole:,})" if whole else "none"


def number(value: float | None) -> str:
    """Spell a measured value: counts whole, everything else with three digits after the point."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.3f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay out a Markdown table; a column of numbers is aligned to the right."""
    body = [list(row) for row in rows]
    right = [bool(body) and all(_is_number(row[at]) for row in body) for at in range(len(head))]
    rule = "|".join("---:" if one else "---" for one in right)
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in body), ""]


def _is_number(cell: str) -> bool:
    return bool(cell) and (cell[0].isdigit() or cell[0] in "–-−+.")


def plain_text(text: str, limit: int = 160) -> str:
    """Quote data in Markdown: on one line, no markup, no mention, no link, cut at `limit` characters."""
    line = " ".join(text.split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    line = regex.sub(r"[\p{Cc}\p{Cf}\p{Co}\p{Cs}]", lambda found: f"\\u{ord(found.group()):04x}", line)
    return str(_MARKUP.sub(r"\\\1", line)).replace("://", ":\u2060//")


def find(
    measurements: Iterable[Measurement], measure: str, slice_: str = "all", of: str | None = None
) -> Measurement | None:
    """Return the measurement of that name and slice, or None."""
    return next(
        (
            one
            for one in measurements
            if one.measure == measure and one.slice == slice_ and (of is None or one.of == of)
        ),
        None,
    )


def named(one: Measurement) -> str:
    """Spell a measurement's name with what it is of and the space it was taken in."""
    of = f" of {one.of}" if one.of else ""
    return f"{one.measure}{of} ({one.space})" if one.space else f"{one.measure}{of}"
