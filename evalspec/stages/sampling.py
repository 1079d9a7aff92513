"""Which rows enter a snapshot: exact duplicates collapsed, strata filled in keyed-hash order.

A row's place in the order depends on its own content and nothing else, so that a percent more rows moves about a
percent of the picks, and the order of the file none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from types import MappingProxyType

from evalspec.digests import digest, keyed_hash
from evalspec.model.case import input_json
from evalspec.model.row import Row
from evalspec.model.spec import Source
from evalspec.stages.scrub import Scrubbed
from evalspec.text.json_text import plain

WEIGHT_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """One content that the rows hold, its representative row, and how often it stands in the data."""

    row: Row
    content: str  # digest of what makes two rows the same
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The rows that enter, scrubbed, and the counts that the header tells."""

    rows: tuple[Row, ...]
    strata: Mapping[str, tuple[int, int]]  # stratum to (distinct rows, picked)
    blocked: Mapping[str, int]
    redacted: Mapping[str, int]


def collapse(rows: Iterable[Row]) -> tuple[Distinct, ...]:
    """Collapse rows of equal content; the oldest stands for all, then the lowest id, whatever the file's order."""
    found: dict[str, Distinct] = {}
    for row in rows:
        content = content_key(row)
        before = found.get(content)
        if before is None:
            found[content] = Distinct(row=row, content=content, copies=row.copies)
            continue
        first = min(before.row, row, key=_age)
        found[content] = Distinct(row=first, content=content, copies=before.copies + row.copies)
    return tuple(found[content] for content in sorted(found))


def content_key(row: Row) -> str:
    """Return the digest of what makes two rows the same: input, expected, behaviour, context and an anchor's output."""
    return digest(
        plain([input_json(row.input), row.expected, row.behaviour, row.premise, row.context, row.output, row.verdict])
    )


def sample(distinct: Sequence[Distinct], source: Source, scrub: Callable[[Row], Scrubbed]) -> Sampled:
    """Fill each stratum with its quota of rows that may enter; a stratum that runs out leaves its places to others."""
    strata = _strata(distinct, source)
    walks = {name: _Walk(members, scrub) for name, members in strata.items()}
    wanted = source.sample.size if source.sample else len(distinct)
    equal = source.sample is not None and source.sample.allocate == "equal"
    sizes = {name: len(members) for name, members in strata.items()}
    ceilings = dict(sizes)
    while True:
        quotas = allocate(sizes, ceilings, wanted, equal=equal)
        for name, quota in quotas.items():
            walks[name].fill(quota)
        short = {name for name, quota in quotas.items() if len(walks[name].picked) < quota}
        if not short:
            break
        ceilings.update({name: len(walks[name].picked) for name in short})
    picked = {name: walks[name].picked[: quotas[name]] for name in sorted(strata)}
    rows = [row for name in picked for row in _weighted(picked[name], name, sizes, quotas, equal=equal)]
    return Sampled(
        rows=tuple(rows),
        strata=MappingProxyType({name: (sizes[name], len(picked[name])) for name in picked}),
        blocked=_summed(one.blocked for one in walks.values()),
        redacted=_summed(Counter(row.redacted) for row in rows),
    )


def allocate(sizes: Mapping[str, int], ceilings: Mapping[str, int], wanted: int, *, equal: bool) -> dict[str, int]:
    """Give places one by one to the stratum furthest below its due; more places never take one away (Webster)."""
    quotas = dict.fromkeys(sorted(sizes), 0)
    if wanted >= sum(ceilings.values()):
        return {name: ceilings[name] for name in quotas}

    def due(name: str) -> tuple[float, str]:
        return (quotas[name] if equal else (2 * quotas[name] + 1) / sizes[name], name)

    waiting = [due(name) for name in quotas if ceilings[name] > 0]
    heapify(waiting)
    for _ in range(wanted):
        _, chosen = heappop(waiting)
        quotas[chosen] += 1
        if quotas[chosen] < ceilings[chosen]:
            heappush(waiting, due(chosen))
    return quotas


def stratum_of(row: Row, by: Sequence[str]) -> str:
    """Return the row's stratum: its values of the slices, `-` where it has none."""
    return ", ".join(f"{name}={_value(row, name)}" for name in by)


class _Walk:
    """A stratum walked in keyed-hash order as far as its quota needs; a class because the walk goes on later."""

    def __init__(self, members: Sequence[Distinct], scrub: Callable[[Row], Scrubbed]) -> None:
        self._members = members
        self._scrub = scrub
        self._at = 0
        self._redacted: dict[str, int] = {}
        self.picked: list[Row] = []
        self.blocked: Counter[str] = Counter()

    def fill(self, quota: int) -> None:
        while len(self.picked) < quota and self._at < len(self._members):
            one = self._members[self._at]
            self._at += 1
            done = self._scrub(one.row)
            if done.row is None:
                self.blocked.update(done.types)
            elif not self._is_twin(done.row, one.copies):
                self.picked.append(replace(done.row, copies=one.copies))

    def _is_twin(self, row: Row, copies: int) -> bool:
        """Count a row that only its personal data told from an earlier one as a copy of that one."""
        if not row.redacted:
            return False
        content = content_key(row)
        if content not in self._redacted:
            self._redacted[content] = len(self.picked)
            return False
        first = self.picked[self._redacted[content]]
        self.picked[self._redacted[content]] = replace(first, copies=first.copies + copies)
        return True


def _age(row: Row) -> tuple[bool, str, str, str]:
    return (row.time is None, row.time or "", row.id or "", digest(plain([row.metadata, row.facts, row.votes])))


def _strata(distinct: Sequence[Distinct], source: Source) -> dict[str, list[Distinct]]:
    by = source.sample.by if source.sample else ()
    strata: dict[str, list[Distinct]] = {}
    for one in distinct:
        strata.setdefault(stratum_of(one.row, by), []).append(one)
    key = f"sample {source.name}"
    for members in strata.values():
        members.sort(key=lambda one: (keyed_hash(key, one.content), one.content))
    return strata


def _value(row: Row, name: str) -> str:
    if name == "language":
        return row.language
    if name == "behaviour":
        return row.behaviour
    if name in row.metadata:
        return row.metadata[name]
    if isinstance(row.expected, str):
        return row.expected if name == "expected" else "-"
    found = (row.expected or {}).get(name)
    return found if isinstance(found, str) else "-"


def _weighted(
    rows: Sequence[Row], name: str, sizes: Mapping[str, int], quotas: Mapping[str, int], *, equal: bool
) -> list[Row]:
    """Give the rows of an equal allocation the weight that makes rates over them those of the source again."""
    if not equal or not quotas[name]:
        return list(rows)
    weight = (sizes[name] / sum(sizes.values())) / (quotas[name] / sum(quotas.values()))
    return [replace(row, weight=round(weight, WEIGHT_DIGITS)) for row in rows]


def _summed(counts: Iterable[Counter[str]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return MappingProxyType(dict(sorted(total.items())))
