"""What stands in the set twice, means the same, or stands in what the subject was trained on."""

from __future__ import annotations

from collections import Counter

from evalspec.model.case import measured_text
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.scope import Scope
from evalspec.text.nearness import duplicate_pairs

LISTED = 20


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
    """Count further pairs that mean the same, for people to look at; needs an embedding model."""
    return scope.silent(
        "not measured: needs an embedder that reads meaning (`screen.embedder`)", n=len(scope.synthetic)
    )


@measure("training_overlap", version=1, unit="cases", low=0, high=None, better="lower", source="measures.md, B")
def training_overlap(scope: Scope) -> Measurement:
    """Count made cases that share a text, a 13-gram or a near vector with the training texts; production is apart."""
    firewall = scope.facts.firewall
    if firewall is None or not scope.spec.sources_of("training"):
        return scope.silent("not applicable: the spec has no training source", n=0)
    found = {case.id: firewall.overlap(measured_text(case.candidate.input)) for case in scope.cases}
    rules = {id: one.rule for id, one in found.items() if one is not None}
    made = [case.id for case in scope.synthetic if case.id in rules]
    real = [case.id for case in scope.production if case.id in rules]
    return scope.result(
        len(made),
        n=len(scope.synthetic),
        detail={
            "by_rule": dict(sorted(Counter(rules[id] for id in made).items())),
            "cases": made[:LISTED],
            "production": len(real),
            "production_cases": len(scope.production),
        },
    )
