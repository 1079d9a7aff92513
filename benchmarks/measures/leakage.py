"""How far saturation, thin regions and the interval of entropy hold: `python -m benchmarks.measures.leakage`.

On the public sets in the folder `data` of the one that EVALSPEC_SHARED names; `--trials N` (200) of each. Truth is what
further texts of the same set say, the intent that was left out, or the distribution that was drawn from.
"""

from __future__ import annotations

import argparse
import math
import os
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.measures.samples import rows, sample
from evalspec.stats.regions import regions
from evalspec.stats.richness import entropy_ratio_interval
from evalspec.stats.saturation import sample_saturation
from evalspec.text.tokens import ngrams, tokens
from evalspec.text.vectors import Vectors, cosines_within, vectorize

SETS = (
    "abcd",
    "banking77",
    "bitext",
    "cucom",
    "gpt35_issue",
    "gpt4_issue",
    "multidogo",
    "cfpb",
    "b77_gpt",
    "mwe_human",
)
SIZES = (6, 20, 40, 100)
FURTHER = 400  # texts that show what a sample already held
SHAPES = {"even": (6, 1.0), "skewed": (8, 2.0), "long": (12, 1.3)}  # terms, and the power of their ranks
HITS = ((25, 25), (50, 50), (150, 150), (40, 200))


def saturated(shared: Path, trials: int) -> None:
    """Print the mean estimate beside the mean truth, and how many intervals held it."""
    for name in SETS:
        bags = [frozenset(ngrams(words, 2) or (words,)) for words in map(tokens, sample(shared, name))]
        for size in SIZES:
            estimates, truths, held = [], [], 0
            for trial in range(trials):
                drawn = random.Random(trial).sample(bags, min(len(bags), size + FURTHER))
                found = sample_saturation(drawn[:size], [str(at) for at in range(size)])
                seen = frozenset().union(*drawn[:size])
                truth = sum(len(bag & seen) for bag in drawn[size:]) / sum(map(len, drawn[size:]))
                low, high = found.interval or (0.0, 1.0)
                estimates.append(found.coverage)
                truths.append(truth)
                held += low <= truth <= high
            means = f"{np.mean(estimates):.3f}, truth {np.mean(truths):.3f}"
            print(f"saturation  {name:12} {size:4} texts: {means}, held {held / trials:.2f}")


def thin(shared: Path, trials: int) -> None:
    """Print how often equal sources show a thin region, and how often an intent that was left out is one."""
    for name in ("abcd", "banking77", "clinc", "multidogo", "cfpb"):
        vectors = vectorize(sample(shared, name)[:3000])
        alarms = 0
        for trial in range(trials):
            drawn = random.Random(trial).sample(range(len(vectors)), 384)
            alarms += bool(_thin(vectors.take(drawn), 184))
        print(f"regions     {name:12} 184 beside 200 of one source: an alarm in {alarms} of {trials}")
    by_intent: dict[str, list[str]] = defaultdict(list)
    for row in rows(shared, "clinc150/messages"):
        if row["intent"] != "oos":
            by_intent[str(row["intent"])].append(str(row["text"]))
    for intents in (8, 12, 20):
        for sizes in ((184, 200), (500, 500)):
            found = sum(_names_the_missing(by_intent, intents, sizes, trial) for trial in range(trials))
            print(f"regions     1 of {intents:2} intents left out, {sizes[0]} beside {sizes[1]}: {found} of {trials}")


def _names_the_missing(by_intent: dict[str, list[str]], intents: int, sizes: tuple[int, int], trial: int) -> bool:
    drawn = random.Random(trial)
    used = drawn.sample(sorted(by_intent), intents)
    texts = [(text, name == used[0]) for name in used for text in by_intent[name]]
    drawn.shuffle(texts)
    source = texts[: min(sizes[0], len(texts) // 2)]
    cases = [text for text, is_missing in texts[len(source) :] if not is_missing][: sizes[1]]
    found = _thin(vectorize([*(text for text, _ in source), *cases]), len(source))
    return any(sum(source[at][1] for at in one) > len(one) / 2 for one in found)


def _thin(both: Vectors, split: int) -> list[tuple[int, ...]]:
    families = [str(at) for at in range(split, len(both))]
    return [one.source for one in regions(cosines_within(both), split, families) if one.p <= 0.05]


def wobbling(trials: int) -> None:
    """Print how many intervals of the ratio of two entropies held the true one; each hit is a family."""
    rng = np.random.default_rng(1)
    shapes = {name: _ranks(*shape) for name, shape in SHAPES.items()} | {
        "skewed8": _ranks(8, 2.0),
        "flat8": _ranks(8, 0.7),
    }
    for one, other in (
        ("even", "even"),
        ("long", "long"),
        ("skewed", "skewed"),
        ("skewed8", "flat8"),
        ("flat8", "skewed8"),
    ):
        p, q = shapes[one], shapes[other]
        truth = _bits(p) / _bits(q) - 1
        for hits in HITS:
            held = 0
            for _ in range(trials):
                sides = [
                    np.repeat(np.eye(len(side)), rng.multinomial(size, side), axis=0)
                    for side, size in zip((p, q), hits, strict=True)
                ]
                low, high = entropy_ratio_interval(sides[0], sides[1]) or (-math.inf, math.inf)
                held += low <= truth <= high
            print(f"entropy     {one} beside {other}, {hits[0]} and {hits[1]} hits: held {held / trials:.2f}")


def _ranks(terms: int, power: float) -> np.ndarray:
    weights = 1 / np.arange(1, terms + 1) ** power
    return weights / weights.sum()


def _bits(shares: np.ndarray) -> float:
    return float(-(shares * np.log2(shares)).sum())


def main() -> None:
    """Print all three."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.leakage", description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    trials = parser.parse_args().trials
    shared = Path(os.environ["EVALSPEC_SHARED"]) / "data"
    saturated(shared, trials)
    wobbling(trials)
    thin(shared, max(1, trials // 6))


if __name__ == "__main__":
    main()
