"""The one null of every comparison: pool and seed labels exchanged between families, at the sizes at hand.

Cases with one root parent move together, so that siblings do not count as independent evidence. Draws come from
the raw words of PCG64, which numpy promises to keep, and not from its distributions, which may change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from evalspec.later import NDArray, np

DRAWS = 999  # smallest p 0.001
BLOCK = 64  # draws at a time
SUMMED = 4_000_000  # counts added up at a time: 32 MB in double precision
COMMON = 100  # a column that more than a hundredth of the rows have is multiplied out; measured, see docs/benchmarks.md
COMMON_CELLS = 8_000_000  # of such columns: 32 MB in single precision
_SINGLE_EXACT = 1 << 24  # whole numbers below are exact in float32
TIE = 1e-9  # relative, and a thousandth of it absolute: sums of equal sets may differ by the order of their terms

Labels: TypeAlias = "NDArray[np.bool_]"  # draws x texts, True: on the pool's side


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """Counts of columns in rows, sorted by column; what a label draw is summed over. Not slotted, for the caches."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]  # where each column begins
    counts: NDArray[np.float64]
    height: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.starts)

    @cached_property
    def is_whole(self) -> bool:
        """True when all sums are whole numbers that single precision holds exactly."""
        counts = self.counts
        return bool((counts == np.rint(counts)).all() and np.abs(counts).sum() < _SINGLE_EXACT)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """How many rows have something in each column."""
        return np.diff(np.append(self.starts, len(self.rows)))

    @cached_property
    def common(self) -> NDArray[np.int64]:
        """The columns that so many rows have that they are dearer to gather than to multiply out."""
        order = np.argsort(-self.lengths, kind="stable")[: max(1, COMMON_CELLS // max(1, self.height))]
        return np.sort(order[self.lengths[order] * COMMON > self.height])

    @cached_property
    def spread(self) -> NDArray[np.float32]:
        """The common columns, spread out: rows x columns."""
        block = np.zeros((self.height, len(self.common)), dtype=np.float32)
        for at, column in enumerate(self.common.tolist()):
            part = slice(self.starts[column], self.starts[column] + self.lengths[column])
            block[self.rows[part], at] = self.counts[part]
        return block

    @cached_property
    def others(self) -> NDArray[np.int64]:
        """The columns that are not common."""
        return np.setdiff1d(np.arange(self.width), self.common, assume_unique=True)

    @cached_property
    def rest(self) -> Sparse:
        """The columns that are not common, as they are."""
        return self.only(self.others)

    def only(self, columns: NDArray[np.int64]) -> Sparse:
        """Return some columns, in the order given."""
        lengths = self.lengths[columns]
        starts = np.cumsum(lengths) - lengths
        where = np.repeat(self.starts[columns] - starts, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)
        return Sparse(rows=self.rows[where], starts=starts, counts=self.counts[where], height=self.height)


def sparse(bags: Sequence[dict[str, float]]) -> tuple[Sparse, tuple[str, ...]]:
    """Turn one bag of counted names a row into columns; the names are sorted."""
    names = sorted({name for bag in bags for name in bag})
    place = {name: at for at, name in enumerate(names)}
    rows = np.array([row for row, bag in enumerate(bags) for _ in bag], dtype=np.int64)
    columns = np.array([place[name] for bag in bags for name in bag], dtype=np.int64)
    counts = np.array([count for bag in bags for count in bag.values()], dtype=np.float64)
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(len(names)))
    return Sparse(rows=rows[order], starts=starts, counts=counts[order], height=len(bags)), tuple(names)


def column_sums(matrix: Sparse, labels: Labels) -> NDArray[np.float64]:
    """Sum the rows on the pool's side of each draw: draws x columns. Whole counts give exact sums."""
    if matrix.width == 0:
        return np.zeros((len(labels), 0))
    if not matrix.is_whole:
        return _gathered(matrix, labels, np.float64).astype(np.float64, copy=False)
    sums = np.empty((len(labels), matrix.width))
    sums[:, matrix.common] = labels.astype(np.float32) @ matrix.spread
    if len(matrix.others):
        sums[:, matrix.others] = _gathered(matrix.rest, labels, np.float32)
    return sums


def _gathered(matrix: Sparse, labels: Labels, kind: type[np.float32] | type[np.float64]) -> NDArray[np.floating]:
    """Sum the rows of each column that a draw chose, entry by entry."""
    by_row = np.ascontiguousarray(labels.T)
    step = max(1, SUMMED // max(1, len(matrix.rows)))
    parts = []
    for start in range(0, len(labels), step):
        chosen = np.take(by_row[:, start : start + step].astype(kind), matrix.rows, axis=0)
        np.multiply(chosen, matrix.counts[:, None].astype(kind), out=chosen)
        added: NDArray[np.floating] = np.add.reduceat(chosen, matrix.starts, axis=0)
        parts.append(added.T)
    return np.concatenate(parts) if len(parts) > 1 else np.asarray(parts[0])


def label_draws(families: Sequence[str], pool_size: int, key: str, *, draws: int = DRAWS) -> Iterator[Labels]:
    """Yield `draws` exchanges of labels in blocks. The first `pool_size` texts are the pool's, the rest the seeds'.

    A family keeps together; a name that stands on both sides names two families.
    """
    units, side = _units(families, pool_size)
    count, chosen = len(side), int(sum(side))
    words = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))
    for start in range(0, draws, BLOCK):
        size = min(BLOCK, draws - start)
        raw = words.random_raw(size * count).reshape(size, count)
        yield _lowest(raw, chosen)[:, units]


