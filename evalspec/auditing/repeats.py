"""What stands twice: in the set, in the real texts beside it, and in what a model was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evalspec.auditing.people import percent
from evalspec.digests import keyed_hash
from evalspec.model.audit import AuditFile, AuditRow, Finding, Origin, Status
from evalspec.stats.chi_square import chi_square_tail, independence
from evalspec.stats.intervals import wilson
from evalspec.text.nearness import NearIndex, folded
from evalspec.text.tokens import tokens

SECTION = "Repeating what?"
LISTED = 20
DUPLICATE_SHARE = 0.01  # under one case in a hundred nothing is lost; own choice
ALPHA = 0.01  # at which a set repeats itself more often than the real texts do
LONGEST_EXAMPLE = 60  # characters
Step = Callable[[str, int, int], None]

Key = tuple[str, ...] | str


def key_of(text: str) -> Key:
    """Return what two texts share that are equal but for case, spacing and marks."""
    return tokens(text) or folded(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Rows that repeat an earlier row (line to line), and how many of them do so word for word."""

    lines: Mapping[int, int]
    equal: int


def twins_of(rows: Sequence[AuditRow], step: Step) -> Twins:
    """Return the rows that are an earlier row but for noise: courtesy words and misspellings.

    A row that names what it was made from is near it on purpose, and no repeat unless it is equal.
    """
    index = NearIndex({str(at): row.text for at, row in enumerate(rows)})
    first: dict[Key, int] = {}
    found: dict[int, int] = {}
    equal = 0
    for at, row in enumerate(rows):
        key = key_of(row.text)
        earlier = first.setdefault(key, at)
        if earlier != at:
            found[row.line] = rows[earlier].line
            equal += 1
        else:
            near = None if row.has_parent else index.find(row.text, id=str(at))
            if near is not None:
                found[row.line] = rows[int(near[0])].line
            if not row.has_parent:
                index.add(str(at), row.text)
        if at % 500 == 0:
            step("repeats", at, len(rows))
    return Twins(lines=found, equal=equal)


def duplicates(
    file: AuditFile, seeds: Sequence[AuditRow], step: Step, is_showable: Callable[[str, Sequence[AuditRow]], bool]
) -> Finding:
    """Say which share of the cases repeats an earlier one, beside as many real texts: people repeat themselves too."""
    rows = file.rows
    found = twins_of(rows, step)
    n, count = len(rows), len(found.lines)
    figures: dict[str, object] = {
        "value": count / n,
        "count": count,
        "equal": found.equal,
        "interval": list(wilson(count, n)),
        "lines": [[line, other] for line, other in list(found.lines.items())[:LISTED]],
    }
    words = f"{percent(count / n)} ({count:,} of {n:,}) repeat an earlier case but for noise" if count else "none"
    if count:
        said, figures["example"] = _commonest(rows, found.lines, is_showable)
        words += f", {said}"
    context = {row.line: row.context for row in rows}
    apart = sum(context[line] != context[other] for line, other in found.lines.items())
    if apart:
        words += f", {apart:,} beside another `{file.fields.context[0]}`"
    figures["beside_other_context"] = apart
    size = min(n, len(seeds))
    is_natural = False  # people repeat themselves as often
    if count and size:
        # The share grows with the number of texts, so both sides are counted at one size.
        here = len(twins_of(lowest(rows, size), step).lines) if size < n else count
        there = len(twins_of(lowest(seeds, size), step).lines)
        figures |= {"at": size, "at_size": here / size, "seeds": there / size}
        words += f"; at {size:,} a side {percent(here / size)}, the real texts {percent(there / size)}"
        is_natural = here <= there or _as_often(here, there, size)
    is_natural = is_natural or (count - apart) / n <= DUPLICATE_SHARE
    status: Status = "ok" if count / n <= DUPLICATE_SHARE else "report" if is_natural else "warning"
    return _finding("duplicates", "duplicates", status, words, n, figures)


def _as_often(here: int, there: int, size: int) -> bool:
    """Tell whether two counts out of `size` each may be one rate."""
    return chi_square_tail(*independence((here, size - here), (there, size - there))) > ALPHA


def _commonest(
    rows: Sequence[AuditRow], lines: Mapping[int, int], is_showable: Callable[[str, Sequence[AuditRow]], bool]
) -> tuple[str, Mapping[str, object]]:
    """Name the case that is repeated most often: by its text if it may be shown, else by two lines."""
    first, times = min(Counter(lines.values()).items(), key=lambda one: (-one[1], one[0]))
    again = next(line for line, other in lines.items() if other == first)
    text = next(row.text for row in rows if row.line == first)
    figures = {"lines": [first, again], "times": times + 1}
    if len(text) <= LONGEST_EXAMPLE and is_showable(text, [row for row in rows if row.line not in lines]):
        return f"“{' '.join(text.split())}” {times + 1:,} times", {**figures, "text": text}
    return f"lines {first:,} and {again:,} for one", figures


def lowest(rows: Sequence[AuditRow], size: int) -> list[AuditRow]:
    """Return the rows whose texts have the lowest digests, in the order of the file: a sample that anyone can redo."""
    if size >= len(rows):
        return list(rows)
    order = sorted(range(len(rows)), key=lambda at: (keyed_hash("audit", rows[at].text), at))
    return [rows[at] for at in sorted(order[:size])]


def contradictions(file: AuditFile) -> Finding | None:
    """Name texts that stand with different answers; None where nothing is expected."""
    answers: dict[tuple[Key, str], dict[str, int]] = {}
    for row in file.rows:
        if row.expected is not None:
            answers.setdefault((key_of(row.text), row.context), {}).setdefault(row.expected, row.line)
    if not answers:
        return None
    found = [sorted(one.values()) for one in answers.values() if len(one) > 1]
    n = len(answers)
    words = f"{len(found):,} of {n:,} texts stand with different answers" if found else "none"
    if found:
        words += f", lines {found[0][0]:,} and {found[0][1]:,} for one"
    figures = {"value": len(found), "share": len(found) / n, "lines": sorted(found)[:LISTED]}
    return _finding("contradictions", "contradictions", "warning" if found else "ok", words, n, figures, unit="texts")


def training(
    file: AuditFile,
    rules: Mapping[int, str],
    size: int,
    origin_of: Callable[[AuditRow], Origin],
) -> Finding:
    """Say how many cases overlap with training texts: `rules` are lines and the rule that each fell under."""
    n, count = len(file.rows), len(rules)
    people = sum(origin_of(row) == "people" for row in file.rows if row.line in rules)
    by_rule = Counter(rules.values())
    figures = {
        "value": count,
        "share": count / n,
        "by_rule": dict(sorted(by_rule.items())),
        "of_people": people,
        "training_texts": size,
        "interval": list(wilson(count, n)),
        "lines": sorted(rules)[:LISTED],
    }
    names = {"equal_tokens": "equal", "shared_ngram": "share 13 words in a row", "cosine": "nearly equal"}
    told = ", ".join(f"{number:,} {names.get(rule, rule)}" for rule, number in by_rule.most_common())
    words = f"{percent(count / n)} ({count:,} of {n:,}): {told}" if count else f"none with {size:,} training texts"
    if people:
        words += f"; {people:,} by people"
    status: Status = "ok" if not count else "warning" if people == count else "error"
    return _finding("training_overlap", "training overlap", status, words, n, figures, unit="cases")


def _finding(
    key: str, title: str, status: Status, words: str, n: int, figures: Mapping[str, object], *, unit: str = "share"
) -> Finding:
    return Finding(key=key, section=SECTION, title=title, status=status, words=words, unit=unit, n=n, figures=figures)
