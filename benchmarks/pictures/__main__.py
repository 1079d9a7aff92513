"""Write the pictures of `docs/measures.md`, and the tables of the figures in them: `make pictures`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.pictures.draw import draw, shown
from benchmarks.pictures.insets import drawn
from benchmarks.pictures.sets import Line, examples

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "measures.md"
ANSWERS = {"fail": "**fail**", "not known": "not known", "pass": "pass"}


def written() -> dict[str, str]:
    """Return every file that this command writes, by its path under `docs/`."""
    files: dict[str, str] = {}
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    found = examples()
    for name, example in found.items():
        files[f"pictures/measures-{name}.svg"], lines = draw(name, example)
        block = re.compile(rf"(<!-- pictured {name}[^>]*-->\n).*?(<!-- end pictured -->)", re.DOTALL)
        table = "\n".join(_table(lines))
        page = block.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page)
    insets = {f"pictures/measures-{name}.svg": made for name, made in drawn(found).items()}
    return {**files, **insets, PAGE: page}


def _table(lines: list[Line]) -> list[str]:
    rows = ["| measured here | good | bad | seeds | gate on the bad one |", "|---|---:|---:|---:|---|"]
    for one in lines:
        said = one.said[1]
        answer = f"{ANSWERS.get(said.status, '–')}, {said.bound}" if said else "none"
        seeds = "–" if one.bad.baseline is None else shown(one.bad.baseline)
        name, _, rest = one.name.partition(" ")
        figures = [f"{shown(row.value)}{'' if row.p is None else f' (p {row.p:.3f})'}" for row in (one.good, one.bad)]
        rows.append(f"| {name}{f' ({rest})' if rest else ''} | {' | '.join(figures)} | {seeds} | {answer} |")
    return rows


def main() -> int:
    """Write what changed."""
    for path, text in written().items():
        file = DOCS / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote docs/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
