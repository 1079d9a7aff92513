"""All pairs at a cosine, and no other: held against brute force in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from evalspec.stats import dense_pairs, dense_search, dense_tiles
from evalspec.stats.dense_pairs import NearPairs, pairs_at_least, pairs_between

Rows = NDArray[np.int8]
THRESHOLDS = st.sampled_from([0.3, 0.5, 0.8, 0.92, 1.0, Fraction(2, 3), Fraction(24, 25)])
FEW = arrays.arrays(np.int8, st.tuples(st.integers(0, 12), st.just(6)), elements=st.integers(-2, 2))
FULL = arrays.arrays(np.int8, st.tuples(st.integers(2, 12), st.just(5)), elements=st.integers(-128, 127))


def brute(new: Rows, old: Rows, threshold: Fraction | float) -> list[tuple[int, int]]:
    """Return the pairs by Python's own whole numbers."""
    bound = threshold if isinstance(threshold, Fraction) else Fraction(str(threshold))
    left, right = new.astype(int).tolist(), old.astype(int).tolist()
    found = []
    for a, one in enumerate(left):
        for b, other in enumerate(right):
            dot = sum(x * y for x, y in zip(one, other, strict=True))
            norms = sum(x * x for x in one) * sum(y * y for y in other)
            if dot > 0 and dot * dot * bound.denominator**2 >= bound.numerator**2 * norms:
                found.append((a, b))
    return found


def inside(rows: Rows, threshold: Fraction | float) -> list[tuple[int, int]]:
    """Return the pairs inside one side by Python's own whole numbers."""
    return [(a, b) for a, b in brute(rows, rows, threshold) if a < b]


def listed(found: NearPairs) -> list[tuple[int, int]]:
    """Return pairs as a plain list."""
    return [(int(a), int(b)) for a, b in found.pairs]


