"""Near-duplicates by rensa, datasketch and rapidfuzz; run in the peers' environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

NAME, LINES = sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))
PERMUTATIONS, THRESHOLD, BANDS = 128, 0.8, 16  # the settings of their own examples


def shingles(text: str) -> list[str]:
    """Return the character 5-grams of a text folded as theirs are: lower case, single spaces."""
    line = " ".join(text.lower().split())
    return [line[at : at + 5] for at in range(max(1, len(line) - 4))]


def rensa() -> list[int]:
    """First one stays, by R-MinHash and its index."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
    kept, removed = {}, []
    for at, line in enumerate(LINES):
        one = RMinHash(num_perm=PERMUTATIONS, seed=42)
        one.update(shingles(line))
        if any(kept[other].jaccard(one) >= THRESHOLD for other in index.query(one)):
            removed.append(at)
            continue
        kept[at] = one
        index.insert(at, one)
    return removed


def datasketch() -> list[int]:
    """First one stays, by MinHash and its index."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    removed = []
    for at, line in enumerate(LINES):
        one = MinHash(num_perm=PERMUTATIONS)
        one.update_batch([gram.encode() for gram in shingles(line)])
        if index.query(one):
            removed.append(at)
            continue
        index.insert(str(at), one)
    return removed


def close(cutoff: int) -> list[list[int]]:
    """Return every pair at a ratio of at least `cutoff`, by brute force."""
    from rapidfuzz import fuzz, process, utils

    folded = [utils.default_process(line) for line in LINES]
    found = []
    for start in range(0, len(folded), 500):
        block = process.cdist(folded[start : start + 500], folded, scorer=fuzz.ratio, score_cutoff=cutoff, workers=1)
        found += [[start + row, column] for row, column in zip(*block.nonzero(), strict=True) if start + row < column]
    return [[int(one), int(other)] for one, other in found]


started = time.process_time()
if NAME == "pairs":
    print(json.dumps(close(95)))
else:
    removed = {"rensa": rensa, "datasketch": datasketch}.get(NAME, lambda: sorted({later for _, later in close(90)}))()
    print(json.dumps({"removed": removed, "seconds": time.process_time() - started}))
