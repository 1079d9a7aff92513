"""Write what follows from the code: the tables of catalogue, language and diagnostics: `make docs`.

A page keeps its prose; what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from evalspec.catalog import load_catalog
from evalspec.codes import CODES
from evalspec.edges.package import read_schema
from evalspec.model.defaults import (
    DEFAULT_GATES,
    GATE_ALPHA,
    GATE_INTERVAL,
    MIN_AGREEMENT_PAIRS,
    MIN_SIDE,
    WRITTEN,
    DefaultGate,
)
from evalspec.registry import Member, Option
from evalspec.stats.tests import smallest_difference

HERE = Path(__file__).parent
PAGES = ("measures.md", "catalog.md", "export.md", "language.md", "diagnostics.md")
_BLOCK = re.compile(r"(<!-- begin (\w+)[^>]*-->\n).*?(<!-- end \2 -->)", re.DOTALL)

BETTER: Mapping[str, str] = {
    "higher": "higher",
    "lower": "lower",
    "zero": "near 0",
    "band": "in its band",
    "declared": "as declared",
    "none": "–",
}
TAKEN_ON: Mapping[str, str] = {
    "set": "the set",
    "slice": "the set, slices",
    "pools": "every pool",
    "comparison": "pool beside seeds",
    "terms": "pool beside seeds, each term group",
    "source": "pool beside each source",
    "source only": "the set beside each source",
    "source too": "the set and pools that a generator wrote, beside each source",
    "texts": "every pool with cases, and its cells",
}
# A gate without `where` looks at the whole set when the measure is taken on it, else at these.
LOOKED_AT: Mapping[str, str] = {"set": "the set", "slice": "the set", "pools": "every pool"}
TOUCHES: Mapping[str, str] = {
    "style": "every message of the user",
    "content": "the user's last message",
    "conversation": "the user's messages together",
}
LABEL: Mapping[str, str] = {"invariant": "inherited", "reviewed": "proposed, a person decides"}
# Where an object of the schema stands in a spec, in the order of the page; capitals are names of yours.
SECTIONS: Mapping[str, str] = {
    "task": "task",
    "part": "task.expected.PART",
    "fact": "task.facts.FACT",
    "source": "sources.SOURCE",
    "fields": "sources.SOURCE.fields",
    "level": "axes.AXIS.LEVEL",
    "persona": "personas.PERSONA",
    "model": "models.ALIAS",
    "price": "models.ALIAS.price",
    "roles": "roles",
    "pool": "pools.POOL",
    "cell": "pools.POOL.cells, an entry",
    "operator": "pools.POOL.operators.NAME",
    "relation": "pools.POOL.relations.NAME",
    "attack": "pools.POOL.attacks.NAME",
    "screen": "screen",
    "embedder": "screen.embedder, a model of your own",
    "review": "review",
    "mix": "mix",
    "gate": "gates.GATE",
    "waiver": "waivers, an entry",
    "budget": "budget",
}
# What a value is called where the schema refers to a shape.
SHAPES: Mapping[str, str] = {
    "name": "name",
    "words": "text",
    "path": "path",
    "text": "text, or `{path: ...}`",
    "names": "list of names",
    "texts": "list of texts",
    "embedder": "`lexical`, `minilm`, or mapping",
    "sha256": "sha256",
    "count": "whole number",
    "fraction": "0 to 1",
    "match": "slices",
    "matches": "list of slices",
    "expectation": "label, or part to value",
    "behaviour": "`answer`, `abstain`, `clarify`, `challenge` or `refuse`",
    "track": "`happy`, `edge`, `adversarial` or `wild`",
    "drawn_facts": "fact to value, list or range",
    "columns": "column, or name to column",
    "aliases": "alias, or list",
    "weighted": "alias, list, or alias to weight",
}
TYPES: Mapping[str, str] = {
    "object": "mapping",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
}
JSON_TYPES: Mapping[type, str] = {str: "string", int: "integer", float: "number", dict: "object", list: "array"}
# What holds for every key of a mapping that is left out, where the mapping itself says it.
LEFT_OUT: Mapping[str, str] = {"fields": "the column of this name"}
LETTERS: Mapping[str, str] = {
    "Y": "Reading YAML",
    "S": "The shape of a spec",
    "C": "The meaning of a spec",
    "I": "Import, snapshots and rows",
    "X": "The plan",
    "M": "Models",
    "V": "Review",
    "G": "Gates",
    "L": "Lock and report",
    "R": "Results and scores",
    "A": "Audits of other sets",
    "T": "Tape and journal",
    "E": "Files, git and the machine",
}
_DEFAULT = re.compile(r" ?Default: (.*?)\.(?=\s|$)")
_IN_PLACE = re.compile(r"(\w+) \(default\)")
SEED_COUNTS = (30, 50, 65, 100, 200, 300, 500, 1000)
DISCORDANCES = (0.10, 0.20)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def says(member: Member) -> str:
    """Turn the first line of a docstring into a cell: no `Return`, no full stop."""
    words = member.title.removeprefix("Return ").removesuffix(".")
    return words[:1].upper() + words[1:]


def measures() -> str:
    """Return the table of measures."""
    rows = []
    for member in load_catalog().all("measure"):
        traits = member.traits
        low, high = traits["low"], traits["high"]
        spaces = f" ({', '.join(traits['spaces'])})" if "spaces" in traits else ""
        limits = (
            "any" if low is None and high is None else f"{low:g} to {high:g}" if high is not None else f"{low:g} up"
        )
        taken = TAKEN_ON[f"{traits.get('per', 'set')}{' ' + traits['whole'] if 'whole' in traits else ''}"]
        rows.append([f"`{member.name}`{spaces}", says(member), traits["unit"], limits, BETTER[traits["better"]], taken])
    return table(["measure", "says", "unit", "range", "better", "taken on"], rows)


def gates() -> str:
    """Return the table of gates that a purpose brings."""
    head = ["gate", "bound", "past it", "launch", "smoke", "bootstrap", "looks at", "evidence it needs"]
    return table(head, [_gate(gate) for gate in DEFAULT_GATES])


def _gate(gate: DefaultGate) -> list[str]:
    bounds = [("min", gate.min), ("max", gate.max), ("within", gate.within)]
    spelled = ", ".join(f"{name} {value:g}" for name, value in bounds if value is not None)
    on = ["on" if purpose in gate.purposes else "–" for purpose in ("launch", "smoke", "bootstrap")]
    past = {"error": "no lock", "warning": "warning"}[gate.severity]
    return [f"`{gate.title}`", spelled or "the mix's own count", past, *on, _looked_at(gate), _evidence(gate)]


def _looked_at(gate: DefaultGate) -> str:
    member = load_catalog().get("measure", gate.measure)
    if gate.of == "traffic":
        return "the set, for each `traffic` source"
    seen = LOOKED_AT.get(str(member.traits.get("per", "set")), f"pools of {', '.join(sorted(WRITTEN))}")
    each = {"terms": ", each group of `key_terms`", "production": ", for each `production` source"}
    return seen + each.get(gate.of or "", "")


def _evidence(gate: DefaultGate) -> str:
    if gate.measure in GATE_ALPHA:
        return f"p at most {GATE_ALPHA[gate.measure]:g}"
    if gate.measure in GATE_INTERVAL:
        pairs = f", {MIN_AGREEMENT_PAIRS} pairs" if gate.measure == "agreement" else ""
        return f"95 % interval wholly past the bound{pairs}"
    compares = load_catalog().get("measure", gate.measure).traits.get("per") in ("comparison", "source")
    return f"the figure, {MIN_SIDE} texts a side" if compares else "the figure"


def power() -> str:
    """Return the smallest difference between two models that a number of real cases can show."""
    head = ["real cases", *(f"{share:.0%} of cases change".replace("%", " %") for share in DISCORDANCES)]
    return table(
        head, [[f"{n:,}", *(_points(smallest_difference(n, share)) for share in DISCORDANCES)] for n in SEED_COUNTS]
    )


def _points(difference: float | None) -> str:
    return "nothing" if difference is None else f"{100 * difference:.1f} points"


def operators() -> str:
    """Return the table of mutation operators."""
    rows = [
        [
            f"`{member.name}`",
            says(member),
            _options(member.options),
            TOUCHES[member.traits["scope"]],
            ", ".join(member.traits["languages"]) or "any",
            LABEL[member.traits["relation"]],
        ]
        for member in load_catalog().all("operator")
    ]
    return table(["operator", "what it does", "options and defaults", "touches", "languages", "label"], rows)


def attacks() -> str:
    """Return the table of attacks."""
    rows = [
        [
            f"`{member.name}`",
            says(member),
            _options(member.options),
            f"`{member.traits['behaviour']}`",
            member.traits["owasp"],
            ", ".join(member.traits["atlas"]),
        ]
        for member in load_catalog().all("attack")
    ]
    return table(["attack", "what it does", "options and defaults", "behaviour", "OWASP", "ATLAS"], rows)


def techniques() -> str:
    """Return the table of techniques."""
    rows = [[f"`{member.name}`", says(member)] for member in load_catalog().all("technique")]
    return table(["technique", "what it does"], rows)


def exporters() -> str:
    """Return the table of exporters."""
    rows = []
    for member in load_catalog().all("exporter"):
        traits = member.traits
        records, stubs = (", ".join(f"`{name}`" for name in traits[kind]) for kind in ("records", "stubs"))
        rows.append([f"`{member.name}`", traits["runner"], records, stubs, says(member)])
    return table(["`--to`", "runner", "records", "stubs", "what is in it"], rows)


def readers() -> str:
    """Return the table of readers of result files."""
    return table(["`--from`", "reads"], [[f"`{one.name}`", says(one)] for one in load_catalog().all("results")])


def detectors() -> str:
    """Return the table of detectors of personal data and keys."""
    return table(["detector", "what it does"], [[f"`{one.name}`", says(one)] for one in load_catalog().all("detector")])


def language() -> str:
    """Return every key of the language, a section and a table for each mapping."""
    schema = read_schema("spec.v1.json")
    parts = [f"### The top level\n\n{_keys(schema, '–')}"]
    for name, place in SECTIONS.items():
        node = schema["$defs"][name]
        where, _, entry = place.partition(", ")
        heading = f"### `{where}`" + (f", {entry}" if entry else "")
        parts.append(f"{heading}\n\n{node['description']}\n\n{_keys(node, LEFT_OUT.get(name, '–'))}")
    return "\n".join(parts)


def _keys(node: Mapping[str, Any], left_out: str) -> str:
    rows = [
        [f"`{name}`", _type(one), _default(one, needed) or left_out, _meaning(one), _example(name, one)]
        for name, one, needed in _properties(node, "")
    ]
    return table(["key", "takes", "default", "what it says", "example"], rows)


def _properties(node: Mapping[str, Any], before: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Yield the keys of a mapping and, dotted, those of mappings that are spelled out inside it."""
    for name, one in node.get("properties", {}).items():
        yield before + name, one, name in node.get("required", ())
        yield from _properties(one, f"{before}{name}.")
        entries = one.get("additionalProperties")
        if isinstance(entries, Mapping):
            yield from _properties(entries, f"{before}{name}.NAME.")


