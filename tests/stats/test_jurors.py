"""The figures of a juror, against scikit-learn where it has them, and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from evalspec.stats.agreement import balanced_accuracy, majority


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_balanced_accuracy_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    """The mean recall of the labels that are true of something; none where there is only one."""
    true, given_ = zip(*pairs, strict=True)
    found = balanced_accuracy(pairs)

    if len(set(true)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(recall_score(true, given_, average="macro", labels=sorted(set(true))))


@pytest.mark.parametrize(
    ("votes", "expected"), [("aab", "a"), ("ab", None), ("aabb", None), ("a", "a"), ("", None), ("abc", None)]
)
def test_a_majority_is_more_than_half(votes: str, expected: str | None) -> None:
    assert majority(list(votes)) == expected
