"""Keys of programs in a text, by the formats that their issuers publish so that they can be found.

Looked for in every file that is written and every line that is shown, so the search has to be quick: each format starts
with a few fixed characters, and its pattern is tried where those stand and nowhere else.
"""

from __future__ import annotations

import re

from evalspec.text.patterns import lazy_pattern

# Issuers give keys fixed prefixes for secret scanning; lengths are theirs, or a floor well above a word's.
FORMATS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("sk-",), r"sk-(?:ant-|proj-|svcacct-|or-v1-)?[A-Za-z0-9_\-]{20,}"),  # OpenAI, Anthropic, OpenRouter
    (("gsk_",), r"gsk_[A-Za-z0-9]{40,}"),  # Groq
    (("xai-",), r"xai-[A-Za-z0-9]{40,}"),  # xAI
    (("hf_",), r"hf_[A-Za-z0-9]{30,}"),  # Hugging Face
    (("AKIA", "ASIA", "AGPA", "AIDA", "AROA"), r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}"),  # AWS key ids
    (("AIza",), r"AIza[A-Za-z0-9_\-]{35}"),  # Google
    (("ya29.",), r"ya29\.[A-Za-z0-9_\-]{20,}"),  # Google OAuth
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36,}"),  # GitHub
    (("github_pat_",), r"github_pat_[A-Za-z0-9_]{40,}"),
    (("glpat-",), r"glpat-[A-Za-z0-9_\-]{20,}"),  # GitLab
    (("xox",), r"xox[abeoprs]-[A-Za-z0-9\-]{10,}"),  # Slack
    (("SG.",), r"SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"),  # SendGrid
    (("sk_", "rk_", "pk_"), r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"),  # Stripe
    (("whsec_",), r"whsec_[A-Za-z0-9]{24,}"),
    (("shp",), r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),  # Shopify
    (("npm_",), r"npm_[A-Za-z0-9]{36}"),
    (("pypi-",), r"pypi-AgEIcHlwaS[A-Za-z0-9_\-]{40,}"),
    (("dop_v1_",), r"dop_v1_[a-f0-9]{64}"),  # DigitalOcean
    (("key-",), r"key-[a-f0-9]{32}"),  # Mailgun
    (("xapp-",), r"xapp-\d-[A-Z0-9]{8,}-\d{8,}-[a-f0-9]{32,}"),  # Slack applications
    (("hvs.", "hvb."), r"hv[sb]\.[A-Za-z0-9_\-]{24,}"),  # HashiCorp Vault
    (("sq0",), r"sq0(?:atp|csp|idp)-[A-Za-z0-9_\-]{22,}"),  # Square
    (("dapi",), r"dapi[a-f0-9]{32}"),  # Databricks
    (("glsa_",), r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),  # Grafana
    (("ATATT3",), r"ATATT3[A-Za-z0-9_\-=]{50,}"),  # Atlassian
    (("lin_api_",), r"lin_api_[A-Za-z0-9]{40}"),  # Linear
    (("pplx-",), r"pplx-[A-Za-z0-9]{40,}"),  # Perplexity
    (("dckr_pat_",), r"dckr_pat_[A-Za-z0-9_\-]{27,}"),  # Docker
    (("r8_",), r"r8_[A-Za-z0-9]{37}"),  # Replicate
    (("eyJ",), r"eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"),  # JSON web tokens (RFC 7519)
)
_KEYS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (start, lazy_pattern(rf"(?<![A-Za-z0-9_\-]){pattern}(?![A-Za-z0-9_])"))
    for starts, pattern in FORMATS
    for start in starts
)
_BLOCK = lazy_pattern(
    r"-----BEGIN (?:[A-Z]{2,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----.{0,8192}?"
    r"(?:-----END (?:[A-Z]{2,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_BEARER = lazy_pattern(r"\bBearer\s+([A-Za-z0-9_\-.=+/]{20,})")
MASK = "*"


def key_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of the keys, tokens and private key blocks in the formats of common issuers, in order."""
    spans: list[tuple[int, int]] = []
    for span in sorted(span for start, pattern in _KEYS if start in text for span in _found(text, start, pattern)):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    if "-----BEGIN " in text:
        spans += [found.span() for found in _BLOCK.finditer(text)]
    if "Bearer" in text:
        spans += [found.span(1) for found in _BEARER.finditer(text) if _is_random(found.group(1))]
    return tuple(sorted(spans))


def blotted(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """Return a text of the same length with every span as asterisks."""
    for start, end in spans:
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


def _found(text: str, start: str, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = text.find(start)
    while at >= 0:
        found = pattern.match(text, at)
        is_key = found is not None and _is_random(found.group())
        if found is not None and is_key:
            spans.append(found.span())
        at = text.find(start, found.end() if found is not None and is_key else at + 1)
    return spans


def _is_random(key: str) -> bool:
    """Tell a key from a slug such as `sk-learn-for-beginners-and-experts`: keys hold digits."""
    return any(char.isdigit() for char in key)
