"""A directory is a test: `tests/golden/NAME` is built through the command line and held against its expected files.

`spec.yaml` and what it names are the input; `expected/` holds `output.txt` (exit code, stdout, stderr), and the lock
and report when one is written. `pytest --update-golden` rewrites them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evalspec.cli import run

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if (path / "spec.yaml").is_file())
WRITTEN = ("spec.lock.json", "spec.report.md", "spec.partial.lock.json")


def test_there_are_golden_directories() -> None:
    """The harness finds its inputs: an empty folder would pass everything."""
    assert len(CASES) >= 6


@pytest.mark.parametrize("name", CASES)
def test_a_build_writes_the_expected_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    """The command line gives the expected exit code, words, lock and report."""
    shutil.copytree(GOLDEN / name, tmp_path / name, ignore=shutil.ignore_patterns("expected"))
    monkeypatch.chdir(tmp_path / name)
    arguments = (GOLDEN / name / "command.txt").read_text().split() if (GOLDEN / name / "command.txt").exists() else []
    code = run(arguments or ["build", "spec.yaml"])
    captured = capfd.readouterr()
    found = {"output.txt": _without_seconds(f"exit {int(code)}\n--- stdout\n{captured.out}--- stderr\n{captured.err}")}
    found |= {one: Path(one).read_text() for one in WRITTEN if Path(one).exists()}
    folder = GOLDEN / name / "expected"
    if update_golden:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file, text in found.items():
            (folder / file).write_text(text)
    expected = {path.name: path.read_text() for path in folder.iterdir()}
    assert found == expected


def _without_seconds(text: str) -> str:
    """The one thing in the output that a clock decides."""
    import re

    return re.sub(r"in \d+\.\d s", "in N s", text)
