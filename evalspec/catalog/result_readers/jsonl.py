"""Plain results, one JSON object a line: what anybody can write from any runner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from evalspec.catalog.result_readers.reading import as_outcome, json_rows, shortened, text_or_none, whole_file
from evalspec.model.result import RawResult, RawResults, Unreadable
from evalspec.registry import results

_SAYS = ("pass", "score", "error")


@results("jsonl", version=1)
def jsonl(text: str) -> RawResults:
    """Read lines of `id`, `digest`, `model`, `pass` or `score`, `error`, `epoch` and `output`."""
    rows, unreadable = json_rows(text)
    if not rows and len(unreadable) > 1:  # a file of another kind: once is enough
        return whole_file(f"no line of it is a JSON object ({unreadable[0].message}); `--from` names what wrote it")
    if rows and "results" in rows[0][1] and "lock" in rows[0][1]:
        whose = f"`{rows[0][1].get('model')}` on lock {rows[0][1]['lock']} of `{rows[0][1].get('name')}`"
        return whole_file(f"`evalspec results import` wrote this, from {whose}; name the file that the runner wrote")
    found = plain_rows(rows)
    return RawResults(rows=found.rows, unreadable=(*unreadable, *found.unreadable), lock=found.lock)


def plain_rows(rows: Iterable[tuple[str, Mapping[str, object]]]) -> RawResults:
    """Read plain rows, each with the place where it stands."""
    kept: list[RawResult] = []
    unreadable: list[Unreadable] = []
    roots: set[str] = set()
    for at, (place, row) in enumerate(rows):
        problems = list(_problems(row))
        unreadable += [Unreadable(place=place, message=message) for message in problems]
        root = text_or_none(row.get("root"))
        roots |= {root} if root else set()
        if not problems:
            kept.append(_row(place, at, row))
    if len(roots) > 1:
        unreadable.append(Unreadable(place="file", message=f"rows of {len(roots)} locks in one file"))
    return RawResults(rows=tuple(kept), unreadable=tuple(unreadable), lock=min(roots, default=None))


def _problems(row: Mapping[str, object]) -> Iterable[str]:
    return chain(
        (f"`{name}` is not text" for name in ("id", "digest", "model", "error") if not _is_text(row.get(name))),
        () if any(name in row for name in _SAYS) else ("says neither `pass`, `score` nor `error`",),
        () if _is_pass(row.get("pass")) else ("`pass` is true, false or null",),
        () if _is_number(row.get("score")) else ("`score` is a number or null",),
        () if _is_epoch(row.get("epoch")) else ("`epoch` is a whole number from 1",),
    )


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_pass(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_epoch(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1)


def _row(place: str, position: int, row: Mapping[str, object]) -> RawResult:
    epoch, passed = row.get("epoch"), row.get("pass")
    return RawResult(
        place=place,
        id=text_or_none(row.get("id")),
        position=position,
        digest=text_or_none(row.get("digest")),
        model=text_or_none(row.get("model")),
        passed=passed if isinstance(passed, bool) else None,
        score=as_outcome(row.get("score"))[1],
        error=text_or_none(row.get("error")),
        epoch=epoch if isinstance(epoch, int) else None,
        output=shortened(row.get("output")),
    )
