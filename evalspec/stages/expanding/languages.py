"""Which languages a set is in, and which one a slot gets: the seeds' own shares unless an axis decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from evalspec.digests import unit_hash
from evalspec.model.case import Seed
from evalspec.model.spec import Spec

UNDETERMINED = "und"


def language_weights(spec: Spec, seeds: Mapping[str, tuple[Seed, ...]]) -> tuple[tuple[str, int], ...]:
    """Return the languages of the set with how many production rows are in each; those of the spec when it says."""
    counts = Counter(seed.language for source in spec.sources_of("production") for seed in seeds.get(source.name, ()))
    if spec.task.languages:
        weights = tuple((tag, counts.get(tag, 0)) for tag in spec.task.languages)
        return weights if any(count for _, count in weights) else tuple((tag, 1) for tag in spec.task.languages)
    known = tuple(sorted((tag, count) for tag, count in counts.items() if tag != UNDETERMINED))
    return known or ((UNDETERMINED, 1),)


def language_of(slot_id: str, weights: Sequence[tuple[str, int]]) -> str:
    """Draw a slot's language in the seeds' shares; one more row of a language moves few slots."""
    total = sum(count for _, count in weights)
    point = unit_hash("language", slot_id) * total
    for tag, count in weights:
        point -= count
        if point < 0:
            return tag
    return weights[-1][0]
