"""Texts to vectors with the weights of a BERT: a forward pass in NumPy that gives what sentence-transformers gives,
without loading it.

Texts are laid end to end without padding and by length, and one thread works through one batch at a time, so that every
product is the same whatever the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from evalspec.edges.meaning.gelu import gelu

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 1024  # word pieces at a time: what the caches of a core hold

Floats = NDArray[np.float32]
Told: TypeAlias = Callable[[int], None]  # how many more texts are done


class Model(Protocol):
    """A model that is loaded."""

    @property
    def dimensions(self) -> int:
        """How many components a vector has."""

    def vectors(self, texts: Sequence[str], told: Told = lambda count: None) -> Floats:
        """Return one row of unit length a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a BERT its weights do not say."""

    layers: int
    heads: int
    width: int  # dimensions of a vector
    inner: int  # of the wide layer
    epsilon: float
    longest: int  # word pieces that are read of a text
    pooling: Literal["mean", "cls"]


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


class Bert:
    """The loaded model; a class because the weights are worth keeping.

    `weights` are float32 by the names that the model's own library gives them, `tokenizer` is the text of its
    `tokenizer.json`. A tensor that is missing raises KeyError, one of another shape ValueError.
    """

    def __init__(self, weights: Mapping[str, Floats], tokenizer: str, shape: Shape) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # it warns of forks that nobody makes here
        from tokenizers import Tokenizer

        self._shape = shape
        self._tokenizer: Tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(shape.longest)
        take = _Taking(weights, shape)
        self._words = take.table("embeddings.word_embeddings.weight")
        # Every text is the first of a pair: its kind is added to the place once and for all.
        kind = take.table("embeddings.token_type_embeddings.weight")[0]
        self._places: Floats = take.table("embeddings.position_embeddings.weight") + kind
        if len(self._places) < shape.longest or len(self._words) <= max(
            self._tokenizer.get_vocab().values(), default=0
        ):
            raise ValueError("fewer places or word pieces than the settings say")
        self._norm = take.norm("embeddings.LayerNorm")
        self._layers = tuple(take.layer(f"encoder.layer.{at}.") for at in range(shape.layers))

    @property
    def dimensions(self) -> int:
        """How many components a vector has."""
        return self._shape.width

    def vectors(self, texts: Sequence[str], told: Told = lambda count: None) -> Floats:
        """Return one row of unit length a text, read up to the last word piece that the shape allows.

        A text of no piece at all, which a tokenizer without marks makes of an empty one, is a row of zeros.
        """
        from threadpoolctl import threadpool_limits

        # Half a surrogate pair is no character that a tokenizer knows.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        pieces = [one.ids for one in self._tokenizer.encode_batch(clean)]
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
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
        epsilon = self._shape.epsilon
        _normalise(x, self._norm, epsilon)
        groups = _of_one_length(lengths)
        for layer in self._layers:
            mixed: Floats = _attend(x @ layer.qkv + layer.qkv_bias, groups, self._shape.heads) @ layer.out
            mixed += layer.out_bias
            mixed += x
            _normalise(mixed, layer.norm, epsilon)
            wide: Floats = mixed @ layer.wide
            wide += layer.wide_bias
            gelu(wide)
            x = _product(wide, layer.narrow)
            x += layer.narrow_bias + mixed
            _normalise(x, layer.last_norm, epsilon)
        if self._shape.pooling == "cls":
            return of_unit_length(x[starts])
        pooled = np.add.reduceat(x, starts, axis=0)
        pooled /= lengths[:, None]
        return of_unit_length(pooled)


def of_unit_length(rows: Floats) -> Floats:
    """Return rows at unit length; a row of zeros stays zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1), dtype=np.float32)


def _product(left: Floats, right: Floats) -> Floats:
    found: Floats = left @ right
    return found


def _threads() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 8))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts, shortest first, in batches of at most `_BATCH` word pieces or of one text.

    Those of no piece are left out.
    """
    batch: list[int] = []
    held = 0
    for at in sorted((at for at, length in enumerate(lengths) if length), key=lambda at: lengths[at]):
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


def _attend(qkv: Floats, groups: Sequence[tuple[int, int, int]], heads: int) -> Floats:
    """Mix the word pieces of each text, head by head; texts of one length go together, so that nothing is padded."""
    width = qkv.shape[1] // 3
    mixed: Floats = np.empty((len(qkv), width), dtype=np.float32)
    for start, count, length in groups:
        rows = slice(start, start + count * length)
        queries, keys, values = qkv[rows].reshape(count, length, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
        shares = np.matmul(queries, keys.transpose(0, 1, 3, 2))
        shares -= shares.max(axis=-1, keepdims=True)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed[rows] = np.matmul(shares, values).transpose(0, 2, 1, 3).reshape(count * length, width)
    return mixed


def _normalise(x: Floats, norm: tuple[Floats, Floats], epsilon: float) -> None:
    """Shift and scale every row to mean 0 and variance 1, then as learned, in place."""
    x -= x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1])
    x *= (1 / np.sqrt(variance + np.float32(epsilon)))[:, None]
    x *= norm[0]
    x += norm[1]


@dataclass(frozen=True, slots=True)
class _Taking:
    """The tensors of a file by name, each of the shape that it must have; a class because each needs both."""

    weights: Mapping[str, Floats]
    shape: Shape

    def table(self, name: str) -> Floats:
        """Return rows as wide as the model."""
        found = self.weights[name]
        if found.ndim != 2 or found.shape[1] != self.shape.width or not len(found):
            raise ValueError(f"`{name}` is {_spelled(found)}")
        return found

    def norm(self, name: str) -> tuple[Floats, Floats]:
        """Return what a layer was taught to scale and to add."""
        return self._vector(f"{name}.weight"), self._vector(f"{name}.bias")

    def layer(self, name: str) -> _Layer:
        """Return one layer."""
        width, inner = self.shape.width, self.shape.inner
        parts = [f"{name}attention.self.{part}" for part in ("query", "key", "value")]
        qkv = np.concatenate([self._matrix(part, width, width) for part in parts], axis=1)
        bias = np.concatenate([self._vector(f"{part}.bias") for part in parts])
        scale = np.float32(1 / np.sqrt(width // self.shape.heads))
        qkv[:, :width] *= scale
        bias[:width] *= scale
        return _Layer(
            qkv=np.ascontiguousarray(qkv),
            qkv_bias=bias,
            out=self._matrix(f"{name}attention.output.dense", width, width),
            out_bias=self._vector(f"{name}attention.output.dense.bias"),
            norm=self.norm(f"{name}attention.output.LayerNorm"),
            wide=self._matrix(f"{name}intermediate.dense", width, inner),
            wide_bias=self._vector(f"{name}intermediate.dense.bias", inner),
            narrow=self._matrix(f"{name}output.dense", inner, width),
            narrow_bias=self._vector(f"{name}output.dense.bias"),
            last_norm=self.norm(f"{name}output.LayerNorm"),
        )

    def _matrix(self, name: str, rows: int, columns: int) -> Floats:
        """Return a matrix of `rows` x `columns`, which the file holds the other way round."""
        found = self.weights[f"{name}.weight"]
        if found.shape != (columns, rows):
            raise ValueError(f"`{name}.weight` is {_spelled(found)}")
        return np.ascontiguousarray(found.T)

    def _vector(self, name: str, length: int | None = None) -> Floats:
        found = self.weights[name]
        if found.shape != (length or self.shape.width,):
            raise ValueError(f"`{name}` is {_spelled(found)}")
        return found


def _spelled(found: Floats) -> str:
    return " x ".join(map(str, found.shape)) or "a number"
