"""Rewritings that only a model can do. Each is an instruction; the pool's generator carries it out.

A model may move what a message means, so their children's labels are only proposed: a person reads each one.
"""

from __future__ import annotations

from evalspec.registry import operator

INTO = "es"  # what `translate` says it in, unless told otherwise


@operator("paraphrase", version=1, scope="content", relation="reviewed", asks=True)
def paraphrase(text: str) -> str | None:
    """Say the same in other words, as another person would."""
    return "Say the same thing in other words, as another person in the same situation would. Keep the tone and length."


@operator("blunt", version=1, scope="content", relation="reviewed", asks=True)
def blunt(text: str) -> str | None:
    """Say the same bluntly: no greeting, no thanks, no softening."""
    return "Say the same thing bluntly: no greeting, no thanks, no softening words, nothing explained twice."


@operator("clause_switch", version=1, scope="content", relation="reviewed", asks=True)
def clause_switch(text: str, *, into: str = "hi-Latn") -> str | None:
    """Switch language in the middle: one clause stays, the rest is said as bilingual people type it."""
    return (
        "Rewrite it as a person types who mixes two languages: keep one clause in the language it is in, and say the "
        f"rest in the language `{into}` (BCP 47), as people type it in chats. Do not translate names of products."
    )


@operator("translate", version=1, scope="content", relation="reviewed", asks=True)
def translate(text: str, *, into: str = INTO) -> str | None:
    """Say it in another language, as its speakers write to a desk."""
    return (
        f"Say it in the language `{into}` (BCP 47), as a native speaker would write it in a chat, with the same tone "
        "and the same mistakes of hurry. Do not translate names of products."
    )
