"""The package's own prompt templates, read once as package data: they are code, not an input of a spec."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def builtin_prompt(name: str) -> str:
    """Return the text of one of the templates in this folder."""
    return (Path(__file__).parent / f"{name}.jinja").read_text(encoding="utf-8")
