"""`evalspec export SPEC`: the locked set in the form of the runner that a team already has."""

from __future__ import annotations

import click

from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, reporting, say
from evalspec.diagnostics import did_you_mean
from evalspec.exporting import export_spec

# As `evalspec catalog exporters` lists them; spelled out here so that `--help` does not import the catalogue.
RUNNERS = ("csv", "deepeval", "hf", "inspect", "jsonl", "lm_eval", "promptfoo")


@click.command("export", epilog="Example: evalspec export specs/refund.yaml --to inspect --out runs/refund")
@click.argument("spec", type=PATH)
@click.option("--to", required=True, metavar="RUNNER", help=f"One of {', '.join(RUNNERS)}.")
@click.option("--out", required=True, metavar="FOLDER", type=PATH, help="A folder of its own.")
@click.option("--track", "tracks", multiple=True, metavar="TRACK", help="Only cases of this track; may be repeated.")
@click.option("--pool", "pools", multiple=True, metavar="POOL", help="Only cases of this pool; may be repeated.")
@click.option(
    "--source", "sources", multiple=True, metavar="SOURCE", help="Only rows taken from this source; may be repeated."
)
@reporting
def command(
    spec: str, to: str, out: str, tracks: tuple[str, ...], pools: tuple[str, ...], sources: tuple[str, ...], how: str
) -> int:
    """Write the lock of SPEC for a runner: records, a stub that runs with an echo for a model, and evalspec.json.

    evalspec.json holds the lock's root, the canary, what may rest on the set, and which case stands where. Exporting
    again rewrites the records and keeps the stubs that you have edited.
    """
    if to not in RUNNERS:
        raise click.UsageError(f"nothing is exported to `{to}`; {did_you_mean(to, RUNNERS)}")
    done = export_spec(spec, to, out, tracks=tracks, pools=pools, sources=sources)
    if how == "json":
        emit_json(
            {
                "exporter": done.exporter,
                "folder": done.folder,
                "root": done.root,
                "cases": done.cases,
                "of": done.of,
                "purpose": done.purpose,
                "written": list(done.written),
                "kept": list(done.kept),
            }
        )
        return 0
    for path in done.written:
        emit(path)
    for path in done.kept:
        say(f"kept {path}: it was edited; remove it to get a new one")
    say(f"{done.cases} of {done.of} cases for {to}, root {done.root}")
    if done.purpose != "launch":
        say(f"a {done.purpose} set: no launch may rest on it")
    return 0
