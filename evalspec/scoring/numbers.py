"""A scorecard as JSON data: every figure that was found, rounded as a report's numbers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from evalspec.model.scorecard import RunCard, Scorecard, Swap

_DIGITS = 6  # significant


def numbers(card: Scorecard, history: Sequence[Swap]) -> dict[str, object]:
    """Return the scorecard as JSON data."""
    return {
        "name": card.name,
        "lock": card.lock,
        "purpose": card.purpose,
        "margin": card.margin,
        "verdict": {
            "decision": card.verdict.decision,
            "reason": card.verdict.reason,
            "cautions": list(card.verdict.cautions),
            "blocks": card.blocks,
        },
        "parts": {name: _record(one) for name, one in card.parts.items()},
        "divergence": _record(card.divergence) if card.divergence else None,
        "tracks": dict(card.tracks),
        "slices": [_record(one) for one in card.slices],
        "baseline": _side(card.baseline),
        "contender": _side(card.contender),
        "history": [_record(one) for one in history],
    }


def _side(side: RunCard) -> dict[str, object]:
    return {
        "model": side.model,
        "rates": [_record(one) for one in side.rates],
        "relations": [_record(one) for one in side.relations],
        "refusals": _record(side.refusals),
        "noise": {part: _record(one) for part, one in side.noise.items()},
    }


def _record(record: object) -> dict[str, object]:
    named = {one.name: getattr(record, one.name) for one in fields(record)}  # type: ignore[arg-type]  # all are records
    return {name: _rounded(value) for name, value in named.items()}


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
