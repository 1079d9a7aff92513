"""Whether a measure moved by more than chance: old and new cases exchanged, the measure taken anew on each side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from evalspec.digests import canonical, digest
from evalspec.model.case import Case
from evalspec.model.outcome import Measurement
from evalspec.registry import Member
from evalspec.stages.content import plain
from evalspec.stats.comparison import Item, item_of_case
from evalspec.stats.scope import Overlap, Scope, Training
from evalspec.stats.versions import Version, exchanges, sequential_p

DRAWS = 99  # the measure itself is taken anew twice a draw; the smallest p is 0.01, the level of change gates
MOST_DRAWS = 999
NO_SIDE = ("none", "declared", "band")  # better neither higher nor lower: how far it moved is what counts


def moved_by(then: float, now: float, better: object) -> float:
    """Return how much worse a figure got: above zero it did. Of a measure with no better side, how far it moved."""
    if better in NO_SIDE:
        return abs(now - then)
    if better == "zero":
        return abs(now) - abs(then)
    return then - now if better == "higher" else now - then


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The same slice in both versions: what of it is measured, as texts and as cases, in the same order."""

    now: Scope
    then: Scope

    def items(self, scope: Scope) -> tuple[Item, ...]:
        """Return the texts of one version; a measure that compares none has all its cases."""
        return scope.comparison.pool or tuple(item_of_case(one, scope.families[one.id]) for one in scope.cases)

    def versions(self, scope: Scope) -> list[Version]:
        """Return what makes each case of a version the same in the other."""
        held = {case.id: case for case in scope.cases}
        return [Version(same=_content(one, held[one.id]), family=one.family) for one in self.items(scope)]


def _content(item: Item, case: Case) -> tuple[object, ...]:
    """Return what measures see of a case: texts, weight, label, metadata. Not its id: a renamed case is no new one."""
    one = case.candidate
    return (*item.turns, item.weight, canonical(plain([one.expected, one.metadata, one.lineage.cell])))


def exchanged_p(both: Both, member: Member, seen: float, slices: int) -> float:
    """Return the share of exchanges after which the measure moved at least as far; more draws where slices are many."""
    # Times the number of slices the smallest p must not pass the level of change gates, rounded or not.
    draws = DRAWS if slices == 1 else min(MOST_DRAWS, (DRAWS + 1) * slices)
    now, then = both.versions(both.now), both.versions(both.then)
    key = digest([both.now.comparison.key, both.now.slice, member.name, "change"])
    return sequential_p(seen, _drawn(both, member, (now, then), key, draws))


def _drawn(
    both: Both, member: Member, versions: tuple[list[Version], list[Version]], key: str, draws: int
) -> Iterator[float]:
    scope = _merged(both)
    items = [*both.items(both.now), *both.items(both.then)]
    held = [{case.id: case for case in side.cases} for side in (both.now, both.then)]
    split = len(both.items(both.now))
    cases = [held[at >= split][one.id] for at, one in enumerate(items)]
    for block in exchanges(*versions, key, draws=draws):
        for label in block.tolist():
            now, then = (
                _value(
                    scope,
                    member,
                    [one for one, is_new in zip(items, label, strict=True) if is_new is side],
                    [one for one, is_new in zip(cases, label, strict=True) if is_new is side],
                )
                for side in (True, False)
            )
            yield float("nan") if now is None or then is None else moved_by(then, now, member.traits["better"])


def _merged(both: Both) -> Scope:
    """Return a scope in which the cases of both versions have their families."""
    facts = both.now.facts
    known = None if facts.known is None else Remembered(training=facts.known)
    families = {**both.then.families, **both.now.families}
    return replace(both.now, families=families, facts=replace(facts, known=known))


def _value(scope: Scope, member: Member, pool: Sequence[Item], cases: Sequence[Case]) -> float | None:
    """Return a measure's figure of some cases; its own p would be thrown away, so it is given one draw."""
    if not pool:
        return None
    drawn = replace(scope.comparison, pool=tuple(pool), draws=1)
    return first_of(member.function(replace(scope, comparison=drawn, cases=tuple(cases)))).value


def first_of(found: Measurement | tuple[Measurement, ...]) -> Measurement:
    """Return the figure of the slice itself; those of its cells come after it."""
    return found[0] if isinstance(found, tuple) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An index of texts that is asked once a text; a class because it remembers."""

    training: Training
    found: dict[str, Overlap | None] = field(default_factory=dict)

    def overlap(self, text: str) -> Overlap | None:
        """Return what the text shares with the index, or None."""
        if text not in self.found:
            self.found[text] = self.training.overlap(text)
        return self.found[text]
