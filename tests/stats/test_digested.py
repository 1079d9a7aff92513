"""The nearest of texts that nobody kept: held against brute force, however many pairs are looked at at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from evalspec.stats.digested import Digested, nearest

Rows = NDArray[np.int8]
FEW = arrays.arrays(np.int8, st.tuples(st.integers(0, 9), st.just(4)), elements=st.integers(-3, 3))


def cosine(one: Sequence[int], other: Sequence[int]) -> float:
    """By Python's own numbers; a row of zeros is near to nothing."""
    dot = sum(x * y for x, y in zip(one, other, strict=True))
    norms = sum(x * x for x in one) * sum(y * y for y in other)
    return dot / norms**0.5 if norms else 0.0


@given(FEW, FEW, st.sampled_from([0.3, 0.8, 0.92]), st.sampled_from([1, 3, 1000]))
def test_the_nearest_row_is_that_of_brute_force(new: Rows, old: Rows, bound: float, limit: int) -> None:
    """Of equally near rows the first, none under the bound; also where only so many pairs are held at a time."""
    found = nearest(new, old, bound, limit=limit)

    assert len(found) == len(new)
    for row, one in zip(new.tolist(), found, strict=True):
        cosines = [cosine(row, other) for other in old.tolist()]
        best = max(cosines, default=0.0)
        if best < bound - 1e-9:
            assert one is None
        else:
            assert one is not None and one[1] == pytest.approx(best)
            assert one[0] == next(at for at, value in enumerate(cosines) if value >= best - 1e-9)


def test_a_text_is_looked_up_once_and_an_empty_one_never() -> None:
    """What measures ask for pool by pool is searched for once."""
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Rows:
        asked.extend(texts)
        return np.array([[127, 0] if text == "a" else [0, 127] for text in texts], dtype=np.int8)

    held = Digested(bound=0.92, rows=np.array([[127, 1]], dtype=np.int8), names=["one"])

    assert [*held.near(["a", "b", "", "a"], embed)] == ["a"]
    assert [*held.near(["b", "a"], embed)] == ["a"]
    assert asked == ["a", "b"]
