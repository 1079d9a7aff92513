"""Every console block of the READMEs and of docs/ does what the page says; console.py says how a page is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console import REASONS, ROOT, blocks, differences, not_run, shown

PAGES = tuple(
    str(path.relative_to(ROOT))
    for path in [ROOT / "README.md", ROOT / "specs" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
)
# Blocks that nobody can run here, by page; a page that is not named has none.
NOT_RUN = {
    "README.md": 2,
    "docs/audit.md": 3,
    "docs/ci.md": 1,
    "docs/export.md": 5,
    "docs/measures.md": 1,
    "docs/models.md": 1,
    "docs/score.md": 2,
    "docs/tutorial.md": 1,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_is_printed(name: str, tmp_path: Path) -> None:
    """Every command of the page is run, in order, and printed what the page shows."""
    found = list(differences((ROOT / name).read_text("utf-8"), tmp_path))
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("name", PAGES)
def test_few_blocks_are_not_run(name: str) -> None:
    """A block that is not run says why, and a page has no more of them than it is allowed."""
    reasons = not_run((ROOT / name).read_text("utf-8"))
    assert set(reasons) <= REASONS
    assert len(reasons) == NOT_RUN.get(name, 0)


def test_most_blocks_are_run() -> None:
    """The tests above have something to look at, and the marks are exceptions."""
    texts = [(ROOT / name).read_text("utf-8") for name in PAGES]
    marked = sum(len(not_run(text)) for text in texts)
    everything = sum(block.language in ("console", "sh") for text in texts for block in blocks(text))
    assert marked == sum(NOT_RUN.values())
    assert everything >= 4 * marked


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("```console\n$ echo one\none\n```\n", 0),
        ("```console\n$ echo one\ntwo\n```\n", 1),
        ("```console\n$ echo one; echo two\none\n```\n", 1),
        ("```console\n$ echo one; echo two; echo three\none\n…\n```\n", 0),
        ("```console\n$ echo one\none\n\n$ echo two\ntwo\n```\n", 0),
        ("```console\n$ printf 'one\\n\\ntwo\\n'\none\ntwo\n```\n", 1),
        ("```console\n$ echo in 1.7 s\nin 0.2 s\n```\n", 0),
        ("```console\n$ echo one two\none …\n```\n", 0),
        ("```console\n$ echo\n$ echo one\n$ echo two\n```\n", 2),
        ("```sh\ntrue\nfalse  # a remark\n```\n", 1),
        ("<!-- not run: network -->\n\n```sh\nfalse\n```\n", 0),
        ("<!-- file: a.txt -->\n```text\none\n```\n```console\n$ cat a.txt\none\n```\n", 0),
        (
            "<!-- file: a -->\n```text\none\ntwo\n```\n<!-- edit: a -->\n```diff\n-one\n+three\n-two\n```\n"
            "```console\n$ cat a\nthree\n```\n",
            0,
        ),
    ],
)
def test_what_is_not_as_shown_is_found(page: str, wrong: int, tmp_path: Path) -> None:
    """The comparison can fail: another text, a missing line, more lines, a failing command."""
    assert len(list(differences(f"<!-- console: an empty folder -->\n\n{page}", tmp_path))) == wrong


def test_a_change_of_another_text_is_refused(tmp_path: Path) -> None:
    """A `diff` block whose lines are not in the file does not pass in silence."""
    page = "<!-- file: a -->\n```text\none\n```\n<!-- edit: a -->\n```diff\n-two\n+three\n```\n"
    with pytest.raises(AssertionError, match="stands 0 times"):
        list(differences(f"<!-- console: an empty folder -->\n\n{page}", tmp_path))


def test_dots_stand_for_text_and_never_for_a_missing_line() -> None:
    """A line of dots takes any lines, none too; dots inside a line stay in it."""
    assert shown(("a", "…", "b"), "a\nb\n")
    assert not shown(("a …",), "a b\nc\n")
    assert not shown(("a",), "")
