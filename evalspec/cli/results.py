"""`evalspec results import SPEC FILE`: a runner's results, joined to the lock and written in one form."""

from __future__ import annotations

from collections import Counter

import click

from evalspec.cli.arguments import PATH, number
from evalspec.cli.console import diagnostics_json, emit, emit_json, print_diagnostics, reporting, say
from evalspec.diagnostics import Exit
from evalspec.scoring.join import Wanted
from evalspec.swap import import_results

# The readers of `catalog/result_readers/`; spelled out here so that `--help` does not import the catalogue.
READERS = ("deepeval", "hf", "inspect", "jsonl", "lm_eval", "promptfoo")


@click.group(
    "results",
    no_args_is_help=True,
    epilog="Example: evalspec results import specs/refund.yaml runs/out.jsonl --model gpt-b",
)
def command() -> None:
    """Bring what a runner found back to the lock.

    Results stand under NAME/results/, one file a model, one line for each epoch of each case.
    """


@command.command(
    "import",
    epilog="Example: evalspec results import specs/refund.yaml runs/out.json --model gpt-b --from promptfoo",
)
@click.argument("spec", type=PATH)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--model", required=True, metavar="NAME", help="Whose results these are; `score` asks for this name.")
@click.option(
    "--from", "reader", type=click.Choice(READERS), default="jsonl", show_default=True, help="What wrote the file."
)
@click.option("--threshold", type=number(), metavar="T", help="A score at or above it passes.")
@click.option(
    "--metric", metavar="NAME", help="The scorer, metric or named score that decides, where there are several."
)
@click.option("--variant", metavar="NAME", help="The provider, prompt or filter to take, where there are several.")
@click.option("--index", metavar="PATH", type=PATH, help="The export's evalspec.json.  [default: the one beside FILE]")
@click.option("--out", metavar="PATH", type=PATH, help="Where to write.  [default: NAME/results/MODEL.jsonl]")
@reporting
def import_command(
    spec: str,
    files: tuple[str, ...],
    model: str,
    reader: str,
    threshold: float | None,
    metric: str | None,
    variant: str | None,
    index: str | None,
    out: str | None,
    how: str,
) -> int:
    """Join every row of FILE to its case in the lock of SPEC, by id and digest, or by its place in the export.

    Rows that fit no case, or another text of it, are refused, all of them at once. An error is not a failure, and what
    was not scored is neither. Several FILEs are reruns: later files hold later epochs.
    """
    wanted = Wanted(model=model, threshold=threshold, variant=variant)
    found = import_results(spec, files, wanted, reader=reader, metric=metric, index=index, out=out)
    run = found.joined.run
    statuses = Counter(
        "passed" if one.passed else "failed" if one.status == "ok" else one.status for one in run.results
    )
    if how == "json":
        emit_json(
            {
                "ok": True,
                "path": found.path,
                "model": run.model,
                "lock": run.lock,
                "rows": len(run.results),
                "cases": len({one.case for one in run.results}),
                "epochs": max(one.epoch for one in run.results),
                "statuses": dict(sorted(statuses.items())),
                "missing": list(found.joined.missing),
                "other_models": found.joined.left_out,
                "diagnostics": diagnostics_json(found.warnings),
            }
        )
        return Exit.OK
    print_diagnostics(found.warnings, how)
    emit(found.path)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(statuses.items()))
    say(f"{len(run.results)} results of {model}: {counts}; lock {run.lock}")
    if found.joined.left_out:
        say(f"{found.joined.left_out} rows of other models were left out")
    return Exit.OK
