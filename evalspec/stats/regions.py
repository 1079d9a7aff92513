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
_SAME_GAIN = 6  # decimals of a sum of cosines
_SLACK = 10.0**-5  # more than such rounding can hide
_LOOKED = 64  # texts whose gain is worked out at a time: what fits in a cache
_NOTHING = 1e-12  # the squared length of a middle that rounding alone gives


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


def regions(cosines: Floats, split: int, case_families: Sequence[str]) -> tuple[Region, ...]:
    """Cut texts into regions by their cosines with each other: the first `split` are the source's, the rest cases.

    A family of cases counts once in each region that it stands in.
    """
    near, middle = _clustered(cosines, region_count(len(cosines)))
    families = len(set(case_families))
    found = []
    for region in range(int(near.max()) + 1):
        members = np.flatnonzero(near == region)
        order = members[np.lexsort((members, -middle[members]))].tolist()
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


def _clustered(products: Floats, count: int) -> tuple[Places, Floats]:
    """Return each text's region and its cosine with the region's middle: spherical k-means, the same on every run.

    A middle is the sum of its texts, so that all it takes are sums of the texts' products with each other.
    """
    cosines = products[_first_middles(products, count)]  # regions x texts
    near = np.full(len(products), -1)
    for _ in range(_ROUNDS):
        rounded = np.round(cosines, _SAME)
        moved = rounded.argmax(axis=0)
        changed = moved != near
        if not changed.any():
            break
        for region in set(near[changed].tolist()) | set(moved[changed].tolist()):
            members = np.flatnonzero(moved == region)
            summed = products[members].sum(axis=0)
            square = float(summed[members].sum())
            if square > _NOTHING:  # texts without n-grams, and no texts at all, have no middle
                cosines[region] = summed / math.sqrt(square)
        near = moved
    _, place = np.unique(near, return_inverse=True)
    return place, rounded[near, np.arange(len(near))]


def _first_middles(products: Floats, count: int) -> list[int]:
    """Choose texts to begin with: the most typical one, then each time the one whose own company is served worst.

    The text is taken that would win most cosine over all texts (greedy facility location), so that a lone odd text is
    no region. What a text can win only falls as others are chosen, so those that won too little before are not looked
    at again (Minoux 1978): the choice is that of looking at all.
    """
    similar = np.clip(np.round(products, _SAME), 0.0, None)
    served = np.zeros(len(similar))
    most = np.full(len(similar), np.inf)  # that each text can win
    chosen: list[int] = []
    for _ in range(min(count, len(similar))):
        before, top = float(served.sum()), -1.0
        gain = np.full(len(similar), -1.0)
        order = np.argsort(-most, kind="stable")[: len(most) - len(chosen)]  # those chosen are the last
        for start in range(0, len(order), _LOOKED):
            some = order[start : start + _LOOKED]
            if most[some[0]] + before < top - _SLACK:
                break
            exact = np.maximum(similar[some], served).sum(axis=1)
            most[some], gain[some] = exact - before, np.round(exact, _SAME_GAIN)
            top = float(gain.max())
        best = int(gain.argmax())
        chosen.append(best)
        most[best] = -np.inf
        served = np.maximum(served, similar[best])
    return chosen
