"""`evalspec diff` on a real checkout: ranges, bases, files, exit codes, and nothing git could take for an option."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from small_specs import small_spec, spec_text, write_project

from evalspec.cli import run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of two branches: `main`, and `work` with a gate loosened and fewer children."""
    folder = tmp_path_factory.mktemp("checkout")
    here = Path.cwd()
    os.chdir(folder)
    try:
        write_project(folder, small_spec(gates={"real_share": {"min": 0.3}}))
        assert run(["build", "small.yaml", "-q"]) == 0
        git(folder, "init", "-q", "-b", "main", ".")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "first")
        git(folder, "checkout", "-qb", "work")
        (folder / "small.yaml").write_text(
            spec_text(small_spec(children=3, gates={"real_share": {"min": 0.2}})), "utf-8"
        )
        assert run(["build", "small.yaml", "-q"]) == 0
        git(folder, "commit", "-qam", "second")
        git(folder, "checkout", "-q", "main")
        (folder / "other.txt").write_text("what others did", "utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "third")
        git(folder, "checkout", "-q", "work")
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkout that a test may change, as the working folder."""
    folder = tmp_path / "checkout"
    shutil.copytree(built, folder)
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True)


def data_of(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capfd.readouterr()
    assert run(["diff", *arguments, "--json"]) == 0
    found: dict[str, object] = json.loads(capfd.readouterr().out)
    return found


@pytest.mark.parametrize(
    "arguments", [["main..work"], ["main...work"], ["main..HEAD"], ["main.."], ["--base", "main"], ["--base", "HEAD~1"]]
)
def test_every_way_to_name_two_states(arguments: list[str], project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The same change, whichever way it is asked for."""
    found = data_of(capfd, "small.yaml", *arguments)

    assert [one["name"] for one in found["guard"]] == ["real_share", "mix"]  # type: ignore[attr-defined]
    assert len(found["removed"]) == 1 and found["added"] == []  # type: ignore[arg-type]


def test_without_a_base_the_working_tree_stands_against_head(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing was edited since the last commit: nothing differs, and `--exit-code` says so."""
    assert data_of(capfd, "small.yaml")["differs"] is False
    assert run(["diff", "small.yaml", "--exit-code"]) == 0
    assert run(["diff", "small.yaml", "main..work", "--exit-code"]) == 1
    assert run(["diff", "small.yaml", "main..work"]) == 0


def test_two_files_bring_the_spec_that_stands_beside_them(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A lock with its spec beside it is compared whole; one that was carried elsewhere by its header."""
    shutil.copytree(project, project / "before", ignore=shutil.ignore_patterns(".git"))
    git(project / "before", "--git-dir", "../.git", "--work-tree", ".", "checkout", "-q", "main", "--", ".")
    shutil.copy(project / "before/small.lock.json", project / "alone.json")

    whole = data_of(capfd, "before/small.lock.json", "small.lock.json")
    alone = data_of(capfd, "alone.json", "small.lock.json")

    assert [one["kind"] for one in whole["guard"]] == ["gate", "mix"]  # type: ignore[attr-defined]
    assert [one["kind"] for one in alone["guard"]] == ["unread"]  # type: ignore[attr-defined]
    assert len(alone["removed"]) == 1  # type: ignore[arg-type]


def test_a_ledger_folder_that_is_gone_is_tampering(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The commit holds decisions, the working tree not even their folder."""
    assert run(["review", "record", "small.yaml", "prompted.clock.01", "keep", "--reviewer", "ann"]) == 0
    git(project, "add", "-A")
    git(project, "commit", "-qm", "decided")
    shutil.rmtree(project / "small/ledger")

    found = data_of(capfd, "small.yaml")

    assert [one["kind"] for one in found["guard"]] == ["tampering"]  # type: ignore[attr-defined]


def test_a_lock_edited_by_hand_says_so_first(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A text changed without its digest contradicts itself, and is told above everything."""
    lock = project / "small.lock.json"
    lock.write_text(lock.read_text("utf-8").replace("table", "stool", 1), "utf-8")

    found = data_of(capfd, "small.yaml")

    assert found["guard"][0]["kind"] == "integrity"  # type: ignore[index]


HOSTILE = (
    "--upload-pack=touch x..HEAD",
    "a b..HEAD",
    "main..-n",
    "main..$(x)",
    ":/first..HEAD",
    "../x..HEAD",
    "a....b",
)


@pytest.mark.parametrize("named", HOSTILE)
def test_what_is_no_commit_is_refused(named: str, project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What git could read as an option, a program or a search never reaches it."""
    assert run(["diff", "small.yaml", named]) == 2
    assert run(["diff", "small.yaml", f"--base={named}"]) == 2


def test_a_commit_that_is_not_there_is_no_empty_one(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A misspelled branch must not read as "everything is new"."""
    assert run(["diff", "small.yaml", "--base", "mian"]) == 2
    assert "mian" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["a.lock.json"], ["small.yaml", "main"], ["small.yaml", "a..b", "--base", "c"]])
def test_half_a_question_is_a_usage_error(arguments: list[str], project: Path) -> None:
    """One lock, one branch without dots, a range and a base."""
    assert run(["diff", *arguments]) == 2


def test_without_any_lock_there_is_nothing_to_compare(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A spec that was never built is said, not shown as equal."""
    shutil.copy("small.yaml", "never.yaml")

    assert run(["diff", "never.yaml"]) == 3
    assert "L610" in capfd.readouterr().err


@pytest.mark.parametrize("how", ["text", "markdown", "json"])
def test_a_lock_of_the_wrong_shape_ends_in_no_traceback(how: str, project: Path) -> None:
    """A lock from a stranger may hold anything that is JSON where a record should be."""
    lock = json.loads((project / "small.lock.json").read_text("utf-8"))
    lock["cases"][0]["lineage"] = ["a"]
    lock["cases"][1]["lineage"] = {"cell": ["x"], "operators": "y", "parents": 3, "source": ["z"]}
    lock["cases"][2] |= {"expected": [1, {"a": 2}], "review": "keep", "id": 7}
    lock["inputs"] |= {"a\0b": {"digest": "x"}, "b": 3, "../../../etc/passwd": {"digest": "q"}}
    lock |= {"models": "x", "waivers": [1, {"rule": 1}], "measures": {"a": 1}, "operators": [3, None]}
    lock["drops"] = [{"id": None}]
    (project / "small.lock.json").write_text(json.dumps(lock), "utf-8")

    assert run(["diff", "small.yaml", "--format", how, "--exit-code"]) == 1
