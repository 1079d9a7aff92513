"""A juror's reply to its verdict: only an object in a fence that echoes the nonce speaks, and the last one counts.

The judged text travels in the question and may hold anything, a finished verdict included. It cannot hold the nonce,
which is a digest of that same text; so what a juror repeats of it says nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from evalspec.text.patterns import lazy_pattern

MAX_CHARS = 65_536  # of a reply: a verdict is a line
# Every fence is looked at as an opening one: a lone fence in what a juror quotes must not swallow its verdict.
_FENCED = lazy_pattern(r"(?=```[a-zA-Z]*[ \t]*\r?\n(.*?)```)", re.DOTALL)


def read_verdict(text: str, nonce: str, fields: Mapping[str, Sequence[str]]) -> Mapping[str, str] | None:
    """Return the verdict's fields, or None when there is none that can be read.

    `fields` maps each field that must be there to the values it may have; case does not matter, anything else does.
    """
    if len(text) > MAX_CHARS:
        return None
    blocks = [found.group(1) for found in _FENCED.finditer(text)] or [text]
    found: Mapping[str, str] | None = None
    for block in blocks:
        try:
            data = json.loads(block)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and data.get("nonce") == nonce:
            found = _read(data, fields)
    return found


def _read(data: Mapping[str, object], fields: Mapping[str, Sequence[str]]) -> Mapping[str, str] | None:
    read: dict[str, str] = {}
    for name, values in fields.items():
        given = data.get(name)
        if isinstance(given, bool):
            given = "yes" if given else "no"
        known = {value.lower(): value for value in values}
        if not isinstance(given, str) or given.strip().lower() not in known:
            return None
        read[name] = known[given.strip().lower()]
    return read
