"""What starts quickly stays quick: the heavy libraries are loaded by what needs them, never by the front door."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_specs import write_project

HEAVY = ("diskcache", "duckdb", "litellm", "sentence_transformers", "sklearn", "torch")
# The door itself needs no numerics either: `--help` must answer at once.
NUMERIC = ("numpy", "phonenumbers", "rapidfuzz", "regex")
PROGRAM = """
import json, sys
import evalspec.cli
sys.stdout = sys.stderr
codes = [evalspec.cli.run(arguments) for arguments in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.__stdout__)
"""


def loaded(*commands: list[str]) -> set[str]:
    """The top-level modules that a fresh interpreter holds after these command lines, all of which must succeed."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(commands)]
    codes, names = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert set(codes) <= {0}
    return set(names)


@pytest.mark.parametrize("commands", [[], [["--help"]], [["--version"]]])
def test_the_front_door_loads_nothing_heavy(commands: list[list[str]]) -> None:
    """Importing the command line and asking it for help loads no library that computes."""
    assert not loaded(*commands) & {*HEAVY, *NUMERIC}


def test_check_build_and_verify_load_no_extra(tmp_path: Path) -> None:
    """The core runs without models, databases, caches and scikit-learn, installed or not."""
    path = write_project(tmp_path)

    found = loaded(["check", path], ["plan", path], ["build", path, "-q"], ["verify", path], ["report", path])

    assert "numpy" in found  # or the test would look at nothing
    assert not found & set(HEAVY)
