"""What the jury says of candidates, and how far each juror can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

# Why a candidate goes to a person: never why it goes out.
Flag = Literal["implausible", "off_cell", "off_persona", "label", "split", "boundary", "unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one juror says of one candidate; None where the question does not arise or the juror is unsure."""

    case: str
    juror: str  # alias
    plausible: bool
    in_cell: bool | None = None
    in_persona: bool | None = None
    label: str | None = None  # that the juror would give
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JurorRecord:
    """How one juror did over one build; pairs are (times it held, times it was tried)."""

    alias: str
    asked: int
    unread: int  # verdicts that could not be read, counted apart from every other figure
    anchors: tuple[int, int] = (0, 0)  # verdicts on anchors that are the people's
    balanced: float | None = None  # mean of the shares right among passing and among failing anchors
    repeated: tuple[int, int] = (0, 0)  # the same verdict when asked again
    reordered: tuple[int, int] = (0, 0)  # the same label with the labels in reverse order
    with_label: tuple[int, int] = (0, 0)  # labels that are the expected one
    length_correlation: float | None = None  # of finding a text plausible with its length, Pearson, -1 to 1
    left_out: bool = False  # at or below chance on the anchors: its opinions count for nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """All opinions that count, the flags they raise, and the record of each juror."""

    opinions: tuple[Opinion, ...] = ()
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=lambda: MappingProxyType({}))  # by case
    # Jurors that gave the label a case should have, of those that judged it; where three or more did.
    found: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    records: tuple[JurorRecord, ...] = ()
