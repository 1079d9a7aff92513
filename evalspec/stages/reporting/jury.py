"""The report's page on the jury: what it flagged, which cells it finds easy, and how far each juror can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from evalspec.model.build import Build
from evalspec.model.jury import Flag, JurorRecord, Jury
from evalspec.stages.reporting.figures import number, table
from evalspec.stats.agreement import kappa

FLAG_WORDS: Mapping[Flag, str] = MappingProxyType(
    {
        "implausible": "most jurors doubt that a real person would send it",
        "off_cell": "most jurors say that it is not of its cell",
        "off_persona": "most jurors say that it is not of its persona",
        "label": "most jurors would give another label",
        "split": "the jurors disagree",
        "boundary": "half of the jurors or more would not bet on their answer",
        "unread": "no juror gave a verdict that counts",
    }
)
EASY_SHARE = 0.8  # more jurors than this share find the label: most models will, and the case tells few apart
_HEAD = ("Juror", "Asked", "Unread", "Anchors right", "Balanced", "Repeated", "Reordered", "Label", "Length")
_PAIR_HEAD = ("Jurors", "Both judged", "Kappa, plausible", "Both labelled", "Kappa, label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How far two jurors agree beyond chance, over the candidates that both judged; kappa None: not known."""

    jurors: tuple[str, str]
    judged: int
    plausible: float | None
    labelled: int
    label: float | None


def jury_tables(build: Build) -> list[str]:
    """Show flags by reason, easy cells, and a row a juror; nothing where no jury was asked."""
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
    lines += _easy_table(build)
    lines += table(_HEAD, [_record(one) for one in jury.records])
    return [
        *lines,
        "Repeated: the same verdict when asked again. Reordered: the same label with the labels in reverse order. "
        "Label: the expected one. Length: correlation of finding a text plausible with its length.",
        "",
        *_pair_table(jury),
    ]


def pairs_of(jury: Jury) -> tuple[Pair, ...]:
    """Return the agreement of every two jurors whose opinions count, in the order of the jury."""
    said = {(one.juror, one.case): one for one in jury.opinions}
    aliases = [one.alias for one in jury.records if not one.left_out]
    cases = sorted({one.case for one in jury.opinions})
    found = []
    for left, right in combinations(aliases, 2):
        both = [(said[left, case], said[right, case]) for case in cases if {(left, case), (right, case)} <= said.keys()]
        labels = [(one.label, other.label) for one, other in both if one.label is not None and other.label is not None]
        found.append(
            Pair(
                jurors=(left, right),
                judged=len(both),
                plausible=kappa([(str(one.plausible), str(other.plausible)) for one, other in both]),
                labelled=len(labels),
                label=kappa(labels),
            )
        )
    return tuple(found)


def _pair_table(jury: Jury) -> list[str]:
    pairs = pairs_of(jury)
    if not pairs:
        return []
    rows = [
        (" and ".join(one.jurors), str(one.judged), number(one.plausible), str(one.labelled), number(one.label))
        for one in pairs
    ]
    said = (
        "Kappa: agreement of two jurors beyond chance, 1 for all; –: not known, since neither ever said anything else. "
        "Jurors who agree may be right, or wrong about the same things."
    )
    return [*table(_PAIR_HEAD, rows), said, ""]


def easy_cells(build: Build) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Return, by pool and cell, how many cases are too easy, of those that enough jurors gave a label."""
    places = {one.id: (one.pool, one.stratum) for one in build.candidates or ()}
    easy: Counter[tuple[str, str]] = Counter()
    judged: Counter[tuple[str, str]] = Counter()
    for case, (right, jurors) in build.jury.found.items():
        if case in places:
            judged[places[case]] += 1
            easy[places[case]] += right > EASY_SHARE * jurors
    return {place: (easy[place], judged[place]) for place in sorted(judged)}


def _easy_table(build: Build) -> list[str]:
    found = easy_cells(build)
    if not found:
        return ["Easiness: not evaluable; it takes three jurors who give a label, and cases that expect one.", ""]
    rows = [(pool, cell, str(judged), str(easy)) for (pool, cell), (easy, judged) in found.items()]
    said = (
        f"A case is too easy where more than {100 * EASY_SHARE:.0f} % of its jurors find the label that it should "
        "have. It stays in the set: a set of such cases alone tells no two models apart."
    )
    return [said, "", *table(("Pool", "Cell", "Evaluable", "Too easy"), rows)]


def _record(one: JurorRecord) -> tuple[str, ...]:
    return (
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


def jury_numbers(build: Build) -> dict[str, object]:
    """Return what the report's numbers say of the jury; pairs are (times it held, times it was tried)."""
    jury: Jury = build.jury
    return {
        "judged": len({one.case for one in jury.opinions}),
        "flagged": len(jury.flags),
        "flags": dict(sorted(Counter(flag for flags in jury.flags.values() for flag in flags).items())),
        "easy": [
            {"pool": pool, "cell": cell, "too_easy": easy, "evaluable": judged}
            for (pool, cell), (easy, judged) in easy_cells(build).items()
        ],
        "jurors": [
            {
                "alias": one.alias,
                "asked": one.asked,
                "unread": one.unread,
                "anchors": list(one.anchors),
                **({"balanced": one.balanced} if one.balanced is not None else {}),
                "repeated": list(one.repeated),
                "reordered": list(one.reordered),
                "label": list(one.with_label),
                **({"length": one.length_correlation} if one.length_correlation is not None else {}),
                **({"left_out": True} if one.left_out else {}),
            }
            for one in jury.records
        ],
        "pairs": [
            {
                "jurors": list(one.jurors),
                "judged": one.judged,
                **({"plausible": one.plausible} if one.plausible is not None else {}),
                "labelled": one.labelled,
                **({"label": one.label} if one.label is not None else {}),
            }
            for one in pairs_of(jury)
        ],
    }


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}" if pair[1] else "–"
