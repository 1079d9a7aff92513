"""Inspect AI: logs as JSON, whose samples are the set; a file of samples needs no reader."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import mapping, objects
from evalspec.registry import reader


def is_log(value: object) -> bool:
    """Tell a log by its parts."""
    return isinstance(value, Mapping) and isinstance(value.get("eval"), Mapping) and "samples" in value


@reader("inspect", version=1, title="Inspect AI log", recognises=is_log, repeats=True)
def inspect(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the samples of a log, each once whatever its epochs."""
    rows = []
    for sample in objects(value.get("samples")):
        row = {
            "id": sample.get("id"),
            "input": sample.get("input"),
            "target": sample.get("target"),
            "choices": sample.get("choices"),
        }
        kept = {name: one for name, one in row.items() if one is not None}
        rows.append(kept | {f"metadata.{name}": one for name, one in mapping(sample.get("metadata")).items()})
    return tuple(rows)
