"""What every command shares: where output goes, progress, and problems in the format that was asked for."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalspec.diagnostics import Diagnostic, EvalspecError
from evalspec.edges.files import read_bytes
from evalspec.edges.project_folder import root_of
from evalspec.edges.secrets import held_secrets, masked
from evalspec.edges.terminal import render_github, render_json, render_text, safe, safe_json, unread

if TYPE_CHECKING:
    from evalspec.edges.models.count import Count

Command = TypeVar("Command", bound=Callable[..., Any])
SECONDS_BETWEEN_LINES = 5.0  # of progress where there is no terminal
SECONDS_BETWEEN_MOVES = 0.1  # of a line that moves
MILLIONTHS = 1_000_000  # of a dollar, in which money is counted


def examples(*lines: str) -> str:
    """Spell the end of a help text: command lines below each other, which click would else run together."""
    return "\b\n" + "\n".join(f"{'Example: ' if at == 0 else '         '}{line}" for at, line in enumerate(lines))


def say(text: str = "") -> None:
    """Print lines to stderr, with everything a terminal or a runner could act on escaped and every key blotted out."""
    click.echo(_harmless(text), err=True)


def emit(text: str) -> None:
    """Print lines of data to stdout, escaped in the same way."""
    click.echo(_harmless(text))


def emit_painted(text: str, *, color: bool) -> None:
    """Print lines to stdout whose foreign words are escaped already, since what is between them is paint."""
    click.echo(masked(text), color=color)


def columns() -> int | None:
    """Return how wide the terminal is that stdout goes to; None where it goes to a file or another program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def emit_json(value: object) -> None:
    """Print one JSON document to stdout; what could act on a terminal is spelled as an escape of JSON."""
    shown = _without_keys(value, held_secrets())
    click.echo(safe_json(json.dumps(shown, ensure_ascii=False, indent=2, allow_nan=False)))


def _harmless(text: str) -> str:
    lines = (safe(line) for line in masked(text).split("\n"))
    return "\n".join(unread(line) if _is_on_a_runner() else line for line in lines)


def _is_on_a_runner() -> bool:
    return os.environ.get("GITHUB_ACTIONS", "") not in ("", "false")


def _without_keys(value: object, held: Sequence[str]) -> object:
    if isinstance(value, str):
        return masked(value, held)
    if isinstance(value, Mapping):
        return {_without_keys(name, held): _without_keys(one, held) for name, one in value.items()}
    return [_without_keys(one, held) for one in value] if isinstance(value, list | tuple) else value


def print_diagnostics(diagnostics: Iterable[Diagnostic], how: str) -> None:
    """Print problems: text to stderr, GitHub annotations to stdout, where the runner reads them."""
    found = tuple(diagnostics)
    if not found:
        return
    if how == "github":
        click.echo(masked(render_github(found)), nl=False)
    else:
        color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        page = render_text(found, _read, color=color, github=_is_on_a_runner())
        click.echo(masked(page), err=True, color=color, nl=False)


def shown(diagnostics: Iterable[Diagnostic], how: str) -> tuple[Diagnostic, ...]:
    """Leave out of a text what decides nothing: gates past their bound without evidence stand in one line above."""
    return tuple(one for one in diagnostics if how != "text" or one.code != "G402")


def _read(path: str) -> str | None:
    # A spec may be shown; a row of data may be private, and CI keeps its logs.
    if not path.endswith((".yaml", ".yml")):
        return None
    try:
        return read_bytes(path, root=root_of(path), limit=1 << 20).decode("utf-8", "replace")
    except EvalspecError:
        return None


def diagnostics_json(diagnostics: Iterable[Diagnostic]) -> object:
    """Return problems as JSON data."""
    return json.loads(render_json(tuple(diagnostics)))


def reporting(command: Command) -> Command:
    """Give a command `--format` and `--json`, and print its problems in that form with the right exit code.

    The command gets `how` (text, json or github) and returns its exit code.
    """

    @click.option(
        "--format",
        "how",
        type=click.Choice(["text", "json", "github"]),
        default="text",
        show_default=True,
        help="How problems are printed; github makes annotations.",
    )
    @click.option("--json", "as_json", is_flag=True, help="The result as one JSON document on stdout.")
    @functools.wraps(command)
    def wrapped(*args: Any, how: str, as_json: bool, **options: Any) -> int:
        how = "json" if as_json else how
        try:
            return int(command(*args, how=how, **options) or 0)
        except EvalspecError as error:
            if how == "json":
                emit_json({"ok": False, "exit": int(error.exit), "diagnostics": diagnostics_json(error.diagnostics)})
            else:
                print_diagnostics(error.diagnostics, how)
            return error.exit

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the command's own signature


class Steps:
    """Progress on stderr: a moving line on a terminal, plain lines elsewhere; a class because it has a clock."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._moving = sys.stderr.isatty() and not quiet
        self._stage = ""
        self._answered = 0  # before the stage began
        self._started = self._last = time.monotonic()
        self.count: Count | None = None  # of the questions to models, once there were any

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is; the first call of a stage starts its clock."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._last = stage, now, now
        if self._quiet or total == 0:
            return
        spent = now - self._started
        if self._moving:
            rate = done / spent if spent > 0 else 0.0
            left = f", {max(0.0, (total - done) / rate):.0f} s left" if rate and spent > 1 else ""
            click.echo(f"\r\x1b[2K  {stage:<9} {done:,} of {total:,}, {rate:,.0f}/s{left}", err=True, nl=False)
            if done >= total:
                click.echo("\r\x1b[2K", err=True, nl=False)
        elif now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            click.echo(f"  {stage:<9} {done:,} of {total:,} after {spent:.0f} s", err=True)

    def asking(self, count: Count) -> None:
        """Show how far the asking of models is; replies may come in thousands a second, and an eye reads ten."""
        now = time.monotonic()
        if self._stage != "ask":
            self._stage, self._started, self._last = "ask", now, now
            self._answered = count.answered
        self.count = count
        pause = SECONDS_BETWEEN_MOVES if self._moving else SECONDS_BETWEEN_LINES
        if self._quiet or not count.sent or now - self._last < pause:
            return
        self._last = now
        spent = now - self._started
        rate = (count.answered - self._answered) / spent
        left = f", {(count.questions - count.done) / rate:,.0f} s left" if rate else ""
        tape = f", {count.from_tape:,} from tape" if count.from_tape else ""
        cost = f", ${count.spent / MILLIONTHS:,.2f}" if count.spent else ""
        text = f"  ask       {count.done:,} of {count.questions:,}{tape}, {rate:,.0f}/s{cost}{left}"
        click.echo(f"\r\x1b[2K{text}" if self._moving else f"{text} after {spent:.0f} s", err=True, nl=not self._moving)

    def line(self, stage: str, text: str) -> None:
        """Say what a stage came to."""
        if not self._quiet:
            if self._moving:
                click.echo("\r\x1b[2K", err=True, nl=False)
            say(f"  {stage:<9} {text}")
