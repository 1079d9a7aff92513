"""The classifier of two sides against scikit-learn's, and what its folds and its area promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sides import plain_texts
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from evalspec.stats.classifier import (
    FOLDS,
    area_under_curve,
    figure_products,
    folds_of,
    held_out,
    logistic,
    text_products,
)
from evalspec.text.vectors import vectorize

POOL = plain_texts(70, "pool", openers=("kindly tell me where", "i need", "what about"))
SEEDS = plain_texts(60, "seeds")
TEXTS = [*POOL, *SEEDS]
TRUTH = np.arange(len(TEXTS)) < len(POOL)


def matrix(texts: list[str]) -> csr_matrix:
    """Unit rows as a scipy matrix, without a column of ones: scikit-learn adds its own."""
    return csr_matrix(vectorize(texts).unit())


def test_the_fit_is_that_of_liblinear() -> None:
    vectors = vectorize(TEXTS)
    trained = np.arange(len(TEXTS)) % 3 != 0
    parts = logistic(text_products(vectors), TRUTH, trained, np.zeros(len(TEXTS)))
    theirs = LogisticRegression(C=1.0, solver="liblinear", tol=1e-10).fit(matrix(TEXTS)[trained], TRUTH[trained])

    assert vectors.weighted(parts) == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert parts.sum() == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_the_area_of_held_out_folds_is_that_of_scikit_learn() -> None:
    folds = folds_of(TEXTS, [str(at) for at in range(len(TEXTS))], TRUTH)
    scores, _ = held_out(text_products(vectorize(TEXTS)), TRUTH, folds)
    rows = matrix(TEXTS)
    expected = np.empty(len(TEXTS))
    for fold in range(FOLDS):
        fit = LogisticRegression(C=1.0, solver="liblinear", tol=1e-10).fit(rows[folds != fold], TRUTH[folds != fold])
        expected[folds == fold] = fit.decision_function(rows[folds == fold])

    assert scores == pytest.approx(expected, abs=1e-4)
    assert area_under_curve(scores, TRUTH) == pytest.approx(roc_auc_score(TRUTH, expected), abs=2e-4)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.data())
def test_the_area_is_the_chance_to_score_higher(levels: list[int], data: st.DataObject) -> None:
    truth = np.array(data.draw(st.permutations([True, False] + [data.draw(st.booleans()) for _ in levels[2:]])))
    scores = np.array(levels, dtype=np.float64)

    assert area_under_curve(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.text("xyz", max_size=4)), min_size=1, max_size=40))
@settings(max_examples=50)
def test_siblings_stay_in_one_fold_and_order_does_not_matter(rows: list[tuple[str, str]]) -> None:
    families, texts = [family for family, _ in rows], [text for _, text in rows]
    truth = np.array([family < "e" for family in families])
    folds = folds_of(texts, families, truth)
    back = folds_of(texts[::-1], families[::-1], truth[::-1])

    assert folds.tolist() == back[::-1].tolist()
    for family in set(families):
        assert len({fold for fold, own in zip(folds.tolist(), families, strict=True) if own == family}) == 1


def test_a_fit_of_figures_is_that_of_liblinear_whatever_it_started_from() -> None:
    block = np.array([[len(text), text.count("e"), text.count(" ")] for text in TEXTS], dtype=np.float64)
    scaled = (block - block.mean(axis=0)) / block.std(axis=0)
    trained = np.arange(len(TEXTS)) % 3 != 0
    theirs = LogisticRegression(C=1.0, solver="liblinear", tol=1e-10).fit(scaled[trained], TRUTH[trained])
    products = figure_products(block)

    for start in (np.zeros(len(TEXTS)), np.linspace(-1.0, 1.0, len(TEXTS))):
        scores = products @ logistic(products, TRUTH, trained, start)
        assert scores == pytest.approx(theirs.decision_function(scaled), abs=1e-4)


def test_figures_without_spread_do_no_harm() -> None:
    block = np.column_stack([np.ones(len(TEXTS)), TRUTH.astype(np.float64)])
    scores, _ = held_out(figure_products(block), TRUTH, np.arange(len(TEXTS)) % FOLDS)

    assert area_under_curve(scores, TRUTH) == 1.0
