"""What departs from a JSON Schema and where, as the jsonschema library finds it; imported when something does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import referencing
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from evalspec.model.source import Path
from evalspec.stages.validate_accept import spelled


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of the schema: the keyword, its value and schema, and what it stands against."""

    rule: str
    bound: Any
    found: Any
    schema: Mapping[str, Any]
    path: Path
    in_key: bool


def faults(data: object, schema: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield everything in the data that the schema, which holds no references, does not allow."""
    for error in _Validator(schema, registry=referencing.Registry()).iter_errors(data):
        yield Fault(
            rule=str(error.validator),
            bound=error.validator_value,
            found=error.instance,
            schema=error.schema if isinstance(error.schema, Mapping) else {},
            path=tuple(error.absolute_path),
            in_key="propertyNames" in error.absolute_schema_path,
        )


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Match as ECMAScript does, where `$` is the end and not also the place before a last line feed."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


def _unique(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Compare by text: the library compares mappings pair by pair, which takes minutes for ten thousand of them."""
    if wanted and isinstance(instance, list) and len({spelled(one) for one in instance}) < len(instance):
        yield ValidationError("uniqueItems")


def _is_whole(checker: Any, instance: Any) -> bool:
    # JSON Schema takes 100.0 for an integer; the stages that follow would count with a float.
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # untyped in the stubs
    Draft202012Validator,
    validators={"pattern": _pattern, "uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)
