"""What the fuzz runs found, one row a find: the broken file, the command, and how it ends since it was mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from small_specs import small_spec, spec_text, write_project

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.stages.lock import dump, load
from tests.torture.verify_forger import sealed


@dataclass(frozen=True)
class Find:
    """One find: `breaks` changes files of a project that is built and in the working folder."""

    breaks: Callable[[], None]
    command: list[str]
    exit: Exit
    says: str  # part of stdout and stderr
    not_: str = "E999"  # what they never hold


def _log_with_a_list_among_the_metrics() -> None:
    case = json.loads(Path("small.lock.json").read_text("utf-8"))["cases"][0]
    doc = {"evalspec_id": case["id"], "evalspec_digest": case["digest"]}
    Path("log.jsonl").write_text(json.dumps({"doc": doc, "metrics": [["acc"], {}, None], "acc": 1.0}) + "\n")


def _lock_without_its_end() -> None:
    text = Path("small.lock.json").read_text("utf-8")
    Path("small.lock.json").write_text(text[: len(text) // 2], "utf-8")


def _a_million_cases_of_twelve_rows() -> None:
    mix = {"size": 1_000_000, "shares": {"seed": 0.4, "mutation": 0.3, "prompted": 0.3}}
    Path("small.yaml").write_text(spec_text(small_spec() | {"mix": mix}), "utf-8")


def _more_review_than_its_hours() -> None:
    spec = small_spec() | {"mix": {"cases": {"prompted": 900_000}}, "budget": {"hours": 9}}
    spec["pools"] = {"prompted": spec["pools"]["prompted"]}
    spec["review"]["require"] = {"prompted": 1}
    Path("small.yaml").write_text(spec_text(spec), "utf-8")


def _case_without_an_id() -> None:
    text = Path("small.lock.json").read_text("utf-8")
    Path("small.lock.json").write_text(text.replace('"id":', '"di":', 1), "utf-8")


def _provenance_in_a_list() -> None:
    """A lock in its own form whose digests hold: any other is refused before anything in it is looked at."""
    lock = load(Path("small.lock.json").read_text("utf-8"), "small.lock.json")
    first = {**lock.cases[0], "provenance": ["prod"]}
    Path("small.lock.json").write_text(dump(sealed(replace(lock, cases=(first, *lock.cases[1:])))), "utf-8")


IMPORT = ["results", "import", "small.yaml", "log.jsonl", "--from", "lm_eval", "--model", "m"]
FINDS = {
    "TypeError: a list is no key (70)": Find(
        _log_with_a_list_among_the_metrics, IMPORT, Exit.INVALID, "several metrics: none"
    ),
    "two JSON documents on stdout": Find(
        _lock_without_its_end, ["report", "small.yaml", "--json"], Exit.INTEGRITY, '"code": "L601"'
    ),
    "KeyError: id": Find(_case_without_an_id, ["build", "small.yaml", "--locked"], Exit.INTEGRITY, "L6"),
    "TypeError: unhashable": Find(_provenance_in_a_list, ["verify", "small.yaml"], Exit.INTEGRITY, "L6"),
    "30 s and 600 MB before the refusal": Find(
        _a_million_cases_of_twelve_rows,
        ["check", "small.yaml"],
        Exit.INVALID,
        "`seed` owes 400000 cases and can give at most 12",
        "`mutation` owes",  # is known only when a million slots are laid out
    ),
    "the same for hours of review": Find(
        _more_review_than_its_hours, ["plan", "small.yaml", "--json"], Exit.INVALID, '"code": "X522"'
    ),
}


@pytest.mark.parametrize("find", FINDS.values(), ids=FINDS)
def test_a_find_stays_mended(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code and the words that a reader needs; one JSON document where one was asked for."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["build", "small.yaml", "--quiet"]) == Exit.OK
    find.breaks()
    capsys.readouterr()
    assert run(find.command) == find.exit
    out, err = capsys.readouterr()
    assert find.says in out + err and find.not_ not in out + err
    if "--json" in find.command:
        json.loads(out)
