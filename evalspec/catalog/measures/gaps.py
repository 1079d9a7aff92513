"""What a source holds and a set does not: regions of its texts that are thin or empty, and labels without a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evalspec.digests import keyed_hash
from evalspec.model.case import Case, Seed
from evalspec.model.outcome import Measurement
from evalspec.model.slices import seed_slice_values, slice_values
from evalspec.registry import measure
from evalspec.stats.comparison import Item
from evalspec.stats.regions import Region, fewer_chance, regions
from evalspec.stats.scope import Scope
from evalspec.stats.tests import ALPHA, holm
from evalspec.text.function_words import FUNCTION_WORDS
from evalspec.text.tokens import document_counts, tokens
from evalspec.text.vectors import cosines_within

MIN_SOURCE = 30  # texts a side
# Of more texts a side those of lowest digest stand for all: all cosines of two thousand texts are 32 MB.
MOST_TEXTS = 1000
EXAMPLES, EXAMPLE_LETTERS = 3, 120
WORDS = 5
MIN_ROWS = 2  # of a label; one row alone is no part of what users ask
LISTED = 20


@measure(
    "thin_regions",
    version=1,
    unit="regions",
    low=0,
    high=None,
    better="lower",
    source="measures.md, B: pooled k-means, Fisher, Holm",
    per="source",
    whole="too",
    spaces=("lexical", "minilm"),
)
def thin_regions(scope: Scope) -> Measurement:
    """Count the regions of a source that have surely fewer cases than its share of texts: thin ones and empty ones.

    Texts of both sides are clustered together, about twenty to a region, and each region's counts are tested (Fisher,
    one-sided, families; Holm, 0.05): of public sets split at random 0 to 7 % showed one. Cost: the square of at most
    2,000 texts.
    """
    pool = scope.comparison.pool
    if min(len(scope.source), len(pool)) < MIN_SOURCE:
        return scope.silent(
            f"not evaluable: {len(pool)} cases and {len(scope.source)} texts of `{scope.of}` that are not in the set, "
            f"at least {MIN_SOURCE} of each are needed",
            n=len(pool),
        )
    ours, theirs = _sampled(pool), _sampled(scope.source)
    source = [scope.source[at] for at in theirs]
    cases = [pool[at] for at in ours]
    both = scope.embedded([one.text for one in (*source, *cases)])
    found = regions(cosines_within(both), len(source), [one.family for one in cases])
    thin = sorted((one for one in found if one.p <= ALPHA), key=lambda one: (len(one.cases), -len(one.source)))
    return scope.result(
        len(thin),
        n=len(pool),
        detail={
            "regions": len(found),
            "empty": sum(not one.cases for one in thin),
            "source_texts": len(source),
            "thin": [_described(scope, one, source) for one in thin[:LISTED]],
        },
    )


def _sampled(items: Sequence[Item]) -> list[int]:
    order = sorted(range(len(items)), key=lambda at: (keyed_hash("regions", items[at].text), items[at].id))
    return sorted(order[:MOST_TEXTS])


def _described(scope: Scope, region: Region, source: Sequence[Item]) -> dict[str, object]:
    """Say what a region is about: its words, its commonest label, and the texts nearest its middle."""
    inside = [source[at] for at in region.source]
    return {
        "texts": len(inside),
        "cases": len(region.cases),
        "expected": region.expected,
        "p": region.p,
        "words": _words(inside, source),
        "label": _label(scope, inside),
        "examples": [example(one.text) for one in inside[:EXAMPLES]],
    }


def example(text: str) -> str:
    """Cut a text of a snapshot, which is scrubbed, to a line that a table can hold."""
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_LETTERS else f"{line[: EXAMPLE_LETTERS - 1].rstrip()}…"


def _words(inside: Sequence[Item], source: Sequence[Item]) -> list[str]:
    """Return the words whose share of the region's texts leads their share of all texts most; grammar says least."""
    here, all_ = (document_counts(tokens(one.text) for one in side) for side in (inside, source))
    leads = {word: count / len(inside) - all_[word] / len(source) for word, count in here.items() if count > 1}
    return sorted(leads, key=lambda word: (word in FUNCTION_WORDS, -round(leads[word], 9), word))[:WORDS]


def _label(scope: Scope, inside: Sequence[Item]) -> str | None:
    """Return the label that most rows of the region carry, where more than half of them do."""
    rows = {seed.key: seed for seed in scope.seeds}
    held = [rows[one.id] for one in inside if one.id in rows]
    counts = Counter(label for seed in held for label in _labels(seed))
    if not counts:
        return None
    (name, value), count = min(counts.items(), key=lambda one: (-one[1], one[0]))
    return f"{name}={value}" if 2 * count > len(inside) else None


def _labels(seed: Seed) -> list[tuple[str, str]]:
    names = [*(["expected"] if isinstance(seed.expected, str) else seed.expected or ()), *seed.metadata]
    return [(name, value) for name in names for value in seed_slice_values(seed, name)]


@measure(
    "absent_labels",
    version=1,
    unit="labels",
    low=0,
    high=None,
    better="lower",
    source="Fisher, Holm",
    per="source",
    whole="only",
)
def absent_labels(scope: Scope) -> Measurement:
    """Count the labels of a source that no case carries though chance would have brought one; all absent are listed.

    A label is a value of the expected answer or of a metadata column that at least one case has; Fisher one-sided over
    families, Holm, 0.05. Linear in rows and cases.
    """
    rows = [seed for seed in scope.seeds if seed.source == scope.of]
    held = Counter(label for seed in rows for label in _labels(seed))
    carried, in_column = _carried(scope, {name for name, _ in held})
    columns = Counter(name for (name, _), count in held.items() for _ in range(count))
    labels = sorted(one for one, count in held.items() if count >= MIN_ROWS and in_column[one[0]])
    if not labels:
        return scope.silent(f"not applicable: rows of `{scope.of}` carry no label that cases carry too", n=0)
    chances = [
        fewer_chance(0, in_column[name], held[name, value], columns[name] - held[name, value])
        if (name, value) not in carried
        else 1.0
        for name, value in labels
    ]
    absent = [
        (one, in_column[one[0]] * held[one] / columns[one[0]], p)
        for one, p in zip(labels, holm(chances), strict=True)
        if one not in carried
    ]
    absent.sort(key=lambda one: (-one[1], one[0]))
    return scope.result(
        sum(p <= ALPHA for _, _, p in absent),
        detail={
            "labels": {f"{name}={value}": [held[name, value], expected, p] for (name, value), expected, p in absent},
            "looked_at": len(labels),
        },
    )


def _carried(scope: Scope, names: set[str]) -> tuple[set[tuple[str, str]], Counter[str]]:
    """Return the labels that cases carry, and how many families of cases have a value in each column."""
    carried: set[tuple[str, str]] = set()
    families: dict[str, set[str]] = {name: set() for name in names}
    for case in scope.cases:
        for name in names:
            values = _values(case, name)
            carried |= {(name, value) for value in values}
            if values:
                families[name].add(scope.families[case.id])
    return carried, Counter({name: len(held) for name, held in families.items()})


def _values(case: Case, name: str) -> tuple[str, ...]:
    return slice_values(case.candidate, name)
