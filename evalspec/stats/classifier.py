"""Two sides told apart by a classifier: L2 logistic regression, folds by digest, and the area under its curve.

The objective is that of liblinear at C = 1 with its bias (half the squared weights plus the summed loss); Newton steps
solve it to a gradient of nearly zero, so that the answer depends on no order of the rows and on no random number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.text.vectors import DIMS, Vectors

FOLDS = 5
_STEPS = 40  # Newton steps; six to nine are the rule
_SOLVE = 60  # conjugate-gradient steps inside one of them
_FLAT = 1e-6  # norm of the gradient, relative to that at zero, at which a fit is done
_SAME = 7  # decimals of a score that are compared: equal texts must be equally likely

Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A sparse matrix of one text a row, entry by entry."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats
    height: int
    width: int

    def times(self, weights: Floats) -> Floats:
        """Return the weighted sum of each row."""
        return _summed(self.rows, self.values * weights[self.columns], self.height)

    def back(self, scores: Floats) -> Floats:
        """Return the score-weighted sum of the rows."""
        return _summed(self.columns, self.values * scores[self.rows], self.width)


def _summed(places: NDArray[np.int64], values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(places, weights=values, minlength=size), dtype=np.float64)


def unit_features(vectors: Vectors) -> Features:
    """Turn lexical vectors into features at unit length, with a last column of ones for the bias."""
    lengths = np.diff(vectors.starts)
    rows = np.repeat(np.arange(len(vectors), dtype=np.int64), lengths)
    values = vectors.counts / np.sqrt(np.maximum(vectors.norms, 1).astype(np.float64))[rows]
    return _with_bias(rows, vectors.columns.astype(np.int64), values, len(vectors), DIMS)


def dense_features(block: Floats) -> Features:
    """Turn columns of figures into features of mean 0 and deviation 1, with a last column of ones for the bias."""
    spread = block.std(axis=0)
    scaled = (block - block.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    height, width = block.shape
    rows = np.repeat(np.arange(height, dtype=np.int64), width)
    columns = np.tile(np.arange(width, dtype=np.int64), height)
    return _with_bias(rows, columns, scaled.ravel(), height, width)


def _with_bias(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: Floats, height: int, width: int
) -> Features:
    return Features(
        rows=np.concatenate([rows, np.arange(height, dtype=np.int64)]),
        columns=np.concatenate([columns, np.full(height, width, dtype=np.int64)]),
        values=np.concatenate([values, np.ones(height)]),
        height=height,
        width=width + 1,
    )


def logistic(features: Features, truth: NDArray[np.bool_], trained: NDArray[np.bool_], start: Floats) -> Floats:
    """Return the weights of an L2 logistic regression (C = 1) on the rows `trained`, by Newton's method."""
    weights, sign = start.copy(), truth.astype(np.float64)
    part = trained.astype(np.float64)
    value, slope, curve = _loss(features, weights, sign, part)
    enough = _FLAT * float(np.linalg.norm(features.back(part * (0.5 - sign))))
    for _ in range(_STEPS):
        size = float(np.linalg.norm(slope))
        if size <= enough:
            break
        step = _solved(features, curve, -slope, min(0.1, size) * size)
        scale = 1.0
        while scale > 1e-8:
            found = _loss(features, weights + scale * step, sign, part)
            if found[0] <= value + 1e-4 * scale * float(slope @ step):
                break
            scale /= 2
        weights = weights + scale * step
        value, slope, curve = found
    return weights


def _loss(features: Features, weights: Floats, sign: Floats, part: Floats) -> tuple[float, Floats, Floats]:
    """Return the objective, its gradient and the weights of its second derivative."""
    scores = features.times(weights)
    losses = np.logaddexp(0.0, scores) - sign * scores
    chance = 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500)))
    value = 0.5 * float(weights @ weights) + float((part * losses).sum())
    return value, weights + features.back(part * (chance - sign)), part * chance * (1 - chance)


def _solved(features: Features, curve: Floats, target: Floats, near: float) -> Floats:
    """Solve the Newton system by conjugate gradients, as closely as this step needs."""
    found, rest = np.zeros_like(target), target.copy()
    way, square = rest.copy(), float(rest @ rest)
    for _ in range(_SOLVE):
        if square <= near * near:
            break
        bent = way + features.back(curve * features.times(way))
        far = square / float(way @ bent)
        found += far * way
        rest -= far * bent
        square, before = float(rest @ rest), square
        way = rest + (square / before) * way
    return found


def folds_of(texts: Sequence[str], families: Sequence[str], truth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Deal the families of each side into five folds, in order of their lowest sha256; siblings stay together."""
    lowest: dict[tuple[bool, str], str] = {}
    for text, family, side in zip(texts, families, truth.tolist(), strict=True):
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        key = (side, family)
        lowest[key] = min(digest, lowest.get(key, digest))
    dealt: dict[tuple[bool, str], int] = {}
    for side in (True, False):
        ordered = sorted((digest, family) for (on, family), digest in lowest.items() if on is side)
        dealt |= {(side, family): rank % FOLDS for rank, (_, family) in enumerate(ordered)}
    return np.array([dealt[side, family] for family, side in zip(families, truth.tolist(), strict=True)])


def held_out(features: Features, truth: NDArray[np.bool_], folds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return each row's score by a fit that has not seen its fold, and the mean weights of the fits."""
    scores, total = np.zeros(features.height), np.zeros(features.width)
    weights = np.zeros(features.width)
    for fold in range(FOLDS):
        out = folds == fold
        weights = logistic(features, truth, ~out, weights)
        scores[out] = features.times(weights)[out]
        total += weights
    return scores, total / FOLDS


def area_under_curve(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Return the chance that a text of the first side scores above one of the second; equal scores count half."""
    _, place, counts = np.unique(np.round(scores, _SAME), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ours = int(truth.sum())
    others = len(truth) - ours
    return float((ranks[truth].sum() - ours * (ours + 1) / 2) / (ours * others))
