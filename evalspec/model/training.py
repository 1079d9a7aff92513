"""What is kept of a row that the subject was tuned on: digests and numbers, no text."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDigest:
    """One training row: the digest of its tokens, keyed digests of its n-grams, its quantised lexical vector."""

    sequence: str  # 16 hex digits of the digest of the token sequence
    tokens: int
    grams: tuple[int, ...] = ()  # 64-bit keyed hashes, sorted
    vector: tuple[tuple[int, int], ...] = ()  # (column, count from -8 to 7); none under eight tokens

    def record(self) -> Mapping[str, object]:
        """Return the row as JSON data, hashes and vector packed in base64."""
        grams = struct.pack(f">{len(self.grams)}Q", *self.grams)
        cells = struct.pack(f">{len(self.vector)}H", *(column << 4 | count + 8 for column, count in self.vector))
        return {
            "sequence": self.sequence,
            "tokens": self.tokens,
            "grams": base64.b64encode(grams).decode("ascii"),
            "vector": base64.b64encode(cells).decode("ascii"),
        }


def training_digest(record: Mapping[str, object]) -> TrainingDigest:
    """Read what `record` wrote; a ValueError, TypeError or KeyError means that nothing here wrote it."""
    grams, cells = (base64.b64decode(str(record[name]), validate=True) for name in ("grams", "vector"))
    if len(grams) % 8 or len(cells) % 2:
        raise ValueError("cut short")
    found = TrainingDigest(
        sequence=str(record["sequence"]),
        tokens=int(str(record["tokens"])),
        grams=struct.unpack(f">{len(grams) // 8}Q", grams),
        vector=tuple((cell >> 4, (cell & 15) - 8) for cell in struct.unpack(f">{len(cells) // 2}H", cells)),
    )
    if found.record() != record:
        raise ValueError("not as it is written")
    return found
