"""JSON lines as a person reviews them, and a strict reader that takes nothing Python merely tolerates."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from evalspec.text.patterns import lazy_pattern

LONGEST_NUMBER = 40  # digits; ids of other systems go up to 39 (128 bits), CPython itself refuses 4,301

# Unescaped, these would end a line, reorder what a reviewer sees, or be invisible in a diff: controls with U+0085,
# line and paragraph separators, bidirectional marks and overrides, tag characters, lone surrogates.
_ESCAPED = lazy_pattern(
    r"[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)

_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)

# What can be left of a literal or a number where a text was cut off, and an escape at its end.
_UNFINISHED = lazy_pattern(r"\s*|t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|(\.\d+)?[eE][-+]?")
_WRITTEN_ESCAPE = lazy_pattern(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/nrt]')
_OPEN_ESCAPE = lazy_pattern(r"\\u[0-9a-fA-F]{0,4}\Z")


class JsonProblem(Exception):
    """What is not JSON in a text, in words, with the line and column when they are known."""

    def __init__(self, message: str, line: int = 1, col: int = 1) -> None:
        self.message = message
        self.line = line
        self.col = col
        super().__init__(message)


def json_line(value: object) -> str:
    """Spell a value on one line: unescaped but for what would deceive a reviewer, keys in the order given."""
    text = _LINE.encode(plain(value))
    if text.isascii() and "\x7f" not in text:
        return text  # most texts: nothing in the pattern is ASCII but DEL
    return _ESCAPED.sub(lambda found: _escape(found.group()), text)


def plain(value: object) -> object:
    """Return the value with every mapping a dict and every sequence a list, as `json` wants them."""
    if value is None or isinstance(value, str | int | float):
        return value  # first, since most values are
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    return value


def read_json(text: str, *, is_log: bool = False) -> object:
    """Read one JSON value; NaN, duplicate keys, endless numbers, lone surrogates and deep nesting are problems.

    Logs of runners hold a bare NaN where nothing was scored: with `is_log` it is read as null.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_constant=_nothing if is_log else _constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise JsonProblem(f"not JSON: {error.msg}", error.lineno, error.colno) from error
    except RecursionError as error:
        raise JsonProblem("nested too deep") from error
    if "\\ud" in text or "\\uD" in text:
        _refuse_surrogates(value)
    return value


def unescaped(text: str) -> str:
    """Return a text with every JSON escape in it as the character it stands for: what a reader of its strings sees.

    Wherever it stands, in a fence, in talk or in half an object. `\\b` and `\\f` stay: paths and formulas hold them.
    """
    if "\\" not in text:
        return text
    return _WRITTEN_ESCAPE.sub(lambda found: str(json.loads(f'"{found.group()}"')), text)


def scalar_text(value: object) -> str:
    """Spell a scalar as its JSON text, so that a number read from JSON and the same read from CSV are equal."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value)


def split_torn(text: str) -> tuple[str, str]:
    """Split JSON lines into the whole ones and a last one that was cut off, which is empty where none was.

    Cut off is the beginning of an object without its line feed; what no more characters could mend is not.
    """
    start = text.rfind("\n") + 1
    last = text[start:].lstrip()
    if not last.startswith("{"):
        return text, ""
    try:
        json.loads(last)
    except json.JSONDecodeError as error:
        is_open = error.msg.startswith("Unterminated string") or _OPEN_ESCAPE.search(last)
        if is_open or _UNFINISHED.fullmatch(last, error.pos):
            return text[:start], text[start:]
    except (ValueError, RecursionError):  # a number of thousands of digits, deep nesting
        return text, ""
    return text, ""


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1]


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonProblem(f"the key `{twice}` stands twice in one object")
    return found


def _nothing(name: str) -> object:
    return None


def _constant(name: str) -> object:
    raise JsonProblem(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise JsonProblem(f"a number of {len(digits):,} digits; quote it if it is a name")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonProblem("a number out of range")
    return value


def _refuse_surrogates(value: object) -> None:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise JsonProblem("half of a surrogate pair, which is no character")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            _refuse_surrogates(key)
            _refuse_surrogates(one)
    elif isinstance(value, list):
        for one in value:
            _refuse_surrogates(one)
