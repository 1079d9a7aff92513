"""Counts of repeated things to figures that do not depend on how many were counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias

from evalspec.later import NDArray, np

Z = 1.959963984540054  # of a 95 % interval
Rows: TypeAlias = "NDArray[np.float64]"


def expected_distinct(counts: Sequence[int], size: int) -> float:
    """Return how many types `size` draws without replacement would hold: rarefaction, exact and without sampling."""
    total = sum(counts)
    if size >= total:
        return float(len(counts))
    log_all = _log_choose(total, size)
    by_count = Counter(counts)
    return math.fsum(
        types * (1.0 - (math.exp(_log_choose(total - count, size) - log_all) if total - count >= size else 0.0))
        for count, types in sorted(by_count.items())
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def collision(things: Iterable[Hashable]) -> float | None:
    """Return the chance that two different draws are equal: sum c(c-1) / (n(n-1)), unbiased at any n."""
    counts = Counter(things)
    n = counts.total()
    return sum(count * (count - 1) for count in counts.values()) / (n * (n - 1)) if n > 1 else None


def entropy_bits(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each row of counts in bits; NaN where nothing was counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts / counts.sum(axis=-1, keepdims=True)
        parts = np.where(shares > 0, shares * np.log2(np.where(shares > 0, shares, 1.0)), 0.0)
        return np.where(counts.sum(axis=-1) > 0, -parts.sum(axis=-1), np.nan)


def entropy_ratio_interval(left: Rows, right: Rows) -> tuple[float, float] | None:
    """Return the 95 % interval of the ratio of two entropies, less one; rows are families, columns terms.

    Each family of either side is left out in turn, on the scale of logarithms: the wobble of both sides counts. On
    simulated terms it held 91 to 98 % of true ratios, from 25 hits a side; a percentile bootstrap held 0 to 80 %, and
    the band of exchanged labels 60 % where one side is much more varied. None where leaving one out leaves no entropy.
    """
    errors, bits = [], []
    for side in (left, right):
        whole = side.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(entropy_bits(whole[None, :] - side))
        if len(logs) < 2 or not np.isfinite(logs).all():
            return None
        errors.append((len(logs) - 1) / len(logs) * float(((logs - logs.mean()) ** 2).sum()))
        bits.append(float(entropy_bits(whole[None, :])[0]))
    ratio, width = bits[0] / bits[1], math.exp(Z * math.sqrt(sum(errors)))
    return ratio / width - 1, ratio * width - 1


def total_variation(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return half the summed difference of shares, row by row; NaN where a side counted nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        here = left / left.sum(axis=-1, keepdims=True)
        there = right / right.sum(axis=-1, keepdims=True)
        return np.asarray(np.abs(here - there).sum(axis=-1) / 2)


def jensen_shannon(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Jensen-Shannon divergence of two rows of counts in bits, unsmoothed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        here = left / left.sum(axis=-1, keepdims=True)
        there = right / right.sum(axis=-1, keepdims=True)
    middle = (here + there) / 2
    return entropy_bits(middle) - (entropy_bits(here) + entropy_bits(there)) / 2


def term_hits(words: Sequence[str], terms: Sequence[Sequence[str]]) -> frozenset[int]:
    """Return which terms stand in a text, each once: longest first, the last word of a term matched as a prefix.

    A stretch of text counts for one term only, so that `money back` is no `back`.
    """
    order = sorted(range(len(terms)), key=lambda at: (-len(terms[at]), -len(" ".join(terms[at])), at))
    found: set[int] = set()
    at = 0
    while at < len(words):
        hit = next((term for term in order if _starts(words, at, terms[term])), None)
        if hit is None:
            at += 1
        else:
            found.add(hit)
            at += len(terms[hit])
    return frozenset(found)


def _starts(words: Sequence[str], at: int, term: Sequence[str]) -> bool:
    end = at + len(term)
    return (
        bool(term)
        and end <= len(words)
        and tuple(words[at : end - 1]) == tuple(term[:-1])
        and words[end - 1].startswith(term[-1])
    )


def counted(bags: Iterable[Iterable[Hashable]]) -> Mapping[Hashable, int]:
    """Count things over all bags."""
    counts: Counter[Hashable] = Counter()
    for bag in bags:
        counts.update(bag)
    return counts
