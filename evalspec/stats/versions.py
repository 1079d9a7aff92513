"""Whether a figure moved by more than chance between two versions of a set: exchanges of what differs in them.

What stands in both versions is on both sides of every exchange, so it is no evidence either way. A family that both
versions have with other texts changes sides as a whole or stays, which is a paired test; families that only one
version has are drawn anew, as many as each version has.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evalspec.later import np
from evalspec.stats.permutation import BLOCK, Labels, reach_of

ENOUGH = 10  # draws that reach what was seen: from there p is known well enough to say that it is not small


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One case of one version: `same` is equal where nothing about the case changed, `family` is what moves as one."""

    same: Hashable
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Places of the cases by how they move; the first version's cases come first."""

    pairs: tuple[tuple[int, ...], ...]  # families that both versions have, with other texts
    single: tuple[tuple[int, ...], ...]  # families of one version: the first's, then the second's
    first: int  # how many of `single` are the first's


def in_both(now: Sequence[Version], then: Sequence[Version]) -> int:
    """Return how many cases the two versions share."""
    return (Counter(one.same for one in now) & Counter(one.same for one in then)).total()


def exchanges(now: Sequence[Version], then: Sequence[Version], key: str, *, draws: int) -> Iterator[Labels]:
    """Yield `draws` exchanges in blocks: draws x (cases of `now`, then of `then`), True where a case counts as new."""
    plan = _plan(now, then)
    truth = np.arange(len(now) + len(then)) < len(now)
    words = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))
    width = len(plan.pairs) + len(plan.single)
    for start in range(0, draws, BLOCK):
        size = min(BLOCK, draws - start)
        raw = words.random_raw(size * width).reshape(size, width) if width else np.zeros((size, 0), dtype=np.uint64)
        labels = np.repeat(truth[None, :], size, axis=0)
        for at, places in enumerate(plan.pairs):
            swapped = raw[:, at] >= np.uint64(1 << 63)
            labels[:, places] = truth[list(places)] ^ swapped[:, None]
        order = np.argsort(raw[:, len(plan.pairs) :], axis=1, kind="stable")
        is_new = np.zeros(order.shape, dtype=np.bool_)
        np.put_along_axis(is_new, order[:, : plan.first], True, axis=1)
        for at, places in enumerate(plan.single):
            labels[:, places] = is_new[:, at : at + 1]
        yield labels


def _plan(now: Sequence[Version], then: Sequence[Version]) -> _Plan:
    shared = Counter(one.same for one in now) & Counter(one.same for one in then)
    families: tuple[dict[str, list[int]], dict[str, list[int]]] = ({}, {})
    for side, versions, start in ((0, now, 0), (1, then, len(now))):
        left = Counter(shared)
        for at, one in enumerate(versions, start):
            if left[one.same] > 0:
                left[one.same] -= 1
            else:
                families[side].setdefault(one.family, []).append(at)
    new, old = families
    both = [family for family in new if family in old]
    only_new = [tuple(places) for family, places in new.items() if family not in old]
    only_old = [tuple(places) for family, places in old.items() if family not in new]
    return _Plan(
        pairs=tuple((*new[family], *old[family]) for family in both),
        single=(*only_new, *only_old),
        first=len(only_new),
    )


def sequential_p(seen: float, drawn: Iterable[float]) -> float:
    """Return how often draws reach what was seen; from ten such draws on no more are taken (Besag and Clifford 1991).

    Stopped at draw k it is 10 / k, else (1 + reached) / (draws + 1): valid at any size. A figure that a draw does not
    have (NaN) counts as reached, so that nothing is sure because of it.
    """
    bound, reached, count = reach_of(seen), 0, 0
    for value in drawn:
        count += 1
        reached += not value < bound
        if reached == ENOUGH:
            return reached / count
    return (1 + reached) / (count + 1)
