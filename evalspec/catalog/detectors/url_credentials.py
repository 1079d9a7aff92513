"""Passwords and tokens inside addresses of the web."""

from __future__ import annotations

import re

from evalspec.registry import detector

_USERINFO = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,15}://([^\s/@:?#<>\"']{1,64}:[^\s/@<>\"']{1,128})@(?=[\w\[])")
_TOKEN = re.compile(
    r"[?&#](?:access_token|api_?key|apikey|auth|authtoken|client_secret|code|key|password|passwd|pwd|refresh_token|"
    r"secret|sessionid|session_id|sid|sig|signature|token|x-amz-signature)=([^\s&#\"'<>]{8,})",
    re.IGNORECASE,
)


@detector("url_credentials", version=1)
def url_credentials(text: str) -> tuple[tuple[int, int], ...]:
    """Find `user:password` before the host of an address, and the values of its secret parameters."""
    if "://" not in text:
        return ()
    return tuple(sorted(found.span(1) for pattern in (_USERINFO, _TOKEN) for found in pattern.finditer(text)))
