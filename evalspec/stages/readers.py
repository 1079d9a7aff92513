"""How many people must read a case: drawn by the keyed hash of its id, so that no other case moves the draw."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.digests import unit_hash
from evalspec.model.spec import Expected, Spec

BLIND_READERS = 2


def readers_drawn(case: str, share: float, expected: Expected | None, spec: Spec) -> int:
    """Return how many people must decide on a case of which a share is drawn: 0, 1, or 2 of whom one judges blind.

    A higher share keeps every case that a lower one drew. A `high_stakes` label is read twice wherever people must
    decide at all.
    """
    root = str(spec.random_state)
    if unit_hash(f"review:{root}", case) >= share:
        return 0
    if is_high_stakes(expected, spec) or unit_hash(f"overlap:{root}", case) < spec.review.overlap:
        return BLIND_READERS
    return 1


def is_high_stakes(expected: Expected | None, spec: Spec) -> bool:
    """Tell whether a label is one of those that the task says cost most when they are wrong."""
    for part in spec.task.label_parts:
        value = expected.get(part.name) if isinstance(expected, Mapping) else expected
        if value in part.high_stakes:
            return True
    return False
