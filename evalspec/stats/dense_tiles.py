"""Unit vectors in few dimensions, cut into tiles of neighbours: what a search for near pairs need not look at.

Rotated so that the first coordinates hold most, a vector is its first coordinates and the length of the rest; the
dot product of two such short vectors is never below that of the whole ones (Cauchy-Schwarz). So two rows with a
cosine of at least t stand at most sqrt(2 - 2t) apart in the short space too, and along every line through it. The
line from one tile's centre to another's tells most tiles apart, since whatever else differs inside a tile runs across
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from evalspec.later import NDArray, np

WIDE = 128  # coordinates kept to tell tiles apart
NARROW = 64  # coordinates that are multiplied row by row
BASIS_ROWS = 8_000  # rows the rotation is taken from; any rotation is right, a fitting one is fast
SAMPLE_ROWS = 20  # rows a tile that centres are found with
ROUNDS = 4  # of k-means
SLAB = 8192  # rows turned at a time

# Single precision: a dot product of 130 numbers inside the unit ball is off by less than 130 x 2**-24 < 8e-6; along
# the line between two centres four such errors add up.
PRODUCT_SLACK = 1e-5
LINE_SLACK = 1e-4

Rows: TypeAlias = "NDArray[np.int8]"
Ints: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"
Singles: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Rows in order of their tiles; tile k holds rows `starts[k]` to `starts[k + 1]`."""

    ids: Ints  # where each row stood before
    rows: Rows
    norms: Ints  # squared
    wide: Singles  # (n, WIDE + 1), unit length
    narrow: Singles  # (n, NARROW + 1), unit length
    starts: Ints
    centres: Singles  # (k, WIDE + 1)
    own: NDArray[np.int32]  # tile of each row
    along: Singles  # product of each row with its own centre

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sizes(self) -> Ints:
        """Return the number of rows of each tile."""
        return np.diff(self.starts)


def basis(rows: Rows) -> Floats:
    """Return a rotation, directions in order of how much of the rows they hold."""
    some = rows[:: max(1, len(rows) // BASIS_ROWS)].astype(np.float64)
    some /= np.sqrt(np.einsum("ij,ij->i", some, some))[:, None]
    return np.asarray(np.linalg.eigh(some.T @ some)[1][:, ::-1])


def turned(rows: Rows, rotation: Floats) -> tuple[Singles, Singles]:
    """Return the wide and the narrow short vectors of rows that are not zero; made in doubles, kept in singles."""
    wide = np.empty((len(rows), min(WIDE, rows.shape[1]) + 1), dtype=np.float32)
    narrow = np.empty((len(rows), min(NARROW, rows.shape[1]) + 1), dtype=np.float32)
    for start in range(0, len(rows), SLAB):
        block = rows[start : start + SLAB].astype(np.float64)
        block /= np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
        block = block @ rotation[:, : wide.shape[1] - 1]
        for short in (wide, narrow):
            kept = block[:, : short.shape[1] - 1]
            part = short[start : start + SLAB]
            part[:, :-1] = kept
            part[:, -1] = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", kept, kept)))
    return wide, narrow


def centres_of(rows: Rows, rotation: Floats, count: int) -> Singles:
    """Return about `count` directions that rows gather round, by a few rounds of k-means over some of the rows."""
    some = turned(rows[:: max(1, len(rows) // (SAMPLE_ROWS * count))], rotation)[0]
    found = some[:: max(1, len(some) // count)].copy()
    for _ in range(ROUNDS):
        nearest = nearest_centres(some, found)
        order = np.argsort(nearest, kind="stable")
        firsts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        found = np.add.reduceat(some[order], firsts, axis=0)
        found /= np.maximum(np.sqrt(np.einsum("ij,ij->i", found, found)), 1e-12)[:, None]
    return np.asarray(found)


def nearest_centres(wide: Singles, centres: Singles) -> Ints:
    """Return the place of the centre that each row is nearest to."""
    found = np.empty(len(wide), dtype=np.int64)
    step = max(64, (1 << 20) // len(centres))
    for start in range(0, len(wide), step):
        found[start : start + step] = (wide[start : start + step] @ centres.T).argmax(axis=1)
    return found


def tiled(rows: Rows, norms: Ints, rotation: Floats, centres: Singles, size: int) -> Tiles:
    """Put rows into tiles round `centres`, large ones cut into pieces of at most twice `size` rows."""
    wide, narrow = turned(rows, rotation)
    nearest = nearest_centres(wide, centres)
    order = np.argsort(nearest, kind="stable")
    firsts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
    ends = np.append(firsts[1:], len(rows))
    cuts = [np.arange(first, end, 2 * size) for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]
    starts = np.append(np.concatenate(cuts), len(rows))
    wide = wide[order]
    sizes = np.diff(starts)
    own = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    means: Singles = (np.add.reduceat(wide, starts[:-1], axis=0) / sizes[:, None]).astype(np.float32)
    along = np.concatenate(
        [np.einsum("ij,ij->i", wide[at : at + SLAB], means[own[at : at + SLAB]]) for at in range(0, len(rows), SLAB)]
    )
    return Tiles(
        ids=order,
        rows=rows[order],
        norms=norms[order],
        wide=wide,
        narrow=narrow[order],
        starts=starts,
        centres=means,
        own=own,
        along=along,
    )


def least_along(tiles: Tiles, others: Singles) -> Singles:
    """Return, tile by other centre, the least product of the tile's rows with (own centre - other centre)."""
    found = np.empty((len(tiles.starts) - 1, len(others)), dtype=np.float32)
    for tile, (start, stop) in enumerate(zip(tiles.starts[:-1].tolist(), tiles.starts[1:].tolist(), strict=True)):
        products = tiles.wide[start:stop] @ others.T
        np.subtract(tiles.along[start:stop, None], products, out=products)
        products.min(axis=0, out=found[tile])
    return found


def needed_along(left: Tiles, right: Tiles, cosine: float) -> tuple[Singles, NDArray[np.bool_]]:
    """Return the least product with (left centre - right centre) at which a right row can be near to a left tile.

    Beside it: which tiles have any row that reaches it. Both left by right.
    """
    least = least_along(left, right.centres)
    most = -(least if left is right else least_along(right, left.centres)).T
    here, there = left.centres.astype(np.float64), right.centres.astype(np.float64)
    squares = np.einsum("ij,ij->i", here, here)[:, None] + np.einsum("ij,ij->i", there, there) - 2 * (here @ there.T)
    apart = np.sqrt(np.maximum(squares, 0.0))
    needed = least - (np.sqrt(2 - 2 * cosine) * apart + LINE_SLACK * (1 + apart)).astype(np.float32)
    return needed, most >= needed


def share_near(left: Tiles, right: Tiles, needed: Singles) -> float:
    """Return the share of rows, among some of the right ones, that the lines leave for a left tile."""
    at = slice(None, None, max(1, len(right) // 1000))
    products = left.centres @ right.wide[at].T - right.along[at]
    left_over = products >= needed[:, right.own[at]]
    return float(left.sizes @ left_over.mean(axis=1)) / len(left)
