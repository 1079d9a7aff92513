"""What judged nearness in a build, what it cannot see, and the pairs that a person should look at."""

from __future__ import annotations

from evalspec.model.build import Build
from evalspec.model.case import measured_text
from evalspec.model.embedders import EMBEDDERS, LEXICAL_BLIND, OwnModel
from evalspec.model.spec import Screening
from evalspec.stages.reporting.figures import find, plain_text, table

QUOTED = 90  # characters of a text beside another


def instruments(build: Build) -> list[str]:
    """Say which embedder spoke and what it cannot see."""
    text = f"Nearness is judged by character n-grams (`lexical`). {LEXICAL_BLIND}"
    named = EMBEDDERS.get(build.spec.screen.embedder)
    if named is not None:
        text += (
            f" Beside it stands `{build.spec.screen.embedder}`: {named.title}, {named.package} {named.revision}, "
            f"weights sha256 `{named.weights[:16]}`. {named.blind} A bound of one space means nothing in the other."
        )
    if build.spec.screen.own is not None:
        text += f" {_own(build, build.spec.screen.own)} A bound of one space means nothing in the other."
    return [text, ""]


def _own(build: Build, own: OwnModel) -> str:
    """Say what a model of the spec's own is, and that nobody here knows it."""
    named = (
        f"Beside it stands `{build.spec.screen.embedder}`, a model of this spec's own: revision `{own.revision}`, "
        f"weights sha256 `{own.weights[:16]}`"
    )
    spoken, limit = build.spoken, ""
    if spoken is not None:
        named += f", {spoken.architecture}, {spoken.dimensions:,} dimensions, run by {spoken.runner}"
        limit = f" but that it reads the first {spoken.longest:,} word pieces of a text" if spoken.longest else ""
    bound = build.spec.screen.near_semantic
    of_minilm = f", and so is the bound of {bound:g}" if bound == Screening().near_semantic else ""
    return (
        f"{named}. Of what it cannot see nothing is known here{limit}: the shares that docs/embeddings.md states are "
        f"those of `minilm`{of_minilm}."
    )


def spoken_numbers(build: Build) -> dict[str, object]:
    """Return what the model of the spec's own was found to be, for the block of numbers."""
    assert build.spoken is not None
    told = build.spoken
    facts = {"name": build.spec.screen.embedder, "architecture": told.architecture, "dimensions": told.dimensions}
    return {**facts, "longest": told.longest, "run_by": told.runner}


def same_meaning_table(build: Build) -> list[str]:
    """Show the first pairs of made cases that say the same in other words; nobody has dropped them."""
    found = find(build.measurements or (), "same_meaning")
    pairs = found.detail.get("pairs") if found is not None else None
    if not isinstance(pairs, list) or not pairs or build.evalset is None:
        return []
    assert found is not None
    texts = {case.id: measured_text(case.candidate.input) for case in build.evalset.cases}
    expected = f"; of as many seeds {found.baseline:,.1f} would" if found.baseline is not None else ""
    said = (
        f"Pairs of made cases that mean the same to the embedder: {found.value:,.0f}{expected}. They are not dropped: "
        "read them, and drop one of a pair in the ledger where both ask the subject the same."
    )
    rows = [
        (f"`{left}`", plain_text(texts[left], QUOTED), f"`{right}`", plain_text(texts[right], QUOTED), f"{cosine:.2f}")
        for left, right, cosine in pairs
        if left in texts and right in texts
    ]
    return ["## The same in other words", "", said, "", *table(("Case", "Text", "Case", "Text", "Cosine"), rows)]
