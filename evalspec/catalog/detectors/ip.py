"""Addresses of machines on the public internet."""

from __future__ import annotations

import ipaddress
import re

from evalspec.registry import detector

_V4 = re.compile(r"(?<![\w.\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w\-]|\.\d)")
_V6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])")
_V6_GROUPS = 3  # written; `3::4` is a ratio or a scope
_VERSION = re.compile(
    r"(?:\b(?:v|ver|version|release|build|firmware|update|ios|android|section|driver)|[§])[ :.#]{0,3}$", re.I
)


@detector("ip", version=1)
def ip(text: str) -> tuple[tuple[int, int], ...]:
    """Find public IP addresses; private ones name nobody, and four numbers after `version` are no address."""
    spans = [found.span() for found in _V4.finditer(text) if not _VERSION.search(text[: found.start()][-16:])]
    spans += [
        found.span() for found in _V6.finditer(text) if len(found.group().replace(":", " ").split()) >= _V6_GROUPS
    ]
    return tuple(sorted(span for span in spans if _is_public(text[span[0] : span[1]])))


def _is_public(written: str) -> bool:
    try:
        return ipaddress.ip_address(written).is_global
    except ValueError:
        return False
