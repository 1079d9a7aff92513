"""What was measured, as Markdown: the whole section for docs/benchmarks.md, and the short table of the README."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
BEGIN = "<!-- begin side by side, written by python -m benchmarks.llm -->"
END = "<!-- end side by side -->"
SHORT = ("evalspec", "asking", "bare", "litellm", "curator", "datadesigner", "distilabel", "ragas")

INTRO = """\
## Side by side: {count:,} prompts, {jobs} at once, {milliseconds:.0f} ms each

Written by `python -m benchmarks.llm` from `benchmarks/llm/results.json`. One server on this machine answers every
question after the same time; it is a process of its own, and knows from the question which answer is the right one.
Every peer has an environment of its own and is driven by its public interface (`benchmarks/llm/peers/`), start-up
included; telemetry and downloads are off. Ideal is {ideal:.2f} s: {count:,} / {jobs} x {milliseconds:.0f} ms. The wall
is the median of the runs that stand in brackets (of two, the faster), taken in turns with those of the others; CPU and
memory are of the same run, all processes together. The machine has {cores} cores and was doing other work (load
{load:.0f}; a busy loop got {share:.0%} of a core), which makes every wall longer, and longer for who needs more CPU:
read ratios within a column, and CPU before walls. Counts do not depend on it.

Two rows are evalspec's. *Asking alone* is what the peers' rows are: questions in, replies out, each reply durable
before it is used. *Build* is the whole command, with everything that the peers do not do: a spec of some thousand
lines read and checked, the grid, screens, near-duplicates, measures, gates, tape, lock and report.
"""
CHANGES = """\
### Again, one prompt changed, killed half-way, faults

*Again*: the same command once more. *Changed*: one prompt of {count:,} is another; right is one question and the new
answer. *Killed*: SIGKILL when {half:,} replies are out, then run again; *asked twice* counts prompts that were asked
in both runs, *delivered before* those of them whose reply had left the server in whole, which is not to say that the
client had read it. *Faults*: 5 % of the prompts meet a 429 (`Retry-After: 1`), 2 % a 500 and 1 % a body cut in half,
each once and the same prompts for everybody; usable is what came out with the right text.
"""
MANY = """\
### A thousand at once

{count:,} prompts, {jobs:,} at once, {seconds:.0f} s each; ideal {ideal:.1f} s. Two seconds because a thousand at 200 ms
would be 5,000 replies a second, more than the server here can give. evalspec asks one question first, then 64 at once,
and doubles that four times a second while nothing fails. The other peers, and the whole build, were not run at this
size.
"""


def read_results() -> dict[str, Any]:
    """Return what has been measured, or nothing."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def section(found: dict[str, Any]) -> str:
    """Spell the section of docs/benchmarks.md."""
    if not found:
        return ""
    given, rows = found["settings"], found["rows"]
    runs = [run for row in rows.values() for run in row.get("cold", [])]
    values = {
        "count": given["count"],
        "jobs": given["jobs"],
        "milliseconds": given["latency"] * 1000,
        "ideal": ideal(given),
        "cores": given["cores"],
        "load": median(run["load"] for run in runs),
        "share": median(run["share"] for run in runs),
        "half": given["count"] // 2,
    }
    parts = [
        INTRO.format(**values),
        f"{measured(rows)}\n",
        _cold(rows, given),
        CHANGES.format(**values),
        _changes(rows),
        _remarks(rows),
    ]
    if any("many" in row for row in rows.values()):
        many = given["many"]
        text = MANY.format(count=many["count"], jobs=many["jobs"], seconds=many["latency"], ideal=ideal(many))
        parts += [text, _many(rows, many)]
    return "\n".join(part for part in parts if part)


def short(found: dict[str, Any]) -> str:
    """Spell the README's table, markers included."""
    rows, given = found["rows"], found["settings"]
    head = ["", "first run, x ideal", "CPU s", "again: asked", "1 changed: asked", "killed: asked twice"]
    head += ["faults: usable"]
    body = []
    for name in SHORT:
        row = rows.get(name, {})
        if "problem" in row or "cold" not in row:
            continue
        cells = [row["name"], _ratio(row, ideal(given)), f"{_middle(row['cold'])['cpu']:.1f}", *_short_changes(row)]
        body.append(cells)
    return f"{BEGIN}\n{_table(head, body)}\n{measured(rows)}\n{END}"


def measured(rows: dict[str, Any]) -> str:
    """Say when each row was measured, and at which commit of this repository."""
    when: dict[str, list[str]] = {}
    for row in rows.values():
        if "cold" in row:
            when.setdefault(row.get("measured", "at a time that nobody noted"), []).append(row["name"])
    if len(when) == 1:
        return f"Measured {next(iter(when))}."
    return "Measured " + "; ".join(f"{time}: {', '.join(names)}" for time, names in when.items()) + "."


