"""The table of diagnostic codes and the code that raises them agree."""

from __future__ import annotations

import re
from pathlib import Path

from evalspec.cli.explain import EXIT_CODES
from evalspec.codes import CODES
from evalspec.diagnostics import Exit

PACKAGE = Path(__file__).parents[1] / "evalspec"
CODE = re.compile(r"[\"\[]([YSCIXMTVGLREA]\d{3})[\"\]]")


def test_every_code_is_raised_and_explained() -> None:
    """No diagnostic is without an explanation, and no explanation without a diagnostic."""
    files = [path for path in PACKAGE.rglob("*.py") if not path.name.startswith("codes")]
    raised = {code for path in files for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert raised == set(CODES)


def test_explanations_say_more_than_their_titles() -> None:
    """`explain` prints a title that is one line and a text that says what to do."""
    for code, row in CODES.items():
        assert "\n" not in row.title and not row.title.endswith("."), code
        assert len(row.text.split()) >= 7, code


def test_every_exit_code_is_explained() -> None:
    """`explain exit-codes` lists exactly the codes of the program."""
    assert {number for number, _ in EXIT_CODES} == {int(code) for code in Exit}
