"""The embedder that a spec names, as the port of a build; the model and its extra are loaded when a text needs them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalspec.diagnostics import EvalspecError
from evalspec.edges.project_folder import project_folder
from evalspec.later import NDArray, np
from evalspec.model.embedders import Spoken
from evalspec.model.spec import Spec
from evalspec.model.vocabulary import MEANING
from evalspec.ports import Progress
from evalspec.text.meaning import Embed

if TYPE_CHECKING:
    from evalspec.edges.meaning.own import Own


def embedder_of(spec: Spec, progress: Progress, *, cached: bool) -> Embed | None:
    """Return what turns texts into vectors of meaning, or None where the spec names nothing that does.

    Without `cached` every text is embedded anew: who recomputes a lock takes nobody's word.
    """
    if spec.screen.embedder not in MEANING:
        return None
    # Imported here: a spec without an embedder must not wait for the code of one.
    from evalspec.edges.meaning.cache import VectorCache
    from evalspec.edges.meaning.embedder import embedder, minilm_cache, minilm_embedder

    root = project_folder(spec.folder) or os.curdir
    folder = os.path.join(root, ".evalspec", "cache")
    if spec.screen.own is None:
        return minilm_embedder(spec.path, minilm_cache(folder, root) if cached else None, progress)
    made: list[Embed] = []

    def embed(texts: Sequence[str]) -> NDArray[np.int8]:
        if not made:  # the folder is looked at when a text comes: a plan needs no model
            from evalspec.edges.meaning.own import loaded

            own = _own(spec)
            dimensions = own.about.dimensions
            cache = VectorCache(folder, root, own.key, dimensions) if cached else None
            made.append(embedder(spec.path, lambda: loaded(own), dimensions, cache, progress))
        return made[0](texts)

    return embed


def spoken_of(spec: Spec) -> Spoken | None:
    """Return what the model is that the spec brings, as its folder says; None where it brings none."""
    if spec.screen.own is None:
        return None
    return _own(spec).about.spoken


def has_embedder(spec: Spec) -> bool:
    """Tell whether what the spec's embedder needs is here; nothing of it is imported."""
    try:
        require_embedder(spec)
    except EvalspecError:
        return False
    return True


def require_embedder(spec: Spec) -> None:
    """Raise X503 to X506 when what the spec's embedder needs is not here; nothing of it is imported."""
    if spec.screen.own is not None:
        _own(spec)
        return
    from evalspec.edges.meaning.minilm import require

    require(spec.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the folder of a model holds, as a person puts it into a spec."""

    path: str
    spoken: Spoken
    weights: str  # sha256
    settings: str  # sha256
    revision: str | None  # what a download noted; None where nothing did
    weight_files: tuple[str, ...]
    setting_files: tuple[str, ...]
    unread: tuple[str, ...]  # pickles
    why: str  # what makes sentence-transformers run it; empty where evalspec does
    missing: tuple[str, ...]  # modules that would run it and are not installed


def shown(path: str) -> Shown:
    """Look at the folder of a model: X505 where there is none, X506 for what is never run."""
    from evalspec.edges.meaning.about import about
    from evalspec.edges.meaning.folder import read_folder, weights_digest
    from evalspec.edges.meaning.own import missing, stated_revision

    folder = read_folder(path, None)
    told = about(folder)
    return Shown(
        path=path,
        spoken=told.spoken,
        weights=weights_digest(folder),
        settings=folder.settings_digest,
        revision=stated_revision(folder),
        weight_files=folder.weights,
        setting_files=tuple(folder.settings),
        unread=folder.pickles,
        why=told.why,
        missing=missing(told),
    )


def _own(spec: Spec) -> Own:
    from evalspec.edges.meaning.own import opened

    own = spec.screen.own
    assert own is not None
    root = project_folder(spec.folder) or os.curdir
    return opened(spec.screen.embedder, own, os.path.join(spec.folder, *own.path.split("/")), root)
