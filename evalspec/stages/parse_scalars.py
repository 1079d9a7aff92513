"""Plain YAML scalars as YAML 1.2 reads them, and what a YAML 1.1 tool would have read instead."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from evalspec.text.patterns import lazy_pattern

MAX_SHOWN = 40  # characters of a user's word that a message repeats
MAX_DIGITS = 18  # every whole number of 18 digits fits 64 bits in every reader of a lock

# YAML 1.1 booleans and nulls that are text here; https://yaml.org/type/bool.html and null.html
_OLD_BOOLEANS = lazy_pattern("yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[yYnN]|True|TRUE|False|FALSE")
_OLD_NULLS = lazy_pattern("Null|NULL")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}

_INTEGER = lazy_pattern(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = lazy_pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = lazy_pattern(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

# The YAML 1.1 types as PyYAML resolves them, which most 1.1 tools follow.
_OLD_NUMBER = lazy_pattern(
    r"[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0[0-7_]+"
    r"|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+][0-9]+"
    r"|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
)
_OLD_OCTAL = lazy_pattern(r"[-+]?0[0-7_]+")
_OLD_SEXAGESIMAL = lazy_pattern(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OLD_DATE = lazy_pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)
_LONGEST_OLD_WORD = len("FALSE")
_NUMBER_STARTS = frozenset("0123456789+-.")


class NotAllowed(Exception):
    """A number that the language refuses: `args` are the code and the message."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a plain scalar is, and the warning and hint when a YAML 1.1 tool reads something else."""

    value: str | int | float | bool | None
    warning: str | None = None
    hint: str | None = None


def kind_of(value: object) -> str:
    """Name the kind of a value in plain words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "a mapping"


def read_plain(text: str) -> Reading:
    """Read a plain scalar; raise NotAllowed for a number that is not finite or too long."""
    if text in _WORDS:
        return Reading(_WORDS[text])
    if text[0] in _NUMBER_STARTS:
        return _read_number(text)
    if len(text) > _LONGEST_OLD_WORD or not (other := _old_word(text)):
        return Reading(text)
    wanted = f"`{text.lower()}` for the value, or " if text.lower() in _WORDS else ""
    hint = f'write {wanted}"{text}" in quotes for the string'
    return Reading(text, f"`{text}` is a string here and {other} in YAML 1.1 tools", hint)


def _old_word(text: str) -> str | None:
    if _OLD_BOOLEANS.fullmatch(text):
        return "a boolean"
    return "nothing" if _OLD_NULLS.fullmatch(text) else None


def _read_number(text: str) -> Reading:
    if _NOT_FINITE.fullmatch(text):
        raise NotAllowed("Y022", f"`{text[:MAX_SHOWN]}` is not a finite number")
    if _INTEGER.fullmatch(text):
        return _read_integer(text)
    if _FLOAT.fullmatch(text):
        return _read_float(text)
    return _read_string(text)


def _read_integer(text: str) -> Reading:
    number = int(text, 0) if text.startswith(("0o", "0x")) and len(text) <= 2 * MAX_DIGITS else None
    digits = len(str(abs(number))) if number is not None else len(text.lstrip("+-"))
    if digits > MAX_DIGITS:
        raise NotAllowed("Y021", f"a number may have {MAX_DIGITS} digits, this one has {digits}")
    if text.startswith("0x") and number is not None:
        return Reading(number)
    if number is not None:
        return Reading(number, f"`{text}` is {number} here and a string in YAML 1.1 tools", f"write {number}")
    value = int(text)
    bare = text.lstrip("+-")
    if len(bare) == 1 or bare[0] != "0":
        return Reading(value)
    octal = bool(_OLD_OCTAL.fullmatch(text))
    other = str(int(text, 8)) if octal else "a string"
    if octal and int(text, 8) == value:
        return Reading(value)
    hint = f'write {value}, or "{text}" in quotes for the string'
    return Reading(value, f"`{text}` is {value} here and {other} in YAML 1.1 tools", hint)


def _read_float(text: str) -> Reading:
    mantissa = re.split("[eE]", text)[0]
    digits = len(mantissa.lstrip("+-").replace(".", "").lstrip("0"))  # leading zeros of a fraction carry nothing
    if digits > MAX_DIGITS:
        raise NotAllowed("Y021", f"a number may have {MAX_DIGITS} digits, this one has {digits}")
    value = float(text)
    if not math.isfinite(value):
        raise NotAllowed("Y022", f"`{text[:MAX_SHOWN]}` is too large for a number")
    if _OLD_NUMBER.fullmatch(text):
        return Reading(value)
    return Reading(
        value,
        f"`{text}` is the number {value!r} here and a string in YAML 1.1 tools",
        f'write {value:.1f}, or "{text}" in quotes for the string'
        if 1e-3 <= abs(value) < 1e15 and value == round(value, 1)
        else f'"{text}" in quotes is the string',
    )


def _read_string(text: str) -> Reading:
    if _OLD_DATE.fullmatch(text):
        other = "a date"
    elif _OLD_SEXAGESIMAL.fullmatch(text):
        other = "a number in base 60"
    elif _OLD_NUMBER.fullmatch(text):
        other = "a number"
    else:
        return Reading(text)
    shown = text[:MAX_SHOWN]
    return Reading(text, f"`{shown}` is a string here and {other} in YAML 1.1 tools", f'write "{shown}" in quotes')
