"""The set and its seeds as measures see them: families, ancestors, slices, and who may be compared with whom.

The whole set must never be compared with the seeds, because it holds seeds and their children: with 30 % of a set
drawn from the seeds a shift of any size passes. So one pool at a time stands against the seeds that are neither in
the set nor ancestors of that pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evalspec.digests import digest
from evalspec.model.case import Case, EvalSet, Seed
from evalspec.model.defaults import TAKEN, WRITTEN
from evalspec.model.slices import seed_matches, seed_slice_values, slice_label, slice_values
from evalspec.model.spec import GateRule, Match, Pool, Spec
from evalspec.stats.comparison import Comparison, Item, Texts, item_of_case, item_of_seed
from evalspec.text.meaning import Embed

WHOLE = "all"
COMPARED = frozenset({"comparison", "terms"})
TEXTS = COMPARED | {"source", "texts"}  # what looks at texts on two sides; for the others none are put together


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A named part of the set; `is_judged`: a gate may look at it, so it counts in the correction for many slices."""

    label: str
    match: Match
    is_judged: bool = True


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One set, its seeds and its spec; not slotted, for the caches."""

    evalset: EvalSet
    seeds: Mapping[str, tuple[Seed, ...]]
    spec: Spec
    embed: Embed | None = None

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases."""
        return self.evalset.cases

    @cached_property
    def production(self) -> tuple[Seed, ...]:
        """All rows of production sources, in the order of the spec."""
        return tuple(seed for source in self.spec.sources_of("production") for seed in self.seeds.get(source.name, ()))

    @cached_property
    def families(self) -> Mapping[str, str]:
        """Case id to the id of its first ancestor, in the set or not."""
        parents = {case.id: case.candidate.lineage.parents for case in self.cases}
        return {id: _root(id, parents) for id in parents}

    @cached_property
    def in_set(self) -> frozenset[str]:
        """Keys of the rows that are cases."""
        return frozenset(case.id.rpartition(".")[2] for case in self.cases if case.candidate.technique in TAKEN)

    def ancestors(self, cases: Iterable[Case]) -> frozenset[str]:
        """Return the keys of the rows that the cases descend from: a slot's id holds the key of its row."""
        found: set[str] = set()
        for case in cases:
            for parent in (*case.candidate.lineage.parents, self.families[case.id]):
                found.update(parent.split("."))
        return frozenset(found)

    def of(self, match: Match) -> tuple[Case, ...]:
        """Return the cases of a slice, in the order of the set."""
        if match not in self._slices:
            held = [self._held(name, values) for name, values in match]
            places = sorted(frozenset.intersection(*held)) if held else range(len(self.cases))
            self._slices[match] = tuple(self.cases[at] for at in places)
        return self._slices[match]

    def _held(self, name: str, values: Iterable[str]) -> frozenset[int]:
        """Return the places of the cases that have one of the values in the slice `name`.

        Looked up, since a set may have as many cells as cases.
        """
        if name not in self._places:
            found: dict[str, list[int]] = {}
            for at, case in enumerate(self.cases):
                for value in slice_values(case.candidate, name):
                    found.setdefault(value, []).append(at)
            self._places[name] = found
        return frozenset(at for value in values for at in self._places[name].get(value, ()))

    @cached_property
    def _places(self) -> dict[str, dict[str, list[int]]]:
        return {}

    @cached_property
    def _slices(self) -> dict[Match, tuple[Case, ...]]:
        return {}

    def comparison(self, label: str, match: Match, exempt_style: str | None = None) -> Comparison:
        """Put a slice beside the seeds it is neither made of nor from, of the same values where seeds have them."""
        cases = self._without_style(self.of(match), exempt_style)
        barred = self.in_set | self.ancestors(cases)
        alike = self._seed_match(match)
        free = [seed for seed in self.production if seed.key not in barred and seed_matches(seed, alike)]
        return Comparison(
            pool=tuple(item_of_case(case, self.families[case.id]) for case in cases),
            # By key, since label draws go by position and rows of a file have no order that means anything.
            seeds=tuple(item_of_seed(seed) for seed in sorted(free, key=lambda one: one.key)),
            key=digest(["comparison", self.spec.random_state, label]),
            embed=self.embed,
            texts=self.texts,
        )

    @cached_property
    def texts(self) -> Texts:
        """What is made of a text once, for all comparisons that it stands in."""
        return Texts()

    def source_items(self, name: str, cases: Sequence[Case]) -> tuple[Item, ...]:
        """Return the texts of a source that are neither in the set nor ancestors of the cases."""
        barred = self.in_set | self.ancestors(cases)
        free = [seed for seed in self.seeds.get(name, ()) if seed.key not in barred]
        return tuple(item_of_seed(seed) for seed in sorted(free, key=lambda one: one.key))

    def _seed_match(self, match: Match) -> Match:
        return tuple(
            (name, values) for name, values in match if any(seed_slice_values(seed, name) for seed in self.production)
        )

    def asks_for(self, style: str | None) -> bool:
        """Return True when a persona is told how to write in this respect."""
        return any(style in dict(one.style) for one in self.spec.personas)

    def _without_style(self, cases: tuple[Case, ...], style: str | None) -> tuple[Case, ...]:
        if not self.asks_for(style):
            return cases
        asking = {one.name for one in self.spec.personas if style in dict(one.style)}
        return tuple(case for case in cases if case.candidate.lineage.persona not in asking)

    def pools(self) -> tuple[Slice, ...]:
        """Return a slice for each pool that has cases or owes some; gates of comparison judge what a writer wrote."""
        owing = {name for name, _ in self.spec.mix.counts} | {case.pool for case in self.cases}
        return tuple(
            Slice(label=f"pool={pool.name}", match=(("pool", (pool.name,)),), is_judged=is_written(pool))
            for pool in self.spec.pools
            if pool.name in owing
        )

    def levels(self, name: str) -> tuple[Slice, ...]:
        """Return a slice for each value that cases have there, and for each declared level of an axis."""
        seen = {value for case in self.cases for value in slice_values(case.candidate, name)}
        declared = [level.name for axis in self.spec.axes if axis.name == name for level in axis.levels]
        declared += list(self.spec.task.languages) if name == "language" else []
        ordered = [*dict.fromkeys(declared), *sorted(seen - set(declared))]
        return tuple(Slice(label=f"{name}={value}", match=((name, (value,)),)) for value in ordered)

    def asked(self, rule: GateRule) -> tuple[Slice, ...]:
        """Return the slices that a gate names: its match, or its match at each value of `by`."""
        if rule.by is None:
            return (Slice(label=slice_label(rule.where), match=rule.where),) if rule.where else ()
        return tuple(
            Slice(label=slice_label((*rule.where, *one.match)), match=(*rule.where, *one.match))
            for one in self.levels(rule.by)
        )


def is_written(pool: Pool) -> bool:
    """Return True for a pool whose texts a generator wrote."""
    return pool.kind in WRITTEN


def unique(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    """Keep one slice a label; one that is judged goes before one that is not."""
    found: dict[str, Slice] = {}
    for one in slices:
        if one.label not in found or (one.is_judged and not found[one.label].is_judged):
            found[one.label] = one
    return tuple(found.values())


def _root(id: str, parents: Mapping[str, tuple[str, ...]]) -> str:
    seen: set[str] = set()
    while id not in seen and parents.get(id):
        seen.add(id)
        id = parents[id][0]
    return id
