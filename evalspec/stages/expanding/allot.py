"""Whole-number shares of strata, never more than each can give, and the one order in which slots are opened."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.digests import keyed_hash
from evalspec.model.plan import Slot
from evalspec.stats.quota import quota


def in_proportion(total: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Split `total` in proportion to `sizes` by the quota method; less when the strata hold less in all."""
    total = min(total, sum(sizes.values()))
    filled = {name: size for name, size in sorted(sizes.items()) if size > 0}
    counts = dict(quota(total, filled)) if filled else {}
    return {name: counts.get(name, 0) for name in sizes}


def evenly(total: int, limits: Mapping[str, int]) -> dict[str, int]:
    """Split `total` evenly; what one stratum cannot hold goes to the others, a remainder to the first by name."""
    counts = dict.fromkeys(sorted(limits), 0)
    left = min(total, sum(limits.values()))
    while left:
        open_names = [name for name in counts if counts[name] < limits[name]]
        for name in sorted(open_names, key=lambda name: (counts[name], name))[:left]:
            counts[name] += 1
        left = total_left(total, limits, counts)
    return counts


def total_left(total: int, limits: Mapping[str, int], counts: Mapping[str, int]) -> int:
    """Return how many of `total` are still to be placed."""
    return min(total, sum(limits.values())) - sum(counts.values())


def standing(slot: Slot) -> tuple[int, int, int, str]:
    """Order slots that no decision has settled: by tier, ordinal, then keyed hash of the id."""
    return (slot.tier, slot.ordinal, keyed_hash("standing", slot.id), slot.id)
