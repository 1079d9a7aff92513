"""Cells that no spreadsheet takes for a formula, and back: an added apostrophe, which is removed when read.

After OWASP, CSV Injection: a cell that starts with `=`, `+`, `-`, `@`, a tab, a line end, NUL or a full-width form of
these gets an apostrophe in front. Quoting alone does not help. A cell that starts with an apostrophe gets one as well,
so that taking one away gives back every text exactly.
"""

from __future__ import annotations

APOSTROPHE = "'"
_STARTS = (*"=+-@\t\r\n\0", "\uff1d", "\uff0b", "\uff0d", "\uff20", APOSTROPHE)
# The first columns of our own CSV export, by which a reader knows that cells are guarded.
OWN_COLUMNS = ("evalspec_id", "evalspec_digest")


def guarded(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could run."""
    return APOSTROPHE + text if text.startswith(_STARTS) else text


def unguarded(cell: str) -> str:
    """Return the text of a guarded cell."""
    return cell.removeprefix(APOSTROPHE)
