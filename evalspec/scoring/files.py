"""The files of the way back as text: a run's normalised results, an export's index, the history of swaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, get_args

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.model.outcome import Lock
from evalspec.model.result import ExportIndex, Result, Run, Status
from evalspec.model.scorecard import Answer, Decision, Swap
from evalspec.text.json_text import JsonProblem, json_line, read_json
from evalspec.text.patterns import lazy_pattern

RESULTS_VERSION = 1
LONGEST_NAME = 80  # characters of a file's name
_NOT_IN_NAMES = lazy_pattern(r"[^A-Za-z0-9._-]+")


def file_name(model: str) -> str:
    """Return the name of a model's file: what a path could not hold becomes a dash."""
    stem = _NOT_IN_NAMES.sub("-", model).strip(".-")[:LONGEST_NAME]
    return f"{stem or 'model'}.jsonl"


def dump_run(run: Run) -> str:
    """Write a run: a header line, then a line for each epoch of each case."""
    header: dict[str, object] = {
        "results": RESULTS_VERSION,
        "name": run.name,
        "lock": run.lock,
        "model": run.model,
        "threshold": run.threshold,
        "metric": run.metric,
        "cases": len({one.case for one in run.results}),
        "rows": len(run.results),
    }
    lines = [json_line({name: value for name, value in header.items() if value is not None})]
    for one in run.results:
        row: dict[str, object] = {
            "id": one.case,
            "digest": one.digest,
            "epoch": one.epoch,
            "status": one.status,
            "pass": one.passed,
            "score": one.score,
            "error": one.error,
            "output": one.output,
        }
        lines.append(json_line({name: value for name, value in row.items() if value is not None}))
    return "\n".join(lines) + "\n"


def load_run(text: str, path: str) -> Run:
    """Read what `dump_run` wrote; anything else is refused with its line."""
    lines = [line for line in text.split("\n") if line]
    header = _object(lines[0] if lines else "", path, 1)
    if header.get("results") != RESULTS_VERSION or not all(
        isinstance(header.get(name), str) for name in ("name", "lock", "model")
    ):
        raise _broken(path, 1, "this is no file that `evalspec results import` wrote")
    results = tuple(_result(_object(line, path, at), path, at) for at, line in enumerate(lines[1:], start=2))
    if len({(one.case, one.epoch) for one in results}) != len(results) or header.get("rows") != len(results):
        raise _broken(path, 1, "a row is missing or stands twice")
    threshold, metric = header.get("threshold"), header.get("metric")
    return Run(
        model=str(header["model"]),
        lock=str(header["lock"]),
        name=str(header["name"]),
        results=results,
        threshold=float(threshold) if isinstance(threshold, int | float) else None,
        metric=metric if isinstance(metric, str) else None,
    )


def _result(row: Mapping[str, object], path: str, line: int) -> Result:
    case, digest, epoch, status = (row.get(name) for name in ("id", "digest", "epoch", "status"))
    passed, score = row.get("pass"), row.get("score")
    is_whole = isinstance(case, str) and isinstance(digest, str) and type(epoch) is int
    if not is_whole or status not in get_args(Status) or (type(passed) is bool) != (status == "ok"):
        raise _broken(path, line, "a row needs `id`, `digest`, `epoch`, `status`, and `pass` where the status is ok")
    error, output = row.get("error"), row.get("output")
    return Result(
        case=str(case),
        digest=str(digest),
        epoch=epoch if isinstance(epoch, int) else 1,
        status=cast(Status, status),  # checked above
        passed=passed if isinstance(passed, bool) else None,
        score=float(score) if isinstance(score, int | float) else None,
        error=error if isinstance(error, str) else None,
        output=output if isinstance(output, str) else None,
    )


def faults_of(run: Run, lock: Lock, path: str) -> tuple[Diagnostic, ...]:
    """Return where a run that names this lock does not fit its cases."""
    digests = {str(case["id"]): case["digest"] for case in lock.cases}
    return tuple(
        Diagnostic(
            code="R714",
            severity="error",
            message=f"line {at}: the lock holds no `{one.case}` with the digest {one.digest}",
            path=path,
            exit=Exit.INTEGRITY,
        )
        for at, one in enumerate(run.results, start=2)
        if digests.get(one.case) != one.digest
    )


def load_index(text: str, path: str) -> ExportIndex:
    """Read an export's `evalspec.json`: which case stands at which position of which file."""
    try:
        data = read_json(text)
        if not isinstance(data, dict):
            raise TypeError
        places = {(str(one["file"]), int(one["position"])): str(one["id"]) for one in data["index"]}
        digests = {str(one["id"]): str(one["digest"]) for one in data["index"]}
        root, name = str(data["root"]), str(data.get("name", ""))
    except (JsonProblem, KeyError, TypeError, ValueError):
        raise _broken(path, 1, "this is no `evalspec.json` of an export") from None
    files = tuple(sorted({file for file, _ in places}))
    return ExportIndex(root=root, places=places, digests=digests, files=files, name=name)


def dump_swap(swap: Swap) -> str:
    """Write one line of the history."""
    return json_line({name: getattr(swap, name) for name in Swap.__dataclass_fields__})


def load_history(text: str, path: str) -> tuple[Swap, ...]:
    """Read the history, oldest first."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line:
            row = _object(line, path, number)
            is_swap = row.keys() == Swap.__dataclass_fields__.keys() and all(
                isinstance(row[name], str) for name in ("date", "lock", "baseline", "contender", "reason")
            )
            figures = [row.get(name) for name in ("margin", "seed", "synthetic", "all")]
            is_swap = is_swap and all(one is None or isinstance(one, int | float) for one in figures)
            if not is_swap or row["decision"] not in get_args(Decision) or row["together"] not in get_args(Answer):
                raise _broken(path, number, "this is no line that `evalspec score --record` wrote")
            found.append(Swap(**row))  # type: ignore[arg-type]  # the fields were checked above
    return tuple(found)


def _object(line: str, path: str, number: int) -> Mapping[str, object]:
    try:
        value = read_json(line)
    except JsonProblem as problem:
        raise _broken(path, number, problem.message) from None
    if not isinstance(value, dict):
        raise _broken(path, number, "not a JSON object")
    return value


def _broken(path: str, line: int, message: str) -> EvalspecError:
    problem = Diagnostic(code="R714", severity="error", message=f"line {line}: {message}", path=path)
    return EvalspecError([problem])
