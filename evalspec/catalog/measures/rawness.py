"""Whether cases look as users type: small letters at the start, no mark at the end, noise inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from evalspec.later import NDArray, np
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.comparison import Comparison, rate_difference
from evalspec.stats.permutation import Labels
from evalspec.stats.scope import Scope
from evalspec.text.patterns import lazy_unicode
from evalspec.text.tokens import tokens

END_MARKS = frozenset(".!?…。！？؟।॥۔።")

# Spellings of haste in English chats; with letters drawn out (`sooo`) and doubled marks they are the noise of a text.
HASTE: frozenset[str] = frozenset(
    {"b4", "cuz", "dunno", "gonna", "gotta", "idk", "im", "ive", "dont", "cant", "wont", "didnt", "doesnt", "isnt"}
    | {"luv", "msg", "omg", "pls", "plz", "ppl", "r", "rn", "thx", "tho", "thru", "u", "ur", "wanna", "wtf", "ya"}
)
_FIRST_LETTER = lazy_unicode(r"\p{L}")
_TAIL = lazy_unicode(r"[^\w]*+\Z")
_DRAWN_OUT = lazy_unicode(r"(\p{L})\1\1")
_DOUBLED = lazy_unicode(r"[!?]{2,}|\.{4,}")


def starts_lower(text: str) -> bool:
    """Return True when the first letter is a small one."""
    found = _FIRST_LETTER.search(text)
    return found is not None and found.group().islower()


def is_open_ended(text: str) -> bool:
    """Return True when the signs after the last word hold no end mark: quotes, brackets and smileys may follow it."""
    tail = _TAIL.search(text)
    return tail is None or not END_MARKS & set(tail.group())


def noise_count(text: str) -> int:
    """Count words of haste, drawn-out words and runs of marks."""
    words = tokens(text)
    return sum(map(_is_noise, words)) + len(_DOUBLED.findall(text))


@lru_cache(maxsize=1 << 14)  # texts repeat words more than anything
def _is_noise(word: str) -> bool:
    return word in HASTE or _DRAWN_OUT.search(word) is not None


@measure(
    "rawness_lower",
    version=1,
    unit="difference",
    low=-1,
    high=1,
    better="zero",
    source="measures.md, B",
    per="comparison",
    exempt_style="casing",
)
def rawness_lower(scope: Scope) -> Measurement:
    """Return the share of cases that start with a small letter, less that of the seeds."""
    return _rate(scope, starts_lower)


@measure(
    "rawness_open_end",
    version=1,
    unit="difference",
    low=-1,
    high=1,
    better="zero",
    source="measures.md, B",
    per="comparison",
    exempt_style="punctuation",
)
def rawness_open_end(scope: Scope) -> Measurement:
    """Return the share of cases that end without a mark, less that of the seeds."""
    return _rate(scope, is_open_ended)


def _rate(scope: Scope, holds: Callable[[str], bool]) -> Measurement:
    both = scope.comparison
    hits = np.array([float(holds(one.text)) for one in both.items])
    here, there = _sides(both, hits)
    _, p = both.p(rate_difference(hits, both.weights))
    return scope.result(here - there, baseline=there, p=p, compared=True, detail={"share": here})


def _sides(both: Comparison, hits: NDArray[np.float64]) -> tuple[float, float]:
    split = len(both.pool)
    return (
        float(np.average(hits[:split], weights=both.weights[:split])),
        float(np.average(hits[split:], weights=both.weights[split:])),
    )


@measure(
    "rawness_noise",
    version=1,
    unit="per 1,000 tokens",
    low=None,
    high=None,
    better="zero",
    source="measures.md, B",
    per="comparison",
)
def rawness_noise(scope: Scope) -> Measurement:
    """Return the noise in 1,000 tokens of the pool, less that of the seeds."""
    both = scope.comparison
    noise = np.array([float(noise_count(one.text)) for one in both.items])
    sizes = np.array([float(max(len(words), 1)) for words in both.tokens])

    def difference(labels: Labels) -> NDArray[np.float64]:
        chosen = labels.astype(np.float64)
        return np.asarray(
            1000 * np.abs(chosen @ noise / (chosen @ sizes) - (1 - chosen) @ noise / ((1 - chosen) @ sizes))
        )

    split = len(both.pool)
    here, there = (1000 * float(noise[at].sum() / sizes[at].sum()) for at in (slice(split), slice(split, None)))
    return scope.result(here - there, baseline=there, p=both.p(difference)[1], compared=True, detail={"rate": here})
