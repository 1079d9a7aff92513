"""DeepEval: goldens of datasets, single and of conversations, and the test cases of a test run."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import mapping, objects
from evalspec.registry import reader

# What its synthesizer leaves in a golden that it has written.
_WRITTEN = ("evolutions", "synthetic_input_quality")


def is_golden(value: object) -> bool:
    """Tell a golden by names that no other runner gives."""
    return isinstance(value, Mapping) and (
        (
            "input" in value
            and ("expected_output" in value or "additional_metadata" in value or "actual_output" in value)
        )
        or ("turns" in value and ("scenario" in value or "expected_outcome" in value))
    )


def is_run(value: object) -> bool:
    """Tell a test run: test cases, also under `testRunData`."""
    run = mapping(mapping(value).get("testRunData")) or mapping(value)
    return isinstance(run.get("testCases"), list) or isinstance(run.get("conversationalTestCases"), list)


@reader("deepeval", version=1, title="DeepEval goldens", recognises=is_golden)
def deepeval(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read one golden or conversational golden; one that DeepEval's synthesizer wrote says so."""
    metadata = mapping(value.get("additional_metadata"))
    written = any(name in metadata for name in _WRITTEN)
    turns = value.get("turns")
    given = {
        "id": value.get("name") or value.get("id"),
        # A conversation that is still to be simulated has a scenario, and nothing that a user wrote.
        "input": turns if isinstance(turns, list) and turns else value.get("input", value.get("scenario")),
        "expected": value.get("expected_output", value.get("expected_outcome")),
        "origin": "synthetic" if written else None,
    }
    return (_row(given, metadata),)


@reader("deepeval_run", version=1, title="DeepEval test run", recognises=is_run, repeats=True)
def deepeval_run(value: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Read the test cases of a run, single-turn ones and conversations."""
    run = mapping(value.get("testRunData")) or value
    rows = []
    for case in (*objects(run.get("testCases")), *objects(run.get("conversationalTestCases"))):
        turns = case.get("turns")
        given = {
            "id": case.get("name"),
            "input": turns if isinstance(turns, list) and turns else case.get("input"),
            "expected": case.get("expectedOutput", case.get("expectedOutcome")),
        }
        rows.append(_row(given, mapping(case.get("metadata") or case.get("additionalMetadata"))))
    return tuple(rows)


def _row(given: Mapping[str, object], metadata: Mapping[str, object]) -> Mapping[str, object]:
    kept = {name: value for name, value in given.items() if value is not None}
    return kept | {f"metadata.{name}": value for name, value in metadata.items()}
