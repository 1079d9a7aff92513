"""Stage 2: the shape of a spec against its JSON Schema, and every departure from it in the language's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evalspec.diagnostics import Collector, Diagnostic, Note, SpecError, did_you_mean
from evalspec.model.source import Document, Path
from evalspec.stages.parse_scalars import kind_of
from evalspec.stages.parse_text import line_starts, place
from evalspec.stages.validate_accept import accepts, spelled
from evalspec.stages.validate_words import (
    INHERITED_ONLY,
    a_name_like,
    comma_in_braces,
    has_credential,
    listing,
    lookalikes,
    name_of,
    owner_of,
    range_hint,
    shown,
    types_in_words,
)
from evalspec.text.secrets import key_spans

if TYPE_CHECKING:
    from evalspec.stages.validate_faults import Fault

_ANNOTATIONS = frozenset({"title", "description", "examples", "$comment"})
_CONDITION = frozenset({"if", "then", "else"})


def validate(document: Document, schema: Mapping[str, Any]) -> None:
    """Raise everything about the document that the schema does not allow."""
    is_right = accepts(schema)(document.data)
    flat = schema if is_right else inline(schema, schema.get("$defs", {}))
    telling = _Telling(document, flat, _operational(schema))
    if not is_right:
        # The library takes longer to import than a right spec takes to check.
        from evalspec.stages.validate_faults import faults

        for fault in faults(document.data, flat):
            telling.tell(fault)
    telling.tell_of_keys()
    problems = _without_echoes(telling.problems.found)
    if problems:
        raise SpecError(problems)


def inline(node: Any, defs: Mapping[str, Any]) -> Any:
    """Return the schema with every reference replaced by what it names.

    Following references took half of the time of a ten-thousand-line spec. The language is not recursive, so that
    there is an end to it.
    """
    if isinstance(node, list):
        return [inline(one, defs) for one in node]
    if not isinstance(node, Mapping):
        return node
    beside = {key: inline(value, defs) for key, value in node.items() if key not in {"$ref", "$defs"}}
    if "$ref" not in node:
        return beside
    named = inline(defs[node["$ref"].removeprefix("#/$defs/")], defs)
    own = set(beside) - _ANNOTATIONS
    if not own or (own <= _CONDITION and not own & set(named)):
        return {**named, **beside}
    return {**beside, "allOf": [*beside.get("allOf", []), named]}


def _operational(schema: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(schema.get("$defs", {}).get("operational", {}).get("not", {}).get("enum", ()))


def _without_echoes(found: list[Diagnostic]) -> list[Diagnostic]:
    """Drop repetitions: a rule of the whole spec and one of the block may say the same."""
    kept: dict[tuple[object, ...], Diagnostic] = {}
    for one in found:
        kept.setdefault((one.code, one.span, one.message), one)
    return list(kept.values())


class _Telling:
    """Turns the errors of one document into diagnostics; a class because every rule needs document and schema."""

    def __init__(self, document: Document, schema: Mapping[str, Any], operational: frozenset[str]) -> None:
        self.document, self.schema, self.operational = document, schema, operational
        self.lines = document.source.text.split("\n")
        self.problems = Collector()

    def tell(self, fault: Fault) -> None:
        """Record one error of the schema in the words of the language."""
        rule = _Telling.wrong_key if fault.in_key else _RULES[fault.rule]
        rule(self, fault)

    def _about(self, path: Path) -> Mapping[str, Any]:
        """Return the schema of the value at a path, as far as properties and entries lead to it."""
        node: Mapping[str, Any] = self.schema
        for step in path:
            inner = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step)
            node = inner if isinstance(inner, Mapping) else node.get("additionalProperties", {})
            if not isinstance(node, Mapping):
                return {}
        return node

    def tell_of_keys(self) -> None:
        """Report keys and tokens in any text of the file, comments included; a credential's own key is told already."""
        text, path = self.document.source.text, self.document.source.path
        told = {one.span.line for one in self.problems.found if one.code == "S113" and one.span}
        starts = line_starts(text)
        for start, end in key_spans(text):
            at = place(path, starts, start, end)
            if at.line not in told:
                hint = "remove it and revoke it if the file was shared; keys come from the environment"
                self.problems.add("S115", "a key or token stands here (value not shown)", at=at, hint=hint)

    def wrong_key(self, fault: Fault) -> None:
        """Report a key that is no name, or that is operational."""
        path = fault.path
        key = str(fault.found)
        if fault.rule == "not":
            self._refuse_operational(key, path)
        else:
            self._not_a_name(key, (*path, key), is_key=True)

    def _guess(self, word: str, known: Any) -> str | None:
        label = did_you_mean(word, [str(one) for one in known if one is not None])
        return None if label == "no such name" else label

    def _refuse_operational(self, key: str, path: Path) -> None:
        at = self.document.key_span((*path, key))
        if has_credential(key):
            message = f"`{shown(key)}` is a credential, and those never stand in a spec (value not shown)"
            hint = "remove it and revoke the value if it was shared; keys come from the environment"
            self.problems.add("S113", message, at=at, hint=hint)
        else:
            message = f"`{shown(key)}` is operational and no part of a spec"
            hint = "set it in the user configuration `~/.config/evalspec/config.yaml`, or with a flag"
            self.problems.add("S102", message, at=at, hint=hint)

    def _not_a_name(self, text: str, path: Path, *, is_key: bool) -> None:
        at = self.document.key_span(path) if is_key else self.document.span_of(path)
        better = a_name_like(text)
        self.problems.add(
            "S106",
            f"`{shown(text)}` is not a name" if text else "a name is empty",
            at=at,
            label=f"did you mean `{better}`?" if better else None,
            notes=lookalikes(text),
            hint="a name is a lower-case letter, then up to 23 lower-case letters, digits or underscores",
        )

    def unknown_keys(self, fault: Fault) -> None:
        """Report every key that the mapping at `path` cannot have."""
        path = fault.path
        known = fault.schema.get("properties", {})
        for key in fault.found:
            if key in known:
                continue
            if key.lower().replace("-", "_") in self.operational:
                self._refuse_operational(key, path)
                continue
            where = f" in `{name_of(path)}`" if path else ""
            self.problems.add(
                "S101",
                f"unknown key `{shown(key)}`{where}",
                at=self.document.key_span((*path, key)),
                label=self._guess(key, known),
                notes=lookalikes(key),
                hint=comma_in_braces(self.document, self.lines, (*path, key)) or self._home(key, path),
            )

    def _home(self, key: str, path: Path) -> str | None:
        blocks = self.schema.get("properties", {})
        homes = [name for name, block in blocks.items() if key in block.get("properties", {}) and name != "pools"]
        if not path and homes:
            return f"`{key}` belongs under {listing(homes)}"
        return f"`{key}` belongs to the spec itself, not under `{path[0]}`" if path and key in blocks else None

    def wrong_type(self, fault: Fault) -> None:
        """Report a value of another type than those that are asked for."""
        path = fault.path
        wanted = fault.bound if isinstance(fault.bound, list) else [fault.bound]
        found = fault.found
        if found is None:
            self._empty(path, hint=f"expected {types_in_words(wanted)}")
            return
        hint = None
        if "string" in wanted and isinstance(found, bool | int | float):
            hint = "put it in quotes"
        elif wanted[0] == "array" and isinstance(found, str) and re.fullmatch(r"[\w-]{1,40}", found):
            hint = f"write `[{shown(found)}]`"
        message = f"expected {types_in_words(wanted)}, found {kind_of(found)}"
        at = self.document.span_of(path)
        self.problems.add("S103", message, at=at, label=f"this is {kind_of(found)}", hint=hint)

    def _empty(self, path: Path, *, hint: str | None = None) -> None:
        self.problems.add("S108", f"{owner_of(path)} is empty", at=self.document.key_span(path), hint=hint)

    def missing_keys(self, fault: Fault) -> None:
        """Report all keys that the mapping at `path` lacks, once."""
        path = fault.path
        missing = [key for key in fault.bound if key not in fault.found]
        at = self.document.key_span(path)
        if not path and at is not None:  # the whole file is no place to point at: its first key is
            at = next((span for key, span in self.document.keys.items() if len(key) == 1), at)
        about = self._about(path).get("properties", {})
        texts = [about.get(key, {}).get("description", "") for key in missing]
        message = f"{owner_of(path)} has no {' and no '.join(f'`{key}`' for key in missing)}"
        hint = f"add `{missing[0]}`: {texts[0].split('. ')[0].rstrip('.')}" if texts[0] else None
        self.problems.add("S104", message, at=at, hint=hint)

    def not_a_choice(self, fault: Fault) -> None:
        """Report a word that is not among the choices."""
        path = fault.path
        choices = [one for one in fault.bound if one is not None]
        if fault.found is None:
            self._empty(path, hint=f"expected {listing(choices, last='or')}")
        elif not isinstance(fault.found, str):
            message = f"expected {listing(choices, last='or')}, found {kind_of(fault.found)}"
            label = f"this is {kind_of(fault.found)}"
            self.problems.add("S103", message, at=self.document.span_of(path), label=label)
        else:
            message = f"{owner_of(path)} cannot be `{shown(fault.found)}`"
            label = self._guess(fault.found, choices) or f"expected {listing(choices, last='or')}"
            self.problems.add("S105", message, at=self.document.span_of(path), label=label)

    def wrong_version(self, fault: Fault) -> None:
        """Report a version of the language that is not this one."""
        path = fault.path
        at = self.document.span_of(path)
        if isinstance(fault.found, int) and not isinstance(fault.found, bool):
            message = f"this evalspec reads version {fault.bound} of the spec language, not {fault.found}"
            hint = "upgrade evalspec" if fault.found > 1 else "write `version: 1`"
            self.problems.add("S114", message, at=at, hint=hint)
        else:
            message = f"expected an integer, found {kind_of(fault.found)}"
            self.problems.add("S103", message, at=at, label=f"this is {kind_of(fault.found)}", hint="write 1")

    def wrong_form(self, fault: Fault) -> None:
        """Report a text that is blank, no name, or not of the form that is asked for."""
        path = fault.path
        title = fault.schema.get("title", "")
        if not fault.found.strip():
            self._empty(path)
        elif title == "a name":
            self._not_a_name(fault.found, path, is_key=False)
        else:
            message = f"expected {title}, found `{shown(fault.found)}`"
            self.problems.add("S107", message, at=self.document.span_of(path))

    def wrong_length(self, fault: Fault) -> None:
        """Report a list or mapping with too few or too many entries."""
        path = fault.path
        size, bound = len(fault.found), fault.bound
        if size == 0:
            self._empty(path, hint="fill it, or leave the key out")
        else:
            side = "least" if size < bound else "most"
            message = f"{owner_of(path)} has {size} {'entry' if size == 1 else 'entries'}, the {side} is {bound}"
            self.problems.add("S109", message, at=self.document.span_of(path))

    def out_of_range(self, fault: Fault) -> None:
        """Report a number below the lowest or above the highest value."""
        path = fault.path
        side = "least" if fault.found < fault.bound else "most"
        message = f"{owner_of(path)} is {fault.found}, the {side} is {fault.bound}"
        hint = range_hint(fault.found, fault.schema)
        self.problems.add("S110", message, at=self.document.span_of(path), hint=hint)

    def listed_twice(self, fault: Fault) -> None:
        """Report every entry of a list that stands in it before."""
        path = fault.path
        first: dict[str, int] = {}
        for index, entry in enumerate(fault.found):
            if (same := first.setdefault(spelled(entry), index)) == index:
                continue
            before = self.document.span_of((*path, same))
            what = f"`{shown(entry)}`" if isinstance(entry, str) else "the same entry"
            message = f"{what} is listed twice in `{name_of(path)}`"
            notes = [Note(message="first one here", span=before)]
            at = self.document.span_of((*path, index))
            self.problems.add("S111", message, at=at, label="second one here", notes=notes)

    def not_here(self, fault: Fault) -> None:
        """Report a value that another key, or the lack of `extends`, rules out."""
        path = fault.path
        if fault.bound:
            self._empty(path, hint=INHERITED_ONLY)
        else:
            hint = fault.schema.get("description")
            message = f"{owner_of(path)} cannot stand here"
            self.problems.add("S112", message, at=self.document.key_span(path), hint=hint)


_RULES: Mapping[str, Callable[[_Telling, Fault], None]] = MappingProxyType(
    {
        "additionalProperties": _Telling.unknown_keys,
        "const": _Telling.wrong_version,
        "enum": _Telling.not_a_choice,
        "maxItems": _Telling.wrong_length,
        "maximum": _Telling.out_of_range,
        "minItems": _Telling.wrong_length,
        "minProperties": _Telling.wrong_length,
        "minimum": _Telling.out_of_range,
        "not": _Telling.not_here,
        "pattern": _Telling.wrong_form,
        "required": _Telling.missing_keys,
        "type": _Telling.wrong_type,
        "uniqueItems": _Telling.listed_twice,
    }
)
