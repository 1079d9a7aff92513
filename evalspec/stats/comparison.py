"""A pool's texts against the seeds it is neither made of nor from, and what every comparison of them shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from evalspec.later import NDArray, np, statistics
from evalspec.model.case import Case, Input, Seed, user_texts
from evalspec.model.defaults import MIN_SIDE
from evalspec.model.vocabulary import LEXICAL
from evalspec.stats.neighbours import Neighbours
from evalspec.stats.permutation import BLOCK, DRAWS, Labels, Sparse, label_draws, p_value, sparse, true_labels
from evalspec.text.meaning import Embed, Meanings, meanings
from evalspec.text.rows import Rows
from evalspec.text.tokens import opening_of, tokens
from evalspec.text.vectors import Vectors, stacked, vectorize

Statistic: TypeAlias = "Callable[[Labels], NDArray[np.float64]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text of either side: the user's turns, the family it moves with, and its weight in rates."""

    id: str
    turns: tuple[str, ...]
    family: str
    weight: float = 1.0

    @property
    def text(self) -> str:
        """The user's turns joined by line feeds; what others say is context."""
        return "\n".join(self.turns)


def item_of(id: str, value: Input, family: str, weight: float = 1.0) -> Item:
    """Turn an input into an item: only what the user wrote is measured."""
    return Item(id=id, turns=user_texts(value), family=family, weight=weight)


def item_of_case(case: Case, family: str) -> Item:
    """Turn a case into an item; a production case keeps the weight of its row."""
    return item_of(case.id, case.candidate.input, family, case.candidate.lineage.weight or 1.0)


def item_of_seed(seed: Seed) -> Item:
    """Turn a seed into an item; each row is its own family."""
    return item_of(seed.key, seed.input, seed.key, seed.weight)


@dataclass(slots=True)
class Texts:
    """Tokens, vectors and neighbours of texts, made once for all comparisons; a class because it remembers."""

    neighbours: Neighbours = field(default_factory=Neighbours)
    _tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)
    _vectors: Vectors | None = None

    def tokens(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text."""
        if text not in self._tokens:
            self._tokens[text] = tokens(text)
        return self._tokens[text]

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the lexical vectors of texts, in the order given."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if fresh or self._vectors is None:
            made = vectorize(fresh)
            self._rows |= {text: len(self._rows) + at for at, text in enumerate(fresh)}
            self._vectors = made if self._vectors is None else stacked([self._vectors, made])
        return self._vectors.take([self._rows[text] for text in texts])


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The two sides, and what is computed of them once: tokens, vectors and label draws; a class for these caches."""

    pool: tuple[Item, ...]
    seeds: tuple[Item, ...]
    key: str
    draws: int = DRAWS
    embed: Embed | None = None  # what reads meaning; None where nothing does
    texts: Texts = field(default_factory=Texts, compare=False, repr=False)

    @property
    def why_not(self) -> str | None:
        """Why nothing can be said, or None: fewer than 30 texts on a side."""
        short = [
            f"{len(side)} {name}"
            for side, name in ((self.pool, "cases"), (self.seeds, "seeds that are not in the set or its parents"))
            if len(side) < MIN_SIDE
        ]
        return f"not evaluable: {' and '.join(short)}, at least {MIN_SIDE} are needed" if short else None

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All texts, the pool's first."""
        return (*self.pool, *self.seeds)

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The family of every text."""
        return tuple(one.family for one in self.items)

    @cached_property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """The tokens of every text."""
        return tuple(self.texts.tokens(one.text) for one in self.items)

    @cached_property
    def openings(self) -> tuple[tuple[str, ...], ...]:
        """The first three tokens of every first turn."""
        return tuple(opening_of(self.texts.tokens(one.turns[0])) if one.turns else () for one in self.items)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """The weight of every text in rates."""
        return np.array([one.weight for one in self.items])

    @cached_property
    def vectors(self) -> Vectors:
        """The lexical vector of every text."""
        return self.texts.vectors([one.text for one in self.items])

    @cached_property
    def meanings(self) -> Meanings:
        """What the embedding model makes of every text."""
        assert self.embed is not None, "a measure of meaning is not taken without an embedder"
        return meanings(self.embed([one.text for one in self.items]))

    def within(self, space: str | None) -> Rows:
        """Return the vectors of all texts in one space; None is the lexical one."""
        return self.vectors if space in (None, LEXICAL) else self.meanings

    @cached_property
    def words(self) -> tuple[Sparse, tuple[str, ...]]:
        """Token counts, text by text."""
        return sparse([dict[str, float](Counter(words)) for words in self.tokens])

    @cached_property
    def presence(self) -> tuple[Sparse, tuple[str, ...]]:
        """Which tokens stand in which text."""
        return sparse([dict.fromkeys(sorted(set(words)), 1.0) for words in self.tokens])

    @cached_property
    def _packed(self) -> NDArray[np.uint8]:
        # One bit a label: 999 draws of 100,000 texts are 12 MB and not 100.
        draws = label_draws(self.families, len(self.pool), self.key, draws=self.draws)
        return np.concatenate([np.packbits(block, axis=1) for block in draws])

    @property
    def labels(self) -> Iterator[Labels]:
        """The label draws that all measures of this comparison share, in blocks."""
        for start in range(0, len(self._packed), BLOCK):
            yield self.draw(slice(start, start + BLOCK))

    def draw(self, which: slice | NDArray[np.int64]) -> Labels:
        """Return some of the label draws: draws x texts."""
        return np.unpackbits(self._packed[which], axis=1, count=len(self.items)).view(np.bool_)

    def sides(self, start: int, stop: int) -> Labels:
        """Return on which side some texts are under every draw: draws x texts. `start` is a multiple of eight."""
        part = np.ascontiguousarray(self._packed[:, start // 8 : (stop + 7) // 8])
        return np.unpackbits(part, axis=1, count=stop - start).view(np.bool_)

    @property
    def truth(self) -> Labels:
        """The labels as they are."""
        return true_labels(len(self.pool), len(self.items))

    def permuted(self, statistic: Statistic) -> tuple[float, NDArray[np.float64]]:
        """Return the statistic as it is and under every draw; where it is undefined there is nothing to see."""
        seen = float(statistic(self.truth)[0])
        drawn = np.concatenate([statistic(block) for block in self.labels])
        return seen, np.nan_to_num(drawn, nan=-np.inf)

    def p(self, statistic: Statistic) -> tuple[float, float]:
        """Return the statistic and the share of draws that reach it."""
        seen, drawn = self.permuted(statistic)
        return seen, p_value(seen, drawn)

    def median_tokens(self) -> tuple[float, float]:
        """Return the median number of tokens of the pool and of the seeds."""
        counts = [len(words) for words in self.tokens]
        return _median(counts[: len(self.pool)]), _median(counts[len(self.pool) :])


def _median(values: Sequence[int]) -> float:
    return float(statistics.median(values)) if values else 0.0


def rate_difference(hits: NDArray[np.float64], weights: NDArray[np.float64]) -> Statistic:
    """Return the statistic: the distance between the two sides' weighted rates."""

    def statistic(labels: Labels) -> NDArray[np.float64]:
        chosen = labels.astype(np.float64)
        weighted = hits * weights
        total, mass = weighted.sum(), weights.sum()
        here, size = chosen @ weighted, chosen @ weights
        return np.asarray(np.abs(here / size - (total - here) / (mass - size)))

    return statistic
