"""Every bad input of the catalogue gets its code, place and exit code, in each format, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_process import run_process
from tests.bad_rows import Row, faults, load_rows, make_base, run_inside, stand

ROWS = load_rows()


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
    found, _ = faults(row, folder, marks, run_process if row.process else run_inside)

    assert not found, f"{row.id}, {row.what}:\n" + "\n".join(found)
