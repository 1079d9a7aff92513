"""Measurements to the lines of a screen: which stand where, how a value is spelled, and what is said beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evalspec.auditing.beside import Beside
from evalspec.auditing.people import percent
from evalspec.model.audit import Finding, Status
from evalspec.model.outcome import Measurement, Verdict

LIKE = "Like real requests?"
COSTUME = "Wearing a costume?"
RAW = "As raw?"
SHIFT_ALPHA = 0.01  # at which two sources are called two
LENGTHS = 2.0  # between the median lengths of two sides, from which shares of cases are not comparable
SAYS_SOMETHING = 4  # letters; shorter words are mostly grammar, and named after the others
TOLD = 3  # words of a region
NAMED = 6  # words that fit beside a figure
LEAD = 0.02  # of a word's share over that in the real texts, under which it is not worth naming
_WIDE_GAP = re.compile(r"(?<=[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]) (?=[\u2e80-\u9fff\uf900-\ufaff])")
WORST: Mapping[Status, int] = {"error": 4, "warning": 3, "unknown": 2, "ok": 1, "report": 0}

Spell = Callable[[Measurement], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure on the screen: its title, how its value and that of the real texts are spelled, what is said."""

    measure: str
    section: str
    title: str
    cell: Spell
    real: Spell
    words: Callable[[Mapping[str, Measurement]], str] = lambda rows: ""
    space: str | None = None
    gap: Callable[[Measurement], float] = lambda row: 0.0  # how much of the set, or of the real texts, is off


def _detail(row: Measurement, name: str) -> float:
    value = row.detail.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _missed(row: Measurement) -> float:
    return 1 - (row.value or 0.0) / row.baseline if row.baseline else 0.0


def _lead(row: Measurement) -> float:
    return max((row.value or 0.0) - (row.baseline or 0.0), 0.0)


def _own_gap(row: Measurement) -> float:
    return abs(_detail(row, "share") - (row.baseline or 0.0))


def _value(digits: int) -> Spell:
    return lambda row: "–" if row.value is None else f"{row.value:.{digits}f}"


def _share(row: Measurement) -> str:
    return "–" if row.value is None else percent(row.value)


def _base_share(row: Measurement) -> str:
    return "–" if row.baseline is None else percent(row.baseline)


def _own_share(row: Measurement) -> str:
    return percent(_detail(row, "share"))


def _shift(row: Measurement) -> str:
    effect = _detail(row, "effect")
    return percent(effect) if effect > 0 else "0 %"


def _said_shift(rows: Mapping[str, Measurement]) -> str:
    apart = [name for name, row in rows.items() if row.p is not None and row.p <= SHIFT_ALPHA]
    if not apart:
        return "no difference seen"
    return "not the same source" if len(apart) == len(rows) else f"not the same source: {', '.join(apart)}"


def _said_coverage(rows: Mapping[str, Measurement]) -> str:
    return "of real texts have a neighbour"


def _said_thin(rows: Mapping[str, Measurement]) -> str:
    """Name what the emptiest part of the real texts is about, by words that several of them share."""
    for row in rows.values():
        thin = row.detail.get("thin")
        first = thin[0] if isinstance(thin, list) and thin else None
        if isinstance(first, Mapping):
            words = _telling(first.get("words"))[:TOLD]
            about = f" about {', '.join(words)}" if words else ""
            cases = first.get("cases")
            many = f"{cases} case{'' if cases == 1 else 's'}"
            return f"such as {many} for {first.get('texts')} real texts{about}"
    return "no part of the real texts has too few cases"


def _telling(words: object) -> list[str]:
    """Return words, the long ones first: short ones are mostly grammar."""
    names = [str(one) for one in words] if isinstance(words, list | tuple | Mapping) else []
    return sorted(names, key=lambda one: len(one) < SAYS_SOMETHING)  # stable: the most telling of each first


def _uneven(rows: Mapping[str, Measurement]) -> bool:
    """Tell whether the cases of a pool are so much longer or shorter than the real texts that shares mislead."""
    sizes = [(_detail(row, "median_tokens"), _detail(row, "median_tokens_seeds")) for row in rows.values()]
    return any(max(pair) >= LENGTHS * max(min(pair), 1) for pair in sizes)


