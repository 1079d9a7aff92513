"""Vectors are the written definition, and cosines decide exactly."""

from __future__ import annotations

import hashlib
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.text import vectors as module
from evalspec.text.vectors import (
    DIMS,
    at_least,
    best_cosines,
    close_pairs,
    cosine_matrix,
    cosines_within,
    dense,
    dot,
    nearest_others,
    padded,
    take,
    vectorize,
)

TEXTS = st.lists(st.text(alphabet="abc é明?", max_size=12), min_size=1, max_size=12)


def by_definition(text: str) -> Counter[int]:
    line = padded(text)
    counts: Counter[int] = Counter()
    for size in (3, 4, 5):
        for at in range(len(line) - size + 1):
            value = int.from_bytes(hashlib.blake2b(line[at : at + size].encode(), digest_size=8).digest(), "little")
            counts[value % DIMS] += -1 if value >> 63 else 1
    return Counter({index: count for index, count in counts.items() if count})


def test_vectors_of_known_texts() -> None:
    """The values of measures.md, G."""
    vectors = vectorize(["hi", "Where is my refund?"])
    first, second = int(vectors.starts[1]), int(vectors.starts[2])

    assert dict(zip(vectors.columns[:first].tolist(), vectors.counts[:first].tolist(), strict=True)) == {
        116: 1,
        1215: 1,
        1923: 1,
    }
    assert second - first == 54
    assert vectors.columns[first : first + 5].tolist() == [14, 71, 77, 153, 337]
    assert vectors.counts[first : first + 5].tolist() == [1, -1, 1, -1, 1]


def test_cosines_of_known_texts() -> None:
    vectors = vectorize(["Where is my refund?", "Where is my refund", "Where is my order?"])

    assert cosine_matrix(vectors, vectors)[0, 1] == pytest.approx(0.914659, abs=1e-6)
    assert cosine_matrix(vectors, vectors)[0, 2] == pytest.approx(0.571662, abs=1e-6)


@given(TEXTS)
@settings(max_examples=50)
def test_vectors_follow_the_definition(texts: list[str]) -> None:
    vectors = vectorize(texts)
    spread = dense(vectors, 0, len(texts))

    for row, text in enumerate(texts):
        counts = by_definition(text)
        assert {int(at): int(spread[row, at]) for at in np.flatnonzero(spread[row])} == counts
        assert int(vectors.norms[row]) == sum(count * count for count in counts.values())


@given(TEXTS, st.sampled_from([0.3, 0.5, 0.85, 1.0]))
@settings(max_examples=50)
def test_close_pairs_are_those_of_brute_force(texts: list[str], cosine: float) -> None:
    counts = [by_definition(text) for text in texts]
    expected = set()
    for a in range(len(texts)):
        for b in range(a + 1, len(texts)):
            product = sum(value * counts[b][index] for index, value in counts[a].items())
            norms = [sum(value * value for value in one.values()) for one in (counts[a], counts[b])]
            if product > 0 and (product / math.sqrt(norms[0] * norms[1])) >= cosine - 1e-12:
                expected.add((a, b))

    assert {(a, b) for a, b, _ in close_pairs(vectorize(texts), None, cosine)} == expected


def test_the_bound_is_decided_in_whole_numbers() -> None:
    assert at_least(17, 20, 20, 0.85)  # exactly 17/20
    assert not at_least(17, 20, 21, 0.85)
    assert not at_least(-17, 20, 20, 0.85)
    assert not at_least(0, 0, 20, 0.85)


def test_a_text_without_ngrams_is_far_from_everything() -> None:
    vectors = vectorize(["", "hello"])

    assert cosine_matrix(vectors, vectors).tolist() == [[0.0, 0.0], [0.0, pytest.approx(1.0)]]


def test_rows_can_be_taken_in_any_order() -> None:
    vectors = vectorize(["one text", "", "another text"])
    picked = take(vectors, [2, 1, 0, 2])

    assert dense(picked, 0, 4).tolist() == [dense(vectors, 0, 3)[row].tolist() for row in (2, 1, 0, 2)]
    assert dot(picked, 0, vectors, 2) == int(vectors.norms[2])


def test_very_long_texts_stay_exact() -> None:
    vectors = vectorize(["a" * 200_000, "a" * 199_999])

    assert close_pairs(vectors, None, 0.99) == [(0, 1, pytest.approx(1.0))]


@given(st.lists(st.text("abc ", max_size=12), min_size=1, max_size=9), st.integers(1, 4))
@settings(deadline=None)
def test_best_cosines_are_those_of_the_whole_matrix_to_the_last_bit(texts: list[str], block: int) -> None:
    """Blocks, and blocks of one triangle alone, change nothing: what a screen compares may not depend on them."""
    rows = vectorize(texts)
    whole = cosine_matrix(rows, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        patch.setattr(module, "CHUNK", block)
        again = vectorize(texts)
        found, others = best_cosines(again, again), nearest_others(again)
        within = cosines_within(again)

    assert (found == whole.max(axis=1)).all()
    assert (within == whole).all()
    np.fill_diagonal(whole, -1.0)
    assert (others == whole.max(axis=1)).all()
