"""The embedder that a spec names, as the port of a build; the model and its extra are loaded when a text needs them."""

from __future__ import annotations

import os

from evalspec.edges.project_folder import project_folder
from evalspec.model.spec import Spec
from evalspec.model.vocabulary import MEANING
from evalspec.ports import Progress
from evalspec.text.meaning import Embed


def embedder_of(spec: Spec, progress: Progress, *, cached: bool) -> Embed | None:
    """Return what turns texts into vectors of meaning, or None where the spec names nothing that does.

    Without `cached` every text is embedded anew: who recomputes a lock takes nobody's word.
    """
    if spec.screen.embedder not in MEANING:
        return None
    # Imported here: a spec without an embedder must not wait for the code of one.
    from evalspec.edges.meaning.embedder import minilm_cache, minilm_embedder

    root = project_folder(spec.folder)
    cache = minilm_cache(os.path.join(root, ".evalspec", "cache"), root or os.curdir) if cached else None
    return minilm_embedder(spec.path, cache, progress)


def has_embedder() -> bool:
    """Tell whether what an embedder needs is installed; nothing of it is imported."""
    from evalspec.edges.meaning.minilm import missing

    return not missing()


def require_embedder(path: str) -> None:
    """Raise X503 when what the spec's embedder needs is not installed; nothing of it is imported."""
    from evalspec.edges.meaning.minilm import require

    require(path)
