"""Whether another case would add anything: how much of what it would say the pool, or a cell of it, says already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from evalspec.model.case import Seed
from evalspec.model.outcome import Measurement
from evalspec.model.slices import seed_slice_values
from evalspec.registry import measure
from evalspec.stats.comparison import Item
from evalspec.stats.saturation import rarefied_coverage, sample_saturation
from evalspec.stats.scope import Scope
from evalspec.text.tokens import ngrams, tokens

MIN_TEXTS = 5  # a cell of fewer says nothing about the next case
MIN_INTERVAL = 20  # texts; on real messages the 95 % interval held 92 to 98 % of truths from 20 on, 58 to 91 % at 6
GRAM = 2  # words together

Pairs = Sequence[Collection[tuple[str, ...]]]
Levels = tuple[tuple[str, str], ...]  # axis and level, by axis


@measure(
    "saturation",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="none",
    source="Chao and Jost 2012; Chao, Gotelli et al. 2014",
    per="texts",
)
def saturation(scope: Scope) -> tuple[Measurement, ...]:
    """Return the share of the word pairs of a further case that the pool, or a cell of it, holds already.

    Estimated from the pairs that stand in one case and in two, for the pool and each cell of at least five cases.
    Beside it the seeds' own at the same number of texts, of the same cell where seeds say theirs: a pool far above it
    repeats itself, and more cases of the same kind add little. Linear in the words.
    """
    items = scope.comparison.pool
    if len(items) < MIN_TEXTS:
        return (scope.silent(f"not evaluable: {len(items)} cases, at least {MIN_TEXTS} are needed", n=len(items)),)
    seeds = scope.comparison.seeds
    found = [_of(scope, scope.slice, items, [_pairs(one) for one in seeds])]
    pool = scope.slice.removeprefix("pool=")
    if pool == scope.slice or "," in pool:
        return tuple(found)
    cells = _cells(scope, items)
    rows = _seeds_by_cell(scope, cells)
    for levels in sorted(cells):
        name = ".".join(level for _, level in levels)
        found.append(_of(scope, f"{scope.slice},cell={name}", cells[levels], [_pairs(one) for one in rows[levels]]))
    return tuple(found)


def _of(scope: Scope, label: str, items: Sequence[Item], seeds: Pairs) -> Measurement:
    seen = sample_saturation([_pairs(one) for one in items], [one.family for one in items])
    few = len(items) < MIN_INTERVAL
    return scope.result(
        seen.coverage,
        slice=label,
        n=len(items),
        baseline=rarefied_coverage(seeds, len(items)) if len(seeds) > len(items) else None,
        interval=None if few else seen.interval,
        detail={"pairs_a_case": seen.per_text, "new_pairs": seen.new, "seeds": len(seeds)},
    )


def _pairs(item: Item) -> frozenset[tuple[str, ...]]:
    words = tokens(item.text)
    return frozenset(ngrams(words, GRAM) or (words,))  # a single word stands for itself


def _cells(scope: Scope, items: Sequence[Item]) -> Mapping[Levels, list[Item]]:
    """Return the cells of the slice that have enough cases."""
    place = {axis.name: at for at, axis in enumerate(scope.spec.axes)}  # as strata spell their names
    levels = {
        case.id: tuple(
            sorted(case.candidate.lineage.cell.items(), key=lambda one: (place.get(one[0], len(place)), one))
        )
        for case in scope.cases
    }
    found: dict[Levels, list[Item]] = defaultdict(list)
    for one in items:
        if levels.get(one.id):
            found[levels[one.id]].append(one)
    return {cell: held for cell, held in found.items() if len(held) >= MIN_TEXTS}


def _seeds_by_cell(scope: Scope, cells: Collection[Levels]) -> Mapping[Levels, list[Item]]:
    """Return the seeds of the comparison that stand in each cell; none where seeds do not say their levels."""
    rows: Mapping[str, Seed] = {seed.key: seed for seed in scope.seeds}
    found: dict[Levels, list[Item]] = {cell: [] for cell in cells}
    axes = dict.fromkeys(tuple(axis for axis, _ in cell) for cell in cells)  # pools may have other axes
    for one in scope.comparison.seeds:
        for names in axes:
            said = [seed_slice_values(rows[one.id], axis) for axis in names] if one.id in rows else []
            cell = tuple((axis, values[0]) for axis, values in zip(names, said, strict=False) if values)
            if cell in found:
                found[cell].append(one)
    return found
