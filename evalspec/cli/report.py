"""`evalspec report SPEC`: the mix report, recomputed from the lock's inputs."""

from __future__ import annotations

import click

from evalspec.cli.arguments import DAY, PATH
from evalspec.cli.console import emit, emit_json, print_diagnostics, reporting
from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.project import read_lock, run
from evalspec.stages.report import numbers
from evalspec.verification import compare


@click.command("report", epilog="Example: evalspec report specs/refund.yaml | less")
@click.argument("spec", type=PATH)
@click.option("--today", metavar="YYYY-MM-DD", type=DAY, help="Let waivers expire and seeds age as of this day.")
@reporting
def command(spec: str, today: str | None, how: str) -> int:
    """Print the mix report of SPEC's lock, recomputed; --json prints its numbers.

    A lock that is out of date is said so on stderr (exit 4), and the report is the one of today's inputs.
    """
    done = run(spec, today=today)
    if done.lock is None or done.report is None:
        problem = Diagnostic(
            code="V450",
            severity="error",
            message=f"{len(done.waiting)} picked cases wait for a person, so there is no set to report on",
            path=spec,
            hint=f"evalspec review list {spec}    or: evalspec build {spec} --partial",
            exit=Exit.FINDING,
        )
        raise BuildError([problem])
    found = read_lock(done.spec)  # before anything is printed: one that cannot be read is the answer
    if how == "json":
        emit_json(numbers(done.without_changes()))
    else:
        emit(done.report.rstrip("\n"))
    problems = [one for one in compare(done, *found) if one.code.startswith("L")] if found else []
    print_diagnostics(problems, "text" if how == "json" else how)
    return BuildError(problems).exit if problems else Exit.OK
