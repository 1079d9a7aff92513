"""Pairs that mean the same: counted over made cases, beside as many seeds, without what is the same but for noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from builders import make_case, make_seed, make_spec
from numpy.typing import NDArray
from sides import make_scope, run

from evalspec.model.case import Case, Lineage, Seed
from evalspec.model.vocabulary import NOT_RECOMPUTED
from evalspec.stats.scope import MeasureFacts

SPEC = make_spec()
MINILM = replace(SPEC, screen=replace(SPEC.screen, embedder="minilm"))


def embed(texts: Sequence[str]) -> NDArray[np.int8]:
    """One direction for each last word: texts that end alike mean the same."""
    words = ["kettle", "lamp", "chair", "table", "clock", "door", "shoe", "plate"]
    rows = np.zeros((len(texts), len(words)), dtype=np.int8)
    for row, text in zip(rows, texts, strict=True):
        row[words.index(text.split()[-1])] = 127
    return rows


def case(name: str, text: str, parent: str | None = None) -> Case:
    """One made case."""
    made = make_case(id=name, pool="prompted", technique="prompted", input=text)
    lineage = Lineage(pool="prompted", parents=(parent,) if parent else ())
    return replace(made, candidate=replace(made.candidate, input=text, lineage=lineage))


CASES = (
    case("prompted.a.01", "where is my kettle"),
    case("prompted.a.02", "I have waited long for this kettle"),
    case("prompted.a.03", "please where is my kettle"),  # noise apart from the first
    case("prompted.a.04", "can I return the lamp", "seed.one"),
    case("prompted.a.05", "I will send back a lamp", "seed.one"),  # of one parent
    case("prompted.a.06", "what does it cost, this chair"),
)
ROWS = tuple(
    make_seed(at, input=f"{text} {at} {word}")
    for at, (text, word) in enumerate([("one", "table"), ("two", "table"), ("three", "door"), ("four", "shoe")], 1)
)


def measured(cases: Sequence[Case] = CASES, rows: Sequence[Seed] = ROWS, **facts: object):  # type: ignore[no-untyped-def]
    """The measure over cases and rows, with vectors."""
    given = MeasureFacts(embed=embed, **facts)  # type: ignore[arg-type]
    return run("same_meaning", make_scope(cases=cases, rows=rows, facts=given, spec=MINILM, label="all"))


def test_pairs_are_counted_without_noise_and_without_families() -> None:
    """Of the kettles two pairs say the same in other words; the third is noise, and siblings are no pair."""
    found = measured()

    assert found.value == 2
    assert [pair[:2] for pair in found.detail["pairs"]] == [
        ["prompted.a.01", "prompted.a.02"],
        ["prompted.a.02", "prompted.a.03"],
    ]
    assert found.detail["cases"] == 3


def test_the_seeds_stand_beside_it_at_the_same_number_of_texts() -> None:
    """One of six pairs of seeds means the same, so among six texts two and a half pairs are to be expected."""
    assert measured().baseline == pytest.approx(comb(6, 2) / comb(4, 2))


def test_nothing_is_counted_without_an_embedder() -> None:
    """By the spec it is not measured; in a replay it is not recomputed."""
    by_spec = run("same_meaning", make_scope(cases=CASES, spec=SPEC, label="all"))
    replayed = run("same_meaning", make_scope(cases=CASES, spec=MINILM, label="all"))

    assert (by_spec.value, replayed.value, replayed.note) == (None, None, NOT_RECOMPUTED)
    assert by_spec.note is not None and by_spec.note.startswith("not measured")


def test_no_case_and_one_seed_are_no_error() -> None:
    """An empty slice has no pairs, and one seed says nothing of pairs."""
    found = measured((), ROWS[:1])

    assert (found.value, found.baseline) == (0, None)
