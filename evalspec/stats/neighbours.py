"""Nearest texts inside a set and across two, worked out once for all measures that ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.text.rows import Rows
from evalspec.text.vectors import best_of_both, cosine_matrix

Floats: TypeAlias = "NDArray[np.float64]"
Texts: TypeAlias = "tuple[str | None, tuple[str, ...]]"  # a space and the texts in it

MISS_CHANCE = 0.05  # that a source text lies outside all balls though both sides are one source
KEPT = 64  # neighbours of a text that are remembered; who asks for a farther one has it worked out again
_ROWS = 512
_SAME = 12  # decimals of a cosine that are compared: equal texts must be equally near


@dataclass(slots=True)
class Neighbours:
    """Cosines to near texts, by what they are of; a class because it remembers."""

    _own: dict[Texts, Floats] = field(default_factory=dict)
    _across: dict[tuple[Texts, Texts], tuple[Floats, Floats]] = field(default_factory=dict)

    def own(self, texts: Texts, vectors: Rows, rank: int) -> Floats:
        """Return the cosine of each text to its `rank`-th nearest other one, counted from 1."""
        if rank > KEPT:
            return _ranked(vectors, rank)[:, -1]
        if texts not in self._own:
            self._own[texts] = _ranked(vectors, min(KEPT, len(vectors)))
        return self._own[texts][:, rank - 1]

    def across(self, left: Texts, right: Texts, lefts: Rows, rights: Rows) -> tuple[Floats, Floats]:
        """Return the largest cosine of each left text with a right one, and of each right text with a left one."""
        if (left, right) not in self._across:
            self._across[left, right] = best_of_both(lefts, rights)
        return self._across[left, right]


def _ranked(vectors: Rows, count: int) -> Floats:
    """Return the `count` largest cosines of each row with other rows, the largest first; with itself it has -2."""
    found = np.empty((len(vectors), count))
    for start in range(0, len(vectors), _ROWS):
        stop = min(start + _ROWS, len(vectors))
        near = cosine_matrix(vectors.take(range(start, stop)), vectors)
        near[np.arange(stop - start), np.arange(start, stop)] = -2.0
        near *= -1
        near.partition(count - 1, axis=1)
        found[start:stop] = -np.sort(near[:, :count], axis=1)
    return found


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


def reached(own: Floats, nearest: Floats) -> NDArray[np.bool_]:
    """Return where a text's nearest case is at least as near as its k*-th neighbour."""
    return np.asarray(np.round(nearest, _SAME) >= np.round(own, _SAME))


def covered(source: Rows, cases: Rows) -> tuple[NDArray[np.bool_], int, float]:
    """Return which source texts have a case within their k*-th neighbour's distance, k*, and the expected share."""
    rank, expected = neighbour_rank(len(source), len(cases))
    return reached(_ranked(source, rank)[:, -1], best_of_both(source, cases)[0]), rank, expected
