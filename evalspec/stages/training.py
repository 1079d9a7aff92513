"""The training firewall: what the subject was tuned on, kept as digests, and whether a text is near any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalspec.digests import digest, keyed_hash
from evalspec.later import NDArray, np
from evalspec.model.spec import Spec
from evalspec.model.training import TrainingDigest
from evalspec.text.tokens import ngrams, tokens
from evalspec.text.vectors import DIMS, vectorize

Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"

COSINE_TOKENS = 8  # shorter texts are alike by chance (measures.md, section 4)
_BITS, _MASK = 4, 15  # of a count; under 0.5 % of the cells of a message lie outside
_LOW, _HIGH = -8, 7
_BESIDE = 0.85  # of the bound, which the columns looked at last may give
_SLACK = 1e-9  # for the rounding of lengths: a row at the bound is looked at
_GRAM_KEY = "training n-gram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Which rule of the firewall a text fell under, and its value."""

    rule: str  # equal_tokens, shared_ngram, cosine
    value: float


def digest_training(text: str, ngram: int) -> TrainingDigest:
    """Reduce a training text to what the firewall compares."""
    words = tokens(text)
    columns, counts = _quantised(text if len(words) >= COSINE_TOKENS else "")
    return TrainingDigest(
        sequence=_sequence(words),
        tokens=len(words),
        grams=np.sort(_grams(words, ngram)).astype(">u8").tobytes(),
        vector=(columns << _BITS | counts - _LOW).astype(">u2").tobytes(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """All training rows of a spec, laid out for comparing; a class because the layout is worth keeping.

    A text is held against the rows that share enough of its rarest columns to be near at all: what it can still have
    in common with a row over its other columns is bounded by its own length there (Cauchy-Schwarz).
    """

    sequences: frozenset[str]
    grams: NDArray[np.uint64]  # sorted
    columns: NDArray[np.uint16]  # entries row by row: in which column
    counts: NDArray[np.int8]  # and how often
    row_starts: Ints  # where the entries of each row begin
    column_rows: NDArray[np.int32]  # the same entries column by column: in which row
    column_counts: NDArray[np.int8]
    column_starts: Ints
    lengths: Floats  # of the rows
    cosine: float
    ngram: int

    @classmethod
    def of(cls, training: Mapping[str, Sequence[TrainingDigest]], spec: Spec, *, known: bool = False) -> Firewall:
        """Lay out the rows of all training sources under the spec's bounds; with `known`, those of known attacks."""
        attacks = {source.name for source in spec.sources_of("known")}
        rows = [one for name in sorted(training) if (name in attacks) is known for one in training[name]]
        vectors = [one.vector for one in rows if one.vector]
        packed = np.frombuffer(b"".join(vectors), dtype=">u2").astype(np.uint16)
        held = np.array([len(one) // 2 for one in vectors], dtype=np.int64)
        owner = np.repeat(np.arange(len(vectors), dtype=np.int32), held)
        columns, counts = (packed >> _BITS).astype(np.uint16), ((packed & _MASK).astype(np.int8) + _LOW).astype(np.int8)
        row_starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(held)])
        squares = np.add.reduceat(counts.astype(np.int16) ** 2, row_starts[:-1], dtype=np.int64) if vectors else held
        order = np.argsort(columns, kind="stable")
        return cls(
            sequences=frozenset(one.sequence for one in rows),
            grams=np.unique(np.frombuffer(b"".join(one.grams for one in rows), dtype=">u8").astype(np.uint64)),
            columns=columns,
            counts=counts,
            row_starts=row_starts,
            column_rows=owner[order],
            column_counts=counts[order],
            column_starts=np.searchsorted(columns[order], np.arange(DIMS + 1)),
            lengths=np.sqrt(squares.astype(np.float64)),
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
        shared = self._shared(_grams(words, self.ngram))
        if shared:
            return Overlap(rule="shared_ngram", value=float(shared))
        nearest = self._nearest(text) if len(words) >= COSINE_TOKENS and len(self.lengths) else 0.0
        return Overlap(rule="cosine", value=round(nearest, 6)) if nearest >= self.cosine else None

    def _shared(self, grams: NDArray[np.uint64]) -> int:
        if not len(grams) or not len(self.grams):
            return 0
        at = np.minimum(np.searchsorted(self.grams, grams), len(self.grams) - 1)
        return int((self.grams[at] == grams).sum())

    def _nearest(self, text: str) -> float:
        """Return the largest cosine of a text with a row where it is at least the bound, and 0 where none is."""
        columns, counts = _quantised(text)
        held = self.column_starts[columns + 1] - self.column_starts[columns]
        order = np.lexsort((columns, held))  # the rarest first
        squares = counts[order].astype(np.float64) ** 2
        norm = float(squares.sum())
        if not norm:
            return 0.0
        rest = np.sqrt(np.maximum(norm - np.cumsum(squares), 0.0) / norm)
        # Few rows reach by chance what the rarest columns must give.
        first = min(int(np.searchsorted(-rest, -_BESIDE * self.cosine)) + 1, len(rest))
        rare = order[:first]
        reach = (self.cosine - float(rest[first - 1]) - _SLACK) * math.sqrt(norm)
        near = np.flatnonzero(self._rare_dots(columns[rare], counts[rare]) >= reach * self.lengths)
        if not len(near):
            return 0.0
        query = np.zeros(DIMS)
        query[columns] = counts
        dots = self._dots(query, near)
        best = int(np.argmax(dots / self.lengths[near]))
        return float(dots[best]) / math.sqrt(norm * round(float(self.lengths[near[best]]) ** 2))

    def _rare_dots(self, columns: Ints, counts: Ints) -> Floats:
        """Return the products of some entries of a vector with every row: whole numbers, exact in any order."""
        where = _entries(self.column_starts, columns)
        held = self.column_starts[columns + 1] - self.column_starts[columns]
        products = self.column_counts[where] * np.repeat(counts.astype(np.float64), held)
        return np.bincount(self.column_rows[where], weights=products, minlength=len(self.lengths)).astype(np.float64)

    def _dots(self, query: Floats, rows: Ints) -> Floats:
        """Return the products of a whole vector with some rows; no row is empty."""
        where = _entries(self.row_starts, rows)
        held = self.row_starts[rows + 1] - self.row_starts[rows]
        products = query[self.columns[where]] * self.counts[where]
        return np.asarray(np.add.reduceat(products, np.cumsum(held) - held))


def _entries(starts: Ints, which: Ints) -> Ints:
    """Return the places of all entries of some rows or columns, one after the other."""
    held = starts[which + 1] - starts[which]
    return np.repeat(starts[which] - (np.cumsum(held) - held), held) + np.arange(int(held.sum()), dtype=np.int64)


def _sequence(words: Sequence[str]) -> str:
    return digest(list(words))[:16]


def _grams(words: Sequence[str], size: int) -> NDArray[np.uint64]:
    hashes = {keyed_hash(_GRAM_KEY, " ".join(gram)) for gram in ngrams(words, size)}
    return np.fromiter(hashes, dtype=np.uint64, count=len(hashes))


def _quantised(text: str) -> tuple[Ints, Ints]:
    """Return the columns of a text's lexical vector and its counts, each cut to four bits."""
    vectors = vectorize([text])
    return vectors.columns.astype(np.int64), np.clip(vectors.counts, _LOW, _HIGH).astype(np.int64)
