"""Every measure computed again in another way: plain loops, NumPy, scipy and scikit-learn, and no function of ours.

Tokens, vectors and openings are made here from their written definitions (docs/measures.md), character by character.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import combinations

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import comb
from scipy.stats import entropy as scipy_entropy
from scipy.stats import hypergeom
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

Texts = Sequence[str]
SPACELESS = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "THAI", "LAO ", "KHMER", "MYANMAR")
END = ".!?…。！？؟।॥۔።"
PRIOR_CASES = 50


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Split a text into tokens, one character after the other."""
    folded = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    found: list[str] = []
    word, spaceless = "", False
    for at, sign in enumerate(folded):
        kind = unicodedata.category(sign)
        is_word = kind[0] in "LM" or kind == "Nd" or sign == "_"
        alone = is_word and unicodedata.name(sign, "").startswith(SPACELESS)
        if alone and kind[0] != "M":
            found += [word] if word else []
            word, spaceless = sign, True
        elif kind[0] == "M" and spaceless:
            word += sign
        elif is_word:
            if spaceless:
                found.append(word)
                word, spaceless = "", False
            word += sign
        elif sign == "'" and word and not spaceless and _goes_on(folded, at + 1):
            word += sign
        else:
            found += [word] if word else []
            word, spaceless = "", False
    return (*found, word) if word else tuple(found)


def _goes_on(text: str, at: int) -> bool:
    kind = unicodedata.category(text[at]) if at < len(text) else "Zs"
    return (kind[0] in "LM" or kind == "Nd" or text[at : at + 1] == "_") and not unicodedata.name(
        text[at], ""
    ).startswith(SPACELESS)


def hashed(texts: Texts) -> np.ndarray:
    """Hash the 3- to 5-grams of each text into 4,096 signed counts, at unit length."""
    block = np.zeros((len(texts), 4096))
    for row, text in enumerate(texts):
        padded = f" {' '.join(unicodedata.normalize('NFC', text).lower().split())} "
        for size in (3, 4, 5):
            for at in range(len(padded) - size + 1):
                number = int.from_bytes(blake2b(padded[at : at + size].encode(), digest_size=8).digest(), "little")
                block[row, number % 4096] += -1 if number >> 63 else 1
    return unit(block)


def unit(block: np.ndarray) -> np.ndarray:
    """Bring rows to unit length; a row of zeros stays."""
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    return np.asarray(block / np.where(norms > 0, norms, 1.0))


@lru_cache(maxsize=4096)
def opening(text: str) -> tuple[str, ...]:
    """Return the first three tokens, `#` for one with a digit."""
    return tuple("#" if any(sign.isdigit() for sign in word) else word for word in words_of(text)[:3])


def mean_distance(vectors: np.ndarray) -> float:
    """Return the mean over all pairs, pair by pair."""
    return float(np.mean([1 - left @ right for left, right in combinations(vectors, 2)]))


def mmd(pool: np.ndarray, seeds: np.ndarray) -> float:
    """Return twice the mean distance across less those inside."""
    across = np.mean([1 - left @ right for left in pool for right in seeds])
    return float(2 * across - mean_distance(pool) - mean_distance(seeds))


