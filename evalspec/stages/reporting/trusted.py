"""The figures of an embedding model that a replay with the core alone takes from the written report as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalspec.model.build import Build
from evalspec.model.outcome import Measurement
from evalspec.model.vocabulary import NOT_RECOMPUTED


def unmeasured(one: Measurement | None) -> bool:
    """Tell whether a figure is missing because nothing here reads meaning."""
    return one is not None and one.note is not None and one.note.startswith(NOT_RECOMPUTED)


def with_written(now: Mapping[str, object], written: Mapping[str, Any], done: Build) -> Mapping[str, object]:
    """Return the numbers of a replay with what it could not measure as the report states it, row by row.

    Only a row that both have is taken, and of a gate only one over such a row: all else is compared. So is what a model
    of the spec's own was found to be, which stands in its folder alone.
    """
    spoken = written.get("embedder")
    if done.spec.screen.own is not None and done.spoken is None and isinstance(spoken, Mapping) and _is_plain(spoken):
        now = {**now, "embedder": spoken}
    rows = {_measured(_row(one)) for one in done.measurements or () if unmeasured(one)}
    if not rows:
        return now
    gates: set[tuple[object, ...]] = {
        (one.gate, one.measurement.slice)
        for one in done.verdicts or ()
        if one.measurement and unmeasured(one.measurement)
    }
    return {
        **now,
        "measures": _taken(now.get("measures"), written.get("measures"), _measured, rows),
        "gates": _taken(now.get("gates"), written.get("gates"), _judged, gates),
    }


def _row(one: Measurement) -> Mapping[str, object]:
    return {"measure": one.measure, "of": one.of, "space": one.space, "slice": one.slice}


def _measured(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in ("measure", "of", "space", "slice"))


def _judged(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in ("gate", "slice"))


def _taken(now: Any, written: Any, key: Any, chosen: set[tuple[object, ...]]) -> Any:
    if not isinstance(now, list) or not isinstance(written, list):
        return now
    stated = {key(row): row for row in written if isinstance(row, Mapping) and _is_plain(row)}
    return [stated.get(key(row), row) if key(row) in chosen else row for row in now]


def _is_plain(row: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in row.values())
