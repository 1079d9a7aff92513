"""Vectors with known near-duplicates: made here, so that it runs anywhere, or read from a file of real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int8]

DIMS = 384
TOPICS = 500
SCATTER = 0.9  # length of what is a row's own, against 1 of its topic: two rows of a topic have a cosine of 0.55
REPEATED, HARD = 0.2, 0.1  # shares of rows near another one: to be found, and just below the threshold
NEAR, ALMOST = (0.925, 0.995), (0.84, 0.915)  # their cosines


def made(count: int, kind: str) -> Rows:
    """Return `count` vectors: `topics` gather round 500 directions, `even` point anywhere."""
    rng = np.random.default_rng(count)
    repeated, hard = int(count * REPEATED), int(count * HARD)
    rows = np.empty((count, DIMS), dtype=np.float32)
    first = count - repeated - hard
    rows[:first] = _unit(rng.standard_normal((first, DIMS), dtype=np.float32))
    if kind == "topics":
        topics = _unit(rng.standard_normal((TOPICS, DIMS), dtype=np.float32))
        rows[:first] = _unit(SCATTER * rows[:first] + topics[rng.integers(0, TOPICS, first)])
    rows[first : first + repeated] = _beside(rows[rng.integers(0, first, repeated)], NEAR, rng)
    rows[first + repeated :] = _beside(rows[rng.integers(0, first, hard)], ALMOST, rng)
    return quantised(rows[rng.permutation(count)])


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _beside(rows: Floats, cosines: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Return a vector for each row at a cosine drawn from the range."""
    apart = rng.standard_normal(rows.shape, dtype=np.float32)
    apart -= np.einsum("ij,ij->i", apart, rows)[:, None] * rows
    drawn = rng.uniform(*cosines, len(rows)).astype(np.float32)[:, None]
    return drawn * rows + np.sqrt(1 - drawn * drawn) * _unit(apart)


def quantised(rows: Floats) -> Rows:
    """Return unit vectors as whole numbers at scale 127, as embeddings are kept."""
    return np.asarray(np.rint(rows * 127), dtype=np.int8)


def grown(rows: Rows, count: int) -> Rows:
    """Return real vectors, and mixtures of each with another real one until there are `count`.

    A mixture leans to its first row by 0.55 to 0.75: a text between two texts, near to neither at 0.92.
    """
    if len(rows) >= count:
        return rows[:count]
    rng = np.random.default_rng(count)
    unit = _unit(rows.astype(np.float32))
    parts = [rows]
    missing = count - len(rows)
    while missing:
        some = min(missing, 50_000)
        lean = rng.uniform(0.55, 0.75, some).astype(np.float32)[:, None]
        one, other = unit[rng.integers(0, len(rows), some)], unit[rng.integers(0, len(rows), some)]
        parts.append(quantised(_unit(lean * one + (1 - lean) * other)))
        missing -= some
    return np.concatenate(parts)


def read(path: Path) -> Rows:
    """Return the vectors of a file as whole numbers; floats are taken to be of unit length."""
    rows = np.load(path, allow_pickle=False)
    return rows if rows.dtype == np.int8 else quantised(_unit(rows.astype(np.float32)))
