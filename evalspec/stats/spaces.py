"""Mean distances, the distance between two sides, and coverage in one space, from sums of unit vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import Labels
from evalspec.text.vectors import Rows, best_cosines, cosine_matrix, take

Floats: TypeAlias = "NDArray[np.float64]"

MISS_CHANCE = 0.05  # that a source text lies outside all balls though both sides are one source
Z = 1.959963984540054  # of a 95 % interval
_ROWS = 512
_SAME = 12  # decimals of a cosine that are compared: equal texts must be equally near


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Mean pairwise distances inside and across two sides."""

    across: float
    pool: float
    seeds: float

    @property
    def mmd(self) -> float:
        """The squared distance of the two means under the cosine kernel, unbiased."""
        return 2 * self.across - self.pool - self.seeds

    @property
    def effect(self) -> float:
        """0 when the sides are the same, 1 when nothing is shared; free of the number of texts."""
        return 1 - (self.pool + self.seeds) / (2 * self.across) if self.across else 0.0


def side_sums(vectors: Rows, labels: Labels) -> tuple[Floats, Floats]:
    """Return, for each draw, the sum of the chosen unit vectors, and the sum of all of them."""
    chosen, total = np.zeros((len(labels), vectors.width)), np.zeros(vectors.width)
    for start in range(0, len(vectors), _ROWS):
        block = vectors.take(range(start, min(start + _ROWS, len(vectors)))).unit()
        chosen += labels[:, start : start + _ROWS].astype(np.float64) @ block
        total += block.sum(axis=0)
    return chosen, total


def apart(vectors: Rows, labels: Labels) -> tuple[Apart, ...]:
    """Return the mean distances under each draw, in linear time: a squared sum holds all pairs."""
    chosen, total = side_sums(vectors, labels)
    own = (vectors.norms > 0).astype(np.float64)
    found = []
    for row, label in zip(chosen, labels, strict=True):
        size, alive, rest = int(label.sum()), float(own[label].sum()), total - row
        others = len(vectors) - size
        found.append(
            Apart(
                across=1 - float(row @ rest) / (size * others),
                pool=mean_distance(float(row @ row), size, alive),
                seeds=mean_distance(float(rest @ rest), others, float(own.sum()) - alive),
            )
        )
    return tuple(found)


def mean_distance(square: float, size: float, own: float) -> float:
    """Return the mean pairwise distance of `size` unit vectors, from the square of their sum and the sum of squares."""
    return 1 - (square - own) / (size * (size - 1)) if size > 1 else 0.0


def mmd_interval(both: Comparison, vectors: Rows) -> tuple[float, float] | None:
    """Return the interval of the squared distance by leaving out one family at a time; None under three a side."""
    split, total = len(both.pool), len(both.items)
    families = {
        in_pool: _left_out(both, vectors, np.arange(0, split) if in_pool else np.arange(split, total), in_pool=in_pool)
        for in_pool in (True, False)
    }
    if min(len(values) for values in families.values()) < 3:
        return None
    without = np.concatenate([families[True], families[False]])
    count = len(without)
    error = math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    seen = apart(vectors, both.truth)[0].mmd
    return seen - Z * error, seen + Z * error


def _left_out(both: Comparison, vectors: Rows, rows: NDArray[np.int64], *, in_pool: bool) -> Floats:
    """Return the squared distance without each family of one side in turn, from sums: linear time."""
    chosen, total = side_sums(vectors, both.truth)
    here, there = (chosen[0], total - chosen[0]) if in_pool else (total - chosen[0], chosen[0])
    living = (vectors.norms > 0).astype(np.float64)
    alive, m = float(living[rows].sum()), len(both.items) - len(rows)
    beside = mean_distance(float(there @ there), m, float(living.sum()) - alive)
    names = np.array([both.families[row] for row in rows.tolist()])
    order = rows[np.argsort(names, kind="stable")]
    starts = np.flatnonzero(np.concatenate([[True], np.sort(names)[1:] != np.sort(names)[:-1]]))
    ends = np.append(starts[1:], len(order))
    values = np.empty(len(starts))
    for first in range(0, len(starts), _ROWS):
        last = min(first + _ROWS, len(starts))
        block = order[starts[first] : ends[last - 1]]
        cuts = starts[first:last] - starts[first]
        sums = np.add.reduceat(vectors.take(block).unit(), cuts, axis=0)
        sizes, gone = ends[first:last] - starts[first:last], np.add.reduceat(living[block], cuts)
        n = (len(rows) - sizes).astype(np.float64)
        square = float(here @ here) - 2 * (sums @ here) + (sums * sums).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = 1 - (square - (alive - gone)) / (n * (n - 1))
            across = 1 - (float(here @ there) - sums @ there) / (n * m)
        values[first:last] = 2 * across - inside - beside
    return values


def neighbour_rank(n: int, m: int) -> tuple[int, float]:
    """Return k* and the expected coverage: the least k with C(n-1, k) / C(n-1+m, k) at most 0.05.

    That ratio is the chance that none of `m` texts of the same source falls nearer than the k-th of n - 1 neighbours.
    """
    miss = 1.0
    for k in range(1, n):
        miss *= (n - k) / (n + m - k)
        if miss <= MISS_CHANCE:
            return k, 1 - miss
    return max(n - 1, 1), 1 - miss


def covered(source: Rows, cases: Rows) -> tuple[NDArray[np.bool_], int, float]:
    """Return which source texts have a case within their k*-th neighbour's distance, k*, and the expected share."""
    n = len(source)
    k, expected = neighbour_rank(n, len(cases))
    found = np.zeros(n, dtype=np.bool_)
    for start in range(0, n, _ROWS):
        stop = min(start + _ROWS, n)
        block = take(source, range(start, stop))
        near = cosine_matrix(block, source)
        near[np.arange(stop - start), np.arange(start, stop)] = -2.0
        limit = -np.partition(-near, k - 1, axis=1)[:, k - 1]
        best = best_cosines(block, cases)
        found[start:stop] = np.round(best, _SAME) >= np.round(limit, _SAME)
    return found, k, expected


def moved(cases: Rows, labels: Labels, seeds: Rows) -> Floats:
    """Return how much farther the chosen cases stand from the seeds than the others do, under each draw."""
    chosen, total = side_sums(cases, labels)
    anchor = side_sums(seeds, np.ones((1, len(seeds)), dtype=np.bool_))[1]
    own = (cases.norms > 0).astype(np.float64)
    found = np.empty(len(labels))
    for at, (row, label) in enumerate(zip(chosen, labels, strict=True)):
        size, alive, rest = int(label.sum()), float(own[label].sum()), total - row
        others = len(cases) - size
        new = -2 * float(row @ anchor) / (size * len(seeds)) - mean_distance(float(row @ row), size, alive)
        rest_own = mean_distance(float(rest @ rest), others, float(own.sum()) - alive)
        old = -2 * float(rest @ anchor) / (others * len(seeds)) - rest_own
        found[at] = new - old
    return found
