"""A raw file's columns to a guess at what they are: the message, who speaks, the label, the id, the date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalspec.model.row import RawRow
from evalspec.stages.turns import CONTENT_KEYS, ROLE_KEYS, USUAL_SPEAKERS, decoded
from evalspec.text.json_text import scalar_text
from evalspec.text.language import guess_language
from evalspec.text.patterns import lazy_pattern

MOST_LABELS = 30  # more distinct values are names or free text
LEAST_ROWS_PER_LABEL = 3  # fewer, and the column is more likely an id
MOST_SPEAKERS = 6  # a key with more values is no speaker
LONGEST_LABEL = 40  # characters
LANGUAGE_ROWS = 400  # texts that are read for the guess at languages
LANGUAGE_SHARE = 0.1  # of those texts, for a language to be named

# What columns are called in the exports that people have, the likeliest first.
INPUT_NAMES = tuple(
    """
    input messages turns conversation dialogue dialog transcript chat message text question query prompt utterance
    user_message request sentence body content narrative complaint first_customer_message first_request
    """.split()  # noqa: SIM905  (a list of forty quoted words is no easier to read)
)
LABEL_NAMES = tuple(
    """
    expected label intent decision category class outcome resolution action topic target gold queue department desk
    """.split()  # noqa: SIM905
)
ID_NAMES = ("id", "uid", "uuid", "ticket", "ticket_id", "case_id", "message_id", "chat_id", "conversation_id")
TIME_NAMES = ("time", "date", "timestamp", "created", "created_at", "opened_at", "sent_at", "sent", "datetime")
LANGUAGE_NAMES = ("language", "lang", "locale")

_ISO_DATE = lazy_pattern(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_MESSAGE_KEYS = frozenset(ROLE_KEYS + CONTENT_KEYS)
_TAG = lazy_pattern(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@dataclass(slots=True)
class _Column:
    """What a column holds, counted row by row; a class because it grows."""

    filled: int = 0
    texts: int = 0
    chats: int = 0
    length: int = 0
    dates: int = 0
    tags: int = 0
    is_unique: bool = True
    values: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def add(self, value: object) -> None:
        inner = decoded(value)
        if _is_chat(inner):
            self.filled += 1
            self.chats += 1
            return
        if value is None or value == "" or not isinstance(value, str | int | float):
            self.is_unique = False
            return
        spelled = scalar_text(value)
        self.filled += 1
        self.texts += isinstance(value, str)
        self.length += len(spelled)
        self.dates += _ISO_DATE.fullmatch(spelled) is not None
        self.tags += _TAG.fullmatch(spelled) is not None
        if len(self.values) <= MOST_LABELS:
            self.values[spelled] += 1
        if self.is_unique:
            self.is_unique = spelled not in self.seen
            self.seen.add(spelled)
            if not self.is_unique:
                self.seen.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a raw file seems to hold; every part can be put right before a spec is written."""

    rows: int
    columns: tuple[str, ...]
    input: str | None
    is_chat: bool = False
    role: str | None = None  # key of a message; None: a usual one, or pairs
    content: str | None = None
    speakers: tuple[tuple[str, str], ...] = ()  # those that are no usual names
    heard: tuple[tuple[str, str], ...] = ()  # all speakers and the roles they get
    id: str | None = None
    time: str | None = None
    language: str | None = None
    languages: tuple[str, ...] = ()
    label: str | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column to values, of all that could be one
    metadata: tuple[str, ...] = ()


def guess(raws: Iterable[RawRow], *, input: str | None = None) -> Guess:
    """Guess what the columns of a raw file are; `input` names the message's column when the user has said so."""
    columns: dict[str, _Column] = {}
    chats: dict[str, list[object]] = {}
    texts: dict[str, list[str]] = {}
    rows = 0
    for raw in raws:
        rows += 1
        for name, value in raw.values.items():
            columns.setdefault(name, _Column()).add(value)
            inner = decoded(value)
            if _is_chat(inner):
                chats.setdefault(name, []).append(inner)
            elif isinstance(value, str) and len(texts.setdefault(name, [])) < LANGUAGE_ROWS:
                texts[name].append(value)
    chosen = input or _input(columns, rows)
    found = Guess(rows=rows, columns=tuple(columns), input=chosen)
    if chosen is None or chosen not in columns:
        return found
    others = {name: column for name, column in columns.items() if name != chosen}
    found = _with_fields(found, others)
    if columns[chosen].chats:
        found = _with_speakers(replace(found, is_chat=True), chats[chosen])
    return replace(found, languages=_languages(found, columns, texts, chats))


def _is_chat(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            (isinstance(one, Mapping) and not _MESSAGE_KEYS.isdisjoint(one))
            or (isinstance(one, list) and len(one) >= 2 and isinstance(one[0], str) and isinstance(one[1], str))
            for one in value
        )
    )


def _input(columns: Mapping[str, _Column], rows: int) -> str | None:
    named = [name for known in INPUT_NAMES for name in columns if name.lower() == known]
    for name in named:
        if columns[name].filled and (columns[name].chats or columns[name].texts):
            return name
    chatty = [name for name, column in columns.items() if column.chats]
    if chatty:
        return chatty[0]
    # Else the longest text that is nearly always there and seldom the same.
    prose = [
        (column.length / column.filled, name)
        for name, column in columns.items()
        if column.texts and column.filled >= rows * 0.9 and len(column.values) > min(MOST_LABELS, rows / 2)
    ]
    return max(prose)[1] if prose and max(prose)[0] >= 10 else None


