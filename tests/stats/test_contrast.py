"""Words learned by contrast: G-squared against scipy, and which words are named."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from evalspec.stats.contrast import g_squared, learned_words


@given(st.integers(1, 50), st.integers(1, 50), st.integers(60, 500), st.integers(60, 500))
def test_evidence_is_the_likelihood_ratio_of_the_table(a: int, b: int, size: int, other: int) -> None:
    expected = chi2_contingency([[a, size - a], [b, other - b]], correction=False, lambda_="log-likelihood").statistic

    assert g_squared(a, b, size, other) == pytest.approx(expected, abs=1e-9)


def test_a_word_needs_ten_uses_evidence_and_no_digit() -> None:
    here = Counter({"the": 400, "kindly": 30, "rare": 9, "b4": 40, "order": 60})
    there = Counter({"the": 420, "order": 55, "wheres": 40, "kindly": 1})

    assert list(learned_words(here, there, 20)) == ["kindly"]
    assert list(learned_words(there, here, 20)) == ["wheres"]
    assert learned_words(here, there, 0) == {}
