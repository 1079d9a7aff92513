"""Changes to a verdict: the real cases decide, with a declared margin; the synthetic part is said beside it."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.model.scorecard import Change, Decision, Divergence, Noise, SwapVerdict
from evalspec.scoring.figures import interval_text, p_text, percent, points, size
from evalspec.stats.tests import ALPHA, DISCORDANCE, POWER

MARGIN = 0.02  # a loss of the real pass rate that one is ready to bear; proposed, never a fact, always printed


def decide(seed: Change | None, margin: float) -> Decision:
    """Return block for a shown loss, ship when a loss beyond the margin is ruled out, else inconclusive.

    The p decides a block: interval and exact test can disagree at the edge.
    """
    if seed is None or seed.delta is None:
        return "inconclusive"
    if seed.delta < 0 and seed.p is not None and seed.p <= ALPHA:
        return "block"
    return "ship" if seed.interval[0] > -margin else "inconclusive"


def verdict(
    parts: Mapping[str, Change],
    margin: float,
    *,
    purpose: str,
    divergence: Divergence | None,
    noise: Mapping[str, Noise],
    if_unscored_failed: Decision,
) -> SwapVerdict:
    """Decide, and say why in one sentence; cautions name what the figures leave open."""
    seed, synthetic = parts.get("seed"), parts.get("synthetic")
    decision = decide(seed, margin)
    cautions = []
    if seed is not None and seed.pairs < seed.cases:
        words = f"{seed.cases - seed.pairs} of {seed.cases} real cases are not scored in both runs and count nowhere"
        if if_unscored_failed != decision:
            words += f"; were they failures of whoever did not answer, the verdict would be {if_unscored_failed}"
        cautions.append(words)
    if divergence is not None and divergence.together == "no":
        cautions.append(
            f"the synthetic part moves {points(divergence.value)} points beside the real one "
            f"({interval_text(divergence.interval)}): it does not speak for real users in this swap"
        )
    floor = noise.get("seed")
    if floor is not None and seed is not None and seed.delta is not None and abs(seed.delta) < floor.floor:
        cautions.append(f"two runs of one model differ by up to {size(floor.floor)} points on the real cases")
    if purpose != "launch":
        cautions.append(f"a {purpose} set: no launch may rest on it")
    return SwapVerdict(decision=decision, reason=_reason(decision, seed, synthetic, margin), cautions=tuple(cautions))


def _reason(decision: Decision, seed: Change | None, synthetic: Change | None, margin: float) -> str:
    if seed is None:
        return "the set holds no case from real users, and nothing else decides"
    if seed.delta is None:
        return "no real case is scored in both runs"
    moved = f"on {seed.pairs} real cases the contender moves {points(seed.delta)} points"
    counts = f"{seed.gain} gained, {seed.loss} lost, p {p_text(seed.p)}"
    if decision == "block":
        return f"{moved} ({counts}), a loss that chance does not explain{_beside(synthetic)}"
    if decision == "ship":
        worst = f"at worst {points(seed.interval[0])} points, within the margin of {size(margin)}"
        return f"{moved} ({counts}), {worst}"
    open_ = f"{interval_text(seed.interval)} neither shows a loss nor rules out one beyond the margin of {size(margin)}"
    return f"{moved} ({counts}): {open_}; {_power(seed)}"


def _power(seed: Change) -> str:
    """Say what so few cases show, and at which share of cases changing answer; `plan` assumes another share."""
    assumed = f"{percent(DISCORDANCE, 0)} %"
    shows = f"with {percent(POWER, 0)} % power so few cases show {_from(seed.smallest)}"
    if not seed.discordance:
        return f"{shows}, at {assumed} of cases changing answer, assumed as by plan since none changed here"
    seen = f"{shows}, at the {percent(seed.discordance)} % of cases changing answer seen here"
    return f"{seen}; plan assumed {assumed}, which shows {_from(seed.planned)}"


def _from(smallest: float | None) -> str:
    return "no difference" if smallest is None else f"differences from {size(smallest)} points on"


def _beside(synthetic: Change | None) -> str:
    if synthetic is None or synthetic.delta is None or synthetic.delta <= 0:
        return ""
    return f"; {points(synthetic.delta)} points on {synthetic.pairs} synthetic cases do not make up for it"
