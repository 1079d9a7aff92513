"""Lexical near-duplicates, first one stays: ours beside rensa, datasketch and rapidfuzz on the same texts.

A fifth of the texts repeat an earlier one with noise that changes nothing: case, marks, courtesy words, one slip in a
long word. Recall is the share of these that are found. One in ten of that fifth changes a number or a word that matters
instead, and must stay: `false` counts those that were removed. `close` checks ours against brute force: of the pairs
that rapidfuzz finds at a ratio of 95 and that differ by noise alone, how many are found.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.scale.data import texts
from benchmarks.scale.peers import ask
from evalspec.stream import Stream
from evalspec.text.nearness import NearIndex, same_but_noise
from evalspec.text.tokens import tokens

COURTESY = ("please ", "hi, ", "hello ", "thanks, ")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONG = 6  # letters of a word in which a slip is made
CONTRASTS = (("broken", "missing"), ("wrong size", "right size"), ("twice", "once"), ("refund", "exchange"))
BRUTE = 4000


def planted(count: int) -> tuple[list[str], list[int], list[int]]:
    """Return texts, the places of the noisy repetitions, and those of near texts that say something else."""
    lines, noisy, other = list(texts(count * 4 // 5)), [], []
    originals = len(lines)
    at = 0
    while len(lines) < count:
        rng = Stream("noise", str(at))
        at += 1
        source = lines[rng.below(originals)]
        if at % 10 == 0:
            changed = _contrast(source, rng)
            if changed != source:
                other.append(len(lines))
                lines.append(changed)
            continue
        noisy.append(len(lines))
        lines.append(_noise(source, rng))
    return lines, noisy, other


def _noise(text: str, rng: Stream) -> str:
    kind = rng.below(4)
    if kind == 0:
        return text.upper()
    if kind == 1:
        return text.replace(",", " ").replace("?", "") + "!!"
    if kind == 2:
        return rng.choice(COURTESY) + text
    words = [word for word in text.split() if len(word) >= LONG and word.isalpha() and word.islower()]
    if not words:
        return text.lower() + " please"
    word = rng.choice(words)
    place = 1 + rng.below(len(word) - 1)
    return text.replace(word, word[:place] + rng.choice(LETTERS) + word[place + 1 :], 1)


def _contrast(text: str, rng: Stream) -> str:
    for before, after in CONTRASTS:
        if before in text:
            return text.replace(before, after, 1)
    digits = [at for at, char in enumerate(text) if char.isdigit()]
    if not digits:
        return text
    place = digits[rng.below(len(digits))]
    return f"{text[:place]}{(int(text[place]) + 1 + rng.below(8)) % 10}{text[place + 1 :]}"


def ours(lines: list[str]) -> tuple[list[int], float]:
    """Return the places of removed texts and the CPU seconds; numpy is loaded before, as it is in any build."""
    importlib.import_module("numpy")
    started = time.process_time()
    index = NearIndex({str(at): line for at, line in enumerate(lines)})
    removed = []
    for at, line in enumerate(lines):
        if index.find(line, id=str(at)) is not None:
            removed.append(at)
        else:
            index.add(str(at), line)
    return removed, time.process_time() - started


def run(count: int = 100_000) -> dict[str, Any]:
    """Measure ours and the peers."""
    lines, noisy, other = planted(count)
    removed, seconds = ours(lines)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [_row("evalspec", count, removed, seconds, noisy, other)]
    with tempfile.TemporaryDirectory() as folder:
        for name, size in (("rensa", count), ("datasketch", count // 10), ("rapidfuzz", count // 10)):
            some, noisy, other = planted(size)
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(some), "utf-8")
            found = ask("near_peer.py", name, str(path))
            rows.append(_row(name, size, found["removed"], found["seconds"], noisy, other))
        sample = planted(BRUTE)[0]
        path.write_text(json.dumps(sample), "utf-8")
        checked = _checked(ask("near_peer.py", "pairs", str(path)), sample)
    return {"rows": rows, "count": count, "memory_mb": round(memory), "close": checked}


def _row(
    name: str, count: int, removed: list[int], seconds: float, noisy: list[int], other: list[int]
) -> dict[str, Any]:
    gone = set(removed)
    return {
        "name": name,
        "texts": count,
        "cpu_seconds": round(seconds, 2),
        "recall": round(sum(at in gone for at in noisy) / max(1, len(noisy)), 4) if noisy else None,
        "planted": len(noisy),
        "false": sum(at in gone for at in other),
        "contrasts": len(other),
        "removed": len(removed),
    }


def _checked(pairs: list[list[int]], sample: list[str]) -> dict[str, int]:
    """Hold the index against brute force: the rule for every close pair, without any sieve."""
    words = [tokens(line) for line in sample]
    seen = Counter(word for one in words for word in set(one))

    def is_noise(left: int, right: int) -> bool:
        here, there = set(words[left]), set(words[right])

        def elsewhere(form: str) -> bool:
            return seen[form] > (form in here) + (form in there)

        return same_but_noise(words[left], words[right], elsewhere)

    noise = [pair for pair in pairs if is_noise(*pair)]
    gone = set(ours(sample)[0])
    return {
        "texts": len(sample),
        "pairs": len(pairs),
        "noise_only": len(noise),
        "found": sum(b in gone for _, b in noise),
    }


if __name__ == "__main__":
    sys.exit(print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), indent=1)))
