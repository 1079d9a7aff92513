"""The pictures of docs/measures.md show what this version measures, and every measure has its place there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.pictures.__main__ import PAGE, written
from benchmarks.pictures.insets import INSETS
from benchmarks.pictures.sets import QUESTIONS
from evalspec.catalog import load_catalog

DOCS = Path(__file__).parents[1] / "docs"
MADE = cache(written)


def sections() -> dict[str, str]:
    """The text under each question, by the question."""
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    parts = re.split(r"^### (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("path", [PAGE, *(f"pictures/measures-{name}.svg" for name in (*QUESTIONS, *INSETS))])
def test_picture_and_table_are_what_the_command_writes(path: str) -> None:
    """`make pictures` would change nothing."""
    assert MADE()[path] == (DOCS / path).read_text(encoding="utf-8"), f"docs/{path} is out of date: make pictures"


@pytest.mark.parametrize("name", load_catalog().names("measure"))
def test_every_measure_is_explained_under_its_question(name: str) -> None:
    """A new measure needs its name in `QUESTIONS` and a row below that question on the page."""
    asked = [title for title, names in QUESTIONS.values() if name in names]
    assert asked, f"`{name}` stands under no question of benchmarks/pictures/sets.py"
    rows = [line.split("|")[1] for line in sections()[asked[0]].splitlines() if line.startswith("| `")]
    assert any(f"`{name}`" in row for row in rows), f"`{name}` has no row under “{asked[0]}” in docs/{PAGE}"


@pytest.mark.parametrize("name", sorted({*QUESTIONS, *INSETS}))
def test_a_picture_holds_text_for_both_grounds(name: str) -> None:
    """It is well-formed, names itself, loads nothing, and has colours for a dark page."""
    text = (DOCS / f"pictures/measures-{name}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)

    title = QUESTIONS[name][0] if name in QUESTIONS else INSETS[name][1]
    assert root.get("aria-label", "").startswith(title)
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"href|url\(|<script|<image", text)
