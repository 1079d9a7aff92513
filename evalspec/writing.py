"""What a build leaves on disk: the report and then the lock, each whole or not at all, and nothing else."""

from __future__ import annotations

import os

from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError
from evalspec.edges.files import changed, is_regular, read_text, write_atomic
from evalspec.edges.project_folder import project_folder
from evalspec.edges.replacing import remove_leftovers
from evalspec.model.build import Build
from evalspec.model.spec import Spec
from evalspec.project import failed_folder, lock_path, report_path
from evalspec.stages.lock import dump


def write_outputs(done: Build, *, partial: bool = False) -> tuple[str, ...]:
    """Write report and lock and return their paths; a build that failed a gate writes to `failed/`.

    The lock comes last: it is what counts, and `verify` tells when a kill in between left it behind its report. Raises
    when an input is no longer what the build read.
    """
    assert done.lock is not None and done.report is not None
    if moved := changed(done.read):
        raise BuildError([_moved(path) for path in moved])
    spec = done.spec
    root = spec.folder or os.curdir
    if done.failed_gates and not partial:
        folder, root = failed_folder(spec), project_folder(spec.folder) or os.curdir
        targets = (os.path.join(folder, f"{spec.name}.report.md"), os.path.join(folder, f"{spec.name}.lock.json"))
    else:
        targets = (report_path(spec, partial=partial), lock_path(spec, partial=partial))
    for target, text in zip(targets, (done.report, dump(done.lock)), strict=True):
        if not is_regular(target) or not _holds(target, text, root):
            write_atomic(target, text, root=root)
    return targets


def _holds(path: str, text: str, root: str) -> bool:
    """Tell whether a file is this text; one that cannot be read is not, and is replaced."""
    try:
        return read_text(path, root=root) == text
    except EvalspecError:
        return False


def _moved(path: str) -> Diagnostic:
    return Diagnostic(
        code="E917",
        severity="error",
        message=f"`{path}` changed during the build",
        path=path,
        hint="run the command again; lock and report are as they were",
    )


def own_folders(spec: Spec) -> tuple[str, ...]:
    """Return the folders where evalspec writes for this spec."""
    own = os.path.join(spec.folder, spec.name)
    below = (own, os.path.join(own, "ledger"), os.path.join(own, "results"), os.path.join(own, "tape"))
    return (spec.folder or os.curdir, *below, failed_folder(spec))


def clear_leftovers(spec: Spec) -> None:
    """Remove the temporary files that killed commands left where evalspec writes for this spec."""
    for folder in own_folders(spec):
        remove_leftovers(folder)
