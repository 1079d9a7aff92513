"""Means over cases that come in families: siblings share a parent, so they are less evidence than their number says.

Everything here is the ratio of two sums over families, sum(y) / sum(m), with the variance of that ratio. With one case
a family it is the plain mean; with families of one size it is the t-test on family means.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalspec.later import NDArray, np, statistics
from evalspec.stats.intervals import CONFIDENCE, tango, wilson
from evalspec.stats.student import t_quantile, t_two_sided

RESAMPLES = 2000
_BLOCK = 256  # resamples at a time
_LEVEL = 1e-12  # a variance below this is none: the families say all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The cases of one root parent: sum of weighted values, sum of weights, number of cases."""

    total: float
    weight: float
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean over families, with its variance and degrees of freedom."""

    value: float
    variance: float
    df: float
    families: int
    cases: int


def families_of(names: Sequence[str], values: Sequence[float], weights: Sequence[float]) -> tuple[Family, ...]:
    """Gather cases into families, in name order."""
    found: dict[str, tuple[float, float, int]] = {}
    for name, value, weight in zip(names, values, weights, strict=True):
        total, size, cases = found.get(name, (0.0, 0.0, 0))
        found[name] = (total + weight * value, size + weight, cases + 1)
    return tuple(Family(total=found[name][0], weight=found[name][1], cases=found[name][2]) for name in sorted(found))


def mean_of(families: Sequence[Family]) -> Mean:
    """Return the weighted mean over cases with the variance that the families show; one family shows none."""
    k, weight = len(families), math.fsum(one.weight for one in families)
    cases = sum(one.cases for one in families)
    value = math.fsum(one.total for one in families) / weight
    if k < 2:
        return Mean(value=value, variance=math.nan, df=0.0, families=k, cases=cases)
    spread = math.fsum((one.total - value * one.weight) ** 2 for one in families)
    return Mean(value=value, variance=k / (k - 1) * spread / weight**2, df=k - 1.0, families=k, cases=cases)


def clustered_wilson(families: Sequence[Family], *, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Return Wilson's interval of a rate at the effective number of cases, and that number.

    The effective number is n over the design effect, at most n; where all families agree, each counts once. With
    siblings or weights it is corrected for the few families the design effect was estimated from (Korn and Graubard).
    """
    found = mean_of(families)
    n, rate = float(found.cases), min(1.0, max(0.0, found.value))
    weights = {one.weight for one in families}
    if found.families == found.cases and len(weights) == 1:
        return (*wilson(rate * n, n, confidence=confidence), n)
    if found.families < 2:
        return (*wilson(rate, 1.0, confidence=confidence), 1.0)
    if found.variance < _LEVEL:
        effective = float(found.families)
    else:
        effective = max(1.0, min(n, rate * (1 - rate) / found.variance))
        z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
        effective *= (z / t_quantile(confidence, found.df)) ** 2
    return (*wilson(rate * effective, effective, confidence=confidence), effective)


def family_test(
    families: Sequence[Family], *, confidence: float = CONFIDENCE
) -> tuple[float | None, tuple[float, float]]:
    """Return the two-sided p that a mean difference is zero and its interval, by the t-test over families.

    Families that differ all alike show no variance: then the interval is Tango's, one pair a family. One family shows
    nothing: no p, and every difference is possible.
    """
    found = mean_of(families)
    if found.families < 2:
        return None, (-1.0, 1.0)
    if found.variance < _LEVEL:
        alike = round(abs(found.value) * found.families)
        low, high = tango(alike, 0, found.families, confidence=confidence)
        return (1.0 if alike == 0 else None), ((low, high) if found.value >= 0 else (-high, -low))
    error = math.sqrt(found.variance)
    half = t_quantile(confidence, found.df) * error
    p = t_two_sided(found.value / error, found.df)
    return p, (max(-1.0, found.value - half), min(1.0, found.value + half))


def welch(
    left: Sequence[Family], right: Sequence[Family], *, confidence: float = CONFIDENCE
) -> tuple[float, tuple[float, float]] | None:
    """Return right minus left with Welch's interval over families; None when nothing shows a variance."""
    if len(left) < 2 or len(right) < 2:
        return None
    one, two = mean_of(left), mean_of(right)
    if one.variance + two.variance < _LEVEL:
        return None
    variance = one.variance + two.variance
    df = variance**2 / (one.variance**2 / one.df + two.variance**2 / two.df)
    half = t_quantile(confidence, df) * math.sqrt(variance)
    difference = two.value - one.value
    return difference, (difference - half, difference + half)


def bootstrap(
    families: Sequence[Family], key: str, *, resamples: int = RESAMPLES, confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Return the percentile interval of a mean when whole families are drawn again; None for fewer than two."""
    if len(families) < 2:
        return None
    totals = np.array([one.total for one in families])
    weights = np.array([one.weight for one in families])
    drawn = _draws(totals, weights, key, resamples)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _draws(totals: NDArray[np.float64], weights: NDArray[np.float64], key: str, resamples: int) -> NDArray[np.float64]:
    # Raw words of PCG64, which numpy promises to keep; its distributions may change.
    words = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))
    count, found = len(totals), []
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        unit = (words.random_raw(size * count) >> np.uint64(11)).astype(np.float64) / 2.0**53
        picked = np.minimum((unit * count).astype(np.int64), count - 1).reshape(size, count)
        found.append(totals[picked].sum(axis=1) / weights[picked].sum(axis=1))
    return np.concatenate(found)


def flips(epochs: Mapping[str, tuple[int, int]]) -> float | None:
    """Return how often two runs of one case disagree, from passes and runs a case; None when no case ran twice."""
    shares = [2 * passed * (runs - passed) / (runs * (runs - 1)) for passed, runs in epochs.values() if runs > 1]
    return math.fsum(shares) / len(shares) if shares else None
