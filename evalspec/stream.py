"""One counter-based random stream per slot: the same draws on every machine, untouched by any other slot."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

_EIGHT = struct.Struct(">8Q")  # the draws of a block
_TWO_64 = 1 << 64


class Stream:
    """Draws from blake2b(key, counter); a class because a stream is a position, the one thing here that moves.

    CPython promises `random.random()` across versions but not `choice` or `sample`, so the draws are our own.
    """

    __slots__ = ("_block", "_counter", "_key")

    def __init__(self, *key: str) -> None:
        self._key = hashlib.sha256("\x1f".join(key).encode("utf-8", "surrogatepass")).digest()
        self._counter = 0
        self._block: list[int] = []

    def bits(self) -> int:
        """Draw an integer in [0, 2**64)."""
        return self._block.pop() if self._block else self._next()

    def _next(self) -> int:
        raw = hashlib.blake2b(self._counter.to_bytes(8, "big"), key=self._key).digest()
        self._counter += 1
        self._block = list(_EIGHT.unpack(raw))[::-1]
        return self._block.pop()

    def unit(self) -> float:
        """Draw a number in [0, 1) with 53 bits."""
        return (self.bits() >> 11) / 9007199254740992.0

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        drawn = self._block.pop() if self._block else self._next()
        return (drawn >> 11) / 9007199254740992.0 < probability

    def below(self, limit: int) -> int:
        """Draw an integer in [0, limit), unbiased; `limit` is at least 1."""
        ceiling = _TWO_64 - _TWO_64 % limit
        while (drawn := self.bits()) >= ceiling:
            pass
        return drawn % limit

    def between(self, low: int, high: int) -> int:
        """Draw an integer in [low, high], both ends included."""
        return low + self.below(high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """Draw one item of a non-empty sequence."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in a drawn order (Fisher-Yates); the input stays as it was."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Draw `count` different positions, in drawn order; all of them when there are fewer."""
        return self.shuffled(items)[:count]

    def gap(self, probability: float) -> int:
        """Draw how many misses come before the next hit: one draw instead of one per character."""
        if probability >= 1.0:
            return 0
        if probability <= 0.0:
            return _TWO_64
        return int(math.log1p(-self.unit()) / math.log1p(-probability))
