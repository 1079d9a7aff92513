"""A whole build with models: bad replies by cell, flags, decisions, a lock, and the lock again from the tape."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from judged import Players, write_judged
from model_server import ModelServer, model_server

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.stages.report import numbers_in

BAD = {
    "table": ["empty", "filtered", "refused", "refused_inside", "cut"],
    "clock": ["oversize", "off_language", "off_cell", "mended", "in_talk"],
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a journal of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    return tmp_path


@contextmanager
def playing(monkeypatch: pytest.MonkeyPatch, players: Players) -> Iterator[ModelServer]:
    """Run the endpoint at which all models of the project are asked."""
    with model_server(players) as server, monkeypatch.context() as patch:
        patch.setenv("HOSTED_VLLM_API_BASE", server.url)
        yield server


def said(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    """What a command prints, once it has ended with the exit code."""
    capsys.readouterr()
    found = run(line)
    out, err = capsys.readouterr()
    assert found == code, out + err
    return out if "--json" in line else out + err


def keep_all(folder: Path, queue: list[dict[str, Any]]) -> None:
    """Keep whatever waits."""
    lines = [json.dumps({"case": one["case"], "digest": one["digest"], "verdict": "keep"}) for one in queue]
    (folder / "drafts.jsonl").write_text("\n".join(lines) + "\n")


def test_from_bad_replies_to_a_lock_and_again_from_the_tape(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_judged(project)
    players = Players(BAD)
    with playing(monkeypatch, players) as server:
        first = said(capsys, "build", "small.yaml", "--jobs", "1", code=Exit.FINDING)
        waiting = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))
        page = said(capsys, "review", "list", "small.yaml")
        keep_all(project, waiting["queue"])
        said(capsys, "review", "record", "small.yaml", "--from", "drafts.jsonl", "--reviewer", "ann")
        asked = len(server.asked)
        said(capsys, "build", "small.yaml")

    assert len(server.asked) == asked, "a decision asks nobody anything"
    assert "prompted/table: 5 of 8 replies gave no candidate (1 cut, 1 empty, 1 filtered, 2 refused)" in first
    assert "prompted/clock: 3 of 6 replies gave no candidate (1 off_cell, 1 off_language, 1 oversize)" in first
    assert {"first-writer", "second-writer"} <= set(players.asked), "slots are shared"

    flagged = [one for one in waiting["queue"] if "flags" in one]
    assert flagged and waiting["queue"][: len(flagged)] == flagged, "what jurors disagree on is read first"
    assert any("split" in one["flags"] for one in flagged)
    assert "jury      the jurors disagree" in page

    lock, report = (project / "small.lock.json").read_bytes(), (project / "small.report.md").read_text("utf-8")
    numbers: Any = numbers_in(report)
    clock = {
        "pool": "prompted",
        "cell": "clock",
        "slots": 6,
        "usable": 3,
        "again": 1,
        "dropped": {"off_cell": 1, "off_language": 1, "oversize": 1},
    }
    assert clock in numbers["replies"]
    assert [one["alias"] for one in numbers["jury"]["jurors"]] == ["strict", "mild"]
    assert numbers["jury"]["flagged"] == len(flagged)
    assert "| prompted | table | 8 | 3 | 0 | 1 cut, 1 empty, 1 filtered, 2 refused |" in report
    assert "Easiness: not evaluable" in report

    # The server is gone, and so are the journal and every socket: the tape alone says the same.
    monkeypatch.setenv("EVALSPEC_STATE", str(project / "nothing"))
    monkeypatch.setattr(socket, "socket", None)
    said(capsys, "verify", "small.yaml")
    said(capsys, "build", "small.yaml", "--locked")
    assert (project / "small.lock.json").read_bytes() == lock
    drop = next(one for one in json.loads(lock)["drops"] if one["reason"] == "off_cell")
    assert "off_cell" in said(capsys, "why", "small.yaml", drop["id"])
    said(capsys, "diff", "small.lock.json", "small.lock.json")


def test_the_lock_says_which_model_had_a_hand_in_a_case(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Written, rewritten and varied: each names generator and family, and what it was shown."""
    write_judged(project, review={"require": {"prompted": 0, "redteam": 0, "mutation": 0}, "overlap": 0})
    with playing(monkeypatch, Players()):
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        keep_all(project, json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"])
        said(capsys, "review", "record", "small.yaml", "--from", "drafts.jsonl", "--reviewer", "ann")
        said(capsys, "build", "small.yaml")

    lock = json.loads((project / "small.lock.json").read_bytes())
    by_pool: dict[str, list[dict[str, Any]]] = {}
    for case in lock["cases"]:
        by_pool.setdefault(case["lineage"]["pool"], []).append(case)
    written = [case["lineage"] for pool in ("prompted", "mutation") for case in by_pool[pool]]
    assert {one["generator"] for one in written} == {"hosted_vllm/first-writer", "hosted_vllm/second-writer"}
    assert {one["family"] for one in written} == {"north", "south"}
    assert all(len(case["lineage"]["exemplars"]) == 2 for case in by_pool["prompted"])
    assert all(case["expected_by"] == "verified:ann" for case in by_pool["mutation"]), "a proposed label is read"
    varied = [case["lineage"] for case in by_pool["redteam"] if not case["lineage"].get("hard_negative")]
    assert varied and {one["generator"] for one in varied} == {"hosted_vllm/first-writer"}


def test_after_a_fix_nobody_is_asked_anew(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person's words are a person's: no juror is asked about them, and the list still opens without a server."""
    write_judged(project)
    with playing(monkeypatch, Players()) as server:
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        asked = len(server.asked)
        queue = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
        case = next(one["case"] for one in queue if one["pool"] == "prompted")
        fix = ("--input", "My clock stands still since Sunday. Who mends it?", "--reviewer", "ann")
        said(capsys, "review", "record", "small.yaml", case, "fix", *fix)
        left = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
        said(capsys, "build", "small.yaml", code=Exit.FINDING)

    assert len(server.asked) == asked
    assert {one["case"] for one in queue} - {one["case"] for one in left} == {case}


def test_a_blind_reader_sees_nothing_of_the_jury(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first reader sees why to look; the second does not; who settles a dispute sees all that was said."""
    write_judged(project, review={"require": {"prompted": 1, "redteam": 1, "mutation": 1}, "overlap": 1})
    with playing(monkeypatch, Players()):
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
    queue = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
    case = next(one["case"] for one in queue if "flags" in one)

    said(capsys, "review", "record", "small.yaml", case, "keep", "--reviewer", "ann")
    second = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
    blind = next(one for one in second if one["case"] == case)
    assert (blind["why"], "flags" in blind, "opinions" in blind) == ("second", False, False)

    fix = ("--expected", "track", "--reviewer", "ben", "--blind")
    said(capsys, "review", "record", "small.yaml", case, "fix", *fix)
    third = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
    open_ = next(one for one in third if one["case"] == case)
    assert open_["why"] == "disputed"
    assert {one["juror"] for one in open_["opinions"]} == {"strict", "mild"}
    assert "juror     strict: not plausible" in said(capsys, "review", "list", "small.yaml")


def test_three_jurors_say_what_is_too_easy(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted by cell, never dropped: here every juror finds the label of every cell."""
    write_judged(project, jury=("strict", "mild", "third"))
    with playing(monkeypatch, Players()):
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        keep_all(project, json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"])
        said(capsys, "review", "record", "small.yaml", "--from", "drafts.jsonl", "--reviewer", "ann")
        said(capsys, "build", "small.yaml")

    numbers: Any = numbers_in((project / "small.report.md").read_text("utf-8"))
    easy = {one["cell"]: (one["too_easy"], one["evaluable"]) for one in numbers["jury"]["easy"]}
    assert (easy["table"], easy["clock"]) == ((3, 3), (3, 3))
    assert numbers["pools"]["prompted"] == 6


def test_a_cell_whose_replies_are_all_useless_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never silently fewer: the stratum, what it owes, and what became of every reply."""
    write_judged(project)
    with playing(monkeypatch, Players({"table": ["refused"] * 12})):
        page = said(capsys, "build", "small.yaml", code=Exit.FINDING)

    assert "`prompted` holds 0 of the 3 cases it owes in `table`" in page
    assert "12 of 12 candidates were made there; dropped: 12 refused" in page
    assert not (project / "small.lock.json").exists()


def test_after_a_drop_the_list_still_opens(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes in the place of a dropped text has not been asked for yet; everything else can be read on."""
    write_judged(project)
    with playing(monkeypatch, Players()) as server:
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        asked = len(server.asked)
        queue = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
        case = next(one["case"] for one in queue if one["pool"] == "prompted")
        drop = ("--reason", "unnatural", "--reviewer", "ann")
        said(capsys, "review", "record", "small.yaml", case, "drop", *drop)
        left = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]
        assert len(server.asked) == asked
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        again = json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"]

    assert {one["case"] for one in left} == {one["case"] for one in queue} - {case}
    assert len(again) == len(queue)


def test_a_label_that_the_model_gave_is_verified_by_nobody(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock names the model, the report counts it; a person who keeps the case has verified it."""
    free = {"item": ["table", "clock"]}
    write_judged(project, jury=("mild",), axes=free, review={"require": {"prompted": 0, "redteam": 0}, "overlap": 0})
    with playing(monkeypatch, Players()):
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        queue = json.loads(said(capsys, "review", "list", "small.yaml", "--json", "--all"))["queue"]
        assert "prompted" not in {one["pool"] for one in queue}
        keep_all(project, queue)
        said(capsys, "review", "record", "small.yaml", "--from", "drafts.jsonl", "--reviewer", "ann")
        said(capsys, "build", "small.yaml")
        lock = json.loads((project / "small.lock.json").read_bytes())
        given = [case for case in lock["cases"] if case["id"].startswith("prompted.")]
        said(capsys, "review", "record", "small.yaml", given[0]["id"], "keep", "--reviewer", "ann")
        report = (project / "small.report.md").read_text("utf-8")
        said(capsys, "build", "small.yaml")

    assert {case["expected_by"] for case in given} <= {"model:writer", "model:other"}
    assert "- 6 labels were given by the model that wrote the text, and verified by nobody." in report
    after = {case["id"]: case for case in json.loads((project / "small.lock.json").read_bytes())["cases"]}
    assert after[given[0]["id"]]["expected_by"] == "verified:ann"


def test_verify_counts_the_jury_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure of the jury that was edited in the report is found from the tape."""
    write_judged(project)
    with playing(monkeypatch, Players()):
        said(capsys, "build", "small.yaml", code=Exit.FINDING)
        keep_all(project, json.loads(said(capsys, "review", "list", "small.yaml", "--json"))["queue"])
        said(capsys, "review", "record", "small.yaml", "--from", "drafts.jsonl", "--reviewer", "ann")
        said(capsys, "build", "small.yaml")
    report = project / "small.report.md"
    text = report.read_text("utf-8")
    flagged = numbers_in(text)["jury"]["flagged"]  # type: ignore[index]
    report.write_text(text.replace(f'"flagged": {flagged},', '"flagged": 0,'), "utf-8")

    assert "L605" in said(capsys, "verify", "small.yaml", code=Exit.INTEGRITY)
