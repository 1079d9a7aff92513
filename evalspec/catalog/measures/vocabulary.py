"""Which words a pool uses more than the seeds do: key terms, the top term, tell-tale and signature words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from evalspec.catalog.measures.signature_words import SIGNATURE_WORDS, SIGNATURE_WORDS_VERSION
from evalspec.later import NDArray, np
from evalspec.model.defaults import MIN_TERM_HITS
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.comparison import Comparison, rate_difference
from evalspec.stats.contrast import learned_words
from evalspec.stats.intervals import wilson
from evalspec.stats.permutation import Labels, Sparse, column_sums, p_value, sparse
from evalspec.stats.richness import entropy_bits, entropy_ratio_interval, term_hits, total_variation
from evalspec.stats.scope import Scope
from evalspec.text.patterns import lazy_pattern
from evalspec.text.tokens import tokens

PRIOR_CASES = 50  # weight of what both sides say together, in cases
TELL_TALE_ALPHA = 0.01
LISTED = 20
LEADS = 8  # words shown with their shares on both sides
_hits = lru_cache(maxsize=1 << 15)(term_hits)  # four measures ask the same of the same texts
_MASK = lazy_pattern(r"x{2,}")  # what publishers put in the place of a name or a number


@measure("entropy", version=1, unit="ratio", low=-1, high=None, better="zero", source="measures.md, B", per="terms")
def entropy(scope: Scope) -> Measurement:
    """Return the entropy of the key terms in the pool over that in the seeds, less one; each term once a case."""
    matrix, _ = _terms(scope)
    total = _total(matrix, len(scope.comparison.items))
    here = column_sums(matrix, scope.comparison.truth)
    hits, hits_seeds = int(here.sum()), int((total - here).sum())
    bits, bits_seeds = float(entropy_bits(here)[0]), float(entropy_bits(total - here)[0])
    detail: dict[str, object] = {"hits": hits, "hits_seeds": hits_seeds, "bits": bits, "bits_seeds": bits_seeds}
    detail |= _shares(scope, here[0], (total - here)[0])
    if not bits_seeds > 0 or not hits:
        return scope.result(None, compared=True, note="not known: the seeds use one key term or none", detail=detail)

    def distance(labels: Labels) -> NDArray[np.float64]:
        chosen = column_sums(matrix, labels)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.abs(entropy_bits(chosen) / entropy_bits(total - chosen) - 1))

    few = min(hits, hits_seeds) < MIN_TERM_HITS
    return scope.result(
        bits / bits_seeds - 1,
        p=None if few else scope.comparison.p(distance)[1],
        interval=entropy_ratio_interval(*_by_family(scope)),
        compared=True,
        note=f"not known: {hits} and {hits_seeds} hits, {MIN_TERM_HITS} a side are needed" if few else None,
        detail=detail,
    )


@measure("term_mix", version=1, unit="share", low=0, high=1, better="lower", source="measures.md, B", per="terms")
def term_mix(scope: Scope) -> Measurement:
    """Return the total variation between the key-term shares of pool and seeds: the alarm for vocabulary leakage."""
    matrix, _ = _terms(scope)
    total = _total(matrix, len(scope.comparison.items))
    here = column_sums(matrix, scope.comparison.truth)
    detail = {"hits": int(here.sum()), "hits_seeds": int((total - here).sum())}

    def variation(labels: Labels) -> NDArray[np.float64]:
        chosen = column_sums(matrix, labels)
        return total_variation(chosen, total - chosen)

    if not all(detail.values()):
        return scope.result(None, compared=True, note="not known: a side uses no key term", detail=detail)
    seen, p = scope.comparison.p(variation)
    return scope.result(seen, p=p, compared=True, detail=detail | _shares(scope, here[0], (total - here)[0]))


@measure("mention", version=1, unit="share", low=0, high=1, better="none", source="measures.md, B", per="terms")
def mention(scope: Scope) -> Measurement:
    """Return the share of cases with any key term, beside the seeds'."""
    both = scope.comparison
    terms = tuple(tokens(term) for term in scope.terms)
    hit = np.array([float(bool(_hits(words, terms))) for words in both.tokens])
    split = len(both.pool)
    _, p = both.p(rate_difference(hit, both.weights))
    weights = both.weights[:split]
    rate = float(np.average(hit[:split], weights=weights))
    size = float(
        weights.sum() ** 2 / (weights**2).sum()
    )  # cases that say as much (Kish): as many where weights are one
    return scope.result(
        rate,
        baseline=float(np.average(hit[split:], weights=both.weights[split:])),
        p=p,
        interval=wilson(rate * size, size),
        compared=True,
    )


def _terms(scope: Scope) -> tuple[Sparse, tuple[str, ...]]:
    terms = tuple(tokens(term) for term in scope.terms)
    bags = [{f"{at:04}": 1.0 for at in sorted(_hits(words, terms))} for words in scope.comparison.tokens]
    return sparse(bags)


