"""One spelling for one value: equal things have equal digests on every machine, unequal ones do not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalspec.digests import canonical, digest, digest_text, keyed_hash, unit_hash

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


def test_canonical_json_is_sorted_tight_and_unescaped() -> None:
    """The form is the one that any JSON library can give: keys sorted, no spaces, UTF-8."""
    assert canonical({"b": [1, 2.5, None, True], "a": "ü"}) == '{"a":"ü","b":[1,2.5,null,true]}'.encode()


@given(VALUES)
def test_canonical_json_reads_back_as_the_same_value(value: object) -> None:
    """Nothing is lost: what reads back the same has the same canonical form."""
    spelled = canonical(value)

    assert json.loads(spelled.decode("utf-8", "surrogatepass")) == value
    assert canonical(json.loads(spelled.decode("utf-8", "surrogatepass"))) == spelled


@given(st.dictionaries(st.text(), SCALARS, min_size=2))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    """A mapping is the same in any order."""
    assert digest(dict(reversed(value.items()))) == digest(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", 1),
        (1, 1.0),
        (True, 1),
        ([], {}),
        (None, ""),
        (["a", "b"], ["ab"]),
        (["a"], "a"),
        ({"a": 1}, [["a", 1]]),
        ("é", "e\u0301"),
    ],
)
def test_values_that_python_or_a_join_would_mix_up_differ(left: object, right: object) -> None:
    """Type, nesting and code points are all in the digest."""
    assert digest(left) != digest(right)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": {1, 2}}, b"bytes", object()])
def test_what_is_not_json_has_no_digest(value: object) -> None:
    """There is no default conversion: a stray object is a programmer's error, never a silent `str`."""
    with pytest.raises((ValueError, TypeError)):
        digest(value)


def test_a_digest_is_the_head_of_the_sha256() -> None:
    """Anyone can recompute a digest with sha256 and a JSON library."""
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()[:32] == "015abd7f5cc57a2dd94b7590f04ad808"
    assert digest_text("a\nb") == hashlib.sha256(b"a\nb").hexdigest()[:32]
    assert len(digest_text("\ud800")) == 32


def test_keyed_hashes_never_change() -> None:
    """Every pick of every lock hangs on these numbers."""
    assert keyed_hash("standing", "prompted.delay.01") == 13242531145983376353
    assert keyed_hash("", "") == 9222906869224969951
    assert unit_hash("language", "prompted.delay.01") == 0.13283059111366846


@given(st.text(max_size=20), st.text(max_size=20))
def test_keyed_hashes_are_blake2b_under_the_sha256_of_the_key(key: str, item: str) -> None:
    """Anyone can recompute a pick with hashlib."""
    made = hashlib.blake2b(item.encode(), digest_size=8, key=hashlib.sha256(key.encode()).digest()).digest()

    assert keyed_hash(key, item) == int.from_bytes(made, "big")
    assert unit_hash(key, item) == pytest.approx(keyed_hash(key, item) / 2**64, abs=2**-53)


def test_hashes_do_not_depend_on_the_hash_seed() -> None:
    """PYTHONHASHSEED changes nothing."""
    program = "from evalspec.digests import *; print(digest({'b': 1, 'a': 2}), keyed_hash('k', 'i'))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }

    assert len(said) == 1


def test_unit_hashes_are_uniform_below_one() -> None:
    """A share of p draws a share p of the items, and 1 draws them all: a Kolmogorov-Smirnov test."""
    drawn = [unit_hash("share", str(number)) for number in range(3000)]

    assert min(drawn) >= 0.0
    assert max(drawn) < 1.0
    assert stats.kstest(drawn, "uniform").pvalue > 0.001


def test_keys_draw_independently() -> None:
    """An item low under one key is anywhere under another."""
    left = [unit_hash("a", str(number)) for number in range(500)]
    right = [unit_hash("b", str(number)) for number in range(500)]

    assert stats.spearmanr(left, right).pvalue > 0.001
