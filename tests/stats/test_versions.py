"""Exchanges between two versions of a set agree with counting all of them, and with the exact tests of scipy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from evalspec.stats.versions import Version, exchanges, in_both, sequential_p
from evalspec.stream import Stream

Values = Sequence[float]


def versions_of(entries: Sequence[tuple[str, float]]) -> list[Version]:
    return [Version(same=one, family=one[0]) for one in entries]


def mean_apart(new: Values, old: Values) -> float:
    return sum(new) / len(new) - sum(old) / len(old)


def drawn_p(now: Sequence[tuple[str, float]], then: Sequence[tuple[str, float]], draws: int) -> float:
    """The p of a difference of means, by the product's exchanges."""
    values = np.array([value for _, value in (*now, *then)])
    blocks = list(exchanges(versions_of(now), versions_of(then), "test", draws=draws))
    found = np.concatenate([(one @ values) / one.sum(1) - (~one @ values) / (~one).sum(1) for one in blocks])
    seen = mean_apart([value for _, value in now], [value for _, value in then])
    return (1 + int((found >= seen - 1e-9).sum())) / (draws + 1)


def counted_p(now: Sequence[tuple[str, float]], then: Sequence[tuple[str, float]]) -> float:
    """The same by writing down every exchange there is."""
    shared = [one for one in now if one in then]
    new, old = [one for one in now if one not in shared], [one for one in then if one not in shared]
    pairs = [name for name, _ in new if name in dict(old)]
    one_sided = [one for one in (*new, *old) if one[0] not in pairs]
    count = sum(one in new for one in one_sided)
    held = [value for _, value in shared]
    found = []
    for swaps in product((False, True), repeat=len(pairs)):
        here = [dict(old if swap else new)[name] for name, swap in zip(pairs, swaps, strict=True)]
        there = [dict(new if swap else old)[name] for name, swap in zip(pairs, swaps, strict=True)]
        for chosen in combinations(range(len(one_sided)), count):
            mine = [one_sided[at][1] for at in chosen]
            others = [value for at, (_, value) in enumerate(one_sided) if at not in chosen]
            found.append(mean_apart([*held, *here, *mine], [*held, *there, *others]))
    seen = mean_apart([value for _, value in now], [value for _, value in then])
    return sum(one >= seen - 1e-9 for one in found) / len(found)


@pytest.mark.parametrize("case", range(6))
def test_p_is_that_of_all_exchanges(case: int) -> None:
    stream = Stream("versions", str(case))

    def entries(names: Sequence[str], lift: float) -> list[tuple[str, float]]:
        return [(name, stream.below(10) + lift) for name in names]

    shared = entries([f"both{at}" for at in range(case)], 0)
    now = [*shared, *entries(["a", "b", "c", "n1", "n2", "n3"], 3)]
    then = [*shared, *entries(["a", "b", "c", "o1", "o2"], 0)]

    draws = 19_999
    exact = counted_p(now, then)
    assert drawn_p(now, then, draws) == pytest.approx(exact, abs=4 * (exact * (1 - exact) / draws) ** 0.5 + 2 / draws)


def test_pairs_alone_are_the_sign_test_of_scipy() -> None:
    """Of twenty cases that both versions have, thirteen lost what they had and two won it."""
    now = [(f"p{at}", float(at in (0, 1))) for at in range(20)]
    then = [(f"p{at}", float(at >= 7)) for at in range(20)]
    exact = binomtest(13, 15, 0.5, alternative="greater").pvalue

    assert drawn_p(then, now, 9_999) == pytest.approx(exact, abs=0.003)


def test_cases_of_one_version_alone_are_fishers_exact_test_of_scipy() -> None:
    now = [(f"n{at}", float(at < 14)) for at in range(20)]
    then = [(f"o{at}", float(at < 8)) for at in range(22)]
    exact = fisher_exact([[14, 6], [8, 14]], alternative="greater").pvalue

    assert drawn_p(now, then, 19_999) == pytest.approx(exact, abs=0.004)


def test_what_is_in_both_never_moves_and_families_move_as_one() -> None:
    now = [Version(same=f"s{at}", family=f"s{at}") for at in range(3)]
    now += [Version(same=f"n{at}", family=f"f{at // 3}") for at in range(9)]
    then = [Version(same=f"s{at}", family="other") for at in range(3)]
    then += [Version(same=f"o{at}", family=f"f{at // 2}") for at in range(8)]
    labels = np.concatenate(list(exchanges(now, then, "k", draws=300)))
    new, old = labels[:, : len(now)], labels[:, len(now) :]

    assert in_both(now, then) == 3
    assert new[:, :3].all() and not old[:, :3].any()
    for family in range(3):  # both versions have them: all of it changes sides, or none
        assert (new[:, 3 + 3 * family : 6 + 3 * family].sum(1) % 3 == 0).all()
        assert (new[:, 3 + 3 * family] != old[:, 3 + 2 * family]).all()
    assert not old[:, 9:].any()  # the family that the base alone has has nobody to change with
    assert 0.4 < new[:, 3].mean() < 0.6


def test_the_test_keeps_its_level_however_much_is_in_both() -> None:
    """Both versions drawn from one source: p at most 0.05 in no more than one in twenty, shared cases or not."""
    for held, pairs, single in ((0, 0, 15), (30, 0, 10), (30, 10, 0), (20, 6, 6)):
        low = 0
        for run in range(400):
            stream = Stream("level", str(held), str(pairs), str(run))

            def values(names: Iterator[str], stream: Stream = stream) -> list[tuple[str, float]]:
                return [(name, stream.below(1000) / 999) for name in names]

            shared = values(f"s{at}" for at in range(held))
            now, then = (
                [*shared, *values(f"p{at}" for at in range(pairs)), *values(f"{side}{at}" for at in range(single))]
                for side in ("n", "o")
            )
            low += drawn_p(now, then, 99) <= 0.05
        assert low <= 34, (held, low)  # 20 are due; 34 or more come by chance once in 500


def test_a_p_that_is_surely_not_small_is_not_drawn_to_the_end() -> None:
    asked = []

    def draws(values: Callable[[int], float], count: int = 999) -> Iterator[float]:
        for at in range(count):
            asked.append(at)
            yield values(at)

    assert sequential_p(1.0, draws(lambda at: 2.0)) == 1.0 and len(asked) == 10
    assert sequential_p(1.0, draws(lambda at: 0.0)) == 0.001
    assert sequential_p(1.0, draws(lambda at: 2.0 * (at % 100 == 0))) == 10 / 901
    assert sequential_p(1.0, draws(lambda at: float("nan"))) == 1.0  # what no draw can tell is not sure


def test_nothing_to_exchange_is_no_evidence() -> None:
    same = versions_of([("a", 1.0), ("b", 2.0)])
    (labels,) = exchanges(same, same, "k", draws=5)

    assert labels.tolist() == [[True, True, False, False]] * 5
