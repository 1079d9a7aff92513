"""What verdicts say: the figure against its bound, what it comes from, what to do, and how many cases would decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from types import MappingProxyType

from evalspec.model.defaults import CHANGE_ALPHA, GATE_ALPHA, GATE_INTERVAL, MIN_AGREEMENT_PAIRS, MIN_TERM_HITS
from evalspec.model.outcome import Measurement
from evalspec.model.spec import GateRule
from evalspec.model.vocabulary import MEANING
from evalspec.stats.intervals import wilson

MOST_CASES = 100_000  # beyond, no number of cases would settle it in practice
MOST_TIMES = 4  # as many cases as if both sides grew: beyond, more seeds are the cheaper way

REPEATS = "the writer repeats itself: more cells, personas or exemplars, fewer cases a cell"
RAW = "show raw exemplars, or add a persona or operator that types as the seeds do"
# What to do about a gate that fails, by measure.
TO_DO: Mapping[str, str] = MappingProxyType(
    {
        "absent_labels": "add cells for these labels, or sample the source by that column; the report names them",
        "age": "sample new rows with `evalspec import`, or rotate the pool",
        "agreement": "settle the disagreements, sharpen the guidelines and label the cases again",
        "cases": "raise the share or size of the mix, or ask for more with `per_cell`",
        "compression_ratio": REPEATS,
        "coverage": "let the pool draw on more exemplars, cells or personas near the texts it misses",
        "distinct_1": REPEATS,
        "distinct_2": REPEATS,
        "edited_seeds": "keep production text as users wrote it, or move edited cases to a mutation pool",
        "entropy": "vary how the prompt or grammar asks: show more exemplars, take key terms out of the instructions",
        "golden_share": "have experts write cases for rules that traffic seldom touches, or raise the pool's share",
        "mention": "show exemplars that use the key terms, or name ways of asking as levels of an axis",
        "near_duplicates": "drop one of each pair in review, so that the next build fills its place",
        "novelty": "reword these attacks or rotate the pool: models have been trained on what stands in public lists",
        "opening_collision": "vary how cases begin: more exemplars or personas, no model sentence in the prompt",
        "opening_share": "vary how cases begin: more exemplars or personas, no model sentence in the prompt",
        "rawness_lower": RAW,
        "rawness_noise": RAW,
        "rawness_open_end": RAW,
        "real_share": "import more production rows, or raise the share of the seed pool",
        "related_judges": "name a juror of another family under `roles.jury`, or waive the relation with a reason",
        "same_meaning": "read the pairs, and drop one of each that asks nothing new with the code `duplicate_idea`",
        "saturation": "more cases of this kind add little: name other cells, personas or exemplars",
        "seed_distance": "show exemplars nearer to what users ask, or review the far cases",
        "seeds": "raise the share of the seeds, import more production rows, or waive the gate until they exist",
        "share": "decide the pending cases, or lower the share",
        "signature_rate": "rewrite them or take another generator; `screen.signature_words` keeps such words out",
        "shift": "compare the pool's texts with the seeds': `tell_tale` names the words that differ",
        "spread": REPEATS,
        "survival": "read the dropped candidates: change the level's description, the prompt or the guidelines",
        "syntactic_variety": "vary the form and not the nouns: other personas and exemplars",
        "tell_tale": "take these words out of the prompt, or list them under `screen.signature_words`",
        "term_mix": "keep key terms out of prompts and level descriptions, or add exemplars that use the others",
        "thin_regions": "add cells or exemplars like the examples that the report gives",
        "top_term_excess": "take the word out of the prompt or level descriptions, or vary what it stands for",
        "training_overlap": "drop these cases: the subject has seen them",
        "verified_share": "have people verify labels: `evalspec review`",
    }
)
# The same where the figure is past its bound on the other side.
TO_DO_BELOW: Mapping[str, str] = MappingProxyType(
    {
        "saturation": "more cases of this kind would still say something new",
        "share": "raise the pool's share in the mix",
    }
)
TO_DO_ABOVE: Mapping[str, str] = MappingProxyType(
    {
        "golden_share": "lower the share of the golden pool: experts know the rules, and not the users",
        "mention": "keep key terms out of prompts and level descriptions",
        "share": "lower the pool's share in the mix",
        "survival": "ask another reader, or for harder cases: what all readers keep may be what anybody would think of",
    }
)
# The same about a figure by meaning, where that asks for something else.
TO_DO_BY_MEANING: Mapping[str, str] = MappingProxyType(
    {
        "novelty": "read these attacks: a list that everybody has says the same in other words",
        "training_overlap": "read these cases, and drop those that ask what a training text asks",
    }
)
# What it takes before there is anything to measure.
TO_HAVE: Mapping[str, str] = MappingProxyType(
    {
        "agreement": f"have at least {MIN_AGREEMENT_PAIRS} cases decided by two people who do not see each other's "
        "verdict (`review.overlap`), or import several `votes` a row",
        "survival": "decide candidates: `evalspec review`",
    }
)
# On which side of a bound the advice above is meant; a test holds them against the catalogue.
TOO_LOW: frozenset[str] = frozenset(
    {"agreement", "cases", "coverage", "distinct_1", "distinct_2", "novelty", "real_share", "seeds", "spread"}
    | {"syntactic_variety", "verified_share"}
)
TOO_HIGH: frozenset[str] = frozenset(
    {"age", "edited_seeds", "near_duplicates", "opening_share", "related_judges", "seed_distance", "shift"}
    | {"term_mix", "top_term_excess", "training_overlap", "absent_labels", "compression_ratio", "opening_collision"}
    | {"signature_rate", "tell_tale", "thin_regions"}
)
# The parts of a measurement's detail that say what a figure comes from.
NAMED = ("term", "opening", "words", "pairs", "cases", "related", "nearest", "by_rule")


def bound_text(rule: GateRule, *, changed: bool | None = None) -> str:
    """Spell the bounds of a gate as the report prints them; `changed`: those of the change alone, or the others."""
    given = {"min": rule.min, "max": rule.max, "within": rule.within, "change": rule.change}
    parts = [
        f"{name} {value:g}"
        for name, value in given.items()
        if value is not None and (changed is None or changed is (name == "change"))
    ]
    return ", ".join(parts) or "as declared by the mix"


def sentence(row: Measurement, bound: str) -> str:
    """Say the figure, the bound and what the figure comes from."""
    assert row.value is not None
    of = f" of `{row.of}`" if row.of else ""
    of += f" by `{row.space}`" if row.space in MEANING else ""
    beside = f", seeds {row.baseline:.3g}" if row.baseline is not None else ""
    now, then = row.detail.get("now"), row.detail.get("then")
    if row.is_change and isinstance(now, float | int) and isinstance(then, float | int):
        beside = f", {now:.3g} now and {then:.3g} in the base lock"
    against = " against the other levels" if row.measure in GATE_INTERVAL else ""
    evidence = f", p {row.p:.3f}{against}" if row.p is not None else ""
    if row.interval is not None:
        evidence += f", 95 % interval {row.interval[0]:.3g} to {row.interval[1]:.3g}"
    return f"{row.measure}{of} is {row.value:.3g} ({row.n} looked at{beside}{evidence}); bound: {bound}{_named(row)}"


def _named(row: Measurement) -> str:
    for name in NAMED:
        found = row.detail.get(name)
        if isinstance(found, str) and found:
            return f"; {name} `{found}`"
        if isinstance(found, Mapping) and found:
            return f"; {name} " + ", ".join(f"`{one}`" for one in list(found)[:5])
        if isinstance(found, list | tuple) and found:
            spelled = [
                " and ".join(str(part) for part in one[:2]) if isinstance(one, list) else str(one) for one in found
            ]
            return f"; {name} " + ", ".join(f"`{one}`" for one in spelled[:5])
    if row.measure == "entropy" and row.value is not None:
        return "; more varied than the seeds" if row.value > 0 else "; less varied than the seeds"
    return ""


def to_do(row: Measurement, *, below: bool) -> str | None:
    """Say what to do about a failed gate; `below`: the figure lies under its bound."""
    name = row.measure.partition(".")[0]
    if (wrong := _wrong_side(row, below=below)) is not None:
        return wrong
    now, then = row.detail.get("now"), row.detail.get("then")
    if row.is_change and isinstance(now, float | int) and isinstance(then, float | int):
        below = now < then
    is_counted = name != "share" or row.is_change or row.detail.get("declared") in (None, row.detail.get("cases"))
    if is_counted and name in (other := TO_DO_BELOW if below else TO_DO_ABOVE):
        return other[name]
    return (TO_DO_BY_MEANING.get(name) if row.space in MEANING else None) or TO_DO.get(name)


def _wrong_side(row: Measurement, *, below: bool) -> str | None:
    """Ask whether a bound on the good side of a figure is meant."""
    name = row.measure
    if row.is_change or name not in TOO_LOW | TOO_HIGH or below is (name in TOO_LOW):
        return None
    side, bound = ("lower", "min") if below else ("higher", "max")
    return f"a {side} `{name}` is the better one: is `{bound}` the bound that you mean?"


def to_have(row: Measurement) -> str | None:
    """Say what it takes that there is a figure at all."""
    if row.is_change and (row.note or "").startswith("skipped"):
        return "commit a lock, or name a commit that has one with `--base`"
    if row.is_change and (row.note or "").startswith("refused"):
        return "commit a lock of this build: from then on changes are measured"
    return TO_HAVE.get(row.measure.partition(".")[0]) if (row.note or "").startswith("not known yet") else None


def alpha_of(measure: str) -> float:
    """Return the p at or below which a measure's figure counts as evidence."""
    return GATE_ALPHA.get(measure.partition(".")[0], CHANGE_ALPHA)


