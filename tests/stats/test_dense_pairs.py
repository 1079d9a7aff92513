"""All pairs at a cosine, and no other: held against brute force in whole numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evalspec.stats.dense_pairs import Rows, pairs_at_least, pairs_between

THRESHOLDS = st.sampled_from([0.5, 0.8, 0.92, 1.0, Fraction(2, 3), Fraction(24, 25)])
FEW = arrays.arrays(np.int8, st.tuples(st.integers(0, 9), st.just(6)), elements=st.integers(-2, 2))


def brute(new: Rows, old: Rows, threshold: Fraction | float) -> set[tuple[int, int]]:
    """Return the pairs by Python's own whole numbers."""
    bound = threshold if isinstance(threshold, Fraction) else Fraction(str(threshold))
    left, right = new.astype(int).tolist(), old.astype(int).tolist()
    found = set()
    for a, one in enumerate(left):
        for b, other in enumerate(right):
            dot = sum(x * y for x, y in zip(one, other, strict=True))
            norms = sum(x * x for x in one) * sum(y * y for y in other)
            if dot > 0 and dot * dot * bound.denominator**2 >= bound.numerator**2 * norms:
                found.add((a, b))
    return found


@given(FEW, THRESHOLDS)
@settings(max_examples=200)
def test_pairs_inside_are_those_of_brute_force(rows: Rows, threshold: Fraction | float) -> None:
    found = pairs_at_least(rows, threshold)

    expected = sorted((a, b) for a, b in brute(rows, rows, threshold) if a < b)
    assert [tuple(pair) for pair in found.pairs.tolist()] == expected
    assert found.total == len(expected)


@given(FEW, FEW, THRESHOLDS)
@settings(max_examples=100)
def test_pairs_between_are_those_of_brute_force(new: Rows, old: Rows, threshold: Fraction | float) -> None:
    found = pairs_between(new, old, threshold)

    assert [tuple(pair) for pair in found.pairs.tolist()] == sorted(brute(new, old, threshold))


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        pairs_at_least(np.zeros((2, 4), dtype=np.int8), threshold)
