"""Pull requests that try to get something past the reviewer, each with the exit code that stops it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkouts import case_ids, checkout, commit, decide, edit_spec, git, lock_data

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.model.outcome import Lock
from evalspec.stages.lock import dump, load, root_of

Capture = pytest.CaptureFixture[str]
LEDGER = Path("specs/small/ledger/ann.jsonl")
BASE = ("--base", "HEAD")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small set whose base commit verifies."""
    monkeypatch.chdir(tmp_path)
    return checkout(tmp_path, gates={"enough": {"measure": "cases", "min": 5}})


def verified(spec: str, capsys: Capture, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of `verify --base HEAD`."""
    capsys.readouterr()
    code = run(["verify", spec, *BASE, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def codes(found: dict[str, Any]) -> list[str]:
    """The codes of an answer in the order they are told, but for gates that lack evidence in so small a set."""
    return [one["code"] for one in found["diagnostics"] if one["code"] != "G402"]


def drop_by_hand(lock: Lock, case: str) -> Lock:
    """Hide a case behind a drop that a person seems to have asked for."""
    drop = {"id": case, "stage": "review", "reason": "implausible"}
    cases = tuple(one for one in lock.cases if one["id"] != case)
    drops = tuple(sorted((*lock.drops, drop), key=lambda one: str(one["id"])))
    return Lock(header={**lock.header, "case_count": len(cases)}, cases=cases, drops=drops)


def test_an_honest_change_passes(spec: str, capsys: Capture) -> None:
    """Nothing changed: exit 0, nothing lowered, nobody decided anything."""
    code, found = verified(spec, capsys)

    assert (code, codes(found)) == (Exit.OK, [])
    assert "decisions_added" not in found and "new_since_base" not in found


@pytest.mark.parametrize("is_rehashed", [False, True])
def test_a_hard_case_hidden_by_a_drop_line(spec: str, capsys: Capture, is_rehashed: bool) -> None:
    """The lock contradicts itself, or, with its digests computed again, is not what the inputs give: exit 5."""
    path = Path(spec).with_suffix(".lock.json")
    hidden = drop_by_hand(load(path.read_text("utf-8"), str(path)), case_ids(spec, "prompted")[0])
    if is_rehashed:
        hidden = Lock(
            header={**hidden.header, "root": root_of(hidden.header, hidden.cases, hidden.drops)},
            cases=hidden.cases,
            drops=hidden.drops,
        )
    path.write_text(dump(hidden), "utf-8")

    code, found = verified(spec, capsys)

    assert (code, codes(found)) == (Exit.INTEGRITY, ["L604" if is_rehashed else "L603"])


def test_a_label_changed_under_an_old_keep(spec: str, capsys: Capture) -> None:
    """The keep was for another label: the case waits again, so the lock is out of date and none can be written."""
    edit_spec(spec, lambda data: data["axes"]["item"]["table"].update(expected="refund"))

    code, found = verified(spec, capsys)

    assert (code, codes(found)) == (Exit.STALE, ["L606"])
    stale = next(one for one in found["diagnostics"] if one["code"] == "L606")
    assert stale["hint"].startswith(f"evalspec review list {spec} ")
    assert stale["hint"].index("review list") < stale["hint"].index("evalspec build")
    assert run(["build", spec, "-q"]) == Exit.FINDING


def test_a_fix_that_adds_an_address(spec: str, capsys: Capture) -> None:
    """What a person writes passes the same screens: the fixed case is dropped, and no lock ever holds the address."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "fix", "--input", "write to jane.doe@gmail.com about my table please")

    code, _ = verified(spec, capsys)
    assert code == Exit.STALE
    assert run(["build", spec, "--locked", "-q"]) != Exit.OK

    capsys.readouterr()
    assert run(["why", spec, case, "--json"]) == Exit.OK
    story = json.loads(capsys.readouterr().out)
    assert (story["status"], story["screened"]["reason"]) == ("drop", "personal_data")


@pytest.mark.parametrize("is_emptied", [False, True])
def test_a_ledger_line_removed(spec: str, capsys: Capture, is_emptied: bool) -> None:
    """A decision that the base has is gone, or the whole folder is: exit 5, even where a new lock fits the rest."""
    lines = LEDGER.read_text("utf-8").splitlines()
    gone = json.loads(lines[0])["case"]
    if is_emptied:
        LEDGER.unlink()
        LEDGER.parent.rmdir()
    else:
        LEDGER.write_text("\n".join(lines[1:]) + "\n", "utf-8")

    code, found = verified(spec, capsys)

    assert code == Exit.INTEGRITY
    assert codes(found)[0] == "L608"
    assert gone in found["diagnostics"][0]["message"]


def test_ledger_lines_in_another_order_are_all_there(spec: str, capsys: Capture) -> None:
    """A merge may order the lines in another way; none is gone."""
    LEDGER.write_text("\n".join(reversed(LEDGER.read_text("utf-8").splitlines())) + "\n", "utf-8")

    code, found = verified(spec, capsys)

    assert (code, codes(found)) == (Exit.OK, [])


def test_a_decision_reworded_is_gone(spec: str, capsys: Capture) -> None:
    """Who writes another verdict into an old line has removed the old one."""
    first, *rest = LEDGER.read_text("utf-8").splitlines()
    other = json.dumps({**json.loads(first), "date": "2026-02-28"})
    LEDGER.write_text("\n".join([other, *rest]) + "\n", "utf-8")

    assert "L608" in codes(verified(spec, capsys)[1])


def test_a_loosened_gate_is_told_first(spec: str, capsys: Capture) -> None:
    """A wider bound passes with a warning before everything else, and fails under --no-loosen."""
    edit_spec(spec, lambda data: data["gates"]["enough"].update(min=2))
    assert run(["build", spec, "-q"]) == Exit.OK

    code, found = verified(spec, capsys)
    assert (code, codes(found)) == (Exit.OK, ["G403"])
    assert "gate `enough`: min `5` is now `2`" in found["diagnostics"][0]["message"]

    assert verified(spec, capsys, "--no-loosen")[0] == Exit.FINDING


def test_a_tightened_gate_is_no_loosening(spec: str, capsys: Capture) -> None:
    """--no-loosen lets a change through that holds the set to more."""
    edit_spec(spec, lambda data: data["gates"]["enough"].update(min=6))
    assert run(["build", spec, "-q"]) == Exit.OK

    assert verified(spec, capsys, "--no-loosen")[0] == Exit.OK


def test_a_gate_past_its_bound_under_a_waiver_that_has_ended(spec: str, capsys: Capture) -> None:
    """The waiver is told first; on the day after its last one the gate fails again: exit 1."""

    def waive(data: dict[str, Any]) -> None:
        data["gates"]["enough"]["min"] = 99
        data["waivers"] = [{"gate": "enough", "reason": "more rows are coming", "until": "2026-03-31"}]

    edit_spec(spec, waive)
    assert run(["build", spec, "-q"]) == Exit.OK

    assert verified(spec, capsys, "--today", "2026-03-31")[0] == Exit.OK
    code, found = verified(spec, capsys, "--today", "2026-04-01")
    assert code == Exit.FINDING
    assert codes(found) == ["G403", "G401"]


def test_a_pull_request_that_approves_itself_is_listed(spec: str, capsys: Capture) -> None:
    """Decisions that the change adds are named with their reviewer, so that a colleague sees who vouched."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "fix", "--input", "one leg of my table is short, what now?")
    assert run(["build", spec, "-q"]) == Exit.OK

    code, found = verified(spec, capsys)
    assert code == Exit.OK
    assert [(one["case"], one["verdict"], one["reviewer"]) for one in found["decisions_added"]] == [
        (case, "fix", "bob")
    ]

    assert run(["verify", spec, *BASE]) == Exit.OK
    assert f"bob: 1 fix: {case}" in capsys.readouterr().err


def test_a_new_spec_has_nothing_to_lower(spec: str, capsys: Capture) -> None:
    """Against a commit without the spec everything is new, and nothing is an error."""
    git(Path(), "checkout", "-q", "--orphan", "empty")
    git(Path(), "rm", "-rfq", "--cached", ".")
    git(Path(), "commit", "-q", "--allow-empty", "-m", "nothing")

    code, found = verified(spec, capsys)
    assert (code, codes(found)) == (Exit.OK, [])
    assert found["new_since_base"] is True
    assert run(["verify", spec, *BASE]) == Exit.OK
    assert f"{spec}: not at HEAD, so its gates, ledger and drops were compared with nothing" in capsys.readouterr().err
    assert len(found["decisions_added"]) == len(LEDGER.read_text("utf-8").splitlines())


def test_a_base_that_cannot_be_read_is_not_taken_for_an_empty_one(spec: str, capsys: Capture) -> None:
    """A spec of another version at the base: nothing is known of its gates, and that is said."""
    good = Path(spec).read_text("utf-8")
    Path(spec).write_text(good.replace("version: 1", "version: 7"), "utf-8")
    commit(Path())
    Path(spec).write_text(good, "utf-8")

    assert codes(verified(spec, capsys)[1]) == ["G403"]
    assert verified(spec, capsys, "--no-loosen")[0] == Exit.FINDING


def test_no_commit_is_no_pass(spec: str, capsys: Capture) -> None:
    """A base that this clone does not have fails: nothing was compared."""
    assert run(["verify", spec, "--base", "origin/main"]) != Exit.OK
    assert "E914" in capsys.readouterr().err
    assert run(["verify", spec, "--no-loosen"]) == Exit.USAGE
    assert lock_data(spec)["cases"]


def test_another_day_makes_no_lock_stale(spec: str, capsys: Capture) -> None:
    """A set built on one day verifies on any other: ages and waivers are of the day, digests and numbers are not."""
    assert run(["build", spec, "-q", "--today", "2026-03-01"]) == Exit.OK
    for day in ((), ("--today", "2026-03-01"), ("--today", "2027-03-01")):
        assert run(["verify", spec, *day]) == Exit.OK

    report = Path(spec).with_suffix(".report.md")
    report.write_text(report.read_text("utf-8").replace('"cases": 14', '"cases": 15'), "utf-8")
    assert run(["verify", spec, "--today", "2027-03-01"]) == Exit.INTEGRITY
    assert "L605" in capsys.readouterr().err
