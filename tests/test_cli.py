"""The command line as a promise to scripts: help, exit codes, machine formats, stages, and what is written where."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from small_specs import rows, small_spec, spec_text, write_project

from evalspec.cli import COMMANDS, run
from evalspec.cli.explain import EXIT_CODES
from evalspec.diagnostics import Exit
from evalspec.pipeline import STAGES

Capture = pytest.CaptureFixture[str]
# SIGINT is ignored in a shell's background jobs, and a child inherits that; a person at a terminal has the default.
START = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from evalspec.cli import main; "


PAGES = [*([name] for name in COMMANDS if name != "review"), ["review", "list"], ["review", "record"]]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small project in a folder of its own, which is the working folder."""
    write_project(tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return "small.yaml"


def rewrite(more: dict[str, Any]) -> None:
    """Put another spec in the place of the small one."""
    Path("small.yaml").write_text(spec_text(more), "utf-8")


def line_of(key: str) -> int:
    """Where a top-level key of the spec stands."""
    lines = Path("small.yaml").read_text("utf-8").splitlines()
    return 1 + next(at for at, line in enumerate(lines) if line.startswith(f"{key}:"))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the build lock of the small spec, as another build would."""
    busy = folder / ".evalspec" / "small" / "busy"
    busy.parent.mkdir(parents=True, exist_ok=True)
    with busy.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write("4242")
        handle.flush()
        yield


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Help and usage


@pytest.mark.parametrize(
    "command", [[name] for name in COMMANDS if name != "review"] + [["review", "list"], ["review", "record"]]
)
def test_every_command_answers_help_with_an_example(command: list[str], capsys: Capture) -> None:
    """--help says what the command does and shows one that can be copied."""
    assert run([*command, "--help"]) == Exit.OK

    said = " ".join(capsys.readouterr().out.split())
    assert f"Usage: evalspec {' '.join(command)}" in said
    assert f"Example: evalspec {' '.join(command)}" in said


@pytest.mark.parametrize("command", ["build", "plan", "init", "catalog", "explain"])
def test_examples_stand_below_each_other(command: str, capsys: Capture) -> None:
    """Two command lines in one line could not be copied."""
    run([command, "--help"])

    shown = capsys.readouterr().out.split("Example: ")[1].strip().split("\n")
    assert len(shown) > 1
    assert all(line.split()[:2] == ["evalspec", command] for line in shown)


def test_the_program_lists_its_commands(capsys: Capture) -> None:
    """Bare --help lists every command in the order of the work, and how to start."""
    assert run(["--help"]) == Exit.OK

    said = capsys.readouterr().out
    places = [said.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert "Start with: evalspec init" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld", "small.yaml"], "did you mean `build`?"),
        (["build", "small.yaml", "--lockd"], "--locked"),
        (["build"], "SPEC"),
        (["build", "small.yaml", "--until", "everything"], "'parse', 'validate'"),
        (["build", "small.yaml", "--locked", "--partial"], "exclude each other"),
        (["import", "small.yaml", "production"], "--from"),
        (["catalog", "tpyo"], "did you mean `typo`?"),
        (["explain", "S11"], "no diagnostic has the code `S11`"),
    ],
)
def test_a_wrong_command_line_is_usage_and_says_what_was_meant(
    spec: str, capsys: Capture, arguments: list[str], said: str
) -> None:
    """Exit 2, words on stderr, nothing on stdout, nothing written."""
    before = tree(Path())

    assert run(arguments) == Exit.USAGE

    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
    assert tree(Path()) == before


# Exit codes


def test_ok_is_0(spec: str) -> None:
    """A build that locks, and the verification of what it wrote."""
    assert run(["build", spec, "-q"]) == 0
    assert run(["build", spec, "--locked", "-q"]) == 0
    assert run(["build", spec, "--frozen"]) == 0


def test_a_case_that_waits_is_1(spec: str, capsys: Capture) -> None:
    """A finding leaves no lock."""
    rewrite(small_spec(require=1))

    assert run(["build", spec, "-q"]) == 1
    assert "wait for a person" in capsys.readouterr().err
    assert not Path("small.lock.json").exists()


def test_a_bad_spec_is_3(spec: str, capsys: Capture) -> None:
    """What is wrong with an input has its place."""
    rewrite(small_spec(porpose="smoke"))

    assert run(["build", spec]) == 3
    assert f"small.yaml:{line_of('porpose')}:1: error[S101]" in capsys.readouterr().err


def test_a_lock_behind_its_inputs_is_4(spec: str, capsys: Capture) -> None:
    """No lock, and a lock of an earlier spec, are stale for every command that asks."""
    assert run(["verify", spec]) == run(["build", spec, "--locked", "-q"]) == 4
    run(["build", spec, "-q"])
    rewrite(small_spec(random_state=7))
    capsys.readouterr()

    for command in (["verify", spec], ["build", spec, "--locked", "-q"], ["report", spec]):
        assert run(command) == 4
        assert "error[L606]" in capsys.readouterr().err


def test_an_edited_lock_is_5(spec: str, capsys: Capture) -> None:
    """A changed text in the lock is no staleness."""
    run(["build", spec, "-q"])
    lock = Path("small.lock.json")
    lock.write_text(lock.read_text("utf-8").replace("I cancelled on Sunday.", "I cancelled on Monday.", 1), "utf-8")
    capsys.readouterr()

    assert run(["verify", spec]) == 5
    assert "error[L603]" in capsys.readouterr().err


def test_a_reply_that_nobody_has_is_8(spec: str, capsys: Capture) -> None:
    """`--locked` asks nobody; it says what is missing and which command asks."""
    model = {"model": "mistral/mistral-large-2411", "price": {"prompt": 2, "completion": 6}}
    rewrite(small_spec(models={"writer": model}, budget={"usd": 1}))

    assert run(["build", spec, "--locked", "-q"]) == 8
    said = capsys.readouterr().err
    assert "error[M150]" in said and f"evalspec build {spec}" in said


def test_a_key_that_is_not_set_is_6(spec: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent without a key, and the variable that may hold it is named."""
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    model = {"model": "mistral/mistral-large-2411", "price": {"prompt": 2, "completion": 6}}
    rewrite(small_spec(models={"writer": model}, budget={"usd": 1}))

    assert run(["build", spec, "-q"]) == 6
    assert "MISTRAL_API_KEY" in capsys.readouterr().err


def test_another_build_is_9(spec: str, capsys: Capture) -> None:
    """With --no-wait a build gives way to the one that holds the spec, and names it."""
    with held(Path()):
        assert run(["build", spec, "--no-wait"]) == 9

    assert "process 4242" in capsys.readouterr().err
    assert not Path("small.lock.json").exists()


def test_a_folder_that_cannot_be_made_is_10(spec: str, capsys: Capture) -> None:
    """A file stands where the build keeps its own: the environment is at fault, and the path is said."""
    Path(".evalspec").write_text("in the way", "utf-8")

    assert run(["build", spec, "-q"]) == 10
    assert ".evalspec" in capsys.readouterr().err


def test_a_missing_extra_is_10(spec: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet needs the extra; the message says how to install it."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    Path("raw.parquet").write_bytes(b"PAR1")

    assert run(["import", spec, "production", "--from", "raw.parquet"]) == 10
    assert "evalspec[data]" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_build_says_by_what(spec: str, number: signal.Signals, code: int) -> None:
    """A build that is interrupted, terminated or hung up on leaves with that code, no trace and no half file."""
    with held(Path()):
        process = subprocess.Popen(
            [sys.executable, "-c", START + "main()", "build", spec],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert "waiting for another build" in process.stderr.readline()
        process.send_signal(number)
        out, error = process.communicate()

    assert process.returncode == code
    assert out == "" and "Traceback" not in error
    assert not Path("small.lock.json").exists()


def test_a_reader_that_went_away_is_141(spec: str) -> None:
    """`evalspec catalog | head -0` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)

    process = subprocess.Popen(
        [sys.executable, "-m", "evalspec", "catalog"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    _, error = process.communicate()

    assert (process.returncode, error) == (141, "")


def test_every_exit_code_is_explained(capsys: Capture) -> None:
    """`explain exit-codes` lists the codes that the program uses, each once."""
    assert run(["explain", "exit-codes"]) == Exit.OK

    listed = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert listed == sorted({*listed}) == [number for number, _ in EXIT_CODES]
    assert {int(one) for one in Exit} <= set(listed)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "E901"), (b"", "Y013"), (b"\x00\x01\x02\xff\xfe", "Y001"), (b"PK\x03\x04 zip", "Y001"), ("folder", "E902")],
)
@pytest.mark.parametrize("command", ["check", "plan", "build", "verify", "report"])
def test_what_is_no_spec_is_input_invalid(
    command: str,
    content: bytes | str | None,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """A path that is not there, a folder, an empty or a binary file: exit 3 with a code, never a trace."""
    monkeypatch.chdir(tmp_path)
    if isinstance(content, bytes):
        Path("x.yaml").write_bytes(content)
    elif content == "folder":
        Path("x.yaml").mkdir()

    assert run([command, "x.yaml"]) == Exit.INVALID
    captured = capsys.readouterr()
    assert f"error[{code}]" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("product", ["refund.lock.json", "refund.partial.lock.json", "refund.report.md"])
@pytest.mark.parametrize("command", ["check", "verify", "build"])
def test_what_a_build_wrote_is_no_spec_and_the_spec_is_named(command: str, product: str, capsys: Capture) -> None:
    """Who names the lock is told which file to name, and not that JSON lacks a `version`."""
    assert run([command, f"specs/{product}"]) == Exit.INVALID

    said = capsys.readouterr().err
    assert "error[E909]" in said
    assert "name the spec: specs/refund.yaml" in said


# Machine formats


@pytest.mark.parametrize(
    "command",
    [
        ["check", "small.yaml"],
        ["check", "small.yaml", "--resolved"],
        ["check", "small.yaml", "small.yaml"],
        ["plan", "small.yaml", "--slots"],
        ["build", "small.yaml"],
        ["build", "small.yaml", "--locked"],
        ["build", "small.yaml", "--frozen"],
        ["build", "small.yaml", "--until", "mix"],
        ["verify", "small.yaml"],
        ["report", "small.yaml"],
        ["review", "list", "small.yaml"],
        ["catalog"],
        ["catalog", "operators"],
        ["catalog", "typo"],
        ["explain", "S101"],
        ["explain"],
        ["explain", "exit-codes"],
    ],
)
def test_json_is_one_document_and_nothing_else(spec: str, capsys: Capture, command: list[str]) -> None:
    """--json and --format json print the same document on stdout, and nothing on stderr when all is well."""
    assert run(["build", spec, "-q"]) == Exit.OK
    capsys.readouterr()

    assert run([*command, "--json"]) == Exit.OK
    one = capsys.readouterr()
    assert run([*command, "--format", "json"]) == Exit.OK
    other = capsys.readouterr()

    assert isinstance(json.loads(one.out), dict | list)
    assert one.err == ""
    assert other == one


@pytest.mark.parametrize("command", [["check"], ["plan"], ["build"], ["verify"], ["report"], ["review", "list"]])
def test_json_of_a_bad_spec_is_one_document_too(spec: str, capsys: Capture, command: list[str]) -> None:
    """Problems come with code, place and message, and the exit code is the same as in words."""
    rewrite(small_spec(porpose="smoke"))

    assert run([*command, spec, "--json"]) == Exit.INVALID

    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["ok"] is False
    assert [one["code"] for one in data["diagnostics"]] == ["S101"]
    assert captured.err == ""


def test_github_annotations_stand_in_the_line(spec: str, capsys: Capture) -> None:
    """--format github prints a workflow command with file, line and title to stdout."""
    rewrite(small_spec(porpose="smoke"))

    assert run(["check", spec, "--format", "github"]) == Exit.INVALID

    line = capsys.readouterr().out.strip()
    assert line.startswith(f"::error file=small.yaml,line={line_of('porpose')},")
    assert "S101" in line and "\n" not in line


# Stages


def test_every_stage_is_a_prefix_of_the_build(spec: str, capsys: Capture) -> None:
    """`--until STAGE` adds figures stage by stage, never changes one, ends with the build's own, and writes nothing."""
    before = set(tree(Path()))
    found: list[dict[str, Any]] = []
    for stage in STAGES:
        assert run(["build", spec, "--until", stage, "--json"]) == Exit.OK
        found.append(json.loads(capsys.readouterr().out))
        assert stage == "report" or found[-1].pop("until") == stage
    new = set(tree(Path())) - before
    assert len([path for path in new if path.startswith(".evalspec/cache/unchanged-")]) == 1  # of the whole build
    assert {path for path in new if not path.startswith(".evalspec/cache/")} == {
        ".evalspec/.gitignore",
        ".evalspec/small/busy",
        "small.lock.json",  # by the last one, which is the whole build
        "small.report.md",
    }
    *stages, whole = found
    for earlier, later in pairwise(stages):
        assert earlier.items() <= later.items()
    last = stages[-1]
    assert last["root"] == whole["root"]
    assert last["cases"] == whole["cases"]
    assert last["opened"] == whole["opened"]
    assert last["gates"] == whole["gates"]
    assert last["live"] + sum(last["drops"].values()) == last["opened"]
    assert last["cases"] + last["spares"] == last["live"]


# What is written


def test_nothing_is_written_outside_the_project(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """All commands together write beside the spec and into .evalspec, and leave the home of the user alone."""
    home = tmp_path / "work" / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    outside = {path: one for path, one in tree(tmp_path).items() if not path.startswith("work/")}
    before = tree(Path())

    Path("raw_again.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    for command in (
        ["import", spec, "production", "--from", "raw_again.jsonl"],
        ["check", spec],
        ["plan", spec],
        ["build", spec],
        ["verify", spec],
        ["report", spec],
        ["review", "list", spec],
        ["catalog"],
        ["explain"],
    ):
        assert run(command) == Exit.OK, command

    assert {path: one for path, one in tree(tmp_path).items() if not path.startswith("work/")} == outside
    assert list(home.iterdir()) == []
    new = {path for path, content in tree(Path()).items() if before.get(path) != content}
    assert {path for path in new if not path.startswith(".evalspec/cache/")} == {
        "raw_again.jsonl",
        "small.lock.json",
        "small.report.md",
        ".evalspec/.gitignore",
        ".evalspec/small/busy",
    }


def test_reading_commands_write_nothing(spec: str, capsys: Capture) -> None:
    """`check`, `plan`, `verify`, `report` and `build --locked` leave every file as it was, in a folder of any mode."""
    run(["build", spec, "-q"])
    before = tree(Path())

    for command in (
        ["check", spec],
        ["plan", spec],
        ["verify", spec],
        ["report", spec],
        ["build", spec, "--locked"],
        ["build", spec, "--frozen"],
        ["review", "list", spec],
    ):
        assert run(command) == Exit.OK, command

    after = tree(Path())
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path]} <= {".evalspec/.gitignore", ".evalspec/small/busy"}


def test_a_second_build_rewrites_nothing(spec: str) -> None:
    """An unchanged lock keeps its time, so that nothing that watches files wakes."""
    run(["build", spec, "-q"])
    before = Path("small.lock.json").stat().st_mtime_ns, Path("small.report.md").stat().st_mtime_ns

    run(["build", spec, "-q"])

    assert before == (Path("small.lock.json").stat().st_mtime_ns, Path("small.report.md").stat().st_mtime_ns)


def test_working_files_keep_themselves_out_of_git(spec: str) -> None:
    """`git add .` after a build takes in no cache and no lock file of a running build."""
    assert run(["build", spec, "-q"]) == 0

    assert Path(".evalspec/.gitignore").read_text("utf-8") == "*\n"
