"""Vectors of texts that nobody kept, and which of other texts mean the same as one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.dense_pairs import PAIR_LIMIT, pairs_between
from evalspec.text.meaning import Embed

Rows: TypeAlias = "NDArray[np.int8]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The nearest row to a text, by the digest that it is known by, and their cosine."""

    row: str
    cosine: float


@dataclass(slots=True, kw_only=True)
class Digested:
    """Rows of an embedder (rows x dimensions) with their digests; a class because it remembers what was looked up.

    `why_not` says why nothing can be held against them; then there are no rows.
    """

    bound: float  # least cosine that counts
    rows: Rows | None = None
    names: Sequence[str] = ()  # of the rows, ascending
    why_not: str | None = None
    _known: dict[str, Nearest | None] = field(default_factory=dict)

    def fits(self, others: Rows) -> bool:
        """Tell whether other rows have as many dimensions."""
        return self.rows is not None and (not len(self.rows) or others.shape[1] == self.rows.shape[1])

    def near(self, texts: Sequence[str], embed: Embed) -> Mapping[str, Nearest]:
        """Return the nearest row of each text that has one at or above the bound; exact."""
        assert self.rows is not None, "what cannot be looked up is not asked for"
        fresh = [text for text in dict.fromkeys(texts) if text and text not in self._known]
        if fresh:
            found = nearest(embed(fresh), self.rows, self.bound)
            self._known |= {
                text: None if one is None else Nearest(row=self.names[one[0]], cosine=one[1])
                for text, one in zip(fresh, found, strict=True)
            }
        return {text: one for text in texts if (one := self._known.get(text)) is not None}


def nearest(new: Rows, old: Rows, bound: float, *, limit: int = PAIR_LIMIT) -> list[tuple[int, float] | None]:
    """Return for each row of `new` the nearest row of `old` at a cosine of at least `bound`, and the cosine.

    Of equally near rows the first. `limit` is how many pairs are held at a time: more are looked at in parts.
    """
    if not len(new) or not len(old):
        return [None] * len(new)
    pairs = pairs_between(new, old, bound, limit=limit)
    if pairs.total > len(pairs) and len(new) > 1:
        half = len(new) // 2
        return [*nearest(new[:half], old, bound, limit=limit), *nearest(new[half:], old, bound, limit=limit)]
    if pairs.total > len(pairs):
        half = len(old) // 2
        first, second = nearest(new, old[:half], bound, limit=limit), nearest(new, old[half:], bound, limit=limit)
        return [_better(one, other, half) for one, other in zip(first, second, strict=True)]
    best: list[tuple[int, float] | None] = [None] * len(new)
    for (at, on), cosine in zip(pairs.pairs.tolist(), pairs.cosines.tolist(), strict=True):
        held = best[at]
        if held is None or cosine > held[1]:
            best[at] = (on, cosine)
    return best


def _better(one: tuple[int, float] | None, other: tuple[int, float] | None, half: int) -> tuple[int, float] | None:
    if other is None or (one is not None and one[1] >= other[1]):
        return one
    return (half + other[0], other[1])
