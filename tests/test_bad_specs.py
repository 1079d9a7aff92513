"""Every bad spec gets the diagnostics that it expects, at their places, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bad_specs import FOLDER, found_in, read_bad_spec

from evalspec.codes import CODES

FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_bad_spec_gets_what_it_expects(file: Path) -> None:
    """Missing and extra diagnostics both fail."""
    spec = read_bad_spec(file.read_bytes())
    expected, found = Counter(spec.expected), Counter(found_in(spec))

    assert {"missing": sorted((expected - found).elements()), "extra": sorted((found - expected).elements())} == {
        "missing": [],
        "extra": [],
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_bad_spec_is_named_after_a_code_that_it_expects(file: Path) -> None:
    """A reader finds the file by the code."""
    assert file.stem[:4] in {line[:4] for line in read_bad_spec(file.read_bytes()).expected}


@pytest.mark.parametrize("letter", ["Y", "S", "C"])
def test_every_code_has_a_bad_spec(letter: str) -> None:
    """A code that no spec can raise is not in the table, and one without a file is not tested."""
    files = {file.stem[:4] for file in FILES}

    assert {code for code in CODES if code.startswith(letter)} == {code for code in files if code.startswith(letter)}
