"""Regions of texts: two sides clustered together by k-means, blind to the side, and which regions one side leaves thin.

Clusters of both sides at once treat them alike, so that the count of a side in a region is hypergeometric when both
are one source; clusters of the source alone fitted the source and called fresh real text thin in 30 to 100 % of cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.stats.tests import holm

Floats: TypeAlias = "NDArray[np.float64]"
Places: TypeAlias = "NDArray[np.int64]"

TEXTS_A_REGION = 20
MOST_REGIONS = 40
_ROUNDS = 50  # of Lloyd's algorithm; ten to twenty are the rule
_SAME = 9  # decimals of a cosine that decide a place: equal texts must stand in one region


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region: its texts of either side, nearest its middle first, and how likely so few cases are by chance."""

    source: tuple[int, ...]
    cases: tuple[int, ...]
    expected: float  # cases, if they fell as the source does
    p: float  # one-sided, corrected for the number of regions (Holm)


def region_count(texts: int) -> int:
    """Return into how many regions so many texts are cut."""
    return max(2, min(MOST_REGIONS, round(texts / TEXTS_A_REGION)))


def regions(source: Floats, cases: Floats, case_families: Sequence[str]) -> tuple[Region, ...]:
    """Cut the unit rows of both sides into regions; a family of cases counts once in each region that it stands in."""
    both = np.concatenate([source, cases])
    near, cosines = _clustered(both, region_count(len(both)))
    families = len(set(case_families))
    split = len(source)
    found = []
    for region in range(int(near.max()) + 1):
        members = np.flatnonzero(near == region)
        order = members[np.lexsort((members, -np.round(cosines[members], _SAME)))].tolist()
        ours = tuple(at for at in order if at < split)
        theirs = tuple(at - split for at in order if at >= split)
        held = len({case_families[at] for at in theirs})
        chance = fewer_chance(held, families - held, len(ours), split - len(ours)) if ours else 1.0
        found.append(Region(source=ours, cases=theirs, expected=families * len(ours) / split, p=chance))
    adjusted = holm([one.p for one in found])
    return tuple(
        Region(source=one.source, cases=one.cases, expected=one.expected, p=p)
        for one, p in zip(found, adjusted, strict=True)
    )


def fewer_chance(here: int, not_here: int, others_here: int, others_not: int) -> float:
    """Return Fisher's one-sided p of the table: the chance of `here` or fewer with all four margins held."""
    row, column, total = here + not_here, here + others_here, here + not_here + others_here + others_not
    low = max(0, row + column - total)
    ways = sum(math.comb(column, k) * math.comb(total - column, row - k) for k in range(low, here + 1))
    return ways / math.comb(total, row)


def _clustered(rows: Floats, count: int) -> tuple[Places, Floats]:
    """Return each row's region and its cosine with the region's middle: spherical k-means, the same on every run."""
    middles = _first_middles(rows, count)
    near = np.full(len(rows), -1)
    for _ in range(_ROUNDS):
        cosines = np.round(rows @ middles.T, _SAME)
        moved = cosines.argmax(axis=1)
        if (moved == near).all():
            break
        near = moved
        sums = np.zeros_like(middles)
        np.add.at(sums, near, rows)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        middles = np.where(norms > 0, sums / np.where(norms > 0, norms, 1.0), middles)
    kept = np.unique(near)
    place = np.zeros(len(middles), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return place[near], cosines[np.arange(len(rows)), near]


def _first_middles(rows: Floats, count: int) -> Floats:
    """Choose rows to begin with: the most typical one, then each time the one whose own company is served worst.

    The row is taken that would win most cosine over all rows (greedy facility location on a sample of rows), so that a
    lone odd text is no region.
    """
    similar = np.clip(np.round(rows @ rows.T, _SAME), 0.0, None)
    served = np.zeros(len(rows))
    chosen: list[int] = []
    for _ in range(min(count, len(rows))):
        gain = np.round(np.maximum(similar, served).sum(axis=1), 6)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        served = np.maximum(served, similar[best])
    return rows[chosen]
