"""Agreement beyond chance, against scikit-learn and the definition."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evalspec.stats.agreement import alpha, disagreement, kappa

LABEL = st.sampled_from("abc")


@given(st.lists(st.tuples(LABEL, LABEL), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    ours = kappa(pairs)
    if ours is None:
        assert len({label for pair in pairs for label in pair}) == 1
    else:
        expected = cohen_kappa_score([left for left, _ in pairs], [right for _, right in pairs], labels=list("abc"))
        assert ours == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.lists(LABEL, min_size=1, max_size=4), min_size=1, max_size=12))
def test_alpha_is_one_minus_observed_over_expected(units: list[list[str]]) -> None:
    rated = [unit for unit in units if len(unit) > 1]
    values = [label for unit in rated for label in unit]
    across = [left != right for left, right in permutations(values, 2)]
    inside = sum(sum(left != right for left, right in permutations(unit, 2)) / (len(unit) - 1) for unit in rated)

    if not any(across):
        assert alpha(units) is None
    else:
        expected = 1 - (inside / len(values)) / (sum(across) / len(across))
        assert alpha(units) == pytest.approx(expected, abs=1e-12)


def test_krippendorffs_own_example() -> None:
    """Two coders, ten units, nominal (Krippendorff 2011, section B): alpha 0.692 over four coders, here two."""
    first, second = "0100000001", "1110010000"
    assert alpha([tuple(pair) for pair in zip(first, second, strict=True)]) == pytest.approx(0.095, abs=5e-4)


def test_disagreement_counts_pairs_of_ratings() -> None:
    assert disagreement([("a", "a"), ("a", "b", "b"), ("c",)]) == (2, 4)
