"""Equal rows stand for each other: one of them is searched for, and what is found holds for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np

_CHUNK = 65_536  # rows read at a time

Rows: TypeAlias = "NDArray[np.int8]"
Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """Rows that are not zero, each once; row k stands for `members[starts[k] : starts[k + 1]]`, in order."""

    rows: Rows
    norms: Ints  # squared
    members: Ints  # first ones ascend
    starts: Ints

    @property
    def counts(self) -> Ints:
        """Return how many rows each stands for."""
        return np.diff(self.starts)


def squared_norms(vectors: Rows) -> Ints:
    """Return the squared length of each row."""
    found = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _CHUNK):
        for at in range(start, min(start + _CHUNK, len(vectors)), 1024):
            block = vectors[at : at + 1024].astype(np.float64)
            found[at : at + 1024] = np.einsum("ij,ij->i", block, block)
    return found


def distinct(vectors: Rows) -> Distinct:
    """Gather equal rows, and leave rows of zeros out."""
    norms = squared_norms(vectors)
    keys = _keys(vectors)
    order = np.argsort(keys, kind="stable")
    order = order[norms[order] > 0]
    # Two rows of one key may differ, and two equal ones then miss each other: both are searched for, nothing is lost.
    same = np.zeros(len(order), dtype=np.bool_)
    alike = np.flatnonzero(keys[order[1:]] == keys[order[:-1]]) + 1
    for start in range(0, len(alike), _CHUNK):
        at = alike[start : start + _CHUNK]
        same[at] = (vectors[order[at]] == vectors[order[at - 1]]).all(axis=1)
    groups = np.cumsum(~same) - 1
    firsts = order[~same]
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    group_of = rank[groups]  # groups in order of their first rows
    members = order[np.lexsort((order, group_of))]
    starts = np.concatenate([[0], np.cumsum(np.bincount(group_of, minlength=len(firsts)))]).astype(np.int64)
    firsts = np.sort(firsts)
    rows = vectors if len(firsts) == len(vectors) else vectors[firsts]
    return Distinct(rows=rows, norms=norms[firsts], members=members, starts=starts)


def _keys(vectors: Rows) -> Ints:
    """Return a number a row that equal rows share, and hardly any others do: a sum of its parts by odd factors."""
    width = -vectors.shape[1] % 8
    factors = np.cumprod(np.full((vectors.shape[1] + width) // 8, 0x9E3779B97F4A7C15, dtype=np.uint64))
    found = np.empty(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), _CHUNK):
        block = np.ascontiguousarray(np.pad(vectors[start : start + _CHUNK], ((0, 0), (0, width))))
        parts: NDArray[np.uint64] = block.view(np.uint64)
        parts = np.multiply(np.bitwise_xor(parts, np.right_shift(parts, np.uint64(29))), factors)
        found[start : start + _CHUNK] = parts.sum(axis=1, dtype=np.uint64)
    return found.view(np.int64)


def all_pairs(left: Distinct, right: Distinct, pairs: Ints, cosines: Floats) -> tuple[Ints, Floats]:
    """Return the pairs of rows that pairs of distinct rows stand for, in row order.

    `left is right` asks for each pair inside once, the equal ones too.
    """
    here, there = left.counts[pairs[:, 0]], right.counts[pairs[:, 1]]
    sizes = here * there
    ends = np.cumsum(sizes)
    inside = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)
    across = np.repeat(there, sizes)
    one = left.members[np.repeat(left.starts[pairs[:, 0]], sizes) + inside // np.maximum(across, 1)]
    other = right.members[np.repeat(right.starts[pairs[:, 1]], sizes) + inside % np.maximum(across, 1)]
    values = np.repeat(cosines, sizes)
    if left is right:
        one, other = np.minimum(one, other), np.maximum(one, other)
        once = np.repeat(pairs[:, 0] != pairs[:, 1], sizes) | (inside // across < inside % across)
        one, other, values = one[once], other[once], values[once]
    order = np.lexsort((other, one))
    return np.stack([one[order], other[order]], axis=1), values[order]


def first_pairs(left: Distinct, right: Distinct, pairs: Ints, cosines: Floats, limit: int) -> tuple[Ints, Floats]:
    """Return the first `limit` of `all_pairs`, row by row, where all of them would be too many."""
    ends = np.concatenate([pairs, pairs[:, ::-1]]) if left is right else pairs
    values = np.concatenate([cosines, cosines]) if left is right else cosines
    order = np.argsort(ends[:, 0], kind="stable")
    cuts = np.searchsorted(ends[order, 0], np.arange(len(left.rows) + 1))
    group_of = np.repeat(np.arange(len(left.rows)), left.counts)
    listed, found, held = [], [], 0
    for at in np.argsort(left.members).tolist():
        row, group = int(left.members[at]), int(group_of[at])
        near = order[cuts[group] : cuts[group + 1]]
        groups = ends[near, 1]
        partners = [right.members[right.starts[one] : right.starts[one + 1]] for one in groups.tolist()]
        if not partners:
            continue
        others, cosine = np.concatenate(partners), np.repeat(values[near], right.counts[groups])
        keep = others > row if left is right else np.ones(len(others), dtype=np.bool_)
        # A group that is near to itself stands twice among its own ends.
        others, first = np.unique(others[keep], return_index=True)
        listed.append(np.stack([np.full(len(others), row), others], axis=1))
        found.append(cosine[keep][first])
        held += len(others)
        if held >= limit:
            break
    if not listed:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    return np.concatenate(listed)[:limit], np.concatenate(found)[:limit]
