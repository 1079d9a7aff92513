"""The training firewall: what the subject was tuned on, kept as digests, and whether a text is near any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalspec.digests import digest, keyed_hash
from evalspec.later import np
from evalspec.model.spec import Spec
from evalspec.model.training import TrainingDigest
from evalspec.text.tokens import ngrams, tokens
from evalspec.text.vectors import DIMS, Ints, vectorize

COSINE_TOKENS = 8  # shorter texts are alike by chance (measures.md, section 4)
_COUNT_RANGE = (-8, 7)  # four bits; under 0.5 % of the cells of a message lie outside
_GRAM_KEY = "training n-gram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Which rule of the firewall a text fell under, and its value."""

    rule: str  # equal_tokens, shared_ngram, cosine
    value: float


def digest_training(text: str, ngram: int) -> TrainingDigest:
    """Reduce a training text to what the firewall compares."""
    words = tokens(text)
    return TrainingDigest(
        sequence=_sequence(words),
        tokens=len(words),
        grams=tuple(sorted(_grams(words, ngram))),
        vector=_quantised(text) if len(words) >= COSINE_TOKENS else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """All training rows of a spec, laid out for comparing; a class because the layout is worth keeping."""

    sequences: frozenset[str]
    grams: frozenset[int]
    starts: Ints
    columns: Ints
    counts: Ints
    norms: Ints  # squared
    cosine: float
    ngram: int

    @classmethod
    def of(cls, training: Mapping[str, Sequence[TrainingDigest]], spec: Spec) -> Firewall:
        """Lay out the rows of all training sources under the spec's bounds."""
        rows = [one for name in sorted(training) for one in training[name]]
        vectors = [one.vector for one in rows if one.vector]
        lengths = np.array([0, *(len(one) for one in vectors)], dtype=np.int64)
        cells = np.array([cell for one in vectors for cell in one], dtype=np.int64).reshape(-1, 2)
        return cls(
            sequences=frozenset(one.sequence for one in rows),
            grams=frozenset(gram for one in rows for gram in one.grams),
            starts=np.cumsum(lengths)[:-1],
            columns=cells[:, 0],
            counts=cells[:, 1],
            norms=np.array([sum(count * count for _, count in one) for one in vectors], dtype=np.int64),
            cosine=spec.screen.training_cosine,
            ngram=spec.screen.training_ngram,
        )

    def overlap(self, text: str) -> Overlap | None:
        """Return the first rule that a text falls under: equal tokens, a shared n-gram, a near vector."""
        if not self.sequences:
            return None
        words = tokens(text)
        if _sequence(words) in self.sequences:
            return Overlap(rule="equal_tokens", value=1.0)
        shared = len(self.grams & _grams(words, self.ngram))
        if shared:
            return Overlap(rule="shared_ngram", value=float(shared))
        nearest = self._nearest(text) if len(words) >= COSINE_TOKENS and len(self.norms) else 0.0
        return Overlap(rule="cosine", value=round(nearest, 6)) if nearest >= self.cosine else None

    def _nearest(self, text: str) -> float:
        query = np.zeros(DIMS, dtype=np.int64)
        for column, count in _quantised(text):
            query[column] = count
        norm = int((query * query).sum())
        if norm == 0:
            return 0.0
        dots = np.add.reduceat(query[self.columns] * self.counts, self.starts)
        best = int(np.argmax(dots / np.sqrt(self.norms)))
        return int(dots[best]) / math.sqrt(norm * int(self.norms[best]))


def _sequence(words: Sequence[str]) -> str:
    return digest(list(words))[:16]


def _grams(words: Sequence[str], size: int) -> set[int]:
    return {keyed_hash(_GRAM_KEY, " ".join(gram)) for gram in ngrams(words, size)}


def _quantised(text: str) -> tuple[tuple[int, int], ...]:
    vectors = vectorize([text])
    low, high = _COUNT_RANGE
    clipped = np.clip(vectors.counts, low, high)
    return tuple((int(column), int(count)) for column, count in zip(vectors.columns, clipped, strict=True))
