"""The cosine of one text with others that hardly differ from it: only the n-grams that differ are looked at.

The vectors are those of `evalspec.text.vectors`; so are the whole numbers that come out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from evalspec.later import NDArray, Postfix, Prefix, np
from evalspec.text.vectors import DIMS, SIZES, codes_in, padded

Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(slots=True)
class Spread:
    """A padded text; its vector is made when a text that is not equal to it is compared."""

    line: str
    counts: Floats | None = None
    norm: int = field(default=0)  # squared

    def made(self) -> Floats:
        """Return the vector, as whole numbers in doubles: sums of their products are exact."""
        if self.counts is None:
            self.counts = _summed(codes_in(self.line, 0, len(self.line)), [])
            self.norm = int(self.counts @ self.counts)
        return self.counts


def product_and_norms(one: Spread, text: str) -> tuple[int, int, int]:
    """Return the dot product of a text's vector with that of `text`, and the two squared norms."""
    line, other = one.line, padded(text)
    if line == other:  # a cosine of 1 needs no vector
        alike = int(len(line) >= SIZES[0])
        return alike, alike, alike
    here = one.made()
    shared = min(len(line), len(other))
    start = Prefix.similarity(line, other)
    end = min(Postfix.similarity(line, other), shared - start)
    # An n-gram that touches what differs begins at most a size before it.
    gone = codes_in(line, start, len(line) - end)
    new = codes_in(other, start, len(other) - end)
    change = _summed(new, gone)
    along = int(here @ change)
    return one.norm + along, one.norm, one.norm + 2 * along + int(change @ change)


def _summed(plus: list[int], minus: list[int]) -> Floats:
    codes = np.array(plus + minus, dtype=np.int64)
    signs = np.where(codes & 1, -1.0, 1.0)
    signs[len(plus) :] *= -1.0
    return np.asarray(np.bincount(codes >> 1, weights=signs, minlength=DIMS), dtype=np.float64)
