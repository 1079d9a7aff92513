"""Findings to the few things that would help most, each with the figure that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalspec.auditing.look import WORST
from evalspec.auditing.people import percent
from evalspec.model.audit import Action, AuditFile, Finding

MOST_ACTIONS = 3

Advice = Callable[[Finding, Sequence[str], AuditFile], tuple[str, str]]


def _number(one: Finding, name: str) -> float:
    value = one.figures.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _cells(one: Finding) -> str:
    return ", ".join(f"{name} {value}" for name, value in one.cells)


def _training(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Take out what the model was trained on: a right answer there may be remembered.", one.words


def _contradictions(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Settle the texts that stand with two answers, if nothing else tells them apart.", one.words


def _origin(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    if file.fields.origin is None or _number(one, "unsaid") == one.n:
        words = "Say of every case who wrote it, in a column such as `origin`: human, or the generator's name."
        return words, f"{one.n:,} of {one.n:,} cases say nothing"
    if not _number(one, "people"):
        return "Put cases that people wrote beside the generated ones; only they anchor a verdict.", one.words
    return "Say who wrote the rest.", f"{_number(one, 'unsaid'):,.0f} of {one.n:,} cases say nothing"


def _verified(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    words = "Have a person check the expected answers and write down who, in a column such as `verified_by`."
    return words, one.words


def _coverage(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    words = "Add cases where the set has none"
    words += f", such as for “{_clipped(missed[0])}”." if missed else "."
    return words, f"reach: {_cells(one)}"


def _regions(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return _coverage(one, missed, file)[0], f"thin regions: {_cells(one)}"


def _openings(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Vary how cases begin: a template opens too many of them.", f"{_cells(one)}: {one.words}"


def _term(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Look at the wording that cases share: it may come from a prompt or template.", f"{_cells(one)}: {one.words}"


def _spread(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Make fewer cases of a kind and more kinds: the writer repeats itself.", f"spread: {_cells(one)}"


def _raw(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Let cases look as users type, in letters and marks: show the writer raw examples.", (
        f"{one.title}: {_cells(one)}"
    )


def _duplicates(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Drop the repeats, or weight them: they count one request many times.", one.words


def _places(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    gain = f"{percent(_number(one, 'value'))} for always the same letter, {percent(_number(one, 'even'))} by chance"
    return "Shuffle the choices, case by case: a model that likes one letter is rewarded.", gain


def _labels(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Add cases to the smallest labels; their pass rates say nothing yet.", one.words


def _label_mix(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Add cases of the labels that real texts have and the set does not.", one.words


def _copies(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Find out why cases that are said to be generated stand in the real texts.", one.words


# The order of equals: what makes scores wrong, then what makes them unfounded, then what makes them narrow.
ADVICE: Mapping[str, Advice] = {
    "training_overlap": _training,
    "contradictions": _contradictions,
    "from_people": _origin,
    "coverage": _coverage,
    "answer_places": _places,
    "verified": _verified,
    "label_mix": _label_mix,
    "opening_share": _openings,
    "top_term_excess": _term,
    "thin_regions": _regions,
    "spread": _spread,
    "duplicates": _duplicates,
    "rawness_lower": _raw,
    "rawness_open_end": _raw,
    "label_balance": _labels,
    "copies": _copies,
}


def first_actions(findings: Sequence[Finding], missed: Sequence[str], file: AuditFile) -> tuple[Action, ...]:
    """Return at most three things to do, errors first, each advice once."""
    order = list(ADVICE)
    wrong = [one for one in findings if one.status in ("error", "warning") and one.key in ADVICE]
    wrong.sort(key=lambda one: (-WORST[one.status], order.index(one.key)))
    found: list[Action] = []
    for one in wrong:
        words, figure = ADVICE[one.key](one, missed, file)
        if all(words != other.words for other in found):
            found.append(Action(finding=one.key, words=words, figure=figure))
    return tuple(found[:MOST_ACTIONS])


def _clipped(text: str, limit: int = 70) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
