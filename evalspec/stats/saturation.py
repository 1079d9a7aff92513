"""How much of a further text a set of texts holds already, by sample coverage, and what the next one would add."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

Z = 1.959963984540054  # of a 95 % interval
NONE_SEEN = 0.05  # the chance that what was seen in no family was missed: the rule of three, exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """Sample coverage of a set of texts: the share of what a further text says that one of them says too."""

    coverage: float
    interval: tuple[float, float] | None  # delete one family; None under three families; one-sided at full coverage
    per_text: float  # distinct things a text
    new: float  # things that a further text would add


def sample_saturation(texts: Sequence[Collection[Hashable]], families: Sequence[str]) -> Saturation:
    """Estimate coverage by the things that stand in one text and in two (Chao, Gotelli et al. 2014), in linear time."""
    seen = Counter(thing for things in texts for thing in set(things))
    total, once = seen.total(), sum(count == 1 for count in seen.values())
    twice = sum(count == 2 for count in seen.values())
    coverage = sample_coverage(len(texts), total, once, twice)
    per_text = total / len(texts) if texts else 0.0
    return Saturation(
        coverage=coverage,
        interval=_jackknife(texts, families, seen, coverage),
        per_text=per_text,
        new=(1 - coverage) * per_text,
    )


def sample_coverage(texts: int, total: int, once: int, twice: int) -> float:
    """Return the estimated chance that a thing of a further text has been seen: `total` incidences in `texts` texts.

    `once` and `twice` count the things that stand in one text and in two. 0 where a single text says nothing of others.
    """
    if total == 0 or texts < 2:
        return 0.0
    if twice > 0:
        shrunk = (texts - 1) * once / ((texts - 1) * once + 2 * twice)
    else:
        pairs = (texts - 1) * max(once - 1, 0)
        shrunk = pairs / (pairs + 2)
    return 1 - once / total * shrunk


def rarefied_coverage(texts: Sequence[Collection[Hashable]], size: int) -> float:
    """Return the coverage to expect of `size` of the texts, drawn without replacement: exact, no sampling."""
    count = len(texts)
    if size >= count:
        raise ValueError("rarefaction needs fewer texts than there are")
    seen = Counter(thing for things in texts for thing in set(things))
    total = seen.total()
    if total == 0:
        return 0.0
    by_count = Counter(seen.values())
    unseen = math.fsum(
        things * often * math.exp(_log_choose(count - often, size) - _log_choose(count - 1, size))
        for often, things in sorted(by_count.items())
        if count - often >= size
    )
    return 1 - unseen / total


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _jackknife(
    texts: Sequence[Collection[Hashable]], families: Sequence[str], seen: Counter[Hashable], coverage: float
) -> tuple[float, float] | None:
    groups: dict[str, list[Collection[Hashable]]] = defaultdict(list)
    for things, family in zip(texts, families, strict=True):
        groups[family].append(things)
    if len(groups) < 3:
        return None
    by_count = Counter(seen.values())
    total, left = seen.total(), []
    for name in sorted(groups):
        gone = Counter(thing for things in groups[name] for thing in set(things))
        once, twice = by_count[1], by_count[2]
        for thing, count in gone.items():
            before, after = seen[thing], seen[thing] - count
            once += (after == 1) - (before == 1)
            twice += (after == 2) - (before == 2)
        left.append(sample_coverage(len(texts) - len(groups[name]), total - gone.total(), once, twice))
    count, mean = len(left), math.fsum(left) / len(left)
    error = math.sqrt((count - 1) / count * math.fsum((one - mean) ** 2 for one in left))
    if error == 0.0 and coverage == 1.0:
        # Nothing stands in one text alone, so no family left out changes anything. Yet so many families without a new
        # thing rule out only that more than this share of families would bring one.
        return NONE_SEEN ** (1 / count), 1.0
    return max(0.0, coverage - Z * error), min(1.0, coverage + Z * error)
