"""Pearson's chi-square without scipy: the statistic, and its upper tail from the incomplete gamma function."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUNDS = 10_000  # of series or fraction; both settle in about sqrt(df) of them
_EPSILON = 1e-15
_TINY = 1e-300


def chi_square(observed: Sequence[float], expected: Sequence[float]) -> float:
    """Return the sum of squared differences over what was expected; cells where nothing is expected do not count."""
    return math.fsum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True) if e > 0)


def independence(left: Sequence[float], right: Sequence[float]) -> tuple[float, int]:
    """Return the statistic and the degrees of freedom of a table of two rows; columns without counts do not count."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a + b > 0]
    here, there = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    total = here + there
    if not here or not there or len(pairs) < 2:
        return 0.0, 0
    expected = [(a + b) * here / total for a, b in pairs] + [(a + b) * there / total for a, b in pairs]
    return chi_square([*(a for a, _ in pairs), *(b for _, b in pairs)], expected), len(pairs) - 1


def chi_square_tail(statistic: float, df: int) -> float:
    """Return the chance that chi-square with `df` degrees of freedom is at least this large."""
    if df <= 0 or statistic <= 0:
        return 1.0
    a, x = df / 2, statistic / 2
    return 1.0 - _lower_series(a, x) if x < a + 1 else _upper_fraction(a, x)


def _front(a: float, x: float) -> float:
    return math.exp(a * math.log(x) - x - math.lgamma(a))


def _lower_series(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function by its power series."""
    term = total = 1.0 / a
    for k in range(1, _ROUNDS):
        term *= x / (a + k)
        total += term
        if term < total * _EPSILON:
            break
    return min(1.0, _front(a, x) * total)


def _upper_fraction(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function by Lentz's continued fraction."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    total = d
    for k in range(1, _ROUNDS):
        numerator = -k * (k - a)
        b += 2
        d = numerator * d + b
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = b + numerator / c
        c = c if abs(c) > _TINY else _TINY
        total *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return min(1.0, _front(a, x) * total)
