"""A slot to a prompt, and a model's reply to an input: the path of every generator that is not built in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from evalspec.catalog.prompts import builtin_prompt
from evalspec.diagnostics import BuildError, Diagnostic
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Input, Made, Message, Unmade, user_texts
from evalspec.model.plan import Slot
from evalspec.model.spec import Expected, Model, Part, Spec
from evalspec.ports import Asking
from evalspec.text.language import is_in_another
from evalspec.text.patterns import lazy_pattern
from evalspec.text.prompt_error import PromptError
from evalspec.text.stated import surface_forms

MAX_INPUT_CHARS = 8_000  # of one input: more is no message that a person would send, or review
MAX_REPLY_CHARS = 65_536  # of a reply, before anything in it is looked at
MAX_TOKENS = 1_024  # of a reply, where the spec states none: a conversation of five messages is about 400
MAX_SHOWN_CHARS = 4_000  # of a broken reply, when the model is asked to mend it
REPAIRS = 2  # more tries than that cost more than another slot
MENDED = frozenset({"malformed"})  # a refusal or an empty reply is an answer; it is not argued with
MEND = "That could not be read: {problem}. Reply with the one JSON object asked for, and nothing else."

_FENCE = lazy_pattern(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_REFUSAL = lazy_pattern(
    r"\A\W*(?:i(?:'|\u2019)?m sorry|i am sorry|sorry|i apologi[sz]e|i can(?:no|'|\u2019)t"
    r"|i(?:'|\u2019)?m (?:not able|unable)|i won(?:'|\u2019)t|as an ai)\b",
    re.IGNORECASE,
)

# No customer says this; a model that plays one and refuses does, inside the form that it was asked to fill in.
_DECLINED = lazy_pattern(
    r"as an ai\b|language model"
    r"|\b(?:can(?:no|'|\u2019)t|(?:un|not )able to|won(?:'|\u2019)t)\s+(?:\w+\s+)?"
    r"(?:assist|comply|fulfil|help (?:you )?with (?:that|this)|rewrite|rephrase|generate|roleplay)",
    re.IGNORECASE,
)


def ask_model(slot: Slot, spec: Spec, model: Model) -> Asking:
    """Ask a model for the input of one slot and read its reply."""
    try:
        prompt = prompt_of(slot, spec)
    except PromptError as error:
        message = f"the prompt of pool `{slot.pool}`: {error}"
        raise BuildError([Diagnostic(code="M120", severity="error", message=message, path=spec.path)]) from error
    return (yield from ask_until_read(model, prompt, slot.ordinal, lambda reply: read_reply(reply, slot, spec)))


def prompt_of(slot: Slot, spec: Spec) -> str:
    """Return what a model is asked for a slot: the pool's own template, or that of this package."""
    from evalspec.text.prompts import render_prompt  # Jinja takes long to import

    return render_prompt(spec.pool(slot.pool).prompt or builtin_prompt("prompted"), prompt_names(slot, spec))


def ask_until_read(model: Model, prompt: str, ordinal: int, read: Callable[[Reply], Made | Unmade]) -> Asking:
    """Ask, and ask the same model at most twice to mend a reply that has not the form asked for."""
    messages: tuple[tuple[str, str], ...] = (("user", prompt),)
    made: Made | Unmade = Unmade(reason="malformed")
    for mended in range(1 + REPAIRS):
        reply = yield question(model, messages, ordinal)
        made = problem_of(reply) or read(reply)
        made = replace(made, mended=mended)
        if isinstance(made, Made) or made.reason not in MENDED:
            return made
        if reply.finish == "length":
            return Unmade(reason="cut", detail="the model was cut off at `max_tokens`", mended=mended)
        said = MEND.format(problem=made.detail or "it is not one JSON object")
        messages = (*messages, ("assistant", reply.text[:MAX_SHOWN_CHARS]), ("user", said))
    return made


def question(model: Model, messages: tuple[tuple[str, str], ...], ordinal: int) -> Request:
    """Return a question to an alias of the spec; it always says how long a reply may be, since that is paid for."""
    return Request(
        model=model.model, messages=messages, params={"max_tokens": MAX_TOKENS} | dict(model.params), ordinal=ordinal
    )


def problem_of(reply: Reply) -> Unmade | None:
    """Return why there is nothing to read in a reply that was paid for."""
    if reply.problem is not None:
        reason, _, found = reply.problem.partition(":")
        return Unmade(reason=reason, detail=found or None)
    if reply.finish == "filter" and not reply.text.strip():
        return Unmade(reason="filtered", detail="withheld by the provider")
    return None


