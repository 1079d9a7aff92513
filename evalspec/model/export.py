"""What an exporter is told beside the lock: facts of the spec that a runner needs and a lock does not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """Instructions and label parts of the task, and which slice of the lock was asked for."""

    instructions: str | None = None  # what the subject is told
    labels: tuple[str, ...] = ()  # parts whose value is a label; the short form has none
    tracks: tuple[str, ...] = ()  # empty: all
    pools: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lock_cases: int = 0  # cases of the whole lock
