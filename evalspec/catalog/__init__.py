"""What a spec may name: every module below registers its members with a decorator when it is imported."""

from __future__ import annotations

import importlib
import pkgutil

from evalspec.registry import CATALOG, Catalog


def load_catalog() -> Catalog:
    """Import every module of the catalogue in name order, and return what they registered."""
    found = sorted(module.name for module in pkgutil.walk_packages(__path__, f"{__name__}."))
    for name in found:
        importlib.import_module(name)
    return CATALOG
