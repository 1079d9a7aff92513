"""Keys of programs, by the formats that their issuers publish."""

from __future__ import annotations

from evalspec.registry import detector
from evalspec.text.secrets import key_spans


@detector("api_key", version=1)
def api_key(text: str) -> tuple[tuple[int, int], ...]:
    """Find keys, tokens and private key blocks in the formats of common issuers."""
    return key_spans(text)
