"""What an embedding model makes of texts, as whole numbers: dense int8 rows, their squared norms, and cosines of them.

A model's floats differ in the last bits between machines, batches and thread counts; what is kept of them is rounded
to whole numbers at once, so that everything after that is exact. Rounding moves a cosine by 0.003 on average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.text.rows import Floats, Ints, steps_of

_ROWS = 512  # spread out at a time: what fits in a cache
SCALE = 127  # a component of 1 is this; the norm of a row is close to it, never equal, so cosines divide by both norms

MEANING_VERSION = 1  # raised when a vector would change: cosines that a lock states are then not comparable

# Texts to one int8 row each. What makes the rows is outside: a model, a cache, or nothing at all where `verify` runs.
Embed: TypeAlias = "Callable[[Sequence[str]], NDArray[np.int8]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """Dense rows of whole numbers, one a text."""

    rows: NDArray[np.int8]
    norms: Ints  # squared

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return int(self.rows.shape[1])

    def take(self, rows: Sequence[int] | Ints) -> Meanings:
        """Return the rows asked for, in the order asked for."""
        picked = np.asarray(rows, dtype=np.int64)
        return Meanings(rows=self.rows[picked], norms=self.norms[picked])

    def spread(self, start: int, stop: int, kind: type[np.float32] | type[np.float64]) -> NDArray[np.floating]:
        """Return rows `start` to `stop` as floats."""
        return self.rows[start:stop].astype(kind)

    def unit(self) -> Floats:
        """Return all rows at unit length; a row of zeros stays zero."""
        return np.asarray(self.rows / self._lengths()[:, None])

    def weighted(self, weights: Floats) -> Floats:
        """Return the sum of the rows at unit length, each times its weight."""
        scaled, found = weights / self._lengths(), np.zeros(self.width)
        for start in range(0, len(self), _ROWS):
            found += scaled[start : start + _ROWS] @ self.rows[start : start + _ROWS].astype(np.float64)
        return found

    def along(self, direction: Floats) -> Floats:
        """Return the product of each row at unit length with one direction."""
        found = np.empty(len(self))
        for start in range(0, len(self), _ROWS):
            found[start : start + _ROWS] = self.rows[start : start + _ROWS].astype(np.float64) @ direction
        return np.asarray(found / self._lengths())

    def on_grid(self, most: int) -> tuple[NDArray[np.float32], Floats]:
        """Return all rows at unit length, rounded to multiples of a step, and by how much, dimension by dimension."""
        values = self.unit()
        steps = steps_of(np.abs(values).sum(axis=0), most)
        near = np.rint(values / steps) * steps
        return near.astype(np.float32), np.asarray(np.abs(values - near).sum(axis=0))

    def _lengths(self) -> Floats:
        """Return the length of every row, and 1 for a row of zeros."""
        return np.sqrt(np.maximum(self.norms, 1).astype(np.float64))


def meanings(rows: NDArray[np.int8]) -> Meanings:
    """Put int8 rows (texts x dimensions) beside their squared norms."""
    return Meanings(rows=rows, norms=np.einsum("ij,ij->i", rows, rows, dtype=np.int64))


def quantised(floats: NDArray[np.float32]) -> NDArray[np.int8]:
    """Round rows of unit length to whole numbers at scale 127."""
    return np.clip(np.rint(floats * SCALE), -SCALE, SCALE).astype(np.int8)
