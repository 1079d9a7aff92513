"""Regular expressions that compile themselves when they are first used.

The package has some four hundred, a command uses a few dozen, and compiling them all took half of its start-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import regex

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split", "scanner")


class _Pattern:
    """Stands for a compiled pattern; its methods are the compiled one's own from the first use on."""

    def __init__(self, pattern: str, flags: int, compiled: Callable[[str, int], Any]) -> None:
        self.pattern, self._flags, self._compiled = pattern, flags, compiled

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the interpreter asks of any object
            raise AttributeError(name)
        found = self._compiled(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(found, method, None))
        return getattr(found, name)


def lacks(text: str, parts: tuple[str, ...]) -> bool:
    """Return True where a text holds none of `parts`, small ASCII letters, in whatever case: a look before a search.

    Of a text that is not ASCII nothing is said: other letters may stand for these where case does not count.
    """
    if not text.isascii():
        return False
    lowered = text.lower()
    return not any(part in lowered for part in parts)


def lazy_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, compiled at its first use; functions of `re` do not take it."""
    return cast("re.Pattern[str]", _Pattern(text, flags, re.compile))


def lazy_unicode(text: str, flags: int = 0) -> regex.Pattern[str]:
    r"""Return the same of the `regex` package, which knows `\p{...}` and is imported at the first use."""
    return cast("regex.Pattern[str]", _Pattern(text, flags, _by_regex))


def _by_regex(text: str, flags: int) -> Any:
    import regex

    return regex.compile(text, flags)