def _with_fields(found: Guess, columns: Mapping[str, _Column]) -> Guess:
    identity = _named(columns, ID_NAMES, lambda column: column.is_unique and column.filled == found.rows)
    if identity is None:
        identity = next(
            (
                name
                for name, column in columns.items()
                if name.lower().endswith("id") and column.is_unique and column.filled == found.rows
            ),
            None,
        )
    time = _named(columns, TIME_NAMES, lambda column: column.filled > 0 and column.dates == column.filled)
    if time is None:
        time = next((name for name, column in columns.items() if column.filled and column.dates == column.filled), None)
    language = _named(columns, LANGUAGE_NAMES, lambda column: column.filled > 0 and column.tags == column.filled)
    taken = {identity, time, language}
    few = {name: column for name, column in columns.items() if name not in taken and _has_few_values(column, found)}
    # A row without a label waits for a person, so only a column that is always filled is taken unasked.
    labels = {name: tuple(sorted(column.values)) for name, column in few.items() if column.filled == found.rows}
    label = _named({name: columns[name] for name in labels}, LABEL_NAMES, lambda column: True)
    return replace(
        found,
        id=identity,
        time=time,
        language=language,
        label=label,
        labels=labels,
        metadata=tuple(name for name in few if name != label),
    )


def _named(columns: Mapping[str, _Column], names: Sequence[str], fits: object) -> str | None:
    assert callable(fits)
    for known in names:
        for name, column in columns.items():
            if name.lower() == known and fits(column):
                return name
    return None


def _has_few_values(column: _Column, found: Guess) -> bool:
    values = column.values
    return (
        2 <= len(values) <= MOST_LABELS
        and not column.chats
        and column.filled >= LEAST_ROWS_PER_LABEL * len(values)
        and all(len(one) <= LONGEST_LABEL and one.strip() for one in values)
    )


def _with_speakers(found: Guess, chats: Sequence[object]) -> Guess:
    messages = [one for chat in chats if isinstance(chat, list) for one in chat]
    objects = [one for one in messages if isinstance(one, Mapping)]
    role, content = _keys(objects) if objects else (None, None)
    heard: dict[str, None] = {}
    for one in messages:
        name = one[0] if isinstance(one, list) else next((one[key] for key in _roles_of(role) if key in one), None)
        if isinstance(name, str):
            heard.setdefault(name)
    roles = _roles(list(heard))
    unusual = tuple((name, given) for name, given in roles if name.strip().lower() not in USUAL_SPEAKERS)
    return replace(found, role=role, content=content, speakers=unusual, heard=roles)


def _roles_of(role: str | None) -> Sequence[str]:
    return (role,) if role else ROLE_KEYS


def _keys(messages: Sequence[Mapping[str, object]]) -> tuple[str | None, str | None]:
    """Return the keys of speaker and text where they are no usual ones."""
    keys = list(dict.fromkeys(key for one in messages for key in one))
    texts = {key: [one[key] for one in messages if isinstance(one.get(key), str)] for key in keys}
    lengths = {key: sum(len(str(text)) for text in texts[key]) for key in keys}
    usual = next((key for key in CONTENT_KEYS if key in keys), None)
    content = usual or max(keys, key=lambda key: (lengths[key], key))
    role = None
    if not set(ROLE_KEYS) & set(keys):
        few = [key for key in keys if key != content and 1 <= len(set(map(str, texts[key]))) <= MOST_SPEAKERS]
        role = max(few, key=lambda key: (len(texts[key]), key)) if few else None
    return role, None if usual else content


def _roles(heard: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Give each speaker a role: the usual one, else whoever spoke first is the user and the others answer."""
    known = {name: USUAL_SPEAKERS[name.strip().lower()] for name in heard if name.strip().lower() in USUAL_SPEAKERS}
    given: dict[str, str] = dict(known)
    for name in heard:
        if name not in given:
            given[name] = "assistant" if "user" in given.values() else "user"
    return tuple((name, given[name]) for name in heard)


def _languages(
    found: Guess, columns: Mapping[str, _Column], texts: Mapping[str, Sequence[str]], chats: Mapping[str, list[object]]
) -> tuple[str, ...]:
    if found.language is not None:
        return tuple(sorted(columns[found.language].values)) if columns[found.language].values else ()
    assert found.input is not None
    prose = list(texts.get(found.input, ()))
    for chat in chats.get(found.input, ())[:LANGUAGE_ROWS]:
        assert isinstance(chat, list)
        said = [one[1] if isinstance(one, list) else max(map(str, one.values()), key=len) for one in chat]
        prose.append(" ".join(map(str, said)))
    guessed = Counter(guess_language(text) for text in prose)
    known = sum(count for tag, count in guessed.items() if tag != "und")
    return tuple(sorted(tag for tag, count in guessed.items() if tag != "und" and count >= known * LANGUAGE_SHARE))
