"""evalspec's own lock: the set with what it already says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import mapping, objects
from evalspec.registry import reader


def is_lock(value: object) -> bool:
    """Tell a lock by its version and cases."""
    return isinstance(value, Mapping) and "lock_version" in value and isinstance(value.get("cases"), list)


@reader("evalspec_lock", version=1, title="evalspec lock", recognises=is_lock)
def evalspec_lock(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the cases of a lock: their pool says where they come from, `expected_by` who vouched for the answer."""
    return tuple(_row(case) for case in objects(value.get("cases")) if case)


def _row(case: Mapping[str, object]) -> Mapping[str, object]:
    provenance = str(case.get("provenance", ""))
    made = provenance.split("-")[0]
    row = {
        "id": case.get("id"),
        "input": case.get("input"),
        "expected": case.get("expected"),
        "provenance": made if made not in ("synth", "") else mapping(case.get("lineage")).get("pool", made),
        "expected_by": case.get("expected_by") or "nobody",
        "parents": mapping(case.get("lineage")).get("parents"),
        "track": case.get("track"),
        "language": case.get("language"),
    }
    return {name: value for name, value in row.items() if value is not None}
