"""`schemas/lock.v1.json` describes the locks that are written: every key of them, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evalspec.edges.package import read_schema
from evalspec.model.case import Lineage
from evalspec.stages.lock import CASE_FIELDS, DROP_FIELDS, HEADER_FIELDS

ROOT = Path(__file__).parents[1]
# Written by a build: those of the examples, and those that golden tests hold to the byte.
LOCKS = sorted([*ROOT.glob("specs/*.lock.json"), *ROOT.glob("tests/golden/*/expected/**/*.lock.json")])
SCHEMA = read_schema("lock.v1.json")

Edit = Callable[[dict[str, Any]], object]


def nodes(schema: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with where it stands."""
    yield path, schema
    for word in ("properties", "$defs"):
        for name, one in schema.get(word, {}).items():
            yield from nodes(one, f"{path}.{word}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from nodes(schema[word], f"{path}.{word}")
    for at, one in enumerate(schema.get("anyOf", ())):
        yield from nodes(one, f"{path}.anyOf.{at}")


def closed() -> Draft202012Validator:
    """The schema without room for later revisions: a key that it does not name is an error."""
    schema = copy.deepcopy(SCHEMA)
    for _, one in nodes(schema):
        if "properties" in one:
            one["additionalProperties"] = False
    return Draft202012Validator(schema)


def chat_lock() -> dict[str, Any]:
    """A lock with a conversation, an attack and drops."""
    found: dict[str, Any] = json.loads((ROOT / "tests/golden/redteam_chat/expected/spec.lock.json").read_text("utf-8"))
    return found


def case_with(lock: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case for case in lock["cases"] if name in case)
    return found


def test_the_schema_is_one() -> None:
    """It is a schema of its own dialect, and its fields are those of the code, in order."""
    Draft202012Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["properties"]) == (*HEADER_FIELDS, "cases", "drops")
    assert tuple(SCHEMA["$defs"]["case"]["properties"]) == CASE_FIELDS
    assert tuple(SCHEMA["$defs"]["drop"]["properties"]) == DROP_FIELDS
    assert tuple(SCHEMA["$defs"]["lineage"]["properties"]) == tuple(Lineage.__dataclass_fields__)


def test_every_property_has_a_description() -> None:
    """Editors and readers see what each key is."""
    bare = [
        path for path, one in nodes(SCHEMA) if path.split(".")[-2:-1] == ["properties"] and not one.get("description")
    ]
    assert not bare


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_lock_is_described(path: Path) -> None:
    """Locks that a build wrote have the types of the schema and no key that it does not name."""
    errors = [
        f"{error.json_path}: {error.message}" for error in closed().iter_errors(json.loads(path.read_text("utf-8")))
    ]
    assert not errors


def test_there_are_locks_to_hold_against_it() -> None:
    """The locks above show what tells sets apart: conversations, attacks, grids, review, waivers and trials."""
    found = [json.loads(path.read_text("utf-8")) for path in LOCKS]
    assert {name for lock in found for name in lock} == {*HEADER_FIELDS, "cases", "drops"}
    shown = {name for lock in found for case in lock["cases"] for name in (*case, *case["lineage"])}
    assert {"input", "expected", "relation", "checks", "review", "cell", "operators", "attack", "exemplars"} <= shown


@pytest.mark.parametrize(
    "edit",
    [
        lambda lock: lock.pop("root"),
        lambda lock: lock.update(lock_version=2),
        lambda lock: lock.update(lock_version="1"),
        lambda lock: lock.update(purpose="release"),
        lambda lock: lock.update(partial=False),
        lambda lock: lock.update(spec="abc"),
        lambda lock: lock.update(operators=["typo"]),
        lambda lock: lock["inputs"].update(production={"rows": 3}),
        lambda lock: lock["cases"][0].pop("lineage"),
        lambda lock: lock["cases"][0].update(digest="0" * 31),
        lambda lock: lock["cases"][0].update(behaviour="answer"),
        lambda lock: lock["cases"][0].update(expected_by="somebody"),
        lambda lock: lock["cases"][0].update(input=[]),
        lambda lock: lock["cases"][0].update(input=["one line"]),
        lambda lock: lock["cases"][0].update(input=[{"role": "robot", "content": "hi"}]),
        lambda lock: case_with(lock, "relation")["relation"].pop("parent"),
        lambda lock: case_with(lock, "lineage")["lineage"].update(hard_negative=False),
        lambda lock: lock["drops"].append({"id": "mutation.typo.0a1b2c3d4e5f.1", "stage": "mix", "reason": "spare"}),
    ],
)
def test_what_is_no_lock_is_refused(edit: Edit) -> None:
    """A missing field, a wrong type and a value that no build writes are errors."""
    lock = chat_lock()
    assert not list(Draft202012Validator(SCHEMA).iter_errors(lock))
    edit(lock)
    assert list(Draft202012Validator(SCHEMA).iter_errors(lock))


def test_a_later_revision_is_read() -> None:
    """A revision only adds keys, so the schema lets them pass."""
    lock = chat_lock()
    lock.update(revision=1, later="x")
    lock["cases"][0]["later"] = {"x": 1}
    assert not list(Draft202012Validator(SCHEMA).iter_errors(lock))
