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

_EDGES: dict[str, Code] = {
    "E901": Code(
        "file not found",
        "A file that the spec or the command line names is not there. Paths in a spec are relative to it.",
    ),
    "E902": Code(
        "not a regular file", "Folders, pipes, devices and sockets are not read: a spec may come from a stranger."
    ),
    "E903": Code(
        "path leaves the project",
        "Inputs of a spec stand inside the project, also after links are followed. Raw data elsewhere comes in by "
        "`evalspec import SPEC SOURCE --from PATH`, which samples and scrubs it.",
    ),
    "E904": Code("file too large", "The file is over the limit that keeps a build within the memory of a laptop."),
    "E905": Code("not UTF-8", "Every text is UTF-8. Save the file again in that encoding."),
    "E906": Code("cannot be read", "The operating system refused to read the file: a permission or a disk fault."),
    "E907": Code("cannot be written", "The operating system refused to write; the old file, if any, is as it was."),
}

CODES: Mapping[str, Code] = MappingProxyType(
    dict(sorted({**_PARSE, **_VALIDATE, **_RESOLVE, **_IMPORT, **_BUILD, **_GATE, **_EDGES}.items()))
)
