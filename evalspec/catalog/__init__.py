"""What a spec may name: every module below registers its members with a decorator when it is imported."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from evalspec.registry import CATALOG, Catalog, Kind

# Where the members of a kind stand: a command imports the kinds that it asks for. One that is not here may stand
# anywhere, and asking for it imports everything.
FOLDERS: Mapping[Kind, str] = MappingProxyType(
    {
        "attack": "attacks",
        "detector": "detectors",
        "exporter": "exporters",
        "juror": "jury",
        "measure": "measures",
        "operator": "mutations",
        "results": "result_readers",
        "technique": "techniques",
    }
)


def load_catalog() -> Catalog:
    """Return the catalogue, which imports the modules of a kind in name order when it is first asked for one."""
    CATALOG.load = _load
    return CATALOG


@cache
def _load(kind: Kind) -> None:
    folder = FOLDERS.get(kind)
    below = f"{__name__}.{folder}" if folder else __name__
    path = importlib.import_module(below).__path__
    for name in sorted(module.name for module in pkgutil.walk_packages(path, f"{below}.")):
        importlib.import_module(name)
