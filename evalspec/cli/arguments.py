"""Kinds of command-line arguments: what click's own would let through, and what it refuses too early."""

from __future__ import annotations

import datetime
import math
from typing import Any

import click

from evalspec.text.patterns import lazy_pattern

# Reading says why a file cannot be read, with exit 10; click would call it a wrong command line.
PATH = click.Path(readable=False)

_DAY = lazy_pattern(r"\d{4}-\d{2}-\d{2}")
_HASH = lazy_pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Number(click.FloatRange):
    """A finite number; click lets NaN through, since it is neither below the least nor above the most."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or refuse it as a wrong command line."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class _Day(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click alone
    """A day of the calendar, passed on as it is spelled."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the day, or refuse it as a wrong command line."""
        text = str(value)
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            self.fail(f"`{text}` is no day of the calendar; write YYYY-MM-DD", param, ctx)
        if not _DAY.fullmatch(text):  # Python also reads `20261231` and `2026-W53`
            self.fail(f"`{text}` is no day of the form YYYY-MM-DD", param, ctx)
        return text


DAY = _Day()


class _Commit(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click alone
    """The whole hash of a commit: a branch or the beginning of a hash can come to mean another one."""

    name = "commit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the hash, or refuse it as a wrong command line."""
        text = str(value)
        if not _HASH.fullmatch(text):
            self.fail(f"`{text}` is no whole hash of a commit: 40 characters of 0-9 and a-f", param, ctx)
        return text


COMMIT = _Commit()


def number(least: float | None = None, most: float | None = None) -> click.FloatRange:
    """Return the kind of a finite number within bounds."""
    return _Number(least, most)
