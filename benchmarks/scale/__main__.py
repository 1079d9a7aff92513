"""Measure and write the table: `python -m benchmarks.scale [NAME ...] [--sizes N ...] [--json]`.

What is measured goes into `results.json`; `docs/benchmarks.md` is written from that file, never by hand.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.audit import tables as audit
from benchmarks.llm.tables import read_results, section
from benchmarks.measures import near_dense, speed
from benchmarks.scale import lines, near, operators, spec_lines, startup
from benchmarks.scale.peers import ROOT

RESULTS = Path(__file__).parent / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
RUNS = {"lines": lines, "operators": operators, "near": near, "spec_lines": spec_lines, "startup": startup}
FLAT = 1.3  # how much dearer a case may be in the larger set

INTRO = """\
# Benchmarks

Written by `python -m benchmarks.scale` from `benchmarks/scale/results.json`; do not edit. Data is made by the benchmark
itself (`benchmarks/scale/data.py`), so it runs anywhere; peers live in an environment of their own that it makes. Times
are CPU seconds on one core as the kernel or the process accounts them: machines differ, and other work slows them, so
read ratios and not seconds.
"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Spell a Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def page(found: dict[str, Any]) -> str:
    """Spell the whole page from the results, those of the other benchmarks that have a section on it too."""
    parts = [INTRO]
    for name, spell in SECTIONS.items():
        if name in found:
            parts.append(spell(found[name]))
    others = [
        section(read_results()),
        near_dense.section(near_dense.read_results()),
        audit.section(audit.read_results()),
        speed.section(speed.read()),
    ]
    return "\n".join([*parts, *filter(None, others)]).rstrip("\n") + "\n"


def _lines(found: dict[str, Any]) -> str:
    rows, first = [], {}
    for row in found["rows"]:
        first.setdefault(row["command"], row)
        small = first[row["command"]]
        each, once = row["cpu"] / row["cases"] * 1000, small["cpu"] / small["cases"] * 1000
        ratio = "" if row is small else f"{each / once:.2f}"
        memory = f"{row['mb'] * 1024 / row['cases']:,.0f}"
        cells = [row["command"], f"{row['cases']:,}", f"{row['cpu']:.2f}", f"{each:.2f}", ratio]
        rows.append([*cells, f"{row['mb']:,}", memory])
    rows.sort(key=lambda row: list(first).index(row[0]))
    head = ["command", "cases", "CPU s", "ms a case", "against the smallest", "MB", "KB a case"]
    return (
        "## Cost that grows in a line\n\nA case may cost at most "
        f"{FLAT} times what it costs in the smallest set; start-up is part of every figure. Pools: seed 50 %, mutation "
        "30 %, prompted 20 %.\n\n" + table(head, rows)
    )


def _operators(found: dict[str, Any]) -> str:
    rows = [
        [
            f"`{row['operator']}`",
            *(f"{row[kind]:,.0f}" for kind in ("alone", "protected", "whole")),
            row["peer"] or "none",
            f"{row['peer_rate']:,.0f}" if row["peer_rate"] else "",
            f"{row['alone'] / row['peer_rate']:.1f}" if row["peer_rate"] else "",
        ]
        for row in found["rows"]
    ]
    head = [
        "operator",
        "alone",
        "with protected spans",
        "guarded, as in a build",
        "nlpaug",
        "texts/s",
        "alone / nlpaug",
    ]
    return (
        f"## Mutation operators, texts a CPU second\n\n{found['texts']:,} messages of about 20 words; every text has "
        "its own random stream, so neither order nor parallel work changes a result. Guards find what may not change "
        "and check afterwards that no number or fact is lost; nlpaug has none.\n\n" + table(head, rows)
    )


def _near(found: dict[str, Any]) -> str:
    rows = [
        [
            row["name"],
            f"{row['texts']:,}",
            f"{row['cpu_seconds']:.2f}",
            f"{row['cpu_seconds'] / row['texts'] * 1e6:,.0f}",
            f"{row['recall']:.3f}",
            f"{row['false']:,} of {row['contrasts']:,}",
        ]
        for row in found["rows"]
    ]
    close = found["close"]
    head = ["method", "texts", "CPU s", "microseconds a text", "planted noise found", "contrasts removed"]
    return (
        "## Lexical near-duplicates, first one stays\n\nNoise is case, marks, a courtesy word, or one slip in a "
        "word; a contrast changes one digit or one word that matters, and must stay. What ours leaves of the noise "
        "are slips in courtesy words and slips whose form stands in other texts too (`charged`, `changed`). Against "
        f"brute force: of {close['pairs']:,} pairs that rapidfuzz finds at a ratio of 95 among {close['texts']:,} "
        f"texts, the rule calls {close['noise_only']:,} duplicates; the index finds {close['found']:,} of these.\n\n"
        + table(head, rows)
    )


def _spec_lines(found: dict[str, Any]) -> str:
    rows = [
        [row["name"], f"{row['parse']:.0f}", f"{row['validate']:.0f}", f"{row['parse'] + row['validate']:.0f}"]
        for row in found["rows"]
    ]
    head = ["reader", "parse, ms", "validate, ms", "both"]
    return f"## A spec of {found['lines']:,} lines\n\n" + table(head, rows)


def _startup(found: dict[str, Any]) -> str:
    base = next(row["cpu"] for row in found["rows"] if "click" in row["name"])
    rows = [[f"`{row['name']}`", f"{row['cpu']:.3f}", f"{row['cpu'] / base:.1f}"] for row in found["rows"]]
    return "## Start-up\n\n" + table(["command", "CPU s", "against import click"], rows)


SECTIONS = {
    "lines": _lines,
    "operators": _operators,
    "near": _near,
    "spec_lines": _spec_lines,
    "startup": _startup,
}


def main() -> None:
    """Measure what was asked for, keep it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RUNS)}; all when none is named")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(lines.SIZES), help="cases, for `lines`")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page again")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    asked = parser.parse_args()
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in () if asked.page else asked.names or RUNS:
        found[name] = RUNS[name].run(asked.sizes) if name == "lines" else RUNS[name].run()
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(found), "utf-8")
    if asked.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
