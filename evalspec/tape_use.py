"""What of a spec's tape its present plan uses: the build replayed from the tape alone, and counted."""

from __future__ import annotations

import os

from evalspec.after.tape_stats import TapeStats, stats_of
from evalspec.asking import Asked
from evalspec.diagnostics import BuildError
from evalspec.project import load_spec, run
from evalspec.taping import read_tape_of


def tape_stats(path: str) -> TapeStats:
    """Count the tape of a spec; where replies are missing, what the plan asks for after them is not known."""
    spec = load_spec(path).spec
    tape = read_tape_of(spec)
    sizes = {one.path: os.path.getsize(one.path) for one in tape.segments}
    used: set[str] = set()
    lacking: set[str] = set()
    how = Asked(mode="tape", hear=lambda taped, fresh: used.update(taped), lack=lacking.update)
    try:
        run(path, until="review", reading=True, asked=how)
    except BuildError as error:
        if not lacking or any(one.code != "M150" for one in error.diagnostics):
            raise
    return stats_of(path, tape, sizes, used, len(lacking))
