"""What stands in the set twice, or means the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb

from evalspec.model.case import measured_text
from evalspec.model.outcome import Measurement
from evalspec.model.vocabulary import MEANING, NOT_RECOMPUTED
from evalspec.registry import measure
from evalspec.stats.dense_pairs import pairs_at_least
from evalspec.stats.scope import Scope
from evalspec.text.distance import representatives
from evalspec.text.nearness import duplicate_pairs

LISTED = 20
COSINE_DIGITS = 3  # of a cosine of meaning; the next may be another on another machine
ANY_COSINE = 1e-9  # the rule of noise alone


@measure("near_duplicates", version=1, unit="pairs", low=0, high=None, better="lower", source="measures.md, C")
def near_duplicates(scope: Scope) -> Measurement:
    """Count pairs of made cases that are the same but for noise and have no common ancestor; exact."""
    texts = {case.id: measured_text(case.candidate.input) for case in scope.synthetic}
    taken = {case.id: measured_text(case.candidate.input) for case in scope.all_cases}
    in_set = {case.id.rpartition(".")[2] for case in scope.all_cases}
    rows = {seed.key: measured_text(seed.input) for seed in scope.seeds if seed.key not in in_set}
    pairs = duplicate_pairs(
        texts,
        taken | rows,
        lambda left, right: scope.families[left] == scope.families[right],
        cosine=scope.spec.screen.near_lexical,
    )
    listed = [[left, right, cosine] for left, right, cosine in pairs[:LISTED]]
    return scope.result(len(pairs), n=len(texts), detail={"pairs": listed})


@measure("same_meaning", version=1, unit="pairs", low=0, high=None, better="none", source="measures.md, C")
def same_meaning(scope: Scope) -> Measurement:
    """Count further pairs of made cases that mean the same, for people to look at, beside as many seeds."""
    made = [case for case in scope.synthetic if measured_text(case.candidate.input)]
    if scope.spec.screen.embedder not in MEANING:
        return scope.silent("not measured: needs an embedder that reads meaning (`screen.embedder`)", n=len(made))
    if scope.facts.embed is None:
        return scope.silent(NOT_RECOMPUTED, n=len(made))
    texts = {case.id: measured_text(case.candidate.input) for case in made}
    found = _in_other_words(scope, texts, lambda left, right: scope.families[left] == scope.families[right])
    seeds = [measured_text(seed.input) for seed in scope.seeds]
    rows = {f"{at:08}": seeds[at] for at in representatives(seeds)}
    # Pairs grow with the square of the texts, and a pair of a sample is as likely as any: no draw is needed.
    share = len(_in_other_words(scope, rows, lambda left, right: False)) / comb(len(rows), 2) if len(rows) > 1 else None
    return scope.result(
        len(found),
        n=len(made),
        baseline=None if share is None else share * comb(len(made), 2),
        detail={
            "bound": scope.spec.screen.near_semantic,
            "pairs": [[left, right, round(cosine, COSINE_DIGITS)] for left, right, cosine in found[:LISTED]],
            "cases": len({id for left, right, _ in found for id in (left, right)}),
            "seeds": len(rows),
        },
    )


def _in_other_words(
    scope: Scope, texts: Mapping[str, str], related: Callable[[str, str], bool]
) -> list[tuple[str, str, float]]:
    """Return the pairs at or above the bound of meaning that are not the same but for noise, in order of ids."""
    assert scope.facts.embed is not None
    ids = sorted(texts)
    near = pairs_at_least(scope.facts.embed([texts[id] for id in ids]), scope.spec.screen.near_semantic)
    noise = {(left, right) for left, right, _ in duplicate_pairs(texts, {}, related, cosine=ANY_COSINE)}
    named = ((ids[left], ids[right], cosine) for (left, right), cosine in zip(near.pairs, near.cosines, strict=True))
    return [one for one in named if not related(one[0], one[1]) and (one[0], one[1]) not in noise]
