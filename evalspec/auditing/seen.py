"""What of a set was seen before: in training texts, in other words, and in a list that everybody has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from evalspec.auditing.beside import sample
from evalspec.auditing.people import percent
from evalspec.auditing.repeats import LISTED, SECTION, Step
from evalspec.model.audit import AuditFile, AuditRow, Finding, Origin
from evalspec.model.spec import Screening
from evalspec.stats.digested import nearest
from evalspec.stats.intervals import wilson
from evalspec.stats.scope import Training
from evalspec.text.meaning import Embed

BOUND = Screening().near_semantic
COSINE_DIGITS = 3
RULES: Mapping[str, str] = {
    "equal_tokens": "equal",
    "shared_ngram": "share 13 words in a row",
    "cosine": "nearly equal",
}


def rules_of(rows: Sequence[AuditRow], firewall: Training, stage: str, step: Step) -> dict[int, str]:
    """Return the lines that share words with what a firewall holds, and the rule that each fell under."""
    found: dict[int, str] = {}
    for at, row in enumerate(rows):
        overlap = firewall.overlap(row.text)
        if overlap is not None:
            found[row.line] = overlap.rule
        if at % 200 == 0:
            step(stage, at, len(rows))
    step(stage, len(rows), len(rows))
    return found


def told(rules: Mapping[int, str]) -> str:
    """Spell how many lines fell under which rule."""
    return ", ".join(f"{count:,} {RULES.get(rule, rule)}" for rule, count in Counter(rules.values()).most_common())


def trained_in_meaning(
    file: AuditFile,
    there: AuditFile,
    embed: Embed,
    rules: Mapping[int, str],
    origin_of: Callable[[AuditRow], Origin],
    seeds: Sequence[AuditRow],
) -> Finding:
    """Say how many cases mean the same as a training text, beside as many real texts; `rules`: lines found by words."""
    rows = sample(file.rows)
    near = _nearest(rows, there.rows, embed)
    n, count = len(rows), len(near)
    fresh = [line for line in near if line not in rules]
    figures: dict[str, object] = {
        **_figures(near, n),
        "in_other_words": len(fresh),
        "of_people": sum(origin_of(row) == "people" for row in rows if row.line in near),
        "training_texts": len(there.rows),
    }
    words = f"none of {n:,} is at {BOUND:g} or above from one of {len(there.rows):,} training texts"
    if near:
        words = f"{percent(count / n)} ({count:,} of {n:,}), {len(fresh):,} of them in other words"
        line = min(fresh or near, key=lambda one: (-near[one][1], one))
        words += f", as line {line:,} says what line {near[line][0]:,} there does"
    if seeds:
        taken = sample(seeds)
        share = len(_nearest(taken, there.rows, embed)) / len(taken)
        figures["seeds"] = share
        words += f"; the real texts {percent(share)}"
    return _finding("training_meaning", "training in meaning", words, n, figures, unit="cases")


def novelty(file: AuditFile, there: AuditFile, rules: Mapping[int, str]) -> Finding:
    """Say which share of the cases shares no words with known texts; `rules` are the lines that do."""
    n, fresh = len(file.rows), len(file.rows) - len(rules)
    figures = {
        "value": fresh / n,
        "count": len(rules),
        "by_rule": dict(sorted(Counter(rules.values()).items())),
        "known_texts": len(there.rows),
        "interval": list(wilson(fresh, n)),
        "lines": sorted(rules)[:LISTED],
    }
    words = f"{percent(fresh / n)} ({fresh:,} of {n:,}) are not among {len(there.rows):,} known texts"
    words += f"; those that are: {told(rules)}" if rules else ""
    return _finding("novelty", "novelty", words, n, figures)


def novelty_in_meaning(file: AuditFile, there: AuditFile, embed: Embed) -> Finding:
    """Say which share of the cases means what no known text means."""
    rows = sample(file.rows)
    near = _nearest(rows, there.rows, embed)
    n, fresh = len(rows), len(rows) - len(near)
    figures = {
        **_figures(near, n),
        "value": fresh / n,
        "interval": list(wilson(fresh, n)),
        "known_texts": len(there.rows),
    }
    words = f"{percent(fresh / n)} ({fresh:,} of {n:,}) are under {BOUND:g} from {len(there.rows):,} known texts"
    if near:
        line = min(near, key=lambda one: (-near[one][1], one))
        words += f"; line {line:,} says what line {near[line][0]:,} there does"
    return _finding("novelty_meaning", "novelty in meaning", words, n, figures)


def _nearest(rows: Sequence[AuditRow], there: Sequence[AuditRow], embed: Embed) -> dict[int, tuple[int, float]]:
    """Return, by line, the line of the nearest text there at or above the bound, and the cosine; exact."""
    old = embed([row.text for row in there])
    found = nearest(embed([row.text for row in rows]), old, BOUND)
    return {
        row.line: (there[one[0]].line, round(one[1], COSINE_DIGITS))
        for row, one in zip(rows, found, strict=True)
        if one is not None
    }


def _figures(near: Mapping[int, tuple[int, float]], n: int) -> dict[str, object]:
    listed = sorted(near.items(), key=lambda one: (-one[1][1], one[0]))[:LISTED]
    return {
        "value": len(near),
        "count": len(near),
        "share": len(near) / n,
        "bound": BOUND,
        "interval": list(wilson(len(near), n)),
        "pairs": [[line, other, cosine] for line, (other, cosine) in listed],
    }


def _finding(
    key: str, title: str, words: str, n: int, figures: Mapping[str, object], *, unit: str = "share"
) -> Finding:
    return Finding(key=key, section=SECTION, title=title, status="report", words=words, unit=unit, n=n, figures=figures)
