"""`evalspec explain CODE`: what a diagnostic means and what to do; `exit-codes` lists the exit codes."""

from __future__ import annotations

import textwrap

import click

from evalspec.cli.console import emit, emit_json, examples, reporting
from evalspec.codes import CODES
from evalspec.diagnostics import did_you_mean

EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "ok"),
    (1, "finding: a gate failed, a case waits for a person, a pool could not be filled"),
    (2, "usage: the command line was wrong"),
    (3, "input invalid: spec, snapshot, ledger or another file"),
    (4, "stale: the inputs changed since the lock or snapshot was written"),
    (5, "integrity: the lock contradicts itself or its inputs"),
    (6, "provider: a model could not be reached or refused"),
    (7, "budget: the next call could pass the cap"),
    (8, "offline: a reply is missing and may not be asked for here"),
    (9, "busy: another build holds the spec"),
    (10, "environment: disk, permission, a missing extra"),
    (70, "a bug in evalspec"),
    (129, "hang-up"),
    (130, "interrupted"),
    (141, "the reader of stdout went away"),
    (143, "terminated"),
)


@click.command("explain", epilog=examples("evalspec explain S101", "evalspec explain exit-codes"))
@click.argument("code", required=False)
@reporting
def command(code: str | None, how: str) -> int:
    """Explain a diagnostic code, list all of them, or list the exit codes."""
    if code in ("exit-codes", "exit"):
        _exit_codes(how)
        return 0
    if code is None:
        _all(how)
        return 0
    found = CODES.get(code.upper())
    if found is None:
        raise click.UsageError(f"no diagnostic has the code `{code}`; {did_you_mean(code.upper(), CODES)}")
    if how == "json":
        emit_json({"code": code.upper(), "title": found.title, "text": found.text})
    else:
        body = "\n\n".join(textwrap.fill(" ".join(part.split()), 96) for part in found.text.split("\n\n"))
        emit(f"{code.upper()}: {found.title}\n\n{body}")
    return 0


def _exit_codes(how: str) -> None:
    if how == "json":
        emit_json({str(number): meaning for number, meaning in EXIT_CODES})
    else:
        emit("\n".join(f"{number:>3}  {meaning}" for number, meaning in EXIT_CODES))


def _all(how: str) -> None:
    if how == "json":
        emit_json({code: {"title": row.title, "text": row.text} for code, row in CODES.items()})
    else:
        emit("\n".join(f"{code}  {row.title}" for code, row in CODES.items()))
