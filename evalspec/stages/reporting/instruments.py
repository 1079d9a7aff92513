"""What judged nearness in a build, what it cannot see, and the pairs that a person should look at."""

from __future__ import annotations

from evalspec.model.build import Build
from evalspec.model.case import measured_text
from evalspec.model.embedders import EMBEDDERS, LEXICAL_BLIND
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
    return [text, ""]


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
