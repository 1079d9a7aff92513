"""How often each default gate fails a pool that is of the same source as its seeds: splits of real sets at random.

    EVALSPEC_SHARED=... PYTHONPATH=. python benchmarks/real/false_alarms.py [--splits 25] [--data FOLDER] [--json]

A pool of 200 texts and 184 other texts of one set go through the measures and gates of a build; so do a pool of 40.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.judged import POOL, judged
from benchmarks.measures.samples import sample
from evalspec.stats.intervals import wilson

SOURCES = ("abcd", "hint3", "banking77", "clinc", "multidogo", "nlupp", "hinglish", "xsid_de")
# What can be measured without people: the others judge decisions.
GATED = ("coverage", "entropy", "near_duplicates", "opening_share", "rawness_lower", "rawness_open_end")
GATED += ("seed_distance", "spread", "term_mix", "top_term_excess")
SEEDS, POOLS = 184, (200, 40)
TERMS = ("refund", "return", "cancel", "exchange", "credit", "charge", "money back", "card", "order", "account")


def main() -> int:
    """Print, for each gate and size of a pool, how many splits failed it and in how many it could be judged."""
    parser = argparse.ArgumentParser(description="Count the false alarms of the default gates on real sets.")
    parser.add_argument("--splits", type=int, default=25, help="of each set")
    parser.add_argument("--data", type=Path, help="the folder of data sets")
    parser.add_argument("--json", action="store_true", help="counts as JSON")
    args = parser.parse_args()
    data = args.data or Path(os.environ["EVALSPEC_SHARED"]) / "data"
    fails, judgments = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for number, name in enumerate(SOURCES):
        texts = sample(data, name)
        for split in range(args.splits):
            order = np.random.default_rng([number, split]).permutation(len(texts)).tolist()
            for size in POOLS:
                drawn = [texts[at] for at in order[: SEEDS + size]]
                one = judged(drawn[:SEEDS], drawn[SEEDS:], key_terms=TERMS)
                for gate, verdict in one.gates(*GATED).items():
                    row = verdict.measurement
                    if row is None or row.slice not in (f"pool={POOL}", "all") or row.value is None:
                        continue
                    judgments[gate, size] += 1
                    fails[gate, size] += verdict.status == "fail"
        print(f"{name} done", file=sys.stderr, flush=True)
    found = [
        {"gate": gate, "pool": size, "splits": count, "fails": fails[gate, size]}
        for (gate, size), count in sorted(judgments.items())
    ]
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    print("| gate | pool | splits | fail | 95 % interval |", "|---|---:|---:|---:|---|", sep="\n")
    for row in found:
        low, high = wilson(int(str(row["fails"])), int(str(row["splits"])))
        share = f"{100 * low:.1f} to {100 * high:.1f} %"
        print(f"| `{row['gate']}` | {row['pool']} | {row['splits']} | {row['fails']} | {share} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
