"""A directory is a test: `tests/golden/NAME` is built through the command line and held against its expected files.

`spec.yaml` and what it names are the input. `command.txt` lists command lines, the last of which is the test; without
it the spec is built. Before the last one a line may be `edit FILE | OLD | NEW`, for what a person or an accident does
to a file. `expected/` holds `output.txt` (exit code, stdout, stderr of the last command) and every file that the last
command wrote, so that a file which should not have been touched shows. `pytest --update-golden` rewrites them.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from evalspec.cli import run

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if (path / "spec.yaml").is_file())
# Never committed: who holds the build, and what the last one hung on. What stands beside it (`failed/`) is shown.
NOT_SHOWN = (".evalspec/.gitignore", ".evalspec/spec/busy", ".evalspec/cache/")


def test_there_are_golden_directories() -> None:
    """The harness finds its inputs: an empty folder would pass everything, and one without a spec would be ignored."""
    assert len(CASES) >= 20
    assert sorted(path.name for path in GOLDEN.iterdir()) == CASES


@pytest.mark.parametrize("name", CASES)
def test_a_build_writes_the_expected_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    """The command line gives the expected exit code and words, and writes the expected files and no others."""
    here = tmp_path / name
    shutil.copytree(GOLDEN / name, here, ignore=shutil.ignore_patterns("expected"))
    monkeypatch.chdir(here)
    *before, last = _lines(GOLDEN / name / "command.txt")
    for line in before:
        _prepare(line)
    capfd.readouterr()
    standing = _texts(here)

    code = run(shlex.split(last))

    captured = capfd.readouterr()
    written = {file: text for file, text in _texts(here).items() if standing.get(file) != text}
    found = {"output.txt": _without_seconds(f"exit {int(code)}\n--- stdout\n{captured.out}--- stderr\n{captured.err}")}
    found |= {file.replace(".evalspec/spec/", ""): text for file, text in written.items()}
    folder = GOLDEN / name / "expected"
    if update_golden:
        _write(folder, found)
    assert standing.keys() <= _texts(here).keys()
    assert found == _texts(folder)


def _lines(file: Path) -> list[str]:
    """The command lines of a directory; a line that starts with # says why."""
    if not file.exists():
        return ["build spec.yaml"]
    return [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def _prepare(line: str) -> None:
    """Run what comes before the test: it must work, and an edit must find what it replaces exactly once."""
    if line.startswith("edit "):
        file, old, new = (part.strip() for part in line.removeprefix("edit ").split(" | "))
        text = Path(file).read_text("utf-8")
        assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in {file}"
        Path(file).write_text(text.replace(old, new), "utf-8")
    else:
        assert run(shlex.split(line)) == 0, line


def _texts(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8")
        for path in files
        if not str(path.relative_to(folder)).startswith(NOT_SHOWN)
    }


def _write(folder: Path, found: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for file, text in found.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(text.encode("utf-8"))


def _without_seconds(text: str) -> str:
    """Leave out the one thing in the output that a clock decides."""
    return re.sub(r"in \d+\.\d s", "in N s", text)
