"""When two texts are the same request but for noise, and an index that finds such a text among those kept.

Cosine alone cannot decide: at 0.92 it merges 64 % of labelled contrast pairs (before/after, more/less). A duplicate
is near *and* differs by nothing but courtesy words and misspellings (measures.md, C).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b
from itertools import chain

from evalspec.later import OSA, LCSseq
from evalspec.text.grams import Spread, product_and_norms
from evalspec.text.noise_words import COURTESY, PROTECTED
from evalspec.text.tokens import tokens
from evalspec.text.vectors import MEMO_LIMIT, at_least, cosine_of, padded

NEAR_COSINE = 0.85  # lexical; measures.md C: finds surface noise, loses 0 of 1,201 contrasts with the noise rule
MISSPELLED_LETTERS = 4  # shorter words are one slip apart from too many other words
LONG_WORD_LETTERS = 8  # from here two slips are still the same word

_FREE = COURTESY - PROTECTED  # may stand anywhere


def _can_be_misspelled(word: str) -> bool:
    return (
        len(word) >= MISSPELLED_LETTERS
        and "'" not in word
        and word not in PROTECTED
        and not any(letter.isdigit() for letter in word)
    )


def is_misspelling(left: str, right: str) -> bool:
    """Return True when one word reads as a slip of the other: same first letter, one edit, two in long words."""
    if not (_can_be_misspelled(left) and _can_be_misspelled(right)) or left[0] != right[0]:
        return False
    allowed = 2 if min(len(left), len(right)) >= LONG_WORD_LETTERS else 1
    return OSA.distance(left, right, score_cutoff=allowed) <= allowed


def same_but_noise(
    left: Sequence[str],
    right: Sequence[str],
    seen_elsewhere: Callable[[str], bool],
) -> bool:
    """Return True when two token sequences differ by courtesy words and one-to-one misspellings only.

    `seen_elsewhere` says whether a word stands in a third text: of a misspelled pair one form must not, so that
    `charged` and `changed`, both of them words, stay apart.
    """
    if tuple(left) == tuple(right):
        return bool(left)
    start, end = _shared_ends(left, right)
    mid_left, mid_right = left[start : len(left) - end], right[start : len(right) - end]
    here, there = Counter(mid_left), Counter(mid_right)
    odd_left, odd_right = _leftover(left, here - there), _leftover(right, there - here)
    if len(odd_left) != len(odd_right):
        return False
    # `please check it` is `check it please`, but `do you know` is not `you do know`. What the ends share adds to both.
    fixed_left = [word for word in mid_left if word not in _FREE]
    fixed_right = [word for word in mid_right if word not in _FREE]
    if LCSseq.similarity(fixed_left, fixed_right) != (Counter(fixed_left) & Counter(fixed_right)).total():
        return False
    return all(
        is_misspelling(one, other) and not (seen_elsewhere(one) and seen_elsewhere(other))
        for one, other in zip(odd_left, odd_right, strict=True)
    )


def _shared_ends(left: Sequence[str], right: Sequence[str]) -> tuple[int, int]:
    """Return how many words two sequences share at the start, and how many of the rest at the end."""
    shortest = min(len(left), len(right))
    start = 0
    while start < shortest and left[start] == right[start]:
        start += 1
    end = 0
    while end < shortest - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return start, end


def _leftover(words: Sequence[str], extra: Counter[str]) -> list[str]:
    left = {word: count for word, count in extra.items() if word not in COURTESY}
    if sum(left.values()) < 2:
        return list(left)
    found: list[str] = []
    for word in words:
        if left.get(word, 0) > 0:
            left[word] -= 1
            found.append(word)
    return found


def noise_key(words: Sequence[str]) -> int:
    """Return what two texts that differ by noise only must share: a sieve, never a decision.

    Courtesy words may come and go; a word that can be misspelled keeps its first letter. The sum of the codes of what
    is left is the same for any order of words.
    """
    return sum(map(_RESTS.__getitem__, words))


class _Rests(dict[str, int]):
    """Remembers a code for what noise leaves of a word: nothing, its first letter, or all of it."""

    def __missing__(self, word: str) -> int:
        if word in COURTESY:
            code = 0
        else:
            rest = word[0] if _can_be_misspelled(word) else word
            # Seven bytes: sums of machine words are fast.
            code = int.from_bytes(blake2b(rest.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "little")
        if len(self) < MEMO_LIMIT:
            self[word] = code
        return code


_RESTS = _Rests()


def folded(text: str) -> str:
    """Fold a text to compare it where it has no tokens (`???`, emoji): NFC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


