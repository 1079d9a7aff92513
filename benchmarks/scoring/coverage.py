"""How often the intervals of a score hold the truth, and how often its tests alarm where nothing is: 2,000 drawn swaps.

Run with: python -m benchmarks.scoring.coverage [RUNS]. Needs no data.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from evalspec.model.scorecard import Outcome, ScoredCase
from evalspec.scoring.compare import change, differences, divergence
from evalspec.scoring.tally import rate
from evalspec.stats.clusters import bootstrap
from evalspec.stats.tests import mcnemar

RUNS = 2000
SEED = 20261120
# Cases alone; sizes of families; how much siblings agree; pass rates before and after.
SETTINGS: tuple[tuple[str, int, tuple[int, ...], float, float, float], ...] = (
    ("65 alone", 65, (1,), 0.0, 0.70, 0.62),
    ("153 alone", 153, (1,), 0.0, 0.85, 0.87),
    ("300 alone", 300, (1,), 0.0, 0.60, 0.60),
    ("40 families of 5, .3", 40, (5,), 0.3, 0.70, 0.70),
    ("40 families of 5, .6", 40, (5,), 0.6, 0.70, 0.66),
    ("40 families of 5, .9", 40, (5,), 0.9, 0.80, 0.80),
    ("60 families of 1 to 6, .6", 60, (1, 2, 3, 4, 5, 6), 0.6, 0.75, 0.75),
    ("100 families of 1 to 3, .6", 100, (1, 2, 3), 0.6, 0.90, 0.87),
)


def drawn(
    random: np.random.Generator, families: int, sizes: tuple[int, ...], alike: float, rates: tuple[float, float]
) -> tuple[list[ScoredCase], dict[str, Outcome], dict[str, Outcome]]:
    """Draw a set and two runs: siblings share a latent ease with correlation `alike`, the two runs half of it."""
    cut = [NormalDist().inv_cdf(one) for one in rates]
    cases: list[ScoredCase] = []
    before: dict[str, Outcome] = {}
    after: dict[str, Outcome] = {}
    for family in range(families):
        shared = random.normal(size=2)
        common = random.normal()
        for sibling in range(sizes[family % len(sizes)]):
            own = random.normal()
            name = f"{family}.{sibling}"
            cases.append(ScoredCase(id=name, digest="", part="seed", family=str(family), track="wild", slices=()))
            for side, outcomes in enumerate((before, after)):
                between = np.sqrt(0.5) * common + np.sqrt(0.5) * shared[side]
                within = np.sqrt(0.5) * own + np.sqrt(0.5) * random.normal()
                ease = np.sqrt(alike) * between + np.sqrt(1 - alike) * within
                outcomes[name] = Outcome(passes=int(ease < cut[side]), scored=1)
    return cases, before, after


def lines(runs: int) -> Iterator[str]:
    """Yield one line a setting."""
    random = np.random.default_rng(SEED)
    yield f"{'setting':<28}{'Wilson':>8}{'change':>8}{'bootstrap':>11}{'alarms':>9}{'McNemar':>9}"
    for name, families, sizes, alike, one, other in SETTINGS:
        held: Counter[str] = Counter()
        for draw in range(runs):
            cases, before, after = drawn(random, families, sizes, alike, (one, other))
            low, high = rate("seed", cases, before).interval
            held["wilson"] += low <= one <= high
            found = change("seed", cases, before, after)
            held["change"] += found.interval[0] <= other - one <= found.interval[1]
            resampled = bootstrap(differences(cases, before, after), f"{name} {draw}", resamples=500)
            held["bootstrap"] += resampled is not None and resampled[0] <= other - one <= resampled[1]
            held["alarm"] += found.p is not None and found.p <= 0.05
            held["mcnemar"] += mcnemar(found.gain, found.loss) <= 0.05
        share = {key: f"{100 * count / runs:.1f}" for key, count in held.items()}
        alarms = (share.get("alarm", "0.0"), share.get("mcnemar", "0.0")) if one == other else ("-", "-")
        yield (
            f"{name:<28}{share['wilson']:>8}{share['change']:>8}{share['bootstrap']:>11}{alarms[0]:>9}{alarms[1]:>9}"
        )


def apart(runs: int) -> Iterator[str]:
    """Yield how often the divergence holds the truth, and how often it says `no` where both parts move alike."""
    random = np.random.default_rng(SEED + 1)
    yield f"{'divergence':<28}{'Welch':>8}{'says no':>9}"
    for seeds, families in ((65, 153), (184, 300)):
        held = alarms = 0
        for _ in range(runs):
            cases, before, after = drawn(random, seeds, (1,), 0.0, (0.7, 0.65))
            others, one, other = drawn(random, families // 3, (2, 3, 4), 0.6, (0.85, 0.80))
            renamed = [
                ScoredCase(
                    id=f"s{case.id}", digest="", part="synthetic", family=f"s{case.family}", track="edge", slices=()
                )
                for case in others
            ]
            found = divergence(
                [*cases, *renamed],
                before | {f"s{name}": value for name, value in one.items()},
                after | {f"s{name}": value for name, value in other.items()},
                0.02,
            )
            held += found is not None and found.interval[0] <= 0 <= found.interval[1]
            alarms += found is not None and found.together == "no"
        yield f"{f'{seeds} real, {families} synthetic':<28}{100 * held / runs:>8.1f}{100 * alarms / runs:>9.1f}"


def main() -> int:
    """Print the shares in percent."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    for line in (*lines(runs), "", *apart(runs)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
