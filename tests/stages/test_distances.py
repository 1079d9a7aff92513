"""The table of distances: every case in one bin, the seeds beside each pool, and a bar that shows what is not empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sides import make_scope, plain_texts, run

from evalspec.catalog.measures.shift import BINS
from evalspec.stages.reporting.distances import bar
from evalspec.text.vectors import cosine_matrix, vectorize

SEEDS = plain_texts(40, "seeds")


def test_every_case_and_every_seed_stands_in_its_bin() -> None:
    """A copy in the first, what shares nothing in the last; against all cosines by brute force."""
    cases = [*SEEDS[:3], "zzz qqq xxx", *plain_texts(30, "cases")]
    found = run("seed_distance", make_scope(cases, SEEDS, space="lexical"))
    nearest = cosine_matrix(vectorize(cases), vectorize(SEEDS)).max(axis=1)
    own = cosine_matrix(vectorize(SEEDS), vectorize(SEEDS)) - 2 * np.eye(len(SEEDS))
    edges = np.linspace(0, 1, BINS + 1)

    for name, cosines in (("bins", nearest), ("bins_seeds", own.max(axis=1))):
        distances = np.clip(np.round(1 - cosines, 6), 0, 1)
        assert found.detail[name] == np.histogram(distances, edges)[0].tolist()
    assert found.detail["bins"][0] >= 3 and found.detail["bins"][-1] >= 1  # type: ignore[index]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12))
def test_a_bar_has_one_sign_a_bin_and_hides_nothing(counts: list[int]) -> None:
    signs = bar(counts).strip("`")

    assert len(signs) == len(counts)
    assert [sign == "·" for sign in signs] == [count == 0 for count in counts]
    if max(counts):
        assert signs[counts.index(max(counts))] == "█"


@pytest.mark.parametrize(("counts", "drawn"), [([0, 1, 8], "`·▁█`"), ([0, 0], "`··`"), ([], "``")])
def test_bars(counts: list[int], drawn: str) -> None:
    assert bar(counts) == drawn
