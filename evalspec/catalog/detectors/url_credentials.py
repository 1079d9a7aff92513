"""Passwords and tokens inside addresses of the web."""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.patterns import lazy_pattern

_USERINFO = lazy_pattern(r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,15}://([^\s/@:?#<>\"']{0,64}:[^\s/?#<>\"']{1,128})@(?=[\w\[])")
# A name alone before the host is no secret (`ssh://git@host`); one as long as a key and with a digit is a token.
_TOKEN_AS_USER = lazy_pattern(r"://((?=[^\s/@:]{0,128}\d)[A-Za-z0-9_\-]{8,128})@(?=[\w\[])")
_TOKEN = lazy_pattern(
    r"[?&#](?:access_token|api_?key|apikey|auth|authtoken|client_secret|code|id_token|key|password|passwd|pwd|refresh_token|"
    r"secret|sessionid|session_id|sid|sig|signature|token|x-amz-signature)=([^\s&#\"'<>]{8,})",
    re.IGNORECASE,
)


@detector("url_credentials", version=2)
def url_credentials(text: str) -> tuple[tuple[int, int], ...]:
    """Find `user:password` before the host of an address, and the values of its secret parameters."""
    if "://" not in text:
        return ()
    return tuple(
        sorted(found.span(1) for pattern in (_USERINFO, _TOKEN_AS_USER, _TOKEN) for found in pattern.finditer(text))
    )
