"""The port that gives a build the vectors of texts: from memory, from the cache, else from the model, loaded then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.edges.meaning.bert import Model
from evalspec.edges.meaning.cache import VectorCache, key_of
from evalspec.edges.meaning.minilm import DIMENSIONS, NAMED, MiniLM
from evalspec.text.meaning import MEANING_VERSION, SCALE, Embed, quantised

SAVED = 2_000  # texts embedded between two writes of the cache: what a killed build does again
MODEL = (
    f"{NAMED.title} {NAMED.revision} weights {NAMED.weights} tokenizer {NAMED.tokenizer} pieces {NAMED.longest} "
    f"scale {SCALE} version {MEANING_VERSION}"
)


def minilm_embedder(
    path: str,
    cache: VectorCache | None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Embed:
    """Return what turns texts into int8 rows of the packaged model; `path` is the spec, for what goes wrong."""
    return embedder(path, lambda: MiniLM(path), DIMENSIONS, cache, progress)


def embedder(
    path: str,
    load: Callable[[], Model],
    dimensions: int,
    cache: VectorCache | None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Embed:
    """Return what turns texts into int8 rows at scale 127; `path` is the spec, for what goes wrong.

    The model is loaded when a text comes that nobody has embedded yet. Without a cache everything is embedded anew.
    """
    known: dict[bytes, NDArray[np.int8]] = {}
    loaded: list[Model] = []
    is_read = [cache is None]

    def embed(texts: Sequence[str]) -> NDArray[np.int8]:
        keys = [key_of(text) for text in texts]
        if not is_read[0] and cache is not None and any(key not in known for key in keys):
            known.update(cache.read())
            is_read[0] = True
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if fresh:
            add(fresh)
        rows = np.empty((len(keys), dimensions), dtype=np.int8)
        for at, key in enumerate(keys):
            rows[at] = known[key]
        return rows

    def add(fresh: dict[bytes, str]) -> None:
        if not loaded:
            loaded.append(load())
        # By digest, so that a batch holds the same texts whatever the order of cases.
        keys, done = sorted(fresh), 0
        progress("embed", 0, len(keys))
        for start in range(0, len(keys), SAVED):
            some = keys[start : start + SAVED]

            def told(count: int) -> None:
                nonlocal done
                done += count
                progress("embed", done, len(keys))

            floats = loaded[0].vectors([fresh[key] for key in some], told)
            if not np.isfinite(floats).all():
                raise _no_numbers(path)
            rows = quantised(floats)
            known.update(zip(some, rows, strict=True))
            if cache is not None:
                cache.add(some, rows)
        if cache is not None:
            cache.merge(known)

    return embed


def _no_numbers(path: str) -> BuildError:
    message = "the embedder gives no finite numbers for a text, so nothing can be near to it or far from it"
    hint = "its weights are damaged, or overflow: take another model"
    problem = Diagnostic(code="X506", severity="error", message=message, path=path, hint=hint, exit=Exit.INVALID)
    return BuildError([problem])


def minilm_cache(folder: str, root: str) -> VectorCache:
    """Return the cache of the model's vectors in a folder that is never committed."""
    return VectorCache(folder, root, MODEL, DIMENSIONS)
