"""Words that writing models overuse in English prose; our own list, versioned because a rate means nothing without it.

It does not travel: another generator has other words. The words learned from the pool itself are `tell_tale`.
"""

from __future__ import annotations

SIGNATURE_WORDS_VERSION = 1

SIGNATURE_WORDS: frozenset[str] = frozenset(
    {
        "additionally",
        "appreciate",
        "assistance",
        "clarification",
        "comprehensive",
        "crucial",
        "delve",
        "enhance",
        "ensure",
        "facilitate",
        "furthermore",
        "guidance",
        "inconvenience",
        "inquire",
        "inquiring",
        "kindly",
        "moreover",
        "navigate",
        "promptly",
        "regarding",
        "seamless",
        "streamline",
        "tapestry",
        "underscore",
        "utilize",
        "vital",
    }
)
