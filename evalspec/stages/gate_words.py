"""What verdicts say: the figure against its bound, what it comes from, what to do, and how many cases would decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from types import MappingProxyType

from evalspec.model.defaults import GATE_ALPHA, MIN_AGREEMENT_PAIRS, MIN_TERM_HITS
from evalspec.model.outcome import Measurement
from evalspec.model.spec import GateRule
from evalspec.stats.intervals import wilson

MOST_CASES = 100_000  # beyond, no number of cases would settle it in practice

# What to do about a gate that fails, by measure.
TO_DO: Mapping[str, str] = MappingProxyType(
    {
        "age": "sample new rows with `evalspec import`, or rotate the pool",
        "agreement": "settle the disagreements, sharpen the guidelines and label the cases again",
        "cases": "raise the share or size of the mix, or ask for more with `per_cell`",
        "coverage": "let the pool draw on more exemplars, cells or personas near the texts it misses",
        "edited_seeds": "keep production text as users wrote it, or move edited cases to a mutation pool",
        "entropy": "vary how the prompt or grammar asks: show more exemplars, take key terms out of the instructions",
        "near_duplicates": "drop one of each pair in review, so that the next build fills its place",
        "opening_share": "vary how cases begin: more exemplars or personas, no model sentence in the prompt",
        "rawness_lower": "show raw exemplars, or add a persona or operator that types as the seeds do",
        "rawness_open_end": "show raw exemplars, or add a persona or operator that types as the seeds do",
        "real_share": "import more production rows, or raise the share of the seed pool",
        "related_judges": "name a juror of another family under `roles.jury`, or waive the relation with a reason",
        "seed_distance": "show exemplars nearer to what users ask, or review the far cases",
        "seeds": "raise the share of the seeds, import more production rows, or waive the gate until they exist",
        "share": "decide the pending cases, or lower the share",
        "shift": "compare the pool's texts with the seeds': `tell_tale` names the words that differ",
        "spread": "the writer repeats itself: more cells, personas or exemplars, fewer cases a cell",
        "survival": "read the dropped candidates: change the level's description, the prompt or the guidelines",
        "term_mix": "keep key terms out of prompts and level descriptions, or add exemplars that use the others",
        "top_term_excess": "take the word out of the prompt or level descriptions, or vary what it stands for",
        "training_overlap": "drop these cases: the subject has seen them",
        "verified_share": "have people verify labels: `evalspec review`",
    }
)
# The parts of a measurement's detail that say what a figure comes from.
NAMED = ("term", "opening", "words", "pairs", "cases", "related", "by_rule")


def bound_text(rule: GateRule) -> str:
    """Spell the bounds of a gate as the report prints them."""
    parts = [
        f"{name} {value:g}"
        for name, value in (("min", rule.min), ("max", rule.max), ("within", rule.within), ("change", rule.change))
        if value is not None
    ]
    return ", ".join(parts) or "as declared by the mix"


def sentence(row: Measurement, bound: str) -> str:
    """Say the figure, the bound and what the figure comes from."""
    assert row.value is not None
    of = f" of `{row.of}`" if row.of else ""
    beside = f", seeds {row.baseline:.3g}" if row.baseline is not None else ""
    evidence = f", p {row.p:.3f}" if row.p is not None else ""
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


def to_do(row: Measurement) -> str | None:
    """Say what to do about a failed gate."""
    return TO_DO.get(row.measure.partition(".")[0])


def to_know(row: Measurement, bound: float | None, *, below: bool) -> str | None:
    """Say how many cases would decide a gate that is not known; `below`: the figure lies under its bound."""
    hits = [row.detail.get(name) for name in ("hits", "hits_seeds")]
    few = [hit for hit in hits if isinstance(hit, int) and hit < MIN_TERM_HITS]
    if row.measure == "entropy" and row.p is None and few:
        factor = MIN_TERM_HITS / max(min(few), 1)
        return f"about {math.ceil(factor * 10) / 10:g} times as many texts hold {MIN_TERM_HITS} key terms on each side"
    if row.measure == "agreement" and row.n < MIN_AGREEMENT_PAIRS:
        return f"{MIN_AGREEMENT_PAIRS - row.n} more blind pairs are needed"
    if row.interval is not None and bound is not None and row.value is not None and row.p is None:
        return _more(_decided_at(row.value, row.n, bound, below=below), row.n)
    if row.p is not None:
        needed = _significant_at(row.p, row.n, GATE_ALPHA.get(row.measure.partition(".")[0], 0.01))
        return _more(needed, row.n) if needed is not None else "at these sizes chance alone gives as much: add cases"
    return None


def _more(needed: int | None, n: int) -> str:
    if needed is None or needed <= n:
        return "more cases of this kind would hardly decide it: the figure lies at its bound"
    return f"about {needed - n} more cases would decide it, if the figure stays"


def _significant_at(p: float, n: int, alpha: float) -> int | None:
    """Return the number of cases at which the same effect has p at alpha: z grows with the root of n."""
    z = NormalDist().inv_cdf(1 - min(max(p, 1e-6), 1 - 1e-6))
    if z <= 0.1:
        return None
    needed = math.ceil(n * (NormalDist().inv_cdf(1 - alpha) / z) ** 2)
    return needed if needed <= MOST_CASES else None


def _decided_at(rate: float, n: int, bound: float, *, below: bool) -> int | None:
    """Return the number of cases at which Wilson's interval around the same rate lies past the bound."""

    def decides(size: int) -> bool:
        low, high = wilson(round(rate * size), size)
        return high < bound if below else low > bound

    size = max(n, 1)
    while size <= MOST_CASES and not decides(size):
        size = size + max(1, size // 50)
    return size if size <= MOST_CASES else None
