"""What a measure is handed: one slice of the set, the seeds it may be compared with, and the facts of the build."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from evalspec.model.case import Case, Seed
from evalspec.model.ledger import Ledger, LedgerView, Reviewed
from evalspec.model.outcome import Lock, Measurement, Related
from evalspec.model.spec import SourceKind, Spec
from evalspec.model.vocabulary import LEXICAL, MEANING
from evalspec.stats.comparison import Comparison, Item
from evalspec.stats.digested import Digested
from evalspec.stats.neighbours import Neighbours
from evalspec.text.function_words import Tag
from evalspec.text.meaning import Embed, meanings
from evalspec.text.rows import Rows

DIGITS = 6  # significant digits of what lands in a report
MEANING_DIGITS = 4  # of what a model's vectors gave: another machine may round one of their components otherwise


class Overlap(Protocol):
    """What a text shares with the subject's training texts."""

    @property
    def rule(self) -> str:
        """`equal`, `ngram` or `cosine`."""

    @property
    def value(self) -> float | None:
        """The cosine, where it is one."""


class Training(Protocol):
    """The index of what the subject was trained on."""

    def overlap(self, text: str) -> Overlap | None:
        """Return what the text shares with it, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFacts:
    """What the build knows beside the set: decisions, relations between models, training texts, today, the base."""

    reviewed: Reviewed | None = None
    view: LedgerView | None = None
    related: tuple[Related, ...] = ()
    firewall: Training | None = None
    known: Training | None = None  # lists of attacks that everybody has
    today: str | None = None  # YYYY-MM-DD; without it time is not asked about
    base: Lock | None = None
    ledger: Ledger | None = None  # for the agreement of two reviewers
    tag: Tag | None = None  # parts of speech; None where no gate asks for them
    digested: Mapping[SourceKind, Digested] = field(default_factory=dict)  # vectors of training texts and known attacks
    embed: Embed | None = None  # what reads meaning; None where nothing does: in `verify`, and without an embedder


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One measure's view of one slice; not slotted, for the caches."""

    spec: Spec
    facts: MeasureFacts
    slice: str
    cases: tuple[Case, ...]  # of the slice
    all_cases: tuple[Case, ...]
    families: Mapping[str, str]  # case id to the id of its first ancestor
    seeds: tuple[Seed, ...]  # accepted production rows
    comparison: Comparison
    source: tuple[Item, ...] = ()  # the texts of `of`, for coverage
    terms: tuple[str, ...] = ()  # the words of `of`, for key terms
    of: str | None = None
    space: str | None = None
    measure: str = ""
    version: int = 1
    unit: str = ""
    reasons: tuple[str, ...] = field(default=())  # why this slice cannot be measured

    def result(
        self,
        value: float | None,
        *,
        n: int | None = None,
        baseline: float | None = None,
        p: float | None = None,
        interval: tuple[float, float] | None = None,
        note: str | None = None,
        of: str | None = None,
        slice: str | None = None,
        compared: bool = False,
        detail: Mapping[str, object] | None = None,
    ) -> Measurement:
        """Return the measurement of this slice, rounded to six digits; `compared` adds what stands on both sides."""
        facts = dict(detail or {})
        if compared:
            here, there = self.comparison.median_tokens()
            facts |= {"median_tokens": here, "median_tokens_seeds": there}
        count = len(self.comparison.pool) if compared else len(self.cases)
        return Measurement(
            measure=self.measure,
            version=self.version,
            unit=self.unit,
            slice=self.slice if slice is None else slice,
            of=self.of if of is None else of,
            space=self.space,
            value=rounded(value, self.digits),
            n=count if n is None else n,
            baseline=rounded(baseline, self.digits),
            baseline_n=len(self.comparison.seeds) if compared else 0,
            p=rounded(p),
            interval=None if interval is None else (_round(interval[0], self.digits), _round(interval[1], self.digits)),
            note=note,
            detail={name: _plain(facts[name]) for name in sorted(facts)},
        )

    @property
    def digits(self) -> int:
        """How many digits of a figure every machine gives again."""
        return MEANING_DIGITS if self.space in MEANING else DIGITS

    def silent(self, note: str, *, n: int | None = None) -> Measurement:
        """Return a measurement without a value, and why."""
        return self.result(None, n=n, note=note)

    @property
    def vectors(self) -> Rows:
        """The vectors of the comparison's texts, the pool's first, in the space of this measure."""
        return self.comparison.within(self.space)

    @property
    def neighbours(self) -> Neighbours:
        """Nearest texts that measures have worked out so far."""
        return self.comparison.texts.neighbours

    def embedded(self, texts: Sequence[str]) -> Rows:
        """Return the vectors of other texts in the space of this measure."""
        if self.space in (None, LEXICAL):
            return self.comparison.texts.vectors(texts)
        assert self.facts.embed is not None, "a measure of meaning is not taken without an embedder"
        return meanings(self.facts.embed(texts))

    @cached_property
    def synthetic(self) -> tuple[Case, ...]:
        """The cases of the slice that were made, not taken."""
        return tuple(case for case in self.cases if case.candidate.technique not in ("seed", "golden"))

    @cached_property
    def production(self) -> tuple[Case, ...]:
        """The cases of the slice that users sent."""
        return tuple(case for case in self.cases if case.candidate.technique == "seed")


def _round(value: float, digits: int = DIGITS) -> float:
    return float(f"{value:.{digits}g}") if math.isfinite(value) else value


def rounded(value: float | None, digits: int = DIGITS) -> float | None:
    """Round to significant digits; what is not a finite number is no value."""
    return None if value is None or not math.isfinite(value) else _round(value, digits)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return _round(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