def ideal(given: dict[str, Any]) -> float:
    """Return the seconds that no client can beat."""
    return float(given["count"] / given["jobs"] * given["latency"])


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: run["wall"])[(len(runs) - 1) // 2]


def _ratio(row: dict[str, Any], best: float) -> str:
    run = _middle(row["cold"])
    return f"{run['wall'] / best:.2f}" if run["code"] == 0 else _ended(run)


def _cold(rows: dict[str, Any], given: dict[str, Any]) -> str:
    bare = _middle(rows["bare"]["cold"])["wall"] if "cold" in rows.get("bare", {}) else None
    head = ["", "version", "wall s", "x ideal", "x bare client", "CPU s", "ms CPU a call", "MB", "sent", "usable"]
    body = []
    for row in rows.values():
        if "cold" not in row:
            body.append([row["name"], row.get("problem", "not run"), *[""] * (len(head) - 2)])
            continue
        run = _middle(row["cold"])
        walls = ", ".join(f"{one['wall']:.1f}" for one in sorted(row["cold"], key=lambda one: one["wall"]))
        against = f"{run['wall'] / bare:.2f}" if bare else ""
        cells = [row["name"], row["version"], f"{run['wall']:.1f} ({walls})", _ratio(row, ideal(given)), against]
        cells += [f"{run['cpu']:.1f}", f"{run['cpu'] / given['count'] * 1000:.2f}", f"{run['mb']}"]
        body.append([*cells, f"{run['sent']:,}", f"{run['usable']:,}"])
    return _table(head, body)


def _changes(rows: dict[str, Any]) -> str:
    head = ["", "again: sent", "wall s", "CPU s", "changed: sent", "its answer", "killed: sent", "again", "asked twice"]
    head += ["delivered before", "usable", "faults: sent", "injected", "usable", "wall s"]
    body = []
    for row in rows.values():
        cells = [row["name"]]
        again, changed, killed, faults = (row.get(name) for name in ("again", "changed", "killed", "faults"))
        cells += [f"{again['sent']:,}", f"{again['wall']:.1f}", f"{again['cpu']:.1f}"] if again else ["", "", ""]
        cells += [f"{changed['sent']:,}", "new" if changed["new"] else "**old**"] if changed else ["", ""]
        if killed:
            counts = [f"{killed[name]:,}" for name in ("before", "sent", "twice", "delivered_twice", "usable")]
            counts[4] += _mark(killed)
            cells += counts
        else:
            cells += [""] * 5
        if faults:
            cells += [f"{faults['sent']:,}", f"{faults['faults']:,}", f"{faults['usable']:,}{_mark(faults)}"]
            cells += [f"{faults['wall']:.1f}"]
        else:
            cells += [""] * 4
        body.append(cells)
    return _table(head, body)


def _short_changes(row: dict[str, Any]) -> list[str]:
    again, changed, killed, faults = (row.get(name) for name in ("again", "changed", "killed", "faults"))
    cells = [f"{again['sent']:,}" if again else ""]
    cells += [f"{changed['sent']:,}" + ("" if changed["new"] else ", old answer") if changed else ""]
    cells += [(_ended(killed) if killed["code"] else f"{killed['twice']:,}") if killed else ""]
    if not faults:
        return [*cells, ""]
    how = _mark(faults) if faults["code"] else f" in {faults['wall']:.0f} s"
    return [*cells, f"{faults['usable']:,}{how}"]


def _many(rows: dict[str, Any], many: dict[str, Any]) -> str:
    head = ["", "wall s", "x ideal", "CPU s", "MB", "most open", "sent", "usable"]
    body = []
    for row in rows.values():
        if "many" not in row:
            continue
        run = row["many"]
        ratio = f"{run['wall'] / ideal(many):.2f}" if run["code"] == 0 else _ended(run)
        cells = [row["name"], f"{run['wall']:.1f}", ratio, f"{run['cpu']:.1f}", f"{run['mb']}"]
        body.append([*cells, f"{run['most_open']:,}", f"{run['sent']:,}", f"{run['usable']:,}"])
    return _table(head, body)


def _remarks(rows: dict[str, Any]) -> str:
    """Spell how the runs ended that did not end well."""
    lines = []
    for row in rows.values():
        for phase in ("again", "changed", "killed", "faults", "many"):
            run = row.get(phase)
            if run and run["code"]:
                said = [line.strip() for line in run.get("said", "").splitlines() if line.strip()]
                last = said[-1].replace("`", "'").replace("|", "/")[:160] if said else "nothing"
                lines.append(f"- {row['name']}, {phase}: {_ended(run)}; the last it said: `{last}`")
    return "\n".join(lines) + "\n" if lines else ""


def _ended(run: dict[str, Any]) -> str:
    if run["has_hung"]:
        how = "not done" if run["sent"] else "hangs, nothing sent"
        return f"{how} after {run['wall']:.0f} s, killed"
    return f"fails (exit {run['code']})"


def _mark(run: dict[str, Any]) -> str:
    return f", {_ended(run)}" if run["code"] else ""
