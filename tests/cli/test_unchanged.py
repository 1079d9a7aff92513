"""A build of what has not changed answers at once, and only then; a bad entry costs time and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from checkouts import checkout, commit, decide
from model_server import model_server
from taped import write_model_project, writes

from evalspec.cli import run

SAID = "nothing has changed since the last build"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """A committed small set whose last build is remembered."""
    monkeypatch.chdir(tmp_path)
    found = checkout(tmp_path)
    assert run(["build", found]) == 0
    capsys.readouterr()
    return found


def built(spec: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Build once more, which must work, and return what was said."""
    assert run(["build", spec]) == 0
    return capsys.readouterr().err


def entries() -> list[Path]:
    """All that is remembered."""
    return sorted(Path(".evalspec/cache").glob("unchanged-*.json"))


def test_the_second_build_answers_at_once_and_leaves_everything(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [Path(spec).with_suffix(end) for end in (".lock.json", ".report.md")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in outputs]

    assert SAID in built(spec, capsys)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in outputs] == before
    assert run(["build", spec, "--locked"]) == 0
    assert SAID not in capsys.readouterr().err


def test_the_json_of_a_remembered_build_is_that_of_the_build(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", spec, "--json"]) == 0
    first = capsys.readouterr().out

    assert run(["build", spec, "--json"]) == 0
    assert capsys.readouterr().out == first


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def _touch_grammar(spec: Path) -> None:
    _append(next(spec.parent.rglob("grammar*.yaml")), "\n# a remark\n")


def _add_ledger(spec: Path) -> None:
    next(spec.parent.rglob("ledger/*.jsonl")).with_name("zoe.jsonl").write_text("", "utf-8")


CHANGES: dict[str, Callable[[Path], None]] = {
    "the spec": lambda spec: _append(spec, "\n# a remark\n"),
    "a file that the spec names": _touch_grammar,
    "the lock": lambda spec: _append(spec.with_suffix(".lock.json"), " "),
    "the report": lambda spec: _append(spec.with_suffix(".report.md"), "a line\n"),
    "no lock": lambda spec: spec.with_suffix(".lock.json").unlink(),
    "one more file in the ledger": _add_ledger,
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_built(what: str, spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Inputs, outputs, the names in a folder: whatever changed, the build is made and the outputs are right again."""
    lock = Path(spec).with_suffix(".lock.json")
    before = lock.read_bytes()
    CHANGES[what](Path(spec))

    assert SAID not in built(spec, capsys)
    assert json.loads(lock.read_bytes())["cases"] == json.loads(before)["cases"]
    assert SAID in built(spec, capsys)


def test_another_decision_or_another_base_is_built(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger's lines and the lock at HEAD are inputs: change gates compare with it."""
    case = next(one["id"] for one in json.loads(Path(spec).with_suffix(".lock.json").read_bytes())["cases"])
    decide(spec, case, "keep")
    assert SAID not in built(spec, capsys)
    assert SAID in built(spec, capsys)
    commit(Path())
    lock = Path(spec).with_suffix(".lock.json")
    text = lock.read_text("utf-8")
    lock.write_text(text.replace('"revision": 0', '"revision": 7'), "utf-8")
    commit(Path())
    lock.write_text(text, "utf-8")

    assert SAID not in built(spec, capsys)


def test_a_build_with_models_is_remembered_with_its_tape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its replies are files of the project by then; a segment that is no more what it was makes it build again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    spec = Path(write_model_project(tmp_path)).name
    with model_server(writes) as server:
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
        assert run(["build", spec]) == 0

    assert SAID in built(spec, capsys)
    (segment,) = (tmp_path / "small" / "tape").iterdir()
    text = segment.read_text("utf-8")
    segment.write_text(text.replace("order", "parcel", 1), "utf-8")
    assert run(["build", spec]) != 0
    segment.write_text(text, "utf-8")
    assert SAID in built(spec, capsys)


@pytest.mark.parametrize("entry", [b"", b"\xff", b"[]", b"{}", b'{"digest": "x", "body": {}}', b"[" * 100_000])
def test_a_broken_entry_is_a_miss(entry: bytes, spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path in entries():
        path.write_bytes(entry)

    assert SAID not in built(spec, capsys)
    assert SAID in built(spec, capsys)


def test_an_entry_of_other_code_or_with_an_edited_body_is_a_miss(
    spec: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in entries():
        path.write_text(path.read_text("utf-8").replace(SAID, f"{SAID} "), "utf-8")
    assert SAID not in built(spec, capsys)

    monkeypatch.setattr("evalspec.cli.unchanged.fingerprint", lambda: "another version")
    assert SAID not in built(spec, capsys)


def test_an_entry_that_a_commit_could_bring_is_a_miss(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same bytes in another file are not the lock that this build wrote: no stranger can name that one."""
    lock = Path(spec).with_suffix(".lock.json")
    raw = lock.read_bytes()
    lock.unlink()
    lock.write_bytes(raw)

    assert SAID not in built(spec, capsys)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(".evalspec/cache")
    Path(".evalspec/cache").write_text("a file", "utf-8")

    assert SAID not in built(spec, capsys)
    assert SAID not in built(spec, capsys)


def test_warnings_are_told_again(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What deserves a look does not fall silent because it was said before."""
    gates = "gates:\n  too_few: {measure: cases, min: 100000, severity: warning}\n"
    path = Path(spec)
    text = path.read_text("utf-8")
    path.write_text(text.replace("gates:\n", gates) if "\ngates:\n" in text else f"{text}\n{gates}", "utf-8")
    first = built(spec, capsys)

    again = built(spec, capsys)
    assert "too_few" in first
    assert SAID in again
    assert again[: again.index(SAID)].count("warning[G401]: gate `too_few`") == 1
