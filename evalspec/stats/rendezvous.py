"""Rendezvous picks over many slots and items: each slot takes the items that hash lowest with it, and nothing by index.

One more item changes the picks of about `count / n` slots. Pair hashes are splitmix64 over two 64-bit digests, so a
slot costs one vector operation instead of one sha256 an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest

from evalspec.digests import keyed_hash
from evalspec.later import NDArray, np
from evalspec.model.defaults import REFERENCE_TEXTS

_GOLDEN, _MIX_A, _MIX_B = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_64_BITS = 0xFFFFFFFFFFFFFFFF
# Items up to which plain integers do: a slot of two hundred costs 80 microseconds, 65 more than by vectors, whose
# package takes longer to import than a small spec takes to check.
FEW = 200


@dataclass(frozen=True, slots=True)
class Urn:
    """Items to draw from: their names and 64-bit digests, in name order; an array of digests where there are many."""

    names: tuple[str, ...]
    hashes: tuple[int, ...] | NDArray[np.uint64]

    def pick(self, key: str, count: int) -> tuple[str, ...]:
        """Return the `count` names that hash lowest with `key`, lowest first; ties by name."""
        if count <= 0 or not self.names:
            return ()
        slot = keyed_hash("rendezvous", key)
        if isinstance(self.hashes, tuple):
            near_ones = nsmallest(count, zip((_mixed(one ^ slot) for one in self.hashes), self.names, strict=True))
            return tuple(name for _, name in near_ones)
        mixed = _mixed_all(self.hashes ^ np.uint64(slot))
        # Every item that could be among the first `count`, ties included, in place order; then those few are sorted.
        bound = np.partition(mixed, count - 1)[count - 1] if count < len(mixed) else mixed.max()
        near = np.flatnonzero(mixed <= bound)
        order = near[np.argsort(mixed[near], kind="stable")[:count]]
        return tuple(self.names[at] for at in order)


def urn(items: Sequence[tuple[str, str]]) -> Urn:
    """Make an urn of (name, digest of what the name stands for).

    Of more than `REFERENCE_TEXTS` items those stand in it whose digest hashes lowest: a slot then costs the same in
    any set, and one more item still changes the picks of few slots.
    """
    ordered = sorted(items)
    few = tuple(keyed_hash("item", content) for _, content in ordered)
    if len(few) <= FEW:
        return Urn(tuple(name for name, _ in ordered), few)
    hashes = np.array(few, dtype=np.uint64)
    if len(ordered) > REFERENCE_TEXTS:
        kept = np.sort(np.argsort(hashes, kind="stable")[:REFERENCE_TEXTS])
        ordered, hashes = [ordered[at] for at in kept], hashes[kept]
    return Urn(tuple(name for name, _ in ordered), hashes)


def _mixed(state: int) -> int:
    state = (state + _GOLDEN) & _64_BITS
    state = ((state ^ (state >> 30)) * _MIX_A) & _64_BITS
    state = ((state ^ (state >> 27)) * _MIX_B) & _64_BITS
    return state ^ (state >> 31)


def _mixed_all(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = state + np.uint64(_GOLDEN)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(_MIX_A)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(_MIX_B)
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed
