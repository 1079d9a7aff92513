"""How varied a pool is beside the seeds: distinct n-grams, compression, openings, mean distance."""

from __future__ import annotations

import zlib
from collections import Counter
from hashlib import sha256

from evalspec.later import NDArray, np
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.comparison import Item
from evalspec.stats.intervals import wilson
from evalspec.stats.permutation import Labels, column_sums, sparse
from evalspec.stats.richness import collision, counted, expected_distinct
from evalspec.stats.scope import Scope
from evalspec.stats.spaces import apart
from evalspec.text.tokens import ngrams

ZLIB_LEVEL = 9
TEMPLATES = 5  # openings shown with their shares on both sides
COMPRESSION_DIGITS = 2  # other builds of zlib give other bytes at the same level


@measure("distinct_1", version=1, unit="share", low=0, high=1, better="higher", source="rarefaction", per="comparison")
def distinct_1(scope: Scope) -> Measurement:
    """Return the share of words that are distinct, at the smaller total of pool and seeds, by rarefaction."""
    return _distinct(scope, 1)


@measure("distinct_2", version=1, unit="share", low=0, high=1, better="higher", source="rarefaction", per="comparison")
def distinct_2(scope: Scope) -> Measurement:
    """Return the share of word pairs that are distinct, at the smaller total of pool and seeds, by rarefaction."""
    return _distinct(scope, 2)


def _distinct(scope: Scope, size: int) -> Measurement:
    both = scope.comparison
    split = len(both.pool)
    here = list(counted(ngrams(words, size) for words in both.tokens[:split]).values())
    there = list(counted(ngrams(words, size) for words in both.tokens[split:]).values())
    draws = min(sum(here), sum(there))
    if draws == 0:
        return scope.silent(f"not evaluable: no text has {size} tokens")
    return scope.result(
        expected_distinct(here, draws) / draws,
        baseline=expected_distinct(there, draws) / draws,
        compared=True,
        detail={"at": draws, "tokens": sum(here), "tokens_seeds": sum(there)},
    )


@measure(
    "compression_ratio", version=1, unit="ratio", low=0, high=None, better="lower", source="zlib 9", per="comparison"
)
def compression_ratio(scope: Scope) -> Measurement:
    """Return bytes over zlib-9 bytes, texts in order of their sha256, at equal bytes of pool and seeds."""
    here, there = _joined(scope.comparison.pool), _joined(scope.comparison.seeds)
    size = min(len(here), len(there))
    if size == 0:
        return scope.silent("not evaluable: no text")
    return scope.result(
        round(size / len(zlib.compress(here[:size], ZLIB_LEVEL)), COMPRESSION_DIGITS),
        baseline=round(size / len(zlib.compress(there[:size], ZLIB_LEVEL)), COMPRESSION_DIGITS),
        compared=True,
        detail={"bytes": size},
    )


def _joined(items: tuple[Item, ...]) -> bytes:
    texts = [one.text.encode("utf-8", "surrogatepass") for one in items]
    return b"\n".join(sorted(texts, key=lambda text: sha256(text).digest()))


@measure(
    "opening_share", version=1, unit="share", low=0, high=1, better="lower", source="measures.md, B", per="comparison"
)
def opening_share(scope: Scope) -> Measurement:
    """Return the largest share of cases whose first three tokens are the same, digits masked, beside the seeds'."""
    both = scope.comparison
    split = len(both.pool)
    here, there = Counter(both.openings[:split]), Counter(both.openings[split:])
    opening, count = min(here.items(), key=lambda one: (-one[1], one[0]))
    matrix, _ = sparse([{" ".join(opening): 1.0} for opening in both.openings])
    sums = column_sums(matrix, np.ones((1, len(both.items)), dtype=np.bool_))

    def excess(labels: Labels) -> NDArray[np.float64]:
        chosen = column_sums(matrix, labels)
        size = labels.sum(axis=1)
        rest = sums - chosen
        return np.asarray(chosen.max(axis=1) / size - rest.max(axis=1) / (len(both.items) - size))

    seen, p = both.p(excess)
    return scope.result(
        count / split,
        baseline=max(there.values()) / len(both.seeds),
        p=p,
        interval=wilson(count, split),
        compared=True,
        detail={"opening": " ".join(opening), "excess": seen, "openings": _templates(here, there)},
    )


def _templates(here: Counter[tuple[str, ...]], there: Counter[tuple[str, ...]]) -> dict[str, tuple[float, float]]:
    """Return the openings of two cases and more that lead most, each with its share of the cases and of the seeds."""
    size, other = here.total(), there.total()
    leads = {one: count / size - there[one] / other for one, count in here.items() if count > 1}
    order = sorted(leads, key=lambda one: (-round(leads[one], 9), one))[:TEMPLATES]
    return {" ".join(one): (here[one] / size, there[one] / other) for one in order if leads[one] > 0}


@measure(
    "opening_collision",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="lower",
    source="Simpson, unbiased",
    per="comparison",
)
def opening_collision(scope: Scope) -> Measurement:
    """Return the chance that two cases open alike, beside the seeds'."""
    both = scope.comparison
    split = len(both.pool)
    return scope.result(collision(both.openings[:split]), baseline=collision(both.openings[split:]), compared=True)


@measure(
    "spread",
    version=1,
    unit="ratio",
    low=0,
    high=None,
    better="higher",
    source="measures.md, B",
    per="comparison",
    spaces=("lexical", "minilm"),
)
def spread(scope: Scope) -> Measurement:
    """Return the mean pairwise distance of the pool over that of the seeds: low when a writer repeats itself."""
    found = apart(scope.vectors, scope.comparison.truth)[0]
    if found.seeds <= 0:
        return scope.silent("not evaluable: all seeds are equal")
    return scope.result(
        found.pool / found.seeds, baseline=1.0, compared=True, detail={"pool": found.pool, "seeds": found.seeds}
    )
