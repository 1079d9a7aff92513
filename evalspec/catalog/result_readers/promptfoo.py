"""Results of promptfoo: `promptfoo eval -o results.json`, or `.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import (
    Identity,
    NotReadable,
    as_outcome,
    identity,
    json_rows,
    mapping,
    objects,
    root_of,
    runner_json,
    shortened,
    text_or_none,
    whole_file,
)
from evalspec.model.result import RawResult, RawResults, Unreadable
from evalspec.registry import results

_ERROR = 2  # failureReason: 0 none, 1 an assertion, 2 an error
_STRIPPED = "no row names its case: PROMPTFOO_STRIP_METADATA or PROMPTFOO_STRIP_TEST_VARS was set, or another file"


@results("promptfoo", version=1)
def promptfoo(text: str, metric: str | None) -> RawResults:
    """Read one row a test, provider and prompt; a named score is chosen by name, else promptfoo's own success."""
    try:
        items, unreadable = _items(text)
    except NotReadable as problem:
        return whole_file(str(problem))
    if not items:
        return whole_file("no results: another file than promptfoo's output")
    prompts = {item.get("promptIdx") for _, item in items}
    rows = tuple(_row(place, item, metric, several=len(prompts) > 1) for place, item in items)
    if all(row.id is None and row.position is None for row in rows):
        return whole_file(_STRIPPED)
    root = root_of(_identity(item) for _, item in items)
    return RawResults(rows=rows, unreadable=tuple(unreadable), lock=root, metric=metric, repeats=True)


def _items(text: str) -> tuple[list[tuple[str, Mapping[str, object]]], list[Unreadable]]:
    try:
        whole = mapping(runner_json(text))
    except NotReadable:
        rows, unreadable = json_rows(text)
        if not rows:
            raise
        return rows, unreadable
    inner = whole.get("results")
    found = objects(mapping(inner).get("results") if isinstance(inner, Mapping) else inner)
    if not found and "success" in whole:  # a .jsonl of one line
        found = [whole]
    return [(f"result {at + 1}", item) for at, item in enumerate(found)], []


def _identity(item: Mapping[str, object]) -> Identity:
    test = mapping(item.get("testCase"))
    return identity(_own(item.get("metadata")), _own(test.get("metadata")), _own(item.get("vars")))


def _own(holder: object) -> Mapping[str, object]:
    """Leave out plain names: `id` in a variable or in a provider's metadata may be anybody's."""
    return {name: value for name, value in mapping(holder).items() if name.startswith("evalspec")}


def _row(place: str, item: Mapping[str, object], metric: str | None, *, several: bool) -> RawResult:
    who = _identity(item)
    provider = mapping(item.get("provider"))
    variant = text_or_none(provider.get("label")) or text_or_none(provider.get("id")) or ""
    named = mapping(item.get("namedScores")).get(metric) if metric is not None else None
    success, position = None if _is_unjudged(item) else item.get("success"), item.get("testIdx")
    message = text_or_none(item.get("error")) or "no message"
    return RawResult(
        place=place,
        id=who.id,
        position=position if isinstance(position, int) else None,
        digest=who.digest,
        variant=f"{variant} prompt {item.get('promptIdx')}" if several else variant or None,
        passed=success if metric is None and isinstance(success, bool) else None,
        score=as_outcome(named)[1],
        error=message if item.get("failureReason") == _ERROR else None,
        output=shortened(mapping(item.get("response")).get("output")),
    )


def _is_unjudged(item: Mapping[str, object]) -> bool:
    """Tell a test that nothing judged: promptfoo passes one without assertions, and ours say `unscored:`."""
    graded = item.get("gradingResult")
    parts = objects(mapping(graded).get("componentResults"))
    reasons = [text_or_none(one.get("reason")) or "" for one in (*parts, mapping(graded))]
    is_bare = not parts and not mapping(item.get("testCase")).get("assert") and item.get("success") is True
    return is_bare or any(reason.startswith("unscored:") for reason in reasons)
