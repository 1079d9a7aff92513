"""Columns of a file that nobody described to what they are taken for; every guess is shown and a flag puts it right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from evalspec.auditing.origins import says_origin
from evalspec.model.audit import AuditFields, Origin
from evalspec.model.row import RawRow
from evalspec.stages.guess import INPUT_NAMES, Guess, guess
from evalspec.stages.turns import decoded, look_up
from evalspec.text.json_text import scalar_text
from evalspec.text.tokens import tokens

GUESSED_FROM = 2000  # rows; more change no guess about a column
MOST_COLUMNS = 1000  # of a row; more are measurements, not what somebody wrote
FILLED = 0.5  # of those rows, for a column to be taken for something
ANSWERS_ARE_LETTERS = 0.9  # of the answers, to be read as places among choices
NONE = "none"  # what a flag says where there is no such column

# What names an answer, then what may also name a class of requests.
ANSWER_NAMES = (
    *("expected", "expected_output", "expected_outcome", "target", "ideal", "reference", "answer", "gold"),
    *("label", "intent", "gold_label", "ground_truth", "correct_answer", "expected_answer", "reference_answer"),
    *("golden_answer", "correct", "outcome", "answer_matching_behavior", "answer_key", "answerkey", "correct_option"),
    *("label_text", "label_name", "labels", "intents", "answers", "answers.text", "solution"),
)
CLASS_NAMES = ("category", "class", "key", "resolution", "decision", "topic", "queue", "department", "desk", "action")
LABEL_NAMES = (*ANSWER_NAMES, *CLASS_NAMES)
INSTRUCTION = "instruction"  # of sets for tuning: beside it an `input` is its context, and an `output` what is expected
INSTRUCTION_ANSWERS = ("output", "response")
CONTEXT_NAMES = ("context", "passage", "document", "article", "paragraph", "story", "premise", "background", "input")
ORIGIN_NAMES = (
    *("origin", "provenance", "evalspec_provenance", "generated_by", "created_by", "written_by", "generator", "author"),
    *("source", "source_type", "data_source", "kind", "synthesizer_name", "is_synthetic", "synthetic", "is_generated"),
    *("is_human", "human", "human_written", "ai_generated", "author_model", "model"),
)
# What says yes or no about the origin, and what a yes means.
FLAGS: Mapping[str, Origin] = {
    "is_synthetic": "generated",
    "synthetic": "generated",
    "is_generated": "generated",
    "ai_generated": "generated",
    "is_human": "people",
    "human": "people",
    "human_written": "people",
}
VERIFIED_NAMES = (
    *("verified", "verified_by", "human_verified", "is_verified", "reviewed", "reviewed_by", "reviewer", "validated"),
    *("validated_by", "approved", "approved_by", "checked", "checked_by", "expected_by", "annotator", "annotated_by"),
)
CHOICES_NAMES = ("choices", "options", "answer_choices", "mc_options", "endings", "candidates")
PARENT_NAMES = ("parent", "parents", "parent_id", "derived_from", "original_id", "seed_id")
# A column `model` beside one of these says who answered, not who asked.
OUTPUT_NAMES = frozenset(
    {"output", "response", "completion", "prediction", "generation", "actual_output", "model_output", "resps"}
)
DEPTH = 3  # of nested objects whose entries are looked at as columns
DISTINCT = 0.2  # of the values of a column without a known name, to be texts and no classes
PROSE_WORDS = 2.0  # of a value on average, to be a text
ALIKE_LENGTH = 0.8  # of the longest text on average: of such columns the first is taken
MOST_CONTEXT = 6  # columns of prose beside the text
# `A`, `option_b`, `Choice 1`: columns that hold one of the answers to choose from.
_ONE_CHOICE = re.compile(
    r"(?i)(?P<stem>(?:opt(?:ion)?|choice|answer|ans|op|ending|distractor)?)[ _-]?(?P<which>[a-h0-8])"
)
MOST_ORIGINS = 60  # distinct values; more are names of people or of files


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What flags say of the columns; None: guess, `none`: there is no such column."""

    text: str | None = None
    label: str | None = None
    origin: str | None = None
    verified: str | None = None
    choices: str | None = None
    people: tuple[str, ...] = ()  # values of the origin that mean people
    generated: tuple[str, ...] = ()


class NoColumn(Exception):
    """A flag names a column that the file does not have."""

    def __init__(self, flag: str, column: str, known: Sequence[str]) -> None:
        self.flag, self.column, self.known = flag, column, tuple(known)
        super().__init__(f"{flag} {column}")


