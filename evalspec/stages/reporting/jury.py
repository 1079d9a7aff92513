"""The report's page on the jury: what it flagged, and how far each juror can be trusted."""

from __future__ import annotations

from collections import Counter

from evalspec.model.build import Build
from evalspec.model.jury import Jury
from evalspec.stages.reporting.figures import number, table

FLAG_WORDS = {
    "implausible": "most jurors doubt that a real person would send it",
    "off_cell": "most jurors say that it is not of its cell",
    "off_persona": "most jurors say that it is not of its persona",
    "label": "most jurors would give another label",
    "split": "the jurors disagree",
    "boundary": "half of the jurors or more would not bet on their answer",
    "unread": "no juror gave a verdict that can be read",
}


def jury_tables(build: Build) -> list[str]:
    """Show flags by reason and a row a juror; nothing where no jury was asked."""
    jury = build.jury
    if not jury.records:
        return []
    counts = Counter(flag for flags in jury.flags.values() for flag in flags)
    judged = len({one.case for one in jury.opinions})
    lines = [
        "## Jury",
        "",
        f"{judged} candidates judged, {len(jury.flags)} sent to a person. An opinion sends a candidate to a person "
        "and never out of the set.",
        "",
    ]
    rows = [(f"`{flag}`", FLAG_WORDS[flag], str(count)) for flag, count in sorted(counts.items())]
    lines += table(("Flag", "Meaning", "Candidates"), rows) if rows else []
    head = ("Juror", "Asked", "Unread", "Anchors right", "Balanced", "Repeated", "Reordered", "Label", "Length")
    lines += table(
        head,
        [
            (
                one.alias + (" (left out: no better than chance)" if one.left_out else ""),
                str(one.asked),
                str(one.unread),
                _of(one.anchors),
                number(one.balanced),
                _of(one.repeated),
                _of(one.reordered),
                _of(one.with_label),
                number(one.length_correlation),
            )
            for one in jury.records
        ],
    )
    return [
        *lines,
        "Repeated: the same verdict when asked again. Reordered: the same label with the labels in reverse order. "
        "Label: the expected one. Length: correlation of finding a text plausible with its length.",
        "",
    ]


def jury_numbers(jury: Jury) -> dict[str, object]:
    """Return what the report's numbers say of the jury; pairs are (times it held, times it was tried)."""
    return {
        "flags": dict(sorted(Counter(flag for flags in jury.flags.values() for flag in flags).items())),
        "jurors": [
            {
                "alias": one.alias,
                "asked": one.asked,
                "unread": one.unread,
                "anchors": list(one.anchors),
                "repeated": list(one.repeated),
                "reordered": list(one.reordered),
                "label": list(one.with_label),
                **({"left_out": True} if one.left_out else {}),
            }
            for one in jury.records
        ],
    }


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}" if pair[1] else "–"
