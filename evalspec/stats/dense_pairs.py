"""All pairs of rows at a cosine of at least a threshold, exactly, over int8 vectors (an embedding at scale 127).

A cosine is an integer dot product over integer norms, so what it decides is the same on every machine. Single
precision only sieves: whole numbers below 2**24 are exact in it, in whatever order a BLAS adds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from evalspec.later import NDArray, np

PAIR_LIMIT = 5_000_000  # pairs listed, 120 MB; a cluster of 10,000 equal texts alone has 50 million
BLOCK = 2048  # rows multiplied at a time

_SINGLE_EXACT = 1 << 24  # whole numbers below are exact in float32, and Cauchy-Schwarz bounds every partial sum
_DOUBTFUL = 1e-12  # relative; five roundings of doubles stay far below, and the few in between go to fractions

Rows: TypeAlias = "NDArray[np.int8]"
Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True, kw_only=True)
class NearPairs:
    """Pairs of rows in row order with their cosines; `total` counts those beyond the limit too."""

    pairs: Ints  # (n, 2)
    cosines: Floats
    total: int

    def __len__(self) -> int:
        return len(self.pairs)


def pairs_at_least(vectors: Rows, threshold: Fraction | float, *, limit: int = PAIR_LIMIT) -> NearPairs:
    """Return every pair (left < right) of rows with a cosine of at least `threshold`, in row order.

    Exact: no pair is missed and none is added. A row of zeros is near to nothing. Where there are more than `limit`
    pairs, the first of them are listed and `total` counts all. ValueError if `threshold` is not within 0 < t <= 1.
    """
    return _gathered(_blocks(vectors, None, bound_of(threshold)), limit)


def pairs_between(new: Rows, old: Rows, threshold: Fraction | float, *, limit: int = PAIR_LIMIT) -> NearPairs:
    """Return every (row of `new`, row of `old`) with a cosine of at least `threshold`; as `pairs_at_least`."""
    return _gathered(_blocks(new, old, bound_of(threshold)), limit)


def bound_of(threshold: Fraction | float) -> Fraction:
    """Return a threshold as the fraction that its decimals say: 0.92 is 23/25. ValueError outside 0 < t <= 1."""
    bound = threshold if isinstance(threshold, Fraction) else Fraction(str(threshold))
    if not 0 < bound <= 1:
        raise ValueError(f"a threshold must be above 0 and at most 1, not {threshold}")
    return bound


def squared_norms(vectors: Rows) -> Ints:
    """Return the squared length of each row."""
    found = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float64)
        found[start : start + BLOCK] = np.einsum("ij,ij->i", block, block)
    return found


def reaches(products: Ints, left: Ints, right: Ints, bound: Fraction) -> NDArray[np.bool_]:
    """Decide for dot products over squared norms which are a cosine of at least `bound`, as whole numbers would."""
    squares = products.astype(np.float64) ** 2
    limits = left.astype(np.float64) * right.astype(np.float64) * (float(bound) * float(bound))
    found = (products > 0) & (squares >= limits * (1 - _DOUBTFUL))
    for at in np.flatnonzero(found & (squares <= limits * (1 + _DOUBTFUL))):
        dot, norms = int(products[at]), int(left[at]) * int(right[at])
        found[at] = norms > 0 and dot * dot * bound.denominator**2 >= bound.numerator**2 * norms
    return found


Found = tuple[Ints, Ints, Floats]


def _blocks(new: Rows, old: Rows | None, bound: Fraction) -> Iterator[Found]:
    here = squared_norms(new)
    other, there = (new, here) if old is None else (old, squared_norms(old))
    largest = max((int(norms.max()) for norms in (here, there) if len(norms)), default=0)
    kind: type[np.floating] = np.float32 if largest < _SINGLE_EXACT else np.float64
    for top in range(0, len(new), BLOCK):
        rows: NDArray[np.floating] = new[top : top + BLOCK].astype(kind)
        for side in range(top if old is None else 0, len(other), BLOCK):
            columns: NDArray[np.floating] = other[side : side + BLOCK].astype(kind)
            dots = np.matmul(rows, columns.T).astype(np.int64)
            least = float(bound) * np.sqrt(here[top : top + BLOCK].astype(np.float64))[:, None]
            least = least * np.sqrt(there[side : side + BLOCK].astype(np.float64))[None, :]
            left, right = np.nonzero((dots > 0) & (dots >= least * (1 - 1e-6)))
            products = dots[left, right]
            left, right = left + top, right + side
            keep = reaches(products, here[left], there[right], bound)
            if old is None:
                keep &= left < right
            left, right, products = left[keep], right[keep], products[keep]
            norms = here[left].astype(np.float64) * there[right].astype(np.float64)
            yield left, right, products / np.sqrt(norms)


def _gathered(blocks: Iterator[Found], limit: int) -> NearPairs:
    total = 0
    pairs, cosines = np.empty((0, 2), dtype=np.int64), np.empty(0)
    for left, right, values in blocks:
        total += len(left)
        if len(left):
            pairs = np.concatenate([pairs, np.stack([left, right], axis=1)])
            cosines = np.concatenate([cosines, values])
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))[:limit]
            pairs, cosines = pairs[order], cosines[order]
    return NearPairs(pairs=pairs, cosines=cosines, total=total)
