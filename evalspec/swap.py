"""A model swap on disk: result files of runners to a spec's results folder, and two of them to a scorecard."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from evalspec.catalog import load_catalog
from evalspec.diagnostics import BuildError, Collector, Diagnostic, EvalspecError, Exit, did_you_mean
from evalspec.edges.files import append_lines, exists, list_files, read_text, write_atomic
from evalspec.edges.project_folder import root_of
from evalspec.exporting import locked
from evalspec.loading import load_spec
from evalspec.model.outcome import Lock
from evalspec.model.result import ExportIndex, RawResults, Run
from evalspec.model.scorecard import Scorecard, Swap
from evalspec.model.spec import Spec
from evalspec.scoring.files import dump_run, dump_swap, faults_of, file_name, load_history, load_index, load_run
from evalspec.scoring.join import Joined, Wanted, join
from evalspec.scoring.score import recent, score, swap_of

INDEX = "evalspec.json"  # what an export leaves beside its records
HISTORY = "history.jsonl"
LARGEST = 512 * 1024 * 1024  # bytes of a runner's log, which is not in git


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import wrote."""

    path: str
    joined: Joined
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A scorecard, the last swaps of the history, and the file a record was appended to."""

    card: Scorecard
    history: tuple[Swap, ...]
    recorded: str | None


def import_results(
    path: str,
    files: Sequence[str],
    wanted: Wanted,
    *,
    reader: str,
    metric: str | None,
    index: str | None,
    out: str | None,
) -> Imported:
    """Join the rows of runners' files to the lock of a spec and write them as one normalised file."""
    spec = load_spec(path).spec
    lock = locked(spec, path)
    read = [(file, _read(file, reader, metric)) for file in files]
    problems = Collector()
    joined = join(read, lock, wanted, _index(files[0], index), problems)
    problems.raise_errors(EvalspecError)
    target = out or os.path.join(_folder(spec), file_name(wanted.model))
    _keep_others(target, wanted.model)
    write_atomic(target, dump_run(joined.run), root=root_of(target))
    return Imported(path=target, joined=joined, warnings=problems.warnings)


def score_spec(path: str, baseline: str, contender: str, *, margin: float, record: str | None = None) -> Scored:
    """Score one model against another on the lock of a spec; `record` is the day under which it enters the history."""
    spec = load_spec(path).spec
    lock = locked(spec, path)
    card = score(lock, _run(spec, path, lock, baseline), _run(spec, path, lock, contender), margin=margin)
    target = os.path.join(_folder(spec), HISTORY)
    if record is not None:
        append_lines(target, [dump_swap(swap_of(card, record))], root=spec.folder)
    history = load_history(read_text(target, root=spec.folder), target) if exists(target) else ()
    return Scored(card=card, history=recent(history), recorded=target if record is not None else None)


def _read(path: str, reader: str, metric: str | None) -> RawResults:
    member = load_catalog().get("results", reader)
    text = read_text(path, limit=LARGEST)
    supply = {"text": text, "metric": metric}
    found: RawResults = member.function(**{name: supply[name] for name in member.supplied})
    return found


def _index(file: str, named: str | None) -> ExportIndex | None:
    """Read the index that was named, or the one beside the results."""
    beside = os.path.join(os.path.dirname(file), INDEX)
    path = named or (beside if exists(beside) else None)
    return load_index(read_text(path, root=root_of(path)), path) if path is not None else None


def _folder(spec: Spec) -> str:
    return os.path.join(spec.folder, spec.name, "results")


def _keep_others(target: str, model: str) -> None:
    """Refuse to write over the results of another model."""
    if not exists(target):
        return
    there = load_run(read_text(target, root=root_of(target)), target).model
    if there != model:
        message = f"`{target}` holds results of `{there}`"
        raise EvalspecError(
            [Diagnostic(code="R712", severity="error", message=message, path=target, hint="choose another with --out")]
        )


def _run(spec: Spec, path: str, lock: Lock, model: str) -> Run:
    """Read the results of a model, or a file of results, and hold them against the lock."""
    target = os.path.join(_folder(spec), file_name(model))
    if os.sep in model and model.endswith(".jsonl") and exists(model):
        target = model
    if not exists(target):
        raise BuildError([_missing(spec, path, model, target)])
    run = load_run(read_text(target, root=root_of(target)), target)
    if run.lock != lock.root:
        raise BuildError([_of_another_lock(run, lock, path, target)])
    if found := faults_of(run, lock, target):
        raise BuildError(found)
    return run


def _of_another_lock(run: Run, lock: Lock, path: str, target: str) -> Diagnostic:
    """Say how many cases of an older run still stand as they were: only then is importing it again any use."""
    digests = {str(case["id"]): str(case["digest"]) for case in lock.cases}
    ran = {one.case: one.digest for one in run.results}
    lost = sum(digests.get(case) != digest for case, digest in ran.items())
    again = f"evalspec results import {path} FILE --model {run.model}"
    if lost:
        kept = f"{lost} of its {len(ran)} cases changed or left, so importing that run again would be refused"
        hint = f"{kept}; run this lock: evalspec export {path} --to RUNNER --out FOLDER, then: {again}"
    else:
        new = len(digests.keys() - ran.keys())
        hint = f"its {len(ran)} cases are unchanged, so import the runner's file again: {again}"
        hint += f"; {new} new ones have no result until they are run" if new else ""
    return Diagnostic(
        code="R709",
        severity="error",
        message=f"the results of `{run.model}` are of lock {run.lock}, and this is {lock.root}",
        path=target,
        hint=hint,
        exit=Exit.STALE,
    )


def _missing(spec: Spec, path: str, model: str, target: str) -> Diagnostic:
    folder = _folder(spec)
    files = list_files(os.path.join(folder, "*.jsonl"), root=spec.folder) if os.path.isdir(folder) else ()
    names = [os.path.basename(file).removesuffix(".jsonl") for file in files if not file.endswith(HISTORY)]
    guess = did_you_mean(model, names) if names else f"evalspec results import {path} FILE --model {model}"
    return Diagnostic(
        code="R711",
        severity="error",
        message=f"there are no results of `{model}`",
        path=target,
        hint=guess,
    )
