"""Streams that are closed or full, inputs that change during a build, and what a command that died left behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_specs import write_project

from evalspec.cli import run
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.replacing import SUFFIX
from evalspec.project import run as run_project
from evalspec.writing import write_outputs

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small project in a folder of its own, which is the working folder."""
    write_project(tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return "small.yaml"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def process(*arguments: str, prefix: str = "", suffix: str = "") -> subprocess.CompletedProcess[str]:
    """One command by a shell, so that its streams can be closed or full."""
    line = f"{prefix}{shlex.quote(sys.executable)} -P -m evalspec {shlex.join(arguments)}{suffix}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_is_10(spec: str) -> None:
    """What was asked for could not be printed; what is written beside the spec is whole all the same."""
    done = process("build", spec, "--json", "-q", suffix=" >/dev/full")

    assert (done.returncode, done.stderr) == (
        10,
        "error[E900]: the output could not be written: No space left on device\n",
    )
    assert run(["verify", spec]) == Exit.OK


@pytest.mark.parametrize("streams", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-", "2>/dev/full"])
def test_closed_streams_and_lost_progress_stop_no_build(spec: str, streams: str) -> None:
    """Nobody listens: the build is the same, and what it prints goes into no file of the project."""
    done = process("build", spec, suffix=f" {streams}")

    assert (done.returncode, done.stdout) == (0, "")
    assert run(["verify", spec]) == Exit.OK


def test_an_encoding_that_spells_little_stops_no_output(spec: str) -> None:
    """Output is UTF-8 whatever the locale is; a name that is no UTF-8 is spelled with an escape."""
    folder = os.fsdecode(b"caf\xe9")
    shutil.copytree(".", Path("..", folder))

    done = process("build", f"../{folder}/{spec}", "--json", prefix="LC_ALL=C PYTHONUTF8=0 ")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["spec"] == f"../{folder}/{spec}"


def test_a_working_folder_that_is_gone_is_named(spec: str, tmp_path: Path) -> None:
    """A terminal left in a folder that somebody removed."""
    (tmp_path / "gone").mkdir()
    where = shlex.quote(str(tmp_path / "gone"))

    done = process("build", str(Path(spec).resolve()), prefix=f"cd {where} && rmdir {where} && ")

    assert (done.returncode, done.stderr) == (10, "error[E900]: the working folder is gone\n")


def test_an_input_that_changes_during_the_build_is_told(spec: str) -> None:
    """Lock and report stay as they were; the next run takes the new input."""
    done = run_project(spec)
    with Path("small/production.jsonl").open("a", encoding="utf-8") as handle:
        handle.write("\n")

    with pytest.raises(EvalspecError) as caught:
        write_outputs(done)

    assert [(one.code, one.path) for one in caught.value.diagnostics] == [("E917", "small/production.jsonl")]
    assert caught.value.exit == Exit.INVALID
    assert not Path("small.lock.json").exists() and not Path("small.report.md").exists()
    assert run(["build", spec, "-q"]) == Exit.OK


def test_a_build_removes_what_a_killed_one_left(spec: str) -> None:
    """Temporaries of a build that died are gone after the next, also where nothing else is to be written."""
    assert run(["build", spec, "-q"]) == Exit.OK
    before = tree(Path())
    for left in (".small.lock.json", "small/.production.jsonl"):
        Path(f"{left}{SUFFIX}").parent.mkdir(exist_ok=True)
        Path(left).with_name(Path(left).name + SUFFIX).write_text("half")

    assert run(["build", spec, "-q"]) == Exit.OK

    assert tree(Path()) == before


def test_a_cut_off_ledger_line_is_set_aside(spec: str, capsys: Capture) -> None:
    """A torn last line is a warning, and the next decision of that reviewer keeps a copy of it."""
    assert run(["build", spec, "-q"]) == Exit.OK
    case = next(
        one["id"] for one in json.loads(Path("small.lock.json").read_text("utf-8"))["cases"] if "prompted" in one["id"]
    )
    who = ["--reviewer", "ann", "--date", "2026-11-02"]
    assert run(["review", "record", spec, case, "keep", *who]) == Exit.OK
    ledger = Path("small/ledger/ann.jsonl")
    line = ledger.read_text("utf-8")
    ledger.write_text(line + line[:40], "utf-8")
    capsys.readouterr()

    assert run(["build", spec, "-q"]) == Exit.OK
    assert "small/ledger/ann.jsonl:2:1: warning[V414]" in capsys.readouterr().err
    assert run(["review", "record", spec, case, "drop", "--reason", "unnatural", "--supersedes", *who]) == Exit.OK
    assert "warning[V414]" in capsys.readouterr().err

    assert ledger.read_text("utf-8").startswith(line) and ledger.read_text("utf-8").count("\n") == 2
    (kept,) = Path(".evalspec/small/torn").iterdir()
    assert kept.read_text("utf-8") == line[:40]


def test_a_signal_that_a_library_turned_into_an_error_still_ends_the_program() -> None:
    """An extension that is being imported makes an error of its own of what a signal raises; that is no bug of ours."""
    program = (
        "import os, signal, sys, evalspec.cli as cli\n"
        "def lose(context):\n"
        "    try: os.kill(os.getpid(), signal.SIGTERM)\n"
        "    except BaseException as error: raise RuntimeError('lost') from error\n"
        "cli.cli.invoke = lose; sys.argv = ['evalspec', 'catalog']; cli.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (143, "\nstopped; nothing was half-written\n")