def prompt_names(slot: Slot, spec: Spec) -> Mapping[str, object]:
    """Return the plain data that a prompt sees."""
    declared = {fact.name: fact for fact in spec.task.facts}
    persona = spec.persona(slot.persona) if slot.persona else None
    levels = slot.cell.levels if slot.cell else ()
    return {
        "task": {
            "instructions": spec.task.instructions or "(not described)",
            "turns": spec.task.turns,
            "messages": slot.turns,
            "wants_expected": _wants_expected(slot, spec),
            "labels": list(spec.task.expected[0].values) if spec.task.short_expected else [],
        },
        "cell": {
            "id": slot.cell.id if slot.cell else "",
            "levels": [
                {"axis": axis, "name": name, "description": spec.described(axis, name) or ""} for axis, name in levels
            ],
        },
        "persona": {
            "description": persona.description,
            "style": [{"name": name, "value": value} for name, value in persona.style],
        }
        if persona
        else None,
        "facts": [
            {"name": name, "value": surface_forms(declared.get(name), value)[0]}
            for name, value in sorted(slot.facts.items())
        ],
        "exemplars": ["\n".join(user_texts(seed.input)) for seed in slot.exemplars],
        "section": "",
        "language": slot.language,
    }


def read_reply(reply: Reply, slot: Slot, spec: Spec) -> Made | Unmade:
    """Read a reply leniently: the object alone, in a fence, or somewhere in the talk around it."""
    text, served = reply.text, reply.served
    if not text.strip():
        return Unmade(reason="empty")
    if len(text) > MAX_REPLY_CHARS:
        return Unmade(reason="oversize", detail=f"{len(text)} characters")
    found = object_in(text)
    if found is None:
        return Unmade(reason="refused" if says_no(text) else "malformed")
    if slot.cell is not None and found.get("cell", slot.cell.id) != slot.cell.id:
        return Unmade(reason="off_cell", detail=str(found["cell"])[:80])
    value = _input_of(found, spec)
    if isinstance(value, Unmade):
        return value
    size = sum(len(one) for one in user_texts(value))
    if size > MAX_INPUT_CHARS:
        return Unmade(reason="oversize", detail=f"{size} characters")
    if declines(user_texts(value)[-1]):
        return Unmade(reason="refused")
    if is_in_another("\n".join(user_texts(value)), slot.language, spec.task.languages):
        return Unmade(reason="off_language", detail=f"not `{slot.language}`")
    if not _wants_expected(slot, spec):
        return Made(input=value, served=served)
    expected = _expected_of(found.get("expected"), spec)
    if expected is None:
        return Unmade(reason="malformed", detail="no usable `expected`")
    return Made(input=value, expected=expected, expected_by=f"model:{slot.generator}", served=served)


def says_no(text: str) -> bool:
    """Tell whether a reply begins as refusals do."""
    return _REFUSAL.match(text) is not None


def declines(message: str) -> bool:
    """Tell whether what stands where a message should is the model's own refusal."""
    return says_no(message) and _DECLINED.search(message) is not None


def _wants_expected(slot: Slot, spec: Spec) -> bool:
    settled = slot.cell is not None and (slot.cell.expected is not None or slot.cell.behaviour != "answer")
    return bool(spec.task.expected) and not settled


def object_in(text: str) -> dict[str, object] | None:
    """Return the JSON object of a reply: alone, in a fence, or somewhere in the talk around it."""
    for candidate in (text, *(found.group(1) for found in _FENCE.finditer(text))):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and {"message", "messages"} & set(value):
            return value
    return None


def _input_of(found: Mapping[str, object], spec: Spec) -> Input | Unmade:
    if spec.task.turns == "single":
        text = found.get("message")
        if not isinstance(text, str):
            return Unmade(reason="malformed", detail="no `message`")
        return text.strip() or Unmade(reason="empty")
    listed = found.get("messages")
    if not isinstance(listed, list) or not listed:
        return Unmade(reason="malformed", detail="no `messages`")
    messages: list[Message] = []
    for one in listed:
        role, content = (one.get("role"), one.get("content")) if isinstance(one, dict) else (None, None)
        if role not in ("user", "assistant") or not isinstance(content, str) or not content.strip():
            return Unmade(reason="malformed", detail="a message without role or content")
        messages.append(Message(role=role, content=content.strip()))
    if messages[-1].role != "user":
        return Unmade(reason="malformed", detail="the last message is not the user's")
    return tuple(messages)


def _expected_of(value: object, spec: Spec) -> Expected | None:
    if spec.task.short_expected:
        return value if isinstance(value, str) and value in spec.task.expected[0].values else None
    if not isinstance(value, dict) or not value:
        return None
    parts = {part.name: part for part in spec.task.expected}
    if not set(value) <= set(parts) or not all(_fits(parts[name], one) for name, one in value.items()):
        return None
    return dict(value)


def _fits(part: Part, value: object) -> bool:
    if part.kind == "label":
        return value in part.values
    if part.kind in ("tool_calls", "citations", "criteria"):
        return isinstance(value, list)
    return isinstance(value, dict) if part.kind == "json" else isinstance(value, str)
