"""How answers are spread: over labels, beside those of the real texts, and over places among choices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.auditing.people import percent
from evalspec.model.audit import AuditFile, AuditPool, AuditRow, Finding, Status
from evalspec.stats.chi_square import chi_square, chi_square_tail, independence
from evalspec.stats.intervals import wilson
from evalspec.stats.tests import holm

SECTION = "Answers balanced?"
LISTED = 20
NAMED = 3  # labels without a case that are named
LONGEST_NAME = 30  # characters of a label
LEAST_ALIKE = 20  # answers that are all the same, to be worth a word
MOST_LABELS = 500  # distinct answers; more are texts
LEAST_PER_LABEL = 3  # cases for each answer on average; fewer, and answers are texts
FEW_CASES = 5  # of a label, under which its pass rate moves by 20 points and more with one case
ALPHA = 0.01
LEAD = 0.05  # of the commonest place over an even spread, under which guessing it gains next to nothing
SHARED_LABELS = 0.5  # of either side's labels, to call them the same labels
LEAST_SHARE = 0.01  # of the real texts, for a label that has no case to count


def labels(file: AuditFile, seeds: AuditFile | None) -> tuple[Finding, ...]:
    """Say how labels are spread, and which of the real texts' labels have no case."""
    counts = Counter(row.expected for row in file.rows if row.expected is not None)
    places = any(row.place is not None for row in file.rows)
    if not places and len(counts) == 1 and counts.total() >= LEAST_ALIKE:
        return (_one_label(counts), *_beside(counts, seeds))
    if places:
        return ()
    if not _are_labels(counts):  # too many for a figure of their own; real texts may have the same ones
        return _beside(counts, seeds) if 2 <= len(counts) <= MOST_LABELS else ()
    n = counts.total()
    top, most = min(counts.items(), key=lambda one: (-one[1], one[0]))
    even = _evenness(counts)
    few = sum(count < FEW_CASES for count in counts.values())
    words = f"{len(counts):,} labels, the commonest {percent(most / n)}, evenness {even:.2f}"
    if few:
        words += f"; {few:,} with under {FEW_CASES} cases"
    status: Status = "warning" if few or most / n > 0.95 else "report"
    figures: dict[str, object] = {
        "labels": len(counts),
        "top": top,
        "top_share": most / n,
        "value": even,
        "interval": list(wilson(most, n)),
        "few": few,
        "few_share": sum(count for count in counts.values() if count < FEW_CASES) / n,
        "counts": dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:LISTED]),
    }
    found = [_finding("label_balance", "labels", status, words, n, figures)]
    return (*found, *_beside(counts, seeds))


def _one_label(counts: Counter[str]) -> Finding:
    (top, n), *_ = counts.items()
    figures = {"labels": 1, "top": top, "top_share": 1.0, "value": 0.0, "few": 0, "counts": {top: n}}
    words = f"every answer is `{_clipped(top)}`: saying it always scores 100 %"
    return _finding("label_balance", "labels", "warning", words, n, figures)


