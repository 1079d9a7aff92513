"""Mail addresses."""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.mentions import LETTER, UNSPACED
from evalspec.text.patterns import lazy_pattern

# A host may be written in a script that is written without spaces; such a script before the address is no part of it.
_LABEL = rf"(?:{LETTER}(?:(?:{LETTER}|-){{0,61}}{LETTER})?|[{UNSPACED}]{{1,30}})"
_EMAIL = lazy_pattern(
    rf"(?<![.+\-@])(?<!{LETTER}){LETTER}(?:{LETTER}|[.+\-'%]){{0,63}}@"
    rf"(?:{_LABEL}\.){{1,5}}(?:(?![\d_]){LETTER}){{2,24}}"
    rf"(?!{LETTER}|@|-{LETTER})"
)
_AT, _DOT = r"[ ]?[(\[{][ ]?(?:at|@)[ ]?[)\]}][ ]?", r"(?:[ ]?[(\[{][ ]?(?:dot|\.)[ ]?[)\]}][ ]?|\.)"
_BRACKETED = lazy_pattern(
    rf"(?<![\w.@])[A-Za-z0-9][\w+\-]{{0,40}}(?:{_DOT}[\w+\-]{{1,40}}){{0,3}}{_AT}"
    rf"[A-Za-z0-9\-]{{1,40}}(?:{_DOT}[A-Za-z0-9\-]{{2,40}}){{1,3}}(?!\w)",
    re.IGNORECASE,
)
# Spelled without brackets only before an end that hosts have: `we met at example dot` is prose.
_SPELLED = lazy_pattern(
    r"(?<!\w)[A-Za-z0-9_\-]{1,40}(?: dot [A-Za-z0-9_\-]{1,40}){0,3} at [A-Za-z0-9\-]{1,40}"
    r"(?: dot [A-Za-z0-9\-]{2,40}){0,2} dot (?:com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|pl|br|in)(?!\w)",
    re.IGNORECASE,
)
_FILES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".css", ".js")  # `icon@2x.png`
# Spaces around the sign, as some exports of complaints leave them; only before an end that hosts have.
_SPACED = lazy_pattern(
    r"(?<![\w.@+\-])[A-Za-z0-9][\w.+\-]{1,63} @ (?:[A-Za-z0-9\-]{1,63}\.){1,3}"
    r"(?:com|org|net|edu|gov|io|[a-z]{2})(?![\w@])",
    re.IGNORECASE,
)
_FORMS = (
    (lazy_pattern(r"[(\[{][ ]?(?:at|@)", re.IGNORECASE), _BRACKETED),
    (lazy_pattern(r" dot ", re.IGNORECASE), _SPELLED),
    (lazy_pattern(r" @ "), _SPACED),
)


@detector("email", version=2)
def email(text: str) -> tuple[tuple[int, int], ...]:
    """Find mail addresses, also with letters beyond ASCII, with `(at)` and `[dot]`, and `name at host dot com`."""
    spans = [found.span() for found in _EMAIL.finditer(text) if _is_address(found.group())] if "@" in text else []
    # Each form has a sign that few texts have, and a pattern that is tried only where it stands.
    tried = [pattern for sign, pattern in _FORMS if sign.search(text)]
    spans += [found.span() for pattern in tried for found in pattern.finditer(text)]
    return tuple(sorted(spans))


def _is_address(written: str) -> bool:
    local = written.partition("@")[0]
    masked = len(local) > 1 and set(local) <= set("Xx*")  # as publishers of complaints leave it
    return ".." not in written and not masked and not written.lower().endswith(_FILES)
