"""Intervals around a rate and around a paired difference of rates; the bootstrap would exclude its own estimate."""

from __future__ import annotations

import math
from collections.abc import Callable

from evalspec.later import statistics

CONFIDENCE = 0.95
_HALVINGS = 100  # of [-1, 1]: far beyond double precision


def _z(confidence: float) -> float:
    return statistics.NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: float, n: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a rate; [0, 1] when nothing was counted. An effective `n` need not be whole."""
    if n == 0:
        return 0.0, 1.0
    z2, rate = _z(confidence) ** 2, successes / n
    middle = rate + z2 / (2 * n)
    half = math.sqrt(z2) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def tango(gain: int, loss: int, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Tango's score interval of (gain - loss) / n, for `n` pairs of which `gain` and `loss` are discordant."""
    if n == 0:
        return -1.0, 1.0
    z = _z(confidence)
    low = -1.0 if loss == n else _root(lambda delta: _tango_score(gain, loss, n, delta) - z)
    high = 1.0 if gain == n else _root(lambda delta: _tango_score(gain, loss, n, delta) + z)
    return low, high


def _tango_score(gain: int, loss: int, n: int, delta: float) -> float:
    a = 2.0 * n
    b = -gain - loss + (2 * n - gain + loss) * delta
    c = -loss * delta * (1 - delta)
    nuisance = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * nuisance + delta * (1 - delta))
    distance = gain - loss - n * delta
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _root(falling: Callable[[float], float]) -> float:
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
