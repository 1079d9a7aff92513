"""The one null of every comparison: pool and seed labels exchanged between families, at the sizes at hand.

Cases with one root parent move together, so that siblings do not count as independent evidence. Draws come from
the raw words of PCG64, which numpy promises to keep, and not from its distributions, which may change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np

DRAWS = 999  # smallest p 0.001
BLOCK = 64  # draws at a time
SUMMED = 4_000_000  # counts added up at a time: 32 MB in double precision
TIE = 1e-9  # relative, and a thousandth of it absolute: sums of equal sets may differ by the order of their terms

Labels: TypeAlias = "NDArray[np.bool_]"  # draws x texts, True: on the pool's side


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """Counts of columns in rows, sorted by column; what a label draw is summed over."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]  # where each column begins
    counts: NDArray[np.float64]
    height: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.starts)


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
    by_row = np.ascontiguousarray(labels.T)
    step = max(1, SUMMED // max(1, len(matrix.rows)))
    parts = []
    for start in range(0, len(labels), step):
        chosen = by_row[:, start : start + step].astype(np.float64)[matrix.rows]
        chosen *= matrix.counts[:, None]
        parts.append(np.add.reduceat(chosen, matrix.starts, axis=0).T)
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
    reach = seen - TIE * max(1e-3, abs(seen))
    return (1 + int((drawn >= reach).sum())) / (len(drawn) + 1)


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
