"""The command line: flags to one library call, its result to stdout, everything else to stderr, an exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence

import click

from evalspec import __version__
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.signals import Stopped, end_on_signals, received
from evalspec.edges.streams import settle_streams, silence

_OF_A_STREAM = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EBADF, errno.EDQUOT})
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)

# A command's module is imported when it is called: `--help` must not pay for numpy.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("evalspec.cli.init", "Write a first spec from a file of real messages, and import 50 of them."),
    "import": ("evalspec.cli.import_", "Sample and scrub raw rows into a source's snapshot."),
    "check": ("evalspec.cli.check", "Say everything that is wrong with a spec and its sources; spend nothing."),
    "plan": ("evalspec.cli.plan", "Show cells, slots, review hours and cost before anything is made."),
    "models": ("evalspec.cli.models", "Show where every model of a spec is asked, and whether it answers."),
    "build": ("evalspec.cli.build", "Compile a spec into its lock and mix report."),
    "verify": ("evalspec.cli.verify", "Prove that a lock follows from its inputs; no network, no keys."),
    "report": ("evalspec.cli.report", "Print the mix report of a lock."),
    "diff": ("evalspec.cli.diff", "Show what a change does to a set: first what lowers the guard."),
    "audit": ("evalspec.cli.audit", "Say what an eval set is worth that evalspec did not build; no spec is needed."),
    "export": ("evalspec.cli.export", "Write the locked set in the form of a runner."),
    "results": ("evalspec.cli.results", "Bring a runner's results back to the lock."),
    "score": ("evalspec.cli.score", "Say whether a model may take another's place: ship, block or inconclusive."),
    "why": ("evalspec.cli.why", "Say what made a case, a drop or a cell, and what changed since a base."),
    "review": ("evalspec.cli.review", "List candidates that wait for people, and record decisions."),
    "tape": ("evalspec.cli.tape", "Count the published replies of models, and what of them a spec uses."),
    "catalog": ("evalspec.cli.catalog", "List every operator, attack, measure and technique with its options."),
    "explain": ("evalspec.cli.explain", "Explain a diagnostic code, or the exit codes."),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module when it is used; a class because click asks for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the command that a misspelled one most likely meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from evalspec.diagnostics import did_you_mean

            ctx.fail(f"no command `{args[0]}`; {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nStart with: evalspec init messages.jsonl\nThen:       evalspec build specs/NAME.yaml",
)
@click.version_option(__version__, message="evalspec %(version)s")
@click.option("--debug", is_flag=True, help="Print the whole trace of a bug; it may show texts of your data.")
def cli(debug: bool) -> None:
    """Compile a YAML spec into a locked, provenance-tagged evaluation set and a mix report.

    Synthetic cases broaden coverage; only real ones anchor the distribution.
    """


def main() -> None:
    """Run the program and leave with its exit code."""
    end_on_signals()
    settle_streams()
    if "_EVALSPEC_COMPLETE" in os.environ:  # a shell asks what could come next
        cli.main(prog_name="evalspec")
    # A set is hundreds of thousands of records that all stay: looking through them for cycles again and again, as the
    # collector does by default, costs more than making them.
    gc.set_threshold(100_000, 50, 100)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing a user can cause ends in a traceback."""
    is_debug = False
    try:
        if "build" in arguments:
            from evalspec.cli.unchanged import recall

            code = recall(arguments)
            if code is not None:
                return code
        # Not `cli.main`, which turns a closed pipe into exit 1.
        with cli.make_context("evalspec", list(arguments), obj=tuple(arguments)) as context:
            is_debug = bool(context.params.get("debug"))
            result = cli.invoke(context)
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else Exit.OK
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, EOFError, KeyboardInterrupt):
        return _stopped(Stopped(Exit.INTERRUPTED))
    except Stopped as stop:
        return _stopped(stop)
    except BrokenPipeError:
        return _closed_pipe()
    except EvalspecError as error:
        from evalspec.cli.console import print_diagnostics

        print_diagnostics(error.diagnostics, "text")
        return error.exit
    except Exception as error:
        stopped_by = received()
        if stopped_by is not None:  # an import in C turns what a signal raises into an error of its own
            return _stopped(Stopped(128 + stopped_by))
        if isinstance(error, (OSError, MemoryError)):
            return _environment(error)
        return _bug(error, arguments, is_debug=is_debug)


def refuse_shadow(names: Sequence[str]) -> int:
    """Say which files of the working folder `python -m` imports instead of what evalspec needs."""
    from evalspec.cli.console import print_diagnostics
    from evalspec.diagnostics import Diagnostic

    message = "`python -m` would run this file instead of a module that evalspec needs"
    hint = "run the `evalspec` script, or `python -P -m evalspec`"
    print_diagnostics(
        (Diagnostic(code="E916", severity="error", message=message, path=one, hint=hint) for one in names), "text"
    )
    return Exit.INVALID


def _stopped(stop: Stopped) -> int:
    _say(f"\n{stop.said}")
    return int(stop.code or 0)


def _closed_pipe() -> int:
    silence(sys.stdout)
    return Exit.CLOSED_PIPE


def _say(text: str) -> None:
    from evalspec.cli.console import say

    say(text)


def _usage(error: click.ClickException) -> int:
    """Show what click says; an argument may be the name of a file that a stranger chose."""
    page = io.StringIO()
    error.show(file=page)
    _say(page.getvalue().removesuffix("\n"))
    return Exit.USAGE


def _environment(error: OSError | MemoryError) -> int:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return _closed_pipe()
    spelled = "out of memory"
    if isinstance(error, OSError):
        spelled = f"{error.strerror or error}" + (f": {error.filename!s}" if error.filename else "")
        if error.filename is None and error.errno in _OF_A_STREAM:
            spelled = f"the output could not be written: {error.strerror}"
            silence(sys.stdout)
        elif error.filename is None and error.errno == errno.ENOENT:
            spelled = "the working folder is gone"
    _say(f"error[E900]: {spelled}")
    return Exit.ENVIRONMENT


def _exhausted(error: BaseException | None) -> OSError | None:
    """Return the lack of files or memory that an exception comes from; an import reports it as something else."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _EXHAUSTED:
            return error
        if isinstance(error, ImportError):
            for number in _EXHAUSTED:
                if os.strerror(number) in str(error):
                    return OSError(number, os.strerror(number), error.path)
        error = error.__cause__ or error.__context__
    return None


def _bug(error: Exception, arguments: Sequence[str], *, is_debug: bool) -> int:
    """Say on one line where the bug is, and leave a file for its report; the trace may show data and is asked for."""
    exhausted = _exhausted(error)
    if exhausted is not None:
        return _environment(exhausted)
    import traceback

    from evalspec.edges.crash import write_crash

    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}"
    path = None if is_debug else write_crash(error, arguments, __version__)
    left = f", and attach {path}, which holds no data of yours" if path else ""
    _say(
        f"error[E999]: evalspec has a bug: {type(error).__name__} at {where}\n"
        f"  = hint: report it with the command line{left}; `evalspec --debug ...` prints the whole trace"
    )
    if is_debug:
        traceback.print_exception(error)
    return Exit.BUG
