"""Exchanging labels keeps families together, is repeatable, and gives an exact p."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.stats import permutation
from evalspec.stats.permutation import column_sums, label_draws, p_value, permuted, sparse, true_labels


def drawn(families: list[str], pool_size: int, key: str, draws: int = 200) -> np.ndarray:
    return np.concatenate(list(label_draws(families, pool_size, key, draws=draws)))


def test_families_move_together_and_their_number_stays() -> None:
    families = ["a", "a", "a", "b", "c", "x", "y", "z"]
    labels = drawn(families, 5, "key")

    assert (labels[:, 0] == labels[:, 1]).all() and (labels[:, 0] == labels[:, 2]).all()
    assert (labels[:, [0, 3, 4, 5, 6, 7]].sum(axis=1) == 3).all()


def test_draws_are_repeatable_and_depend_on_the_key() -> None:
    families = [str(at) for at in range(20)]

    assert (drawn(families, 8, "one") == drawn(families, 8, "one")).all()
    assert (drawn(families, 8, "one") != drawn(families, 8, "two")).any()
    assert (
        drawn(families, 8, "one")[0].nonzero()[0].tolist()
        == drawn(families, 8, "one", draws=1)[0].nonzero()[0].tolist()
    )


def test_every_text_is_drawn_equally_often() -> None:
    share = drawn([str(at) for at in range(10)], 4, "even", draws=4000).mean(axis=0)

    assert share == pytest.approx(np.full(10, 0.4), abs=0.05)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)), min_size=1, max_size=8), st.data())
@settings(max_examples=50)
def test_column_sums_are_those_of_the_dense_product(bags: list[dict[str, float]], data: st.DataObject) -> None:
    matrix, names = sparse(bags)
    labels = np.array([[data.draw(st.booleans()) for _ in bags] for _ in range(3)])
    table = np.array([[bag.get(name, 0) for name in names] for bag in bags]).reshape(len(bags), len(names))

    assert column_sums(matrix, labels).tolist() == (labels.astype(float) @ table).tolist()


def test_p_counts_draws_at_least_as_large() -> None:
    assert p_value(1.0, np.array([0.0, 1.0, 2.0])) == 0.75
    assert p_value(1.0, np.array([1.0 - 1e-13, -np.inf, 0.5])) == 0.5


def test_the_p_of_a_null_is_uniform_and_of_a_difference_small() -> None:
    generator = np.random.Generator(np.random.PCG64(7))
    hits = 0
    for trial in range(40):
        values = generator.normal(size=30)
        seen, null = permuted(
            lambda labels, values=values: labels @ values, [str(at) for at in range(30)], 15, f"t{trial}", draws=99
        )
        hits += p_value(seen, null) <= 0.1
    values = np.concatenate([np.ones(15), np.zeros(15)])
    seen, null = permuted(lambda labels: labels @ values, [str(at) for at in range(30)], 15, "far")

    assert hits <= 12  # a binomial of 40 at 0.1 passes 12 once in a thousand
    assert p_value(seen, null) == 0.001
    assert seen == 15


def test_true_labels_put_the_pool_first() -> None:
    assert true_labels(2, 3).tolist() == [[True, True, False]]


@given(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=4), st.integers(0, 6))
def test_the_lowest_are_those_of_a_stable_sort(rows: list[list[int]], chosen: int) -> None:
    """Among equal numbers the first ones are taken, as a stable sort would."""
    raw = np.array(rows, dtype=np.uint64)
    expected = np.zeros(raw.shape, dtype=np.bool_)
    np.put_along_axis(expected, np.argsort(raw, axis=1, kind="stable")[:, :chosen], True, axis=1)

    assert (permutation._lowest(raw, chosen) == expected).all()


def test_column_sums_do_not_depend_on_how_many_draws_are_summed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, _ = sparse([{"a": 2.0, "b": 1.0}, {"b": 3.0}, {"a": 1.0, "c": 5.0}])
    labels = drawn(["x", "y", "z"], 1, "blocks", draws=50)
    whole = column_sums(matrix, labels)
    monkeypatch.setattr(permutation, "SUMMED", 7)

    assert (column_sums(matrix, labels) == whole).all()
