"""Two sides told apart by a classifier: L2 logistic regression, folds by digest, and the area under its curve.

The objective is that of liblinear at C = 1 with its bias (half the squared weights plus the summed loss); Newton steps
solve it to a gradient of nearly zero, so that the answer depends on no order of the rows and on no random number.
The fit is a sum of its rows, so all that is needed of them are their products: a thousand texts have a million, three
times what they have n-grams, but a BLAS multiplies them thirty times faster.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.text.vectors import Vectors, cosines_within

FOLDS = 5
_STEPS = 40  # Newton steps; six to nine are the rule
_SOLVE = 60  # conjugate-gradient steps inside one of them
_FLAT = 1e-6  # norm of the gradient, relative to that at zero, at which a fit is done
_SAME = 7  # decimals of a score that are compared: equal texts must be equally likely

Floats: TypeAlias = "NDArray[np.float64]"


def text_products(vectors: Vectors) -> Floats:
    """Return the products of texts with each other, at unit length and with the bias: texts x texts."""
    return cosines_within(vectors) + 1.0


def figure_products(block: Floats) -> Floats:
    """Return the products of rows of figures, each column at mean 0 and deviation 1, and with the bias: rows x rows."""
    spread = block.std(axis=0)
    scaled = (block - block.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(scaled @ scaled.T + 1.0)


def logistic(products: Floats, truth: NDArray[np.bool_], trained: NDArray[np.bool_], start: Floats) -> Floats:
    """Return an L2 logistic regression (C = 1) on the rows `trained`, by Newton's method: what each row adds to it.

    Its weights are the sum of the rows, each times its part; its scores are the products times the parts.
    """
    parts, sign = start.copy(), truth.astype(np.float64)
    weights = trained.astype(np.float64)
    scores = products @ parts
    value, slope, curve = _loss(parts, scores, sign, weights)
    flat = weights * (0.5 - sign)
    enough = _FLAT * _length(flat, products @ flat)
    for _ in range(_STEPS):
        along = products @ slope
        size = _length(slope, along)
        if size <= enough:
            break
        step, moved = _solved(products, curve, slope, along, min(0.1, size) * size)
        fall, scale = float(slope @ moved), 1.0
        while scale > 1e-8:
            found = _loss(parts + scale * step, scores + scale * moved, sign, weights)
            if found[0] <= value + 1e-4 * scale * fall:
                break
            scale /= 2
        parts, scores = parts + scale * step, scores + scale * moved
        value, slope, curve = found
    return parts


def _length(parts: Floats, along: Floats) -> float:
    """Return the length of the sum of the rows, each times its part; `along` are its products with the rows."""
    return math.sqrt(max(0.0, float(parts @ along)))


def _loss(parts: Floats, scores: Floats, sign: Floats, weights: Floats) -> tuple[float, Floats, Floats]:
    """Return the objective, the parts of its gradient, and the weights of its second derivative."""
    losses = np.logaddexp(0.0, scores) - sign * scores
    chance = 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500)))
    value = 0.5 * float(parts @ scores) + float((weights * losses).sum())
    return value, parts + weights * (chance - sign), weights * chance * (1 - chance)


def _solved(products: Floats, curve: Floats, slope: Floats, along: Floats, near: float) -> tuple[Floats, Floats]:
    """Solve the Newton system by conjugate gradients, as closely as this step needs: parts, and products with rows."""
    found, reached = np.zeros_like(slope), np.zeros_like(slope)
    rest, behind = -slope, -along  # what is left to solve, and its products with the rows
    way, ahead = rest, behind
    square = float(rest @ behind)
    for _ in range(_SOLVE):
        if square <= near * near:
            break
        bent = way + curve * ahead
        far = square / float(bent @ ahead)
        found, reached = found + far * way, reached + far * ahead
        rest = rest - far * bent
        behind = products @ rest
        square, before = float(rest @ behind), square
        way, ahead = rest + (square / before) * way, behind + (square / before) * ahead
    return found, reached


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


def held_out(products: Floats, truth: NDArray[np.bool_], folds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return each row's score by a fit that has not seen its fold, and the mean of what it adds to the fits."""
    scores, total = np.zeros(len(products)), np.zeros(len(products))
    parts = np.zeros(len(products))
    for fold in range(FOLDS):
        out = folds == fold
        parts = logistic(products, truth, ~out, parts)
        scores[out] = (products @ parts)[out]
        total += parts
    return scores, total / FOLDS


def area_under_curve(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Return the chance that a text of the first side scores above one of the second; equal scores count half."""
    _, place, counts = np.unique(np.round(scores, _SAME), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ours = int(truth.sum())
    others = len(truth) - ours
    return float((ranks[truth].sum() - ours * (ours + 1) / 2) / (ours * others))
