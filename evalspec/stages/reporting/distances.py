"""How far each case stands from its nearest seed, pool by pool, beside how far the seeds stand from each other."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.model.build import Build
from evalspec.model.vocabulary import LEXICAL
from evalspec.stages.reporting.figures import number, table

_BARS = "·▁▂▃▄▅▆▇█"  # a blank would be folded away by a browser
_BINS = ("0–.1", ".1–.2", ".2–.3", ".3–.4", ".4–.5", ".5–.6", ".6–.7", ".7–.8", ".8–.9", ".9–1")


def distance_table(build: Build) -> list[str]:
    """Show the distances from the seeds in ten fixed bins; nothing where no pool could be compared."""
    shown = [
        one
        for one in build.measurements or ()
        if one.measure == "seed_distance" and one.space == LEXICAL and one.value is not None
    ]
    shown = [one for one in shown if one.slice.startswith("pool=") and "," not in one.slice]
    if not shown:
        return []
    rows: list[tuple[str, ...]] = []
    beside: tuple[int, ...] = ()
    for one in shown:
        here, there = (_counts(one.detail.get(name)) for name in ("bins", "bins_seeds"))
        median, limit = (number(float(str(one.detail[name]))) for name in ("median", "limit"))
        if there != beside:  # most pools stand against the same seeds
            beside = there
            rows.append(("the seeds", bar(there), *(str(count) for count in there), "–", limit))
        rows.append((one.slice.removeprefix("pool="), bar(here), *(str(count) for count in here), median, limit))
    text = (
        "One minus the cosine to the nearest seed outside the set, of n-grams: at 0 a case copies a seed, at 1 it "
        "shares nothing with any. *The seeds* are each held against the nearest other seed: a pool whose bar lies left "
        "of theirs repeats them, one whose bar lies right of it leaves them. Counts of texts; the limit is what 99 % "
        "of the seeds stay within."
    )
    head = ("Pool", "Bar", *_BINS, "Median", "Limit")
    return ["<details><summary>Distance from the seeds</summary>", "", text, "", *table(head, rows), "</details>", ""]


def _counts(found: object) -> tuple[int, ...]:
    assert isinstance(found, list | tuple), "the measure gives its bins"
    return tuple(int(one) for one in found)


def bar(counts: Sequence[int]) -> str:
    """Draw counts as one character each, the fullest the tallest; what is not empty is seen."""
    most = max(counts, default=0)
    steps = len(_BARS) - 1
    return "`" + "".join(_BARS[-(-count * steps // most) if most else 0] for count in counts) + "`"
