"""Cases that mean the same as what is known by digests alone: training texts, and attacks that everybody has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.model.build import Build
from evalspec.model.case import measured_text
from evalspec.model.outcome import Measurement
from evalspec.model.vocabulary import MEANING
from evalspec.stages.reporting.figures import number, plain_text, table

QUOTED = 90  # characters of a text


def trained_tables(build: Build) -> list[str]:
    """Show what an embedder found near training texts and known attacks, or why it did not look."""
    found = [one for one in build.measurements or () if one.space in MEANING and not one.is_change]
    lines = _training([one for one in found if one.measure == "training_overlap"], build)
    lines += _novelty([one for one in found if one.measure == "novelty" and one.slice == "all"], build)
    return ["## Seen before, in other words", "", *lines] if lines else []


def _training(rows: Sequence[Measurement], build: Build) -> list[str]:
    whole = next((one for one in rows if one.slice == "all"), None)
    if whole is None:
        return []
    if whole.value is None:
        return [f"Training texts: {plain_text(whole.note or 'no value', 200)}.", ""]
    bound, space = whole.detail["bound"], whole.space
    said = (
        f"Cases at a cosine of {bound} or above (`{space}`) from a training text. Most paraphrases lie below it, and "
        "some other questions above, so the count says something beside that of as many seeds: read the cases of a "
        "pool that has more. Nothing is dropped for it. A training text is known by the digest of its words, as its "
        f"snapshot has it; `evalspec audit LOCK --training FILE --embedder {space}` names the lines of the raw file."
    )
    pools = [
        (one.slice.removeprefix("pool="), str(one.n), number(one.value), number(one.baseline))
        for one in (*rows[1:], whole)
        if one.value is not None
    ]
    production, taken = whole.detail["production"], whole.detail["production_cases"]
    pools += [("production", str(taken), number(float(str(production))), "–")] if taken else []
    lines = ["### Training texts", "", said, ""]
    lines += table(("Pool", "Cases", "Near a training text", "Of as many seeds"), pools)
    return [
        *lines,
        *_listed(whole.detail.get("nearest"), build),
        *_listed(whole.detail.get("production_nearest"), build),
    ]


def _novelty(rows: Sequence[Measurement], build: Build) -> list[str]:
    if not rows:
        return []
    (whole,) = rows
    if whole.value is None:
        return (
            []
            if (whole.note or "").startswith("not applicable")
            else [
                f"Known attacks: {plain_text(whole.note or 'no value', 200)}.",
                "",
            ]
        )
    fresh, bound = round(whole.value * whole.n), whole.detail["bound"]
    said = (
        f"{fresh} of {whole.n} red-team cases lie under a cosine of {bound} (`{whole.space}`) from every known attack. "
        "Most paraphrases of an attack lie there too."
    )
    return ["### Known attacks", "", said, "", *_listed(whole.detail.get("nearest"), build)]


def _listed(pairs: object, build: Build) -> list[str]:
    if not isinstance(pairs, list) or not pairs or build.evalset is None:
        return []
    texts: Mapping[str, str] = {case.id: measured_text(case.candidate.input) for case in build.evalset.cases}
    rows = [
        (f"`{case}`", plain_text(texts[case], QUOTED), f"`{row}`", f"{cosine:.3f}")
        for case, row, cosine in pairs
        if case in texts
    ]
    return table(("Case", "Text", "Its nearest row", "Cosine"), rows)
