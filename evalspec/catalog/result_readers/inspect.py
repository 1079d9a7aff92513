"""Logs of Inspect AI as JSON: `--log-format json`, or `inspect log dump LOG.eval`."""

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

_GRADES: Mapping[str, tuple[bool | None, float | None]] = {
    "C": (True, 1.0),
    "I": (False, 0.0),
    "N": (False, 0.0),
    "P": (None, 0.5),
}


@results("inspect", version=1)
def inspect(text: str, metric: str | None) -> RawResults:
    """Read samples with their epochs, scores and errors; a scorer is chosen by name when there are several."""
    try:
        log = mapping(runner_json(text))
    except NotReadable as problem:
        return whole_file(f"{problem}; a .eval file is read after `inspect log dump FILE.eval > FILE.json`")
    samples = objects(log.get("samples"))
    if not samples:
        return whole_file("no samples: a header, or another file than a log of Inspect AI")
    flat = [_scores(sample) for sample in samples]
    names = sorted({name for one in flat for name in one})
    chosen = metric or (names[0] if len(names) == 1 else None)
    if chosen is None and names:
        return whole_file(f"scores of several scorers: {', '.join(names)}; choose one with --metric")
    if metric is not None and metric not in names:
        return whole_file(f"no scorer `{metric}`; there is {', '.join(names) or 'none'}")
    rows = tuple(
        _row(at, sample, scores.get(chosen or ""))
        for at, (sample, scores) in enumerate(zip(samples, flat, strict=True))
    )
    about = mapping(log.get("eval"))
    return RawResults(
        rows=rows,
        lock=identity(about.get("metadata")).root or root_of(identity(sample.get("metadata")) for sample in samples),
        metric=chosen,
    )


def _scores(sample: Mapping[str, object]) -> Mapping[str, object]:
    """Return every value by scorer; a scorer of several values names each `scorer/value`."""
    found: dict[str, object] = {}
    for name, score in mapping(sample.get("scores")).items():
        value = mapping(score).get("value")
        if isinstance(value, Mapping):
            found |= {f"{name}/{inner}": one for inner, one in value.items()}
        else:
            found[name] = value
    return found


def _row(at: int, sample: Mapping[str, object], value: object) -> RawResult:
    passed, score = _GRADES.get(value, (None, None)) if isinstance(value, str) else as_outcome(value)
    error = sample.get("error")
    message = text_or_none(mapping(error).get("message")) or (str(error) if error else None)
    limit = sample.get("limit")
    if message is None and limit and passed is None and score is None:
        message = f"limit: {text_or_none(mapping(limit).get('type')) or 'reached'}"
    epoch = sample.get("epoch")
    who = identity(sample.get("metadata"))
    return RawResult(
        place=f"sample {at + 1}",
        id=text_or_none(sample.get("id")) or who.id,
        digest=who.digest,
        passed=passed,
        score=score,
        error=message,
        epoch=epoch if isinstance(epoch, int) and epoch >= 1 else None,
        output=shortened(mapping(sample.get("output")).get("completion")),
    )
