"""Two runs on one lock to a scorecard: results, tally, comparison, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalspec.model.outcome import Lock
from evalspec.model.result import Run
from evalspec.model.scorecard import Noise, Outcome, RunCard, Scorecard, ScoredCase, Swap
from evalspec.scoring.cases import scored_cases
from evalspec.scoring.compare import change, compare_parts, compare_slices, divergence
from evalspec.scoring.tally import Outcomes, outcomes_of, run_card
from evalspec.scoring.verdict import MARGIN, decide, verdict

HISTORY = 5  # swaps that are looked back on


def score(lock: Lock, baseline: Run, contender: Run, *, margin: float = MARGIN) -> Scorecard:
    """Score the contender against the baseline; the real cases decide."""
    cases = scored_cases(lock)
    before, after = outcomes_of(baseline), outcomes_of(contender)
    sides = run_card(baseline, cases), run_card(contender, cases)
    parts = compare_parts(cases, before, after, lock.root)
    apart = divergence(cases, before, after, margin)
    purpose = str(lock.header.get("purpose", ""))
    seeds = [case for case in cases if case.part == "seed"]
    harsh = change("seed", seeds, _failed(seeds, before), _failed(seeds, after)) if seeds else None
    return Scorecard(
        name=str(lock.header.get("name", "")),
        lock=lock.root,
        purpose=purpose,
        margin=margin,
        baseline=sides[0],
        contender=sides[1],
        parts=parts,
        slices=compare_slices(cases, before, after),
        tracks=dict(sorted(Counter(case.track for case in cases).items())),
        divergence=apart,
        verdict=verdict(
            parts,
            margin,
            purpose=purpose,
            divergence=apart,
            noise=_larger(sides),
            if_unscored_failed=decide(harsh, margin),
        ),
    )


def _failed(cases: Sequence[ScoredCase], outcomes: Outcomes) -> Outcomes:
    """Count as failed what a run did not answer: an error, or no row where the other side has one."""
    found = dict(outcomes)
    for case in cases:
        had = found.get(case.id, Outcome(errors=1))
        if had.value is None and had.errors:
            found[case.id] = replace(had, scored=1)
    return found


def _larger(sides: tuple[RunCard, RunCard]) -> Mapping[str, Noise]:
    """Return for each part the noise of the noisier side."""
    found: dict[str, Noise] = {}
    for side in sides:
        for part, noise in side.noise.items():
            if part not in found or noise.floor > found[part].floor:
                found[part] = noise
    return found


def swap_of(card: Scorecard, date: str) -> Swap:
    """Return the line that the history keeps of a scorecard."""
    deltas = {part: round(found.delta, 6) for part, found in card.parts.items() if found.delta is not None}
    return Swap(
        date=date,
        lock=card.lock,
        baseline=card.baseline.model,
        contender=card.contender.model,
        margin=card.margin,
        decision=card.verdict.decision,
        reason=card.verdict.reason,
        seed=deltas.get("seed"),
        synthetic=deltas.get("synthetic"),
        all=deltas.get("all"),
        together=card.divergence.together if card.divergence else "not known",
    )


def recent(history: Sequence[Swap]) -> tuple[Swap, ...]:
    """Return the last swaps, oldest first."""
    return tuple(history[-HISTORY:])
