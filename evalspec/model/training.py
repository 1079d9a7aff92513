"""What is kept of a row that the subject was tuned on: digests and numbers, no text."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDigest:
    """One training row: the digest of its tokens, keyed digests of its n-grams, its quantised lexical vector.

    All lists are kept packed, as they stand in the file: as numbers a hundred thousand rows would fill gigabytes.
    """

    sequence: str  # 16 hex digits of the digest of the token sequence
    tokens: int
    grams: bytes = b""  # 64-bit keyed hashes, sorted, most significant byte first
    vector: bytes = b""  # 16 bits an entry: column, and count from -8 to 7 as 0 to 15; none under eight tokens
    embedding: bytes = b""  # one signed byte a dimension, of an embedder; none unless the import was told to keep them

    def record(self) -> Mapping[str, object]:
        """Return the row as JSON data, hashes and vectors in base64."""
        return {
            "sequence": self.sequence,
            "tokens": self.tokens,
            "grams": _spelled(self.grams),
            "vector": _spelled(self.vector),
            **({"embedding": _spelled(self.embedding)} if self.embedding else {}),
        }


def _spelled(packed: bytes) -> str:
    return base64.b64encode(packed).decode("ascii")


def training_digest(record: Mapping[str, object]) -> TrainingDigest:
    """Read what `record` wrote; a ValueError, TypeError or KeyError means that nothing here wrote it."""
    grams, vector, embedding = (
        base64.b64decode(str(record.get(name, "")), validate=True) for name in ("grams", "vector", "embedding")
    )
    if len(grams) % 8 or len(vector) % 2:
        raise ValueError("cut short")
    found = TrainingDigest(
        sequence=str(record["sequence"]),
        tokens=int(str(record["tokens"])),
        grams=grams,
        vector=vector,
        embedding=embedding,
    )
    if found.record() != record:
        raise ValueError("not as it is written")
    return found
