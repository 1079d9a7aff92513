"""Two locks and the numbers of their reports to the mix, measures and gates that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from evalspec.after.causes import Causes
from evalspec.after.fields import lineage_of
from evalspec.model.diff import NumberEdit, Said, Side

REAL = "prod"  # provenance of a production case
_MIX_BLOCKS = ("mix", "pools", "sources")
# Measures that say again what the mix says.
_IN_THE_MIX = frozenset({("cases", one) for one in ("all", "pool", "track")} | {("seeds", "all"), ("share", "pool"),
                         ("real_share", "all")})  # fmt: skip

Key = tuple[str, str]
Figures = Mapping[Key, tuple[float | str | None, int | None]]


def mix_edits(before: Side, after: Side, causes: Causes) -> tuple[NumberEdit, ...]:
    """Return cases, real ones, pools, tracks and drops whose count differs; counted from the locks themselves."""
    return _edits(_mix(before), _mix(after), lambda name: causes.of_block(*_MIX_BLOCKS))


def measure_edits(before: Side, after: Side, causes: Causes) -> tuple[NumberEdit, ...]:
    """Return the measures that differ between two reports; nothing when one of them is not at hand."""
    if before.numbers is None or after.numbers is None:
        return ()
    return _edits(_measures(before.numbers), _measures(after.numbers), causes.of_measure)


def gate_edits(before: Side, after: Side, causes: Causes) -> tuple[NumberEdit, ...]:
    """Return the gates whose answer or waiver differs between two reports."""
    if before.numbers is None or after.numbers is None:
        return ()
    return _edits(_gates(before.numbers), _gates(after.numbers), causes.of_gate)


def _mix(side: Side) -> Figures:
    cases = side.lock.cases if side.lock else ()
    found: dict[Key, tuple[float | str | None, int | None]] = {("cases", "all"): (len(cases), None)}
    real = sum(1 for one in cases if one.get("provenance") == REAL and not _is_mended(one))
    found[("real share", "all")] = (round(real / len(cases), 6) if cases else None, real)
    for name, counts in (
        ("pool", Counter(str(lineage_of(one).get("pool")) for one in cases)),
        ("track", Counter(str(one.get("track")) for one in cases)),
    ):
        found |= {(name, level): (count, None) for level, count in sorted(counts.items())}
    return found


def _is_mended(case: Mapping[str, object]) -> bool:
    """True for a case with a fix: a lock does not say whether text or label was fixed, so it counts as edited."""
    review = case.get("review")
    return isinstance(review, Mapping) and review.get("verdict") == "fix"


def _measures(numbers: Mapping[str, object]) -> Figures:
    found: dict[Key, tuple[float | str | None, int | None]] = {}
    for row in _rows(numbers.get("measures")):
        name = str(row.get("measure"))
        if (name, str(row.get("slice")).partition("=")[0]) in _IN_THE_MIX:
            continue
        about = [str(row[key]) for key in ("of", "space") if key in row]
        slice_ = " ".join([str(row.get("slice")), *(["of", *about] if about else [])])
        value, n = row.get("value"), row.get("n")
        number = float(value) if isinstance(value, int | float) else None
        found[(name, slice_)] = (number, n if isinstance(n, int) else None)
    return found


def _gates(numbers: Mapping[str, object]) -> Figures:
    found: dict[Key, tuple[float | str | None, int | None]] = {}
    for row in _rows(numbers.get("gates")):
        waived = f", waived until {row['waived_until']}" if "waived_until" in row else ""
        found[(str(row.get("gate")), str(row.get("slice") or "all"))] = (f"{row.get('answer')}{waived}", None)
    return found


def _rows(value: object) -> Iterable[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _edits(before: Figures, after: Figures, cause: Callable[[str], Said | None]) -> tuple[NumberEdit, ...]:
    found = []
    for name, slice_ in dict.fromkeys((*before, *after)):
        was, was_n = before.get((name, slice_), (None, None))
        now, now_n = after.get((name, slice_), (None, None))
        if was != now:  # the same figure of more cases is no news
            found.append(
                NumberEdit(
                    name=name, slice=slice_, before=was, after=now, before_n=was_n, after_n=now_n, cause=cause(name)
                )
            )
    return tuple(found)
