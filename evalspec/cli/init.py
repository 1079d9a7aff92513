"""`evalspec init FILE`: a first spec from a file of real messages, with fifty of them imported."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace

import click

from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit_json, examples, print_diagnostics, reporting, say
from evalspec.cli.import_ import summary
from evalspec.cli.init_ci import ATTRIBUTES, REQUIREMENT, CiFile, shown_ci, write_ci
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, did_you_mean
from evalspec.edges.files import exists, remove, write_atomic
from evalspec.edges.readers import read_rows
from evalspec.edges.terminal import safe
from evalspec.importing import Imported, import_source
from evalspec.project import load_spec, run
from evalspec.row_problems import RowProblems
from evalspec.stages.first_spec import OPERATOR_SETS, ROWS_IMPORTED, SEEDS_OF_FIVE, first_spec
from evalspec.stages.guess import Guess, guess

FOLDER = "specs"
TWO_LABELS = "X510"  # one input under two labels
SHORT_POOL = "X501"  # a pool holds fewer cases than it owes
SHOWN = 8  # values and columns in a line


@click.command("init", epilog=examples("evalspec init messages.jsonl", "evalspec init export.csv --name refund --yes"))
@click.argument("file", type=PATH, required=False)
@click.option("--name", help="The spec's name; default: made from the file's name.")
@click.option("--input", "column", help="The column with the message or the conversation; default: guessed.")
@click.option("--label", help="The column with the label; `-` for none; default: guessed.")
@click.option("-y", "--yes", is_flag=True, help="Take every guess and replace files of --ci; ask nothing.")
@click.option("--ci", is_flag=True, help="Write two GitHub workflows as well, or alone without FILE.")
@click.option(
    "--requirement", default=REQUIREMENT, show_default=True, metavar="PIN", help="What the workflows install, for pip."
)
@reporting
def command(
    file: str | None,
    name: str | None,
    column: str | None,
    label: str | None,
    yes: bool,
    ci: bool,
    requirement: str,
    how: str,
) -> int:
    """Read FILE, guess its fields, roles, language and labels, show them, write specs/NAME.yaml and import 50 rows.

    The spec that is written builds at once: evalspec build specs/NAME.yaml

    --ci writes .github/workflows/evalspec-check.yml (for pull requests; safe for forks) and evalspec-build.yml.
    """
    if ci and file is None:
        _say_ci(write_ci(requirement, replace=yes), how, alone=True)
        return Exit.OK
    return _init_spec(file, name, column, label, yes, how, requirement if ci else None)


def _init_spec(
    file: str | None,
    name: str | None,
    column: str | None,
    label: str | None,
    yes: bool,
    how: str,
    requirement: str | None,
) -> int:
    if file is None:
        if yes:
            raise click.UsageError("--yes needs the file: evalspec init messages.jsonl --yes")
        file = click.prompt("File with real messages (.jsonl, .json, .csv, .tsv, .parquet)", err=True)
    spec_name = name or _name_of(file)
    path = os.path.join(FOLDER, f"{spec_name}.yaml")
    _check_new(path, spec_name)
    found = _guessed(file, column, label)
    if how == "text":
        say("\n".join(_shown(found, file)))
    if not yes:
        found = _asked(found, file)
    try:
        made = _write(found, spec_name, path, file)
    except EvalspecError as error:
        if found.label is None or not any(one.code == TWO_LABELS for one in error.diagnostics):
            raise
        say(f"column `{found.label}` gives one message two labels, so the spec is written without labels")
        made = _write(_with_label(found, "-"), spec_name, path, file)
    # The spec first: a file that cannot be read leaves no workflows behind.
    files = write_ci(requirement, replace=yes) if requirement is not None else ()
    if how == "json":
        facts = {"ok": True, "exit": 0, "spec": path, "snapshot": made.path, "sampled": made.made.header.sampled}
        emit_json(facts | ({"files": _files_data(files)} if files else {}))
        return Exit.OK
    print_diagnostics(made.warnings, how)
    say("\n".join(summary(made, file, dry_run=False)))
    say(f"wrote {path}")
    if files:
        _say_ci(files, how, alone=False)
    say(f"\nNext: evalspec build {path}")
    return Exit.OK


def _say_ci(files: tuple[CiFile, ...], how: str, *, alone: bool) -> None:
    if how == "json":
        emit_json({"ok": True, "exit": 0, "files": _files_data(files)})
        return
    say("\n".join(shown_ci(files)))
    if alone:
        say(f"\nNext: commit them with {ATTRIBUTES}, and make `check and verify` a required check of the main branch")


def _files_data(files: tuple[CiFile, ...]) -> list[dict[str, str]]:
    return [{"path": one.path, "state": one.state} for one in files]


def _name_of(file: str) -> str:
    stem = os.path.splitext(os.path.basename(file))[0].lower()
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:24].rstrip("_")
    return name if name[:1].isalpha() else f"set_{name}"[:24].rstrip("_")


def _check_new(path: str, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,23}", name):
        raise click.UsageError(f"`{name}` is no name: small letters, digits and `_`, at most 24, a letter first")
    if exists(path):
        raise click.UsageError(f"`{path}` is there already; give another --name")


def _guessed(file: str, column: str | None, label: str | None) -> Guess:
    problems = RowProblems(file)
    found = guess(read_rows(file, problems), input=column)
    problems.raise_errors()
    if not found.rows:
        raise _refusal("I308", "the file holds no rows", file, None)
    if found.input is None or found.input not in found.columns:
        known = ", ".join(f"`{one}`" for one in found.columns)
        missing = f"no column `{column}`" if column else "no column reads like users' messages"
        raise _refusal("I340", f"{missing}; there are {known}", file, "Say which it is: `--input COLUMN`.")
    return _with_label(found, label) if label else found


def _with_label(found: Guess, label: str) -> Guess:
    if label == "-":
        taken = (found.label,) if found.label else ()
        return replace(found, label=None, metadata=(*found.metadata, *taken))
    if label not in found.labels:
        raise click.UsageError(
            f"`{label}` has no small set of labels that is always filled ({did_you_mean(label, found.labels)})"
        )
    others = [one for one in (*found.metadata, *((found.label,) if found.label else ())) if one != label]
    return replace(found, label=label, metadata=tuple(others))


def _shown(found: Guess, file: str) -> tuple[str, ...]:
    """Say what the file seems to hold."""
    values = found.labels.get(found.label or "", ())
    speakers = ", ".join(f"{name} = {role}" for name, role in found.heard)
    kind = "conversations" if found.is_chat else "messages"
    facts = [
        (kind, f"column `{found.input}`"),
        ("speakers", speakers),
        ("labels", f"column `{found.label}`: {_some(values)}" if found.label else "none that is always filled"),
        ("id", f"column `{found.id}`" if found.id else "none; rows are known by what they say"),
        ("date", f"column `{found.time}`" if found.time else "none"),
        ("language", f"column `{found.language}`" if found.language else _some(found.languages) or "not known"),
        ("carried along", _some(found.metadata)),
    ]
    return (f"{os.path.basename(file)}: {found.rows:,} rows", *(f"  {key:<14} {text}" for key, text in facts if text))


def _some(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


def _asked(found: Guess, file: str) -> Guess:
    """Let the user put the guess right: the message's column, then the label's."""
    column = _chosen("Column with the message", found.columns, found.input or "")
    if column != found.input:
        found = _guessed(file, column, None)
        say("\n".join(_shown(found, file)))
    if found.labels:
        label = _chosen("Column with the label (`-`: none)", ("-", *found.labels), found.label or "-")
        found = _with_label(found, label)
    for name, role in found.speakers:
        roles = click.Choice(["user", "assistant", "system", "tool"])
        given = click.prompt(f"Who is `{safe(name)}`", default=role, type=roles, err=True)
        changed = tuple((one, given if one == name else old) for one, old in found.speakers)
        found = replace(found, speakers=changed)
    click.confirm("Write the spec and import 50 rows", default=True, abort=True, err=True)
    return found


def _chosen(question: str, names: Sequence[str], default: str) -> str:
    """Let the user choose among names of the file, which are shown escaped: a column's name may hold anything."""
    spelled = {safe(name): name for name in names}
    return spelled[click.prompt(question, default=safe(default), type=click.Choice(tuple(spelled)), err=True)]


