"""What a prompt that cannot be rendered raises; apart from the rendering, whose package takes long to import."""

from __future__ import annotations


class PromptError(ValueError):
    """A template that is not allowed or cannot be rendered; the message says why."""
