"""`evalspec tape stats SPEC`: what stands on a tape, and what of it the present plan uses."""

from __future__ import annotations

import click

from evalspec.after.tape_stats import stats_data, stats_lines
from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, reporting
from evalspec.diagnostics import Exit
from evalspec.tape_use import tape_stats


@click.group("tape", no_args_is_help=True, epilog="Example: evalspec tape stats specs/refund.yaml")
def command() -> None:
    """Look at the published replies of models, NAME/tape beside the spec.

    A tape is what lets anybody build and verify a set without a key. Its files are named after the digest of their
    bytes and are never changed; the next build adds one where it asked for more.
    """


@command.command("stats", epilog="Example: evalspec tape stats specs/refund.yaml --json")
@click.argument("spec", type=PATH)
@reporting
def stats(spec: str, how: str) -> int:
    """Count the tape of SPEC: segments, replies used and not, withheld ones by reason, models, tokens and bytes.

    The build is replayed from the tape alone to see what it uses; nobody is asked, and nothing is written or deleted.
    """
    found = tape_stats(spec)
    if how == "json":
        emit_json(stats_data(found))
    else:
        emit("\n".join(stats_lines(found)))
    return Exit.OK