def _write(found: Guess, name: str, path: str, file: str) -> Imported:
    """Write the spec, import, and write it again with what the imported rows can really give."""
    write_atomic(path, first_spec(found, name, sampled=ROWS_IMPORTED, operators=OPERATOR_SETS[0]), root=os.curdir)
    try:
        loaded = load_spec(path)
        made = import_source(loaded.spec, "production", file, loaded.catalog)
        sampled = made.made.header.sampled
        if sampled < SEEDS_OF_FIVE:
            hint = f"At least {SEEDS_OF_FIVE} different messages are needed; {ROWS_IMPORTED} make a set."
            raise _refusal("I325", f"only {sampled} different rows may enter", file, hint)
        for operators in OPERATOR_SETS:
            write_atomic(path, first_spec(found, name, sampled=sampled, operators=operators), root=os.curdir)
            if not operators or _can_be_filled(path):
                break
    except BaseException:
        remove(path)
        raise
    return made


def _can_be_filled(path: str) -> bool:
    """Tell whether the pools of a spec hold what the mix asks of them, by making them."""
    try:
        run(path, until="mix")
    except EvalspecError as error:
        if any(one.code == SHORT_POOL for one in error.diagnostics):
            return False
        raise
    return True


def _refusal(code: str, message: str, path: str, hint: str | None) -> EvalspecError:
    return EvalspecError([Diagnostic(code=code, severity="error", message=message, path=path, hint=hint)])
