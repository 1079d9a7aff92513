"""Appending to a ledger: whole lines, durable, from several writers at once, and never through a link."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalspec.codes import CODES
from evalspec.diagnostics import EvalspecError
from evalspec.edges.files import append_lines

WRITER = """
import sys
from evalspec.edges.files import append_lines
root, who = sys.argv[1:]
for at in range(60):
    append_lines(root + "/s/ledger/ann.jsonl", [f"{who} {at} first " + "x" * 5000, f"{who} {at} second"], root=root)
"""


def test_lines_are_appended_after_those_that_are_there(tmp_path: Path) -> None:
    """Folders are made, every line ends with a line feed, and what stood there stays."""
    path = tmp_path / "s" / "ledger" / "ann.jsonl"

    append_lines(str(path), ["one", "zwei ä"], root=str(tmp_path))
    append_lines(str(path), ["three"], root=str(tmp_path))

    assert path.read_bytes() == "one\nzwei ä\nthree\n".encode()


def test_a_line_without_its_line_feed_is_ended_first(tmp_path: Path) -> None:
    """An editor that left the last line open does not swallow the next decision."""
    path = tmp_path / "ann.jsonl"
    path.write_bytes(b'{"one": 1}')

    append_lines(str(path), ['{"two": 2}'], root=str(tmp_path))

    assert path.read_bytes() == b'{"one": 1}\n{"two": 2}\n'


def test_two_processes_never_mix_their_lines(tmp_path: Path) -> None:
    """Every append of every writer is there, its lines together and in order."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who], cwd=Path(__file__).parents[2])
        for who in ("a", "b")
    ]
    assert [one.wait(60) for one in writers] == [0, 0]

    words = [line.split() for line in (tmp_path / "s/ledger/ann.jsonl").read_text().splitlines()]

    assert len(words) == 240
    pairs = list(zip(words[::2], words[1::2], strict=True))
    assert all((one[2], two[2], one[:2]) == ("first", "second", two[:2]) for one, two in pairs)
    for who in ("a", "b"):
        assert [int(one[1]) for one, _ in pairs if one[0] == who] == list(range(60))


def _code(path: Path, root: Path) -> str:
    with pytest.raises(EvalspecError) as caught:
        append_lines(str(path), ["x"], root=str(root))
    return caught.value.diagnostics[0].code


def test_nothing_is_written_through_a_link_or_outside_the_root(tmp_path: Path) -> None:
    """A ledger that a stranger made a link, a pipe or a folder is refused, and its target stays as it was."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    target = outside / "precious"
    target.write_text("as it was")
    (root / "ann.jsonl").symlink_to(target)
    (root / "ledger").symlink_to(outside)
    os.mkfifo(root / "pipe.jsonl")
    (root / "folder.jsonl").mkdir()

    codes = [
        _code(root / "ann.jsonl", root),
        _code(root / "ledger" / "ann.jsonl", root),
        _code(root / "pipe.jsonl", root),
        _code(root / "folder.jsonl", root),
    ]

    assert codes[:2] == ["E902", "E903"]
    assert set(codes) <= set(CODES)
    assert target.read_text() == "as it was"
    assert os.listdir(outside) == ["precious"]