def _one_for_all(rows: Mapping[str, Measurement], spell: Callable[[Measurement], str]) -> str:
    """Say one thing where there is one pool, else one thing a pool."""
    told = {name: spell(row) for name, row in rows.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{name}: {words}" for name, words in told.items() if words)


def spelled(opening: str) -> str:
    """Spell an opening as it is read: `#` stands for a number, and wide characters have no blanks between them."""
    words = " ".join("a number" if one == "#" else one for one in opening.split())
    return f"“{_WIDE_GAP.sub('', words)}”" if words.replace("a number", "").strip() else words


def _opening(row: Measurement) -> str:
    return f"open with {spelled(str(row.detail.get('opening', '')))}"


def _term(row: Measurement) -> str:
    if (row.value or 0.0) < LEAD:
        return "no word leads"
    lead = percent(row.value or 0.0).removesuffix(" %")
    return f"hold “{row.detail.get('term', '')}”, {lead} points more"


def _told(row: Measurement) -> str:
    return ", ".join(_telling(row.detail.get("words"))[:NAMED])


def _tokens(name: str) -> Spell:
    return lambda row: f"{_detail(row, name):g}"


ROWS: tuple[Row, ...] = (
    Row(
        measure="shift",
        space="lexical",
        section=LIKE,
        title="shift",
        cell=_shift,
        real=lambda row: "0 %",
        words=_said_shift,
    ),
    Row(
        measure="coverage",
        gap=_missed,
        space="lexical",
        section=LIKE,
        title="reach",
        cell=_share,
        real=_base_share,
        words=_said_coverage,
    ),
    Row(
        measure="thin_regions",
        space="lexical",
        section=LIKE,
        title="thin regions",
        cell=_value(0),
        real=lambda row: "0",
        words=_said_thin,
    ),
    Row(
        measure="shift",
        space="minilm",
        section=LIKE,
        title="shift in meaning",
        cell=_shift,
        real=lambda row: "0 %",
        words=_said_shift,
    ),
    Row(
        measure="coverage",
        gap=_missed,
        space="minilm",
        section=LIKE,
        title="reach in meaning",
        cell=_share,
        real=_base_share,
        words=_said_coverage,
    ),
    Row(
        measure="spread",
        gap=lambda row: max(1 - (row.value or 0.0), 0.0),
        space="lexical",
        section=LIKE,
        title="spread",
        cell=_value(2),
        real=lambda row: "1.00",
        words=lambda rows: "how far apart two cases stand",
    ),
    Row(
        measure="distinct_1",
        section=LIKE,
        title="words a case",
        cell=_tokens("median_tokens"),
        real=_tokens("median_tokens_seeds"),
        words=lambda rows: "median" + ("; too far apart to compare openings and words" if _uneven(rows) else ""),
    ),
    Row(
        measure="opening_share",
        gap=_lead,
        section=COSTUME,
        title="commonest opening",
        cell=_share,
        real=_base_share,
        words=lambda rows: _one_for_all(rows, _opening),
    ),
    Row(
        measure="top_term_excess",
        gap=lambda row: row.value or 0.0,
        section=COSTUME,
        title="top word",
        cell=_own_share,
        real=lambda row: _base_share(row) if row.detail.get("share") is not None else "–",
        words=lambda rows: _one_for_all(rows, _term),
    ),
    Row(
        measure="tell_tale",
        section=COSTUME,
        title="telltale words",
        cell=_value(0),
        real=lambda row: "",
        words=lambda rows: _one_for_all(rows, _told),
    ),
    Row(
        measure="rawness_lower",
        gap=_own_gap,
        section=RAW,
        title="small first letter",
        cell=_own_share,
        real=_base_share,
    ),
    Row(
        measure="rawness_open_end",
        gap=_own_gap,
        section=RAW,
        title="no mark at the end",
        cell=_own_share,
        real=_base_share,
    ),
    Row(
        measure="rawness_noise",
        section=RAW,
        title="haste and noise",
        cell=lambda row: f"{_detail(row, 'rate'):.1f}",
        real=lambda row: "–" if row.baseline is None else f"{row.baseline:.1f}",
        words=lambda rows: "per 1,000 words: u, thx, dont, !!",
    ),
)


def lines(beside: Beside, scrub: Callable[[str], str]) -> tuple[Finding, ...]:
    """Return a finding for each row of the screen that was measured."""
    found = []
    for row in ROWS:
        measured = {
            beside.names[one.slice]: one
            for one in beside.measurements
            if one.measure == row.measure and one.space == row.space and one.slice in beside.names
        }
        if measured:
            found.append(_finding(row, measured, beside, scrub))
    return tuple(found)


def _finding(row: Row, measured: Mapping[str, Measurement], beside: Beside, scrub: Callable[[str], str]) -> Finding:
    known = {name: one for name, one in measured.items() if one.value is not None}
    cells = tuple((name, row.cell(one) if name in known else "–") for name, one in measured.items())
    first = next(iter(known.values()), None)
    verdicts = [
        one
        for one in beside.verdicts
        if one.measurement is not None
        and one.measurement.measure == row.measure
        and one.measurement.space == row.space
        and one.measurement.slice in beside.names
    ]
    status = worst([_status(one) for one in verdicts] or ["report"])
    if row.measure == "top_term_excess" and _uneven(known):
        status = "unknown"  # a word is likelier in a longer text, whoever wrote it
    if row.measure == "thin_regions":  # tested one by one: of equal sources three in a hundred show one
        status = "warning" if any(one.value for one in known.values()) else "ok"
    return Finding(
        key=row.measure if row.space in (None, "lexical") else f"{row.measure}_{row.space}",
        section=row.section,
        title=row.title,
        status=status,
        words=scrub(row.words(known)) if known else next(iter(measured.values())).note or "not evaluable",
        cells=(*cells, ("real", row.real(first) if first is not None else "–")),
        unit=next(iter(measured.values())).unit,
        n=sum(one.n for one in measured.values()),
        p=min((one.p for one in known.values() if one.p is not None), default=None),
        figures={
            "gap": max((row.gap(one) for one in known.values()), default=0.0),
            "past": [_past(one, beside) for one in verdicts if one.is_past],
        },
    )


def _status(verdict: Verdict) -> Status:
    row = verdict.measurement
    if verdict.status == "pass" or (row is not None and row.measure == "opening_share" and _as_real(row)):
        return "ok"
    if verdict.status == "fail":
        return "error" if verdict.severity == "error" else "warning"
    return "unknown" if verdict.status == "not known" else "report"


def _as_real(row: Measurement) -> bool:
    """Tell whether the real texts themselves open alike as often."""
    return row.value is not None and row.baseline is not None and row.value <= row.baseline


def _past(verdict: Verdict, beside: Beside) -> dict[str, object]:
    assert verdict.measurement is not None
    return {"pool": beside.names[verdict.measurement.slice], "bound": verdict.bound, "status": verdict.status}


def worst(statuses: Sequence[Status]) -> Status:
    """Return the worst of several statuses."""
    return max(statuses, key=lambda one: WORST[one])
