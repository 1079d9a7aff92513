"""Gates on changes from the command line: against the lock at HEAD, told by `build`, and no part of lock or report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from checkouts import checkout, commit

from evalspec.catalog import load_catalog
from evalspec.cli import run
from evalspec.pipeline import on_day
from evalspec.project import run as built

GATES = {
    "size": {"measure": "cases", "change": 0},
    "old": {"measure": "age", "by": "pool", "change": 3},
    "kept": {"measure": "survival", "change": 0.9},
    "near": {"measure": "spread", "change": 0.1},
}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return checkout(tmp_path)


def edited(spec: str, **changes: object) -> None:
    data = yaml.safe_load(Path(spec).read_text("utf-8")) | changes
    Path(spec).write_text(yaml.safe_dump(data), "utf-8")


def test_a_set_that_shrank_fails_and_its_lock_stays(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock = Path(spec).with_suffix(".lock.json")
    before = lock.read_bytes()
    edited(spec, gates=GATES, mix={"cases": {"seed": 4, "mutation": 4, "prompted": 4}})
    capsys.readouterr()

    assert run(["build", spec]) == 1
    said = capsys.readouterr().err
    assert "cases.change is 2 (12 looked at, 12 now and 14 in the base lock); bound: change 0" in " ".join(said.split())
    assert lock.read_bytes() == before


def test_what_a_change_came_to_is_in_no_lock_and_no_report(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    edited(spec, gates=GATES)
    assert run(["build", spec]) == 0
    for file in (Path(spec).with_suffix(".lock.json"), Path(spec).with_suffix(".report.md")):
        assert ".change" not in file.read_text("utf-8")
    capsys.readouterr()
    assert run(["verify", spec]) == 0  # nor does it take a base to verify them


def test_another_day_takes_the_change_of_ages_once(spec: str) -> None:
    edited(spec, gates=GATES)
    done = built(spec, today="2026-12-01", base="HEAD")
    later = on_day(done, load_catalog(), "2027-12-01")
    ages = [(one.slice, one.value) for one in later.measurements or () if one.measure == "age.change"]

    assert ages and len(ages) == len(set(ages))
    assert len([one for one in later.verdicts or () if one.gate == "old"]) == len(
        [one for one in done.verdicts or () if one.gate == "old"]
    )


def test_a_commit_without_a_lock_is_named_and_stops_nothing(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    edited(spec, gates=GATES)
    lock = Path(spec).with_suffix(".lock.json")
    text = lock.read_text("utf-8")
    lock.unlink()
    commit(Path())
    lock.write_text(text, "utf-8")
    capsys.readouterr()

    assert run(["build", spec, "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)["gates"]
    assert answers["not known"] >= 4 and not answers.get("fail")
