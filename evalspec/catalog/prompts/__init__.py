"""The package's own prompt templates, read once as package data: they are code, not an input of a spec."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def builtin_prompt(name: str) -> str:
    """Return the text of one of the templates in this folder."""
    return files(__package__).joinpath(f"{name}.jinja").read_text(encoding="utf-8")
