"""What rows of vectors are to the measures: one integer vector a text, in whatever space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, TypeAlias, TypeVar

from evalspec.later import NDArray, np

Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"


class Rows(Protocol):
    """Integer vectors, one row a text, in whatever space: all that cosines and mean distances are computed from."""

    @property
    def norms(self) -> Ints:
        """The squared norm of each row, in whole numbers."""

    @property
    def width(self) -> int:
        """The number of dimensions."""

    def __len__(self) -> int: ...

    def take(self, rows: Sequence[int] | Ints) -> Self:
        """Return the rows asked for, in the order asked for."""

    def spread(self, start: int, stop: int, kind: type[np.float32] | type[np.float64]) -> NDArray[np.floating]:
        """Return rows `start` to `stop` as floats; `kind` must be wide enough for the largest squared norm."""

    def unit(self) -> Floats:
        """Return all rows at unit length; a row of zeros stays zero."""

    def weighted(self, weights: Floats) -> Floats:
        """Return the sum of the rows at unit length, each times its weight."""

    def along(self, direction: Floats) -> Floats:
        """Return the product of each row at unit length with one direction."""

    def on_grid(self, most: int) -> tuple[NDArray[np.float32], Floats]:
        """Return all rows at unit length, rounded to multiples of a step, and by how much, dimension by dimension.

        The steps are a dimension's own, as `steps_of` gives them for `most`, at most 2**24.
        """


AnyRows = TypeVar("AnyRows", bound=Rows)


def steps_of(sizes: Floats, most: int) -> Floats:
    """Return the smallest power of two, dimension by dimension, of which `most` are more than the summed sizes."""
    return np.asarray(np.ldexp(1.0, np.frexp(sizes / most)[1]))
