"""A last line that was cut off is told from one that is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.json_text import split_torn

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), st.booleans(), st.data())
def test_every_beginning_of_a_line_is_cut_off(value: dict[str, object], is_ascii: bool, data: st.DataObject) -> None:
    """Wherever a line ends before its end, it is the torn one; whole, it is not."""
    line = json.dumps(value, ensure_ascii=is_ascii)
    at = data.draw(st.integers(1, len(line) - 1))

    assert split_torn('{"a": 1}\n' + line[:at]) == ('{"a": 1}\n', line[:at])
    assert split_torn('{"a": 1}\n' + line) == ('{"a": 1}\n' + line, "")


@pytest.mark.parametrize(
    "text", ["", "{}\n", '{"a": 1}', "[1", '{"seconds": NaN}', '{"a" 1}', "{a", '{"a": 1}}', "no JSON", '{"a": x\n']
)
def test_what_is_wrong_or_whole_is_not_cut_off(text: str) -> None:
    """A line that no more characters could mend stays where the reader will point at it."""
    assert split_torn(text) == (text, "")