def _by_family(scope: Scope) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how often each family of either side says each term, once a case: families x terms."""
    both, terms = scope.comparison, tuple(tokens(term) for term in scope.terms)
    split = len(both.pool)
    sides = []
    for texts, families in ((both.tokens[:split], both.families[:split]), (both.tokens[split:], both.families[split:])):
        place = {name: at for at, name in enumerate(sorted(set(families)))}
        rows = np.zeros((len(place), len(terms)))
        for words, family in zip(texts, families, strict=True):
            rows[place[family], sorted(_hits(words, terms))] += 1.0
        sides.append(rows)
    return sides[0], sides[1]


def _total(matrix: Sparse, size: int) -> NDArray[np.float64]:
    return column_sums(matrix, np.ones((1, size), dtype=np.bool_))


def _shares(scope: Scope, here: NDArray[np.float64], there: NDArray[np.float64]) -> dict[str, object]:
    _, places = _terms(scope)
    names = [scope.terms[int(place)] for place in places]
    return {
        "terms": dict(zip(names, (int(count) for count in here), strict=True)),
        "terms_seeds": dict(zip(names, (int(count) for count in there), strict=True)),
    }


@measure(
    "top_term_excess",
    version=1,
    unit="share",
    low=-1,
    high=1,
    better="lower",
    source="measures.md, B",
    per="comparison",
)
def top_term_excess(scope: Scope) -> Measurement:
    """Return the largest lead of one word: its share of the pool's cases less its share of the seeds."""
    both = scope.comparison
    bags = [
        {word: weight for word in sorted(set(words)) if not _MASK.fullmatch(word)}
        for words, weight in zip(both.tokens, both.weights.tolist(), strict=True)
    ]
    matrix, names = sparse(bags)
    if not names:
        return scope.silent("not evaluable: no text has a token")
    total = _total(matrix, len(both.items))
    mass = float(both.weights.sum())

    def leads(labels: Labels) -> NDArray[np.float64]:
        here = column_sums(matrix, labels)
        size = (labels.astype(np.float64) @ both.weights)[:, None]
        return np.asarray(here / size - (total - here) / (mass - size))

    lead = leads(both.truth)[0]
    best = int(np.argmax(np.round(lead, 12)))
    here = float(column_sums(matrix, both.truth)[0, best] / both.weights[: len(both.pool)].sum())
    _, p = both.p(lambda labels: np.asarray(leads(labels).max(axis=1)))
    return scope.result(
        float(lead[best]),
        baseline=here - float(lead[best]),
        p=p,
        compared=True,
        detail={"term": names[best], "share": here, "leads": _leads(both, lead, matrix, names)},
    )


def _leads(
    both: Comparison, lead: NDArray[np.float64], matrix: Sparse, names: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return the words that lead most, each with its share of the pool's cases and of the seeds."""
    order = sorted(range(len(names)), key=lambda at: (-round(float(lead[at]), 9), names[at]))[:LEADS]
    mass = both.weights[: len(both.pool)].sum()
    shares = column_sums(matrix, both.truth)[0] / mass
    return {names[at]: (float(shares[at]), float(shares[at] - lead[at])) for at in order if lead[at] > 0}


@measure(
    "tell_tale",
    version=1,
    unit="words",
    low=0,
    high=None,
    better="lower",
    source="Monroe et al. 2008",
    per="comparison",
)
def tell_tale(scope: Scope) -> Measurement:
    """Count the words that give a pool away: their log-odds z passes what 99 % of label exchanges reach at most."""
    both = scope.comparison
    matrix, names = both.presence
    if not names:
        return scope.silent("not evaluable: no text has a token")
    total = _total(matrix, len(both.items))[0]
    size = len(both.items)

    def z(labels: Labels) -> NDArray[np.float64]:
        here, count = column_sums(matrix, labels), labels.sum(axis=1, dtype=np.float64)[:, None]
        prior = PRIOR_CASES * total / size
        with_it, without = here + prior, count - here + PRIOR_CASES - prior
        other, other_without = total - here + prior, size - count - (total - here) + PRIOR_CASES - prior
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(with_it / without) - np.log(other / other_without)
            return np.asarray(np.nan_to_num(odds / np.sqrt(1 / with_it + 1 / other), nan=0.0, posinf=0.0, neginf=0.0))

    reached = np.concatenate([z(block).max(axis=1) for block in both.labels])
    scores = z(both.truth)[0]
    order = sorted(range(len(names)), key=lambda at: (-round(float(scores[at]), 9), names[at]))
    told = [at for at in order if p_value(float(scores[at]), reached) <= TELL_TALE_ALPHA]
    words = {names[at]: float(scores[at]) for at in told[:LISTED]}
    return scope.result(len(told), compared=True, detail={"words": words})


@measure(
    "signature_rate",
    version=1,
    unit="per 1,000 tokens",
    low=None,
    high=None,
    better="lower",
    source="own list",
    per="comparison",
)
def signature_rate(scope: Scope) -> Measurement:
    """Return how many more words of the shipped list the pool uses than the seeds, per 1,000 tokens.

    A list does not travel from one generator to another, so the words that this pool itself uses surely more than the
    seeds (ten times at least, G-squared 10.83) are learned and named beside it. Linear in the words.
    """
    both = scope.comparison
    hits = np.array([float(sum(word in SIGNATURE_WORDS for word in words)) for words in both.tokens])
    sizes = np.array([float(len(words)) for words in both.tokens])

    def difference(labels: Labels) -> NDArray[np.float64]:
        chosen = labels.astype(np.float64)
        here, there = chosen @ hits / (chosen @ sizes), (1 - chosen) @ hits / ((1 - chosen) @ sizes)
        return np.asarray(1000 * (here - there))

    split = len(both.pool)
    if not sizes[:split].sum() or not sizes[split:].sum():
        return scope.silent("not evaluable: a side has no token")
    seen, p = both.p(difference)
    return scope.result(
        seen,
        baseline=1000 * float(hits[split:].sum() / sizes[split:].sum()),
        p=p,
        compared=True,
        detail={
            "list": SIGNATURE_WORDS_VERSION,
            "rate": 1000 * float(hits[:split].sum() / sizes[:split].sum()),
            "learned": learned_words(_counts(both.tokens[:split]), _counts(both.tokens[split:]), LISTED),
        },
    )


def _counts(texts: Iterable[Iterable[str]]) -> Counter[str]:
    return Counter(word for words in texts for word in words)
