"""One figure of a peer, in a process of its own: `METHOD VECTORS SECONDS`; `VECTORS` is a file that speed.py wrote.

Runs in the peers' environment, so nothing of evalspec is imported. Printed: seconds of the processor and by the wall,
and the process's peak memory in MB. A process that takes more than `SECONDS` of the processor is ended by the kernel.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np

CHUNK = 1_000  # rows of a matrix of kernels that is held at a time, where a method works in blocks


def sides(source):
    """Return the two sides, in half each: dense rows, or sparse ones."""
    if source.endswith(".npz"):
        from scipy.sparse import load_npz

        rows = load_npz(source)
    else:
        rows = np.load(source)
    half = rows.shape[0] // 2
    return rows[:half], rows[half:]


def squared_distance(mean, left, right):
    """Put three mean kernels together: the squared distance of the two sides' means."""
    return mean(left, left) + mean(right, right) - 2 * mean(left, right)


def naive(source):
    """The RBF kernel as it is written in the paper, whole matrices in double precision."""
    left, right = (rows.astype(np.float64) for rows in sides(source))

    def mean(ours, theirs):
        squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None, :] - 2 * ours @ theirs.T
        return float(np.exp(-squares / ours.shape[1]).mean())

    return lambda: squared_distance(mean, left, right)


def _blocks(kernel, left, right):
    def mean(ours, theirs):
        sums = (float(np.asarray(kernel(ours[at : at + CHUNK], theirs).sum())) for at in range(0, ours.shape[0], CHUNK))
        return sum(sums) / (ours.shape[0] * theirs.shape[0])

    return lambda: squared_distance(mean, left, right)


def rbf(source):
    """`rbf_kernel` of scikit-learn, a block of rows at a time."""
    from sklearn.metrics.pairwise import rbf_kernel

    return _blocks(rbf_kernel, *sides(source))


def cosine(source):
    """`cosine_similarity` of scikit-learn, a block of rows at a time; sparse products where rows are sparse."""
    from sklearn.metrics.pairwise import cosine_similarity

    return _blocks(lambda ours, theirs: cosine_similarity(ours, theirs, dense_output=False), *sides(source))


def pdist(source):
    """The mean of scipy's `pdist` over one side."""
    from scipy.spatial.distance import pdist as pairs

    rows = sides(source)[0]
    return lambda: float(pairs(rows, "cosine").mean())


def similarity(source):
    """The mean of scikit-learn's `cosine_similarity` over one side, a block of rows at a time."""
    from sklearn.metrics.pairwise import cosine_similarity

    rows = sides(source)[0]
    return lambda: sum(float(cosine_similarity(rows[at : at + CHUNK], rows).sum()) for at in range(0, len(rows), CHUNK))


METHODS = {one.__name__: one for one in (naive, rbf, cosine, pdist, similarity)}


def main() -> None:
    """Load, run once, and say what it took."""
    method, source, seconds = sys.argv[1:]
    work = METHODS[method](source)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    started, spent = time.perf_counter(), time.process_time()
    work()
    found = {"cpu": time.process_time() - spent, "wall": time.perf_counter() - started}
    print(json.dumps(found | {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main()
