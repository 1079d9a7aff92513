"""Samples of lm-evaluation-harness: `samples_TASK_TIME.jsonl`, written with --log_samples."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import (
    as_outcome,
    identity,
    json_rows,
    root_of,
    shortened,
    text_or_none,
    whole_file,
)
from evalspec.model.result import RawResult, RawResults
from evalspec.registry import results


@results("lm_eval", version=1)
def lm_eval(text: str, metric: str | None) -> RawResults:
    """Read one row a document and filter; a metric is chosen by name when there are several."""
    rows, unreadable = json_rows(text)
    if not any("doc" in row for _, row in rows):
        return whole_file("no row has a `doc`: another file than the samples of lm-evaluation-harness")
    names = sorted({name for _, row in rows for name in _metrics(row)})
    chosen = metric or (names[0] if len(names) == 1 else None)
    if chosen is None:
        return whole_file(f"several metrics: {', '.join(names) or 'none'}; choose one with --metric")
    if chosen not in names:
        return whole_file(f"no metric `{chosen}`; there is {', '.join(names) or 'none'}")
    return RawResults(
        rows=tuple(_row(place, row, chosen) for place, row in rows),
        unreadable=tuple(unreadable),
        lock=root_of(identity(row.get("doc")) for _, row in rows),
        metric=chosen,
    )


def _metrics(row: Mapping[str, object]) -> list[str]:
    listed = row.get("metrics")
    if not isinstance(listed, list):
        return []
    return [name for name in listed if isinstance(name, str) and name in row]


def _row(place: str, row: Mapping[str, object], metric: str) -> RawResult:
    who = identity(row.get("doc"))
    passed, score = as_outcome(row.get(metric))
    position, replies = row.get("doc_id"), row.get("filtered_resps")
    return RawResult(
        place=place,
        id=who.id,
        position=position if isinstance(position, int) else None,
        digest=who.digest,
        variant=text_or_none(row.get("filter")),
        passed=passed,
        score=score,
        output=shortened(replies[0] if isinstance(replies, list) and replies else None),
    )
