"""nlpaug's operators, texts a CPU second; run in the peers' environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).parents[2])

import nlpaug.augmenter.char as char  # noqa: E402
import nlpaug.augmenter.word as word  # noqa: E402

from benchmarks.scale.data import texts  # noqa: E402

AUGMENTERS = {
    "KeyboardAug": char.KeyboardAug(),
    "RandomCharSwap": char.RandomCharAug(action="swap"),
    "RandomCharDelete": char.RandomCharAug(action="delete"),
    "SpellingAug": word.SpellingAug(),
}

lines = list(texts(int(sys.argv[1])))
found = {}
for name, augmenter in AUGMENTERS.items():
    rates = []
    for _ in range(5):
        started = time.process_time()
        for line in lines:
            augmenter.augment(line)
        rates.append(len(lines) / (time.process_time() - started))
    found[name] = median(rates)
print(json.dumps(found))
