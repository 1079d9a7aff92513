"""The sections of a report that tell distance, gaps and leakage: plain words, examples on one line, no accusation."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from builders import make_case, make_seed, make_spec
from sides import plain_texts, seed_case, with_terms

from evalspec.catalog import load_catalog
from evalspec.model.build import Build, Inputs
from evalspec.model.case import EvalSet, Lineage
from evalspec.stages.measure import MeasureFacts, measure
from evalspec.stages.reporting.gaps import gaps
from evalspec.stages.reporting.leakage import leakage, room
from evalspec.stages.reporting.likeness import likeness

# What a distance must never be read as.
ACCUSATIONS = re.compile(r"synthetic|generated|fake|artificial|machine|model.written|not real|unnatural|bot\b", re.I)
FAR = plain_texts(60, "far", openers=("kindly advise regarding", "hello i would like assistance with"))


def built(own: list[str], pool: str = "prompted", technique: str = "prompted") -> Build:
    """A set of sixty written cases beside production rows, one of which is long and holds markup."""
    rows = [
        make_seed(at, input=text, key=f"{at:012}", metadata={"intent": "where"})
        for at, text in enumerate(plain_texts(90, "rows"))
    ]
    rows += [
        make_seed(at, input=f"my <b>dog|cat</b> ate `it`\n{'and then again ' * 30}{at}", key=f"{at:012}", metadata=PETS)
        for at in range(100, 125)
    ]
    cases = [
        make_case(
            id=f"{pool}.new.delay.{at:02}",
            pool=pool,
            technique=technique,
            input=text,
            lineage=Lineage(pool=pool, cell={"user": "new", "policy": "delay"}),
        )
        for at, text in enumerate(own)
    ]
    cases += [seed_case(row, metadata=row.metadata) for row in rows[:30]]
    spec = with_terms(make_spec(), "refund", "voucher", "invoice")
    evalset = EvalSet(cases=tuple(sorted(cases, key=lambda one: one.id)), drops=())
    seeds = {"production": tuple(rows)}
    found = measure(evalset, seeds, spec, load_catalog(), MeasureFacts())
    return Build(inputs=Inputs(spec=spec, seeds=seeds), evalset=evalset, measurements=found)


PETS = {"intent": "pets"}
BUILD = built(FAR)


def test_a_distance_alone_never_says_who_wrote_a_text() -> None:
    text = "\n".join(likeness(BUILD))

    assert "| prompted | differs |" in text
    assert not ACCUSATIONS.search(text)


@pytest.mark.parametrize("section", [likeness, gaps, leakage, room])
def test_every_row_of_a_table_has_as_many_cells_as_its_head(section: object) -> None:
    """Texts of users hold bars, line feeds and markup: none of it may break a table or speak for the report."""
    assert callable(section)
    lines = section(BUILD)
    assert lines and lines[0].startswith("## ")
    for first, second in pairwise(lines):
        if first.startswith("|") and second.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", first)) == len(re.findall(r"(?<!\\)\|", second))
    assert not [line for line in lines if "<b>" in line or "\n" in line]


def test_gaps_name_the_label_and_show_texts_cut_to_a_line() -> None:
    text = "\n".join(gaps(BUILD))

    assert "| `intent=pets` | 25 |" in text and "**missing**" in text
    assert "ate" in text and "…”" in text
    assert max(len(found) for found in re.findall(r"“[^”]*”", text)) <= 130


def test_leakage_names_words_and_openings_beside_the_seeds() -> None:
    text = "\n".join(leakage(BUILD))

    assert "`hello i would`" in text and "seeds 0 %" in text
    assert "95 % interval" in text
    assert "Of the shipped list" in text


def test_room_says_what_another_case_would_add() -> None:
    text = "\n".join(room(BUILD))

    assert re.search(r"\| prompted \| 60 \| \d+ % \| [0-9.–]+ \| \d+ % \| [0-9.]+ of [0-9.]+ \|", text)
    assert "| prompted: new.delay | 60 |" in text


def test_a_set_that_was_not_measured_has_no_such_sections() -> None:
    bare = Build(inputs=Inputs(spec=make_spec(), seeds={}), measurements=())

    assert [section(bare) for section in (likeness, gaps, leakage, room)] == [[], [], [], []]
