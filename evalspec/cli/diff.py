"""`evalspec diff`: what a change does to a set, for the person who reviews it."""

from __future__ import annotations

import functools
import os
import sys

import click

from evalspec.after.diff_data import diff_data
from evalspec.after.diff_markdown import markdown
from evalspec.after.diff_text import LISTED, text
from evalspec.cli.arguments import PATH
from evalspec.cli.console import diagnostics_json, emit, emit_json, emit_painted, print_diagnostics
from evalspec.comparing import compare_files, compare_revisions
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.terminal import safe
from evalspec.model.diff import Diff

EXAMPLES = """Example: evalspec diff specs/refund.yaml --base origin/main

\b
evalspec diff specs/refund.yaml main..HEAD --format markdown > comment.md
evalspec diff before.lock.json after.lock.json --exit-code
"""
RANGES = ("...", "..")  # the longer first: `a...b` holds `..` too


@click.command("diff", epilog=EXAMPLES)
@click.argument("spec", metavar="SPEC|LOCK", type=PATH)
@click.argument("other", metavar="[BASE..HEAD|LOCK]", required=False)
@click.option("--base", metavar="COMMIT", help="Compare the working tree with this commit.  [default: HEAD]")
@click.option(
    "--format",
    "how",
    type=click.Choice(["text", "markdown", "json", "github"]),
    default="text",
    show_default=True,
    help="markdown is made for a comment: nothing in it can ping, link or run; github annotates problems.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help=f"List everything; without it {LISTED} of each kind.")
@click.option("--exit-code", is_flag=True, help="Leave with 1 when something differs.")
def command(
    spec: str, other: str | None, base: str | None, how: str, as_json: bool, everything: bool, exit_code: bool
) -> int:
    """Say what differs between two states of a set, in the order in which to review it.

    First what lowers the guard: gates, model families, waivers, decisions, verified labels, review. Then cases added,
    removed, changed word by word, moved and dropped; then mix, measures and gates, each with the edit that caused it.

    SPEC compares lock, report, spec and ledger of the working tree with HEAD or --base, or two commits by BASE..HEAD;
    BASE...HEAD starts where HEAD left BASE. Two locks compare files.
    """
    how = "json" if as_json else how
    try:
        found = _found(spec, other, base)
    except EvalspecError as error:
        if how == "json":
            emit_json({"ok": False, "exit": int(error.exit), "diagnostics": diagnostics_json(error.diagnostics)})
        else:
            print_diagnostics(error.diagnostics, "github" if how == "github" else "text")
        return error.exit
    if how == "json":
        emit_json(diff_data(found))
    elif how == "markdown":
        emit(markdown(found))
    else:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        escape = functools.partial(safe, github=True)  # a log of CI reads commands out of what is printed
        emit_painted(text(found, escape, color=color, limit=None if everything else LISTED), color=color)
    return Exit.FINDING if exit_code and not found.is_empty else Exit.OK


def _found(spec: str, other: str | None, base: str | None) -> Diff:
    if spec.endswith(".json"):
        if other is None or base is not None:
            raise click.UsageError("name two locks, or a spec: evalspec diff specs/NAME.yaml --base COMMIT")
        return compare_files(spec, other)
    if other is None:
        return compare_revisions(spec, base=base or "HEAD")
    if base is not None:
        raise click.UsageError("say --base COMMIT or BASE..HEAD, not both")
    for dots in RANGES:
        start, found, end = other.partition(dots)
        if found:
            return compare_revisions(spec, base=start or "HEAD", head=end or "HEAD", since_fork=dots == "...")
    raise click.UsageError(f"`{safe(other)}` is no range; say BASE..HEAD, or --base {safe(other)} for the working tree")
