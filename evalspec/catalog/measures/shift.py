"""How far a pool stands from the seeds as a whole, and how much of a source it reaches."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.catalog.measures.told_apart import MIN_TOLD, told_apart
from evalspec.later import NDArray, np
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.exchange import exchange_p
from evalspec.stats.intervals import wilson
from evalspec.stats.neighbours import neighbour_rank, reached
from evalspec.stats.permutation import Labels, column_sums, p_value
from evalspec.stats.richness import jensen_shannon
from evalspec.stats.scope import Scope
from evalspec.stats.spaces import apart, mmd_interval
from evalspec.text.distance import conformal_limit, representatives

SEED_QUANTILE = 0.99  # conformal: 0.7 to 3.2 % of fresh real text lies beyond
BINS = 10  # of a tenth each: fixed, so that two reports can be laid side by side
MIN_SOURCE = 30
LISTED = 20


@measure(
    "shift",
    version=1,
    unit="squared distance",
    low=None,
    high=None,
    better="lower",
    source="MMD, Gretton et al. 2012",
    per="comparison",
    spaces=("lexical", "js", "c2st", "minilm"),
)
def shift(scope: Scope) -> Measurement:
    """Return how far a pool stands from the seeds, with p; it says "not the same source", never "synthetic".

    `js`: Jensen-Shannon divergence of the words in bits. `c2st`: area under the curve of a classifier that tells the
    two sides apart (0.5: it cannot); five folds by digest, siblings together, at most 500 texts a side. Any other
    space: MMD squared under the cosine kernel.
    """
    if scope.space == "c2st":
        return _c2st(scope)
    return _js(scope) if scope.space == "js" else _mmd(scope)


def _c2st(scope: Scope) -> Measurement:
    both = scope.comparison
    if min(len(both.pool), len(both.seeds)) < MIN_TOLD:
        return scope.silent(
            f"not evaluable: {len(both.pool)} cases and {len(both.seeds)} seeds, a classifier needs {MIN_TOLD} of each",
            n=len(both.pool),
        )
    found = told_apart(both)
    return scope.result(
        found.auc,
        compared=True,
        detail={
            "surface_only": found.surface,
            "words": found.pool_words,
            "words_seeds": found.seed_words,
            "texts": [found.pool_size, found.seed_size],
        },
    )


def _mmd(scope: Scope) -> Measurement:
    both, vectors = scope.comparison, scope.vectors
    seen = apart(vectors, both.truth)[0]
    return scope.result(
        seen.mmd,
        p=exchange_p(both, vectors, seen.mmd),
        interval=mmd_interval(both, vectors),
        compared=True,
        detail={
            "effect": seen.effect,
            "pool": seen.pool,
            "seeds": seen.seeds,
            "across": seen.across,
            "without_ngrams": int((vectors.norms == 0).sum()),
        },
    )


def _js(scope: Scope) -> Measurement:
    both = scope.comparison
    matrix, _ = both.words
    total = column_sums(matrix, np.ones((1, len(both.items)), dtype=np.bool_))

    def divergence(labels: Labels) -> NDArray[np.float64]:
        here = column_sums(matrix, labels)
        return jensen_shannon(here, total - here)

    seen, drawn = both.permuted(divergence)
    return scope.result(seen, p=p_value(seen, drawn), compared=True, detail={"permutation_mean": float(drawn.mean())})


@measure(
    "coverage",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="higher",
    source="measures.md, B",
    per="source",
    spaces=("lexical", "minilm"),
)
def coverage(scope: Scope) -> Measurement:
    """Return the share of source texts with a case inside the ball of their k*-th neighbour in the source.

    Of more than 5,000 source texts those with the lowest digest stand for all.
    """
    pool = scope.comparison.pool
    if min(len(scope.source), len(pool)) < MIN_SOURCE:
        return scope.silent(
            f"not evaluable: {len(pool)} cases and {len(scope.source)} texts of `{scope.of}` that are not in the set, "
            f"at least {MIN_SOURCE} of each are needed",
            n=len(pool),
        )
    source = [scope.source[at] for at in representatives([one.text for one in scope.source])]
    texts = [one.text for one in source]
    rank, expected = neighbour_rank(len(source), len(pool))
    flags = reached(_own(scope, texts, rank), _across(scope, texts)[1])
    hits = int(flags.sum())
    missed = [one.id for one, flag in zip(source, flags.tolist(), strict=True) if not flag]
    return scope.result(
        hits / len(flags),
        n=len(pool),
        baseline=expected,
        interval=wilson(hits, len(flags)),
        detail={"neighbours": rank, "source_texts": len(flags), "covered": hits, "missed": missed[:LISTED]},
    )


@measure(
    "seed_distance",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="lower",
    source="conformal quantile",
    per="comparison",
    spaces=("lexical", "minilm"),
)
def seed_distance(scope: Scope) -> Measurement:
    """Return the share of a pool farther from the seeds than 99 % of the seeds are from each other."""
    both = scope.comparison
    texts = [one.text for one in both.seeds]
    texts = [texts[at] for at in representatives(texts)]
    own, nearest = _own(scope, texts, 1), _across(scope, texts)[0]
    limit = conformal_limit(own, SEED_QUANTILE)
    distances = np.round(1.0 - nearest, 6)
    far = [one.id for one, distance in zip(both.pool, distances.tolist(), strict=True) if distance > limit]
    return scope.result(
        len(far) / len(both.pool),
        interval=wilson(len(far), len(both.pool)),
        compared=True,
        detail={
            "bins": _binned(distances),
            "bins_seeds": _binned(np.round(1.0 - own, 6)),
            "limit": limit,
            "median": float(np.median(distances)),
            "beyond": len(far),
            "cases": far[:LISTED],
        },
    )


def _binned(distances: NDArray[np.float64]) -> list[int]:
    """Count distances in ten bins from 0 to 1; what is farther, which signed n-grams allow, is in the last."""
    places = np.clip(np.floor(np.round(distances * BINS, 6)), 0, BINS - 1).astype(np.int64)
    return [int(count) for count in np.bincount(places, minlength=BINS)]


def _own(scope: Scope, texts: Sequence[str], rank: int) -> NDArray[np.float64]:
    """Return the cosine of each text to its `rank`-th nearest other one."""
    return scope.neighbours.own((scope.space, tuple(texts)), scope.embedded(texts), rank)


def _across(scope: Scope, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest cosine of each of the pool's texts with one of `texts`, and of each of these with the pool."""
    pool = [one.text for one in scope.comparison.pool]
    return scope.neighbours.across(
        (scope.space, tuple(pool)),
        (scope.space, tuple(texts)),
        scope.vectors.take(range(len(pool))),
        scope.embedded(texts),
    )
