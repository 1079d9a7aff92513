"""`evalspec verify SPEC`: the lock follows from its inputs, or the command says what does not."""

from __future__ import annotations

import click

from evalspec.after.since import added_lines
from evalspec.cli.arguments import DAY, PATH
from evalspec.cli.console import Steps, diagnostics_json, emit_json, print_diagnostics, reporting, say, shown
from evalspec.diagnostics import BuildError, Exit
from evalspec.stages.ledger import line_data
from evalspec.verification import Verification, verify_spec

# No signature is looked at: that a snapshot or a ledger is what somebody imported or decided is taken on trust.
ORIGIN = "unattested"  # as `--json` says it


@click.command("verify", epilog="Example: evalspec verify specs/refund.yaml --base origin/main")
@click.argument("specs", nargs=-1, required=True, type=PATH)
@click.option("--today", metavar="YYYY-MM-DD", type=DAY, help="Let waivers expire and seeds age as of this day.")
@click.option("--base", metavar="COMMIT", help="The commit a change starts from: say what lowers the guard since then.")
@click.option("--no-loosen", is_flag=True, help="Exit 1 when anything lowers the guard since --base.")
@reporting
def command(specs: tuple[str, ...], today: str | None, base: str | None, no_loosen: bool, how: str) -> int:
    """Replay the build of each SPEC and compare: every digest, drop, decision, order, gate and number.

    The lock itself is searched for secrets, personal data, hidden characters and cases of over 1 MiB (exit 1).

    With --base, first what a change lets through that the base did not: gates, families, waivers, screens, rows that
    are gone. Every ledger line of the base must still be there (exit 5); decisions and drops that are new are listed.

    Works offline, without keys, with the core alone; reads no cache; writes nothing. It proves that lock and report
    follow from the inputs that stand here, and not where those inputs come from.
    """
    if no_loosen and base is None:
        raise click.UsageError("--no-loosen needs --base")
    found = [
        verify_spec(path, today=today, base=base, no_loosen=no_loosen, steps=Steps(quiet=how != "text"))
        for path in specs
    ]
    if how == "json":
        data = [_data(one) for one in found]
        emit_json(data[0] if len(data) == 1 else data)
    for one in found:
        if how != "json":
            print_diagnostics(shown(one.diagnostics, how), how)
            if one.is_new:
                say(f"{one.path}: not at {base}, so its gates, ledger and drops were compared with nothing")
            if one.added:
                say(f"{one.path}: decisions since {base}")
                say("\n".join(f"  {line}" for line in added_lines(one.added)))
            if one.dropped:
                say(f"{one.path}: drops since {base}")
                say("\n".join(f"  {line}" for line in one.dropped))
            if one.tape.added or one.tape.removed:
                say(f"{one.path}: tape segments since {base}")
                say("\n".join(f"  {line}" for line in _tape_lines(one)))
            if one.exit is Exit.OK:
                say(f"{one.path}: verified, {one.cases} cases, root {one.root}")
                say("  made again from its inputs, the lock is the same; where the inputs come from is not proved")
    errors = [problem for one in found for problem in one.diagnostics if problem.severity == "error"]
    return BuildError(errors).exit if errors else Exit.OK  # of several specs the gravest


def _tape_lines(one: Verification) -> list[str]:
    """Say which files the tape has more and less; that a model gave these replies is taken on trust."""
    lines = [f"added {path}: {_replies(count)}, taken on trust" for path, count in one.tape.added]
    if one.tape.new:
        lines.append(f"{_replies(one.tape.new)} that the base does not have")
    lost = {problem.path for problem in one.diagnostics if problem.code == "T706"}
    rest = ("and replies are missing", "and none of them is missed")
    return lines + [f"removed {path}: {_replies(count)}, {rest[path not in lost]}" for path, count in one.tape.removed]


def _replies(count: int) -> str:
    return "1 reply" if count == 1 else f"{count:,} replies"


def _data(one: Verification) -> dict[str, object]:
    return {
        "spec": one.path,
        "ok": one.exit is Exit.OK,
        "exit": int(one.exit),
        "cases": one.cases,
        "root": one.root,
        "diagnostics": diagnostics_json(one.diagnostics),
        "origin": ORIGIN,
        **({"new_since_base": True} if one.is_new else {}),
        **({"decisions_added": [line_data(decision) for decision in one.added]} if one.added else {}),
        **({"replies_added": one.tape.new} if one.tape.new else {}),
        **({"segments_added": [path for path, _ in one.tape.added]} if one.tape.added else {}),
        **({"segments_removed": [path for path, _ in one.tape.removed]} if one.tape.removed else {}),
        **({"drops_added": list(one.dropped)} if one.dropped else {}),
    }
