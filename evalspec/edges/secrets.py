"""The place where no key gets past: what is written is searched, what is shown is blotted out.

A key is one in the format of a common issuer, or the value of an environment variable whose name says that it is one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from evalspec.diagnostics import Diagnostic, EvalspecError, Span
from evalspec.text.patterns import lazy_pattern
from evalspec.text.secrets import blotted, key_spans

_NAME = lazy_pattern(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|_PAT\b|_AUTH\b", re.IGNORECASE)
SHORTEST = 12  # characters of an environment's value; a shorter one is a word that a text may hold by chance
SHOWN_AT_MOST = 20


def secret_spans(text: str, held: Sequence[str] | None = None) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of every key in a text: by its format, or since the environment holds it.

    `held` is what `held_secrets` gave, for who looks through many texts.
    """
    spans = list(key_spans(text))
    for value in held if held is not None else held_secrets():
        at = text.find(value)
        while at >= 0:
            spans.append((at, at + len(value)))
            at = text.find(value, at + len(value))
    return tuple(sorted(spans))


def masked(text: str, held: Sequence[str] | None = None) -> str:
    """Return a text of the same length with every key as asterisks; `held` as for `secret_spans`."""
    return blotted(text, secret_spans(text, held))


def refuse_secrets(text: str, path: str, *, is_written: bool = False) -> None:
    """Raise when a text holds a key, with the place of each and never its value."""
    spans = secret_spans(text)
    if not spans:
        return
    what = "what would be written here" if is_written else "the file"
    hint = "remove it and revoke the key if the file was shared"
    raise EvalspecError(
        Diagnostic(
            code="E915",
            severity="error",
            message=f"{what} holds a key or token (value not shown)",
            span=_place(path, text, start, end),
            hint=f"{hint}; nothing was written" if is_written else hint,
        )
        for start, end in spans[:SHOWN_AT_MOST]
    )


def held_secrets() -> tuple[str, ...]:
    """Return the values of the environment that its names call secret; a path or a plain word is none."""
    return tuple(
        value
        for name, value in os.environ.items()
        if _NAME.search(name)
        and len(value) >= SHORTEST
        and any(char.isdigit() for char in value)
        and any(char.isalpha() for char in value)
        and not os.path.exists(value)
    )


def _place(path: str, text: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    col = start - text.rfind("\n", 0, start)
    last = text.count("\n", 0, end) + 1
    return Span(path, line, col, last, end - text.rfind("\n", 0, end))
