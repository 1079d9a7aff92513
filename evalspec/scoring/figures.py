"""How figures of a score look: points with a sign, p-values, intervals; and data in Markdown that cannot act."""

from __future__ import annotations

from evalspec.stages.reporting.figures import plain_text

_SMALL = 0.001  # below it a p is only said to be smaller


def points(value: float | None) -> str:
    """Spell a difference of rates in percentage points, with its sign."""
    return "–" if value is None else f"{100 * value:+.1f}".replace("-0.0", "+0.0")


def size(value: float) -> str:
    """Spell a distance in percentage points, without a sign."""
    return f"{100 * value:.1f}"


def percent(value: float | None, digits: int = 1) -> str:
    """Spell a rate in percent."""
    return "–" if value is None else f"{100 * value:.{digits}f}"


def p_text(p: float | None) -> str:
    """Spell a p-value with three digits."""
    if p is None:
        return "not known"
    return f"< {_SMALL}" if p < _SMALL else f"{p:.3f}"


def interval_text(interval: tuple[float, float]) -> str:
    """Spell an interval of differences in points."""
    return f"{points(interval[0])} to {points(interval[1])}"


def cell(text: str, limit: int = 160) -> str:
    """Quote data in Markdown: no markup, no mention, no link, also none that starts with `www.`."""
    return plain_text(text, limit).replace("www.", "www\u2060.")
