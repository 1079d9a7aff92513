"""`evalspec score SPEC`: may this model take the other's place?"""

from __future__ import annotations

import time

import click

from evalspec.cli.arguments import DAY, PATH, number
from evalspec.cli.console import columns, diagnostics_json, emit, emit_json, print_diagnostics, say
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.terminal import safe
from evalspec.scoring.numbers import numbers
from evalspec.scoring.pages import NO_TERMINAL, as_markdown, as_text, page
from evalspec.scoring.verdict import MARGIN
from evalspec.swap import score_spec


@click.command(
    "score", epilog="Example: evalspec score specs/refund.yaml --baseline gpt-a --contender gpt-b --format markdown"
)
@click.argument("spec", type=PATH)
@click.option("--baseline", required=True, metavar="A", help="The model in use: a name, or a path to imported results.")
@click.option("--contender", required=True, metavar="B", help="The model that would take its place.")
@click.option(
    "--margin",
    type=number(0, 1),
    default=MARGIN,
    show_default=True,
    help="The loss of the real pass rate that you can bear; yours to set.",
)
@click.option("--history", "with_history", is_flag=True, help="Also the last five recorded swaps.")
@click.option("--record", is_flag=True, help="Append the verdict to NAME/results/history.jsonl.")
@click.option("--date", metavar="YYYY-MM-DD", type=DAY, help="The day of the record; default: today.")
@click.option(
    "--format",
    "how",
    type=click.Choice(["text", "markdown", "json", "github"]),
    default="text",
    show_default=True,
    help="markdown is made for a comment: nothing in it can ping, link or run; github makes problems annotations.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    spec: str,
    baseline: str,
    contender: str,
    margin: float,
    with_history: bool,
    record: bool,
    date: str | None,
    how: str,
    as_json: bool,
) -> int:
    """Compare two models on the lock of SPEC, case by case: ship, block or inconclusive.

    The real cases decide: block is a loss that chance does not explain, ship is a loss beyond the margin ruled out,
    everything else is inconclusive. Leaves with 1 on block, and on inconclusive where a launch rests on the set.
    """
    how = "json" if as_json else how
    if date is not None and not record:
        raise click.UsageError("--date is the day of a --record")
    day = (date or time.strftime("%Y-%m-%d")) if record else None
    try:
        found = score_spec(spec, baseline, contender, margin=margin, record=day)
    except EvalspecError as error:
        if how == "json":
            emit_json({"ok": False, "exit": int(error.exit), "diagnostics": diagnostics_json(error.diagnostics)})
        else:
            print_diagnostics(error.diagnostics, "github" if how == "github" else "text")
        return error.exit
    history = found.history if with_history else ()
    if how == "json":
        emit_json(numbers(found.card, history))
    elif how == "markdown":
        emit(as_markdown(page(found.card, history)).rstrip("\n"))
    else:
        text = as_text(page(found.card, history), columns() or NO_TERMINAL).rstrip("\n")
        emit("\n".join(safe(line, github=True) for line in text.split("\n")))
    if found.recorded is not None:
        say(f"recorded in {found.recorded}")
    return Exit.FINDING if found.card.blocks else Exit.OK
