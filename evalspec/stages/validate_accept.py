"""Whether a value has the shape that a JSON Schema asks for, and nothing else: a yes in a tenth of the library's time.

Most specs are right. One that is not goes to `validate_faults`, where the library says what departs from the schema and
where; the two agree on every value, which tests/stages/test_validate_accept.py holds over broken specs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Check = Callable[[Any], bool]

_SILENT = frozenset({"$comment", "$defs", "$id", "$schema", "description", "examples", "title"})
_BRANCHES = frozenset({"then", "else"})  # read with their `if`
_NUMBER = (int, float)


def accepts(schema: Mapping[str, Any]) -> Check:
    """Return what tells whether a value of plain data is valid under the schema.

    Raises NotImplementedError for a keyword that the language does not use.
    """
    return _Compiler(schema).check(schema)


def spelled(value: object) -> str:
    """Return a value as text, by which entries of a list are told apart."""
    return json.dumps(value, sort_keys=True)


class _Compiler:
    """Turns a schema into functions, each named schema once; a class because names are looked up in the whole."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._named = schema.get("$defs", {})
        self._made: dict[str, Check] = {}

    def check(self, node: Any) -> Check:
        """Return the check of one schema: all its keywords, each for values of the types it speaks about."""
        if isinstance(node, bool):
            return _always if node else _never
        checks = [found for rule in node if (found := self._keyword(rule, node)) is not None]
        return checks[0] if len(checks) == 1 else _all(checks) if checks else _always

    def _keyword(self, rule: str, node: Mapping[str, Any]) -> Check | None:
        if rule in _SILENT or rule in _BRANCHES:
            return None
        if rule == "$ref":
            return self._reference(node[rule])
        if rule in ("properties", "additionalProperties", "propertyNames"):
            # One walk over the entries for the three; the first of them that stands there makes it.
            first = next(one for one in node if one in ("properties", "additionalProperties", "propertyNames"))
            return self._entries(node) if rule == first else None
        if rule == "if":
            return self._condition(node)
        if rule == "items":
            return _items(self.check(node[rule]))
        if rule == "not":
            return _not(self.check(node[rule]))
        if rule == "allOf":
            return _all([self.check(one) for one in node[rule]])
        if rule not in _LEAVES:
            raise NotImplementedError(f"the keyword `{rule}` of a schema")
        return _LEAVES[rule](node[rule])

    def _reference(self, target: str) -> Check:
        name = target.removeprefix("#/$defs/")
        if name not in self._made:
            self._made[name] = self.check(self._named[name])
        return self._made[name]

    def _condition(self, node: Mapping[str, Any]) -> Check:
        condition, then, other = (self.check(node.get(one, True)) for one in ("if", "then", "else"))
        return lambda value: then(value) if condition(value) else other(value)

    def _entries(self, node: Mapping[str, Any]) -> Check:
        properties: Mapping[str, Any] = node.get("properties", {})
        known: dict[str, Check] = {}  # made when a spec has the key: most have few of the language's
        rest = self.check(node.get("additionalProperties", True))
        name_of = self.check(node.get("propertyNames", True))

        def check(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            for key, entry in value.items():
                if key in properties and key not in known:
                    known[key] = self.check(properties[key])
                if not known.get(key, rest)(entry):
                    return False
            return name_of is _always or all(map(name_of, value))

        return check


def _always(value: Any) -> bool:
    return True


def _never(value: Any) -> bool:
    return False


def _all(checks: list[Check]) -> Check:
    return lambda value: all(one(value) for one in checks)


def _not(check: Check) -> Check:
    return lambda value: not check(value)


def _items(check: Check) -> Check:
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool)


_TYPES: Mapping[str, Check] = MappingProxyType(
    {
        "array": lambda value: isinstance(value, list),
        "boolean": lambda value: isinstance(value, bool),
        "integer": _is_integer,
        "null": lambda value: value is None,
        "number": _is_number,
        "object": lambda value: isinstance(value, dict),
        "string": lambda value: isinstance(value, str),
    }
)


def _type(wanted: str | list[str]) -> Check:
    if isinstance(wanted, str):
        return _TYPES[wanted]
    checks = [_TYPES[one] for one in wanted]
    return lambda value: any(one(value) for one in checks)


def _enum(choices: list[Any]) -> Check:
    texts = frozenset(one for one in choices if isinstance(one, str))
    others = [one for one in choices if not isinstance(one, str)]
    return lambda value: value in texts if isinstance(value, str) else any(_equal(value, one) for one in others)


def _equal(left: Any, right: Any) -> bool:
    """Compare as JSON does, where true is not 1; the language's choices are texts, numbers and nothing."""
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def _pattern(text: str) -> Check:
    # As ECMAScript, where `$` is the end and not also the place before a last line feed.
    search = re.compile(re.sub(r"\$$", r"\\Z", text)).search
    return lambda value: not isinstance(value, str) or search(value) is not None


_LEAVES: Mapping[str, Callable[[Any], Check]] = MappingProxyType(
    {
        "const": lambda bound: lambda value: _equal(value, bound),
        "enum": _enum,
        "maxItems": lambda bound: lambda value: not isinstance(value, list) or len(value) <= bound,
        "maximum": lambda bound: lambda value: not (_is_number(value) and value > bound),
        "minItems": lambda bound: lambda value: not isinstance(value, list) or len(value) >= bound,
        "minProperties": lambda bound: lambda value: not isinstance(value, dict) or len(value) >= bound,
        "minimum": lambda bound: lambda value: not (_is_number(value) and value < bound),
        "pattern": _pattern,
        "required": lambda keys: lambda value: not isinstance(value, dict) or all(one in value for one in keys),
        "type": _type,
        "uniqueItems": lambda wanted: (
            lambda value: not (wanted and isinstance(value, list)) or len({spelled(one) for one in value}) == len(value)
        ),
    }
)
