"""Canonical JSON and the digests made of it: one spelling for one value, so that equal things have equal digests."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

DIGEST_VERSION = 1  # bumped with `engine` when the canonical form changes
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
DIGEST_HEX = 32  # 128 bits: readable in a diff, collision-free for any set a person can review


def canonical(value: object) -> bytes:
    """Spell a JSON value in exactly one way: sorted keys, no spaces, UTF-8, no NaN, no default conversions."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")


def digest(value: object) -> str:
    """Return the first 32 hex digits of the sha256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()[:DIGEST_HEX]


def digest_text(text: str) -> str:
    """Return the first 32 hex digits of the sha256 of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_HEX]


def keyed_hash(key: str, item: str) -> int:
    """Hash `item` under `key` to 64 bits: the order of all that is drawn, so that no pick depends on row numbers."""
    raw = hashlib.blake2b(
        item.encode("utf-8", "surrogatepass"),
        digest_size=8,
        key=_key_bytes(key),
    )
    return int.from_bytes(raw.digest(), "big")


@lru_cache(maxsize=1024)  # a sort hashes thousands of items under one key
def _key_bytes(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def unit_hash(key: str, item: str) -> float:
    """Return the keyed hash as a number in [0, 1)."""
    # The upper 53 bits: 64 of them would round up to 1.0 at the top.
    return (keyed_hash(key, item) >> 11) / 2.0**53
