"""Determinism: the same inputs give the same bytes, whatever surrounds the build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.torture.ground import lay, must
from tests.torture.processes import ROOT, SECONDS, Done, warm
from tests.torture.suites import Effort, Tally, suite
from tests.torture.surroundings import (
    Combination,
    Surroundings,
    pairwise,
    prefix,
    reorder,
    survey,
    uncovered,
    variables,
)

NAMES = {"plain": b"checkout", "blank and ü": "ein ü".encode(), "no UTF-8": b"caf\xe9"}
TEXTS = (".jsonl", ".yaml", ".md", ".json")


@dataclass(frozen=True)
class Project:
    """A spec with its inputs, and the bytes that it must give."""

    name: str
    folder: Path
    wanted: Mapping[str, bytes]  # lock and report
    snapshot: bytes  # what an import of its raw rows gives


@suite("determinism", "Determinism: the same bytes, whatever surrounds the build")
def determinism(effort: Effort, folder: Path) -> list[Tally]:
    """Build, verify and import under combinations in which every two circumstances meet."""
    found = survey(folder / "survey", full=effort.full)
    projects = {one.name: one for one in _projects(effort, folder / "projects")}
    values = {**found.values, "project": list(projects)}
    chosen = pairwise(values, effort.count(240, 12), effort.dice("pairs"))
    built = Tally("`build` gives the bytes of lock and report that it gave here and now")
    verified = Tally("`verify` finds nothing to say about them")
    imported = Tally("`import` gives the snapshot that it gave here and now, from rows in any order")
    for number, one in enumerate(chosen):
        _try(number, one, projects[one["project"]], found, folder / "try", effort, (built, verified, imported))
    counts = {name: Counter(one[name] for one in chosen) for name in values}
    built.figures = {name: ", ".join(f"{value} {n}" for value, n in sorted(c.items())) for name, c in counts.items()}
    built.figures["pairs of values that did not meet"] = str(uncovered(values, chosen))
    skipped = [
        Tally(f"the same bytes under other values of: {name}", skipped=why) for name, why in found.missing.items()
    ]
    return [built, verified, imported, *skipped]


def _projects(effort: Effort, folder: Path) -> list[Project]:
    """The small project and the examples, each with the lock and report that it gives here and now."""
    made = []
    with warm() as server:
        lay(folder / "small", server)
        for name in ("clinic_chat", "library", "refund") if effort.full else ("clinic_chat",):
            shutil.copytree(ROOT / "specs" / name, folder / name / name)
            shutil.copy(ROOT / "specs" / f"{name}.yaml", folder / name)
            shutil.copytree(ROOT / "specs" / "raw" / name, folder / name / "raw")
        for path in sorted(folder.glob("*/*.yaml")):
            must(server, path.parent, "build", path.name, "-q")
            names = (f"{path.stem}.lock.json", f"{path.stem}.report.md")
            wanted = {one: (path.parent / one).read_bytes() for one in names}
            shutil.rmtree(path.parent / ".evalspec", ignore_errors=True)
            shutil.copytree(path.parent, folder / "import")
            snapshot, raw_path = _import_of(path.stem)
            must(server, folder / "import", "import", path.name, "production", "--from", raw_path)
            made.append(Project(path.stem, path.parent, wanted, (folder / "import" / snapshot).read_bytes()))
            shutil.rmtree(folder / "import")
    return made


def _try(
    number: int,
    one: Combination,
    project: Project,
    found: Surroundings,
    folder: Path,
    effort: Effort,
    tallies: tuple[Tally, Tally, Tally],
) -> None:
    """Lay the checkout out as the combination says, build, verify, import, and compare bytes."""
    built, verified, imported = tallies
    shutil.rmtree(os.fsencode(folder), ignore_errors=True)
    place = os.path.join(os.fsencode(folder), NAMES[one["folder's name"]])
    _lay_out(number, one, project, place, effort)
    spec = f"{project.name}.yaml"
    where = f"try {number} {dict(one)}"

    done = _run(one, found, place, "build", spec, "--wave", one["wave"], "-q")
    bytes_now = {name: _read(place, name) for name in project.wanted}
    other = [name for name, raw in project.wanted.items() if bytes_now[name] != raw]
    built.hold(done.code == 0 and not other, f"{where}: {done}; other bytes: {other}")

    if not effort.full and number % 3:
        return
    if one["line ends"] == "CRLF":
        for name in project.wanted:
            _write(place, name, _read(place, name).replace(b"\n", b"\r\n"))
    done = _run(one, found, place, "verify", spec)
    verified.hold(done.code == 0, f"{where}: {done}")

    snapshot, raw_path = _import_of(project.name)
    done = _run(one, found, place, "import", spec, "production", "--from", raw_path)
    imported.hold(done.code == 0 and _read(place, snapshot) == project.snapshot, f"{where}: {done}")


def _import_of(name: str) -> tuple[str, str]:
    """The snapshot of a project's production rows, and where the raw ones stand."""
    return f"{name}/production.jsonl", "raw.jsonl" if name == "small" else "raw/production.jsonl"


