"""`evalspec catalog`: what a spec may name, with every option and its default."""

from __future__ import annotations

import click

from evalspec.catalog import load_catalog
from evalspec.cli.console import emit, emit_json, examples, reporting
from evalspec.cli.embedders import show_embedder
from evalspec.cli.families import show_families
from evalspec.diagnostics import did_you_mean
from evalspec.registry import Kind, Member

KINDS: tuple[Kind, ...] = ("operator", "attack", "technique", "measure", "detector", "exporter")
_PLURAL = {f"{kind}s": kind for kind in KINDS}


@click.command(
    "catalog",
    epilog=examples(
        "evalspec catalog operators",
        "evalspec catalog abbreviate",
        "evalspec catalog families",
        "evalspec catalog family groq/deepseek-r1-distill-llama-70b",
        "evalspec catalog embedder specs/models/bge-small",
    ),
)
@click.argument("name", required=False)
@click.argument("models", nargs=-1)
@reporting
def command(name: str | None, models: tuple[str, ...], how: str) -> int:
    """List the catalogue, one kind of it (`operators`), or one member (`abbreviate`) with its options.

    Operators and attacks are what a spec's pools may name; measures are what its gates may name. `families` lists the
    families of models, `family MODEL` says of which one a model is; exit 1 when its name does not tell. `embedder
    FOLDER` looks at an embedding model of your own, and prints what a spec says to name it.
    """
    if name == "embedder":
        if len(models) != 1:
            raise click.UsageError("`embedder FOLDER` looks at the folder of one model")
        return show_embedder(models[0], how)
    if name in ("families", "family"):
        if (name == "family") != bool(models):
            raise click.UsageError("`families` lists them all; `family MODEL` asks about a model's name")
        return show_families(models, how)
    if models:
        raise click.UsageError("only `family` takes names of models, and `embedder` a folder")
    catalog = load_catalog()
    members = [member for kind in KINDS for member in catalog.all(kind)]
    if name in _PLURAL:
        members = [member for member in members if member.kind == _PLURAL[name]]
    elif name is not None:
        known = {member.name for member in members}
        if name not in known:
            raise click.UsageError(f"nothing in the catalogue is called `{name}`; {did_you_mean(name, known)}")
        members = [member for member in members if member.name == name]
    if how == "json":
        emit_json([_data(member) for member in members])
    elif name is not None and name not in _PLURAL:
        emit("\n\n".join(_page(member) for member in members))
    else:
        emit(_listing(members))
    return 0


def _data(member: Member) -> dict[str, object]:
    return {
        "kind": member.kind,
        "name": member.name,
        "version": member.version,
        "title": member.title,
        "options": {
            option.name: {
                "type": option.type,
                "default": option.default,
                **({"choices": list(option.choices)} if option.choices else {}),
            }
            for option in member.options
        },
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in member.traits.items()
            if isinstance(value, str | int | float | bool | tuple)
        },
    }


def _listing(members: list[Member]) -> str:
    lines: list[str] = []
    width = max((len(member.name) for member in members), default=0)
    for kind in KINDS:
        group = [member for member in members if member.kind == kind]
        if group:
            lines += ["", f"{kind}s"]
            lines += [f"  {member.name:<{width}}  {member.title}" for member in group]
    return "\n".join(lines).strip("\n")


def _page(member: Member) -> str:
    import inspect

    lines = [f"{member.kind} {member.tag}", "", inspect.getdoc(member.function) or ""]
    if member.options:
        lines += ["", "Options:"]
        for option in member.options:
            choices = f" ({', '.join(option.choices)})" if option.choices else ""
            kind = "list" if option.type == "array" else option.type
            lines.append(f"  {option.name}: {kind}{choices}, default {_spelled(option.default)}")
    facts = {
        name: value
        for name, value in member.traits.items()
        if isinstance(value, str | tuple) and value not in ("", ()) and name != "source"
    }
    if facts:
        spelled = (
            f"  {name}: {', '.join(value) if isinstance(value, tuple) else value}" for name, value in facts.items()
        )
        lines += ["", *spelled]
    return "\n".join(lines)


def _spelled(value: object) -> str:
    """Write a default as a spec would."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple | list) else str(value)
