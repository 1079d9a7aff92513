"""`plan` says how many decisions a build will ask people for, and the build asks for as many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_specs import small_spec, write_project

from evalspec.cli import run


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run a command with --json and return its data."""
    capsys.readouterr()
    run([*arguments, "--json"])
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(("share", "overlap"), [(1, 0), (1, 1), (0.5, 0.5), (0.1, 0), (0, 1)])
def test_the_decisions_of_a_plan_are_those_that_wait(
    share: float, overlap: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The draw is one for every slot: a share of the count would be right on average alone."""
    spec = small_spec()
    spec["review"] = {"require": {"mutation": share}, "overlap": overlap}
    write_project(tmp_path, spec)
    monkeypatch.chdir(tmp_path)

    planned = said(capsys, "plan", "small.yaml")["review"]["decisions"]
    listed = said(capsys, "review", "list", "small.yaml")

    assert not listed.get("drops")
    assert planned == sum(one["needed"] for one in listed["queue"])
