"""How far a measure of one pool moved since the base lock, both held against today's seeds.

A stored value compared with a new one would compare two seed sets; so the old texts are measured again.
"""

from __future__ import annotations

from dataclasses import replace

from evalspec.digests import digest
from evalspec.later import np
from evalspec.model.outcome import Measurement
from evalspec.registry import Member
from evalspec.stages.measuring.frame import base_items
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import p_value
from evalspec.stats.scope import Scope
from evalspec.stats.spaces import moved
from evalspec.text.vectors import take

CHANGE = "change"
MIN_OLD = 30


def changes(scope: Scope, member: Member, *, compared: bool) -> Measurement:
    """Return the change of a measure since the base lock; above zero it got worse."""
    named = replace(scope, measure=f"{member.name}.{CHANGE}")
    pool = scope.slice.removeprefix("pool=")
    if not compared or "=" not in scope.slice or "," in scope.slice or "|" in scope.slice or pool == scope.slice:
        return named.silent("not evaluable: change is measured pool by pool, of measures that compare with the seeds")
    if scope.facts.base is None:
        return named.silent("skipped: there is no base lock to compare with")
    old = base_items(scope.facts.base, pool)
    both = scope.comparison
    if both.why_not is not None:
        return named.silent(both.why_not)
    if len(old) < MIN_OLD:
        return named.silent(f"not evaluable: {len(old)} cases of the pool in the base lock, {MIN_OLD} are needed")
    before = Comparison(pool=old, seeds=both.seeds, key=both.key, draws=both.draws, embed=both.embed, texts=both.texts)
    if member.name == "shift" and scope.space != "js":
        return _shift_change(named, before)
    then, now = member.function(replace(scope, comparison=before)), member.function(scope)
    if then.value is None or now.value is None:
        return named.silent(then.note or now.note or "not evaluable")
    sign = -1.0 if member.traits["better"] == "higher" else 1.0
    moved_by = (
        abs(now.value) - abs(then.value) if member.traits["better"] == "zero" else sign * (now.value - then.value)
    )
    return named.result(moved_by, baseline=then.value, compared=True, detail={"now": now.value, "then": then.value})


def _shift_change(named: Scope, before: Comparison) -> Measurement:
    """Exchange old and new cases by family, with the seeds held fast."""
    both, old = named.comparison, before.pool
    new = tuple(replace(one, family=f"new {one.family}") for one in both.pool)
    exchange = Comparison(
        pool=new,
        seeds=tuple(replace(one, family=f"old {one.family}") for one in old),
        key=digest([both.key, CHANGE]),
        draws=both.draws,
        embed=both.embed,
        texts=both.texts,
    )
    cases = exchange.within(named.space)
    seeds = take(named.vectors, range(len(both.pool), len(both.items)))
    seen = moved(cases, exchange.truth, seeds)[0]
    drawn = np.concatenate([moved(cases, block, seeds) for block in exchange.labels])
    return named.result(float(seen), p=p_value(float(seen), drawn), compared=True, detail={"cases_in_base": len(old)})
