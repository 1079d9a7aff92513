"""What a command must not wait for: packages that take long to import and that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Each takes 15 to 90 ms to import, and `check` of a small spec a quarter of a second in all. A module that counts
# says `from evalspec.later import np`; others are imported in the function that needs them.
SLOW = ("numpy", "jsonschema", "regex", "rapidfuzz", "jinja2", "aiohttp", "sqlite3")
LINE = (
    "import json, sys; from evalspec.cli import run; code = run(sys.argv[2:]);"
    "print(json.dumps([code, [one for one in json.loads(sys.argv[1]) if one in sys.modules]]))"
)


def imported(*arguments: str) -> tuple[int, list[str]]:
    """Run a command in a process of its own; its exit code, and which slow packages it has imported."""
    line = [sys.executable, "-c", LINE, json.dumps(SLOW), *arguments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    code, found = json.loads(done.stdout.splitlines()[-1])
    return code, found


@pytest.mark.parametrize("arguments", [["--help"], ["check", "specs/library.yaml"]])
def test_a_small_command_imports_nothing_slow(arguments: list[str]) -> None:
    assert imported(*arguments) == (0, [])


def test_a_wrong_spec_waits_for_what_says_why(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("version: 1\nmix: {size: no}\n", encoding="utf-8")

    code, found = imported("check", str(tmp_path / "wrong.yaml"))

    assert (code, "jsonschema" in found) == (3, True)


def test_a_set_that_no_model_wrote_is_verified_without_what_renders_prompts() -> None:
    code, found = imported("verify", "specs/library.yaml")

    assert (code, "jinja2" in found) == (0, False)
