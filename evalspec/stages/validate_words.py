"""How validation says things: types, names, lists and guesses in plain words, and never a secret."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from evalspec.model.source import Document, Path
from evalspec.stages.parse_scalars import MAX_SHOWN
from evalspec.text.patterns import lazy_pattern
from evalspec.text.secrets import key_spans

INHERITED_ONLY = (
    "give it a value or leave the key out; only a spec with `extends` takes an entry away with an empty value"
)

_TYPES = {
    "array": "a list",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}
# Words of a key whose value is a credential, and the prefixes of tokens that large providers give out.
_CREDENTIAL = lazy_pattern(r"key|token|secret|password|credential|auth", re.IGNORECASE)
_TOKEN = lazy_pattern(
    r"\b(?:sk|pk|rk)-[\w-]{8,}|\bgh[opsu]_\w{8,}|\bgithub_pat_\w{8,}|\bAKIA\w{8,}|\bAIza\w{8,}|\bxox\w-\w"
)
_PERCENT = 100


def shown(text: str) -> str:
    """Return a user's word as a message repeats it: short, on one line, never a credential."""
    if _TOKEN.search(text) or key_spans(text):
        return "(not shown)"
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"


def has_credential(key: str) -> bool:
    """Tell whether the value of a key is a credential."""
    return _CREDENTIAL.search(key) is not None


def name_of(path: Path) -> str:
    """Return the dotted name of a place, entries of lists counted from 1."""
    parts = [f"[{step + 1}]" if isinstance(step, int) else f".{shown(step)}" for step in path]
    return "".join(parts).lstrip(".")


def owner_of(path: Path) -> str:
    """Return what a sentence about a place begins with."""
    if not path:
        return "the spec"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of `{name_of(path[:-1])}`"
    return f"`{name_of(path)}`"


def listing(words: Sequence[Any], *, last: str = "and") -> str:
    """Return words in backticks, with commas and a last conjunction."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def types_in_words(types: Sequence[str]) -> str:
    """Return what a schema allows in plain words; that nothing may stand there too is not worth a word."""
    words = [_TYPES[one] for one in types if one != "null"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def a_name_like(text: str) -> str | None:
    """Return a name that a text may have meant, or None when nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_").lstrip("0123456789_")[:24].rstrip("_")
    return slug if slug and not _TOKEN.search(text) else None


def lookalikes(text: str) -> list[str]:
    """Name the letters of a key that are not ASCII, since they may only look like it."""
    odd = sorted({char for char in text if ord(char) > 127})[:3]
    return [f"`{char}` is U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip() for char in odd]


def comma_in_braces(document: Document, lines: Sequence[str], path: Path) -> str | None:
    """Explain a key that came to be because a comma ended a text in braces."""
    span = document.keys.get(path)
    value = document.values.get(path)
    if span is None or value is None or (value.line, value.col) != (value.end_line, value.end_col):
        return None
    rest = lines[span.end_line - 1][span.end_col - 1 :].lstrip()
    if rest.startswith((",", "}")):
        return "inside `{ }` a comma ends a value: put the whole text in quotes, or on a line of its own"
    return None


def range_hint(value: float, schema: Mapping[str, Any] | Any) -> str | None:
    """Explain a percentage that stands where a share is asked for."""
    if isinstance(schema, Mapping) and schema.get("title") == "a share" and 1 < value <= _PERCENT:
        return f"a share is a decimal, not a percentage: write {value / _PERCENT:g}"
    return None
