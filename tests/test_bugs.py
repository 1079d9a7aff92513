"""A bug of ours (exit 70): one line and a file that can be sent, and nobody's data unless it is asked for."""

from __future__ import annotations

import re
import stat
import tempfile
from pathlib import Path

import pytest
from small_specs import small_spec, write_project

from evalspec import loading, pipeline, planning
from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.pipeline import STAGES

PRIVATE = "ann@customer.example"
# Where a stage is called under another name than its own.
CALLED = {"generate": "generate_all", "screen": "screener"}
HOMES = {"parse": planning, "validate": planning, "resolve": loading, "expand": planning}
CRASH_FILE = re.compile(r"attach (\S+\.txt),")


class Failpoint(Exception):
    """Stands for any error that nobody thought of."""


def fail(*_: object, **__: object) -> None:
    """Fail as a stage would that was given what it does not expect: with data in the message."""
    customer = {"customer": PRIVATE}
    try:
        raise KeyError(customer["customer"])
    except KeyError as error:
        raise Failpoint(f"cannot read {PRIVATE}") from error


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that builds, in the working folder, and a temporary folder of its own."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    write_project(tmp_path / "ann", small_spec())
    monkeypatch.chdir(tmp_path / "ann")
    assert run(["build", "small.yaml", "--quiet"]) == Exit.OK
    return tmp_path


def break_stage(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = HOMES.get(stage, pipeline)
    assert callable(getattr(home, CALLED.get(stage, stage)))
    monkeypatch.setattr(home, CALLED.get(stage, stage), fail)


@pytest.mark.parametrize(
    ("stage", "how"),
    [*((stage, []) for stage in STAGES), ("expand", ["--json"]), ("expand", ["--format", "github"])],
    ids=[*STAGES, "json", "github"],
)
def test_a_bug_in_a_stage_is_one_line_and_a_file(
    stage: str, how: list[str], small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No stage can fail with a traceback, or with data in what is printed or left behind; no file is half-written."""
    before = {path: path.read_bytes() for path in small.rglob("*.*") if path.is_file()}
    capsys.readouterr()
    break_stage(stage, monkeypatch)

    assert run(["build", "small.yaml", *how]) == Exit.BUG

    out, err = capsys.readouterr()
    said = err[err.index("error[E999]") :].rstrip("\n").split("\n")
    assert said[0].startswith("error[E999]: evalspec has a bug: Failpoint at test_bugs.py:") and len(said) == 2
    assert "Traceback" not in out + err and PRIVATE not in out + err
    found = CRASH_FILE.search(said[1])
    assert found
    left = Path(found[1])
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    text = left.read_text("utf-8")
    assert PRIVATE not in text and "small.yaml" not in text and str(small) not in text
    assert "\nFailpoint\n" in text and "\nKeyError\n" in text and "test_bugs.py:" in text
    assert text.split("\n")[1] == " ".join(["evalspec build", *(one for one in how if one.startswith("--"))])
    assert re.search(r"^  evalspec/(loading|pipeline|planning|project)\.py:\d+ in ", text, re.MULTILINE)
    assert {path: path.read_bytes() for path in small.rglob("*.*") if path.is_file() and path != left} == before


def test_the_whole_trace_is_asked_for(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--debug` prints what the file leaves out, and leaves no file."""
    break_stage("expand", monkeypatch)

    assert run(["--debug", "build", "small.yaml"]) == Exit.BUG

    err = capsys.readouterr().err
    assert "Traceback" in err and PRIVATE in err and "attach" not in err
    assert list((small / "temporary").iterdir()) == []


def test_a_bug_is_said_where_no_file_can_be_left(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A temporary folder that is not there does not turn one bug into two."""
    monkeypatch.setattr(tempfile, "tempdir", str(small / "nowhere"))
    break_stage("mix", monkeypatch)

    assert run(["build", "small.yaml"]) == Exit.BUG

    err = capsys.readouterr().err
    assert "error[E999]: evalspec has a bug: Failpoint" in err and "attach" not in err


def test_an_endless_recursion_leaves_a_short_file(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand frames are cut in the middle."""

    def again(*given: object) -> object:
        return again(*given)

    monkeypatch.setattr(planning, "validate", again)

    assert run(["build", "small.yaml"]) == Exit.BUG

    found = CRASH_FILE.search(capsys.readouterr().err)
    assert found
    text = Path(found[1]).read_text("utf-8")
    assert text.count("\n") < 50 and "more ..." in text
