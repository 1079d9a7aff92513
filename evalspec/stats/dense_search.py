"""The search for near pairs among tiles of rows: sieve by lines, sieve by short products, decide in whole numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice
from typing import Protocol, TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.dense_tiles import PRODUCT_SLACK, Rows, Tiles, needed_along, share_near

GROUP = 16  # tiles whose lines are looked along at once
BLOCK = 512  # rows multiplied at once where all are
LEVEL = 0.6  # share of rows that the lines leave, from which looking along them does not pay
SLAB = 8192  # rows looked at along them at once
COLUMNS = 2048  # rows multiplied with these at once: the products stay in the cache
CROWDED = 16  # where more than one pair in so many passes the sieve, all of them are multiplied whole
CHECKED = 2048  # pairs multiplied whole at once
WORKERS = 4  # at most; each takes some tens of megabytes

SINGLE_EXACT = 1 << 24  # whole numbers below are exact in float32, and Cauchy-Schwarz bounds every partial sum
_DOUBTFUL = 1e-12  # relative; five roundings of doubles stay far below, and the few in between go to fractions

Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"
Singles: TypeAlias = "NDArray[np.float32]"
Hits: TypeAlias = "tuple[Ints, Ints, Floats]"  # left rows, right rows, cosines


class Side(Protocol):
    """Rows and their squared norms."""

    @property
    def rows(self) -> Rows:
        """Whole numbers, one row a vector; none is zero."""

    @property
    def norms(self) -> Ints:
        """Squared norms."""


def reaches(products: Ints, left: Ints, right: Ints, bound: Fraction) -> NDArray[np.bool_]:
    """Decide for dot products over squared norms which are a cosine of at least `bound`, as whole numbers would."""
    squares = products.astype(np.float64) ** 2
    limits = left.astype(np.float64) * right.astype(np.float64) * (float(bound) * float(bound))
    found = np.asarray((products > 0) & (squares >= limits * (1 - _DOUBTFUL)))
    for at in np.flatnonzero(found & (squares <= limits * (1 + _DOUBTFUL))):
        dot, norms = int(products[at]), int(left[at]) * int(right[at])
        found[at] = norms > 0 and dot * dot * bound.denominator**2 >= bound.numerator**2 * norms
    return found


def decided(left: Ints, right: Ints, products: Ints, norms: tuple[Ints, Ints], bound: Fraction) -> Hits:
    """Keep the pairs that reach the bound, with their cosines."""
    here, there = norms[0][left], norms[1][right]
    keep = reaches(products, here, there, bound)
    sizes = here[keep].astype(np.float64) * there[keep].astype(np.float64)
    return left[keep], right[keep], products[keep] / np.sqrt(sizes)


def search(left: Tiles, right: Tiles, bound: Fraction) -> Iterator[Hits]:
    """Yield all near pairs, block by block in a set order; `left is right` asks for each pair inside once.

    Rows are those of the tiles. Squared norms must be below SINGLE_EXACT.
    """
    least = np.float32(float(bound) - PRODUCT_SLACK)
    needed, live = needed_along(left, right, float(bound))
    if share_near(left, right, needed) > LEVEL:
        return _blocks(left, right, lambda at: left.narrow[at], lambda at: right.narrow[at], (least, bound))
    count = len(left.starts) - 1
    if left is right:
        live &= np.arange(count)[:, None] <= np.arange(count)

    def work(group: range) -> list[Hits]:
        found: list[Hits] = []
        for tile, columns in _columns(left, right, needed, live, group):
            start, stop = int(left.starts[tile]), int(left.starts[tile + 1])
            for first in range(0, len(columns), COLUMNS):
                part = columns[first : first + COLUMNS]
                products = left.narrow[start:stop] @ right.narrow[part].T
                found += _sifted(left, right, products, (np.arange(start, stop), part), (least, bound))
        return found

    return _spread_out(work, [range(first, min(first + GROUP, count)) for first in range(0, count, GROUP)])


def search_all(left: Side, right: Side, bound: Fraction) -> Iterator[Hits]:
    """Yield all near pairs as `search` does, by multiplying every row with every other."""
    slack = (left.rows.shape[1] + 8) * 2.0**-23  # of a product of so many numbers, twice over
    least = np.float32(float(bound) - slack)
    return _blocks(left, right, lambda at: _unit(left, at), lambda at: _unit(right, at), (least, bound))


def _blocks(
    left: Side,
    right: Side,
    here: Callable[[slice], Singles],
    there: Callable[[slice], Singles],
    limits: tuple[np.float32, Fraction],
) -> Iterator[Hits]:
    """Yield the near pairs of all blocks of rows; `here` and `there` give the vectors that the sieve multiplies."""

    def work(group: range) -> list[Hits]:
        rows = here(slice(group.start, group.stop))
        found: list[Hits] = []
        for first in range(group.start if left is right else 0, len(right.rows), COLUMNS):
            stop = min(first + COLUMNS, len(right.rows))
            products = rows @ there(slice(first, stop)).T
            places = np.arange(group.start, group.stop), np.arange(first, stop)
            found += _sifted(left, right, products, places, limits)
        return found

    return _spread_out(work, [range(at, min(at + BLOCK, len(left.rows))) for at in range(0, len(left.rows), BLOCK)])


def _unit(side: Side, at: slice) -> Singles:
    sizes = np.sqrt(side.norms[at].astype(np.float64))[:, None]
    return np.asarray((side.rows[at] / sizes).astype(np.float32))


def _spread_out(work: Callable[[range], list[Hits]], groups: list[range]) -> Iterator[Hits]:
    if len(groups) == 1:
        yield from work(groups[0])
        return
    workers = min(WORKERS, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        rest = iter(groups)
        running = [pool.submit(work, group) for group in islice(rest, 2 * workers)]
        while running:
            done = running.pop(0).result()
            running += [pool.submit(work, group) for group in islice(rest, 1)]
            yield from done


def _columns(
    left: Tiles, right: Tiles, needed: NDArray[np.float32], live: NDArray[np.bool_], group: range
) -> Iterator[tuple[int, Ints]]:
    """Yield each tile of the group with the right rows that can be near to one of its rows."""
    inside = slice(group.start, group.stop)
    wanted: NDArray[np.bool_] = np.asarray(live[inside].any(axis=0))
    limits: Singles = np.where(live[inside], needed[inside], np.float32(np.inf))
    found: list[list[Ints]] = [[] for _ in group]
    for start in range(int(right.starts[group.start]) if left is right else 0, len(right), SLAB):
        stop = min(start + SLAB, len(right))
        own = right.own[start:stop]
        if not wanted[own[0] : own[-1] + 1].any():
            continue
        products = left.centres[inside] @ right.wide[start:stop].T
        products -= right.along[start:stop]
        for at in range(len(found)):
            hits = np.flatnonzero(np.greater_equal(products[at], limits[at, own]))
            if len(hits):
                found[at].append(hits + start)
    for at, tile in enumerate(group):
        if found[at]:
            yield tile, np.concatenate(found[at])


def _sifted(
    left: Side, right: Side, products: Singles, places: tuple[Ints, Ints], limits: tuple[np.float32, Fraction]
) -> list[Hits]:
    """Return the near pairs of a block whose short products reach the least that a near pair can have."""
    least, bound = limits
    some = np.flatnonzero(products.max(axis=1) >= least)
    if not len(some):
        return []
    at, on = np.nonzero(products[some] >= least)
    here, there = places[0][some[at]], places[1][on]
    if left is right:
        once = here < there
        at, on, here, there = at[once], on[once], here[once], there[once]
    if len(at) * CROWDED > len(some) * len(places[1]):
        whole = np.matmul(_whole(left, right, places[0][some]), _whole(right, left, places[1]).T)
        exact = whole[at, on].astype(np.int64)
    else:
        exact = _exact(left, right, here, there)
    return [decided(here, there, exact, (left.norms, right.norms), bound)]


def _whole(side: Side, other: Side, at: Ints) -> NDArray[np.floating]:
    """Return rows as floats that multiply exactly."""
    exact = max(int(side.norms.max()), int(other.norms.max())) < SINGLE_EXACT
    found: NDArray[np.floating] = side.rows[at].astype(np.float32 if exact else np.float64)
    return found


def _exact(left: Side, right: Side, here: Ints, there: Ints) -> Ints:
    found = np.empty(len(here), dtype=np.int64)
    for start in range(0, len(here), CHECKED):
        one = _whole(left, right, here[start : start + CHECKED])
        other = _whole(right, left, there[start : start + CHECKED])
        found[start : start + CHECKED] = np.einsum("ij,ij->i", one, other)
    return found
