"""The table of diagnostic codes: a letter for the stage, three digits, a title and what `explain` prints.

Letters: Y parse, S validate, C resolve, I import and snapshots, X expand, M models, V review, G gate, L lock,
E edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table."""

    title: str
    text: str


_PARSE: dict[str, Code] = {}

_VALIDATE: dict[str, Code] = {}

_RESOLVE: dict[str, Code] = {}

_IMPORT: dict[str, Code] = {}

_BUILD: dict[str, Code] = {}

_GATE: dict[str, Code] = {}

_EDGES: dict[str, Code] = {}

CODES: Mapping[str, Code] = MappingProxyType(
    dict(sorted({**_PARSE, **_VALIDATE, **_RESOLVE, **_IMPORT, **_BUILD, **_GATE, **_EDGES}.items()))
)
