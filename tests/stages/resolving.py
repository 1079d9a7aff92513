"""Text to resolved spec, as the driver does it."""

from __future__ import annotations

from evalspec.catalog import load_catalog
from evalspec.diagnostics import SpecError
from evalspec.edges.package import read_schema
from evalspec.model.source import Document, SourceFile
from evalspec.model.spec import Spec
from evalspec.stages.parse import parse
from evalspec.stages.resolve import resolve
from evalspec.stages.validate import validate


def document_of(text: str, path: str = "specs/desk.yaml") -> Document:
    """Parse and validate a spec."""
    document = parse(SourceFile(path=path, text=text))
    validate(document, read_schema("spec.v1.json"))
    return document


def spec_of(text: str, path: str = "specs/desk.yaml", base: str | None = None) -> Spec:
    """Resolve a spec; `base` is the text of the one it extends, beside it as `base.yaml`."""
    under = document_of(base, "specs/base.yaml") if base is not None else None
    return resolve(document_of(text, path), load_catalog(), under)


def problems_of(text: str, path: str = "specs/desk.yaml", base: str | None = None) -> list[str]:
    """Return code and message of every problem of a spec, in order of place."""
    try:
        spec_of(text, path, base)
    except SpecError as error:
        return [f"{one.code} {one.message}" for one in error.diagnostics]
    return []


SMALLEST = """\
version: 1
sources:
  production:
mix: {size: 100, shares: {seed: 0.5, mutation: 0.5}}
"""