def rarefied(texts: Texts, other: Texts, size: int) -> float:
    """Return distinct n-grams in as many as the smaller side has, over that number, by exact binomials."""
    mine, theirs = (
        Counter(gram for text in side for gram in zip(*(words_of(text)[at:] for at in range(size)), strict=False))
        for side in (texts, other)
    )
    total, draws = mine.total(), min(mine.total(), theirs.total())
    whole = comb(total, draws, exact=True)
    # In whole numbers, since both binomials are far beyond a double.
    missed = sum(comb(total - count, draws, exact=True) * 10**12 // whole for count in mine.values())
    return float(len(mine) - missed / 10**12) / draws


def divergence(pool: Texts, seeds: Texts) -> float:
    """Return the Jensen-Shannon divergence of token counts by scipy."""
    here, there = (Counter(word for text in side for word in words_of(text)) for side in (pool, seeds))
    names = sorted(here | there)
    return float(jensenshannon([here[one] for one in names], [there[one] for one in names], base=2) ** 2)


def reached(source: np.ndarray, cases: np.ndarray) -> tuple[float, float]:
    """Return the covered share by scikit-learn's neighbours, and the expected one by binomials."""
    n, m = len(source), len(cases)
    rank = next((k for k in range(1, n) if comb(n - 1, k, exact=True) / comb(n - 1 + m, k, exact=True) <= 0.05), n - 1)
    own = NearestNeighbors(n_neighbors=rank, algorithm="brute").fit(source)
    limit = own.kneighbors()[0][:, -1]  # without a query, a row is no neighbour of itself
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(cases).kneighbors(source)[0][:, 0]
    expected = 1 - comb(n - 1, rank, exact=True) / comb(n - 1 + m, rank, exact=True)
    return float(np.mean(nearest <= limit + 1e-9)), expected


def far(pool: np.ndarray, seeds: np.ndarray) -> float:
    """Return the share of cases beyond the 99 % order statistic of the seeds' own nearest distances."""
    own = sorted(min(1 - one @ other for at, other in enumerate(seeds) if at != row) for row, one in enumerate(seeds))
    limit = round(own[min(len(own), -(-99 * (len(own) + 1) // 100)) - 1], 6)
    return float(np.mean([round(min(1 - one @ other for other in seeds), 6) > limit for one in pool]))


def starts_small(text: str) -> bool:
    """Return True when the first letter is a small one."""
    return next((sign.islower() for sign in text if unicodedata.category(sign)[0] == "L"), False)


def lacks_end(text: str) -> bool:
    """Return True when no end mark follows the last word."""
    for sign in reversed(text):
        if sign == "_" or unicodedata.category(sign)[0] in "LNM":
            return True
        if sign in END:
            return False
    return True


def rate(texts: Texts, holds: Callable[[str], bool]) -> float:
    """Return the share of texts for which something holds."""
    return float(np.mean([holds(text) for text in texts]))


def noisy(texts: Texts, haste: frozenset[str]) -> float:
    """Return signs of haste in 1,000 tokens."""
    signs = sum(_signs(text, haste) for text in texts)
    return 1000 * signs / sum(max(1, len(words_of(text))) for text in texts)


@lru_cache(maxsize=4096)
def _signs(text: str, haste: frozenset[str]) -> int:
    drawn = sum(
        word in haste or any(a == b == c and a.isalpha() for a, b, c in zip(word, word[1:], word[2:], strict=False))
        for word in words_of(text)
    )
    runs, at = 0, 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] in "!?":
            end += 1
        dots = at
        while dots < len(text) and text[dots] == ".":
            dots += 1
        runs += (end - at >= 2) + (dots - at >= 4)
        at = max(end, dots, at + 1)
    return drawn + runs


def term_counts(texts: Texts, terms: Sequence[str]) -> np.ndarray:
    """Count each term once a text; the longest term that fits at a word takes it, its last word as a prefix."""
    split = [tuple(term.split()) for term in terms]
    order = sorted(range(len(terms)), key=lambda at: (-len(split[at]), -len(terms[at]), at))
    counts = np.zeros(len(terms))
    for text in texts:
        words, found, at = words_of(text), set(), 0
        while at < len(words):
            for term in order:
                parts = split[term]
                window = words[at : at + len(parts)]
                if len(window) == len(parts) and window[:-1] == parts[:-1] and window[-1].startswith(parts[-1]):
                    found.add(term)
                    at += len(parts)
                    break
            else:
                at += 1
        counts[list(found)] += 1
    return counts


def entropy_ratio(pool: Texts, seeds: Texts, terms: Sequence[str]) -> float:
    """Return the ratio of scipy's entropies, less one."""
    here, there = (scipy_entropy(term_counts(side, terms), base=2) for side in (pool, seeds))
    return float(here / there - 1)


def mixed(pool: Texts, seeds: Texts, terms: Sequence[str]) -> float:
    """Return half the summed difference of term shares."""
    here, there = (term_counts(side, terms) for side in (pool, seeds))
    return float(np.abs(here / here.sum() - there / there.sum()).sum() / 2)


def mentions(texts: Texts, terms: Sequence[str]) -> float:
    """Return the share of texts with any term."""
    return rate(texts, lambda text: bool(term_counts([text], terms).sum()))


def largest_lead(pool: Texts, seeds: Texts) -> float:
    """Return the largest difference of the shares of texts that hold one word."""
    names = {word for text in (*pool, *seeds) for word in words_of(text) if set(word) != {"x"} or len(word) < 2}
    here, there = ([set(words_of(text)) for text in side] for side in (pool, seeds))
    return max(float(np.mean([one in had for had in here]) - np.mean([one in had for had in there])) for one in names)


def common_opening(texts: Texts) -> float:
    """Return the share of the commonest opening."""
    return Counter(map(opening, texts)).most_common(1)[0][1] / len(texts)


def colliding(texts: Texts) -> float:
    """Return the share of pairs that open alike."""
    return float(np.mean([left == right for left, right in combinations(map(opening, texts), 2)]))


def packed(texts: Texts, other: Texts) -> float:
    """Return bytes over zlib's bytes at the smaller side's size."""
    here, there = (
        b"\n".join(sorted((text.encode() for text in side), key=lambda one: sha256(one).digest()))
        for side in (texts, other)
    )
    size = min(len(here), len(there))
    packer = zlib.compressobj(9)
    return round(size / len(packer.compress(here[:size]) + packer.flush()), 2)


def word_rate(texts: Texts, listed: frozenset[str]) -> float:
    """Return listed words in 1,000 tokens."""
    found = [word for text in texts for word in words_of(text)]
    return 1000 * sum(word in listed for word in found) / len(found)


def log_odds(pool: Texts, seeds: Texts) -> dict[str, float]:
    """Return the z of each word's log-odds with what both sides say as the prior (Monroe et al. 2008, eq. 16 to 22)."""
    here, there = ([set(words_of(text)) for text in side] for side in (pool, seeds))
    found = {}
    for word in {one for had in (*here, *there) for one in had}:
        y, x = sum(word in had for had in here), sum(word in had for had in there)
        n, m = len(here), len(there)
        prior = PRIOR_CASES * (y + x) / (n + m)
        if not PRIOR_CASES - prior + n - y or not PRIOR_CASES - prior + m - x:
            found[word] = 0.0
            continue
        odds = np.log((y + prior) / (n + PRIOR_CASES - y - prior)) - np.log((x + prior) / (m + PRIOR_CASES - x - prior))
        found[word] = float(odds / np.sqrt(1 / (y + prior) + 1 / (x + prior)))
    return found


def p_of(statistic: Callable[[Texts, Texts], float], pool: Texts, seeds: Texts, draws: int, seed: int) -> float:
    """Return the p of a statistic under exchanges of single texts, by NumPy's own generator."""
    both, rng = [*pool, *seeds], np.random.default_rng(seed)
    seen, hits = statistic(pool, seeds), 0
    for _ in range(draws):
        order = rng.permutation(len(both))
        here = [both[at] for at in order[: len(pool)]]
        hits += statistic(here, [both[at] for at in order[len(pool) :]]) >= seen - 1e-12
    return (1 + hits) / (1 + draws)


def told_apart(pool: Texts, seeds: Texts) -> float:
    """The area under the curve of liblinear on unit rows: five folds by rank of sha256, scores pooled."""
    rows = np.vstack([hashed(pool), hashed(seeds)])
    truth = np.array([True] * len(pool) + [False] * len(seeds))
    folds = np.empty(len(rows), dtype=int)
    for side, start in ((pool, 0), (seeds, len(pool))):
        order = sorted(range(len(side)), key=lambda at: sha256(side[at].encode()).hexdigest())
        folds[[start + at for at in order]] = np.arange(len(side)) % 5
    scores = np.empty(len(rows))
    for fold in range(5):
        fit = LogisticRegression(C=1.0, solver="liblinear", tol=1e-9).fit(rows[folds != fold], truth[folds != fold])
        scores[folds == fold] = fit.decision_function(rows[folds == fold])
    return float(roc_auc_score(truth, scores))


def tag_variety(texts: Texts, others: Texts, tag: Callable[[str], Sequence[str]]) -> float:
    """Distinct runs of four tags among 500, or as many as the smaller side has: the mean over all draws by scipy."""

    def runs(side: Texts) -> Counter[tuple[str, ...]]:
        return Counter(tuple(tags[at : at + 4]) for tags in (tag(text) for text in side) for at in range(len(tags) - 3))

    mine = runs(texts)
    size, total = min(500, mine.total(), runs(others).total()), mine.total()
    return sum(1 - hypergeom.pmf(0, total, count, size) for count in mine.values()) / size


def held_already(texts: Texts) -> float:
    """Coverage of a further text's word pairs by the rule of Chao and Jost for incidences."""
    bags = [{(*pair,) for pair in zip(words_of(text), words_of(text)[1:], strict=False)} for text in texts]
    often = Counter(pair for bag in bags for pair in bag)
    n, once, twice = len(bags), *(sum(count == times for count in often.values()) for times in (1, 2))
    return 1 - once / sum(map(len, bags)) * ((n - 1) * once / ((n - 1) * once + 2 * twice))


def holm_of(ps: Sequence[float]) -> list[float]:
    """Holm's correction by its definition."""
    order, found, reached = np.argsort(ps), [0.0] * len(ps), 0.0
    for place, at in enumerate(order.tolist()):
        reached = max(reached, min(1.0, (len(ps) - place) * ps[at]))
        found[at] = reached
    return found
