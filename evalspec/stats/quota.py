"""The quota method of Balinski and Young: shares of a whole turned into whole numbers of cases."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import gcd, lcm


def quota(size: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """Share `size` cases among the names in proportion to their weights, within one case of the exact proportion.

    A larger size never takes a case away from a name (house-monotone). Ties go to the name that sorts first.
    """
    # M. L. Balinski and H. P. Young, "Quotatone apportionment methods", Math. Oper. Res. 4 (1979) 31-38; J. W. Still,
    # "A class of new methods for congressional apportionment", SIAM J. Appl. Math. 37 (1979) 401-418. With Webster's
    # divisors (a + 1/2), because their first method (1975, divisors a + 1) favours the large: at 218 cases and
    # 30/35/20/10/5 it gives 66/77/44/21/10, this one 65/76/44/22/11, the nearest whole numbers.
    if size < 0 or any(weight < 0 for weight in weights.values()):
        raise AssertionError("sizes and weights are not negative")
    whole = _whole_numbers(weights)
    total = sum(whole.values())
    if not total:
        if size:
            raise AssertionError("no weight to share cases by")
        return dict.fromkeys(whole, 0)
    if len(set(whole.values())) == 1:  # equal weights, as over cells: the loop below, in closed form
        each, left = divmod(size, len(whole))
        return {name: each + (rank < left) for rank, name in enumerate(whole)}
    # Every `total` cases all shares are whole numbers, each name has its own exactly, and the loop starts over.
    rounds, size = divmod(size, total)
    counts = dict.fromkeys(whole, 0)
    waiting = [(Fraction(1, weight), name) for name, weight in whole.items() if weight]
    heapify(waiting)
    for house in range(1, size + 1):
        passed = []
        while True:
            first = heappop(waiting)
            name = first[1]
            if counts[name] * total < whole[name] * house and _leaves_room(name, house, counts, whole, total):
                break
            passed.append(first)
        counts[name] += 1
        for one in (*passed, (Fraction(2 * counts[name] + 1, whole[name]), name)):
            heappush(waiting, one)
    return {name: rounds * whole[name] + count for name, count in counts.items()}


def _whole_numbers(weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    exact = {name: Fraction(weights[name]) for name in sorted(weights)}
    scale = lcm(*(weight.denominator for weight in exact.values()))
    whole = {name: int(weight * scale) for name, weight in exact.items()}
    common = gcd(*whole.values()) or 1
    return {name: weight // common for name, weight in whole.items()}


def _leaves_room(name: str, house: int, counts: Mapping[str, int], whole: Mapping[str, int], total: int) -> bool:
    """Return True when every other name can still get the whole part of its share after `name` got this seat."""
    # A seat k of a name is due at the first house where its share reaches k. Only what is due before the next seat of
    # `name` would have been due can be short of seats.
    own = -(-(counts[name] + 1) * total // whole[name])
    if own <= house:
        return True  # the others have all that was due before this house
    due: list[int] = []
    for other, weight in whole.items():
        if other != name and weight:
            last = weight * (own - 1) // total
            due.extend(-(-seat * total // weight) for seat in range(counts[other] + 1, last + 1))
    return all(when - house >= rank for rank, when in enumerate(sorted(due), start=1))