def _lowest(raw: NDArray[np.uint64], chosen: int) -> Labels:
    """Mark the `chosen` lowest numbers of each row, the first ones among equals: a sort's answer without the sort."""
    if chosen >= raw.shape[1]:
        return np.ones(raw.shape, dtype=np.bool_)
    if chosen == 0:
        return np.zeros(raw.shape, dtype=np.bool_)
    bound = np.partition(raw, chosen - 1, axis=1)[:, chosen - 1 : chosen]
    picked: Labels = raw <= bound
    for row in np.flatnonzero(picked.sum(axis=1) > chosen):
        equal = np.flatnonzero(raw[row] == bound[row])
        picked[row, equal[chosen - int((raw[row] < bound[row]).sum()) :]] = False
    return picked


def _units(families: Sequence[str], pool_size: int) -> tuple[NDArray[np.int64], list[bool]]:
    places: dict[tuple[bool, str], int] = {}
    units = [places.setdefault((at < pool_size, family), len(places)) for at, family in enumerate(families)]
    return np.array(units, dtype=np.int64), [in_pool for in_pool, _ in places]


def true_labels(pool_size: int, total: int) -> Labels:
    """Return the labels as they are, as one draw."""
    return (np.arange(total) < pool_size)[None, :]


def p_value(seen: float, drawn: NDArray[np.float64]) -> float:
    """Return (1 + draws at least as large) / (draws + 1)."""
    return (1 + int((drawn >= reach_of(seen)).sum())) / (len(drawn) + 1)


def reach_of(seen: float) -> float:
    """Return the value from which on a draw counts as large as what was seen."""
    return seen - TIE * max(1e-3, abs(seen))


def permuted(
    statistic: Callable[[Labels], NDArray[np.float64]],
    families: Sequence[str],
    pool_size: int,
    key: str,
    *,
    draws: int = DRAWS,
) -> tuple[float, NDArray[np.float64]]:
    """Return the statistic under the true labels and under every draw; NaN counts as nothing to see."""
    seen = float(statistic(true_labels(pool_size, len(families)))[0])
    drawn = np.concatenate([statistic(block) for block in label_draws(families, pool_size, key, draws=draws)])
    return seen, np.nan_to_num(drawn, nan=-np.inf)
