"""Is builtin/grammar good enough? 200 candidates on banking77 and on ABCD, measured beside the seeds they speak like.

Run: EVALSPEC_SHARED=... python benchmarks/real/grammar_quality.py [--show N]. Bounds are those of issue 2, point 6.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from evalspec.catalog.grammar.read import read_grammar
from evalspec.catalog.grammar.write import write
from evalspec.digests import digest_text
from evalspec.model.case import Seed, Unmade, opening
from evalspec.model.plan import Cell, Slot
from evalspec.model.spec import Mix, Spec, Task
from evalspec.stats.rendezvous import urn
from evalspec.text.tokens import document_counts, ngrams, opening_of, tokens
from evalspec.text.vectors import dense, vectorize

SHARED = Path(os.environ.get("EVALSPEC_SHARED", "shared"))
GRAMMARS = Path(__file__).parent / "grammars"
CANDIDATES = 200
EXEMPLARS = 3
BOUNDS = {"opening_share": 0.20, "top_term_excess": 0.20, "spread": 0.85, "distinct_2": 0.80, "eight_gram": 0.03}


def banking77(levels: Sequence[str]) -> dict[str, list[str]]:
    """Read the messages of each intent."""
    rows = [json.loads(line) for line in (SHARED / "data/banking77/messages.jsonl").open(encoding="utf-8")]
    return {name: [row["text"] for row in rows if row["category"].lower() == name] for name in levels}


def abcd(levels: Sequence[str]) -> dict[str, list[str]]:
    """Read the utterances of each issue; a text of one or two words is an answer, no request."""
    rows = [json.loads(line) for line in (SHARED / "data/abcd/customer_utterances.jsonl").open(encoding="utf-8")]
    return {
        name: [
            row["text"]
            for row in rows
            if name in [label.strip() for label in row["human_labels"]] and len(tokens(row["text"])) >= 3
        ]
        for name in levels
    }


def candidates(name: str, axis: str, seeds: dict[str, list[str]]) -> list[str]:
    """Write 200 texts, evenly over the cells, each with three seeds of its own level as exemplars."""
    path = GRAMMARS / f"{name}.yaml"
    grammar = read_grammar(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    moods = sorted(block.where[0][1] for block in grammar.levels if block.where[0][0] != axis)
    other = next(block.where[0][0] for block in grammar.levels if block.where[0][0] != axis)
    cells = [(level, mood) for level in sorted(seeds) for mood in moods]
    spec = Spec(name=name, path="", folder="", task=Task(), mix=Mix(size=1, counts=()))
    texts = []
    for at in range(CANDIDATES):
        level, mood = cells[at % len(cells)]
        slot_id = f"prompted.{level}.{mood}.{at // len(cells) + 1:02d}"
        texts_by_key = {digest_text(text)[:12]: text for text in seeds[level]}
        picked = urn([(key, key) for key in texts_by_key]).pick(slot_id, EXEMPLARS)
        slot = Slot(
            id=slot_id,
            pool="prompted",
            technique="prompted",
            stratum=f"{level}.{mood}",
            ordinal=at // len(cells) + 1,
            key=slot_id,
            language="en",
            cell=Cell(id=f"{level}.{mood}", levels=((axis, level), (other, mood))),
            exemplars=tuple(Seed(key=key, row=key, source="production", input=texts_by_key[key]) for key in picked),
        )
        value = write(grammar, slot, spec)
        assert not isinstance(value, Unmade), f"{slot_id}: {value}"
        texts.append(opening(value))
    return texts


def distinct(words: Sequence[Sequence[str]], size: int, sample: int) -> float:
    """Expected distinct n-grams among `sample` drawn ones, over `sample` (rarefaction, exact)."""
    counts = np.array(list(Counter(gram for one in words for gram in ngrams(one, size)).values()), dtype=float)
    total = int(counts.sum())
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])
    left = total - counts.astype(int)
    missing = np.zeros(len(counts))
    may_miss = left >= sample
    missing[may_miss] = np.exp(
        logs[left[may_miss]] - logs[left[may_miss] - sample] - (logs[total] - logs[total - sample])
    )
    return float((1 - missing).sum() / sample)


def mean_distance(texts: Sequence[str]) -> float:
    """Mean pairwise cosine distance in the lexical space."""
    rows = dense(vectorize(texts), 0, len(texts))
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    units = rows / np.where(norms == 0, 1, norms)
    n = len(texts)
    total = units.sum(axis=0)
    return float(1 - (total @ total - (norms > 0).sum()) / (n * (n - 1)))


def measured(texts: Sequence[str], seeds: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return each figure of the candidates and of the seeds."""
    ours, theirs = [tokens(text) for text in texts], [tokens(text) for text in seeds]
    opens = [Counter(opening_of(one) for one in side).most_common(1)[0][1] / len(side) for side in (ours, theirs)]
    counts, base = document_counts(ours), document_counts(theirs)
    excess, term = max((counts[word] / len(ours) - base[word] / len(theirs), word) for word in counts)
    sample = min(sum(max(len(one) - 1, 0) for one in side) for side in (ours, theirs))
    grams = [Counter(gram for one in side for gram in set(ngrams(one, 8))) for side in (ours, theirs)]
    worst = [(max(side.values()) if side else 0) / n for side, n in zip(grams, (len(ours), len(theirs)), strict=True)]
    print(f"  largest term excess: {term!r}; commonest opening: {Counter(map(opening_of, ours)).most_common(3)}")
    lengths = [float(np.median([len(one) for one in side])) for side in (ours, theirs)]
    return {
        "opening_share": (opens[0], opens[1]),
        "top_term_excess": (excess, 0.0),
        "spread": (mean_distance(texts) / mean_distance(seeds), 1.0),
        "distinct_2": (distinct(ours, 2, sample) / distinct(theirs, 2, sample), 1.0),
        "eight_gram": (worst[0], worst[1]),
        "median_tokens": (lengths[0], lengths[1]),
        "starts_lower": (_lower(texts), _lower(seeds)),
        "open_end": (_open(texts), _open(seeds)),
    }


