"""The files that `evalspec init --ci` writes: two workflows, what they install, and advice for `.gitattributes`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import click

from evalspec import __version__
from evalspec.edges.files import exists, read_text, write_atomic
from evalspec.edges.package import read_text as read_package_text

REQUIREMENT = f"evalspec=={__version__}"
ATTRIBUTES = ".gitattributes"
REQUIREMENTS = os.path.join(".github", "evalspec-requirements.txt")
WORKFLOWS = tuple(os.path.join(".github", "workflows", f"evalspec-{name}.yml") for name in ("check", "build"))

State = Literal["written", "unchanged", "kept", "advised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CiFile:
    """One file of `--ci`, and what became of it: `kept` is another text that stands there already."""

    path: str
    state: State
    text: str


def write_ci(requirement: str, *, replace: bool) -> tuple[CiFile, ...]:
    """Write the files below the working folder; what stands there with another text stays unless `replace`.

    `.gitattributes` is the team's own file: it is written only when there is none and `replace` was said, else the
    lines are shown.
    """
    if not requirement.strip() or "\n" in requirement or "\r" in requirement:
        raise click.UsageError("--requirement is one line that pip understands, such as `evalspec==0.1.0`")
    made = [(path, read_package_text(f"ci/{os.path.basename(path)}")) for path in WORKFLOWS]
    pins = read_package_text("ci/evalspec-requirements.txt").replace("{requirement}", requirement.strip())
    files = [_write(path, text, replace=replace) for path, text in [*made, (REQUIREMENTS, pins)]]
    return (*files, _attributes(write=replace))


def shown_ci(files: tuple[CiFile, ...]) -> tuple[str, ...]:
    """Say what became of each file, and show the lines that are only advised."""
    lines = []
    for one in files:
        if one.state == "advised":
            lines.append(f"add to {one.path}:")
            lines += [f"  {line}" for line in one.text.splitlines()]
        else:
            lines.append(f"{_WORDS[one.state]} {one.path}")
    return tuple(lines)


_WORDS = {"written": "wrote", "unchanged": "unchanged", "kept": "kept, since it differs (--yes replaces it):"}


def _write(path: str, text: str, *, replace: bool) -> CiFile:
    if exists(path):
        if read_text(path, root=os.curdir) == text:
            return CiFile(path=path, state="unchanged", text=text)
        if not replace:
            return CiFile(path=path, state="kept", text=text)
    write_atomic(path, text, root=os.curdir)
    return CiFile(path=path, state="written", text=text)


def _attributes(*, write: bool) -> CiFile:
    text = read_package_text("ci/gitattributes")
    if exists(ATTRIBUTES):
        standing = set(read_text(ATTRIBUTES, root=os.curdir).splitlines())
        wanted = [line for line in text.splitlines() if not line.startswith("#")]
        missing = [line for line in wanted if line not in standing]
        state: State = "advised" if missing else "unchanged"
        return CiFile(path=ATTRIBUTES, state=state, text="\n".join(missing) + "\n" if missing else text)
    if not write:
        return CiFile(path=ATTRIBUTES, state="advised", text=text)
    return _write(ATTRIBUTES, text, replace=False)
