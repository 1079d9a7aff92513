"""Whether a measure moved by more than chance: old and new cases exchanged by family, against the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalspec.digests import digest
from evalspec.later import np
from evalspec.registry import Member
from evalspec.stats.comparison import Comparison, Item
from evalspec.stats.permutation import p_value
from evalspec.stats.scope import Scope

DRAWS = 99  # the measure itself is taken anew twice a draw; the smallest p is 0.01, the level of change gates


def moved_by(then: float, now: float, better: object) -> float:
    """Return how much worse a figure got: above zero it did. Of a measure with no better side, how much it rose."""
    if better == "zero":
        return abs(now) - abs(then)
    return then - now if better == "higher" else now - then


def exchanged_p(scope: Scope, member: Member, old: Sequence[Item], seen: float) -> float:
    """Return the share of exchanges of old and new cases after which the measure moved at least as far as `seen`."""
    both = scope.comparison
    new = [replace(one, family=f"new {one.family}") for one in both.pool]
    before = [replace(one, family=f"old {one.family}") for one in old]
    exchange = Comparison(pool=tuple(new), seeds=tuple(before), key=digest([both.key, member.name]), draws=DRAWS)
    drawn = []
    for block in exchange.labels:
        for label in block.tolist():
            sides: tuple[list[Item], list[Item]] = ([], [])
            for one, is_new in zip(exchange.items, label, strict=True):
                sides[0 if is_new else 1].append(one)
            now, then = (_value(scope, member, side) for side in sides)
            drawn.append(-np.inf if now is None or then is None else moved_by(then, now, member.traits["better"]))
    return p_value(seen, np.array(drawn))


def _value(scope: Scope, member: Member, pool: Sequence[Item]) -> float | None:
    """Return a measure's figure of some texts; its own p would be thrown away, so it is given one draw."""
    if not pool:
        return None
    found = member.function(replace(scope, comparison=replace(scope.comparison, pool=tuple(pool), draws=1)))
    assert not isinstance(found, tuple), "a comparison has one figure"
    value: float | None = found.value
    return value
