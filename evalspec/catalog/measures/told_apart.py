"""How well a classifier tells a pool from the seeds, how much the surface alone gives away, and by which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evalspec.catalog.measures.rawness import is_open_ended, starts_lower
from evalspec.digests import keyed_hash
from evalspec.later import NDArray, np
from evalspec.stats.classifier import area_under_curve, figure_products, folds_of, held_out, text_products
from evalspec.stats.comparison import Comparison
from evalspec.stats.permutation import column_sums
from evalspec.text.patterns import lazy_unicode
from evalspec.text.vectors import vectorize

MIN_TOLD = 50  # texts a side: below, chance alone moves the area by a tenth (measures.md, B)
# Of more texts a side those with the lowest digest stand for all; the area's error stays under two points.
MOST_TOLD = 500
LISTED = 10
MIN_TEXTS_WITH = 3  # of both sides; a word of fewer texts says nothing about a side
_CANDIDATES = 400  # words looked at, by their lead
_MARK = lazy_unicode(r"[\p{P}\p{S}]")
_LETTER = lazy_unicode(r"\p{L}")
_CAPITAL = lazy_unicode(r"\p{Lu}")
_DIGIT = lazy_unicode(r"\p{Nd}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldApart:
    """Areas under the curve of all n-grams and of the surface alone, and the words each side is known by."""

    auc: float
    surface: float
    pool_words: Mapping[str, tuple[float, float]]  # word to its share of the pool's cases and of the seeds
    seed_words: Mapping[str, tuple[float, float]]
    pool_size: int
    seed_size: int


def told_apart(both: Comparison) -> ToldApart:
    """Train on four fifths, judge the rest, five times; siblings stay in one fold."""
    both = _sampled(both)
    truth = both.truth[0]
    texts = [one.text for one in both.items]
    folds = folds_of(texts, both.families, truth)
    scores, parts = held_out(text_products(both.vectors), truth, folds)
    surface, _ = held_out(figure_products(_surface(both)), truth, folds)
    ours, theirs = _words(both, both.vectors.weighted(parts))
    return ToldApart(
        auc=area_under_curve(scores, truth),
        surface=area_under_curve(surface, truth),
        pool_words=ours,
        seed_words=theirs,
        pool_size=len(both.pool),
        seed_size=len(both.seeds),
    )


def _sampled(both: Comparison) -> Comparison:
    """Keep the texts of lowest digest on either side, in their order."""
    sides = []
    for side in (both.pool, both.seeds):
        order = sorted(range(len(side)), key=lambda at: (keyed_hash("told apart", side[at].text), side[at].id))
        sides.append(tuple(side[at] for at in sorted(order[:MOST_TOLD])))
    if all(len(kept) == len(side) for kept, side in zip(sides, (both.pool, both.seeds), strict=True)):
        return both
    return replace(both, pool=sides[0], seeds=sides[1])


def _surface(both: Comparison) -> NDArray[np.float64]:
    """Return what shows without reading a word: length, small start, open end, capitals, marks and digits."""
    rows = []
    for one, words in zip(both.items, both.tokens, strict=True):
        size = max(len(words), 1)
        letters = max(len(_LETTER.findall(one.text)), 1)
        rows.append(
            (
                float(np.log1p(len(words))),
                float(starts_lower(one.text)),
                float(is_open_ended(one.text)),
                len(_CAPITAL.findall(one.text)) / letters,
                len(_MARK.findall(one.text)) / size,
                len(_DIGIT.findall(one.text)) / size,
            )
        )
    return np.array(rows)


Words = dict[str, tuple[float, float]]


def _words(both: Comparison, weights: NDArray[np.float64]) -> tuple[Words, Words]:
    """Name the words that lead on a side and that the classifier holds for a sign of it: lead times weight."""
    matrix, names = both.presence
    here = column_sums(matrix, both.truth)[0]
    there = column_sums(matrix, ~both.truth)[0]
    ours, theirs = here / len(both.pool), there / len(both.seeds)
    leads = ours - theirs
    common = np.flatnonzero(here + there >= MIN_TEXTS_WITH).tolist()
    picked = sorted(common, key=lambda at: (-abs(round(float(leads[at]), 9)), names[at]))[:_CANDIDATES]
    if not picked:
        return {}, {}
    signs = vectorize([names[at] for at in picked]).along(weights)
    found: tuple[Words, Words] = ({}, {})
    parts = [float(leads[at]) * float(sign) for at, sign in zip(picked, signs.tolist(), strict=True)]
    for at, part in sorted(zip(picked, parts, strict=True), key=lambda one: (-round(one[1], 6), names[one[0]])):
        side = found[0] if leads[at] > 0 else found[1]
        if part > 0 and len(side) < LISTED:
            side[names[at]] = (float(ours[at]), float(theirs[at]))
    return found
