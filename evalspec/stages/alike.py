"""Which other texts of a build say the same as one that waits for a person: shown to the reader, and nothing more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evalspec.model.case import Candidate, measured_text
from evalspec.stats.dense_pairs import pairs_between
from evalspec.text.meaning import Embed

SHOWN = 3  # of each text, the nearest first
DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """One other text at or above the bound of meaning."""

    case: str
    cosine: float
    text: str


def alike(
    candidates: Sequence[Candidate], waiting: Collection[str], embed: Embed, bound: float
) -> Mapping[str, tuple[Alike, ...]]:
    """Return, for each candidate that waits, the others that mean the same and share no parent with it."""
    named = sorted((one for one in candidates if measured_text(one.input)), key=lambda one: one.id)
    asked = [one for one in named if one.id in waiting]
    if not asked:
        return {}
    texts = {one.id: measured_text(one.input) for one in named}
    near = pairs_between(embed([texts[one.id] for one in asked]), embed([texts[one.id] for one in named]), bound)
    found: dict[str, list[Alike]] = {}
    for (at, on), cosine in zip(near.pairs.tolist(), near.cosines.tolist(), strict=True):
        one, other = asked[at], named[on]
        if not _related(one, other):
            found.setdefault(one.id, []).append(
                Alike(case=other.id, cosine=round(cosine, DIGITS), text=texts[other.id])
            )
    return {case: tuple(sorted(them, key=lambda one: (-one.cosine, one.case))[:SHOWN]) for case, them in found.items()}


def _related(one: Candidate, other: Candidate) -> bool:
    ours, theirs = {one.id, *one.lineage.parents}, {other.id, *other.lineage.parents}
    return bool(ours & theirs)