def to_know(row: Measurement, bound: float | None, *, below: bool) -> str | None:
    """Say how many cases would decide a gate that is not known; `below`: the figure lies under its bound."""
    if bound is not None and (wrong := _wrong_side(row, below=below)) is not None:
        return wrong
    if row.measure == "entropy" and row.p is None:
        return _more_hits(row)
    if row.measure == "agreement" and row.n < MIN_AGREEMENT_PAIRS:
        return f"{MIN_AGREEMENT_PAIRS - row.n} more blind pairs are needed"
    if row.measure in GATE_INTERVAL and row.interval is not None and bound is not None and row.value is not None:
        what = "decided candidates" if row.measure == "survival" else "blind pairs"
        return _more(_decided_at(row.value, row.n, bound, below=below), row.n, what)
    if row.p is None:
        return None
    if row.is_change:
        return _more_new(row)
    sides = (row.n, row.baseline_n) if row.baseline_n else (row.n,)
    needed = _significant_at(row.p, sides, alpha_of(row.measure))
    if needed is not None:
        parts = [
            f"{many - n:,} more {what}"
            for many, n, what in zip(needed, sides, ("cases", "seeds outside the set"), strict=False)
            if many > n
        ]
        return f"about {' and '.join(parts)} would decide it, if the figure stays" if parts else None
    # Nothing to extrapolate from: but what chance gives shrinks with the root of the number, on both sides.
    more = " and ".join(
        f"{3 * n:,} more {what}" for n, what in zip(sides, ("cases", "seeds outside the set"), strict=False)
    )
    return (
        f"exchanging labels gives as much in {100 * row.p:.0f} % of draws, so the figure does not say how many cases "
        f"it takes; with {more}, chance alone gives half as much"
    )


