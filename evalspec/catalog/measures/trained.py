"""What stands in the training texts of the subject, or in lists of attacks that everybody has: known by digests alone.

The row without a space is judged by words; that of an embedder, which the spec names, by meaning. They ask two
questions: words say that a text was there, meaning that something like it was. Only the first drops or stops anything
unless a gate names the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from evalspec.model.case import Case, measured_text
from evalspec.model.outcome import Measurement
from evalspec.model.vocabulary import MEANING
from evalspec.registry import measure
from evalspec.stats.digested import Nearest
from evalspec.stats.intervals import wilson
from evalspec.stats.scope import Scope
from evalspec.text.distance import representatives

LISTED = 20
COSINE_DIGITS = 3  # of a cosine of meaning; the next may be another on another machine
SPACES = ("lexical", "minilm")


@measure(
    "novelty",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="higher",
    source="measures.md, B",
    spaces=SPACES,
    digests="known",
    sampled=True,
)
def novelty(scope: Scope) -> Measurement:
    """Return the share of red-team cases that are near no known attack: other words, no 13 in a row, no near vector."""
    hostile = [case for case in scope.cases if case.candidate.technique == "redteam"]
    if scope.facts.known is None or not scope.spec.sources_of("known"):
        return _wordless(scope.silent("not applicable: the spec has no source of known attacks", n=0))
    if not hostile:
        return _wordless(scope.silent("not applicable: no case is an attack", n=0))
    if scope.space in MEANING:
        near = _near(scope, "known", hostile)
        if near is None:
            return scope.silent(_other_width("known attacks"), n=len(hostile))
        fresh = len(hostile) - len(near)
        detail = {"bound": scope.spec.screen.near_semantic, "nearest": _listed(near)}
    else:
        found = {case.id: scope.facts.known.overlap(measured_text(case.candidate.input)) for case in hostile}
        rules = {id: one.rule for id, one in found.items() if one is not None}
        fresh = len(hostile) - len(rules)
        detail = {"by_rule": dict(sorted(Counter(rules.values()).items())), "cases": sorted(rules)[:LISTED]}
    return _wordless(
        scope.result(fresh / len(hostile), n=len(hostile), interval=wilson(fresh, len(hostile)), detail=detail)
    )


@measure(
    "training_overlap",
    version=1,
    unit="cases",
    low=0,
    high=None,
    better="lower",
    source="measures.md, B",
    spaces=SPACES,
    digests="training",
    by_pool=True,
)
def training_overlap(scope: Scope) -> Measurement:
    """Count made cases that share a text, a 13-gram or a near vector with the training texts; production is apart."""
    firewall = scope.facts.firewall
    if firewall is None or not scope.spec.sources_of("training"):
        return _wordless(scope.silent("not applicable: the spec has no training source", n=0))
    if scope.space in MEANING:
        return _by_meaning(scope)
    found = {case.id: firewall.overlap(measured_text(case.candidate.input)) for case in scope.cases}
    rules = {id: one.rule for id, one in found.items() if one is not None}
    made = [case.id for case in scope.synthetic if case.id in rules]
    real = [case.id for case in scope.production if case.id in rules]
    return _wordless(
        scope.result(
            len(made),
            n=len(scope.synthetic),
            detail={
                "by_rule": dict(sorted(Counter(rules[id] for id in made).items())),
                "cases": made[:LISTED],
                "production": len(real),
                "production_cases": len(scope.production),
            },
        )
    )


def _by_meaning(scope: Scope) -> Measurement:
    """Count made cases that mean the same as a training text, beside as many seeds: users repeat what they sent."""
    near = _near(scope, "training", scope.cases)
    if near is None:
        return scope.silent(_other_width("training texts"), n=len(scope.synthetic))
    made = {case.id: near[case.id] for case in scope.synthetic if case.id in near}
    real = {case.id: near[case.id] for case in scope.production if case.id in near}
    texts = [measured_text(seed.input) for seed in scope.seeds]
    seeds = [texts[at] for at in representatives(texts)]
    embed = scope.facts.embed
    assert embed is not None
    natural = len(scope.facts.digested["training"].near(seeds, embed)) / len(seeds) if seeds else None
    return scope.result(
        len(made),
        n=len(scope.synthetic),
        baseline=None if natural is None else natural * len(scope.synthetic),
        detail={
            "bound": scope.spec.screen.near_semantic,
            "nearest": _listed(made),
            "production": len(real),
            "production_cases": len(scope.production),
            "production_nearest": _listed(real),
            "seeds": len(seeds),
        },
    )


def _near(scope: Scope, kind: Literal["training", "known"], cases: Iterable[Case]) -> Mapping[str, Nearest] | None:
    """Return the nearest digested text of each case that has one, by id; None where dimensions differ."""
    held, embed = scope.facts.digested[kind], scope.facts.embed
    assert embed is not None, "a measure of meaning is not taken without an embedder"
    texts = {case.id: measured_text(case.candidate.input) for case in cases}
    if texts and not held.fits(embed([next(iter(texts.values()))])):
        return None
    found = held.near(list(texts.values()), embed)
    return {id: found[text] for id, text in texts.items() if text in found}


def _listed(near: Mapping[str, Nearest]) -> list[list[object]]:
    """Return case, row and cosine, the nearest first."""
    rows = [(-round(one.cosine, COSINE_DIGITS), id, one.row) for id, one in near.items()]
    return [[id, row, -minus] for minus, id, row in sorted(rows)[:LISTED]]


def _other_width(what: str) -> str:
    return f"not measured: the vectors of the {what} have other dimensions than the embedder's"


def _wordless(row: Measurement) -> Measurement:
    """Return a row by words without the name of a space: it was the only one before there were others."""
    return row if row.space in MEANING else replace(row, space=None)
