"""`evalspec models SPEC`: where every model of a spec is asked, and whether it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, examples, print_diagnostics, reporting
from evalspec.diagnostics import Exit
from evalspec.loading import load_spec

if TYPE_CHECKING:
    from evalspec.pinging import Listed, Ping


@click.command(
    "models", epilog=examples("evalspec models specs/refund.yaml", "evalspec models specs/refund.yaml --ping")
)
@click.argument("spec", type=PATH)
@click.option("--ping", is_flag=True, help="Send one tiny question to every model that a build asks; it is paid for.")
@reporting
def command(spec: str, ping: bool, how: str) -> int:
    """Show every model of SPEC: its family and roles, the endpoint that is asked for it, and whether a key is set.

    Keys come from the environment and are never shown. Nothing is sent without --ping.
    """
    # Imported here: other commands must not pay for the loop and the connections.
    from evalspec.pinging import list_models, ping_models

    loaded = load_spec(spec)
    listed = list_models(loaded.spec)
    pings = ping_models(loaded.spec) if ping else ()
    code = Exit.PROVIDER if any(one.fault for one in pings) else Exit.OK
    if how == "json":
        answers = {one.alias: asdict(one) for one in pings}
        models = [asdict(one) | ({"ping": answers.get(one.alias)} if ping else {}) for one in listed]
        emit_json({"ok": code is Exit.OK, "exit": int(code), "spec": spec, "models": models})
        return code
    print_diagnostics(loaded.warnings, how)
    emit("\n".join(_lines(listed, pings)))
    return code


def _lines(listed: Sequence[Listed], pings: Sequence[Ping]) -> list[str]:
    if not listed:
        return ["the spec names no models"]
    answers = {one.alias: one for one in pings}
    width = max(len(one.alias) for one in listed)
    lines: list[str] = []
    for one in listed:
        roles = ", ".join(one.roles) or "no role"
        lines.append(f"{one.alias:<{width}}  {one.model}  ({roles}; family {one.family or 'none'})")
        where = "built in: no endpoint, no key" if one.endpoint == "builtin" else f"{one.endpoint} at {one.address}"
        lines.append(f"{'':<{width}}  {where}" + ("" if one.endpoint == "builtin" else f"; key: {one.key}"))
        if one.price:
            lines.append(f"{'':<{width}}  price: {one.price}")
        if one.trouble and not one.key.startswith("not set"):
            lines.append(f"{'':<{width}}  cannot be asked: {one.trouble}")
        ping = answers.get(one.alias)
        if ping is not None:
            lines += [f"{'':<{width}}  {line}" for line in _answer(ping)]
    return lines


def _answer(ping: Ping) -> list[str]:
    if ping.fault is None:
        return [f"answered in {ping.seconds:.2f} s, served by {ping.served}"]
    return [f"did not answer: {ping.fault}", *([f"  = hint: {ping.hint}"] if ping.hint else [])]
