"""Runnable files that stand beside exported records, each with an echo in the place of the model; package data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def stub(name: str) -> str:
    """Return the text of one file of this folder, which is stored with `.txt` behind its name."""
    return files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
