"""`evalspec audit FILE`: what can be said of an eval set that evalspec did not build."""

from __future__ import annotations

import os
import sys

import click

from evalspec.audit_files import Asked, Audited, audit_files
from evalspec.auditing.fields import Told
from evalspec.auditing.numbers import numbers
from evalspec.auditing.page import WIDTH, harmless, markdown, screen
from evalspec.cli.arguments import PATH
from evalspec.cli.console import (
    Steps,
    columns,
    diagnostics_json,
    emit_json,
    emit_painted,
    examples,
    print_diagnostics,
    reporting,
    say,
)
from evalspec.diagnostics import Diagnostic, Exit, Severity
from evalspec.edges.files import write_atomic
from evalspec.edges.terminal import safe
from evalspec.model.audit import Audit

FAILING = {"never": (), "error": ("error",), "warning": ("error", "warning")}


@click.command(
    "audit",
    epilog=examples(
        "evalspec audit questions.jsonl --seeds traffic.csv",
        "evalspec audit promptfooconfig.yaml --seeds traffic.csv --training tuned.jsonl -o report.md",
    ),
)
@click.argument("file", type=PATH)
@click.option("--seeds", metavar="FILE", type=PATH, help="Real requests: what users send, to hold the set against.")
@click.option("--training", metavar="FILE", type=PATH, help="What the model was trained on: nothing of it may be here.")
@click.option("--known", metavar="FILE", type=PATH, help="What everybody has, such as a public list of attacks.")
@click.option("--text", metavar="COLUMN", help="The column with what the user asks, or with the messages of a chat.")
@click.option("--label", metavar="COLUMN", help="The column with the expected answer; `none`: there is none.")
@click.option("--origin", metavar="COLUMN", help="The column that says who wrote a case, a person or a generator.")
@click.option("--people", metavar="VALUE", multiple=True, help="A value of it that means people; `*`: any other.")
@click.option(
    "--generated", metavar="VALUE", multiple=True, help="A value of it that means a generator; `*`: any other."
)
@click.option("--verified", metavar="COLUMN", help="The column that says who checked the answer.")
@click.option("--choices", metavar="COLUMN", help="The column with the answers to choose from.")
@click.option("--seeds-text", metavar="COLUMN", help="The column with the text in the --seeds file.")
@click.option("--training-text", metavar="COLUMN", help="The column with the text in the --training file.")
@click.option("--known-text", metavar="COLUMN", help="The column with the text in the --known file.")
@click.option(
    "--embedder",
    type=click.Choice(["lexical", "minilm"]),
    default="lexical",
    show_default=True,
    help="minilm also compares meanings, at some 200 texts a second; it needs the extra `semantic`.",
)
@click.option("-o", "--markdown", "page", metavar="PATH", type=PATH, help="Also write the report as Markdown.")
@click.option(
    "--fail-on",
    type=click.Choice(list(FAILING)),
    default="never",
    show_default=True,
    help="Leave with 1 when a figure is past a bound of this severity.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@reporting
def command(
    file: str,
    seeds: str | None,
    training: str | None,
    known: str | None,
    text: str | None,
    label: str | None,
    origin: str | None,
    people: tuple[str, ...],
    generated: tuple[str, ...],
    verified: str | None,
    choices: str | None,
    seeds_text: str | None,
    training_text: str | None,
    known_text: str | None,
    embedder: str,
    page: str | None,
    fail_on: str,
    quiet: bool,
    how: str,
) -> int:
    """Say what an eval set is worth that evalspec did not build: no spec, no model, nothing leaves the machine.

    FILE is JSONL, JSON, CSV, TSV or Parquet, a config or results of promptfoo, a dataset or test run of DeepEval, a
    log of Inspect AI, samples of lm-evaluation-harness, a text with a case a line, or a lock. Columns are guessed, and
    the guess is shown; --text, --label and --origin put it right.

    Leaves with 0 whatever it finds, with 1 for what --fail-on names, 3 for a file that cannot be read, 10 for an extra
    that is missing. The keys of --json are described in docs/audit.md.
    """
    _refuse_lonely(
        ("--seeds-text", seeds_text, "--seeds", seeds),
        ("--training-text", training_text, "--training", training),
        ("--known-text", known_text, "--known", known),
    )
    told = Told(
        text=text, label=label, origin=origin, verified=verified, choices=choices, people=people, generated=generated
    )
    asked = Asked(
        path=file,
        seeds=seeds,
        training=training,
        told=told,
        seeds_text=seeds_text,
        training_text=training_text,
        known=known,
        known_text=known_text,
        embedder=embedder,
    )
    found = audit_files(asked, Steps(quiet=quiet or how == "json"))
    if page is not None:
        write_atomic(page, markdown(found.audit))
    statuses = {one.status for one in found.audit.findings}
    code = Exit.FINDING if statuses & set(FAILING[fail_on]) else Exit.OK
    _show(found, file, code, how)
    if page is not None and how == "text":
        say(f"wrote {page}")
    return code


def _refuse_lonely(*pairs: tuple[str, str | None, str, str | None]) -> None:
    for flag, value, file, given in pairs:
        if value is not None and given is None:
            raise click.UsageError(f"{flag} is about the file of {file}, which is not given")


def _show(found: Audited, path: str, code: Exit, how: str) -> None:
    if how == "json":
        outcome = {"ok": code is Exit.OK, "exit": int(code)}
        emit_json({**outcome, **numbers(found.audit), "diagnostics": diagnostics_json(found.warnings)})
        return
    if how == "github":
        print_diagnostics((*found.warnings, *_annotations(found.audit, path)), how)
        return
    print_diagnostics(found.warnings, how)
    is_dumb = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    color = sys.stdout.isatty() and not is_dumb

    def paint(text: str, tint: str) -> str:
        return f"\x1b[{tint}m{text}\x1b[0m" if color else text

    shown = harmless(found.audit, lambda text: safe(text, github=not color))
    emit_painted(screen(shown, paint, columns() or _said_width() or WIDTH).rstrip("\n"), color=color)


def _said_width() -> int | None:
    """Return what `COLUMNS` says, which counts where there is no terminal to ask."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and len(said) < 6 else None


def _annotations(audit: Audit, path: str) -> tuple[Diagnostic, ...]:
    found = []
    for one in audit.findings:
        if one.status in ("error", "warning"):
            cells = ", ".join(f"{name} {value}" for name, value in one.cells)
            words = f"{one.title}: {cells} {one.words}".strip()
            severity: Severity = "error" if one.status == "error" else "warning"
            found.append(Diagnostic(code="A807", severity=severity, message=words, path=path))
    return tuple(found)
