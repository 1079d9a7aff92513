"""Texts to integer vectors of signed hashed character n-grams, and exact cosines between them.

Everything is kept in integers: a dot product of these rows is exact in whatever order a BLAS adds it, so what a
cosine decides is the same on every machine. Unsigned hashing at this width would add 57 % to the mean cosine.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from evalspec.later import NDArray, np
from evalspec.text.patterns import lazy_pattern
from evalspec.text.rows import AnyRows, Rows, steps_of

SPACE_VERSION = 1  # raised when a vector would change: stored cosines of another version are not comparable
DIMS = 4096
SIZES = (3, 4, 5)  # code points an n-gram
BLOCK = 1024  # rows made dense at a time: 16 MB in single precision
CACHED = 256  # rows whose entries are summed at a time: 700 kB of numbers for messages of 20 words
CHUNK = 2048  # texts vectorized at a time: their n-grams are counted by sorting, in about 15 MB
MEMO_LIMIT = 2_000_000  # n-grams remembered; about 200 MB at most
SEGMENT_LIMIT = 100_000  # words with what follows them remembered; about 25 MB at most
SEGMENT_LONGEST = 40  # characters of one that is remembered

_SINGLE_EXACT = 1 << 24  # whole numbers below are exact in float32, and Cauchy-Schwarz bounds every partial sum

Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"


class _Codes(dict[str, int]):
    """Remembers index and sign of every n-gram seen; a class because `__missing__` is the fast way to fill a dict."""

    def __missing__(self, gram: str) -> int:
        raw = hashlib.blake2b(gram.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = int.from_bytes(raw, "little")
        code = (value % DIMS) * 2 + (value >> 63)
        if len(self) < MEMO_LIMIT:
            self[gram] = code
        return code


_CODES = _Codes()


class _Segments(dict[str, bytes]):
    """Remembers the codes of the n-grams that begin in a space and a word, by these and the four characters after.

    Those say all about them, and texts repeat words more than anything.
    """

    def __missing__(self, segment: str) -> bytes:
        after = segment.find(" ", 1)
        stop = len(segment) if after < 0 else after
        known = _CODES
        codes = [known[segment[at : at + size]] for size in SIZES for at in range(min(stop, len(segment) - size + 1))]
        found = array("H", codes).tobytes()
        if len(segment) <= SEGMENT_LONGEST and len(self) < SEGMENT_LIMIT:
            self[segment] = found
        return found


_KNOWN_SEGMENTS = _Segments()
_SEGMENT = lazy_pattern(rf"(?=( [^ ]*.{{0,{SIZES[-1] - 1}}}))", re.DOTALL)


def codes_of(line: str) -> bytes:
    """Return the n-grams of a padded line as native 16-bit numbers: twice the index, plus the sign."""
    return b"".join(map(_KNOWN_SEGMENTS.__getitem__, _SEGMENT.findall(line)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Rows of sparse integer vectors: row i has `counts[k]` at `columns[k]`, k from `starts[i]` to `starts[i + 1]`."""

    starts: Ints
    columns: NDArray[np.int32]
    counts: NDArray[np.int32]
    norms: Ints  # squared

    def __len__(self) -> int:
        return len(self.norms)

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return DIMS

    def take(self, rows: Sequence[int] | Ints) -> Vectors:
        """Return the rows asked for, in the order asked for."""
        if isinstance(rows, range) and rows.step == 1 and 0 <= rows.start <= rows.stop <= len(self):
            return self._slice(rows.start, rows.stop)
        picked = np.asarray(rows, dtype=np.int64)
        lengths = self.starts[picked + 1] - self.starts[picked]
        starts = np.zeros(len(picked) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        where = np.repeat(self.starts[picked] - starts[:-1], lengths) + np.arange(int(starts[-1]), dtype=np.int64)
        return Vectors(starts=starts, columns=self.columns[where], counts=self.counts[where], norms=self.norms[picked])

    def spread(self, start: int, stop: int, kind: type[np.float32] | type[np.float64]) -> NDArray[np.floating]:
        """Return rows `start` to `stop` as floats; `kind` must be wide enough for the largest squared norm."""
        block: NDArray[np.floating] = np.zeros((stop - start, DIMS), dtype=kind)
        first, last = int(self.starts[start]), int(self.starts[stop])
        rows = np.repeat(np.arange(stop - start), np.diff(self.starts[start : stop + 1]))
        block[rows, self.columns[first:last]] = self.counts[first:last]
        return block

    def unit(self) -> Floats:
        """Return all rows at unit length; a text without n-grams stays zero."""
        lengths = np.diff(self.starts)
        block = np.zeros((len(self), DIMS))
        values = self.counts / np.repeat(self._lengths(), lengths)
        block[np.repeat(np.arange(len(self)), lengths), self.columns] = values
        return block

    def weighted(self, weights: Floats) -> Floats:
        """Return the sum of the rows at unit length, each times its weight; what is zero costs little."""
        scaled, found = weights / self._lengths(), np.zeros(DIMS)
        for rows, part in self._parts(weights != 0):
            values = np.repeat(scaled[rows], np.diff(self.starts[rows.start : rows.stop + 1]))
            values *= self.counts[part]
            found += np.bincount(self.columns[part], weights=values, minlength=DIMS)
        return found

    def along(self, direction: Floats) -> Floats:
        """Return the product of each row at unit length with one direction."""
        found = np.zeros(len(self))
        for rows, part in self._parts(self.norms > 0):
            starts = self.starts[rows.start : rows.stop + 1] - part.start
            filled = np.flatnonzero(np.diff(starts))
            products = direction[self.columns[part]]
            products *= self.counts[part]
            found[rows][filled] = np.add.reduceat(products, starts[filled])
        return np.asarray(found / self._lengths())

    def on_grid(self, most: int) -> tuple[NDArray[np.float32], Floats]:
        """Return all rows at unit length, rounded to multiples of a step, and by how much, dimension by dimension."""
        lengths, columns, block = np.diff(self.starts), self.columns, np.zeros(len(self) * DIMS, dtype=np.float32)
        values = self.counts / np.repeat(self._lengths(), lengths)
        sizes = np.bincount(columns, weights=np.abs(values), minlength=DIMS)
        steps = steps_of(sizes.astype(np.float64, copy=False), most)[columns]
        near = np.rint(values / steps)
        near *= steps
        block[np.repeat(np.arange(len(self)) * DIMS, lengths) + columns] = near
        values -= near
        moved = np.bincount(columns, weights=np.abs(values), minlength=DIMS)
        return block.reshape(len(self), DIMS), moved.astype(np.float64, copy=False)

    def _slice(self, start: int, stop: int) -> Vectors:
        """Return neighbouring rows; nothing is copied but where they start."""
        first, last = int(self.starts[start]), int(self.starts[stop])
        return Vectors(
            starts=self.starts[start : stop + 1] - first,
            columns=self.columns[first:last],
            counts=self.counts[first:last],
            norms=self.norms[start:stop],
        )

    def _parts(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[slice, slice]]:
        """Yield rows and their entries, as many at a time as fit in a cache, where one of the rows is wanted."""
        for start in range(0, len(self), CACHED):
            stop = min(start + CACHED, len(self))
            if wanted[start:stop].any():
                yield slice(start, stop), slice(int(self.starts[start]), int(self.starts[stop]))

    def _lengths(self) -> Floats:
        """Return the length of every row, and 1 for a row of zeros."""
        return np.sqrt(np.maximum(self.norms, 1).astype(np.float64))


def padded(text: str) -> str:
    """Fold a text for its n-grams: NFC, lower case, one space between words and on each side."""
    folded = text if text.isascii() else unicodedata.normalize("NFC", text)
    return f" {' '.join(folded.lower().split())} "


def vectorize(texts: Sequence[str]) -> Vectors:
    """Turn texts into vectors, one row a text; a text without n-grams is a row of zeros."""
    if len(texts) <= CHUNK:
        return _vectorized(texts)
    return stacked([_vectorized(texts[start : start + CHUNK]) for start in range(0, len(texts), CHUNK)])


def stacked(parts: Sequence[Vectors]) -> Vectors:
    """Put rows under each other."""
    starts = [np.zeros(1, dtype=np.int64)]
    for part in parts:
        starts.append(part.starts[1:] + starts[-1][-1])
    return Vectors(
        starts=np.concatenate(starts),
        columns=np.concatenate([part.columns for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
        norms=np.concatenate([part.norms for part in parts]),
    )


def _vectorized(texts: Sequence[str]) -> Vectors:
    parts = [codes_of(padded(text)) for text in texts]
    lengths = np.array([len(part) // 2 for part in parts], dtype=np.int64)
    coded = np.frombuffer(b"".join(parts), dtype=np.uint16).astype(np.int64)
    rows = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    cells, where = np.unique(rows * DIMS + coded // 2, return_inverse=True)
    signs = np.where(coded & 1, -1.0, 1.0)
    # Weights are +-1, so the float sums of `bincount` are exact.
    summed = np.bincount(where, weights=signs, minlength=len(cells)).astype(np.int64)
    kept = summed != 0
    return _rows(len(texts), cells[kept], summed[kept])


def _rows(count: int, cells: Ints, summed: Ints) -> Vectors:
    rows = cells // DIMS
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=count), out=starts[1:])
    # Squares of counts are far below 2**53, so these float sums are exact too.
    norms = np.bincount(rows, weights=(summed * summed).astype(np.float64), minlength=count).astype(np.int64)
    return Vectors(starts=starts, columns=(cells % DIMS).astype(np.int32), counts=summed.astype(np.int32), norms=norms)


def take(vectors: AnyRows, rows: Sequence[int] | Ints) -> AnyRows:
    """Return the rows asked for, in the order asked for."""
    return vectors.take(rows)


def dense(
    vectors: Rows, start: int, stop: int, kind: type[np.float32] | type[np.float64] | None = None
) -> NDArray[np.floating]:
    """Spread rows `start` to `stop` out; `kind` (float64) must be wide enough for the largest squared norm."""
    return vectors.spread(start, stop, kind or np.float64)


def dot_blocks(left: Rows, right: Rows, *, upper: bool = False) -> Iterator[tuple[int, int, NDArray[np.floating]]]:
    """Yield (first left row, first right row, dot products) block by block; every product is a whole number, exact.

    `upper` leaves out the blocks below the diagonal, for the pairs inside one side.
    """
    single = max(_largest(left), _largest(right)) < _SINGLE_EXACT
    kind: type[np.float32] | type[np.float64] = np.float32 if single else np.float64
    for top in range(0, len(left), BLOCK):
        rows = dense(left, top, min(top + BLOCK, len(left)), kind)
        for side in range(top if upper else 0, len(right), BLOCK):
            # One array on both sides is half the work for a BLAS.
            is_same = left is right and side == top
            columns = rows if is_same else dense(right, side, min(side + BLOCK, len(right)), kind)
            yield top, side, np.matmul(rows, columns.T)


def _largest(vectors: Rows) -> int:
    return int(vectors.norms.max()) if len(vectors) else 0


def cosine_matrix(left: Rows, right: Rows) -> Floats:
    """Return all cosines of `left` with `right`; a zero vector has cosine 0 with everything."""
    out = np.zeros((len(left), len(right)))
    for top, side, dots in dot_blocks(left, right):
        out[top : top + dots.shape[0], side : side + dots.shape[1]] = dots
    return np.asarray(out * _inverse_norms(left)[:, None] * _inverse_norms(right)[None, :])


def cosines_within(vectors: Rows) -> Floats:
    """Return all cosines of rows with each other, each pair's worked out once."""
    out = np.zeros((len(vectors), len(vectors)))
    for top, side, dots in dot_blocks(vectors, vectors, upper=True):
        rows, columns = slice(top, top + dots.shape[0]), slice(side, side + dots.shape[1])
        out[rows, columns] = dots
        out[columns, rows] = dots.T
    inverse = _inverse_norms(vectors)
    out *= inverse[:, None]
    out *= inverse[None, :]
    return out


def best_cosines(left: Rows, right: Rows) -> Floats:
    """Return the largest cosine of each row of `left` with a row of `right`, in memory of one block."""
    here, there = _inverse_norms(left), _inverse_norms(right)
    best = np.full(len(left), -np.inf)
    for top, side, dots in dot_blocks(left, right):
        rows, columns = slice(top, top + dots.shape[0]), slice(side, side + dots.shape[1])
        found = dots.astype(np.float64)
        found *= here[rows, None]
        found *= there[None, columns]
        np.maximum(best[rows], found.max(axis=1), out=best[rows])
    return best


def best_of_both(left: Rows, right: Rows) -> tuple[Floats, Floats]:
    """Return what `best_cosines` gives of `left` with `right` and of `right` with `left`, from one set of products."""
    here, there = _inverse_norms(left), _inverse_norms(right)
    best, other = np.full(len(left), -np.inf), np.full(len(right), -np.inf)
    for top, side, dots in dot_blocks(left, right):
        rows, columns = slice(top, top + dots.shape[0]), slice(side, side + dots.shape[1])
        found = dots.astype(np.float64)
        # Both ways round, since a product of three doubles depends on the order of its factors.
        forth = found * here[rows, None]
        forth *= there[None, columns]
        np.maximum(best[rows], forth.max(axis=1), out=best[rows])
        found *= there[None, columns]
        found *= here[rows, None]
        np.maximum(other[columns], found.max(axis=0), out=other[columns])
    return best, other


def nearest_others(vectors: Rows) -> Floats:
    """Return the largest cosine of each row with another row, and -1 for a single one, in memory of one block."""
    inverse = _inverse_norms(vectors)
    best = np.full(len(vectors), -1.0)
    for top, side, dots in dot_blocks(vectors, vectors, upper=True):
        rows, columns = slice(top, top + dots.shape[0]), slice(side, side + dots.shape[1])
        found = dots.astype(np.float64)
        # Both ways round, since a product of three doubles depends on the order of its factors.
        forth, back = found * inverse[rows, None] * inverse[None, columns], found.T * inverse[columns, None]
        back *= inverse[None, rows]
        if top == side:
            np.fill_diagonal(forth, -1.0)
            np.fill_diagonal(back, -1.0)
        np.maximum(best[rows], forth.max(axis=1), out=best[rows])
        np.maximum(best[columns], back.max(axis=1), out=best[columns])
    return best


def _inverse_norms(vectors: Rows) -> Floats:
    norms = vectors.norms.astype(np.float64)
    return np.divide(1.0, np.sqrt(norms), out=np.zeros_like(norms), where=norms > 0)


def dot(left: Vectors, left_row: int, right: Vectors, right_row: int) -> int:
    """Return the dot product of one row with another."""
    a, b = slice(*left.starts[left_row : left_row + 2]), slice(*right.starts[right_row : right_row + 2])
    _, here, there = np.intersect1d(left.columns[a], right.columns[b], assume_unique=True, return_indices=True)
    return int(left.counts[a][here].astype(np.int64) @ right.counts[b][there].astype(np.int64))


def at_least(product: int, left_norm: int, right_norm: int, cosine: float) -> bool:
    """Decide in whole numbers whether a dot product over two squared norms is a cosine of at least `cosine`."""
    if product <= 0 or left_norm == 0 or right_norm == 0:
        return False
    bound = _bound(cosine)
    return product * product * bound.denominator**2 >= bound.numerator**2 * left_norm * right_norm


@lru_cache(maxsize=16)
def _bound(cosine: float) -> Fraction:
    return Fraction(str(cosine))


def cosine_of(product: int, left_norm: int, right_norm: int) -> float:
    """Return the cosine of a dot product and two squared norms; 0 for a zero vector."""
    return product / math.sqrt(left_norm * right_norm) if left_norm and right_norm else 0.0


def close_pairs(left: Rows, right: Rows | None, cosine: float) -> list[tuple[int, int, float]]:
    """Return every (row, row, cosine) at or above `cosine`, in row order; without `right`, the pairs inside `left`."""
    other = left if right is None else right
    found: list[tuple[int, int, float]] = []
    slack = cosine * cosine * (1 - 1e-9)  # a coarse sieve; `at_least` decides
    for top, side, dots in dot_blocks(left, other, upper=right is None):
        # In floats: the product of two squared norms of very long texts does not fit 64 bits.
        norms = np.multiply.outer(
            left.norms[top : top + dots.shape[0]].astype(np.float64),
            other.norms[side : side + dots.shape[1]].astype(np.float64),
        )
        hit = (dots > 0) & (np.square(dots, dtype=np.float64) >= slack * norms)
        for row, column in zip(*(axis.tolist() for axis in np.nonzero(hit)), strict=True):
            a, b, product = top + row, side + column, int(dots[row, column])
            sizes = int(left.norms[a]), int(other.norms[b])
            if (right is not None or a < b) and at_least(product, *sizes, cosine):
                found.append((a, b, cosine_of(product, *sizes)))
    return sorted(found)
