"""Mean distances, the distance between two sides, and coverage in one space, from sums of unit vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import Labels
from evalspec.text.rows import Rows

Floats: TypeAlias = "NDArray[np.float64]"

Z = 1.959963984540054  # of a 95 % interval
_ROWS = 512
_FEW = 8  # draws, up to which sums of sparse rows are less work than products of dense ones; measured


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
    if len(labels) <= _FEW:  # no block of zeros is worth its while for a few sums
        sums = [vectors.weighted(label.astype(np.float64)) for label in labels]
        return np.array(sums).reshape(len(labels), vectors.width), vectors.weighted(np.ones(len(vectors)))
    chosen, total = np.zeros((len(labels), vectors.width)), np.zeros(vectors.width)
    for start in range(0, len(vectors), _ROWS):
        block = vectors.take(range(start, min(start + _ROWS, len(vectors)))).unit()
        chosen += labels[:, start : start + _ROWS].astype(np.float64) @ block
        total += block.sum(axis=0)
    return chosen, total


def apart(vectors: Rows, labels: Labels) -> tuple[Apart, ...]:
    """Return the mean distances under each draw, in linear time: a squared sum holds all pairs."""
    return _apart(vectors, labels, side_sums(vectors, labels))


def _apart(vectors: Rows, labels: Labels, sums: tuple[Floats, Floats]) -> tuple[Apart, ...]:
    chosen, total = sums
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
    """Return the interval of the squared distance by leaving out one family at a time; None where nothing is left."""
    split, total = len(both.pool), len(both.items)
    sums = side_sums(vectors, both.truth)
    here, there = sums[0][0], sums[1] - sums[0][0]
    families = {
        True: _left_out(both, vectors, np.arange(0, split), here, there),
        False: _left_out(both, vectors, np.arange(split, total), there, here),
    }
    if min(len(values) for values in families.values()) < 3:
        return None
    without = np.concatenate([families[True], families[False]])
    if not np.isfinite(without).all():  # one family is all of a side but one text
        return None
    count = len(without)
    error = math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    seen = _apart(vectors, both.truth, sums)[0].mmd
    return seen - Z * error, seen + Z * error


def _left_out(both: Comparison, vectors: Rows, rows: NDArray[np.int64], here: Floats, there: Floats) -> Floats:
    """Return the squared distance without each family of one side in turn, in linear time.

    `rows` are the side's, `here` is the sum of its unit vectors and `there` that of the other side's.
    """
    living = (vectors.norms > 0).astype(np.float64)
    alive, m = float(living[rows].sum()), len(both.items) - len(rows)
    beside = mean_distance(float(there @ there), m, float(living.sum()) - alive)
    _, unit, sizes = np.unique([both.families[row] for row in rows.tolist()], return_inverse=True, return_counts=True)
    part = vectors.take(rows)
    gone, dot_here, dot_there = (
        np.bincount(unit, weights=values, minlength=len(sizes)).astype(np.float64, copy=False)
        for values in (living[rows], part.along(here), part.along(there))
    )
    n = (len(rows) - sizes).astype(np.float64)
    square = float(here @ here) - 2 * dot_here + _squares(part, unit, sizes, gone)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = 1 - (square - (alive - gone)) / (n * (n - 1))
        across = 1 - (float(here @ there) - dot_there) / (n * m)
        return np.asarray(2 * across - inside - beside)


def _squares(part: Rows, unit: NDArray[np.int64], sizes: NDArray[np.int64], gone: Floats) -> Floats:
    """Return the squared length of each family's summed unit vectors; a family of one text has 1, or 0 without any."""
    squares = gone.copy()
    many = np.flatnonzero(sizes > 1)
    order = np.argsort(unit, kind="stable")
    order = order[sizes[unit[order]] > 1]
    ends = np.cumsum(sizes[many])
    first = 0
    while first < len(many):
        begin = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, begin + _ROWS, side="right")))
        cuts = np.concatenate([[0], ends[first : last - 1] - begin])
        sums = np.add.reduceat(part.take(order[begin : int(ends[last - 1])]).unit(), cuts, axis=0)
        squares[many[first:last]] = (sums * sums).sum(axis=1)
        first = last
    return squares


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
