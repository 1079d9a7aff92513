"""`evalspec check SPEC`: everything that is wrong with a spec and its sources, and what each pool can give."""

from __future__ import annotations

import click
import yaml

from evalspec.cli.arguments import PATH
from evalspec.cli.console import diagnostics_json, emit, emit_json, print_diagnostics, reporting, say
from evalspec.cli.families import compared_data, compared_lines
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.loading import Loaded, check_spec, family_table, load_spec, read_inputs
from evalspec.stages.independence import matrix
from evalspec.stages.resolve import resolved_data


@click.command("check", epilog="Example: evalspec check specs/refund.yaml")
@click.argument("specs", nargs=-1, required=True, type=PATH)
@click.option("--resolved", is_flag=True, help="Print the whole spec with every default filled in.")
@click.option("--show-defaults", is_flag=True, help="The same; the name that editors look for.")
@click.option("--models", is_flag=True, help="Show every pair of models that was compared, and how they are related.")
@reporting
def command(specs: tuple[str, ...], resolved: bool, show_defaults: bool, models: bool, how: str) -> int:
    """Check one or more specs and their sources; nothing is made and nothing is spent.

    All problems of a stage are reported at once, with file, line and column.
    """
    worst = Exit.OK
    answers: list[object] = []
    for path in specs:
        found, loaded = _check(path)
        if found.exit is not None and worst is Exit.OK:
            worst = found.exit
        if how == "json":
            answers.append(
                {
                    "spec": path,
                    "ok": found.exit is None,
                    "diagnostics": diagnostics_json(found.diagnostics),
                    **({"resolved": resolved_data(loaded.spec)} if (resolved or show_defaults) and loaded else {}),
                    **({"models": compared_data(matrix(loaded.spec, family_table()))} if models and loaded else {}),
                }
            )
            continue
        print_diagnostics(found.diagnostics, how)
        if models and loaded:
            emit("\n".join(compared_lines(matrix(loaded.spec, family_table())) or ["  no two models to compare"]))
        if (resolved or show_defaults) and loaded:
            emit(yaml.safe_dump(resolved_data(loaded.spec), sort_keys=False, allow_unicode=True, width=110).rstrip())
        elif found.exit is None and loaded:
            say(f"{path}: ok{_summary(loaded)}")
    if how == "json":
        emit_json(answers[0] if len(answers) == 1 else answers)
    return worst


class _Found:
    """What one check came to; a class because the exit code and the problems travel together."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], exit: Exit | None) -> None:
        self.diagnostics = diagnostics
        self.exit = exit


def _check(path: str) -> tuple[_Found, Loaded | None]:
    loaded: Loaded | None = None
    try:
        loaded = load_spec(path)
        inputs = read_inputs(loaded)
        warnings = (*loaded.warnings, *check_spec(loaded, inputs))
        return _Found(warnings, None), loaded
    except EvalspecError as error:
        earlier = loaded.warnings if loaded else ()
        return _Found((*error.diagnostics, *earlier), error.exit), loaded


def _summary(loaded: Loaded) -> str:
    spec = loaded.spec
    pools = ", ".join(f"{name} {count}" for name, count in spec.mix.counts)
    return f", {spec.mix.size} cases ({pools})"
