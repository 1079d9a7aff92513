"""Sample coverage: what a further text says that is there already, against enumeration and against the truth."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.stats.saturation import rarefied_coverage, sample_coverage, sample_saturation

BAGS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1, max_size=5), min_size=4, max_size=8)


def coverage(texts: list[frozenset[str]]) -> float:
    """The estimate by its definition, counted anew."""
    counts = [sum(thing in text for text in texts) for thing in set().union(*texts)]
    return sample_coverage(len(texts), sum(counts), counts.count(1), counts.count(2))


@given(BAGS, st.data())
def test_rarefied_coverage_is_the_mean_over_all_draws(texts: list[frozenset[str]], data: st.DataObject) -> None:
    """Of what one text says, the share that stands in the others drawn: over all texts and all draws of others."""
    size = data.draw(st.integers(1, len(texts) - 1))
    unseen = total = 0.0
    for at, text in enumerate(texts):
        others = [one for other, one in enumerate(texts) if other != at]
        draws = list(combinations(others, size))
        unseen += sum(len(text - frozenset().union(*drawn)) for drawn in draws) / len(draws)
        total += len(text)

    assert rarefied_coverage(texts, size) == pytest.approx(1 - unseen / total, abs=1e-9)


@given(BAGS, st.lists(st.sampled_from("uvwxyz"), min_size=8, max_size=8))
@settings(max_examples=60)
def test_the_interval_leaves_out_one_family_at_a_time(texts: list[frozenset[str]], names: list[str]) -> None:
    families = names[: len(texts)]
    left = [
        coverage([text for text, own in zip(texts, families, strict=True) if own != name])
        for name in sorted(set(families))
        if any(own != name for own in families)
    ]
    found = sample_saturation(texts, families)

    assert found.coverage == pytest.approx(coverage(texts))
    if len(set(families)) < 3:
        assert found.interval is None
        return
    mean = sum(left) / len(left)
    error = math.sqrt((len(left) - 1) / len(left) * sum((one - mean) ** 2 for one in left))
    assert found.interval is not None
    if found.coverage == 1 and error == 0:
        assert found.interval == (pytest.approx(0.05 ** (1 / len(left))), 1.0)
        return
    assert found.interval[0] == pytest.approx(max(0.0, found.coverage - 1.959964 * error), abs=1e-6)
    assert found.interval[1] == pytest.approx(min(1.0, found.coverage + 1.959964 * error), abs=1e-6)


def test_what_no_family_brought_anew_may_still_come() -> None:
    """Sixty copies of two texts hold all that they say; that one in twenty would bring more is not ruled out."""
    texts = [frozenset({"ab"[at % 2], "c"}) for at in range(60)]
    found = sample_saturation(texts, [str(at) for at in range(60)])

    assert found.coverage == 1 and found.interval == (pytest.approx(0.9513, abs=1e-4), 1.0)
    assert found.interval[0] ** 60 == pytest.approx(0.05)  # the chance of sixty without, if one in twenty had it


def test_the_estimate_is_right_on_average() -> None:
    """Texts of one known language: forty of them, and the share of a further text that they hold."""
    chances = 1 / np.arange(1, 301)
    estimates, truths = [], []
    for run in range(60):
        drawn = np.random.default_rng(run).choice(300, size=(160, 8), p=chances / chances.sum())
        texts = [frozenset(row) for row in drawn.tolist()]
        seen = frozenset().union(*texts[:40])
        rest = texts[40:]
        truths.append(sum(len(text & seen) for text in rest) / sum(map(len, rest)))
        estimates.append(sample_saturation(texts[:40], [str(at) for at in range(40)]).coverage)

    assert sum(estimates) / 60 == pytest.approx(sum(truths) / 60, abs=0.015)


def test_texts_that_say_the_same_are_full_and_texts_apart_are_empty() -> None:
    same = sample_saturation([frozenset("ab")] * 10, [str(at) for at in range(10)])
    apart = sample_saturation([frozenset(f"{at}") for at in range(10)], [str(at) for at in range(10)])

    assert (same.coverage, same.new) == (1.0, 0.0)
    assert apart.coverage < 0.03
    assert sample_saturation([], []).coverage == 0.0


def test_rarefaction_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="fewer texts"):
        rarefied_coverage([frozenset("a")], 1)
