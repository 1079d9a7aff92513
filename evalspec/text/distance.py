"""How far a text stands from the seeds, against how far the seeds stand from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalspec.text.vectors import DIMS, Vectors, cosine_matrix, vectorize

MIN_SEEDS = 30  # fewer say too little of how far apart real texts stand; the same floor as every comparison's
ROUNDED = 6  # digits of a cosine that are compared and printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The seeds' vectors and the largest distance at which a text still counts as theirs."""

    vectors: Vectors
    limit: float

    def distance(self, text: str) -> float:
        """Return 1 minus the largest cosine of `text` to a seed."""
        # One row against all: a pass over the seeds' non-zero counts costs less than spreading them out again.
        query = vectorize([text])
        spread = np.zeros(DIMS, dtype=np.int64)
        spread[query.columns] = query.counts
        sums = np.concatenate(([0], np.cumsum(spread[self.vectors.columns] * self.vectors.counts)))
        dots = sums[self.vectors.starts[1:]] - sums[self.vectors.starts[:-1]]
        norms = np.sqrt(self.vectors.norms.astype(np.float64) * float(query.norms[0]))
        cosines = np.divide(dots, norms, out=np.zeros(len(dots)), where=norms > 0)
        return round(1.0 - float(cosines.max()), ROUNDED)


def reach(texts: Sequence[str], quantile: float) -> Reach | None:
    """Measure the seeds' own leave-one-out distances and keep their conformal quantile; None under 30 seeds.

    The order statistic is ceil(quantile x (n + 1)), at most n (`research`: false alarms 0.7 to 3.2 % by construction).
    """
    if len(texts) < MIN_SEEDS:
        return None
    vectors = vectorize(texts)
    cosines = cosine_matrix(vectors, vectors)
    np.fill_diagonal(cosines, -1.0)
    own = np.sort(np.round(1.0 - cosines.max(axis=1), ROUNDED))
    rank = min(math.ceil(quantile * (len(texts) + 1)), len(texts))
    return Reach(vectors=vectors, limit=float(own[rank - 1]))