def flattened(values: Mapping[str, object], depth: int = DEPTH) -> dict[str, object]:
    """Spread nested objects out, as `metadata.source`; texts that spell an object in JSON too."""
    found: dict[str, object] = {}
    for name, value in values.items():
        inner = decoded(value)
        is_choices = _last(name) in CHOICES_NAMES and count_choices(inner)
        if isinstance(inner, Mapping) and depth and not is_choices:
            found |= flattened({f"{name}.{key}": one for key, one in inner.items()}, depth - 1)
        else:
            found[name] = value
    return found


def guess_fields(raws: Sequence[RawRow], told: Told, classify: Callable[[str, str], Origin]) -> AuditFields | None:
    """Return what the columns are taken for, or None when no column looks like a text; NoColumn for a wrong flag."""
    flat = [(one.line, flattened(one.values)) for one in raws[:GUESSED_FROM]]
    sample = [RawRow(line=line, values=dict(islice(values.items(), MOST_COLUMNS))) for line, values in flat]
    columns = list(dict.fromkeys(name for one in sample for name in one.values))
    whole = list(dict.fromkeys(name for one in raws[:GUESSED_FROM] for name in one.values))
    for flag in ("text", "label", "origin", "verified", "choices"):
        said = getattr(told, flag)
        if said not in (None, NONE) and not any(look_up(one.values, said) is not None for one in raws[:GUESSED_FROM]):
            raise NoColumn(f"--{flag}", said, [*whole, *(name for name in columns if name not in whole)])
    found = _guess_text(sample, columns, told.text)
    if told.text is None:
        better = _Table(sample, columns).text(found)
        if better is None:
            return None
        found = found if better == found.input else _guess_text(sample, columns, better)
    if found.input is None:
        return None
    table = _Table(sample, [name for name in columns if name != found.input])
    choices = _said(told.choices, lambda: table.named(CHOICES_NAMES, _is_choices))
    label = _said(told.label, lambda: table.label(found.input or ""))
    spread = table.spread() if choices is None and label is not None and told.choices is None else ()
    assert found.input is not None
    origin = _said(told.origin, lambda: _origin(table, classify))
    verified = _said(told.verified, lambda: table.named(VERIFIED_NAMES, lambda values: True))
    parent = table.named(PARENT_NAMES, lambda values: True, filled=0.0)
    taken = {label, origin, verified, choices, parent, found.id, found.time, *spread}
    return AuditFields(
        text=found.input,
        is_chat=found.is_chat,
        speakers=found.speakers,
        role=found.role,
        content=found.content,
        label=label,
        origin=origin,
        verified=verified,
        choices=choices,
        spread=spread,
        id=found.id,
        parent=parent,
        context=tuple(name for name in table.context() if name not in taken)[:MOST_CONTEXT],
        told=tuple(
            flag for flag in ("text", "label", "origin", "verified", "choices") if getattr(told, flag) is not None
        ),
    )


def _guess_text(sample: Sequence[RawRow], columns: Sequence[str], told: str | None) -> Guess:
    if told is None or told in columns:
        return guess(sample, input=told)
    # A dotted path of more than one level: the values stand in for a column.
    moved = [RawRow(line=one.line, values={**one.values, told: look_up(one.values, told)}) for one in sample]
    return guess(moved, input=told)


def _said(told: str | None, guessed: Callable[[], str | None]) -> str | None:
    return guessed() if told is None else None if told == NONE else told


