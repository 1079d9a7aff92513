"""The run log: what a build asked of models and what it cost, one JSON file a run under `.evalspec/NAME/runs/`.

For people and their scripts. It is never committed, and nothing of evalspec reads it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime

from evalspec.diagnostics import EvalspecError
from evalspec.edges.files import write_atomic
from evalspec.edges.models.count import Count
from evalspec.edges.project_folder import project_folder
from evalspec.model.spec import Spec

LOG_VERSION = 1
DOLLAR = 1_000_000  # money is counted in whole millionths


def said_of(count: Count) -> str:
    """Say on one line what was asked."""
    parts = [f"{count.questions:,} replies: {count.from_tape:,} from tape, {count.answered:,} of {count.sent:,} calls"]
    if count.retried:
        faults = ", ".join(f"{number:,} {kind}" for kind, number in sorted(count.faults.items()))
        parts.append(f"{count.retried:,} tried again ({faults})")
    if count.spent:
        parts.append(f"${count.spent / DOLLAR:,.4f}")
    if count.overruns:
        more = f"${count.overrun / DOLLAR:,.4f} more than they may"
        parts.append(f"{count.overruns:,} calls were counted at {more}")
    if count.orphans:
        were = "1 was" if count.orphans == 1 else f"{count.orphans:,} were"
        parts.append(f"{were} in flight when another run ended and may have been billed")
    return "; ".join(parts)


def log_run(
    spec: Spec, count: Count, *, started: float, seconds: float, code: int, planned: tuple[float, float] | None = None
) -> str | None:
    """Write the log of one run and return its path; `started` is the time since 1970, `planned` dollars from and to.

    A folder that cannot be written loses a log and no build.
    """
    root = project_folder(spec.folder)
    moment = datetime.fromtimestamp(started, UTC)
    name = f"{moment:%Y%m%dT%H%M%S.%f}Z-{os.getpid()}.json"
    path = os.path.join(root, ".evalspec", spec.name, "runs", name)
    data = {
        "run_version": LOG_VERSION,
        "spec": spec.path,
        "started": moment.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "exit": int(code),
        "replies": count.questions,
        "from_tape": count.from_tape,
        "answered": count.answered,
        "calls": count.sent,
        "tried_again": count.retried,
        "faults": dict(sorted(count.faults.items())),
        "by_model": dict(sorted(count.models.items())),
        "in_flight_at_the_end": count.cut_off,
        "orphans_of_other_runs": count.orphans,
        "counted_at_more_than_allowed": count.overruns,
        "dollars": {"planned": list(planned) if planned else None, "actual": count.spent / DOLLAR},
    }
    with suppress(EvalspecError, OSError):
        write_atomic(path, json.dumps(data, indent=2) + "\n", root=root or os.curdir)
        return path
    return None
