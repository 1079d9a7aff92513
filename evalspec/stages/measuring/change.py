"""How far a measure moved since the base lock: the base's cases measured anew, by today's spec and today's seeds.

A stored figure compared with a new one would compare two seed sets, two lists of key terms, two days. So everything
that a lock holds is measured again; what it does not hold, such as who judged what, has no change (`resolve` says so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from evalspec.digests import digest
from evalspec.later import np
from evalspec.model.outcome import Lock, Measurement
from evalspec.model.vocabulary import LEXICAL, MEANING
from evalspec.registry import Member
from evalspec.stages.header import embedder_tag
from evalspec.stages.measuring.exchanged import Both, exchanged_p, moved_by
from evalspec.stages.measuring.frame import TEXTS
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import DRAWS, p_value
from evalspec.stats.scope import Scope
from evalspec.stats.spaces import moved
from evalspec.stats.versions import Version, exchanges, in_both, sequential_p
from evalspec.text.vectors import SPACE_VERSION, take

CHANGE = "change"
NO_BASE = "skipped: there is no base lock to compare with"
BROKEN = "refused: the base lock holds a case that cannot be read"
Decided: TypeAlias = "Mapping[str, bool]"  # candidate id to whether it survived

NOT_DISTANCES = ("js", "c2st")  # spaces of `shift` that are no mean distances


def change_of(
    now: Scope, then: Scope, member: Member, slices: int, taken: Callable[[Scope], Measurement]
) -> Measurement:
    """Return the change of a measure since the base lock; above zero it got worse.

    `slices` share one correction; `taken` takes the measure, or says why it cannot be.
    """
    refused = _refused(now.facts.base, now, member)
    if refused is not None:
        return now.silent(refused)
    both = _beside_the_same(Both(now=now, then=then), member)
    new, old = taken(both.now), taken(both.then)
    if new.value is None or old.value is None:
        silent, where = (new, "") if new.value is None else (old, ", in the base lock")
        return now.silent(f"{silent.note or 'not evaluable'}{where}", n=new.n)
    apart = moved_by(old.value, new.value, member.traits["better"])
    p = _p(both, member, apart, slices) if _is_sampled(member) else None
    return now.result(apart, n=new.n, p=p, detail=_versions(both, new.value, old.value))


def _is_sampled(member: Member) -> bool:
    """Return True for a figure that another draw of the same writer would move; others say what the set holds."""
    return member.traits.get("per") in TEXTS or bool(member.traits.get("sampled"))


def _p(both: Both, member: Member, apart: float, slices: int) -> float | None:
    if member.name == "shift" and both.now.space not in NOT_DISTANCES:
        return _exchanged_shift(both, apart)
    bounds = [rule.change for rule in both.now.spec.gates if rule.measure == member.name and rule.change is not None]
    if apart <= min(bounds, default=0.0):
        return None  # nobody asks for the evidence, which takes a while
    return exchanged_p(both, member, apart, slices)


def _versions(both: Both, new: float, old: float) -> Mapping[str, object]:
    now, then = both.versions(both.now), both.versions(both.then)
    return {"now": new, "then": old, "cases_in_base": len(then), "in_both": in_both(now, then)}


def _beside_the_same(both: Both, member: Member) -> Both:
    """Put both beside the seeds that neither is made of nor from: else one of them stands beside its own parents."""
    if member.traits.get("per") not in TEXTS:
        return both
    sides = []
    for scope, other in ((both.now, both.then), (both.then, both.now)):
        seeds = {one.id for one in other.comparison.seeds}
        kept = tuple(one for one in scope.comparison.seeds if one.id in seeds)
        texts = {one.id for one in other.source}
        comparison = scope.comparison
        if len(kept) < len(comparison.seeds) or scope is both.then:
            comparison = replace(comparison, seeds=kept, texts=both.now.comparison.texts)
        source = tuple(one for one in scope.source if one.id in texts)
        sides.append(replace(scope, comparison=comparison, source=source))
    return Both(now=sides[0], then=sides[1])


def _refused(base: Lock | None, scope: Scope, member: Member) -> str | None:
    """Say why the base cannot be compared with: another version of the measure, or another space."""
    if base is None:
        return NO_BASE
    tags = base.header.get("measures")
    older = (
        [str(one) for one in tags if str(one).startswith(f"{member.name}@")] if isinstance(tags, list | tuple) else []
    )
    if older and member.tag not in older:
        return f"refused: the base lock was measured by {', '.join(older)}, and this is {member.tag}"
    embedder = str(base.header.get("embedder") or "")
    now = embedder_tag(scope.spec.screen.embedder, scope.spec.screen.own)
    if scope.space in MEANING and embedder and embedder != now:
        return f"refused: the base lock was made with `{embedder}`, which is another space than `{now}`"
    if scope.space == LEXICAL and embedder.startswith(f"{LEXICAL}@") and embedder != f"{LEXICAL}@{SPACE_VERSION}":
        return f"refused: the base lock was made with `{embedder}`, and n-grams are now `{LEXICAL}@{SPACE_VERSION}`"
    return None


def _exchanged_shift(both: Both, apart: float) -> float:
    """Exchange old and new cases with the seeds held fast, in sums of vectors: a thousand draws take a moment."""
    now, then = both.now.comparison, both.then.comparison
    whole = Comparison(pool=(*now.pool, *then.pool), seeds=now.seeds, key="", embed=now.embed, texts=now.texts)
    vectors = whole.within(both.now.space)
    split = len(whole.pool)
    cases, seeds = take(vectors, range(split)), take(vectors, range(split, len(whole.items)))
    key = digest([now.key, both.now.slice, "shift", CHANGE])
    blocks = exchanges(both.versions(both.now), both.versions(both.then), key, draws=DRAWS)
    return p_value(apart, np.concatenate([moved(cases, block, seeds) for block in blocks]))


def survival_change(now: Scope, new: Decided, old: Decided) -> Measurement:
    """Return how far survival moved, over what a lock holds of decisions: cases that were kept, drops of people.

    `new` and `old` say of each candidate whether it survived. What was approved and not picked is in no lock, so it
    counts on neither side.
    """
    for side, where in ((new, ""), (old, ", in the base lock")):
        if not side:
            return now.silent(f"not known yet: no candidate has been decided{where}", n=0)
    rates = [sum(side.values()) / len(side) for side in (new, old)]
    versions = [[Version(same=one, family=one[0]) for one in sorted(side.items())] for side in (new, old)]
    lived = np.array([one for side in (new, old) for _, one in sorted(side.items())], dtype=np.float64)

    def drawn() -> Iterator[float]:
        for block in exchanges(versions[0], versions[1], digest([now.slice, now.measure]), draws=DRAWS):
            sides = (block.astype(np.float64), (~block).astype(np.float64))
            here, there = (labels @ lived / labels.sum(axis=1) for labels in sides)
            yield from np.abs(here - there).tolist()

    apart = abs(rates[0] - rates[1])
    detail = {"now": rates[0], "then": rates[1], "cases_in_base": len(old), "in_both": in_both(*versions)}
    return now.result(apart, n=len(new), p=sequential_p(apart, drawn()), detail=detail)
