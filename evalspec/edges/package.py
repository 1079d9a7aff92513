"""Read the files that come with the package: schemas and texts, in the wheel or in a checkout."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any

# Packages whose answers end up in a lock or a report.
LEANS_ON = ("jinja2", "jsonschema", "numpy", "phonenumbers", "pyyaml", "rapidfuzz", "regex")
_PACKAGE = Path(__file__).parents[1]


def read_text(name: str) -> str:
    """Return a text of the package by its path inside it, such as `catalog/families.yaml`."""
    return (_PACKAGE / name).read_text(encoding="utf-8")


@functools.cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema by its file name, such as `spec.v1.json`; treat it as read-only."""
    # The wheel holds the schemas inside the package; an editable install finds them beside it.
    packaged = _PACKAGE / "schemas" / name
    path = packaged if packaged.is_file() else _PACKAGE.parent / "schemas" / name
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def fingerprint() -> str:
    """Return a digest of what makes a build beside its inputs: this code, Python, and the packages it leans on."""
    from importlib.metadata import version  # which takes longer to import than most files to read

    whole = hashlib.sha256()
    for root in (_PACKAGE, _PACKAGE.parent / "schemas"):
        for folder, below, names in os.walk(root):
            below[:] = sorted(name for name in below if name != "__pycache__")
            for name in sorted(names):
                path = os.path.join(folder, name)
                whole.update(f"\0{os.path.relpath(path, root)}\0".encode("utf-8", "surrogateescape"))
                with open(path, "rb") as file:
                    whole.update(file.read())
    versions = [sys.version, unicodedata.unidata_version, *(f"{name} {version(name)}" for name in LEANS_ON)]
    whole.update("\0".join(versions).encode())
    return whole.hexdigest()
