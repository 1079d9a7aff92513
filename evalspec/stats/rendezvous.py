"""Rendezvous picks over many slots and items: each slot takes the items that hash lowest with it, and nothing by index.

One more item changes the picks of about `count / n` slots. Pair hashes are splitmix64 over two 64-bit digests, so a
slot costs one vector operation instead of one sha256 an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalspec.digests import keyed_hash
from evalspec.model.defaults import REFERENCE_TEXTS

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Urn:
    """Items to draw from: their names and 64-bit digests, in name order."""

    names: tuple[str, ...]
    hashes: NDArray[np.uint64]

    def pick(self, key: str, count: int) -> tuple[str, ...]:
        """Return the `count` names that hash lowest with `key`, lowest first; ties by name."""
        if count <= 0 or not self.names:
            return ()
        mixed = _mix(self.hashes ^ np.uint64(keyed_hash("rendezvous", key)))
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
    hashes = np.array([keyed_hash("item", content) for _, content in ordered], dtype=np.uint64)
    if len(ordered) > REFERENCE_TEXTS:
        kept = np.sort(np.argsort(hashes, kind="stable")[:REFERENCE_TEXTS])
        ordered, hashes = [ordered[at] for at in kept], hashes[kept]
    return Urn(tuple(name for name, _ in ordered), hashes)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = state + _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _MIX_A
        state = (state ^ (state >> np.uint64(27))) * _MIX_B
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed
