"""Diagnostic codes of results and scores: what runners bring back, and whether it fits the lock."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RESULTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "R701": (
            "results cannot be read",
            "The file, or a row of it, is not what `--from` says that it is. `--from jsonl` takes one object a line"
            " with `id`, `digest`, `pass` or `score`, and where they apply `model`, `error`, `epoch` and `output`.",
        ),
        "R702": (
            "a row names no case",
            "The row has no id of a case. Where a runner keeps only the position of a row, the export's "
            "`evalspec.json` says which case stood there: name it with `--index`.",
        ),
        "R703": (
            "no such case",
            "The lock has no case of this id. The results are of another set, or of a lock in which the case still "
            "was. Where most of a file is unknown it is refused in one sentence, with the lock that it names. Export "
            "the lock, run it and import that.",
        ),
        "R704": (
            "run with other content",
            "The case was changed after the run: its text or what is expected is not what the lock holds, so the "
            "result says nothing about it. Export the lock and run the case again.",
        ),
        "R705": (
            "a result twice",
            "Two rows are about the same case and the same epoch. Say `epoch` when the second is a rerun, or import"
            " the file of the rerun after the first: its rows count as later epochs.",
        ),
        "R706": (
            "a score without a threshold",
            "A score other than 0 and 1 is neither pass nor fail by itself. `--threshold 0.8` passes what is at or "
            "above it, and stands in the imported file.",
        ),
        "R707": (
            "several variants",
            "The file holds rows of several providers, prompts or filters. They are not reruns of one model, so one"
            " has to be chosen: `--variant NAME`.",
        ),
        "R708": (
            "rows of another model",
            "The rows name their model, and it is not the one that `--model` says. Results of a baseline and a "
            "contender that are mistaken for each other turn a verdict around.",
        ),
        "R709": (
            "results of another lock",
            "The set was locked again after the run. At import, a case counts when its digest is still the same, and "
            "a row of a case that changed or left is refused. A score needs both models on the lock as it is. Where "
            "every case of a run is unchanged its file can be imported again; else export the lock and run it.",
        ),
        "R710": (
            "cases without a result",
            "The file has no row for some cases of the lock. They are in no rate and in no comparison; the score "
            "says how many are missing, since what a runner leaves out is seldom left out by chance.",
        ),
        "R711": (
            "no results",
            "No file of this model stands under `NAME/results/`. `evalspec results import` writes it.",
        ),
        "R712": (
            "a file of another model",
            "Two names of models give the same name of a file. Choose another with `--out`; `score` takes a path as"
            " well.",
        ),
        "R713": (
            "a row without a digest",
            "An id says which case was run and the digest says which text of it. Exports carry `digest` beside the "
            "id; a runner that drops it leaves `evalspec.json` of the export, which `--index` reads.",
        ),
        "R714": (
            "imported results are damaged",
            "The file under `results/` is not what `evalspec results import` or `evalspec score --record` wrote, or"
            " it does not fit the lock that it names. Import the runner's file again.",
        ),
    }
)
