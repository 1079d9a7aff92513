"""One way to find near-duplicates among vectors, measured in a process of its own: `METHOD VECTORS THRESHOLD OUT`.

Runs in the peers' environment, with nothing of evalspec. Settings are those of the peers' own examples or, where they
name none, a common choice; each says so here. Written to OUT: pairs as two columns. Printed: seconds and memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

THREADS = 2
NEIGHBOURS = 16
BLOCK = 2048
SLICES = 8  # blocks of rows that brute force is measured on where all would take too long
WHOLE = 200_000  # rows up to which brute force runs to its end


def hnswlib(rows, threshold):
    """M 16, ef 64 while building and 48 while asking: a graph of neighbours."""
    import hnswlib

    index = hnswlib.Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), M=16, ef_construction=64)
    index.set_num_threads(THREADS)
    index.add_items(rows)
    index.set_ef(48)
    labels, distances = index.knn_query(rows, k=min(NEIGHBOURS, len(rows)))
    return from_neighbours(labels.astype(np.int64), 1 - distances, threshold)


def faiss_hnsw(rows, threshold):
    """The same settings as hnswlib's."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    index = faiss.IndexHNSWFlat(rows.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 64, 48
    index.add(rows)
    values, labels = index.search(rows, NEIGHBOURS)
    return from_neighbours(labels, values, threshold)


def faiss_ivf(rows, threshold):
    """4 sqrt(n) lists, 8 of them looked through: what faiss' guide recommends for so many."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    lists = int(4 * np.sqrt(len(rows)))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
    index.train(rows[:: max(1, len(rows) // (40 * lists))])
    index.add(rows)
    index.nprobe = 8
    values, labels = index.search(rows, NEIGHBOURS)
    return from_neighbours(labels, values, threshold)


def usearch(rows, threshold):
    """Its defaults."""
    from usearch.index import Index

    index = Index(ndim=rows.shape[1], metric="ip", dtype="f32")
    index.add(np.arange(len(rows)), rows, threads=THREADS)
    found = index.search(rows, NEIGHBOURS, threads=THREADS)
    return from_neighbours(found.keys.astype(np.int64), 1 - found.distances, threshold)


def semhash(rows, threshold):
    """Its defaults on given vectors; it says what it would remove, and which rows that repeats."""
    from semhash import SemHash

    names = [str(at) for at in range(len(rows))]
    found = SemHash.from_embeddings(rows, names, model=None).self_deduplicate(threshold)
    pairs = [(int(one.record), int(other[0])) for one in found.filtered for other in one.duplicates]
    pairs += [(int(one.record), int(one.record)) for one in found.filtered if not one.duplicates]
    return ordered(np.array(pairs, dtype=np.int64).reshape(-1, 2))


def brute(rows, threshold):
    """Every block of rows above the diagonal times every other, by numpy's BLAS."""
    return _blocks(rows, threshold, range(0, len(rows), BLOCK))


def _blocks(rows, threshold, tops):
    found = []
    for top in tops:
        left = rows[top : top + BLOCK]
        for side in range(top, len(rows), BLOCK):
            at, on = np.nonzero(left @ rows[side : side + BLOCK].T >= threshold)
            keep = at + top < on + side
            found.append(np.stack([at[keep] + top, on[keep] + side], axis=1))
    return np.concatenate(found)


def from_neighbours(labels, values, threshold):
    """Return the pairs of a table of neighbours."""
    at, on = np.nonzero((values >= threshold) & (labels >= 0))
    return ordered(np.stack([at, labels[at, on]], axis=1))


def ordered(pairs):
    """Return each pair once, the smaller row first."""
    pairs = np.sort(pairs, axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


METHODS: dict[str, Callable] = {
    "hnswlib": hnswlib,
    "faiss HNSW": faiss_hnsw,
    "faiss IVF": faiss_ivf,
    "usearch": usearch,
    "semhash": semhash,
    "brute force": brute,
}


def main() -> None:
    """Measure one method on one file."""
    name, source, threshold, out = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
    rows = np.load(source).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    share = 1.0
    started, busy = time.perf_counter(), time.process_time()
    if name == "brute force" and len(rows) > WHOLE:
        every = len(rows) // BLOCK // SLICES
        tops = range(0, len(rows), BLOCK * every)
        pairs = _blocks(rows, threshold, tops)
        share = sum(len(rows) - top for top in tops) / sum(len(rows) - top for top in range(0, len(rows), BLOCK))
    else:
        pairs = METHODS[name](rows, threshold)
    wall, cpu = time.perf_counter() - started, time.process_time() - busy
    memory = peak()
    np.save(out, pairs)
    print(json.dumps({"wall": wall / share, "cpu": cpu / share, "mb": memory, "share": share}))


def peak() -> float:
    """Return the most memory of this process so far, in MB; `ru_maxrss` would hold its parent's too."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
