"""How far a text stands from the seeds, against how far the seeds stand from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalspec.digests import keyed_hash
from evalspec.later import NDArray, np
from evalspec.model.defaults import REFERENCE_TEXTS
from evalspec.text.vectors import DIMS, Floats, Ints, Vectors, nearest_others, vectorize

MIN_SEEDS = 30  # fewer say too little of how far apart real texts stand; the same floor as every comparison's
ROUNDED = 6  # digits of a cosine that are compared and printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The seeds' vectors, by row and by column, and the largest distance at which a text still counts as theirs."""

    vectors: Vectors
    limit: float
    starts: Ints  # where each column's entries begin in `rows` and `counts`
    rows: NDArray[np.int64]
    counts: NDArray[np.int32]

    def distance(self, text: str) -> float:
        """Return 1 minus the largest cosine of `text` to a seed."""
        # Only the entries of the text's own columns are read: a fourteenth of them for a message of 20 words.
        query = vectorize([text])
        firsts = self.starts[query.columns]
        lengths = self.starts[query.columns + 1] - firsts
        offsets = np.cumsum(lengths) - lengths
        where = np.repeat(firsts - offsets, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)
        products = self.counts[where] * np.repeat(query.counts.astype(np.float64), lengths)
        # Whole numbers far below 2**53: the sums are exact in any order.
        dots = np.bincount(self.rows[where], weights=products, minlength=len(self.vectors))
        norms = np.sqrt(self.vectors.norms.astype(np.float64) * float(query.norms[0]))
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
    order = np.argsort(vectors.columns, kind="stable")
    return Reach(
        vectors=vectors,
        limit=conformal_limit(nearest_others(vectors), quantile),
        starts=np.searchsorted(vectors.columns[order], np.arange(DIMS + 1)),
        rows=np.repeat(np.arange(len(vectors)), np.diff(vectors.starts))[order],
        counts=vectors.counts[order],
    )
