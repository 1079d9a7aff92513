"""Addresses of machines on the public internet."""

from __future__ import annotations

import ipaddress
import re

from evalspec.registry import detector
from evalspec.text.mentions import LETTER
from evalspec.text.patterns import lazy_pattern

_V4 = lazy_pattern(rf"(?<!{LETTER})(?<![.\-])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?!{LETTER}|-|\.\d)")
_FOUR_NUMBERS = lazy_pattern(r"(?:\d{1,3}\.){3}\d")  # what the first has in it, told sooner
_V6 = lazy_pattern(rf"(?<!{LETTER})(?<![:.])(?:[0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{1,4}}(?!{LETTER}|:)")
# Kept for documentation (RFC 5737, RFC 3849): whoever writes one writes it in the place of a public one.
_DOCUMENTATION = tuple(
    ipaddress.ip_network(one) for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_V6_GROUPS = 3  # written; `3::4` is a ratio or a scope
_VERSION = lazy_pattern(
    r"(?:\b(?:v|ver|version|release|build|firmware|update|ios|android|section|driver)|[§])[ :.#]{0,3}$", re.I
)


@detector("ip", version=2)
def ip(text: str) -> tuple[tuple[int, int], ...]:
    """Find public IP addresses; private ones name nobody, and four numbers after `version` are no address."""
    spans = [
        found.span()
        for found in (_V4.finditer(text) if _FOUR_NUMBERS.search(text) else ())
        if not _VERSION.search(text[max(0, found.start() - 16) : found.start()])
    ]
    spans += [
        found.span()
        for found in (_V6.finditer(text) if text.count(":") >= 2 else ())
        if len(found.group().replace(":", " ").split()) >= _V6_GROUPS
    ]
    return tuple(sorted(span for span in spans if _is_public(text[span[0] : span[1]])))


def _is_public(written: str) -> bool:
    try:
        found = ipaddress.ip_address(written)
    except ValueError:
        return False
    return found.is_global or any(found in network for network in _DOCUMENTATION)
