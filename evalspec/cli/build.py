"""`evalspec build SPEC`: compile a spec into its lock and mix report."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from textwrap import wrap

import click

from evalspec.asking import DEADLINE, JOBS, Asked, Mode
from evalspec.cli.arguments import COMMIT, DAY, PATH
from evalspec.cli.console import (
    Steps,
    diagnostics_json,
    emit,
    emit_json,
    examples,
    print_diagnostics,
    reporting,
    say,
    shown,
)
from evalspec.cli.unchanged import Answer, remember
from evalspec.costing import planned_dollars
from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit
from evalspec.edges.busy import hold
from evalspec.edges.files import read_bytes
from evalspec.edges.project_folder import project_folder
from evalspec.edges.signals import Stopped
from evalspec.model.build import Build
from evalspec.model.outcome import Verdict
from evalspec.model.spec import Spec
from evalspec.pipeline import STAGES
from evalspec.project import Loaded, load_spec, lock_path, read_lock, report_path, run
from evalspec.run_log import log_run, said_of
from evalspec.stages.lock import dump
from evalspec.stages.reporting.claims import real_cases
from evalspec.stages.reporting.figures import share
from evalspec.stages.reporting.replies import worst_cells
from evalspec.stages.resolving.paths import stem_of
from evalspec.taping import publishing
from evalspec.verification import (
    compare,
    gate_problems,
    past_without_evidence,
    refused_changes,
    unsure_changes,
    verify_spec,
)
from evalspec.writing import clear_leftovers, own_folders, write_outputs

SUMMARY_COLUMNS = 100  # beyond, a terminal breaks the line in the middle of a name


@click.command(
    "build", epilog=examples("evalspec build specs/refund.yaml", "evalspec build specs/refund.yaml --locked")
)
@click.argument("spec", type=PATH)
@click.option("--locked", is_flag=True, help="Recompute everything, write nothing, fail if the lock would differ.")
@click.option("--frozen", is_flag=True, help="The same as `evalspec verify`.")
@click.option("--until", type=click.Choice(STAGES), default="report", help="Stop after a stage; writes nothing.")
@click.option("--partial", is_flag=True, help="Lock the approved cases alone, as a labelled trial set.")
@click.option("--wave", type=click.IntRange(min=0), default=1, help="Candidates of a cell made at a time; 0: all.")
@click.option("--jobs", type=click.IntRange(1, 4096), default=JOBS, show_default=True, help="Calls to models at once.")
@click.option(
    "--deadline",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=DEADLINE,
    show_default=True,
    help="Of one call to a model.",
)
@click.option(
    "--batch", is_flag=True, help="Send what is missing in batches, at half the price; a later build collects."
)
@click.option(
    "--i-trust-this-ref",
    "trusted",
    metavar="SHA",
    type=COMMIT,
    help="Ask models on a stranger's pull request too, while exactly this commit is checked out: somebody has read it.",
)
@click.option("--today", metavar="YYYY-MM-DD", type=DAY, help="Let waivers expire and seeds age as of this day.")
@click.option("--base", metavar="COMMIT", default="HEAD", show_default=True, help="What change gates compare with.")
@click.option("--no-wait", is_flag=True, help="Exit 9 at once when another build holds the spec.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
@reporting
def command(
    spec: str,
    locked: bool,
    frozen: bool,
    until: str,
    partial: bool,
    wave: int,
    jobs: int,
    deadline: float,
    batch: bool,
    trusted: str | None,
    today: str | None,
    base: str,
    no_wait: bool,
    quiet: bool,
    how: str,
) -> int:
    """Compile SPEC: plan every case, make what is missing, screen it, apply what people decided, mix, measure, gate,
    and write the lock and the mix report beside the spec.

    The same inputs give the same bytes. A gate that fails, or a case that waits for a person, leaves lock and report
    as they were.
    """
    _refuse_contradictions(batch=batch, locked=locked, frozen=frozen, others=partial + (until != "report"))
    if frozen:
        return _frozen(spec, today, how)
    steps = Steps(quiet=quiet or how != "text")
    started = time.monotonic()
    loaded = load_spec(spec)
    root = project_folder(loaded.spec.folder)
    folder = os.path.join(root, ".evalspec", loaded.spec.name)
    with hold(folder, root=root or os.curdir, wait=not no_wait, say=say):
        if until == "report" and not locked:
            clear_leftovers(loaded.spec)
        mode: Mode = "tape" if locked else "batch" if batch else "live"
        asked, planned = _asked(
            loaded, Asked(mode=mode, jobs=jobs, deadline=deadline, trusted=trusted, tell=steps.asking)
        )
        with (
            logged(loaded.spec, steps, planned),
            publishing(loaded.spec, asked, say, writes=until == "report" and not locked) as (asked, published),
        ):
            done = run(
                spec, until=until, partial=partial, today=today, progress=steps, wave=wave, base=base, asked=asked
            )
        _explain(done, steps)
        print_diagnostics(done.warnings, how if how != "json" else "text")
        if until != "report":
            return _until(done, until, how)
        if locked:
            return _locked(done, how)
        problems = _problems(done, partial)
        written = write_outputs(done, partial=partial) if done.lock is not None else ()
        written = (*published, *written)
    code = BuildError(problems).exit if any(one.severity == "error" for one in problems) else Exit.OK
    if code is Exit.OK and not partial:
        _remember(done, problems, written, published, how, quiet, base)
    seconds = None if quiet else time.monotonic() - started
    _tell(done, problems, written, code, how, seconds, partial=partial)
    return code


def _refuse_contradictions(*, batch: bool, locked: bool, frozen: bool, others: int) -> None:
    """Refuse flags that cannot be meant together; `others` counts `--partial` and `--until`."""
    if batch and (locked or frozen):
        raise click.UsageError("--batch asks models, and --locked and --frozen ask nobody")
    if locked + frozen + others > 1:
        raise click.UsageError("--locked, --frozen, --partial and --until exclude each other")


def _tell(
    done: Build,
    problems: tuple[Diagnostic, ...],
    written: tuple[str, ...],
    code: Exit,
    how: str,
    seconds: float | None,
    *,
    partial: bool,
) -> None:
    """Say what the build came to; without `seconds` only what is wrong."""
    if how == "json":
        emit_json(_data(done, problems, written, code))
        return
    print_diagnostics(shown(problems, how), how)
    if done.lock is None and written:
        say(f"  wrote tape {', '.join(written)}: commit it, and a colleague reviews the same candidates")
    if seconds is not None and done.lock is not None:
        say("\n".join(_summary(done, written, seconds, code, partial=partial)))


def _remember(
    done: Build,
    problems: tuple[Diagnostic, ...],
    written: tuple[str, ...],
    published: Sequence[str],
    how: str,
    quiet: bool,
    base: str,
) -> None:
    """Let the same command line find out that nothing has changed; `published` are new segments of the tape.

    All replies of a build are on the tape by now, so that they are files like any other input.
    """
    arguments = click.get_current_context().find_root().obj
    if arguments is None or done.lock is None or done.report is None:
        return
    segments = {path: hashlib.sha256(read_bytes(path)).digest() for path in published}
    spec, cases = done.spec, len(done.lock.cases)
    answer = Answer(
        how=how,
        quiet=quiet,
        data=_data(done, problems, written, Exit.OK),
        warnings=done.warnings,
        problems=problems,
        said=f"{spec.path}: nothing has changed since the last build, {cases} cases; lock and report stand as they are",
    )
    names = [spec.name, *([stem_of(spec.base)] if spec.base else [])]
    folders = [os.path.join(spec.folder, name, kind) for name in names for kind in ("ledger", "tape")]
    texts = {report_path(spec): done.report, lock_path(spec): dump(done.lock)}
    own, here = own_folders(spec), (base, lock_path(spec))
    remember(arguments, answer, read={**done.read, **segments}, written=texts, folders=folders, own=own, base=here)


def _asked(loaded: Loaded, asked: Asked) -> tuple[Asked, list[tuple[float, float] | None]]:
    """Return how models are asked, and where the dollars it will come to are noted before the first call."""
    planned: list[tuple[float, float] | None] = []
    refuses = asked.mode == "live"  # a batch costs half of its list prices
    return replace(asked, begin=lambda: planned.append(planned_dollars(loaded, refuses=refuses))), planned


@contextmanager
def logged(spec: Spec, steps: Steps, planned: Sequence[tuple[float, float] | None]) -> Iterator[None]:
    """Say what was asked of models, and leave it in the run log, however the build ends."""
    started = time.time()
    code: int = Exit.OK
    try:
        yield
    except (EvalspecError, Stopped) as error:
        code = error.exit if isinstance(error, EvalspecError) else int(error.code or 0)
        raise
    finally:
        if steps.count is not None:
            steps.line("ask", said_of(steps.count))
            dollars = planned[0] if planned else None
            log_run(spec, steps.count, started=started, seconds=time.time() - started, code=code, planned=dollars)


def _frozen(spec: str, today: str | None, how: str) -> int:
    found = verify_spec(spec, today=today)
    if how == "json":
        emit_json(
            {"ok": found.exit is Exit.OK, "exit": int(found.exit), "diagnostics": diagnostics_json(found.diagnostics)}
        )
    else:
        print_diagnostics(shown(found.diagnostics, how), how)
    return found.exit


def _problems(done: Build, partial: bool) -> tuple[Diagnostic, ...]:
    gates = gate_problems(done)
    if partial:
        return tuple(one for one in gates if one.severity == "warning")
    if not done.waiting:
        return gates
    why = Counter(done.waiting.values())
    spelled = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
    cases = "1 picked case waits" if len(done.waiting) == 1 else f"{len(done.waiting)} picked cases wait"
    waits = Diagnostic(
        code="V450",
        severity="error",
        message=f"{cases} for a person ({spelled}); no lock was written",
        path=done.spec.path,
        hint=f"evalspec review list {done.spec.path}    or, for a trial: evalspec build {done.spec.path} --partial",
        exit=Exit.FINDING,
    )
    return (waits, *gates)


def _locked(done: Build, how: str) -> int:
    found = read_lock(done.spec)
    if found is None:
        message = f"there is no lock `{lock_path(done.spec)}`"
        problem = Diagnostic(code="L606", severity="error", message=message, path=done.spec.path, exit=Exit.STALE)
        raise BuildError([problem])
    problems = compare(done, *found)
    if any(one.severity == "error" for one in problems):
        # A lock that differs is out of date here; only `verify` says tampering.
        raise BuildError(problems)
    if how == "json":
        emit_json({"ok": True, "exit": 0, "root": found[0].root, "diagnostics": diagnostics_json(problems)})
    else:
        print_diagnostics(shown(problems, how), how)
        say(f"{done.spec.path}: the lock is up to date, {len(found[0].cases)} cases")
    return Exit.OK


def _explain(done: Build, steps: Steps) -> None:
    """Say what each stage came to."""
    spec = done.spec
    if done.plan is not None:
        pools = ", ".join(f"{name} {count}" for name, count in spec.mix.counts)
        steps.line("plan", f"{spec.mix.size} cases: {pools}")
    if done.candidates is not None:
        reasons = Counter(drop.reason for drop in done.drops)
        spelled = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(4))
        steps.line(
            "generate", f"{done.opened:,} candidates, {len(done.drops):,} dropped" + (f": {spelled}" if spelled else "")
        )
        for line in worst_cells(done) if done.plan is not None else ():
            steps.line("", line)
    if done.reviewed is not None:
        decided = sum(row.decided for row in done.reviewed.survival if row.slice == "")
        steps.line("review", f"{decided} generated candidates decided, {len(done.reviewed.queue)} waiting")
    if done.verdicts is not None:
        for at, line in enumerate(wrap(_answers(done.verdicts), SUMMARY_COLUMNS, subsequent_indent="  ")):
            steps.line("" if at else "gate", line)
        unsure, refused = past_without_evidence(done.verdicts), refused_changes(done.verdicts)
        for said in (
            f"past their bound without evidence: {unsure}; the report says what would decide them" if unsure else "",
            *unsure_changes(done.verdicts),
            f"changes not measured: {refused}" if refused else "",
        ):
            for line in wrap(said, SUMMARY_COLUMNS, subsequent_indent="  "):
                steps.line("", line)


def _answers(verdicts: tuple[Verdict, ...]) -> str:
    """Count the gates by answer, and name those that did not simply pass."""
    named: dict[str, list[str]] = {"pass": [], "fail": [], "waived": [], "not known": []}
    for one in verdicts:
        if one.status != "off":
            is_waived = one.status == "fail" and one.waived_until is not None
            named["waived" if is_waived else one.status].append(one.gate)
    parts = []
    for answer, gates in named.items():
        which = f" ({', '.join(sorted(set(gates)))})" if gates and answer != "pass" else ""
        parts += [f"{len(gates)} {answer}{which}"] if gates else []
    return ", ".join(parts) or "no gates"


def _summary(done: Build, written: tuple[str, ...], seconds: float, code: Exit, *, partial: bool) -> list[str]:
    assert done.evalset is not None
    total = len(done.evalset.cases)
    real = share(real_cases(done), total)
    lines = ["", f"{done.spec.name}: {total} cases in {seconds:.1f} s, from real users {real}"]
    for path in written:
        what = {".md": "mix report", ".jsonl": "tape"}.get(os.path.splitext(path)[1], "lock")
        lines.append(f"  wrote {what:<11}{path}")
    if partial:
        lines.append("  a trial of what is approved so far: look at it, do not commit it")
    elif code is Exit.OK and written:
        lines.append(
            f"  next: commit {'both' if len(written) == 2 else 'them'}; a colleague reviews the diff of the lock"
        )
    elif done.failed_gates:
        lines.append("  a gate failed: lock and report beside the spec are as they were")
    return lines


def _until(done: Build, until: str, how: str) -> int:
    data: dict[str, object] = {"spec": done.spec.path, "until": until}
    if done.plan is not None:
        data["slots"] = len(done.plan.slots_by_id)
    if done.candidates is not None:
        data |= {"live": len(done.candidates), "opened": done.opened}
        data["drops"] = dict(sorted(Counter(f"{one.stage}/{one.reason}" for one in done.drops).items()))
    if done.reviewed is not None:
        data["queued"] = len(done.reviewed.queue)
    if done.evalset is not None:
        data |= {"cases": len(done.evalset.cases), "spares": len(done.evalset.spares)}
    if done.measurements is not None:
        data["measurements"] = len(done.measurements)
    if done.verdicts is not None:
        data["gates"] = dict(sorted(Counter(one.status for one in done.verdicts).items()))
    if done.lock is not None:
        data["root"] = done.lock.root
    if how == "json":
        emit_json(data)
    else:
        emit("\n".join(f"{name}: {value}" for name, value in data.items()))
    return Exit.OK


def _data(done: Build, problems: tuple[Diagnostic, ...], written: tuple[str, ...], code: Exit) -> dict[str, object]:
    assert done.evalset is not None
    return {
        "ok": code is Exit.OK,
        "exit": int(code),
        "spec": done.spec.path,
        "root": done.lock.root if done.lock else None,
        "cases": len(done.evalset.cases),
        "pools": dict(sorted(Counter(case.pool for case in done.evalset.cases).items())),
        "real": real_cases(done),
        "opened": done.opened,
        "drops": dict(sorted(Counter(drop.reason for drop in done.evalset.drops).items())),
        "waiting": dict(done.waiting),
        "gates": dict(sorted(Counter(one.status for one in done.verdicts or ()).items())),
        "written": list(written),
        "diagnostics": diagnostics_json(problems),
    }
