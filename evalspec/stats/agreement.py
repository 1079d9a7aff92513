"""How far raters agree, with each other beyond chance (Cohen's kappa, Krippendorff's nominal alpha) and with a key."""

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


def balanced_accuracy(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return the mean over the true labels of the share found, from (true, given); a coin has 1 / labels.

    None where fewer than two labels are true of anything: one is found by always saying it.
    """
    right: dict[str, list[bool]] = {}
    for true, given in pairs:
        right.setdefault(true, []).append(true == given)
    shares = [sum(right[label]) / len(right[label]) for label in sorted(right)]
    return sum(shares) / len(shares) if len(shares) > 1 else None


def majority(votes: Sequence[str]) -> str | None:
    """Return what more than half of the votes say; None where nothing has that many."""
    counted = Counter(votes).most_common(1)
    return counted[0][0] if counted and counted[0][1] * 2 > len(votes) else None


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation, -1 to 1 (of two yes-or-no answers: phi); None when one side does not vary."""
    count = len(pairs)
    if count < 2:
        return None
    mean_x, mean_y = (sum(pair[at] for pair in pairs) / count for at in (0, 1))
    across = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    along = sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs)
    return across / along**0.5 if along > 0 else None
