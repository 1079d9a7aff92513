"""Test runs of DeepEval: the JSON that it writes into DEEPEVAL_RESULTS_FOLDER."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.result_readers.reading import (
    NotReadable,
    as_outcome,
    identity,
    mapping,
    objects,
    root_of,
    runner_json,
    shortened,
    text_or_none,
    whole_file,
)
from evalspec.model.result import RawResult, RawResults
from evalspec.registry import results

_UNJUDGED = "takes a judge"


@results("deepeval", version=1)
def deepeval(text: str, metric: str | None) -> RawResults:
    """Read single-turn and conversational test cases; a metric is chosen by name, else the test's own success."""
    try:
        run = mapping(runner_json(text))
    except NotReadable as problem:
        return whole_file(str(problem))
    run = mapping(run.get("testRunData")) or run
    single, chats = objects(run.get("testCases")), objects(run.get("conversationalTestCases"))
    if not single and not chats:
        return whole_file("no test cases: another file than a test run of DeepEval")
    names = sorted({name for case in (*single, *chats) for name in _metrics(case)})
    if metric is not None and metric not in names:
        return whole_file(f"no metric `{metric}`; there is {', '.join(names) or 'none'}")
    rows = [_row(f"test case {at + 1}", case, metric, "goldens.json") for at, case in enumerate(single)]
    rows += [_row(f"conversation {at + 1}", case, metric, "goldens.multiturn.json") for at, case in enumerate(chats)]
    root = root_of(identity(case.get("metadata")) for case in (*single, *chats))
    return RawResults(rows=tuple(rows), lock=root, metric=metric)


def _metrics(case: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    return {str(one.get("name")): one for one in objects(case.get("metricsData"))}


def _row(place: str, case: Mapping[str, object], metric: str | None, file: str) -> RawResult:
    metrics = _metrics(case)
    judged = metrics.get(metric, {}) if metric is not None else case
    # A metric that could not be taken makes the whole test fail; that says nothing about the model.
    broken = [text_or_none(one.get("error")) for one in ((judged,) if metric is not None else metrics.values())]
    is_unjudged = _UNJUDGED in broken  # our stub: nothing is expected that a program could compare
    who = identity(case.get("metadata"), case.get("additionalMetadata"))
    success, order = judged.get("success"), case.get("order")
    return RawResult(
        place=place,
        id=who.id or text_or_none(case.get("name")),
        position=order if isinstance(order, int) else None,
        file=file,
        digest=who.digest,
        passed=success if isinstance(success, bool) and not is_unjudged else None,
        score=as_outcome(judged.get("score"))[1] if metric is not None and not is_unjudged else None,
        error=None if is_unjudged else next((one for one in broken if one), None),
        output=shortened(case.get("actualOutput")),
    )
