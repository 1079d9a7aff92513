"""Which model writes a slot, and what of a model belongs to the slot's key."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalspec.digests import unit_hash
from evalspec.model.spec import Spec


def pick_generator(slot_id: str, weighted: Sequence[tuple[str, int]]) -> str | None:
    """Give a slot to one generator by weighted rendezvous: changing one weight moves only slots to or from it."""
    if not weighted:
        return None
    return min(weighted, key=lambda one: (-_log_share(slot_id, one[0]) / one[1], one[0]))[0]


def _log_share(slot_id: str, alias: str) -> float:
    return math.log(max(unit_hash(f"generator/{alias}", slot_id), 2.0**-64))


def model_key(spec: Spec, alias: str | None) -> object:
    """Return what of a model decides a text, as JSON data."""
    if alias is None:
        return None
    model = spec.model(alias)
    return [model.model, [list(one) for one in model.params], model.grammar]
