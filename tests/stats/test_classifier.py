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
    dense_features,
    folds_of,
    held_out,
    logistic,
    unit_features,
)
from evalspec.text.vectors import vectorize

POOL = plain_texts(70, "pool", openers=("kindly tell me where", "i need", "what about"))
SEEDS = plain_texts(60, "seeds")
TEXTS = [*POOL, *SEEDS]
TRUTH = np.arange(len(TEXTS)) < len(POOL)


def matrix(texts: list[str]) -> csr_matrix:
    """The same features as a scipy matrix, without the column of ones: scikit-learn adds its own."""
    found = unit_features(vectorize(texts))
    full = csr_matrix((found.values, (found.rows, found.columns)), shape=(found.height, found.width))
    return full[:, :-1]


def test_the_fit_is_that_of_liblinear() -> None:
    features = unit_features(vectorize(TEXTS))
    trained = np.arange(len(TEXTS)) % 3 != 0
    ours = logistic(features, TRUTH, trained, np.zeros(features.width))
    theirs = LogisticRegression(C=1.0, solver="liblinear", tol=1e-10).fit(matrix(TEXTS)[trained], TRUTH[trained])

    assert ours[:-1] == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert ours[-1] == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_the_area_of_held_out_folds_is_that_of_scikit_learn() -> None:
    features = unit_features(vectorize(TEXTS))
    folds = folds_of(TEXTS, [str(at) for at in range(len(TEXTS))], TRUTH)
    scores, _ = held_out(features, TRUTH, folds)
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


def test_figures_without_spread_do_no_harm() -> None:
    block = np.column_stack([np.ones(len(TEXTS)), TRUTH.astype(np.float64)])
    scores, _ = held_out(dense_features(block), TRUTH, np.arange(len(TEXTS)) % FOLDS)

    assert area_under_curve(scores, TRUTH) == 1.0
