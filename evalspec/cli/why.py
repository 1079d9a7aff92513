"""`evalspec why SPEC NAME`: what made a case, a drop or a cell, what judged it, and what changed since a base."""

from __future__ import annotations

import click

from evalspec.after.why_data import case_data, cell_data
from evalspec.after.why_text import case_lines, cell_text
from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, reporting
from evalspec.diagnostics import Exit
from evalspec.edges.terminal import safe
from evalspec.model.why import CellWhy
from evalspec.tracing import ground_of, why


@click.command("why", epilog="Example: evalspec why specs/refund.yaml prompted.angry_escalator.delay.01")
@click.argument("spec", type=PATH)
@click.argument("name", metavar="CASE|CELL|DROP")
@click.option("--base", metavar="COMMIT", help="Say what became of it since this commit, and what that came from.")
@reporting
def command(spec: str, name: str, base: str | None, how: str) -> int:
    """Say why a CASE is in the set, why a candidate was dropped, or what a CELL owes and holds.

    For a case that a model wrote: the prompt, made again from the spec, and the reply of the tape.

    A cell is `angry_escalator.delay`, or `prompted.angry_escalator.delay` for one pool; `persona.retiree.delay` is what
    one voice writes of it; `mutation.typo` and `redteam.override` name what an operator or attack owes. Nothing is
    written.
    """
    found = why(ground_of(spec, base=base), name)
    if how == "json":
        emit_json(cell_data(found) if isinstance(found, CellWhy) else case_data(found))
        return Exit.OK
    lines = cell_text(found) if isinstance(found, CellWhy) else case_lines(found)
    emit("\n".join(safe(line, github=how == "github") for line in lines))
    return Exit.OK