def _lower(texts: Sequence[str]) -> float:
    return sum(text[:1].islower() for text in texts) / len(texts)


def _open(texts: Sequence[str]) -> float:
    return sum(text.rstrip()[-1:] not in ".!?" for text in texts) / len(texts)


def main() -> int:
    """Measure both sets, print the table, and return 1 when a bound is passed."""
    shown = int(sys.argv[2]) if sys.argv[1:2] == ["--show"] else 0
    failed = False
    for name, axis, reader in (("banking77", "intent", banking77), ("abcd", "issue", abcd)):
        grammar = read_grammar(yaml.safe_load((GRAMMARS / f"{name}.yaml").read_text(encoding="utf-8")), name)
        seeds = reader([block.where[0][1] for block in grammar.levels if block.where[0][0] == axis])
        empty = [level for level, texts in seeds.items() if len(texts) < EXEMPLARS]
        assert not empty, f"too few seeds for {empty}"
        everyone = sorted({text for texts in seeds.values() for text in texts})
        baseline = sorted(everyone, key=digest_text)[:CANDIDATES]
        texts = candidates(name, axis, seeds)
        print(f"{name}: {len(set(texts))} different of {len(texts)} candidates, {len(everyone)} seeds")
        figures = measured(texts, baseline)
        passes = {
            "opening_share": figures["opening_share"][0] <= min(BOUNDS["opening_share"], figures["opening_share"][1]),
            "top_term_excess": figures["top_term_excess"][0] <= BOUNDS["top_term_excess"],
            "spread": figures["spread"][0] >= BOUNDS["spread"],
            "distinct_2": figures["distinct_2"][0] >= BOUNDS["distinct_2"],
            "eight_gram": figures["eight_gram"][0] <= BOUNDS["eight_gram"],
        }
        for figure, (ours, theirs) in figures.items():
            verdict = {True: "pass", False: "FAIL", None: ""}[passes.get(figure)]
            print(f"  {figure:16} {ours:7.3f}   seeds {theirs:7.3f}   {verdict}")
        failed |= not all(passes.values())
        copied = {text.lower() for text in texts} & {text.lower() for text in everyone}
        print(f"  equal to a seed: {len(copied)}")
        for text in sorted(texts, key=digest_text)[:shown]:
            print("   ·", text)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
