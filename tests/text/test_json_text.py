"""JSON lines: what would deceive a reader is escaped, what is not JSON is refused, all else comes back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.json_text import JsonProblem, json_line, read_json, scalar_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_comes_back_on_one_line(value: object) -> None:
    """Any JSON value is one line of valid UTF-8 without hidden characters, and is read back equal."""
    line = json_line(value)

    assert read_json(line) == value == json.loads(line)
    assert not any(ord(char) < 32 or char in "\x7f\x85\u2028\u2029\u202e\u2066\ufeff" for char in line)
    line.encode("utf-8")


def test_readable_text_stays_readable() -> None:
    """Letters, emoji and quotes of any script are not escaped."""
    assert json_line({"a": 'é 漢字 👩‍👧 "q"'}) == '{"a": "é 漢字 👩‍👧 \\"q\\""}'


@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity]", '{"a": 1, "a": 2}', '"\\ud800"', "1e999", "9" * 41, "[" * 100_000, "", "{'a': 1}", '"\t"'],
)
def test_what_python_tolerates_is_refused(text: str) -> None:
    """Values that other readers cannot read are problems."""
    with pytest.raises(JsonProblem):
        read_json(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (1.5, "1.5"), (True, "true"), (None, ""), ("x", "x"), (-0.25, "-0.25"), (10**20, "1" + "0" * 20)],
)
def test_scalars_have_one_spelling(value: object, text: str) -> None:
    """A number is its JSON text, as CSV has it."""
    assert scalar_text(value) == text
