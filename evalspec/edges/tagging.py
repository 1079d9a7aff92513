"""Parts of speech by textblob's PatternTagger, the extra `lang`: its lexicon is in the package, nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit


def has_tagger() -> bool:
    """Tell whether the extra is installed; nothing of it is imported."""
    return find_spec("textblob") is not None


def require_tagger(path: str) -> None:
    """Raise E908 when a spec asks for parts of speech and the extra is not installed."""
    if not has_tagger():
        problem = Diagnostic(
            code="E908",
            severity="error",
            message="a gate asks for parts of speech (`space: pattern`), which need the extra `lang`",
            path=path,
            hint="Run `pip install 'evalspec[lang]'`, or leave out `space` to count by function words.",
            exit=Exit.ENVIRONMENT,
        )
        raise EvalspecError([problem])


def pattern_tags(text: str) -> Sequence[str]:
    """Return the Penn tag of each word and mark of an English text."""
    return [str(tag) for _, tag in _tagger().tag(text)]


@lru_cache(maxsize=1)
def _tagger() -> Any:
    from textblob.en.taggers import PatternTagger

    return PatternTagger()
