"""`evalspec export`: what is refused, which slice goes out, what a second export keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_specs import small_spec, spec_text, write_project

from evalspec.catalog import load_catalog
from evalspec.cli import run
from evalspec.cli.export import RUNNERS
from evalspec.diagnostics import Exit
from evalspec.edges.readers import read_rows
from evalspec.row_problems import RowProblems

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small project that is built, in a folder of its own."""
    write_project(tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    assert run(["build", "small.yaml", "-q"]) == Exit.OK
    return "small.yaml"


def exported(*more: str) -> int:
    return run(["export", "small.yaml", "--to", "jsonl", "--out", "out", *more])


def cases() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path("out/cases.jsonl").read_text("utf-8").splitlines()]


def test_the_option_names_the_exporters_of_the_catalogue() -> None:
    """The list in the help is the catalogue's."""
    assert load_catalog().names("exporter") == RUNNERS


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_exporter_takes_a_built_lock(spec: str, runner: str, capsys: Capture) -> None:
    """Files appear, and a smoke set says that no launch may rest on it."""
    capsys.readouterr()
    assert run(["export", spec, "--to", runner, "--out", "out"]) == Exit.OK

    captured = capsys.readouterr()
    assert "out/evalspec.json" in captured.out.splitlines()
    assert "no launch may rest on it" in captured.err
    manifest = json.loads(Path("out/evalspec.json").read_text("utf-8"))
    assert manifest["root"] == json.loads(Path("small.lock.json").read_text("utf-8"))["root"]
    assert len(manifest["index"]) == manifest["cases"] == 14


def test_slices(spec: str) -> None:
    """By pool, track and source, alone and together; what was made has no source."""
    assert exported("--pool", "mutation") == Exit.OK
    assert {case["provenance"] for case in cases()} <= {"mutation-lowercase", "mutation-typo"}
    assert exported("--source", "production") == Exit.OK
    assert {case["provenance"] for case in cases()} == {"prod"}
    assert exported("--track", "wild", "--pool", "seed") == Exit.OK
    assert len(cases()) == 6


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--track", "wlid"], "did you mean `wild`?"),
        (["--source", "traffic"], "no case of the lock has the source `traffic`"),
        (["--pool", "mutation", "--source", "production"], "no case is left to export"),
    ],
)
def test_an_empty_slice_is_refused(spec: str, capsys: Capture, more: list[str], said: str) -> None:
    """Exit 3 and nothing written, with what was meant."""
    assert exported(*more) == Exit.INVALID
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_an_unknown_runner_is_usage(spec: str, capsys: Capture) -> None:
    """Exit 2, with what was meant."""
    assert run(["export", spec, "--to", "promptfo", "--out", "out"]) == Exit.USAGE
    assert "did you mean `promptfoo`?" in capsys.readouterr().err


def test_an_edited_lock_is_5(spec: str, capsys: Capture) -> None:
    """The digests are checked before anything goes out."""
    lock = Path("small.lock.json")
    lock.write_text(lock.read_text("utf-8").replace('"wild"', '"happy"'), "utf-8")

    assert exported() == Exit.INTEGRITY
    assert "L603" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_lock_of_another_spec_is_4(spec: str, capsys: Capture) -> None:
    """Instructions and labels come from the spec, so it has to be the one of the lock."""
    Path(spec).write_text(spec_text(small_spec(seeds=5)), "utf-8")

    assert exported() == Exit.STALE
    assert "L606" in capsys.readouterr().err


def test_other_instructions_are_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """What the subject is told is the file that the lock was built with; it goes out word for word."""
    monkeypatch.chdir(tmp_path)
    task = {
        "expected": ["refund", "replace", "track"],
        "languages": ["en"],
        "instructions": {"path": "small/system.md"},
    }
    write_project(tmp_path, small_spec(task=task))
    Path("small/system.md").write_text("Answer with {{ one }} word.\n", "utf-8")
    assert run(["build", "small.yaml", "-q"]) == Exit.OK
    assert exported() == Exit.OK
    assert json.loads(Path("out/evalspec.json").read_text("utf-8"))["instructions"] == "Answer with {{ one }} word.\n"

    Path("small/system.md").write_text("Answer with two words.\n", "utf-8")
    assert exported() == Exit.STALE
    assert "the instructions are not those" in capsys.readouterr().err


def test_a_trial_set_is_refused(spec: str, capsys: Capture) -> None:
    """Beside the spec, and also under the name of a real lock."""
    Path(spec).write_text(spec_text(small_spec(require=1)), "utf-8")
    Path("small.lock.json").unlink()
    assert run(["build", spec, "-q", "--partial"]) == Exit.OK

    assert exported() == Exit.FINDING
    assert "there is a trial set only" in capsys.readouterr().err
    Path("small.partial.lock.json").rename("small.lock.json")
    assert exported() == Exit.FINDING
    assert "L607" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_second_export_keeps_an_edited_stub(spec: str, capsys: Capture) -> None:
    """Records are written anew, a person's model stays."""
    assert exported() == Exit.OK
    Path("out/run.py").write_text("# my model\n", "utf-8")
    Path("out/cases.jsonl").write_text("", "utf-8")

    assert exported() == Exit.OK
    assert Path("out/run.py").read_text("utf-8") == "# my model\n"
    assert len(cases()) == 14
    assert "kept out/run.py" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(spec: str, capsys: Capture) -> None:
    """No file is replaced that an export did not write."""
    Path("out").mkdir()
    Path("out/run.py").write_text("mine\n", "utf-8")

    assert exported() == Exit.INVALID
    assert "E912" in capsys.readouterr().err
    assert [path.name for path in Path("out").iterdir()] == ["run.py"]


def test_json_says_what_was_written(spec: str, capsys: Capture) -> None:
    """One document on stdout."""
    capsys.readouterr()
    assert exported("--json", "--pool", "seed") == Exit.OK

    found = json.loads(capsys.readouterr().out)
    assert (found["exporter"], found["cases"], found["of"], found["kept"]) == ("jsonl@1", 6, 14, [])


@pytest.mark.parametrize("first", ["evalspec_id", "id"])
def test_reading_our_own_table_takes_the_apostrophes_away(tmp_path: Path, first: str) -> None:
    """`import` knows the table by its first columns; in another's table an apostrophe is the author's."""
    path = tmp_path / "cases.csv"
    path.write_text(f'{first},evalspec_digest,input\n"a","b","\'=1"\n"c","d","\'\'tis"\n', "utf-8")
    problems = RowProblems(str(path))

    texts = [row.values["input"] for row in read_rows(str(path), problems)]

    assert texts == (["=1", "'tis"] if first == "evalspec_id" else ["'=1", "''tis"])
