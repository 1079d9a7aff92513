"""The console blocks of a page, run as a reader would run them, and what was printed beside what the page shows.

How a page is written, so that it can be run:

- A page is one session in one folder. `<!-- console: an empty folder -->` at its top starts it with nothing, `... and
  FILE` with one file of docs/; any other page starts in a copy of this repository with a clean branch `main`, which is
  `origin/main` as well.
- In a `console` block every line that starts with `$ ` is a command, and what follows is what it printed, on stdout and
  stderr. `…` alone on a line stands for any lines, inside a line for any text. Seconds, and dates that are today's,
  may differ.
- In an `sh` block every line is a command, which has to succeed; nothing is compared.
- `<!-- file: PATH -->` before a block says that the reader saves it there; `<!-- edit: PATH -->` before a `diff` block,
  that the reader makes this change.
- `<!-- not run: REASON -->` before a block says that nobody can run it here: REASONS below.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Why a block is not run; each page's number of them is limited in test_console.py.
REASONS = frozenset({"network", "model", "runner", "placeholder", "slow", "data"})
SECONDS = 120
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- (file|edit|not run): ([^>]+?) -->\n+\Z")
_PLACE = re.compile(r"^<!-- console: (.+?) -->$", re.MULTILINE)
_LOOSE = re.compile(r"…|\b\d+\.\d s\b|\b20\d\d-\d\d-\d\d\b")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its lines, the line of the page it starts at, and the mark before it."""

    language: str
    text: str
    line: int
    mark: str = ""
    about: str = ""

    @property
    def commands(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each command with the lines that the page shows below it; a line that ends with a backslash goes on."""
        found: list[tuple[str, list[str]]] = []
        joined = re.sub(r"\\\n(?:> )?", "", self.text)
        for line in joined.splitlines():
            if self.language == "sh":
                if line.strip() and not line.startswith("#"):
                    found.append((line, []))
            elif line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line)
            else:
                raise AssertionError(f"line {self.line}: a console block starts with a command")
        return tuple((command, tuple(lines)) for command, lines in found)


def blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a page that a reader runs or saves, in order."""
    found = []
    for match in _BLOCK.finditer(text):
        marked = _MARK.search(text[: match.start()])
        mark, about = marked.groups() if marked else ("", "")
        if mark or match.group(1) in ("console", "sh"):
            line = text[: match.start()].count("\n") + 1
            found.append(Block(match.group(1), match.group(2), line, mark, about))
    return tuple(found)


def not_run(text: str) -> list[str]:
    """Return the reasons of the blocks that are not run."""
    return [block.about for block in blocks(text) if block.mark == "not run"]


def differences(text: str, folder: Path) -> Iterator[str]:
    """Play a page in a folder of its own and yield what is not as the page shows it."""
    place = _PLACE.search(text)
    settings = _prepare(folder, place.group(1) if place else "")
    work = folder / "work"
    for block in blocks(text):
        if block.mark == "not run":
            continue
        if block.mark == "file":
            (work / block.about).parent.mkdir(parents=True, exist_ok=True)
            (work / block.about).write_text(block.text, "utf-8")
            continue
        if block.mark == "edit":
            _edit(work / block.about, block)
            continue
        for command, expected in block.commands:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=work,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            )
            printed = done.stdout.decode("utf-8", "replace")
            wrong = "E999" in printed or (
                done.returncode != 0 if block.language == "sh" else not shown(expected, printed)
            )
            if wrong:
                yield f"line {block.line}: $ {command}\nexit {done.returncode}, printed:\n{printed}"


def shown(expected: tuple[str, ...], printed: str) -> bool:
    """Whether a command printed what a page shows of it; blank lines at the end of either do not count."""
    pattern = ""
    for line in "\n".join(expected).rstrip().splitlines():
        pattern += r"(?:.*\n)*?" if line == "…" else _loose(line) + r"[ ]*\n"
    return re.fullmatch(pattern + r"\s*", printed.rstrip() + "\n") is not None


def _loose(line: str) -> str:
    out, at = "", 0
    today = re.escape(datetime.date.today().isoformat())
    for found in _LOOSE.finditer(line):
        out += re.escape(line[at : found.start()])
        if found.group() == "…":
            out += r"[^\n]*"
        elif found.group().endswith(" s"):
            out += r"\d+\.\d s"
        else:
            out += f"(?:{re.escape(found.group())}|{today})"
        at = found.end()
    return out + re.escape(line[at:].rstrip())


def _edit(path: Path, block: Block) -> None:
    """Make the change of a `diff` block: its lines without `+` stand in the file once, and become those without `-`."""
    lines = block.text.splitlines()
    assert all(line[:1] in (" ", "+", "-") for line in lines), f"line {block.line}: a line of a diff starts with + or -"
    for hunk in _hunks(lines):
        before = "".join(f"{line[1:]}\n" for line in hunk if line[0] != "+")
        after = "".join(f"{line[1:]}\n" for line in hunk if line[0] != "-")
        text = path.read_text("utf-8")
        assert text.count(before) == 1, (
            f"line {block.line}: stands {text.count(before)} times in {path.name}:\n{before}"
        )
        path.write_text(text.replace(before, after), "utf-8")


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """Cut a diff where a line is taken out after one was put in: pages show the changed lines alone."""
    hunk: list[str] = []
    for line in lines:
        if hunk and line[0] != "+" and hunk[-1][0] == "+":
            yield hunk
            hunk = []
        hunk.append(line)
    yield hunk


def _prepare(folder: Path, place: str) -> Mapping[str, str]:
    """Make the reader's folder and return the environment of the reader's shell."""
    for name in ("bin", "home", "work"):
        (folder / name).mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    program = folder / "bin" / "evalspec"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -P -m evalspec \"$@\"\n", "utf-8")
    program.chmod(0o755)
    settings = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    identity = "[user]\n name = Rosa\n email = rosa@example.com\n[init]\n defaultBranch = main\n"
    (folder / "home" / ".gitconfig").write_text(identity, "utf-8")
    if place:
        assert place.startswith("an empty folder"), place
        for name in place.split(" and ")[1:]:
            shutil.copy(ROOT / "docs" / name, folder / "work")
        return settings
    for name in ("specs", "docs", "schemas", "benchmarks/README.md", ".gitignore", "README.md"):
        source, target = ROOT / name, folder / "work" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".evalspec", "results", "*.partial.*"))
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "As released"],
        ["commit", "-q", "--allow-empty", "-m", "Something else"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run(["git", *command], cwd=folder / "work", env=settings, check=True)
    return settings
