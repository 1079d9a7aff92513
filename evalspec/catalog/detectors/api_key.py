"""Keys of programs, by the formats that their issuers publish so that they can be found."""

from __future__ import annotations

import re

from evalspec.registry import detector

# Issuers give keys fixed prefixes for secret scanning; lengths are theirs, or a floor well above a word's.
FORMATS: tuple[str, ...] = (
    r"sk-(?:ant-|proj-|svcacct-|or-v1-)?[A-Za-z0-9_\-]{20,}",  # OpenAI, Anthropic, OpenRouter
    r"gsk_[A-Za-z0-9]{40,}",  # Groq
    r"xai-[A-Za-z0-9]{40,}",  # xAI
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}",  # AWS key ids
    r"AIza[A-Za-z0-9_\-]{35}",  # Google
    r"ya29\.[A-Za-z0-9_\-]{20,}",  # Google OAuth
    r"gh[pousr]_[A-Za-z0-9]{36,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{40,}",
    r"glpat-[A-Za-z0-9_\-]{20,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9\-]{10,}",  # Slack
    r"SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",  # SendGrid
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"whsec_[A-Za-z0-9]{24,}",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",  # Shopify
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgEIcHlwaS[A-Za-z0-9_\-]{40,}",
    r"dop_v1_[a-f0-9]{64}",  # DigitalOcean
    r"key-[a-f0-9]{32}",  # Mailgun
    r"eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}",  # JSON web tokens (RFC 7519)
)
_KEY = re.compile(rf"(?<![A-Za-z0-9_\-])(?:{'|'.join(FORMATS)})(?![A-Za-z0-9_])")
_BLOCK = re.compile(
    r"-----BEGIN (?:[A-Z]{2,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----.{0,8192}?"
    r"(?:-----END (?:[A-Z]{2,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_BEARER = re.compile(r"\bBearer\s+([A-Za-z0-9_\-.=+/]{20,})")


@detector("api_key", version=1)
def api_key(text: str) -> tuple[tuple[int, int], ...]:
    """Find keys, tokens and private key blocks in the formats of common issuers."""
    spans = [found.span() for found in _KEY.finditer(text) if _is_random(found.group())]
    spans += [found.span() for found in _BLOCK.finditer(text)]
    spans += [found.span(1) for found in _BEARER.finditer(text) if _is_random(found.group(1))]
    return tuple(sorted(spans))


def _is_random(key: str) -> bool:
    """Tell a key from a slug such as `sk-learn-for-beginners-and-experts`: keys hold digits."""
    return any(char.isdigit() for char in key)
