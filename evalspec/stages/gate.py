"""Measurements to verdicts: pass, fail, or not known; a point past its bound without evidence is no failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evalspec.model.defaults import CHANGE_ALPHA, GATE_ALPHA, GATE_INTERVAL, MIN_AGREEMENT_PAIRS, RELATIVE
from evalspec.model.outcome import Measurement, Verdict
from evalspec.model.slices import slice_label
from evalspec.model.spec import GateRule, Spec, Waiver, space_of
from evalspec.model.vocabulary import LEXICAL, TWO_QUESTIONS
from evalspec.stages.gate_words import alpha_of, bound_text, sentence, to_do, to_have, to_know
from evalspec.stages.measuring.frame import WHOLE, is_written

CHANGE = ".change"
NOTHING_TO_JUDGE = ("not applicable", "not asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Breach:
    """A bound that a figure passed, and whether there is evidence for it."""

    bound: float | None
    below: bool
    has_evidence: bool


def gate(measurements: Iterable[Measurement], spec: Spec, today: str | None) -> tuple[Verdict, ...]:
    """Judge every gate of the spec on every slice it looks at; `today` lets waivers expire."""
    rows = tuple(measurements)
    return tuple(verdict for rule in spec.gates for verdict in _judged(rule, rows, spec, today))


def _judged(rule: GateRule, rows: Sequence[Measurement], spec: Spec, today: str | None) -> list[Verdict]:
    waiver = next((one for one in spec.waivers if one.gate == rule.name), None)
    if rule.severity == "off":
        return [_verdict(rule, "off", None, "switched off by the spec", None, waiver, today)]
    found: list[Verdict] = []
    has_bound = any(bound is not None for bound in (rule.min, rule.max, rule.within))
    if has_bound or rule.change is None:
        found += _over(rule, rule.measure, rows, spec, waiver, today)
    if rule.change is not None:
        found += _over(rule, rule.measure + CHANGE, rows, spec, waiver, today)
    return found


def _over(
    rule: GateRule, measure: str, rows: Sequence[Measurement], spec: Spec, waiver: Waiver | None, today: str | None
) -> list[Verdict]:
    seen = _looked_at(rule, [one for one in rows if one.measure == measure], spec)
    if not seen and rule.is_default:
        return []  # a default about pools that the set does not have asks nothing
    if not seen:
        silent = next(
            (one for one in rows if one.measure == measure and one.slice == WHOLE and one.value is None), None
        )
        where = slice_label(rule.where) if rule.where else rule.by or "the pools that a generator wrote"
        why = silent.note if silent is not None and silent.note else f"was not measured on {where}"
        nothing = Measurement(measure=measure, version=1, value=None, slice=where, note=why)
        row = nothing if nothing.is_change else None  # so that a report, which holds no change, leaves it out
        return [_verdict(rule, "not known", row, f"{measure}: {why}", None, waiver, today)]
    return [_judge(rule, row, waiver, today) for row in seen]


def _looked_at(rule: GateRule, rows: Sequence[Measurement], spec: Spec) -> list[Measurement]:
    fitting = [one for one in rows if rule.of in (None, one.of) and _is_of_space(one, rule, spec)]
    prefix = slice_label(rule.where) if rule.where else ""
    if rule.by is not None:
        start = f"{prefix},{rule.by}=" if prefix else f"{rule.by}="
        return [one for one in fitting if one.slice.startswith(start) and "," not in one.slice[len(start) :]]
    if rule.where:
        return [one for one in fitting if one.slice == prefix]
    whole = [one for one in fitting if one.slice == WHOLE]
    if whole:
        return whole
    judged = {f"pool={pool.name}" for pool in spec.pools if rule.measure in ("share", "age") or is_written(pool)}
    return [one for one in fitting if one.slice in judged]


def _is_of_space(row: Measurement, rule: GateRule, spec: Spec) -> bool:
    space = space_of(rule, spec)
    if row.space is None and rule.measure in TWO_QUESTIONS:
        return space == LEXICAL
    return row.space in (None, space)


def _judge(rule: GateRule, row: Measurement, waiver: Waiver | None, today: str | None) -> Verdict:
    if row.value is None:
        note = row.note or "not evaluable"
        status = "off" if note.startswith(NOTHING_TO_JUDGE) else "not known"
        return _verdict(rule, status, row, f"{row.measure}: {note}", to_have(row), waiver, today)
    if rule.within is not None and _relative(row) is None:
        why = f"the seeds' own is {row.baseline:g}" if row.baseline is not None else "the seeds have no such figure"
        said = f"{row.measure} is {row.value:.3g}, and {why}: nothing is within a share of that; bound it by `max`"
        return _verdict(rule, "not known", row, said, None, waiver, today)
    breach = _breach(rule, row)
    bound = bound_text(rule)
    declared = row.detail.get("declared")
    if row.measure == "share" and breach is not None and breach.bound is None:
        bound = f"the mix declares {declared} cases, there are {row.detail.get('cases')}"
    said = sentence(row, bound_text(rule, changed=row.is_change) if bound == bound_text(rule) else bound)
    if breach is None:
        if row.note is not None and row.note.startswith("not known"):
            return _verdict(
                rule, "not known", row, f"{said}; {row.note}", to_know(row, None, below=False), waiver, today
            )
        return _verdict(rule, "pass", row, said, None, waiver, today)
    if not breach.has_evidence:
        advice = to_know(row, breach.bound, below=breach.below)
        said = f"{said}; past the bound, and chance is not ruled out"
        return replace(_verdict(rule, "not known", row, said, advice, waiver, today), is_past=True)
    return replace(_verdict(rule, "fail", row, said, to_do(row, below=breach.below), waiver, today), is_past=True)


def _breach(rule: GateRule, row: Measurement) -> _Breach | None:
    assert row.value is not None
    if row.measure.endswith(CHANGE):
        past = rule.change is not None and row.value > rule.change
        return _Breach(bound=rule.change, below=False, has_evidence=_has_evidence(row, None, False)) if past else None
    if rule.min is not None and row.value < rule.min:
        return _Breach(bound=rule.min, below=True, has_evidence=_has_evidence(row, rule.min, True))
    if rule.max is not None and row.value > rule.max:
        return _Breach(bound=rule.max, below=False, has_evidence=_has_evidence(row, rule.max, False))
    if rule.within is not None:
        apart = _relative(row)
        if apart is not None and abs(apart) > rule.within:
            has_evidence = _has_evidence(row, None, apart < 0) and (row.p is None or row.p <= alpha_of(row.measure))
            return _Breach(bound=None, below=apart < 0, has_evidence=has_evidence)
    declared = row.detail.get("declared")
    is_bare = rule.min is None and rule.max is None and rule.within is None
    if row.measure == "share" and is_bare and declared is not None and declared != row.detail.get("cases"):
        return _Breach(bound=None, below=False, has_evidence=True)
    return None


def _relative(row: Measurement) -> float | None:
    assert row.value is not None
    if row.measure in RELATIVE:
        return row.value
    if row.value == row.baseline:
        return 0.0
    return row.value / row.baseline - 1 if row.baseline else None


def _has_evidence(row: Measurement, bound: float | None, below: bool) -> bool:
    name = row.measure.removesuffix(CHANGE)
    if name in GATE_ALPHA:
        return row.p is not None and row.p <= GATE_ALPHA[name]
    if row.is_change and row.p is not None:
        return row.p <= CHANGE_ALPHA
    if name in GATE_INTERVAL and bound is not None and row.interval is not None:
        if name == "agreement" and row.n < MIN_AGREEMENT_PAIRS:
            return False
        return row.interval[1] < bound if below else row.interval[0] > bound
    return True


def _verdict(
    rule: GateRule,
    status: str,
    row: Measurement | None,
    message: str,
    advice: str | None,
    waiver: Waiver | None,
    today: str | None,
) -> Verdict:
    is_over = waiver is not None and today is not None and today > waiver.until
    if waiver is not None and is_over:
        message = f"{message}; its waiver ended on {waiver.until}"
    holds = waiver if waiver is not None and not is_over else None
    assert status in ("pass", "fail", "not known", "off")
    return Verdict(
        gate=rule.name,
        status=status,  # type: ignore[arg-type]  # one of the four, asserted above
        severity=rule.severity,
        measurement=row,
        bound=bound_text(rule),
        message=message,
        advice=advice,
        waived_until=holds.until if holds is not None else None,
        waiver_reason=holds.reason if holds is not None else None,
        at=rule.at,
    )
