"""How far a text stands from the seeds, against how far the seeds stand from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalspec.digests import keyed_hash
from evalspec.later import NDArray, np
from evalspec.model.defaults import REFERENCE_TEXTS
from evalspec.text.vectors import DIMS, Floats, nearest_others, vectorize

MIN_SEEDS = 30  # fewer say too little of how far apart real texts stand; the same floor as every comparison's
_SINGLE_EXACT = 1 << 24  # whole numbers below are exact in float32
ROUNDED = 6  # digits of a cosine that are compared and printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The seeds' vectors, column by column, and the largest distance at which a text still counts as theirs."""

    norms: Floats  # squared, one a seed
    limit: float
    columns: NDArray[np.signedinteger]  # dimensions x seeds, in as few bytes as the counts need

    def distance(self, text: str) -> float:
        """Return 1 minus the largest cosine of `text` to a seed."""
        # Only the text's own columns are read: a fourteenth of them for a message of 20 words.
        query = vectorize([text])
        products = self.norms * float(query.norms[0])
        # By Cauchy-Schwarz the sums are exact in single precision, in any order, where the norms are small enough.
        kind = np.float32 if products.max() < _SINGLE_EXACT**2 else np.float64
        dots = query.counts.astype(kind) @ self.columns[query.columns].astype(kind)
        norms = np.sqrt(products)
        cosines = np.divide(dots, norms, out=np.zeros(len(dots)), where=norms > 0)
        return round(1.0 - float(cosines.max()), ROUNDED)


def representatives(texts: Sequence[str]) -> list[int]:
    """Return the places of the texts that stand for all: those whose digest is lowest, in the order given."""
    if len(texts) <= REFERENCE_TEXTS:
        return list(range(len(texts)))
    order = sorted(range(len(texts)), key=lambda at: (keyed_hash("reference", texts[at]), at))
    return sorted(order[:REFERENCE_TEXTS])


def reach(texts: Sequence[str], quantile: float) -> Reach | None:
    """Measure the seeds' own leave-one-out distances and keep their conformal quantile; None under 30 seeds.

    Where representatives stand for the seeds, the distances are to them on both sides, so the quantile still holds.
    """
    return _reach(tuple(texts[at] for at in representatives(texts)), quantile) if len(texts) >= MIN_SEEDS else None


def conformal_limit(cosines: Floats, quantile: float) -> float:
    """Return the conformal quantile of the texts' leave-one-out distances, from each one's cosine to its nearest.

    The order statistic is ceil(quantile x (n + 1)), at most n (`research`: false alarms 0.7 to 3.2 % by construction).
    """
    own = np.sort(np.round(1.0 - cosines, ROUNDED))
    rank = min(math.ceil(quantile * (len(own) + 1)), len(own))
    return float(own[rank - 1])


@lru_cache(maxsize=2)  # the screens and every pool's measure ask for the same seeds
def _reach(texts: tuple[str, ...], quantile: float) -> Reach:
    vectors = vectorize(texts)
    largest = int(np.abs(vectors.counts).max()) if len(vectors.counts) else 0
    columns = np.zeros((DIMS, len(vectors)), dtype=np.min_scalar_type(-largest - 1))
    columns[vectors.columns, np.repeat(np.arange(len(vectors)), np.diff(vectors.starts))] = vectors.counts
    return Reach(
        norms=vectors.norms.astype(np.float64),
        limit=conformal_limit(nearest_others(vectors), quantile),
        columns=columns,
    )
