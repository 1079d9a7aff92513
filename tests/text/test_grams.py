"""One pair at a time gives the whole numbers of the whole vectors."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evalspec.text.grams import Spread, product_and_norms
from evalspec.text.vectors import dot, padded, vectorize

TEXTS = st.text(alphabet="ab cé明?", max_size=14)


@given(TEXTS, TEXTS)
@example("aaaa", "aaaaaa")
@example("", "a")
@example("where is my refund", "where is my new refund")
def test_product_and_norms_are_those_of_the_whole_vectors(left: str, right: str) -> None:
    vectors = vectorize([left, right])
    product, *norms = product_and_norms(Spread(padded(left)), right)

    if padded(left) == padded(right):  # told apart from the rest: any cosine of 1 will do
        assert (product == norms[0] == norms[1]) and (product > 0) == (int(vectors.norms[0]) > 0)
    else:
        assert (product, norms) == (dot(vectors, 0, vectors, 1), vectors.norms.tolist())


@pytest.mark.parametrize("size", [50, 20_000])
def test_a_long_text_with_one_change_stays_exact(size: int) -> None:
    left = "where is my parcel " * size
    right = left[: len(left) // 2] + "x" + left[len(left) // 2 :]
    vectors = vectorize([left, right])

    assert product_and_norms(Spread(padded(left)), right) == (dot(vectors, 0, vectors, 1), *vectors.norms.tolist())
