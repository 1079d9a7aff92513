"""`evalspec verify SPEC`: the lock follows from its inputs, or the command says what does not."""

from __future__ import annotations

import click

from evalspec.cli.console import Steps, diagnostics_json, emit_json, print_diagnostics, reporting, say, shown
from evalspec.diagnostics import Exit
from evalspec.verification import Verification, verify_spec


@click.command("verify", epilog="Example: evalspec verify specs/refund.yaml specs/library.yaml")
@click.argument("specs", nargs=-1, required=True, type=click.Path())
@click.option("--today", metavar="YYYY-MM-DD", help="Let waivers expire and seeds age as of this day.")
@reporting
def command(specs: tuple[str, ...], today: str | None, how: str) -> int:
    """Replay the build of each SPEC and compare: every digest, drop, decision, order, gate and number.

    Works offline, without keys, with the core alone; reads no cache; writes nothing.
    """
    found = [verify_spec(path, today=today, steps=Steps(quiet=how != "text")) for path in specs]
    if how == "json":
        data = [_data(one) for one in found]
        emit_json(data[0] if len(data) == 1 else data)
    for one in found:
        if how != "json":
            print_diagnostics(shown(one.diagnostics, how), how)
            if one.exit is Exit.OK:
                say(f"{one.path}: verified, {one.cases} cases, root {one.root}")
    return next((one.exit for one in found if one.exit is not Exit.OK), Exit.OK)


def _data(one: Verification) -> dict[str, object]:
    return {
        "spec": one.path,
        "ok": one.exit is Exit.OK,
        "exit": int(one.exit),
        "cases": one.cases,
        "root": one.root,
        "diagnostics": diagnostics_json(one.diagnostics),
    }
