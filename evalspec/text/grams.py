"""The cosine of one text with a few others, one by one; the vectors are those of `evalspec.text.vectors`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from evalspec.later import np
from evalspec.text.vectors import DIMS, SIZES, Floats, codes_of, padded


@dataclass(slots=True)
class Spread:
    """A padded text; its vector is made when a text that is not equal to it is compared."""

    line: str
    counts: Floats | None = None  # whole numbers: sums of their products are exact
    norm: int = field(default=0)  # squared

    def made(self) -> Floats:
        """Return the vector."""
        if self.counts is None:
            codes = np.frombuffer(codes_of(self.line), dtype=np.uint16).astype(np.intp)
            counts: Floats = np.bincount(codes >> 1, weights=_signs().take(codes), minlength=DIMS).astype(np.float64)
            self.counts, self.norm = counts, int(counts @ counts)
        return self.counts


@cache
def _signs() -> Floats:
    """Return the sign of every code."""
    return np.where(np.arange(2 * DIMS) & 1, -1.0, 1.0)


def product_and_norms(one: Spread, text: str) -> tuple[int, int, int]:
    """Return the dot product of a text's vector with that of `text`, and the two squared norms."""
    other = Spread(padded(text))
    if one.line == other.line:  # a cosine of 1 needs no vector
        alike = int(len(one.line) >= SIZES[0])
        return alike, alike, alike
    product = int(one.made() @ other.made())
    return product, one.norm, other.norm
