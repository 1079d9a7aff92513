"""Raw rows to rows of an audit: the user's turns, the answer, and where it stands among choices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalspec.auditing.fields import ANSWERS_ARE_LETTERS, count_choices
from evalspec.auditing.origins import says_verified
from evalspec.digests import digest
from evalspec.model.audit import AuditFields, AuditRow
from evalspec.model.case import user_texts
from evalspec.model.row import RawRow
from evalspec.model.spec import Fields, Source
from evalspec.row_problems import RowProblems
from evalspec.stages.turns import CONTENT_KEYS, ROLE_KEYS, RowProblem, as_turns, decoded, look_up
from evalspec.text.json_text import scalar_text

LONGEST_TEXT = 50_000  # characters of a case that are measured: a long chat; the rest is an attachment
MOST_TEXT = 30_000_000  # characters of all texts together; more are cut at one length: a word takes fifty bytes here
LEAST_TEXT = 200  # characters that every text keeps
LONGEST_WORD = 200  # characters of an answer or an origin that are compared
MOST_CHOICES = 26
SURELY_CHOICES = 20  # answers that stand among listed choices, to be places even if it is always the same one

_HINT = "A conversation is a list of `{role, content}`; `--text COLUMN` names another column."
_LETTER = re.compile(r"\W*([A-Za-z])\W*")
_MARKED = (re.compile(r"\(([A-Z])\)"), re.compile(r"^\s*([A-Z])[.):]\s", re.MULTILINE))


@dataclass(slots=True)
class Counts:
    """What reading came to; a class because it grows."""

    refused: int = 0
    blank: int = 0
    cut: int = 0
    met: set[str] = field(default_factory=set)


def read_audit_rows(
    raws: Iterable[RawRow], fields: AuditFields, problems: RowProblems, counts: Counts
) -> tuple[AuditRow, ...]:
    """Return the rows that have a user's text; one that cannot be read is a warning with its line, and counted."""
    source = _source(fields)
    found: list[tuple[AuditRow, object]] = []
    for raw in raws:
        try:
            row = _row(raw, fields, source, counts)
        except RowProblem as problem:
            counts.refused += 1
            problems.add("A804", problem.message, line=raw.line, hint=_HINT, severity="warning")
            continue
        if row is None:
            counts.blank += 1
        else:
            found.append((row, _choices(raw, fields)))
    return _placed(_bounded(found, counts))


def _bounded(found: Sequence[tuple[AuditRow, object]], counts: Counts) -> Sequence[tuple[AuditRow, object]]:
    """Cut the longest texts where all of them together are more than is measured."""
    sizes = [len(row.text) for row, _ in found]
    limit = LONGEST_TEXT
    while limit > LEAST_TEXT and sum(min(size, limit) for size in sizes) > MOST_TEXT:
        limit = max(limit * 3 // 4, LEAST_TEXT)
    if limit == LONGEST_TEXT:
        return found
    counts.cut = sum(size > limit for size in sizes)
    return [
        (replace(row, turns=_cut(row.turns, limit)) if size > limit else row, choices)
        for (row, choices), size in zip(found, sizes, strict=True)
    ]


def _choices(raw: RawRow, fields: AuditFields) -> object:
    if fields.choices:
        return look_up(raw.values, fields.choices)
    listed = [look_up(raw.values, name) for name in fields.spread]
    return [one for one in listed if one is not None]  # the last ones may be empty: not every question has as many


def _source(fields: AuditFields) -> Source:
    keys = (("role", fields.role), ("content", fields.content))
    columns = tuple((name, key) for name, key in keys if key is not None)
    return Source(name="set", kind="production", path="", fields=Fields(columns=columns), speakers=fields.speakers)


def _row(raw: RawRow, fields: AuditFields, source: Source, counts: Counts) -> AuditRow | None:
    turns = _turns(look_up(raw.values, fields.text), source, fields.text)
    if not any(one.strip() for one in turns):
        return None
    size = sum(map(len, turns))
    if size > LONGEST_TEXT:
        counts.cut += 1
        turns = _cut(turns, LONGEST_TEXT)
    return AuditRow(
        line=raw.line,
        turns=turns,
        expected=_word(look_up(raw.values, fields.label)) if fields.label else None,
        origin=_word(look_up(raw.values, fields.origin)) if fields.origin else None,
        verified=_verified(raw, fields.verified),
        context=_context(raw, fields),
        has_parent=fields.parent is not None and look_up(raw.values, fields.parent) not in (None, []),
    )


def _turns(value: object, source: Source, column: str) -> tuple[str, ...]:
    if value is None:
        return ()
    inner = decoded(value)
    if isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner) and isinstance(value, list):
        return ("\n".join(inner),)
    if isinstance(inner, list) and inner and (said := _without_roles(inner)):
        return said
    turns = as_turns(value, source)
    if turns is not None:
        return tuple(one for one in user_texts(turns) if one)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (scalar_text(value),)
    kind = "a boolean" if isinstance(value, bool) else "an object"
    raise RowProblem(f"`{column}` holds {kind}, not a text or a conversation")


