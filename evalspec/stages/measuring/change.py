"""How far a measure of one pool moved since the base lock, both held against today's seeds.

A stored value compared with a new one would compare two seed sets; so the old texts are measured again.
"""

from __future__ import annotations

from dataclasses import replace

from evalspec.digests import digest
from evalspec.later import np
from evalspec.model.outcome import Lock, Measurement
from evalspec.model.vocabulary import LEXICAL, MEANING, NOT_RECOMPUTED
from evalspec.registry import Member
from evalspec.stages.measuring.exchanged import exchanged_p, moved_by
from evalspec.stages.measuring.frame import base_items
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import p_value
from evalspec.stats.scope import Scope
from evalspec.stats.spaces import moved
from evalspec.text.vectors import SPACE_VERSION, take

CHANGE = "change"
MIN_OLD = 30
NOT_DISTANCES = ("js", "c2st")  # spaces of `shift` that are no mean distances


def changes(scope: Scope, member: Member, *, compared: bool) -> Measurement:
    """Return the change of a measure since the base lock; above zero it got worse."""
    named = replace(scope, measure=f"{member.name}.{CHANGE}")
    pool = scope.slice.removeprefix("pool=")
    if not compared or "=" not in scope.slice or "," in scope.slice or "|" in scope.slice or pool == scope.slice:
        return named.silent("not evaluable: change is measured pool by pool, of measures that compare with the seeds")
    if scope.facts.base is None:
        return named.silent("skipped: there is no base lock to compare with")
    refused = _refused(scope.facts.base, scope, member)
    if refused is not None:
        return named.silent(refused)
    old = base_items(scope.facts.base, pool)
    both = scope.comparison
    if both.why_not is not None:
        return named.silent(both.why_not)
    if len(old) < MIN_OLD:
        return named.silent(f"not evaluable: {len(old)} cases of the pool in the base lock, {MIN_OLD} are needed")
    if scope.space in MEANING and scope.facts.embed is None:
        return named.silent(NOT_RECOMPUTED)
    before = Comparison(pool=old, seeds=both.seeds, key=both.key, draws=both.draws, embed=both.embed, texts=both.texts)
    if member.name == "shift" and scope.space not in NOT_DISTANCES:
        return _shift_change(named, before)
    then, now = member.function(replace(scope, comparison=before)), member.function(scope)
    if then.value is None or now.value is None:
        return named.silent(then.note or now.note or "not evaluable")
    moved = moved_by(then.value, now.value, member.traits["better"])
    bounds = [rule.change for rule in scope.spec.gates if rule.measure == member.name and rule.change is not None]
    is_past = bool(bounds) and moved > min(bounds)  # else nobody asks for the evidence, which takes a while
    is_asked = is_past and scope.space != "c2st"  # a classifier is not trained two hundred times
    return named.result(
        moved,
        n=len(both.pool),
        p=exchanged_p(scope, member, old, moved) if is_asked else None,
        detail={"cases_in_base": len(old), "now": now.value, "then": then.value},
    )


def _refused(base: Lock, scope: Scope, member: Member) -> str | None:
    """Say why the base cannot be compared with: another version of the measure, or another space."""
    tags = base.header.get("measures")
    older = (
        [str(one) for one in tags if str(one).startswith(f"{member.name}@")] if isinstance(tags, list | tuple) else []
    )
    if older and member.tag not in older:
        return f"refused: the base lock was measured by {', '.join(older)}, and this is {member.tag}"
    embedder = str(base.header.get("embedder") or "")
    if scope.space in MEANING and embedder and not embedder.startswith(f"{scope.space}@"):
        return f"refused: the base lock was made with `{embedder}`, which is another space than `{scope.space}`"
    if scope.space == LEXICAL and embedder.startswith(f"{LEXICAL}@") and embedder != f"{LEXICAL}@{SPACE_VERSION}":
        return f"refused: the base lock was made with `{embedder}`, and n-grams are now `{LEXICAL}@{SPACE_VERSION}`"
    return None


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
