"""Keys of programs: by the formats that their issuers publish, and by what the words before them call them."""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.patterns import lacks, lazy_pattern
from evalspec.text.secrets import key_spans

_ALONE = r"(?<![A-Za-z0-9_\-])(?:{})(?![A-Za-z0-9_\-])"
# Formats without a start of their own; what is looked for in every written file has to have one.
_SHAPES = (
    r"(?:AC|SK)[a-f0-9]{32}",  # Twilio
    r"\d{8,10}:[A-Za-z0-9_\-]{35}",  # Telegram bots
    r"[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,40}",  # Discord bots
)
_CALLED = (
    r"\bAuthorization:? {0,2}Basic {1,2}([A-Za-z0-9+/]{8,512}={0,2})",
    r"\baws_?secret_?access_?key\W{1,5}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    r"\bhooks\.slack\.com/services/(T[A-Z0-9]{6,20}/B[A-Z0-9]{6,20}/[A-Za-z0-9]{20,64})",
    r"\bAccountKey=([A-Za-z0-9+/]{40,128}={0,2})",  # Azure
    r"(?:\b|_)(?:api|access|secret|auth|private|client|bot)[ _\-]?(?:key|token|secret)(?: is| was|\W){1,3}"
    r"([A-Za-z0-9_\-]{20,512})",
)
_CALLED_PATTERNS = tuple(lazy_pattern(pattern, re.IGNORECASE) for pattern in _CALLED)
_SHAPE_PATTERNS = tuple(lazy_pattern(_ALONE.format(f"({one})")) for one in _SHAPES)
_CALLED_PARTS = ("authorization", "aws", "slack", "key", "token", "secret")  # one is in whatever they find in ASCII
_SHORTEST = 34  # characters of a shape, none of them a space


@detector("api_key", version=2)
def api_key(text: str) -> tuple[tuple[int, int], ...]:
    """Find keys, tokens and private key blocks in the formats of common issuers, or called a key before they stand."""
    patterns = () if lacks(text, _CALLED_PARTS) else _CALLED_PATTERNS
    if any(len(word) >= _SHORTEST for word in text.split()):
        patterns += _SHAPE_PATTERNS
    called = (found for pattern in patterns for found in pattern.finditer(text))
    return tuple(sorted({*key_spans(text), *(one.span(1) for one in called if any(map(str.isdigit, one.group(1))))}))
