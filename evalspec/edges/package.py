"""Read the files that come with the package: schemas and texts, in the wheel or in a checkout."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any


def read_text(name: str) -> str:
    """Return a text of the package by its path inside it, such as `catalog/families.yaml`."""
    return _inside(files("evalspec"), name).read_text(encoding="utf-8")


@functools.cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema by its file name, such as `spec.v1.json`; treat it as read-only."""
    # The wheel holds the schemas inside the package; an editable install finds them beside it.
    packaged = _inside(files("evalspec"), f"schemas/{name}")
    text = packaged if packaged.is_file() else Path(__file__).parents[2] / "schemas" / name
    schema: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return schema


def _inside(root: Traversable, name: str) -> Traversable:
    for part in name.split("/"):
        root = root / part
    return root
