"""Every bad input of the catalogue gets its code, place and exit code, in each format, and nothing is written."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.bad_process import run_process
from tests.bad_rows import Row, faults, load_mapping, load_rows, make_base, run_inside, stand

ROWS = load_rows()
DESIGN = {"Y": 45, "S": 76, "D": 40, "L": 21, "R": 9, "T": 11, "C": 17}  # rows of the design's catalogue, by letter


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base project, made once."""
    folder = tmp_path_factory.mktemp("base") / "project"
    make_base(folder)
    return folder


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_input_gets_what_it_expects(row: Row, base: Path, tmp_path: Path) -> None:
    """Missing and extra diagnostics both fail, as does a word of what must stay hidden."""
    folder = tmp_path / "project"
    marks = stand(row, base, folder)
    found = faults(row, folder, marks, run_process if row.process else run_inside)

    assert not found, f"{row.id}, {row.what}:\n" + "\n".join(found)


def test_every_row_of_the_design_has_one_here_or_a_reason() -> None:
    """Nothing was left out unsaid, and nothing stands in both places."""
    designed = {f"{letter}{number:02}" for letter, count in DESIGN.items() for number in range(1, count + 1)}
    brought = {one for row in ROWS for one in row.origin}
    mapped = load_mapping()

    assert len(designed) == 219
    assert brought | mapped.keys() == designed
    assert not brought & mapped.keys()
    assert all(one["why"] for one in mapped.values())


def test_the_catalogue_is_as_large_as_was_asked_for() -> None:
    """At least the rows of the design, and what the language gained; no id twice."""
    twice = [name for name, count in Counter(row.id for row in ROWS).items() if count > 1]

    assert not twice
    assert len(ROWS) >= 219


def test_the_page_counts_the_rows_that_are_there() -> None:
    """docs/bad-inputs.md says how many rows each letter has."""
    page = (Path(__file__).parents[1] / "docs" / "bad-inputs.md").read_text("utf-8")
    told = {letter: int(count) for letter, count in re.findall(r"^\| ([A-Z]) \| .* \| (\d+) \|$", page, re.MULTILINE)}

    assert told == Counter(row.id[0] for row in ROWS)
