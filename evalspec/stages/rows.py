"""Raw rows to rows under our field names; what is not mapped never enters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from evalspec.diagnostics import did_you_mean
from evalspec.model.case import Input, Message, measured_text, opening
from evalspec.model.row import RawRow, Row
from evalspec.model.spec import Behaviour, Expected, Fact, Source, Task
from evalspec.row_problems import RowProblems
from evalspec.stages.expected_values import LONGEST_SHOWN, read_expected, text_of
from evalspec.stages.turns import RowProblem, as_turns, cut_turns, decoded, look_up
from evalspec.text.json_text import scalar_text
from evalspec.text.language import guess_language

BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)
VERDICTS = ("pass", "fail")

# What rows of a kind may carry besides `id`, `input`, `language` and `time`.
_LABELLED = frozenset({"expected", "behaviour", "premise", "context", "facts", "votes", "verified_by", "metadata"})
CARRIED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "anchor": frozenset({"output", "verdict", "critique", "context", "metadata", "expected"}),
        "golden": _LABELLED,
        "production": _LABELLED,
        "traffic": frozenset({"metadata"}),
        "training": frozenset(),
        "known": frozenset(),
    }
)


@dataclass(slots=True)
class Reading:
    """Counts what mapping saw of a file; a class because it grows with every row."""

    read: int = 0
    blank: int = 0  # rows without a user's text
    told: int = 0  # rows whose earlier messages already hold the expected call or label
    columns: set[str] = field(default_factory=set)  # of the data
    met: set[str] = field(default_factory=set)  # columns of the spec that were found


def map_rows(
    raws: Iterable[RawRow], source: Source, task: Task, problems: RowProblems, reading: Reading
) -> Iterator[Row]:
    """Yield the rows that have a user's text, under our names; what is wrong with a row goes to `problems`."""
    for raw in raws:
        reading.read += 1
        reading.columns.update(raw.values)
        reading.met.update(one for one in declared_columns(source) if look_up(raw.values, one) is not None)
        try:
            row = _map_row(raw, source, task, reading)
        except RowProblem as problem:
            problems.add("I310", problem.message, line=raw.line, hint=problem.hint)
            continue
        if row is None:
            reading.blank += 1
        else:
            yield row
    if reading.read == 0 and not problems.failed:
        problems.add("I308", "the file holds no rows")
    if reading.read and not problems.failed:
        _refuse_unmet(source, problems, reading)


def declared_columns(source: Source) -> tuple[str, ...]:
    """Return the raw columns that the source's `fields` name, `role` and `content` being keys of messages."""
    fields = source.fields
    single = [column for name, column in fields.columns if name not in ("role", "content")]
    pairs = [column for part in (fields.expected, fields.context, fields.facts, fields.metadata) for _, column in part]
    return tuple(dict.fromkeys([*single, *pairs, *fields.votes]))


def _refuse_unmet(source: Source, problems: RowProblems, reading: Reading) -> None:
    wanted = list(declared_columns(source))
    if "input" not in dict(source.fields.columns) and reading.blank == reading.read:
        wanted.append("input")
    for column in wanted:
        top = column.partition(".")[0]
        if column not in reading.met and column not in reading.columns and top not in reading.columns:
            found = ", ".join(f"`{one}`" for one in sorted(reading.columns))
            problems.add(
                "I309",
                f"no row has the column `{column}` ({did_you_mean(column, reading.columns)})",
                hint=f"Columns found: {found}. `fields` of the source maps our names to them.",
            )


def _map_row(raw: RawRow, source: Source, task: Task, reading: Reading) -> Row | None:
    values, fields = raw.values, source.fields
    carried = CARRIED[source.kind]

    def text(name: str) -> str | None:
        return text_of(look_up(values, fields.column(name)), name)

    expected = read_expected(values, fields, task) if "expected" in carried else None
    value = _read_input(values, source, task, expected, reading)
    if not any(one.strip() for one in (measured_text(value),)):
        return None
    row = Row(
        line=raw.line,
        id=text("id"),
        input=value,
        expected=expected,
        context=_context(values, source) if "context" in carried else {},
        behaviour=_behaviour(text("behaviour")) if "behaviour" in carried else "answer",
        premise=text("premise") if "premise" in carried else None,
        facts=_facts(values, source, task) if "facts" in carried else {},
        language=text("language") or guessed_language(value, task),
        time=text("time"),
        votes=_votes(values, source, task) if "votes" in carried else (),
        verified_by=text("verified_by") if "verified_by" in carried else None,
        metadata=_metadata(values, source) if "metadata" in carried else {},
        output=text("output") if "output" in carried else None,
        verdict=text("verdict") if "verdict" in carried else None,
        critique=text("critique") if "critique" in carried else None,
    )
    if source.kind == "anchor":
        _check_anchor(row)
    return row


def guessed_language(value: Input, task: Task) -> str:
    """Return the only language of the task, or a guess among its languages from what the user wrote."""
    if len(task.languages) == 1:
        return task.languages[0]
    return guess_language(measured_text(value), task.languages)


