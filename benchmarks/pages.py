"""The part of a page that a benchmark writes: everything between two marks, which stay where they are."""

from __future__ import annotations


def replaced(text: str, begin: str, end: str, part: str) -> str:
    """Return a page with `part`, which brings its marks, in the place of what stands from `begin` to `end`."""
    before, began, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not began or not ended:
        raise ValueError(f"no `{begin}` and `{end}`")
    return before + part + after
