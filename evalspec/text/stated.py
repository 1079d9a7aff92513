"""Facts in texts: how a value may be written, and whether a text states it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalspec.model.spec import Fact


def surface_forms(fact: Fact | None, value: object) -> tuple[str, ...]:
    """Return the ways a text may write `value`: its declared surface forms, or the value itself."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    declared = dict(fact.values).get(str(value), ()) if fact is not None else ()
    return declared or (str(value),)


def is_stated(text: str, forms: Sequence[str]) -> bool:
    """Return True when one of `forms` stands in `text` as a word of its own, whatever its case."""
    return any(
        re.search(rf"(?<![^\W_])(?<!\d[.,]){re.escape(form)}(?![^\W_])(?![.,]\d)", text, re.IGNORECASE)
        for form in forms
        if form
    )