class NearIndex:
    """Finds, among the texts added so far, the first one that a new text duplicates; a class because it grows.

    `corpus` (id to text) is what a word's rarity is judged by, beside the texts added; an id of the corpus that is
    added later counts once. Answers are exact: the key is a necessary condition of the rule, so that no cosine needs
    to be computed between texts that cannot be duplicates.
    """

    def __init__(self, corpus: Mapping[str, str] | None = None, *, cosine: float = NEAR_COSINE) -> None:
        self._cosine = cosine
        self._buckets: dict[int, list[tuple[str, str]]] = {}  # id and text of those that stay, in order
        self._last: tuple[str, tuple[str, ...]] | None = None
        self._counted = set(corpus or ())
        self._keys: dict[str, int] = {}  # by text: most texts of the corpus are looked for and added later
        self._seen: Counter[str] = Counter(chain.from_iterable(map(self._read, (corpus or {}).values())))

    def _read(self, text: str) -> set[str]:
        words = tokens(text)
        self._keys[text] = noise_key(words)
        return set(words)

    def add(self, id: str, text: str) -> None:
        """Keep a text: later ones may duplicate it."""
        if id not in self._counted:
            self._counted.add(id)
            self._seen.update(set(self._words(text)))
        self._buckets.setdefault(self._key(text), []).append((id, text))

    def _key(self, text: str) -> int:
        known = self._keys.get(text)
        return noise_key(self._words(text)) if known is None else known

    def _words(self, text: str) -> tuple[str, ...]:
        # What is looked for is most often added next.
        if self._last is None or self._last[0] != text:
            self._last = text, tokens(text)
        return self._last[1]

    def find(self, text: str, exempt: Collection[str] = (), *, id: str | None = None) -> tuple[str, float] | None:
        """Return the id and cosine of the earliest text that `text` duplicates, or None.

        `exempt` are ids with declared lineage; `id` is the text's own, so that it is not compared with itself and
        not counted as a third text.
        """
        bucket = self._buckets.get(self._key(text))
        if bucket is None:
            return None
        words = self._words(text)
        own = set(words) if id in self._counted else set()
        spread = Spread(padded(text))
        for other, other_text in bucket:
            if other == id or other in exempt:
                continue
            other_words = tokens(other_text)
            is_equal = _equal(text, words, other_text, other_words)
            if not is_equal and not self._differs_by_noise(words, own, other_words):
                continue  # before any vector is made: the words decide most often, and cost less
            measured = product_and_norms(spread, other_text)
            if is_equal or at_least(*measured, self._cosine):
                return other, cosine_of(*measured)
        return None

    def alike(self, text: str, exempt: Collection[str] = (), *, id: str | None = None) -> tuple[tuple[str, str], ...]:
        """Return id and text of all that differ from `text` by noise only, however near: the earliest first."""
        words = self._words(text)
        own = set(words) if id in self._counted else set()
        return tuple(
            (other, other_text)
            for other, other_text in self._buckets.get(self._key(text), ())
            if other != id and other not in exempt and self._differs_by_noise(words, own, tokens(other_text))
        )

    def _differs_by_noise(self, words: Sequence[str], own: set[str], other: Sequence[str]) -> bool:
        return same_but_noise(words, other, lambda form: self._seen[form] > (form in own) + (form in other))


def duplicate_pairs(
    texts: Mapping[str, str],
    corpus: Mapping[str, str],
    exempt: Callable[[str, str], bool],
    *,
    cosine: float = NEAR_COSINE,
) -> tuple[tuple[str, str, float], ...]:
    """Return every pair of `texts` that is the same but for noise and not exempt, in order of ids.

    A word's rarity is judged over `corpus` and `texts` together, so the order of rows changes nothing.
    """
    words = {id: tokens(text) for id, text in sorted(texts.items())}
    seen: Counter[str] = Counter()
    for id, text in {**corpus, **texts}.items():
        seen.update(set(words.get(id) or tokens(text)))
    buckets: dict[int, list[str]] = {}
    for id, sequence in words.items():
        buckets.setdefault(noise_key(sequence), []).append(id)
    found: list[tuple[str, str, float]] = []
    for bucket in buckets.values():
        for at, left in enumerate(bucket):
            spread = Spread(padded(texts[left]))
            for right in bucket[at + 1 :]:
                if exempt(left, right):
                    continue
                is_equal = _equal(texts[left], words[left], texts[right], words[right])
                if not is_equal and not _noise_only(words[left], words[right], seen):
                    continue
                measured = product_and_norms(spread, texts[right])
                if is_equal or at_least(*measured, cosine):
                    found.append((left, right, cosine_of(*measured)))
    return tuple(sorted(found))


def _equal(left: str, left_words: Sequence[str], right: str, right_words: Sequence[str]) -> bool:
    return tuple(left_words) == tuple(right_words) and (bool(left_words) or folded(left) == folded(right))


def _noise_only(left: Sequence[str], right: Sequence[str], seen: Counter[str]) -> bool:
    return same_but_noise(left, right, lambda form: seen[form] > (form in left) + (form in right))
