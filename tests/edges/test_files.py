"""Files: every trouble is a diagnostic, nothing outside the root is read, a write is whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.files import list_files, open_regular, read_bytes, read_text, write_atomic


def refused(path: Path | str, root: Path | None = None, limit: int = 1000) -> tuple[str, Exit]:
    with pytest.raises(EvalspecError) as caught:
        read_text(str(path), root=str(root) if root else None, limit=limit)
    (problem,) = caught.value.diagnostics
    return problem.code, problem.exit


def test_text_loses_mark_and_carriage_returns(tmp_path: Path) -> None:
    """The same file checked out with CRLF or saved with a byte order mark reads the same."""
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\xe2\x80\xa8\n")

    assert read_text(str(tmp_path / "a")) == "one\ntwo\r\u2028\n"


def test_refusals(tmp_path: Path) -> None:
    """Missing, folder, pipe, device, too large and other encodings are each refused by their own code."""
    (tmp_path / "big").write_bytes(b"x" * 1001)
    (tmp_path / "utf16").write_bytes("hé".encode("utf-16"))
    os.mkfifo(tmp_path / "pipe")

    assert refused(tmp_path / "none") == ("E901", Exit.INVALID)
    assert refused(tmp_path / "big" / "x") == ("E901", Exit.INVALID)
    assert refused(tmp_path) == ("E902", Exit.INVALID)
    assert refused(tmp_path / "pipe") == ("E902", Exit.INVALID)
    assert refused("/dev/zero") == ("E902", Exit.INVALID)
    assert refused("a\0b") == ("E902", Exit.INVALID)
    assert refused(tmp_path / "big") == ("E904", Exit.INVALID)
    assert refused(tmp_path / "utf16") == ("E905", Exit.INVALID)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_environment_fault(tmp_path: Path) -> None:
    """A permission is not the input's fault."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "a").chmod(0)

    assert refused(tmp_path / "a") == ("E906", Exit.ENVIRONMENT)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    """A slip in a file name gets a suggestion."""
    (tmp_path / "refund.jsonl").write_text("x")

    with pytest.raises(EvalspecError) as caught:
        read_bytes(str(tmp_path / "refnd.jsonl"))

    assert caught.value.diagnostics[0].hint == f"Did you mean `{tmp_path / 'refund.jsonl'}`?"


def test_links_may_stay_inside_but_not_leave(tmp_path: Path) -> None:
    """A link is followed to its real place, which must lie inside the root."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret").write_text("s")
    (root / "file").write_text("f")
    (root / "inside").symlink_to("file")
    (root / "outside").symlink_to("../secret")
    (tmp_path / "project2").mkdir()
    (tmp_path / "project2" / "x").write_text("x")

    assert read_text(str(root / "inside"), root=str(root)) == "f"
    assert refused(root / "outside", root) == ("E903", Exit.INVALID)
    assert refused(root / ".." / "secret", root) == ("E903", Exit.INVALID)
    assert refused(tmp_path / "project2" / "x", root) == ("E903", Exit.INVALID)


def test_write_makes_folders_keeps_the_mode_and_leaves_no_temporary(tmp_path: Path) -> None:
    """A written file is exactly the text, beside nothing else, with the mode that it had."""
    target = tmp_path / "deep" / "er" / "a.json"

    write_atomic(str(target), "één\n")
    target.chmod(0o640)
    write_atomic(str(target), "two\n")

    assert target.read_bytes() == b"two\n"
    assert target.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in target.parent.iterdir()] == ["a.json"]


def test_a_link_is_replaced_not_written_through(tmp_path: Path) -> None:
    """A lock that a pull request turned into a link does not overwrite what it points to."""
    (tmp_path / "victim").write_text("keep")
    (tmp_path / "lock").symlink_to("victim")

    write_atomic(str(tmp_path / "lock"), "new")

    assert (tmp_path / "victim").read_text() == "keep"
    assert not (tmp_path / "lock").is_symlink()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When the place cannot be written the old content and no temporary remain."""
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "kept").write_text("x")

    with pytest.raises(EvalspecError) as caught:
        write_atomic(str(tmp_path / "dir"), "text")

    assert caught.value.exit == Exit.ENVIRONMENT
    assert caught.value.diagnostics[0].code == "E907"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["dir"]


def test_writing_outside_the_root_is_refused(tmp_path: Path) -> None:
    """A folder that is a link out of the project is not written to."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (root / "out").symlink_to("../elsewhere")

    with pytest.raises(EvalspecError) as caught:
        write_atomic(str(root / "out" / "a"), "x", root=str(root))

    assert caught.value.diagnostics[0].code == "E903"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_lists_are_sorted_and_stay_in_one_folder(tmp_path: Path) -> None:
    """`*` matches files of one folder in name order, neither hidden ones nor folders."""
    for name in ("b.md", "a.md", "c.txt", ".d.md"):
        (tmp_path / name).write_text("x")
    (tmp_path / "z.md").mkdir()
    (tmp_path / "z.md" / "e.md").write_text("x")

    found = list_files(str(tmp_path / "*.md"), root=str(tmp_path))

    assert [os.path.basename(one) for one in found] == ["a.md", "b.md"]


def test_an_open_file_gives_bytes(tmp_path: Path) -> None:
    """Readers get the raw bytes."""
    (tmp_path / "a").write_bytes(b"\x00\xff\n")

    with open_regular(str(tmp_path / "a")) as handle:
        assert handle.read() == b"\x00\xff\n"
