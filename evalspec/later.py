"""Packages that take long to import, imported when something of them is first used.

numpy takes longer to import than everything that `check` does. A module that counts with it says
`from evalspec.later import NDArray, np` and writes aliases of array types as text, since `np.int64` is a use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["OSA", "LCSseq", "NDArray", "Postfix", "Prefix", "np", "phonenumbers", "statistics"]


class _Later:
    """Stands for a package; what is taken from it once is an attribute of this object from then on."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the interpreter asks of any object
            raise AttributeError(name)
        found = getattr(importlib.import_module(self._package), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:
    import statistics

    import numpy as np
    import phonenumbers
    from numpy.typing import NDArray
    from rapidfuzz.distance import OSA, LCSseq, Postfix, Prefix
else:
    np = _Later("numpy")
    phonenumbers = _Later("phonenumbers")
    statistics = _Later("statistics")
    OSA, LCSseq, Postfix, Prefix = (
        _Later(f"rapidfuzz.distance.{one}") for one in ("OSA", "LCSseq", "Postfix", "Prefix")
    )
    NDArray = None  # in annotations alone, which nothing evaluates
