"""A text to the same text as a model rewrites it: the path of every operator that asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalspec.catalog.prompts import builtin_prompt
from evalspec.catalog.techniques.asked import (
    MAX_INPUT_CHARS,
    MAX_REPLY_CHARS,
    ask_until_read,
    declines,
    object_in,
    says_no,
)
from evalspec.model.asking import Reply
from evalspec.model.case import Input, Made, Unmade, user_texts, with_user_texts
from evalspec.model.spec import Model
from evalspec.ports import Asking
from evalspec.text.prompt_error import PromptError
from evalspec.text.spans import protected_spans, substrings


def rewrite_last(value: Input, instruction: str, model: Model, ordinal: int, patterns: Sequence[str]) -> Asking:
    """Have the user's last message rewritten; what is protected in it is named to the model, and held to afterwards."""
    *earlier, text = user_texts(value)
    keep = sorted(set(substrings(text, protected_spans(text, patterns))))
    made = yield from ask_rewriting(text, instruction, model, ordinal, keep)
    if isinstance(made, Unmade):
        return made
    (rewritten,) = user_texts(made.input)
    return Made(input=with_user_texts(value, (*earlier, rewritten)), served=made.served, mended=made.mended)


def ask_rewriting(text: str, instruction: str, model: Model, ordinal: int, keep: Sequence[str]) -> Asking:
    """Ask for one text to be rewritten; the result is a single message."""
    from evalspec.text.prompts import render_own  # Jinja takes long to import

    names: Mapping[str, object] = {"text": text, "instruction": instruction, "keep": list(keep)}
    try:
        prompt = render_own(builtin_prompt("rewrite"), names)
    except PromptError as error:  # a message longer than a prompt may be
        return Unmade(reason="oversize", detail=str(error))
    return (yield from ask_until_read(model, prompt, ordinal, _reader()))


def _reader() -> Callable[[Reply], Made | Unmade]:
    def read(reply: Reply) -> Made | Unmade:
        if not reply.text.strip():
            return Unmade(reason="empty")
        if len(reply.text) > MAX_REPLY_CHARS:
            return Unmade(reason="oversize", detail=f"{len(reply.text)} characters")
        found = object_in(reply.text)
        message = found.get("message") if found is not None else None
        if not isinstance(message, str):
            return (
                Unmade(reason="refused") if says_no(reply.text) else Unmade(reason="malformed", detail="no `message`")
            )
        if not message.strip():
            return Unmade(reason="empty")
        if declines(message.strip()):
            return Unmade(reason="refused")
        if len(message) > MAX_INPUT_CHARS:
            return Unmade(reason="oversize", detail=f"{len(message)} characters")
        return Made(input=message.strip(), served=reply.served)

    return read
