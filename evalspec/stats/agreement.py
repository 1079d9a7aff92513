"""How far raters agree beyond chance: Cohen's kappa for two, Krippendorff's nominal alpha for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations


def disagreement(units: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return (pairs of ratings that differ, pairs of ratings) over all units."""
    pairs = [left == right for unit in units for left, right in combinations(unit, 2)]
    return pairs.count(False), len(pairs)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two raters; None when chance alone explains all (one label only) or nothing was rated."""
    if not pairs:
        return None
    n = len(pairs)
    left, right = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    seen = sum(one == other for one, other in pairs)
    chance = sum(left[label] * right[label] for label in sorted(left))
    return None if chance == n * n else (seen * n - chance) / (n * n - chance)


def alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha for nominal labels; units with one rating say nothing. None: no variation at all."""
    rated = [unit for unit in units if len(unit) > 1]
    totals = Counter(label for unit in rated for label in unit)
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    if n < 2 or expected == 0:
        return None
    observed = sum(
        (len(unit) ** 2 - sum(count * count for count in Counter(unit).values())) / (len(unit) - 1) for unit in rated
    )
    return 1 - (n - 1) * observed / expected
