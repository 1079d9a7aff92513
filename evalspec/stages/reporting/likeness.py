"""How far each pool stands from the seeds, told for people: distance with its evidence, a classifier, and the words.

A distance says that two sets of texts are not alike; it never says who wrote them. Real users of another product stand
as far from the seeds as what a model writes (`measures.md`, B), so no sentence here calls a text anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalspec.model.build import Build
from evalspec.model.outcome import Measurement
from evalspec.stages.reporting.figures import plain_text, table

ALPHA = 0.05  # of the sentence; gates have bounds of their own
WORDS = 6
_NO_SPACE_OF_VECTORS = ("js", "c2st")
_TEXT = (
    "Each pool beside the seeds that are neither in the set nor among its ancestors. A small p says that the two sets "
    "of texts are not alike: another topic, length, channel or hand. It says nothing about who wrote them, or whether "
    "they are good. The effect does not depend on the number of texts, so it can be compared between builds: real "
    "users of two different desks were 0.01 to 0.04 apart. *Told apart* is the chance that a classifier scores a text "
    "of the pool above a seed, 0.50 where it cannot tell; *by surface* is the same from length, case, marks and digits "
    "alone."
)


def likeness(build: Build) -> list[str]:
    """Show, pool by pool, whether it differs from the seeds, how much, and which words it is known by."""
    found = [one for one in build.measurements or () if one.measure == "shift" and one.slice.startswith("pool=")]
    shown = [one for one in found if one.space not in _NO_SPACE_OF_VECTORS and one.value is not None]
    if not shown:
        return []
    told = {one.slice: one for one in found if one.space == "c2st"}
    tales = {one.slice: one for one in build.measurements or () if one.measure == "tell_tale"}
    is_one_space = len({one.space for one in shown}) == 1
    rows = [
        (
            one.slice.removeprefix("pool=") + ("" if is_one_space else f" ({one.space})"),
            _says(one),
            _figure(one.detail.get("effect")),
            f"{one.p:.3f}" if one.p is not None else "–",
            *_told(told.get(one.slice)),
            _lengths(one),
            _known_by(told.get(one.slice), tales.get(one.slice)),
        )
        for one in shown
    ]
    head = ("Pool", "Beside the seeds", "Effect", "p", "Told apart", "By surface", "Median words", "Known by")
    return ["## Do the pools read like the seeds?", "", _TEXT, "", *table(head, rows)]


def _says(one: Measurement) -> str:
    return "differs" if one.p is not None and one.p <= ALPHA else "no difference shown"


def _figure(value: object) -> str:
    # Below a thousandth nothing is apart, and `-0.000` reads like a finding.
    return f"{value if abs(value) >= 5e-4 else 0.0:.3f}" if isinstance(value, float | int) else "–"


def _told(one: Measurement | None) -> tuple[str, str]:
    if one is None or one.value is None:
        return "under 50 texts", "–"
    surface = one.detail.get("surface_only")
    return f"{one.value:.2f}", f"{surface:.2f}" if isinstance(surface, float | int) else "–"


def _lengths(one: Measurement) -> str:
    here, there = one.detail.get("median_tokens"), one.detail.get("median_tokens_seeds")
    return f"{here:g}, seeds {there:g}" if isinstance(here, float | int) and isinstance(there, float | int) else "–"


def _known_by(told: Measurement | None, tale: Measurement | None) -> str:
    """Name the tell-tale words; where there are none, those that a classifier which can tell goes by."""
    words = tale.detail.get("words") if tale is not None else None
    if isinstance(words, Mapping) and words:
        return quoted(list(words)[:WORDS])
    can_tell = told is not None and told.value is not None and told.value >= 0.6
    found = told.detail.get("words") if told is not None and can_tell else None
    if isinstance(found, Mapping) and found:
        return f"{quoted(list(found)[:WORDS])} (together; no one of them surely)"
    return "no word"


def quoted(words: Iterable[str]) -> str:
    """Set words in backticks, side by side."""
    return ", ".join(plain_text(f"`{word}`") for word in words)