class _Table:
    """A sample of rows by column; a class because every guess looks at the same values."""

    def __init__(self, sample: Sequence[RawRow], columns: Sequence[str]) -> None:
        self.rows = len(sample)
        self.values = {
            name: [one.values[name] for one in sample if one.values.get(name) not in (None, "", [])] for name in columns
        }

    def named(
        self, names: Sequence[str], fits: Callable[[Sequence[object]], bool], *, filled: float = FILLED
    ) -> str | None:
        """Return the first column, in the order of `names`, that is often filled and fits."""
        for known in names:
            for column, values in self.values.items():
                if (
                    known in (_last(column), column.lower())
                    and values
                    and len(values) >= filled * self.rows
                    and fits(values)
                ):
                    return column
        return None

    def share(self, column: str) -> float:
        """Return the share of the rows in which a column is filled."""
        return len(self.values[column]) / max(self.rows, 1)

    def text(self, found: Guess) -> str | None:
        """Return the column of the request: by its name if it is often filled, else the longest prose."""
        named = [one for known in INPUT_NAMES for one in self.values if one.lower() == known and self.values[one]]
        prose = self.prose()
        instruction = next((one for one in prose if _last(one) == INSTRUCTION), None)
        first = found.input if found.is_chat else next((one for one in named if self.share(one) >= FILLED), None)
        if first is None or (instruction and _last(first) in CONTEXT_NAMES):
            first = instruction or first or self.longest_prose()
        return first or max(named, key=self.share, default=None)

    def label(self, text: str) -> str | None:
        """Return the column of the answer: what names an answer, else a class; one that is never filled last."""
        if _last(text) == INSTRUCTION and (found := self.named(INSTRUCTION_ANSWERS, _are_answers)):
            return found
        often = self.named(LABEL_NAMES, _are_answers)
        if often is None or _last(often) in CLASS_NAMES:
            often = self.named(ANSWER_NAMES, _are_answers, filled=0.0) or often
        never = (one for known in ANSWER_NAMES for one in self.values if _last(one) == known and not self.values[one])
        return often or next(never, None)

    def spread(self) -> tuple[str, ...]:
        """Return the columns that each hold one answer to choose from: `A` to `D`, `option_1` to `option_4`."""
        by_stem: dict[str, dict[str, str]] = {}
        for column in self.values:
            found = _ONE_CHOICE.fullmatch(column.strip())
            if found and self.share(column) >= FILLED and all(map(_is_scalar, self.values[column])):
                by_stem.setdefault(found["stem"].lower(), {})[found["which"].upper()] = column
        for columns in by_stem.values():
            for marks in ("ABCDEFGH", "12345678", "01234567"):
                taken = list(takewhile(columns.__contains__, marks))
                if len(taken) >= 2 and len(taken) == len(columns):
                    return tuple(columns[mark] for mark in taken)
        return ()

    def prose(self) -> dict[str, float]:
        """Return the columns that hold texts, none of them a class, with their mean length."""
        found = {}
        for column, values in self.values.items():
            texts = [one for one in values if isinstance(one, str)]
            words = sum(map(_words, texts))
            is_often = bool(texts) and len(texts) >= FILLED * self.rows
            if is_often and words >= PROSE_WORDS * len(texts) and len(set(texts)) >= DISTINCT * len(texts):
                found[column] = sum(map(len, texts)) / len(texts)
        return found

    def context(self) -> list[str]:
        """Return what a case is asked about: other prose, and what is called so even where it is seldom filled."""
        named = [one for one, values in self.values.items() if values and _last(one) in CONTEXT_NAMES]
        return list(dict.fromkeys([*self.prose(), *(one for one in named if isinstance(self.values[one][0], str))]))

    def longest_prose(self) -> str | None:
        """Return the column with the longest texts, or None; of some that are about as long the first."""
        prose = self.prose()
        longest = max(prose.values(), default=0.0)
        return next((one for one, length in prose.items() if length >= ALIKE_LENGTH * longest), None)


def _words(text: str) -> int:
    """Count the words of a text; where no spaces are written, two characters stand for one."""
    return len(text.split()) if text.isascii() else max(len(text.split()), len(tokens(text)) // 2)


def _last(column: str) -> str:
    return re.sub(r"[ -]", "_", column.rpartition(".")[2].strip().lower())


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _are_answers(values: Sequence[object]) -> bool:
    return all(all(map(_is_scalar, one)) if isinstance(one, list) else _is_scalar(one) for one in values)


def _is_choices(values: Sequence[object]) -> bool:
    return all(count_choices(one) for one in values)


def count_choices(value: object) -> int:
    """Return how many answers a value lists, or 0 when it is no list of answers."""
    inner = decoded(value)
    if isinstance(inner, Mapping):
        inner = inner.get("text", list(inner.values()))
    is_list = isinstance(inner, list) and len(inner) >= 2 and all(isinstance(one, str | int | float) for one in inner)
    return len(inner) if is_list and isinstance(inner, list) else 0


def _origin(table: _Table, classify: Callable[[str, str], Origin]) -> str | None:
    has_output = any(_last(column) in OUTPUT_NAMES for column in table.values)

    def fits(column: str) -> bool:
        if _last(column) == "model" and has_output:
            return False
        counts = Counter(scalar_text(one) for one in table.values[column] if isinstance(one, str | int | float))
        return 0 < len(counts) <= MOST_ORIGINS and any(classify(column, value) != "unsaid" for value in counts)

    for known in ORIGIN_NAMES:
        for column, values in table.values.items():
            if _last(column) == known and values and fits(column):
                return column
    return None


def classifier(told: Told, knows_model: Callable[[str], bool]) -> Callable[[str, str], Origin]:
    """Return what tells people from generators by the name of a column and one of its values."""
    people, generated = ({one.casefold() for one in side} for side in (told.people, told.generated))

    def classify(column: str, value: str) -> Origin:
        spelled = value.strip().casefold()
        if spelled in people or ("*" in people and spelled not in generated):
            return "people"
        if spelled in generated or "*" in generated:
            return "generated"
        return says_origin(_last(column), spelled, FLAGS, knows_model)

    return classify