def _read_input(
    values: Mapping[str, object], source: Source, task: Task, expected: Expected | None, reading: Reading
) -> Input:
    column = source.fields.column("input")
    found = look_up(values, column)
    if found is None:
        return ""
    turns = as_turns(found, source)
    if turns is None:
        text = text_of(found, column) or ""
        return text if task.turns == "single" else (Message(role="user", content=text),)
    if task.turns == "single":
        return opening(turns)
    cut = _cut(values, source)
    kept = cut_turns(turns, cut)
    if cut is None and _is_told(kept, expected):
        reading.told += 1
    return kept


def _cut(values: Mapping[str, object], source: Source) -> int | None:
    found = look_up(values, source.fields.column("cut"))
    if found is None:
        return None
    spelled = scalar_text(found) if isinstance(found, str | int | float) else ""
    whole = re.fullmatch(r"(\d{1,6})(?:\.0)?", spelled)
    if whole is None:
        raise RowProblem(f"`cut` is `{spelled[:LONGEST_SHOWN]}`, not the number of messages to keep")
    return int(whole.group(1))


def _is_told(turns: tuple[Message, ...], expected: Expected | None) -> bool:
    """Tell whether an assistant's message before the cut already makes the expected call or speaks the label."""
    if expected is None:
        return False
    said = "\n".join(one.content for one in turns if one.role == "assistant").lower()
    called = [call for one in turns for call in one.tool_calls]
    parts = {"": expected} if isinstance(expected, str) else expected
    for value in parts.values():
        if isinstance(value, str) and len(value) < 80:
            phrase = re.escape(value.replace("_", " ").lower())
            if re.search(rf"(?<!\w){phrase}(?!\w)", said.replace("_", " ")):
                return True
        if isinstance(value, tuple | list) and any(one in called for one in value if isinstance(one, Mapping)):
            return True
    return False


def _behaviour(value: str | None) -> Behaviour:
    for one in BEHAVIOURS:
        if one == (value or "answer"):
            return one
    raise RowProblem(f"`{(value or '')[:LONGEST_SHOWN]}` is no behaviour ({did_you_mean(value or '', BEHAVIOURS)})")


def _context(values: Mapping[str, object], source: Source) -> dict[str, object]:
    columns = source.fields.context or (("", "context"),)
    found: dict[str, object] = {}
    for name, column in columns:
        value = decoded(look_up(values, column))
        if value is None:
            continue
        if name == "" and isinstance(value, Mapping):
            found.update({str(key): one for key, one in value.items()})
        else:
            found[name or column] = scalar_text(value) if isinstance(value, bool | int | float) else value
    return found


def _facts(values: Mapping[str, object], source: Source, task: Task) -> dict[str, object]:
    columns = dict(source.fields.facts)
    whole = columns.get("", None if columns else "facts")
    inline = decoded(look_up(values, whole)) if whole is not None else None
    found: dict[str, object] = {}
    for fact in task.facts:
        value = inline.get(fact.name) if isinstance(inline, Mapping) else None
        if fact.name in columns:
            value = look_up(values, columns[fact.name])
        if value is not None and value != "":
            found[fact.name] = _fact(value, fact)
    return found


def _fact(value: object, fact: Fact) -> object:
    if not isinstance(value, str | int | float):
        raise RowProblem(f"the fact `{fact.name}` is no number or text")
    spelled = scalar_text(value)
    if fact.range is None:
        return spelled
    try:
        number = float(spelled)
    except ValueError:
        raise RowProblem(f"the fact `{fact.name}` is `{spelled[:LONGEST_SHOWN]}`, not a number") from None
    return int(number) if number.is_integer() else number


def _votes(values: Mapping[str, object], source: Source, task: Task) -> tuple[str, ...]:
    found: list[str] = []
    for column in source.fields.votes or ("votes",):
        value = decoded(look_up(values, column))
        entries = value if isinstance(value, list) else [value]
        found.extend(spelled for one in entries if (spelled := text_of(one, column)) is not None)
    allowed = {one for part in task.label_parts for one in part.values}
    for one in found:
        if allowed and one not in allowed:
            raise RowProblem(f"the vote `{one[:LONGEST_SHOWN]}` is no label of the task ({did_you_mean(one, allowed)})")
    return tuple(found)


def _metadata(values: Mapping[str, object], source: Source) -> dict[str, str]:
    columns = source.fields.metadata
    if not columns and isinstance(inline := decoded(look_up(values, "metadata")), Mapping):
        return {str(key): text for key, one in sorted(inline.items()) if (text := text_of(one, str(key))) is not None}
    found = {name: text_of(look_up(values, column), column) for name, column in columns}
    return {name: text for name, text in found.items() if text is not None}


def _check_anchor(row: Row) -> None:
    missing = [name for name in ("output", "verdict", "critique") if getattr(row, name) is None]
    if missing:
        raise RowProblem(f"an anchor without `{missing[0]}`", "Anchors are `input, output, verdict, critique`.")
    if row.verdict not in VERDICTS:
        raise RowProblem(f"the verdict is `{(row.verdict or '')[:LONGEST_SHOWN]}`, not `pass` or `fail`")
