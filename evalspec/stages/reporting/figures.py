"""How numbers and tables look in a report, and how a measurement is found among many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

from evalspec.model.outcome import Measurement
from evalspec.text.patterns import lazy_unicode

HALF_A_THOUSANDTH = 5e-4  # what three digits show nothing of
# An underscore inside a word is no markup; names are full of them.
_MARKUP = lazy_unicode(r"([\\`*{}\[\]<>#|~@]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}]))")
# What we set in backticks ourselves: names, ids and words. Anything else in backticks is spelled out.
_CODE = lazy_unicode(r"`([\p{L}\p{N}][\p{L}\p{N} '’_.,:/=-]*)`")


def share(part: int, whole: int) -> str:
    """Spell a share as a percentage with its counts."""
    return f"{100 * part / whole:.0f} % ({part:,} of {whole:,})" if whole else "none"


def percent(part: float) -> str:
    """Spell a share between 0 and 1 as a percentage."""
    return f"{100 * part:.0f} %"


def number(value: float | None) -> str:
    """Spell a measured value: counts whole, everything else with three digits after the point, and no negative zero."""
    if value is None:
        return "–"
    if abs(value) < HALF_A_THOUSANDTH:
        return "0" if value == 0 else "0.000"
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
    """Quote a text in Markdown: on one line, no markup but names in backticks, no mention, no link, cut at `limit`."""
    line = " ".join(text.split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    line = regex.sub(r"[\p{Cc}\p{Cf}\p{Co}\p{Cs}]", lambda found: f"\\u{ord(found.group()):04x}", line)
    parts = _CODE.split(line)  # text, code, text, ...
    parts[::2] = [_MARKUP.sub(r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts).replace("://", ":\u2060//")


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
