"""A Hugging Face dataset with results, as `to_json`, `to_csv` or `to_dict` write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from evalspec.catalog.result_readers.jsonl import plain_rows
from evalspec.catalog.result_readers.reading import NotReadable, json_rows, objects, runner_json, whole_file
from evalspec.model.result import RawResults
from evalspec.registry import results

_CELLS: Mapping[str, object] = {"true": True, "false": False, "": None, "none": None, "null": None, "nan": None}
_TYPED = ("pass", "score", "epoch")  # columns that CSV writes as text and plain results read as values


@results("hf", version=1)
def hf(text: str) -> RawResults:
    """Read a dataset's rows: the columns of plain results, as JSON lines, an array, columns, or CSV."""
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return _from_csv(text)
    try:
        value = runner_json(text)
    except NotReadable as problem:
        if start == "[":
            return whole_file(str(problem))
        rows, unreadable = json_rows(text)
        found = plain_rows(rows)
        return RawResults(rows=found.rows, unreadable=(*unreadable, *found.unreadable), lock=found.lock)
    if isinstance(value, Mapping) and isinstance(value.get("id"), list):
        columns = {name: column for name, column in value.items() if isinstance(column, list)}
        if len({len(column) for column in columns.values()}) != 1:
            return whole_file("columns of different lengths")
        value = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    items = objects(value) if isinstance(value, list) else objects([value])
    return plain_rows((f"row {at + 1}", row) for at, row in enumerate(items))


def _from_csv(text: str) -> RawResults:
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        items = [(f"row {at}", _typed(row)) for at, row in enumerate(reader, start=1)]
    except csv.Error as error:
        return whole_file(f"neither JSON nor CSV: {error}")
    if "id" not in (reader.fieldnames or ()):
        return whole_file("neither JSON nor CSV with a column `id`")
    return plain_rows(items)


def _typed(row: Mapping[str | None, str | None]) -> Mapping[str, object]:
    return {
        name: _cell(value) if name in _TYPED else (value or None)
        for name, value in row.items()
        if isinstance(name, str)
    }


def _cell(value: str | None) -> object:
    spelled = (value or "").strip().lower()
    if spelled in _CELLS:
        return _CELLS[spelled]
    try:
        return int(spelled)
    except ValueError:
        pass
    try:
        return float(spelled)
    except ValueError:
        return spelled
