"""`evalspec import SPEC SOURCE --from PATH`: raw rows to a source's snapshot."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from evalspec.cli.arguments import PATH
from evalspec.cli.console import Steps, diagnostics_json, emit_json, print_diagnostics, reporting, say
from evalspec.diagnostics import Exit
from evalspec.importing import Imported, import_source
from evalspec.loading import load_spec
from evalspec.model.vocabulary import DIGESTED, LEXICAL, MEANING
from evalspec.stages.snapshot import header_json

SHOWN_STRATA = 12  # the others are counted in one line


@click.command("import", epilog="Example: evalspec import specs/refund.yaml production --from export.csv")
@click.argument("spec", type=PATH)
@click.argument("source")
@click.option(
    "--from", "raw_path", required=True, type=PATH, help="The raw file: .jsonl, .json, .csv, .tsv or .parquet."
)
@click.option(
    "--embedder",
    metavar="NAME",
    help="Of training texts and known attacks, keep vectors of the spec's embedder beside the digests.",
)
@click.option("--dry-run", is_flag=True, help="Say what would enter; write nothing.")
@reporting
def command(spec: str, source: str, raw_path: str, embedder: str | None, dry_run: bool, how: str) -> int:
    """Map, cut, sample and scrub raw rows into the snapshot of SOURCE, which stands beside SPEC and goes into git.

    Nothing else reads raw data: a build sees the snapshot only. The same rows give the same snapshot in any order and
    from any format.
    """
    loaded = load_spec(spec)
    found = import_source(
        loaded.spec,
        source,
        raw_path,
        loaded.catalog,
        dry_run=dry_run,
        embedder=embedder,
        progress=Steps(quiet=how != "text"),
    )
    warnings = (*loaded.warnings, *found.warnings)
    if how == "json":
        emit_json(
            {
                "ok": True,
                "exit": 0,
                "path": found.path,
                "written": not dry_run,
                "blank": found.blank,
                "header": header_json(found.made.header),
                "strata": {name: {"rows": size, "sampled": count} for name, (size, count) in found.made.strata.items()},
                "diagnostics": diagnostics_json(warnings),
            }
        )
        return Exit.OK
    print_diagnostics(warnings, how)
    say("\n".join(summary(found, raw_path, dry_run=dry_run, embedder=loaded.spec.screen.embedder)))
    return Exit.OK


def summary(found: Imported, raw_path: str, *, dry_run: bool, embedder: str = LEXICAL) -> tuple[str, ...]:
    """Say in lines what came in, what stayed out and why, and what was written; `embedder` is the spec's."""
    header = found.made.header
    lines = [f"{os.path.basename(raw_path)} -> source `{found.source.name}` ({found.source.kind})"]
    facts = [
        ("rows in", f"{header.rows:,}"),
        ("without a text", f"{found.blank:,}" if found.blank else ""),
        ("duplicates", f"{header.duplicates:,} collapsed into their first" if header.duplicates else ""),
        ("blocked", _counts(header.blocked)),
        ("redacted", _counts(header.redacted)),
        ("sampled", f"{header.sampled:,} of {header.eligible - header.duplicates:,} distinct rows"),
        ("vectors", _vectors(found, embedder)),
        ("dates", f"{header.oldest} to {header.newest}" if header.oldest else ""),
    ]
    lines += [f"  {name:<15} {text}" for name, text in facts if text]
    strata = [(name, counts) for name, counts in found.made.strata.items() if name]
    for name, (size, count) in strata[:SHOWN_STRATA]:
        lines.append(f"    {name}: {count:,} of {size:,}")
    if len(strata) > SHOWN_STRATA:
        lines.append(f"    and {len(strata) - SHOWN_STRATA:,} more strata")
    size = len(found.made.text.encode("utf-8"))
    lines.append(f"would write {found.path}" if dry_run else f"wrote {found.path} ({size / 1000:,.0f} kB)")
    return tuple(lines)


def _vectors(found: Imported, embedder: str) -> str:
    kept = found.made.header.vectors
    if kept is not None:
        return f"{kept['embedder']}, {kept['dimensions']} numbers a row; what a text is about can be read from them"
    if found.source.kind in DIGESTED and embedder in MEANING:
        return f"none, so the set is held against these texts by words alone; `--embedder {embedder}` keeps them"
    return ""


def _counts(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
    return f"rows with {named}" if named else ""