def _without_roles(messages: Sequence[object]) -> tuple[str, ...]:
    """Return the texts of messages that name no speaker: all of them are the user's, or somebody would be named."""
    found = []
    for one in messages:
        if not isinstance(one, Mapping) or any(key in one for key in ROLE_KEYS):
            return ()
        found.append(next((one[key] for key in CONTENT_KEYS if isinstance(one.get(key), str)), None))
    return tuple(one for one in found if one) if all(isinstance(one, str) for one in found) else ()


def _cut(turns: Sequence[str], limit: int) -> tuple[str, ...]:
    kept, room = [], limit
    for one in turns:
        kept.append(one[:room])
        room -= len(kept[-1])
        if room <= 0:
            break
    return tuple(kept)


def _word(value: object) -> str | None:
    if isinstance(value, list) and value and all(isinstance(one, str | int | float) for one in value):
        value = ", ".join(sorted({scalar_text(one).strip() for one in value}))  # several labels, in any order
    if isinstance(value, str | int | float):
        return scalar_text(value).strip()[:LONGEST_WORD] or None
    return None


def _verified(raw: RawRow, column: str | None) -> bool | None:
    if column is None:
        return None
    return says_verified(column.rpartition(".")[2].strip().lower(), look_up(raw.values, column))


def _context(raw: RawRow, fields: AuditFields) -> str:
    """Return a digest of the other prose of a row: the same question about another passage is another case."""
    said = [look_up(raw.values, name) for name in fields.context]
    return digest([one if isinstance(one, str) else None for one in said]) if any(said) else ""


def _placed(found: Sequence[tuple[AuditRow, object]]) -> tuple[AuditRow, ...]:
    """Say where the right answer stands, if nearly all answers are letters, numbers or texts of their choices."""
    rows = tuple(row for row, _ in found)
    answered = [(at, row, choices) for at, (row, choices) in enumerate(found) if row.expected is not None]
    if len(answered) < 2:
        return rows
    numbers = [int(spelled) for _, row, _ in answered if (spelled := row.expected or "").isdecimal()]
    highest = max(numbers, default=0)
    from_one = any(count_choices(choices) == highest for _, _, choices in answered) and highest > 0
    places = {at: _place(row, choices, from_one) for at, row, choices in answered}
    known = {at: one for at, one in places.items() if one is not None}
    listed = sum(count is not None for _, count in known.values())
    several = len(Counter(place for place, _ in known.values())) > 1 or listed >= SURELY_CHOICES
    # Letters without a list of choices may be classes.
    if len(known) < ANSWERS_ARE_LETTERS * len(answered) or not several or 2 * listed < len(known):
        return rows
    most = max(2, max(place for place, _ in known.values()) + 1)
    return tuple(
        replace(row, place=known[at][0], choices=max(known[at][1] or most, known[at][0] + 1)) if at in known else row
        for at, row in enumerate(rows)
    )


def _place(row: AuditRow, choices: object, from_one: bool) -> tuple[int, int | None] | None:
    """Return the place of the right answer and how many there are, None for a number that nothing tells."""
    expected = row.expected or ""
    count = count_choices(choices)
    if expected.isdecimal():
        place = int(expected) - from_one
        return (place, count) if 0 <= place < count else None
    letter = _LETTER.fullmatch(expected)
    if letter is not None:
        place = ord(letter[1].upper()) - ord("A")
        listed = count or _marked(row.text)
        return (place, listed or None) if not listed or place < listed else None
    if count:
        inner = decoded(choices)
        texts = inner if isinstance(inner, list) else []
        spelled = [scalar_text(one).strip() for one in texts if isinstance(one, str | int | float)]
        if expected in spelled:
            return spelled.index(expected), count
    return None


def _marked(text: str) -> int:
    """Return how many answers a text lists as (A) (B) ... or A. B. ..., or 0."""
    for mark in _MARKED:
        letters = list(dict.fromkeys(mark.findall(text)))
        if len(letters) >= 2 and letters == [chr(ord("A") + at) for at in range(len(letters))]:
            return min(len(letters), MOST_CHOICES)
    return 0
