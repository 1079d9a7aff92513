"""The cosine of one text with a few others, one by one; the vectors are those of `evalspec.text.vectors`."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalspec.later import np
from evalspec.text.vectors import DIMS, SIZES, Ints, codes_of, padded


@dataclass(slots=True)
class Spread:
    """A padded text; its vector is made when a text that is not equal to it is compared."""

    line: str
    counts: Ints | None = None
    norm: int = field(default=0)  # squared

    def made(self) -> Ints:
        """Return the vector."""
        if self.counts is None:
            both = np.bincount(np.frombuffer(codes_of(self.line), dtype=np.uint16), minlength=2 * DIMS)
            self.counts = both[::2] - both[1::2]  # a code is twice the index, plus the sign
            self.norm = int(self.counts @ self.counts)
        return self.counts


def product_and_norms(one: Spread, text: str) -> tuple[int, int, int]:
    """Return the dot product of a text's vector with that of `text`, and the two squared norms."""
    other = Spread(padded(text))
    if one.line == other.line:  # a cosine of 1 needs no vector
        alike = int(len(one.line) >= SIZES[0])
        return alike, alike, alike
    product = int(one.made() @ other.made())
    return product, one.norm, other.norm