def _lay_out(number: int, one: Combination, project: Project, place: bytes, effort: Effort) -> None:
    """Copy the project, with its rows in another order and its line ends as git could check them out."""
    shutil.copytree(os.fsencode(project.folder), place)
    dice = effort.dice(f"rows {number}")
    for folder, _, names in os.walk(place):
        for name in map(os.fsdecode, names):
            path = os.path.join(folder, os.fsencode(name))
            with open(path, "rb") as handle:
                lines = handle.read().splitlines(keepends=True)
            if name.endswith(".jsonl"):
                # The first line of a snapshot is its header.
                head = 1 if lines and b'"snapshot"' in lines[0] else 0
                lines = lines[:head] + reorder(lines[head:], one["rows"], dice)
            raw = b"".join(lines)
            if one["line ends"] == "CRLF" and name.endswith(TEXTS):
                raw = raw.replace(b"\n", b"\r\n")
            with open(path, "wb") as handle:
                handle.write(raw)
    for name, wanted in project.wanted.items():
        if one["lock there"] == "none":
            _remove(place, name)
        elif one["lock there"] == "the same":
            _write(place, name, wanted)
        else:
            _write(place, name, _another(name, wanted))


def _another(name: str, wanted: bytes) -> bytes:
    """An older lock or report, as they stand there before most builds."""
    if not name.endswith(".json"):
        return b"# An older report\n"
    data = json.loads(wanted)
    return wanted.replace(data["root"].encode(), b"0" * len(data["root"]))


def _run(one: Combination, found: Surroundings, place: bytes, command: str, spec: str, *more: str) -> Done:
    """Run a command of evalspec as the combination says; the spec is named from the working folder."""
    folder = {"project": place, "above": os.path.dirname(place), "elsewhere": b"/"}[one["working folder"]]
    named = os.path.relpath(os.path.join(place, os.fsencode(spec)), folder)
    words: list[bytes | str] = [*prefix(one, found), command, named]
    if command == "import":
        more = (*more[:-1], os.fsdecode(os.path.relpath(os.path.join(place, os.fsencode(more[-1])), folder)))
    done = subprocess.run(
        [*words, *more],
        cwd=folder,
        env=variables(one, found),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        umask=int(one["umask"], 8),
    )
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def _read(place: bytes, name: str) -> bytes:
    try:
        with open(os.path.join(place, name.encode()), "rb") as handle:
            return handle.read()
    except FileNotFoundError:
        return b""


def _write(place: bytes, name: str, raw: bytes) -> None:
    with open(os.path.join(place, name.encode()), "wb") as handle:
        handle.write(raw)


def _remove(place: bytes, name: str) -> None:
    path = os.path.join(place, name.encode())
    if os.path.exists(path):
        os.unlink(path)
