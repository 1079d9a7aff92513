"""What a model gave for each text, kept on disk: rebuildable, so that whatever is wrong with it costs time alone.

One file holds rows of a digest and a vector behind a first line that names the model and the digest of all that
follows. A file is written once, whole; one that is cut, changed or of another model is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evalspec.diagnostics import EvalspecError
from evalspec.edges.files import list_files, read_bytes, remove, write_bytes

KEY_BYTES = 16
MERGED = 12  # from so many files on they become one
_LIMIT = 1 << 30  # bytes of one file; two and a half million texts

Vector = NDArray[np.int8]


def key_of(text: str) -> bytes:
    """Return the digest by which a text's vector is found."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class VectorCache:
    """The files of one model in one folder; a class because it remembers what it has read.

    `model` says everything that decides a vector beside the text. A folder that cannot be read or written is as good as
    an empty one.
    """

    def __init__(self, folder: str, root: str, model: str, dimensions: int) -> None:
        self._folder, self._root = folder, root
        self._head = {"format": "evalspec vectors 1", "model": model, "dimensions": dimensions}
        self._name = f"vectors-{hashlib.sha256(model.encode()).hexdigest()[:12]}"
        self._kind = np.dtype([("key", f"V{KEY_BYTES}"), ("vector", np.int8, (dimensions,))])
        self._files: list[str] = []

    def read(self) -> dict[bytes, Vector]:
        """Return every vector that is kept, by key."""
        found: dict[bytes, Vector] = {}
        try:
            self._files = list(list_files(os.path.join(self._folder, f"{self._name}-*.bin"), root=self._root))
        except EvalspecError:
            self._files = []
        for path in self._files:
            rows = self._rows(path)
            found.update(zip(map(bytes, rows["key"]), rows["vector"], strict=True))
        return found

    def _rows(self, path: str) -> NDArray[np.void]:
        """Return the rows of one file, none of one that is not whole."""
        try:
            head, _, body = read_bytes(path, root=self._root, limit=_LIMIT).partition(b"\n")
        except EvalspecError:
            return np.empty(0, dtype=self._kind)
        if head != self._line(body) or len(body) % self._kind.itemsize:
            return np.empty(0, dtype=self._kind)
        return np.frombuffer(body, dtype=self._kind)

    def _line(self, body: bytes) -> bytes:
        return json.dumps({**self._head, "sha256": hashlib.sha256(body).hexdigest()}).encode("ascii")

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.int8]) -> None:
        """Keep more vectors, in a file of their own."""
        self._write(zip(keys, vectors, strict=True))

    def merge(self, known: Mapping[bytes, Vector]) -> None:
        """Put all that is known into one file where there are many; the others go when it stands."""
        if len(self._files) < MERGED:
            return
        before = list(self._files)
        kept = self._write(sorted(known.items(), key=lambda one: one[0]))
        if kept is None:
            return
        for path in before:
            if path != kept:
                remove(path)
        self._files = [kept]

    def _write(self, rows: Iterable[tuple[bytes, Vector]]) -> str | None:
        listed = list(rows)
        packed = np.empty(len(listed), dtype=self._kind)
        for at, (key, vector) in enumerate(listed):
            packed[at] = (np.void(key), vector)
        body = packed.tobytes()
        path = os.path.join(self._folder, f"{self._name}-{hashlib.sha256(body).hexdigest()[:16]}.bin")
        try:
            write_bytes(path, self._line(body) + b"\n" + body, root=self._root)
        except EvalspecError:
            return None
        if path not in self._files:
            self._files.append(path)
        return path
