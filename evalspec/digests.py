"""Canonical JSON and the digests made of it: one spelling for one value, so that equal things have equal digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

DIGEST_VERSION = 1  # bumped with `engine` when the canonical form changes
DIGEST_HEX = 32  # 128 bits: readable in a diff, collision-free for any set a person can review


def canonical(value: object) -> bytes:
    """Spell a JSON value in exactly one way: sorted keys, no spaces, UTF-8, no NaN, no default conversions."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )


def digest(value: object) -> str:
    """Return the first 32 hex digits of the sha256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()[:DIGEST_HEX]


def digest_text(text: str) -> str:
    """Return the first 32 hex digits of the sha256 of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_HEX]


def keyed_hash(key: str, item: str) -> int:
    """Hash `item` under `key` to 64 bits: the order of everything that is drawn, so that no pick depends on row numbers."""
    raw = hashlib.blake2b(
        item.encode("utf-8", "surrogatepass"),
        digest_size=8,
        key=hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest(),
    )
    return int.from_bytes(raw.digest(), "big")


def unit_hash(key: str, item: str) -> float:
    """Return the keyed hash as a number in [0, 1)."""
    return keyed_hash(key, item) / 2.0**64


def rendezvous(key: str, items: Mapping[str, str], count: int) -> tuple[str, ...]:
    """Pick the `count` names whose content digests hash lowest under `key`; one more item changes few picks.

    `items` maps a name to the digest of what it stands for. Ties cannot occur between different digests; equal
    digests are ordered by name.
    """
    ranked = sorted(items, key=lambda name: (keyed_hash(key, items[name]), name))
    return tuple(ranked[:count])