def _clipped(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _are_labels(counts: Mapping[str, int]) -> bool:
    total = sum(counts.values())
    return 2 <= len(counts) <= MOST_LABELS and total >= LEAST_PER_LABEL * len(counts)


def _evenness(counts: Mapping[str, int]) -> float:
    """Return the entropy of the labels over that of an even spread: 1 is even."""
    total = sum(counts.values())
    bits = -math.fsum(count / total * math.log2(count / total) for count in counts.values())
    return bits / math.log2(len(counts))


def _beside(counts: Counter[str], seeds: AuditFile | None) -> tuple[Finding, ...]:
    if seeds is None:
        return ()
    there = Counter(row.expected for row in seeds.rows if row.expected is not None)
    shared = counts.keys() & there.keys()
    if not shared or len(shared) < SHARED_LABELS * min(len(counts), len(there)):
        return ()
    names = sorted(counts.keys() | there.keys())
    n, m = counts.total(), there.total()
    statistic, df = independence([counts[one] for one in names], [there[one] for one in names])
    apart = sum(abs(counts[one] / n - there[one] / m) for one in names) / 2
    missing = sorted((one for one in there if not counts[one]), key=lambda one: (-there[one], one))
    heavy = [
        one for one in missing if there[one] / m >= LEAST_SHARE and _by_chance(there[one], m, n) <= ALPHA / len(there)
    ]
    share = sum(there[one] for one in missing) / m
    words = f"{percent(apart)} of the cases would have to change labels to be spread like them"
    if apart < 0.005:
        words = "spread as in the real texts"
    if missing:
        many = "1 real label has no case" if len(missing) == 1 else f"{len(missing):,} real labels have no case"
        named = ", ".join(f"`{_clipped(one)}`" for one in missing[:NAMED]) + (", …" if len(missing) > NAMED else "")
        words = f"{many}: {named}, {percent(share)} of the real texts; {words}"
    p = chi_square_tail(statistic, df)
    figures = {"value": apart, "chi_square": statistic, "df": df, "missing": missing[:LISTED], "missing_share": share}
    status: Status = "warning" if heavy else "report"
    return (replace(_finding("label_mix", "beside real labels", status, words, n, figures), p=p),)


def _by_chance(count: int, there: int, here: int) -> float:
    """Return how likely all cases of a label stand among the `there`, if both sides are drawn from one lot."""
    return math.exp(math.fsum(math.log((there - at) / (there + here - at)) for at in range(count)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """Where right answers stand in one pool."""

    pool: str
    n: int
    place: int  # the commonest
    share: float  # of the cases whose right answer stands there
    even: float  # the share that an even spread would give that place
    statistic: float
    df: int
    counts: tuple[int, ...]

    @property
    def p(self) -> float:
        return chi_square_tail(self.statistic, self.df)


def places(pools: Sequence[AuditPool]) -> tuple[Finding, ...]:
    """Say, pool by pool, whether right answers stand in one place more often than in others: chi-square, Holm."""
    found = [spread for pool in pools if (spread := _spread(pool.name, pool.rows)) is not None]
    if len(found) > 1:
        whole = _spread("all", [row for pool in pools for row in pool.rows])
        found = [*found, *([whole] if whole else [])]
    if not found:
        return ()
    adjusted = holm([one.p for one in found])
    leading = max(found, key=lambda one: one.share - one.even)
    at = found.index(leading)
    is_off = any(p <= ALPHA and one.share - one.even >= LEAD for one, p in zip(found, adjusted, strict=True))
    listed = [one for one in found if one.pool != "all"] or found
    told = "; ".join(f"{_of(one, listed)}({chr(65 + one.place)}) {percent(one.share)}" for one in listed)
    words = f"always the same letter scores: {told}; an even spread {percent(leading.even)}"
    figures = {
        "value": leading.share,
        "even": leading.even,
        "pools": [
            {
                "pool": one.pool,
                "n": one.n,
                "place": chr(65 + one.place),
                "share": one.share,
                "even": one.even,
                "interval": list(wilson(round(one.share * one.n), one.n)),
                "chi_square": one.statistic,
                "df": one.df,
                "p": p,
                "counts": list(one.counts),
            }
            for one, p in zip(found, adjusted, strict=True)
        ],
    }
    one = _finding("answer_places", "answer places", "warning" if is_off else "ok", words, leading.n, figures)
    return (replace(one, p=adjusted[at]),)


def _of(one: _Spread, listed: Sequence[_Spread]) -> str:
    return f"{one.pool} " if len(listed) > 1 else ""


def _spread(name: str, rows: Sequence[AuditRow]) -> _Spread | None:
    """Count places; rows with the same number of choices are tested together and their statistics summed."""
    placed = [(row.place, row.choices) for row in rows if row.place is not None and row.choices is not None]
    if not placed:
        return None
    most = max(choices for _, choices in placed)
    counts, even = [0] * most, [0.0] * most
    statistic, df = 0.0, 0
    for size in sorted({choices for _, choices in placed}):
        here = Counter(place for place, choices in placed if choices == size)
        n = here.total()
        statistic += chi_square([here[at] for at in range(size)], [n / size] * size)
        df += size - 1
        for at in range(size):
            counts[at] += here[at]
            even[at] += n / size
    n = len(placed)
    best = max(range(most), key=lambda at: (counts[at] - even[at], -at))
    return _Spread(
        pool=name,
        n=n,
        place=best,
        share=counts[best] / n,
        even=even[best] / n,
        statistic=statistic,
        df=df,
        counts=tuple(counts),
    )


def _finding(key: str, title: str, status: Status, words: str, n: int, figures: Mapping[str, object]) -> Finding:
    return Finding(
        key=key, section=SECTION, title=title, status=status, words=words, unit="share", n=n, figures=figures
    )
