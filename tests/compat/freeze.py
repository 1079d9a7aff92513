"""`python -m tests.compat.freeze NEW OLD`: a new released state of a fixture, from the inputs of an earlier one.

Run it when the test beside this file says so: after ENGINE was raised, or when a version in the catalogue changed.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.stages.lock import ENGINE

FOLDER = Path(__file__).parent
TABLE = FOLDER / "engines.txt"


@dataclass(frozen=True)
class Row:
    """One line of the table: an engine, a folder, and the digest of every file in it, inputs and what was built."""

    engine: int
    name: str
    digest: str

    @property
    def folder(self) -> Path:
        """Where the fixture stands."""
        return FOLDER / self.name

    @property
    def lock(self) -> Path:
        """The lock that the engine wrote."""
        return self.folder / "spec.lock.json"


def rows(text: str | None = None) -> tuple[Row, ...]:
    """The rows of the table, or of another state of it."""
    text = TABLE.read_text("utf-8") if text is None else text
    fields = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(Row(engine=int(engine), name=name, digest=digest) for engine, name, digest in fields)


def digest_of(folder: Path) -> str:
    """The sha256 over the names and bytes of a fixture's files; what a run leaves behind is not one of them."""
    state = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and ".evalspec" not in one.parts):
        state.update(f"{path.relative_to(folder).as_posix()}\n{path.stat().st_size}\n".encode())
        state.update(path.read_bytes())
    return state.hexdigest()


def freeze(name: str) -> None:
    """Build the spec of a new folder and write its row, the last of the table."""
    folder = FOLDER / name
    if any(row.name == name for row in rows()):
        raise SystemExit(f"{name} is in the table already: a row is never written again")
    if run(["build", str(folder / "spec.yaml"), "-q"]) != Exit.OK:
        raise SystemExit(f"{name} does not build")
    shutil.rmtree(folder / ".evalspec", ignore_errors=True)
    with TABLE.open("a", encoding="utf-8") as table:
        table.write(f"{ENGINE} {name} {digest_of(folder)}\n")


if __name__ == "__main__":
    new, *old = sys.argv[1:]
    if old:
        ignored = shutil.ignore_patterns("spec.lock.json", "spec.report.md", ".evalspec")
        shutil.copytree(FOLDER / old[0], FOLDER / new, ignore=ignored)
    freeze(new)
