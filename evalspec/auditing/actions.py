"""Findings to the few things that would help most, each with the figure that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalspec.auditing.people import percent
from evalspec.model.audit import Action, AuditFile, Finding

MOST_ACTIONS = 3
MOST_LEFT_OUT = 0.1  # of the rows; more, and the first thing to do is to read the file as it is meant
# Own choices, of what counts beside a measured fault of as many cases: what only nobody has said, wording, marks.
UNSAID = 0.06
UNCHECKED = 0.05
ONLY_GENERATED = 0.3  # a set without a single case by people anchors nothing
WORDING = 0.5
MARKS = 0.3
FEW = 0.1  # of the cases of labels that have too few
CONTRADICTED = 3.0  # whoever answers one of two cases right is wrong in the other, and there are more that nobody met
ERROR = 1.5

Weight = Callable[[Finding], float]
Advice = Callable[[Finding, Sequence[str], AuditFile], tuple[str, str]]


def _number(one: Finding, name: str) -> float:
    value = one.figures.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _cells(one: Finding) -> str:
    return ", ".join(f"{name} {value}" for name, value in one.cells)


def _training(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    lines = one.figures.get("lines")
    named = f"; line {lines[0]:,} for one" if isinstance(lines, list) and lines else ""
    return "Take out what the model was trained on: a right answer there may be remembered.", f"{one.words}{named}"


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


def _answered(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Say what is expected of the other cases, or take them out: nothing can be right about them.", one.words


def _labels(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    if _number(one, "labels") == 1:
        return "Add cases with other answers: a model that always says the same passes them all.", one.words
    return "Add cases to the smallest labels; their pass rates say nothing yet.", one.words


def _label_mix(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    return "Add cases of the labels that real texts have and the set does not.", one.words


def _copies(one: Finding, missed: Sequence[str], file: AuditFile) -> tuple[str, str]:
    if one.figures.get("nothing_left"):
        return "Hold the set against other real texts: it stands in these, and nothing can be compared.", one.words
    return "Find out why cases that are said to be generated stand in the real texts.", one.words


# What to do, and the share of the set, or of the real texts, that the fault is about.
ADVICE: Mapping[str, tuple[Advice, Weight]] = {
    "training_overlap": (_training, lambda one: _number(one, "share")),
    "contradictions": (_contradictions, lambda one: CONTRADICTED * _number(one, "share")),
    "answered": (_answered, lambda one: 1 - _number(one, "value")),
    "coverage": (_coverage, lambda one: _number(one, "gap")),
    "answer_places": (_places, lambda one: _number(one, "value") - _number(one, "even")),
    "duplicates": (_duplicates, lambda one: _repeated(one)),
    "label_mix": (_label_mix, lambda one: _number(one, "missing_share")),
    "from_people": (_origin, lambda one: _unsaid(one)),
    "verified": (_verified, lambda one: UNCHECKED * (1 - _number(one, "value"))),
    "opening_share": (_openings, lambda one: WORDING * _number(one, "gap")),
    "top_term_excess": (_term, lambda one: WORDING * _number(one, "gap")),
    "thin_regions": (_regions, lambda one: UNCHECKED),
    "spread": (_spread, lambda one: WORDING * _number(one, "gap")),
    "rawness_lower": (_raw, lambda one: MARKS * _number(one, "gap")),
    "rawness_open_end": (_raw, lambda one: MARKS * _number(one, "gap")),
    "label_balance": (_labels, lambda one: 1.0 if _number(one, "labels") == 1 else FEW * _number(one, "few_share")),
    "copies": (_copies, lambda one: 1.0 if one.figures.get("nothing_left") else _copied_as_generated(one)),
}


def _repeated(one: Finding) -> float:
    """Return the share of repeats that real texts, or another context, do not explain."""
    if "at_size" in one.figures:
        return max(_number(one, "at_size") - _number(one, "seeds"), 0.0)
    return _number(one, "value") - _number(one, "beside_other_context") / max(one.n, 1)


def _copied_as_generated(one: Finding) -> float:
    return _number(one, "said_generated") / max(one.n, 1)


def _unsaid(one: Finding) -> float:
    unsaid = _number(one, "unsaid") / max(one.n, 1)
    return UNSAID * unsaid if unsaid or _number(one, "people") else ONLY_GENERATED


def first_actions(findings: Sequence[Finding], missed: Sequence[str], file: AuditFile) -> tuple[Action, ...]:
    """Return at most three things to do, each advice once: by how much of the set, or of what users send, is wrong.

    What would stop a launch counts half as much again, and is among the three whatever else there is.
    """
    wrong = [one for one in findings if one.status in ("error", "warning") and one.key in ADVICE]
    wrong.sort(key=_weight, reverse=True)
    found: list[tuple[bool, Action]] = []
    for one in wrong:
        words, figure = ADVICE[one.key][0](one, missed, file)
        if all(words != other.words for _, other in found):
            found.append((one.status == "error", Action(finding=one.key, words=words, figure=figure)))
    first = list(_left_out(file))
    room = MOST_ACTIONS - len(first)
    errors = sum(is_error for is_error, _ in found[room:])
    kept = found[: max(room - errors, 0)]
    kept += [one for one in found[len(kept) :] if one[0]]
    return (*first, *(action for _, action in kept))[:MOST_ACTIONS]


def _weight(one: Finding) -> float:
    return ADVICE[one.key][1](one) * (ERROR if one.status == "error" else 1.0)


def _left_out(file: AuditFile) -> tuple[Action, ...]:
    """Say that a large part of the file was not read."""
    count = file.refused + file.blank
    rows = len(file.rows) + count
    if count <= MOST_LEFT_OUT * rows:
        return ()
    words = "Look at how the file was read: another column, or another form, may hold what users ask."
    figure = f"{percent(count / rows)} of the rows ({count:,} of {rows:,}) are in no figure; text `{file.fields.text}`"
    return (Action(finding="read", words=words, figure=figure),)


def _clipped(text: str, limit: int = 70) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