def _more_new(row: Measurement) -> str:
    """Say how many more cases must differ from the base; those in both are no evidence."""
    held = row.detail.get("in_both")
    differ = row.n - (held if isinstance(held, int) else 0)
    assert row.p is not None
    if differ <= 0:
        return "no case is new, only some of the old ones are gone: nothing says that the writer changed"
    then = row.detail.get("cases_in_base")
    gone = (then if isinstance(then, int) else row.n) - (row.n - differ)
    needed = _significant_at(row.p, (differ, max(gone, 1)), alpha_of(row.measure), fixed=True)
    if needed is not None and needed[0] > differ:
        return (
            f"about {needed[0] - differ:,} more cases that the base does not have would decide it, if the figure stays"
        )
    why = "nothing says that the writer changed"
    if _significant_at(row.p, (differ,), alpha_of(row.measure)) is not None:
        why = f"beside {max(gone, 1):,} that they replace no number of new ones would decide it"
    return (
        f"exchanging the {differ:,} cases that are new with those they replace gives as much in {100 * row.p:.0f} % of "
        f"draws: {why}"
    )


def _more_hits(row: Measurement) -> str | None:
    """Say how many more texts hold enough key terms, on the side or sides that are short of them."""
    short = []
    for side, what, n in (("hits", "cases", row.n), ("hits_seeds", "seeds outside the set", row.baseline_n)):
        hits = row.detail.get(side)
        if not isinstance(hits, int) or hits >= MIN_TERM_HITS:
            continue
        if hits == 0:
            return f"none of the {n:,} {what} holds a term of `{row.of}`: look at its words, or switch the gate off"
        short.append(f"{math.ceil(n * MIN_TERM_HITS / hits) - n:,} more {what}")
    return f"about {' and '.join(short)} make it {MIN_TERM_HITS} key terms a side, which is enough" if short else None


def _more(needed: int | None, n: int, what: str) -> str:
    if needed is None or needed <= n:
        return f"no number of {what} decides it in practice: the figure lies at its bound"
    return f"about {needed - n:,} more {what} would decide it, if the figure stays"


def _significant_at(p: float, sides: tuple[int, ...], alpha: float, *, fixed: bool = False) -> tuple[int, ...] | None:
    """Return the numbers of texts a side at which the same effect has p at alpha; None where p says nothing.

    z falls with the root of the summed reciprocals of the sides. The first alone grows where the others are many, or
    `fixed`; else all grow alike.
    """
    z = NormalDist().inv_cdf(1 - min(max(p, 1e-6), 1 - 1e-6))
    if z <= 0.1:
        return None
    times = (NormalDist().inv_cdf(1 - alpha) / z) ** 2
    alike = tuple(math.ceil(n * times) for n in sides)
    others = sum(1 / n for n in sides[1:])
    left = (1 / sides[0] + others) / times - others
    alone = (math.ceil(1 / left), *sides[1:]) if left > 0 else None
    needed = alone if fixed or (alone is not None and alone[0] <= MOST_TIMES * alike[0]) else alike
    return needed if needed is not None and sum(needed) <= MOST_CASES else None


def _decided_at(rate: float, n: int, bound: float, *, below: bool) -> int | None:
    """Return the number of cases at which Wilson's interval around the same rate lies past the bound."""

    def decides(size: int) -> bool:
        low, high = wilson(round(rate * size), size)
        return high < bound if below else low > bound

    size = max(n, 1)
    while size <= MOST_CASES and not decides(size):
        size = size + max(1, size // 50)
    return size if size <= MOST_CASES else None
