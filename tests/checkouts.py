"""A small set in a git checkout, built, read by a person and committed: what a pull request starts from."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from small_specs import small_spec, spec_text, write_project

from evalspec.cli import run
from evalspec.reviewing import waiting

# No configuration of the machine that runs the tests, and nobody in particular as the author.
GIT_ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
IDENTITY = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "init.defaultBranch=main")


def git(folder: Path, *arguments: str) -> None:
    """Run one git command in a folder; it must work."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, env=GIT_ENVIRONMENT, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """Commit everything that stands in a folder."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "state")


def checkout(folder: Path, **more: Any) -> str:
    """Write the small project under `specs/`, keep all that waits for a person, build, commit; return the spec's path.

    The working folder must be `folder` when the path is used.
    """
    spec = str(Path(write_project(folder / "specs", small_spec(require=1, **more))).relative_to(folder))
    (folder / ".gitignore").write_text(".evalspec/\n", "utf-8")
    keep_all(spec)
    assert run(["build", spec, "-q"]) == 0
    git(folder, "init", "-q", ".")
    commit(folder)
    return spec


def keep_all(spec: str) -> None:
    """Keep every candidate that waits, as `ann`."""
    drafts = Path("drafts.jsonl")
    while readings := waiting(spec)[1]:
        lines = [{"case": one.candidate.id, "digest": one.digest, "verdict": "keep"} for one in readings]
        drafts.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        assert run(["review", "record", spec, "--from", str(drafts), "--reviewer", "ann", "--date", "2026-03-01"]) == 0
    drafts.unlink(missing_ok=True)


def decide(spec: str, case: str, verdict: str, *more: str) -> None:
    """Overrule what stands about one case."""
    line = ["review", "record", spec, case, verdict, *more, "--reviewer", "bob", "--date", "2026-03-02", "--supersedes"]
    assert run(line) == 0


def edit_spec(spec: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the data of a spec and write it again."""
    data = yaml.safe_load(Path(spec).read_text("utf-8"))
    change(data)
    Path(spec).write_text(spec_text(data), "utf-8")


def lock_data(spec: str) -> Mapping[str, Any]:
    """The lock beside a spec as JSON data."""
    found: Mapping[str, Any] = json.loads(Path(spec).with_suffix(".lock.json").read_text("utf-8"))
    return found


def case_ids(spec: str, pool: str) -> list[str]:
    """The ids of a pool's cases in the lock, in order."""
    return [case["id"] for case in lock_data(spec)["cases"] if case["lineage"]["pool"] == pool]
