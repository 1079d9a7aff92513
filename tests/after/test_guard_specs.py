"""Whole specs before and after an edit: what lowers the guard is named, and what raises it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from guard_specs import GUARD_ROWS, Row, words_of


@pytest.mark.parametrize("row", GUARD_ROWS, ids=lambda row: row.name)
def test_an_edit_of_a_spec_is_told_or_lowers_nothing(row: Row, tmp_path: Path) -> None:
    """Each way to loosen has its sentence; the controls, which tighten or change nothing of the kind, have none."""
    said = words_of(row, tmp_path)

    assert any(row.says in one for one in said) if row.says else said == []
