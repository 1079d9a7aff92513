"""Old locks stay readable, and bytes do not change behind the number that says they have not.

Every row of `engines.txt` is a spec with its inputs, and the lock and report that an engine wrote. Those of this engine
verify; those of earlier ones are read, are sound, and are out of date by name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from evalspec.catalog import load_catalog
from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.stages.lock import ENGINE, LOCK_VERSION, faults, load
from evalspec.verification import tags_of
from tests.compat.freeze import FOLDER, TABLE, Row, digest_of, rows

WHAT_TO_DO = (
    f"the bytes of a lock have changed, and ENGINE in evalspec/stages/lock.py is still {ENGINE}. If they were meant "
    "to: raise ENGINE, name the change under Lock in CHANGELOG.md, and add a row for each kind of fixture: "
    "python -m tests.compat.freeze NEW OLD, OLD being the last of its kind. If a version in the catalogue was raised "
    "or a measure was added instead, ENGINE stays and the rows are added."
)
ROWS = rows()


def header_of(row: Row) -> dict[str, object]:
    """The facts of a fixture's lock."""
    found: dict[str, object] = json.loads(row.lock.read_text("utf-8"))
    return found


# What a measure is taken per, where every set has one; those of key terms and sources depend on the spec.
OF_EVERY_SET = frozenset({"set", "slice", "pools", "comparison", "texts"})


def is_replayable(row: Row) -> bool:
    """Whether this evalspec is the one that built it: the engine, every version that the lock names, all measures."""
    header, catalog = header_of(row), load_catalog()
    named = {*header["operators"], *header["measures"], header["embedder"]}  # type: ignore[misc]
    taken = {one.tag for one in catalog.all("measure") if one.traits.get("per", "set") in OF_EVERY_SET}
    return row.engine == ENGINE and taken <= named <= tags_of(catalog, "lexical")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_released_state_is_as_it_was_released(row: Row) -> None:
    """Nobody edits a fixture: its files are those that its row was written for."""
    assert digest_of(row.folder) == row.digest, f"{row.name} was edited; restore it, and freeze a new one beside it"
    assert header_of(row)["engine"] == row.engine
    assert header_of(row)["lock_version"] == LOCK_VERSION


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_released_lock_is_read_for_ever(row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is sound; it verifies where it can be replayed, and is stale with the number that says why elsewhere."""
    text = row.lock.read_text("utf-8")
    assert faults(load(text, row.name), text, row.name) == ()

    shutil.copytree(row.folder, tmp_path / "it")
    code = run(["verify", str(tmp_path / "it" / "spec.yaml"), "--json"])

    told = [one["code"] for one in json.loads(capsys.readouterr().out)["diagnostics"] if one["severity"] == "error"]
    if is_replayable(row):
        assert (code, told) == (Exit.OK, []), WHAT_TO_DO
    else:
        assert (code, told) == (Exit.STALE, ["L609"])


def test_this_engine_has_released_states_that_it_can_replay() -> None:
    """Raising ENGINE, or a version that a fixture names, asks for a new row; without one nothing would be held."""
    held = {row.name.partition(".")[0] for row in ROWS if is_replayable(row)}

    assert held == {row.name.partition(".")[0] for row in ROWS} == {"desk", "grid", "talk"}, WHAT_TO_DO


def test_rows_are_added_and_never_edited() -> None:
    """Engines only rise, a fixture has one row, every folder has one, and each committed table starts this one."""
    assert [row.engine for row in ROWS] == sorted(row.engine for row in ROWS)
    assert ROWS[-1].engine <= ENGINE
    assert sorted(row.name for row in ROWS) == sorted(
        one.name for one in FOLDER.iterdir() if (one / "spec.yaml").exists()
    )
    for text in _committed():
        before = rows(text)
        assert ROWS[: len(before)] == before, "a row of engines.txt was edited or taken out; rows are only added"


def _committed() -> list[str]:
    """The table as every commit that touched it holds it; none where there is no git, and fewer in a shallow clone."""
    here = ["git", "-c", "core.fsmonitor=", "-C", str(FOLDER)]
    try:
        log = subprocess.run(
            [*here, "log", "--format=%H", "--", TABLE.name], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    found = []
    for commit in log.stdout.split() if log.returncode == 0 else ():
        shown = subprocess.run(
            [*here, "show", f"{commit}:./{TABLE.name}"], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        found += [shown.stdout] if shown.returncode == 0 else []
    return found


def test_a_changed_byte_under_the_same_engine_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The test above can fail: an engine that gave other bytes would find a lock that its inputs do not give."""
    row = next(row for row in reversed(ROWS) if row.engine == ENGINE)
    shutil.copytree(row.folder, tmp_path / "it")
    spec = tmp_path / "it" / "spec.yaml"
    assert run(["build", str(spec), "-q"]) == Exit.OK
    assert (tmp_path / "it" / "spec.lock.json").read_bytes() == row.lock.read_bytes(), WHAT_TO_DO

    for path in (tmp_path / "it").glob("spec.*.*"):
        path.write_text(path.read_text("utf-8").replace("spare", "spear").replace(" the ", " teh "), "utf-8")
    assert run(["verify", str(spec)]) == Exit.INTEGRITY
    assert digest_of(tmp_path / "it") != row.digest
    capsys.readouterr()
