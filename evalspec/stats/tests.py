"""Exact tests of counts, Holm's correction, and the smallest paired difference that a number of cases can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from evalspec.later import NDArray, np

ALPHA = 0.05
POWER = 0.80
DISCORDANCE = 0.20  # share of cases that two runs score differently, where nothing is known yet (measures.md, D4)
_TAIL_DEVIATIONS = 6.0  # of the number of discordant pairs; what lies beyond weighs less than 1e-8
_STEPS = 1 << 24  # the smallest difference is found to a difference of 1e-7
_CLOSING = 64


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Return Fisher's exact two-sided p of the table [[a, b], [c, d]]: all tables at most as likely as this one."""
    row, other, column = a + b, c + d, a + c
    low, high = max(0, column - other), min(row, column)
    weight = math.comb(row, low) * math.comb(other, column - low)
    weights = [weight]
    for k in range(low, high):
        weight = weight * (row - k) * (column - k) // ((k + 1) * (other - column + k + 1))
        weights.append(weight)
    seen = weights[a - low]
    p: float = sum(one for one in weights if one <= seen) / math.comb(row + other, column)
    return p


def mcnemar(gain: int, loss: int) -> float:
    """Return the exact two-sided p that gains and losses are equally likely."""
    n, fewer = gain + loss, min(gain, loss)
    if n == 0:
        return 1.0
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / (1 << n))


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = largest
    return tuple(adjusted)


def mcnemar_power(n: int, discordance: float, difference: float, *, alpha: float = ALPHA) -> float:
    """Return the exact power of McNemar's test over `n` pairs at a true difference of two paired rates."""
    if not 0 < discordance <= 1 or difference > discordance:
        return 0.0
    gain = (1 + difference / discordance) / 2
    spread = _TAIL_DEVIATIONS * math.sqrt(n * discordance * (1 - discordance)) + 1
    first, last = max(0, int(n * discordance - spread)), min(n, int(n * discordance + spread))
    weights = np.exp(_log_binomial(n, np.arange(first, last + 1), discordance))
    rejected = [_rejection(pairs, gain, alpha) for pairs in range(first, last + 1)]
    return float(min(1.0, math.fsum((weights * np.array(rejected)).tolist())))


@lru_cache(maxsize=64)  # measured, and said again in the report
def smallest_difference(
    n: int, discordance: float = DISCORDANCE, *, power: float = POWER, alpha: float = ALPHA
) -> float | None:
    """Return the smallest true difference that `n` pairs show with the power asked for; None when none is shown."""
    if mcnemar_power(n, discordance, discordance, alpha=alpha) < power:
        return None
    low, high, step = 0, _STEPS, discordance / _STEPS
    below, above = alpha - power, 1 - power
    while high - low > 1:
        # A secant between the ends lands near the answer; points beside it close in from the other side.
        at = min(max(low + round((high - low) * below / (below - above)), low + 1), high - 1)
        beside = max(1, (high - low) // _CLOSING)
        for near in (at, at - beside, at + beside):
            if low < near < high:
                short = mcnemar_power(n, discordance, near * step, alpha=alpha) - power
                low, below = (near, short) if short < 0 else (low, below)
                high, above = (high, above) if short < 0 else (near, short)
    return high * step


@lru_cache(maxsize=4096)
def _critical(pairs: int, alpha: float) -> int:
    """Return the largest count of the rarer side that is significant, or -1."""
    below = np.cumsum(np.exp(_log_binomial(pairs, np.arange(pairs // 2 + 1), 0.5)))
    return int(np.searchsorted(below, alpha / 2, side="right")) - 1


def _rejection(pairs: int, gain: float, alpha: float) -> float:
    limit = _critical(pairs, alpha)
    return _tail(pairs, limit, gain) + _tail(pairs, limit, 1 - gain)


def _tail(n: int, limit: int, p: float) -> float:
    """Return the chance of at most `limit` successes; what lies far below the mean weighs nothing and is left out."""
    first = max(0, int(n * p - _TAIL_DEVIATIONS * math.sqrt(n * p * (1 - p))) - 1)
    return math.fsum(np.exp(_log_binomial(n, np.arange(first, limit + 1), p)).tolist())


def _log_binomial(n: int, k: NDArray[np.int64], p: float) -> NDArray[np.float64]:
    if p <= 0.0 or p >= 1.0:
        certain = n if p >= 1.0 else 0
        return np.where(k == certain, 0.0, -np.inf)
    logs = _log_factorials(n)
    return np.asarray(logs[n] - logs[k] - logs[n - k] + k * math.log(p) + (n - k) * math.log1p(-p))


def _log_factorials(n: int) -> NDArray[np.float64]:
    return _log_factorial_table(1 << n.bit_length())


@lru_cache(maxsize=32)
def _log_factorial_table(size: int) -> NDArray[np.float64]:
    return np.array([math.lgamma(at + 1.0) for at in range(size + 1)])
