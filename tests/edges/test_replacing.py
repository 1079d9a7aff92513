"""Replacing files: leftovers of killed writers, writers that wait for each other, disks that fail."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.files import append_lines, changed, noting, read_bytes, write_atomic
from evalspec.edges.replacing import SUFFIX, remove_leftovers, replacing, write_all

ROOT = Path(__file__).parents[2]


def beside(path: Path) -> Path:
    """The temporary of a file."""
    return path.with_name(f".{path.name}{SUFFIX}")


@pytest.mark.parametrize("left", ["file", "link", "long file"])
def test_what_a_killed_writer_left_is_replaced(tmp_path: Path, left: str) -> None:
    """The next write takes the place of a leftover, whatever a stranger made of it, and follows no link."""
    target, victim = tmp_path / "a.json", tmp_path / "victim"
    victim.write_text("keep")
    if left == "link":
        beside(target).symlink_to(victim)
    else:
        beside(target).write_text("half" * (10_000 if left == "long file" else 1))

    write_atomic(str(target), "whole\n")

    assert target.read_text() == "whole\n"
    assert victim.read_text() == "keep"
    assert sorted(os.listdir(tmp_path)) == ["a.json", "victim"]


def test_leftovers_go_and_writers_at_work_stay(tmp_path: Path) -> None:
    """A folder is cleaned of temporaries that nobody holds, and of nothing else."""
    (tmp_path / f".dead{SUFFIX}").write_text("half")
    (tmp_path / ".notes.tmp").write_text("mine")
    (tmp_path / "linked").symlink_to(tmp_path)

    with replacing(str(tmp_path / "alive")) as number:
        remove_leftovers(str(tmp_path))
        remove_leftovers(str(tmp_path / "linked"))
        write_all(number, b"alive")

    remove_leftovers(str(tmp_path / "missing"))
    assert sorted(os.listdir(tmp_path)) == [".notes.tmp", "alive", "linked"]


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    """Two writers of one file take turns; the later one's text stays, whole."""
    target = tmp_path / "a"
    second = threading.Thread(target=write_atomic, args=(str(target), "second"))

    with replacing(str(target)) as number:
        second.start()
        write_all(number, b"first")
        second.join(0.2)
        assert second.is_alive()
    second.join()

    assert target.read_text() == "second"
    assert os.listdir(tmp_path) == ["a"]


def test_a_writer_whose_temporary_was_taken_for_a_leftover_begins_again(tmp_path: Path) -> None:
    """Between making a temporary and locking it another process may remove it; what is written is still whole."""
    target = tmp_path / "a"
    beside(target).write_text("half")
    with beside(target).open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        writer = threading.Thread(target=write_atomic, args=(str(target), "whole"))
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
    writer.join()

    assert target.read_text() == "whole"
    assert os.listdir(tmp_path) == ["a"]


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    """A write that breaks off half way is exit 10; a ledger has all of its lines or none of the new ones."""
    target, ledger = tmp_path / "a.json", tmp_path / "ann.jsonl"
    target.write_text("old")
    ledger.write_text('{"one": 1}\n')
    program = (
        "import sys, signal, resource; from evalspec.edges.files import append_lines, write_atomic\n"
        "from evalspec.diagnostics import EvalspecError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "for write in (lambda: write_atomic('a.json', 'x' * 5000), lambda: append_lines('ann.jsonl', ['{}'] * 900, "
        "root='.')):\n"
        "    try: write()\n"
        "    except EvalspecError as error: print(error.diagnostics[0].code, int(error.exit), "
        "error.diagnostics[0].message)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        "E907 10 `a.json` could not be written: File too large",
        "E907 10 `ann.jsonl` could not be written: File too large",
    ]
    assert (target.read_text(), ledger.read_text()) == ("old", '{"one": 1}\n')
    assert sorted(os.listdir(tmp_path)) == ["a.json", "ann.jsonl"]


def test_too_many_open_files_is_an_environment_fault(tmp_path: Path) -> None:
    """Without a free file number nothing is written, and the message says why."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = os.open(tmp_path, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken + 1, hard))
    try:
        with pytest.raises(EvalspecError) as caught:
            write_atomic(str(tmp_path / "a"), "text")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(taken)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.exit) == ("E907", Exit.ENVIRONMENT)
    assert "Too many open files" in problem.message
    assert os.listdir(tmp_path) == []


def test_a_cut_off_line_is_taken_out_and_returned(tmp_path: Path) -> None:
    """What another program left half-written stops nobody from appending, also in the middle of a character."""
    ledger = tmp_path / "ann.jsonl"
    ledger.write_bytes(b'{"one": 1}\n{"input": "caf' + "é".encode()[:1])

    torn = append_lines(str(ledger), ['{"two": 2}'], root=str(tmp_path))

    assert torn == '{"input": "caf'
    assert ledger.read_text() == '{"one": 1}\n{"two": 2}\n'


def test_what_changed_since_it_was_read_is_named(tmp_path: Path) -> None:
    """The first reading counts; a file that only has another date is the same."""
    for name in ("gone", "same", "other"):
        (tmp_path / name).write_text("x")

    with noting() as noted:
        for name in ("gone", "same", "other"):
            read_bytes(str(tmp_path / name))
        (tmp_path / "other").write_text("y")
        read_bytes(str(tmp_path / "other"))
    read_bytes(str(tmp_path / "same"))
    (tmp_path / "gone").unlink()
    os.utime(tmp_path / "same", (0, 0))

    assert changed(noted) == (str(tmp_path / "gone"), str(tmp_path / "other"))
