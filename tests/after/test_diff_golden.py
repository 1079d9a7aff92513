"""Seven changes of a small set, each with its three outputs: `golden/NAME` holds what `evalspec diff` prints.

A function per change edits the project between two builds. `pytest --update-golden` rewrites the outputs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_specs import GRAMMAR, rows, small_spec, spec_text, write_project

from evalspec.cli import run
from evalspec.digests import digest
from evalspec.importing import import_source
from evalspec.model.outcome import Lock
from evalspec.project import load_spec
from evalspec.stages.lock import dump, load, root_of

GOLDEN = Path(__file__).parent / "golden"
FORMATS: Mapping[str, str] = {"text": "diff.txt", "markdown": "comment.md", "json": "diff.json"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small set, built and committed."""
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, small_spec(require=0, seeds=12, gates={"real_share": {"min": 0.4}}))
    assert run(["build", "small.yaml", "-q"]) == 0
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    """Commit everything, as nobody in particular."""
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "init.defaultBranch=main"]
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "-q", "."], ["add", "-A"], ["commit", "-qm", "state"]):
        subprocess.run(["git", *identity, *command], cwd=folder, env=environment, check=True)


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the spec and build it."""
    spec = yaml.safe_load((folder / "small.yaml").read_text("utf-8"))
    edit(spec)
    (folder / "small.yaml").write_text(spec_text(spec), "utf-8")
    assert run(["build", "small.yaml", "-q"]) == 0


def reimported(folder: Path, raw: list[dict[str, Any]]) -> None:
    """Replace the raw rows, import them and build."""
    (folder / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in raw), "utf-8")
    loaded = load_spec("small.yaml")
    import_source(loaded.spec, "production", "raw.jsonl", loaded.catalog)
    assert run(["build", "small.yaml", "-q"]) == 0


def renamed_level(folder: Path) -> None:
    """The level `table` is called `desk` from now on, in the spec and in the grammar."""
    grammar = yaml.safe_load((folder / "small/grammar.yaml").read_text("utf-8"))
    grammar["levels"]["item"]["desk"] = grammar["levels"]["item"].pop("table")
    (folder / "small/grammar.yaml").write_text(yaml.safe_dump(grammar, sort_keys=False), "utf-8")

    def edit(spec: dict[str, Any]) -> None:
        spec["axes"]["item"] = {"desk": spec["axes"]["item"]["table"], "clock": spec["axes"]["item"]["clock"]}

    edited(folder, edit)


def moved_cell(folder: Path) -> None:
    """A text about a table stands in the cell of clocks now, under an id of that cell and with its label."""
    lock = locked(folder)
    case = next(one for one in lock.cases if one["id"] == "prompted.table.01")
    lineage = {**case["lineage"], "cell": {"item": "clock"}}  # type: ignore[dict-item]
    moved = {**case, "id": "prompted.clock.03", "expected": "refund", "provenance": "synth-clock", "lineage": lineage}
    write_lock(folder, [one for one in lock.cases if one is not case] + [moved])


def changed_text(folder: Path) -> None:
    """A row of the source reads otherwise now: its case does, and so does the child made from it."""
    lock = locked(folder)
    parents = {name for case in lock.cases for name in case["lineage"].get("parents", ())}  # type: ignore[attr-defined]
    text = next(case["input"] for case in lock.cases if case["id"] in parents)
    raw = rows()
    row = next(one for one in raw if one["input"] == text)
    row["input"] = row["input"].replace(". ", ", since Monday.\n", 1)
    reimported(folder, raw)


def label(folder: Path) -> None:
    """Tables that are broken are refunded, not replaced, from now on; and a gate is loosened on the way."""

    def edit(spec: dict[str, Any]) -> None:
        spec["axes"]["item"]["table"]["expected"] = "refund"
        spec["gates"]["real_share"]["min"] = 0.1

    edited(folder, edit)


def provenance(folder: Path) -> None:
    """Nobody vouches for the labels of the source any more, and an operator has another name."""

    def edit(spec: dict[str, Any]) -> None:
        del spec["sources"]["production"]["verified_by"]
        spec["pools"]["mutation"]["operators"] = {"lowercase": {}, "slips": {"kind": "typo"}}

    edited(folder, edit)


def stale_review(folder: Path) -> None:
    """A label changes under a keep that was decided for the old one, and a line of the ledger is gone."""
    lock = locked(folder)
    case = next(one for one in lock.cases if str(one["id"]).startswith("prompted.table"))
    decide = ["--reviewer", "ann", "--date", "2026-11-20"]
    assert run(["review", "record", "small.yaml", str(case["id"]), "keep", *decide]) == 0
    assert run(["review", "record", "small.yaml", "prompted.clock.01", "keep", *decide]) == 0
    assert run(["build", "small.yaml", "-q"]) == 0
    commit(folder)
    lock = locked(folder)
    cases = [dict(one, expected="track") if one["id"] == case["id"] else one for one in lock.cases]
    write_lock(folder, cases)
    ledger = folder / "small/ledger/ann.jsonl"
    ledger.write_text(ledger.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")


def reordered(folder: Path) -> None:
    """The same rows come in another order."""
    reimported(folder, rows()[::-1])


def locked(folder: Path) -> Lock:
    """The lock as it stands."""
    return load((folder / "small.lock.json").read_text("utf-8"), "small.lock.json")


def write_lock(folder: Path, cases: Sequence[Mapping[str, object]]) -> None:
    """Write a lock whose digests fit what somebody with an editor put into it."""
    old = locked(folder)
    fields = ("input", "context", "behaviour", "premise", "expected", "checks")
    fitted = [{**one, "digest": digest({name: one[name] for name in fields if name in one})} for one in cases]
    fitted.sort(key=lambda one: str(one["id"]))
    facts = {name: value for name, value in old.header.items() if name != "root"}
    lock = Lock(header={**facts, "root": root_of(facts, fitted, old.drops)}, cases=tuple(fitted), drops=old.drops)
    (folder / "small.lock.json").write_text(dump(lock), "utf-8")


CHANGES: Mapping[str, Callable[[Path], None]] = {
    one.__name__: one for one in (renamed_level, moved_cell, changed_text, label, provenance, stale_review, reordered)
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reads_as_expected(
    name: str, project: Path, capfd: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    """Each change gives its text, its comment and its JSON, and `--exit-code` says whether anything differs."""
    CHANGES[name](project)
    found = {}
    for how, file in FORMATS.items():
        capfd.readouterr()
        assert run(["diff", "small.yaml", "--format", how, "--exit-code"]) == (0 if name == "reordered" else 1)
        found[file] = capfd.readouterr().out
    folder = GOLDEN / name
    if update_golden:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file, text in found.items():
            (folder / file).write_text(text, "utf-8")

    assert found == {file: (folder / file).read_text("utf-8") for file in FORMATS.values()}


def test_every_golden_directory_has_its_change() -> None:
    """No output stands there that nothing makes."""
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(CHANGES)
    assert "table" in GRAMMAR["levels"]["item"]
