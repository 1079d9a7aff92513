"""What the registry knows of a model's name, and which pairs of a spec's models were compared, as lines and as data."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.cli.console import emit, emit_json
from evalspec.diagnostics import Exit
from evalspec.loading import family_table
from evalspec.model.outcome import Compared
from evalspec.stages.families import Family, Placed, place

_UNKNOWN = "the name tells no lineage; a spec must state it: `{{model: {name}, family: llama}}`"


def show_families(names: Sequence[str], how: str) -> int:
    """Say where each model stands by its name, or list the families where none is named; 1 when one is unknown."""
    table = family_table()
    if not names:
        listed = sorted(table.families.values(), key=lambda one: one.name)
        if how == "json":
            emit_json([_family_data(one) for one in listed])
        else:
            width = max(len(one.name) for one in listed)
            emit("\n".join(f"{one.name:<{width}}  {_family_line(one)}" for one in listed))
        return Exit.OK
    placed = [(name, place(name, table)) for name in names]
    if how == "json":
        emit_json([_placed_data(name, one) for name, one in placed])
    else:
        emit("\n\n".join("\n".join(_page(name, one)) for name, one in placed))
    return Exit.OK if all(one for _, one in placed) else Exit.FINDING


def compared_lines(pairs: Sequence[Compared]) -> list[str]:
    """Spell the pairs that were compared, a line each."""
    width = max((len(one.left) for one in pairs), default=0)
    other = max((len(one.right) for one in pairs), default=0)
    return [f"  {one.left:<{width}}  {one.right:<{other}}  {_answer(one)}" for one in pairs]


def compared_data(pairs: Sequence[Compared]) -> list[dict[str, object]]:
    """Return the pairs as JSON data; `how` null: the two are independent."""
    return [
        {
            "one": one.left,
            "other": one.right,
            "how": one.how,
            **({"waived_until": one.waived_until, "reason": one.reason} if one.waived_until else {}),
        }
        for one in pairs
    ]


def _answer(one: Compared) -> str:
    if one.how is None:
        return "independent"
    return one.how + (f", waived until {one.waived_until}" if one.waived_until else "")


def _page(name: str, placed: Placed | None) -> list[str]:
    if placed is None:
        return [f"{name}: unknown", f"  {_UNKNOWN.format(name=name)}"]
    lines = [f"{name}: {placed.family}", f"  vendor     {placed.vendor}", f"  model      {placed.model}"]
    bases = [one for one in placed.weights if one != placed.family]
    lines += [f"  built from {', '.join(bases)}"] if bases else []
    lines += [f"  taught by  {', '.join(placed.taught_by)}"] if placed.taught_by else []
    return [*lines, *([f"  fine-tune  {placed.tuned}"] if placed.tuned else [])]


def _placed_data(name: str, placed: Placed | None) -> dict[str, object]:
    if placed is None:
        return {"name": name, "family": None}
    return {
        "name": name,
        "family": placed.family,
        "vendor": placed.vendor,
        "model": placed.model,
        "weights": list(placed.weights),
        "taught_by": list(placed.taught_by),
        **({"fine_tune": placed.tuned} if placed.tuned else {}),
    }


def _family_line(one: Family) -> str:
    built = f", built from {' or '.join(one.bases)}" if one.bases else ""
    taught = f", taught by {', '.join(one.taught_by)}" if one.taught_by else ""
    return f"{one.vendor}{built}{taught}"


def _family_data(one: Family) -> dict[str, object]:
    return {
        "family": one.name,
        "vendor": one.vendor,
        "built_from": list(one.bases),
        "base_is_stated": one.base is None,
        "taught_by": list(one.taught_by),
        "names": list(one.names),
    }