def _type(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        values = [f"`{value}`" for value in one["enum"] if value is not None]
        return " or ".join([", ".join(values[:-1]), values[-1]])
    if "const" in one:
        return f"`{one['const']}`"
    named = one.get("$ref", "").removeprefix("#/$defs/")
    if named:
        return SHAPES.get(named, "mapping")
    types = one.get("type") or JSON_TYPES[type(one["examples"][0])]  # what `resolve` checks has no type in the schema
    return ", or ".join(TYPES[kind] for kind in ([types] if isinstance(types, str) else types) if kind in TYPES)


def _described(one: Mapping[str, Any]) -> str:
    named = one.get("$ref", "").removeprefix("#/$defs/")
    inherited = read_schema("spec.v1.json")["$defs"][named].get("description", "") if named else ""
    return str(one.get("description") or inherited)


def _default(one: Mapping[str, Any], needed: bool) -> str:
    words = _described(one)
    found = _DEFAULT.search(words) or _IN_PLACE.search(words)
    if needed:
        return "required"
    return found.group(1) if found else ""


def _meaning(one: Mapping[str, Any]) -> str:
    return _DEFAULT.sub("", _described(one))


def _example(name: str, one: Mapping[str, Any]) -> str:
    entry = {name.rsplit(".", 1)[-1]: one["examples"][0]}
    spelled = yaml.safe_dump(entry, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return f"`{spelled.strip()[1:-1]}`"


def diagnostics() -> str:
    """Return every diagnostic with its explanation, by letter."""
    parts = []
    for letter, title in LETTERS.items():
        rows = [f"### {code}: {row.title}\n\n{_flat(row.text)}\n" for code, row in CODES.items() if code[0] == letter]
        if rows:
            parts.append("\n".join([f"## {letter}: {title}\n", *rows]))
    return "\n".join(parts)


def _flat(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _options(options: Sequence[Option]) -> str:
    return "; ".join(_option(one) for one in options) or "–"


def _option(option: Option) -> str:
    choices = f" ({', '.join(option.choices)})" if option.choices else ""
    default = option.default
    if isinstance(default, tuple | list):
        return f"`{option.name}`: list, [{', '.join(str(one) for one in default)}]{choices}"
    return f"`{option.name}`: {option.type}, {default}{choices}"


BLOCKS: Mapping[str, Callable[[], str]] = {
    "measures": measures,
    "gates": gates,
    "power": power,
    "operators": operators,
    "attacks": attacks,
    "techniques": techniques,
    "exporters": exporters,
    "readers": readers,
    "detectors": detectors,
    "language": language,
    "diagnostics": diagnostics,
}


def filled(text: str) -> str:
    """Return a page with every block written anew; a block that nobody writes is an error."""
    return _BLOCK.sub(lambda found: found.group(1) + BLOCKS[found.group(2)]() + found.group(3), text)


def blocks_of(text: str) -> tuple[str, ...]:
    """Return the names of a page's blocks, in order."""
    return tuple(found.group(2) for found in _BLOCK.finditer(text))


def main() -> None:
    """Rewrite the pages."""
    for name in PAGES:
        page = HERE / name
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
