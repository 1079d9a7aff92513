"""What the readers of result files share: JSON as runners write it, where a case's id stands, what a value says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalspec.model.result import RawResults, Unreadable

LONGEST_OUTPUT = 20_000  # characters of an output that are kept; longer ones are cut, and say so
_CUT = "… [cut]"


class NotReadable(Exception):
    """What keeps a text from being read, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which case a row is about, as far as its metadata says."""

    id: str | None = None
    digest: str | None = None
    root: str | None = None


def runner_json(text: str) -> object:
    """Read JSON with the NaN and Infinity that runners write; anything else that is no JSON is refused."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise NotReadable("nested too deep") from error
    except ValueError as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        message = error.msg if isinstance(error, json.JSONDecodeError) else "a number of too many digits"
        raise NotReadable(f"not JSON: {message}{where}") from error


def json_rows(text: str) -> tuple[list[tuple[str, Mapping[str, object]]], list[Unreadable]]:
    """Read one JSON object a line: (place, object) of each, and the lines that hold something else."""
    rows: list[tuple[str, Mapping[str, object]]] = []
    unreadable: list[Unreadable] = []
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: U+2028 may stand in a text
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            value = runner_json(line)
        except NotReadable as problem:
            unreadable.append(Unreadable(place=place, message=str(problem)))
            continue
        if isinstance(value, Mapping):
            rows.append((place, value))
        else:
            unreadable.append(Unreadable(place=place, message="not a JSON object"))
    return rows, unreadable


def whole_file(message: str) -> RawResults:
    """Refuse a file as a whole."""
    return RawResults(unreadable=(Unreadable(place="file", message=message),))


def mapping(value: object) -> Mapping[str, object]:
    """Return a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a JSON array; other items are empty objects, so that positions stay."""
    return [mapping(one) for one in value] if isinstance(value, list) else []


def text_or_none(value: object) -> str | None:
    """Return a text that says something, or None; whole numbers count as ids do."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def identity(*holders: object) -> Identity:
    """Return id, digest and root of the lock, each from the first holder that has it as exports write it.

    A plain name counts where no `evalspec_` name is there.
    """
    found: dict[str, str | None] = {"id": None, "digest": None, "root": None}
    for name in found:
        for key in (f"evalspec_{name}", name):
            found[name] = found[name] or next(
                (value for one in holders if (value := text_or_none(mapping(one).get(key)))), None
            )
    return Identity(id=found["id"], digest=found["digest"], root=found["root"])


def root_of(identities: Iterable[Identity]) -> str | None:
    """Return the one root that rows name; several are joined, so that they match no lock."""
    return " and ".join(sorted({one.root for one in identities if one.root})) or None


def as_outcome(value: object) -> tuple[bool | None, float | None]:
    """Return (pass, score) of a value: true and false pass or fail, a number is a score, NaN and null are neither."""
    if isinstance(value, bool):
        return value, None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None, None
        return None, (number if math.isfinite(number) else None)
    return None, None


def shortened(value: object) -> str | None:
    """Return an output as text, cut at a length that a file in git can bear."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_OUTPUT else text[:LONGEST_OUTPUT] + _CUT
