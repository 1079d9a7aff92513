"""The quick yes and the library agree: on every valid spec, and on whatever a spec can be broken into."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.edges.package import read_schema
from evalspec.model.source import SourceFile
from evalspec.stages.parse import parse
from evalspec.stages.validate import inline
from evalspec.stages.validate_accept import accepts
from evalspec.stages.validate_faults import faults
from tests.stages.test_validate import SMALLEST, WHOLE

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema("spec.v1.json")
FLAT = inline(SCHEMA, SCHEMA["$defs"])
ACCEPTS = accepts(SCHEMA)
TEXTS = [WHOLE, SMALLEST, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "specs").glob("*.yaml")))]
SPECS: list[Any] = [parse(SourceFile(path="spec.yaml", text=text)).data for text in TEXTS]


def bounds(node: object) -> Iterator[Any]:
    """Every number, word and choice that stands in the schema."""
    if isinstance(node, dict):
        for value in node.values():
            yield from bounds(value)
    elif isinstance(node, list):
        for value in node:
            yield from bounds(value)
    else:
        yield node


KNOWN = sorted({str(one) for one in bounds(SCHEMA)}, key=lambda one: (len(one), one))  # shortest first
NUMBERS = sorted({one for one in bounds(SCHEMA) if isinstance(one, int | float) and not isinstance(one, bool)})
WORDS = st.sampled_from(KNOWN[:400]) | st.text(max_size=6) | st.sampled_from(["a\n", "90d", "2027-01-31", "en-GB", " "])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 200_001)
    | st.sampled_from(NUMBERS).flatmap(lambda one: st.sampled_from([one, one + 1, one - 1, float(one), one + 0.5]))
    | st.floats(allow_nan=True)
    | WORDS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a value."""
    yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, (*path, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from places(value, (*path, at))


def within(data: Any, path: tuple[Any, ...]) -> Any:
    """The value at a place."""
    for step in path:
        data = data[step]
    return data


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A spec with one to three edits: a value replaced, an entry taken out, added, renamed, doubled or moved."""
    data = copy.deepcopy(draw(st.sampled_from(SPECS)))
    for _ in range(draw(st.integers(1, 3))):
        paths = list(places(data))
        path = draw(st.sampled_from(paths))
        value = draw(VALUES | st.sampled_from(paths).map(lambda one, data=data: copy.deepcopy(within(data, one))))
        if not path:
            target: Any = data
            if not isinstance(target, dict):
                return value
            target[draw(WORDS)] = value
            continue
        owner, last = within(data, path[:-1]), path[-1]
        how = draw(st.sampled_from(["replace", "delete", "add", "rename"]))
        if how == "replace":
            owner[last] = value
        elif how == "delete":
            del owner[last]
        elif isinstance(owner, list):
            owner.append(value if how == "add" else copy.deepcopy(owner[last]))
        elif how == "add":
            owner[draw(WORDS)] = value
        else:
            owner[draw(WORDS)] = owner.pop(last)
    return data


@pytest.mark.parametrize("data", SPECS, ids=lambda one: str(one.get("name")))
def test_what_is_valid_is_accepted(data: Any) -> None:
    assert ACCEPTS(data)
    assert not list(faults(data, FLAT))


@settings(max_examples=400, deadline=None)
@given(broken())
def test_a_broken_spec_is_accepted_exactly_where_the_library_finds_nothing(data: Any) -> None:
    assert ACCEPTS(data) is (not list(faults(data, FLAT)))


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from(sorted(SCHEMA["$defs"])))
def test_any_value_under_any_named_schema(data: Any, name: str) -> None:
    schema = {**SCHEMA["$defs"][name], "$defs": SCHEMA["$defs"]}

    assert accepts(schema)(data) is (not list(faults(data, inline(schema, SCHEMA["$defs"]))))


def keywords(node: object) -> Iterator[str]:
    """Every keyword that the schema uses, where a name of a property is none."""
    if isinstance(node, list):
        for one in node:
            yield from keywords(one)
    elif isinstance(node, dict):
        for rule, value in node.items():
            yield rule
            if rule not in ("examples", "enum", "const", "required"):
                yield from keywords(list(value.values()) if rule in ("properties", "$defs") else value)


def test_every_keyword_of_the_language_is_known() -> None:
    """What stands under a key is looked at when a spec has it, so that a keyword unknown to us would surface late."""
    for rule in sorted(set(keywords(SCHEMA)) - {"examples"}):
        value = {"type": "string", "pattern": "a", "$ref": "#/$defs/name"}.get(rule, [] if rule in LISTS else {})
        accepts({rule: value, "$defs": SCHEMA["$defs"]})


LISTS = frozenset({"allOf", "enum", "required"})


def test_a_keyword_that_nobody_taught_it_is_refused_and_not_overlooked() -> None:
    with pytest.raises(NotImplementedError):
        accepts({"type": "object", "dependentRequired": {"a": ["b"]}})
