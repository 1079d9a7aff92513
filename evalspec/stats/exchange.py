"""How often an exchange of labels sets two sides as far apart as they are, in single precision and yet exactly.

A p counts draws at or above what was seen. The sums of 999 draws are taken in single precision, which is twice as
fast: every dimension is first rounded to a grid so coarse that all sums on it are exact, in whatever order, so that
what they are off is what the rounding was, and known. Only the draws that lie within that of what was seen are summed
again in double precision. So p is the one that double precision gives. Where texts are few, all of it is in double
precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import BLOCK, Labels, p_value, reach_of
from evalspec.stats.spaces import apart
from evalspec.text.rows import Rows
from evalspec.text.vectors import cosines_within

Floats: TypeAlias = "NDArray[np.float64]"

# Texts summed in single precision at a time, a multiple of eight: more need a coarser grid, fewer take longer. The
# fewer dimensions, the less there is to add up after each block.
WIDE_ROWS, NARROW_ROWS, NARROW = 2048, 256, 1024
# Steps of a grid that a sum may hold and be exact in single precision; the room is for half a step up in each text.
_STEPS = (1 << 24) - WIDE_ROWS
_FEW = 2  # times as many dimensions as texts, and all cosines are less work than sums: double precision takes twice
_DOUBLE = 1e-10  # of the sums in double precision, many times over


def exchange_p(both: Comparison, vectors: Rows, seen: float) -> float:
    """Return the share of draws whose squared distance between the sides reaches `seen`."""
    found = np.empty(both.draws)
    reach, open_draws = reach_of(seen), []
    blocks = _by_products(both, vectors) if _FEW * len(vectors) <= vectors.width else _by_sums(both, vectors)
    for start, (distances, error) in zip(range(0, both.draws, BLOCK), blocks, strict=True):
        found[start : start + BLOCK] = distances
        unsure = ~(np.abs(distances - reach) > error)  # what is not a number is unsure too
        open_draws.append(start + np.flatnonzero(unsure))
    again = np.concatenate(open_draws)
    for start in range(0, len(again), BLOCK):
        which = again[start : start + BLOCK]
        found[which] = [one.mmd for one in apart(vectors, both.draw(which))]
    return p_value(seen, found)


def _by_products(both: Comparison, vectors: Rows) -> Iterator[tuple[Floats, Floats]]:
    """Yield what `_distances` returns from all cosines, in double precision: less work where texts are few."""
    products, n, living = cosines_within(vectors), len(vectors), (vectors.norms > 0).astype(np.float64)
    whole, alive = float(products.sum()), float(living.sum())
    for labels in both.labels:
        chosen = labels.astype(np.float64)
        summed, here, own = chosen @ products, chosen.sum(axis=1), chosen @ living
        square = np.einsum("ij,ij->i", summed, chosen)
        product = summed.sum(axis=1) - square
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs, pairs_rest, across = here * (here - 1), (n - here) * (n - here - 1), here * (n - here)
            square_rest = whole - square - 2 * product
            found = -2 * product / across + (square - own) / pairs + (square_rest - (alive - own)) / pairs_rest
            # Sums of at most n * n cosines, each of at most n roundings and a few of its own.
            error = 4.0 * n**3 * 2.0**-53 * (2 / across + 1 / pairs + 1 / pairs_rest)
        yield found, error + _DOUBLE


def _by_sums(both: Comparison, vectors: Rows) -> Iterator[tuple[Floats, Floats]]:
    """Yield what `_distances` returns from sums of unit vectors, in single precision."""
    sums, total = _sums(both, vectors), vectors.weighted(np.ones(len(vectors)))
    for start in range(0, both.draws, BLOCK):
        part = slice(start, start + BLOCK)
        yield _distances(sums.chosen[part], total, sums.slack, sums.sizes[part], sums.alive[part], vectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Of each draw: the sum of the chosen unit vectors, how many were chosen, and how many of these have a length."""

    chosen: Floats  # draws x dimensions
    slack: Floats  # how far off a sum may be, dimension by dimension
    sizes: Floats
    alive: Floats


def _sums(both: Comparison, vectors: Rows) -> _Sums:
    chosen, slack = np.zeros((both.draws, vectors.width)), np.zeros(vectors.width)
    sizes, alive = np.zeros(both.draws), np.zeros(both.draws)
    living = (vectors.norms > 0).astype(np.float32)
    product = np.empty((both.draws, vectors.width), dtype=np.float32)
    rows = NARROW_ROWS if vectors.width <= NARROW else WIDE_ROWS
    for start in range(0, len(vectors), rows):
        stop = min(start + rows, len(vectors))
        units, off = vectors.take(range(start, stop)).on_grid(_STEPS)
        slack += off
        labels: Labels = both.sides(start, stop)
        picked = labels.astype(np.float32)
        chosen += np.matmul(picked, units, out=product)
        sizes += picked.sum(axis=1)
        alive += picked @ living[start:stop]
    return _Sums(chosen=chosen, slack=slack, sizes=sizes, alive=alive)


def _distances(
    chosen: Floats, total: Floats, slack: Floats, sizes: Floats, alive: Floats, vectors: Rows
) -> tuple[Floats, Floats]:
    """Return the squared distance under each draw, and how far off it may be for the rounding of the sums."""
    here, rest = sizes, len(vectors) - sizes
    others, living = total - chosen, float((vectors.norms > 0).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs, pairs_rest, across = here * (here - 1), rest * (rest - 1), here * rest
        square, square_rest, product = (
            np.einsum("ij,ij->i", left, right) for left, right in ((chosen, chosen), (others, others), (chosen, others))
        )
        found = -2 * product / across + (square - alive) / pairs + (square_rest - (living - alive)) / pairs_rest
        # The slope of that in each dimension of `chosen`, times what the dimension may be off; then the curvature.
        slope = chosen * (2 / across + 2 / pairs)[:, None] - others * (2 / across + 2 / pairs_rest)[:, None]
        bend = float(slack @ slack) * (2 / across + 1 / pairs + 1 / pairs_rest)
        return found, np.abs(slope) @ slack + bend + _DOUBLE
