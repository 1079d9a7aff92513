"""The pages of `docs/` follow from the code: their tables, their fields, their examples."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evalspec.catalog import load_catalog
from evalspec.cli.explain import EXIT_CODES
from evalspec.codes import CODES
from evalspec.diagnostics import EXIT_PRECEDENCE
from evalspec.digests import digest
from evalspec.edges.package import read_schema
from evalspec.model.case import Lineage
from evalspec.model.row import Header, Row
from evalspec.stages.ledger_fields import VERDICTS
from evalspec.stages.lock import CASE_FIELDS, DROP_FIELDS, HEADER_FIELDS
from evalspec.stages.report import numbers_in
from evalspec.stages.validate import inline
from evalspec.text.nearness import duplicate_pairs
from evalspec.text.vectors import cosine_of, dot, vectorize

DOCS = Path(__file__).parents[1] / "docs"
# What the digest of a case covers.
CONTENT = ("input", "context", "behaviour", "premise", "expected", "checks")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script that writes the tables; it is not part of the package."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_catalogue(generate: ModuleType) -> None:
    """`make docs` would change nothing, and every table that it can write stands on a page."""
    for name in generate.PAGES:
        assert generate.filled(page(name)) == page(name), f"docs/{name} is out of date: make docs"
    written = [block for name in generate.PAGES for block in generate.blocks_of(page(name))]
    assert sorted(written) == sorted(generate.BLOCKS)


def test_a_table_that_was_edited_is_written_anew(generate: ModuleType) -> None:
    """The comparison above can fail: a changed, a missing and an added row are all mended."""
    text = page("measures.md")
    line = next(one for one in text.splitlines(keepends=True) if one.startswith("| `spread` ("))
    for edited in (
        text.replace(line, line.replace("ratio", "share")),
        text.replace(line, ""),
        text.replace(line, line * 2),
    ):
        assert edited != text
        assert generate.filled(edited) == generate.filled(text)


def test_every_measure_is_explained_outside_the_tables(generate: ModuleType) -> None:
    """A measure that is added to the catalogue needs a row that says how to read it and when it says nothing."""
    prose = re.sub(r"<!-- begin.*?<!-- end \w+ -->", "", page("measures.md"), flags=re.DOTALL)
    explained = {name for line in prose.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert set(load_catalog().names("measure")) <= explained


def test_the_examples_of_near_duplicates_are_true() -> None:
    """Every row of the table has the cosine and the answer that the code gives."""
    rows = re.findall(r"^\| ([^|`]+) \| ([^|]+) \| (\d\.\d+) \| (dropped|kept) \|$", page("measures.md"), re.MULTILINE)
    assert {answer for *_, answer in rows} == {"dropped", "kept"}
    for one, other, cosine, answer in rows:
        both = vectorize([one, other])
        assert f"{cosine_of(dot(both, 0, both, 1), int(both.norms[0]), int(both.norms[1])):.3f}" == cosine
        found = duplicate_pairs({"one": one, "other": other}, {}, lambda left, right: False)
        assert ("dropped" if found else "kept") == answer


def keys_of(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of the language with the schema of its value, references followed."""
    for name, one in node.get("properties", {}).items():
        yield (*place, name), one
        yield from keys_of(one, (*place, name))
    for below in ("additionalProperties", "items"):
        if isinstance(node.get(below), dict):
            yield from keys_of(node[below], (*place, "*"))


def test_every_key_of_the_language_has_an_example_that_it_takes() -> None:
    """The reference and editors show it; a key without one, or with one that `check` refuses, is named."""
    schema = read_schema("spec.v1.json")
    found = list(keys_of(inline(schema, schema["$defs"])))
    assert len(found) > 150
    assert not [".".join(place) for place, one in found if not one.get("examples")]
    wrong = [
        (".".join(place), error.message)
        for place, one in found
        for example in one["examples"]
        for error in Draft202012Validator(one).iter_errors(example)
    ]
    assert not wrong


def test_every_section_of_the_schema_is_on_the_page(generate: ModuleType) -> None:
    """A mapping with keys that is added to the schema needs a place on the page of the language."""
    shapes = read_schema("spec.v1.json")["$defs"]
    assert set(generate.SECTIONS) | {"text"} == {name for name, one in shapes.items() if "properties" in one}
    assert {code[0] for code in CODES} <= set(generate.LETTERS)


def rows_below(heading: str) -> list[str]:
    """The names in the first column of the tables of one section of `formats.md`, in order."""
    text = page("formats.md")
    start = text.index(f"\n{heading}\n") + len(heading) + 2
    level = heading.split(" ")[0]
    rest = re.split(rf"^#{{1,{len(level)}}} ", text[start:], maxsplit=1, flags=re.MULTILINE)[0]
    cells = [line.split("|")[1] for line in rest.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)]


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("### Header", HEADER_FIELDS),
        ("### Case", CASE_FIELDS),
        ("### Lineage", tuple(Lineage.__dataclass_fields__)),
        ("### Drop", DROP_FIELDS),
        ("### First line", tuple(Header.__dataclass_fields__)),
        ("### Row", tuple(name for name in Row.__dataclass_fields__ if name != "line")),
        ("## Ledger", tuple(read_schema("ledger.v1.json")["properties"])),
    ],
)
def test_every_field_of_a_format_is_described(heading: str, fields: tuple[str, ...]) -> None:
    """The page names the fields of the code: none is missing, none was invented."""
    assert sorted(rows_below(heading)) == sorted(fields)


def test_every_number_of_a_report_is_described() -> None:
    """The page names the keys of a report's JSON block, as a build wrote them."""
    report = (DOCS.parent / "tests/golden/seed_and_golden/expected/spec.report.md").read_text(encoding="utf-8")
    found = numbers_in(report)
    assert isinstance(found, dict)
    assert rows_below("## Report") == list(found)


def test_exit_codes_and_verdicts_are_those_of_the_program() -> None:
    """The page lists every exit code with the program's words, and their order of precedence."""
    text = page("formats.md")
    listed = re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)
    assert [(int(number), meaning) for number, meaning in listed] == list(EXIT_CODES)
    assert " > ".join(str(int(one)) for one in EXIT_PRECEDENCE) in text
    assert all(f"`{verdict}`" in text for verdict in VERDICTS)


def test_the_example_case_has_the_digest_that_the_recipe_gives() -> None:
    """A reader can recompute a digest from the page alone."""
    blocks = re.findall(r"```json\n(.*?)```", page("formats.md"), re.DOTALL)
    cases = [json.loads(block) for block in blocks if '"provenance"' in block]
    assert cases
    for case in cases:
        assert digest({name: case[name] for name in CONTENT if name in case}) == case["digest"]