@contextmanager
def tiles(*, lines: bool) -> Iterator[None]:
    """Send small inputs the way of large ones, with tiles and blocks of a few rows."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("FEW", 0), ("DENSE", 2.0), ("TILE_ROWS", (2, 2)), ("BUFFER", 3)):
            patch.setattr(dense_pairs, name, value)
        level = 2.0 if lines else -1.0
        for name, size in (("LEVEL", level), ("GROUP", 2), ("SLAB", 3), ("COLUMNS", 3), ("BLOCK", 2), ("CHECKED", 2)):
            patch.setattr(dense_search, name, size)
        for name, size in (("WIDE", 4), ("NARROW", 2), ("SLAB", 3)):
            patch.setattr(dense_tiles, name, size)
        yield


@given(st.one_of(FEW, FULL), THRESHOLDS)
@settings(max_examples=150, deadline=None)
@example(np.ones((5, 6), dtype=np.int8), 0.92)
@example(np.zeros((3, 6), dtype=np.int8), 0.92)
def test_pairs_inside_are_those_of_brute_force(rows: Rows, threshold: Fraction | float) -> None:
    expected = inside(rows, threshold)
    found = pairs_at_least(rows, threshold)

    assert (listed(found), found.total) == (expected, len(expected))
    for lines in (True, False):
        with tiles(lines=lines):
            again = pairs_at_least(rows, threshold)
        assert listed(again) == expected
        assert (again.cosines == found.cosines).all()


@given(FEW, FEW, THRESHOLDS)
@settings(max_examples=100, deadline=None)
def test_pairs_between_are_those_of_brute_force(new: Rows, old: Rows, threshold: Fraction | float) -> None:
    expected = brute(new, old, threshold)
    found = pairs_between(new, old, threshold)

    assert (listed(found), found.total) == (expected, len(expected))
    if len(old):
        with tiles(lines=True):
            assert listed(pairs_between(new, old, threshold)) == expected


@given(FEW, THRESHOLDS, st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_past_the_limit_the_first_pairs_are_listed_and_all_are_counted(
    rows: Rows, threshold: Fraction | float, limit: int
) -> None:
    expected = inside(rows, threshold)
    with tiles(lines=True):
        found = pairs_at_least(rows, threshold, limit=limit)

    assert (listed(found), found.total) == (expected[:limit], len(expected))


@given(FEW, FEW, st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_past_the_limit_between_two_sides(new: Rows, old: Rows, limit: int) -> None:
    expected = brute(new, old, 0.8)
    found = pairs_between(new, old, 0.8, limit=limit)

    assert (listed(found), found.total) == (expected[:limit], len(expected))


@pytest.mark.parametrize(
    ("left", "right", "threshold", "near"),
    [
        ((24, 7), (1, 0), Fraction(24, 25), True),  # 24 / 25 exactly
        ((24, 7), (1, 0), 0.96, True),  # which is what 0.96 says, though no double is
        ((24, 7), (1, 0), Fraction(24000001, 25000000), False),
        ((24, 7), (1, 0), 0.96000001, False),
        ((3, 4), (4, 3), 0.96, True),
        ((99, 20), (101, 20), 1.0, False),  # a cosine of 0.999992
        ((127, 127), (1, 1), 1.0, True),
        ((-128, -128), (-1, -1), 1.0, True),
        ((1, 0), (-1, 0), 0.5, False),
        ((0, 0), (0, 0), 0.5, False),
    ],
)
def test_a_pair_that_touches_the_threshold_is_near(
    left: tuple[int, int], right: tuple[int, int], threshold: Fraction | float, near: bool
) -> None:
    rows = np.array([left, right], dtype=np.int8)
    assert len(pairs_at_least(rows, threshold)) == near
    assert len(pairs_between(rows[:1], rows[1:], threshold)) == near
    with tiles(lines=True):
        assert len(pairs_at_least(rows, threshold)) == near


def clustered(count: int, dims: int, spread: float) -> Rows:
    """Return rows round 20 centres, one row in five a near repetition of another."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((20, dims))[rng.integers(0, 20, count)] + spread * rng.standard_normal((count, dims))
    repeated = rng.integers(0, count, count // 5)
    rows[-len(repeated) :] = rows[repeated] + 0.3 * rng.standard_normal((len(repeated), dims))
    return np.asarray(np.rint(rows / np.linalg.norm(rows, axis=1, keepdims=True) * 127), dtype=np.int8)


@pytest.mark.parametrize("spread", [0.3, 0.8, 4.0])
@pytest.mark.parametrize("dims", [384, 37])
def test_the_quick_way_and_the_plain_way_agree_on_vectors_of_real_size(
    monkeypatch: pytest.MonkeyPatch, spread: float, dims: int
) -> None:
    rows = clustered(1500, dims, spread)
    whole = rows.astype(np.int64)
    dots, norms = whole @ whole.T, (whole * whole).sum(axis=1)
    near = np.triu((dots > 0) & (dots * dots * 625 >= 529 * norms[:, None] * norms), 1)
    monkeypatch.setattr(dense_pairs, "FEW", 0)
    monkeypatch.setattr(dense_pairs, "DENSE", 2.0)
    found = pairs_at_least(rows, 0.92)

    assert (found.pairs == np.argwhere(near)).all()
    assert found.cosines == pytest.approx(dots[near] / np.sqrt(np.outer(norms, norms)[near]))


def test_many_equal_rows_are_counted_without_being_listed() -> None:
    rows = np.tile(np.array([[3, 4, 0]], dtype=np.int8), (30_000, 1))
    found = pairs_at_least(rows, 0.92, limit=100)

    assert found.total == 30_000 * 29_999 // 2
    assert listed(found) == [(0, other) for other in range(1, 101)]


def test_a_dense_crowd_is_counted_past_the_limit() -> None:
    rows = np.full((3000, 64), 15, dtype=np.int8)
    rows[np.arange(3000), np.arange(3000) % 64] += (np.arange(3000) // 64).astype(np.int8) % 3
    found = pairs_at_least(rows, 0.92, limit=10)

    assert found.total == 3000 * 2999 // 2
    assert listed(found) == [(0, other) for other in range(1, 11)]


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        pairs_at_least(np.zeros((2, 4), dtype=np.int8), threshold)
