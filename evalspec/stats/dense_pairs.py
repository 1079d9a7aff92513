"""All pairs of rows at a cosine of at least a threshold, exactly, over int8 vectors (an embedding at scale 127).

A cosine is an integer dot product over integer norms, so what it decides is the same on every machine. Single
precision only sieves, with bounds that no rounding passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.blas import one_thread
from evalspec.stats.dense_rows import Distinct, all_pairs, distinct, first_pairs
from evalspec.stats.dense_search import SINGLE_EXACT, Hits, search, search_all
from evalspec.stats.dense_tiles import PRODUCT_SLACK, Rows, basis, centres_of, tiled, turned

PAIR_LIMIT = 5_000_000  # pairs listed, 120 MB; a cluster of 10,000 equal texts alone has 50 million
FEW = 4000  # products a row that are made sooner than rows are put into tiles
DENSE = 0.01  # share of pairs that pass the sieve, from which multiplying everything is faster
PROBED = 1500  # rows that this share is judged by
TILE_ROWS = (64, 512)  # least and most rows a tile
BUFFER = 1_000_000  # pairs held beyond the limit before those in front are picked out

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
    bound = bound_of(threshold)
    rows = distinct(vectors)
    return _near(rows, rows, bound, limit)


def pairs_between(new: Rows, old: Rows, threshold: Fraction | float, *, limit: int = PAIR_LIMIT) -> NearPairs:
    """Return every (row of `new`, row of `old`) with a cosine of at least `threshold`; as `pairs_at_least`."""
    bound = bound_of(threshold)
    return _near(distinct(new), distinct(old), bound, limit)


def bound_of(threshold: Fraction | float) -> Fraction:
    """Return a threshold as the fraction that its decimals say: 0.92 is 23/25. ValueError outside 0 < t <= 1."""
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold must be above 0 and at most 1, not {threshold}")
    return threshold if isinstance(threshold, Fraction) else Fraction(str(threshold))


def _near(left: Distinct, right: Distinct, bound: Fraction, limit: int) -> NearPairs:
    with one_thread():
        found, cosines, total = _gathered(_found(left, right, bound), left, right, limit)
    if len(left.members) == len(left.rows) and len(right.members) == len(right.rows):
        found = np.stack([left.members[found[:, 0]], right.members[found[:, 1]]], axis=1)
        return NearPairs(pairs=found, cosines=cosines, total=total)
    if left is right:
        repeated = np.flatnonzero(left.counts > 1)
        found = np.concatenate([found, np.stack([repeated, repeated], axis=1)])
        cosines = np.concatenate([cosines, np.ones(len(repeated))])
        total += int((left.counts * (left.counts - 1) // 2).sum())
    if total <= limit:
        pairs, values = all_pairs(left, right, found, cosines)
    else:
        pairs, values = first_pairs(left, right, found, cosines, limit)
    return NearPairs(pairs=pairs, cosines=values, total=total)


def _found(left: Distinct, right: Distinct, bound: Fraction) -> Iterator[Hits]:
    """Return near pairs of distinct rows, each once, by the way that suits their number."""
    rows = len(right.rows) if left is right else len(left.rows) + len(right.rows)
    work = len(left.rows) * len(right.rows) // (2 if left is right else 1)
    largest = max((int(side.norms.max()) for side in (left, right) if len(side.rows)), default=0)
    if work <= FEW * rows or largest >= SINGLE_EXACT:
        return search_all(left, right, bound)
    rotation = basis(right.rows)
    if _passing(right.rows, rotation, bound) > DENSE:
        return search_all(left, right, bound)
    size = int(np.clip(np.sqrt(len(right.rows)) * 0.4, *TILE_ROWS))
    centres = centres_of(right.rows, rotation, max(1, len(right.rows) // size))
    there = tiled(right.rows, right.norms, rotation, centres, size)
    here = there if left is right else tiled(left.rows, left.norms, rotation, centres, size)
    return ((here.ids[one], there.ids[other], cosines) for one, other, cosines in search(here, there, bound))


def _passing(rows: Rows, rotation: Floats, bound: Fraction) -> float:
    """Return the share of pairs, among some of the rows, that short products do not tell apart."""
    narrow = turned(rows[:: max(1, len(rows) // PROBED)], rotation)[1]
    passed = int((narrow @ narrow.T >= float(bound) - PRODUCT_SLACK).sum()) - len(narrow)
    return passed / max(1, len(narrow) * (len(narrow) - 1))


def _gathered(blocks: Iterator[Hits], left: Distinct, right: Distinct, limit: int) -> tuple[Ints, Floats, int]:
    """Return the first pairs of distinct rows in order, their cosines, and how many pairs of rows there are in all."""
    total, held = 0, 0
    parts: list[Hits] = []
    for one, other, cosines in blocks:
        if left is right:
            one, other = np.minimum(one, other), np.maximum(one, other)
        total += int(left.counts[one] @ right.counts[other])
        parts.append((one, other, cosines))
        held += len(one)
        if held > 2 * limit + BUFFER:
            parts = [_in_order(parts, limit)]
            held = len(parts[0][0])
    one, other, cosines = _in_order(parts, limit)
    return np.stack([one, other], axis=1), cosines, total


def _in_order(parts: list[Hits], limit: int) -> Hits:
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    left, right, cosines = (np.concatenate([part[at] for part in parts]) for at in range(3))
    order = np.lexsort((right, left))[:limit]
    return left[order], right[order], cosines[order]
