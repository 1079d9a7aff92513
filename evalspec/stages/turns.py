"""Raw conversations to messages: other keys, other speakers, pairs, and where the conversation so far ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from evalspec.diagnostics import did_you_mean
from evalspec.model.case import Message, Role
from evalspec.model.spec import Source
from evalspec.text.json_text import JsonProblem, read_json

# What exports of help desks, chat logs and fine-tuning sets call the four roles; compared in lower case.
USUAL_SPEAKERS: Mapping[str, Role] = MappingProxyType(
    {
        "action": "tool",
        "advisor": "assistant",
        "agent": "assistant",
        "ai": "assistant",
        "assistant": "assistant",
        "bot": "assistant",
        "caller": "user",
        "chatbot": "assistant",
        "client": "user",
        "customer": "user",
        "developer": "system",
        "end_user": "user",
        "function": "tool",
        "gpt": "assistant",
        "guest": "user",
        "human": "user",
        "model": "assistant",
        "representative": "assistant",
        "shopper": "user",
        "support": "assistant",
        "system": "system",
        "tool": "tool",
        "user": "user",
        "visitor": "user",
    }
)
ROLE_KEYS = ("role", "from", "speaker", "author", "sender", "participant")
CONTENT_KEYS = ("content", "text", "value", "message", "utterance", "body")
_ROLES: Mapping[str, Role] = MappingProxyType(
    {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
)


class RowProblem(Exception):
    """What is wrong with one value of one row, and what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


def look_up(values: Mapping[str, object], column: str) -> object | None:
    """Return a column's value, dots going into objects, lists and JSON text; nothing and the empty string are None.

    `occurrences.0.flow` is the flow of the first occurrence.
    """
    if column in values:
        found = values[column]
        return None if found == "" else found
    head, dot, rest = column.partition(".")
    if not dot or head not in values:
        return None
    inner = decoded(values[head])
    if isinstance(inner, list):
        inner = {str(number): one for number, one in enumerate(inner)}
    return look_up(inner, rest) if isinstance(inner, Mapping) else None


def decoded(value: object) -> object:
    """Return the object or array that a text spells in JSON, else the value itself: CSV has only text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return read_json(value)
        except JsonProblem:
            return value
    return value


def as_turns(value: object, source: Source) -> tuple[Message, ...] | None:
    """Read a value as a conversation, or return None when it is one text."""
    turns = decoded(value)
    if not isinstance(turns, list) or (isinstance(value, str) and not _is_chat(turns, source)):
        return None
    return tuple(_message(one, number, source) for number, one in enumerate(turns, start=1))


def cut_turns(turns: Sequence[Message], keep: int | None) -> tuple[Message, ...]:
    """Keep the first `keep` messages, or all up to the last of a user or tool."""
    if keep is not None:
        if not 1 <= keep <= len(turns):
            raise RowProblem(f"`cut` keeps {keep} of {len(turns)} messages")
        if turns[keep - 1].role not in ("user", "tool"):
            raise RowProblem(
                f"`cut` keeps {keep} messages and the last of them is the {turns[keep - 1].role}'s",
                "It counts the messages up to and including the user's or tool's that is answered next.",
            )
        return tuple(turns[:keep])
    last = max((at for at, one in enumerate(turns) if one.role in ("user", "tool")), default=-1)
    return tuple(turns[: last + 1])


def calls_of(value: object) -> tuple[Mapping[str, object], ...]:
    """Read tool calls as `{name, arguments}`, also from the nested form with arguments as JSON text."""
    entries = decoded(value)
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list):
        raise RowProblem("tool calls are a list of `{name, arguments}`")
    return tuple(_call(one) for one in entries)


def _call(entry: object) -> Mapping[str, object]:
    inner = entry.get("function", entry) if isinstance(entry, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str):
        raise RowProblem("a tool call is `{name, arguments}`")
    arguments = decoded(inner.get("arguments") or {})
    if not isinstance(arguments, Mapping):
        raise RowProblem(f"the arguments of the call `{inner['name']}` are no object")
    return {"name": inner["name"], "arguments": dict(arguments)}


def _is_chat(turns: Sequence[object], source: Source) -> bool:
    """Tell a conversation in JSON text from a message that happens to be a JSON list."""
    try:
        return bool(turns) and all(_message(one, 1, source) for one in turns)
    except RowProblem:
        return False


def _message(entry: object, number: int, source: Source) -> Message:
    if isinstance(entry, Mapping):
        speaker = _first(entry, source, "role", ROLE_KEYS)
        content = _first(entry, source, "content", CONTENT_KEYS)
        calls = entry.get("tool_calls")
    elif isinstance(entry, list) and len(entry) >= 2:
        speaker, content = entry[:2]  # exports put annotations behind: what is not mapped never enters
        calls = None
    else:
        raise RowProblem(
            f"message {number} is neither an object nor a pair",
            "A message is `{role, content}` or `[speaker, text, ...]`; `fields: {role, content}` names other keys.",
        )
    if not isinstance(speaker, str):
        raise RowProblem(f"message {number} has no role", "Name its key in `fields: {role: ...}`.")
    return Message(
        role=_role(speaker, number, source),
        content=_content(content, number),
        tool_calls=calls_of(calls) if calls else (),
    )


def _first(entry: Mapping[str, object], source: Source, name: str, usual: Sequence[str]) -> object | None:
    declared = dict(source.fields.columns).get(name)
    for key in (declared,) if declared else usual:
        if (found := look_up(entry, key)) is not None:
            return found
    return None


def _role(speaker: str, number: int, source: Source) -> Role:
    wanted = speaker.strip().lower()
    declared = {name.strip().lower(): role for name, role in source.speakers}
    if wanted in declared:
        return _ROLES[declared[wanted]]
    if wanted in USUAL_SPEAKERS:
        return USUAL_SPEAKERS[wanted]
    known = sorted({*declared, *USUAL_SPEAKERS})
    guess = did_you_mean(wanted, known)
    raise RowProblem(
        f"message {number} is by `{speaker}`, which is no known speaker ({guess})",
        f"Say who it is: `speakers: {{{speaker}: user}}`.",
    )


def _content(value: object, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, Mapping) and isinstance(one.get("text"), str) for one in value):
        return "\n".join(str(one["text"]) for one in value)  # parts of one message, as chat APIs send them
    raise RowProblem(f"message {number} is no text")
