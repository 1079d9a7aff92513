"""A spec's roles to the pairs of models that are not independent: related ones as records, refusals as diagnostics."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from types import MappingProxyType

from evalspec.diagnostics import Collector, Diagnostic, Note, Span, did_you_mean
from evalspec.model.outcome import Compared, Related
from evalspec.model.spec import Model, Spec, Waiver
from evalspec.stages.families import BUILTIN, FamilyTable, Placed, place, place_stated, read_table, related

NOBODY: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One model in one role. `names` are what a waiver may call it."""

    role: str
    alias: str
    names: frozenset[str]
    placed: Placed
    at: Span | None
    is_served: bool = False  # what answered for the alias, where that is of another family

    @property
    def title(self) -> str:
        return f"{self.role} {self.alias} ({self.placed.family}{' that answered' if self.is_served else ''})"


def independence(
    spec: Spec, registry: object, today: str | None = None, served: Mapping[str, Sequence[str]] = NOBODY
) -> tuple[tuple[Related, ...], tuple[Diagnostic, ...]]:
    """Return every related pair, waived ones included, and what is wrong with it.

    Compared are generator and subject, jury and generator, jury and subject, juror and juror, and generator and what
    wrote the training data. `registry` is the data of `families.yaml`. `today` lets waivers expire; without it time
    is not asked about. `served` maps a model's name to those of models of other families that answered for it: they
    are compared as well.
    """
    parts, problems = _parts(spec, registry, served)
    pairs = [(left, right, related(left.placed, right.placed)) for left, right in _pairs(parts)]
    found: list[Related] = []
    used: set[int] = set()
    for left, right, how in pairs:
        if how is None:
            continue
        waiver = waiver_of(spec, left.names, right.names)
        if waiver is not None:
            used.add(id(waiver))
        holds = waiver is not None and (today is None or waiver.until >= today)
        found.append(
            Related(
                left=left.title,
                right=right.title,
                how=how,
                waived_until=waiver.until if waiver and holds else None,
                reason=waiver.reason if waiver and holds else None,
            )
        )
        if not holds:
            _report(left, right, how, spec, waiver, problems)
    for waiver in spec.waivers:
        if waiver.independence is not None and id(waiver) not in used and not names_what_answers(spec, waiver):
            one, other = waiver.independence
            problems.add(
                "M204",
                f"`{one}` and `{other}` are not related in any pair of roles, so the waiver changes nothing",
                at=waiver.at,
                severity="warning",
                hint="take the waiver out",
            )
    diagnostics = tuple(sorted(problems.found, key=Diagnostic.sort_key))
    return tuple(sorted(found, key=lambda one: (one.left, one.right))), diagnostics


def matrix(spec: Spec, registry: object, today: str | None = None) -> tuple[Compared, ...]:
    """Return every pair of roles that is compared, independent ones included, in the order of comparing."""
    parts, _ = _parts(spec, registry)
    found = []
    for left, right in _pairs(parts):
        how, waiver = related(left.placed, right.placed), waiver_of(spec, left.names, right.names)
        holds = how is not None and waiver is not None and (today is None or waiver.until >= today)
        found.append(
            Compared(
                left=left.title,
                right=right.title,
                how=how,
                waived_until=waiver.until if waiver and holds else None,
                reason=waiver.reason if waiver and holds else None,
            )
        )
    return tuple(found)


def families_of(spec: Spec, registry: object) -> tuple[tuple[str, str], ...]:
    """Return the family of every alias of the spec, in the order of the spec; unknown ones are left out."""
    if not spec.models:
        return ()
    table = table_of(registry)
    placed = ((model.alias, placed_model(model, table)) for model in spec.models)
    return tuple((alias, one.family) for alias, one in placed if one is not None)


def related_jurors(spec: Spec, registry: object) -> tuple[str, ...]:
    """Return the jurors related to a generator or a subject, waived ones included, in the order of the spec."""
    parts, _ = _parts(spec, registry)
    others = [*parts["generator"], *parts["subject"]]
    return tuple(one.alias for one in parts["jury"] if any(related(one.placed, other.placed) for other in others))


def _parts(
    spec: Spec, registry: object, served: Mapping[str, Sequence[str]] = NOBODY
) -> tuple[Mapping[str, list[_Part]], Collector]:
    """Place every model that has a role; report those that cannot be placed."""
    problems = Collector()
    generators = [alias for alias, _ in spec.roles.generator]
    generators += [alias for pool in spec.pools for alias, _ in pool.generator]
    roles = {"subject": spec.roles.subject, "generator": tuple(dict.fromkeys(generators)), "jury": spec.roles.jury}
    parts: dict[str, list[_Part]] = {"subject": [], "generator": [], "jury": [], "training": []}
    if not any(roles.values()):
        return parts, problems
    table = table_of(registry)
    aliases = {model.alias: model for model in spec.models}
    known = {alias: _known(aliases[alias], table, problems) for alias in _in_use(spec, roles)}
    for role, used in roles.items():
        for alias in used:
            placed = known[alias]
            if placed is not None:
                part = _Part(role=role, alias=alias, names=frozenset({alias}), placed=placed, at=aliases[alias].at)
                parts[role].append(part)
                answered = (place(name, table) for name in served.get(aliases[alias].model, ()))
                parts[role] += [replace(part, placed=one, is_served=True) for one in answered if one is not None]
    for source in spec.sources:
        if source.generated_by is not None:
            writer = source.generated_by
            placed = known[writer] if writer in aliases else place(writer, table)
            if placed is None and writer not in aliases:
                problems.add(
                    "M201",
                    f"`{writer}`, which wrote `{source.name}`, is not in the registry of model families",
                    at=source.at,
                    hint="declare it under `models` with its `family`, and name that alias here",
                )
            if placed is not None:
                names = frozenset({source.name, writer})
                parts["training"].append(
                    _Part(role="writer of", alias=source.name, names=names, placed=placed, at=source.at)
                )
    return parts, problems


def _in_use(spec: Spec, roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    writers = {source.generated_by for source in spec.sources}
    used = {alias for names in roles.values() for alias in names}
    return [model.alias for model in spec.models if model.alias in used or model.alias in writers]


def _pairs(parts: Mapping[str, list[_Part]]) -> Iterator[tuple[_Part, _Part]]:
    yield from product(parts["generator"], parts["subject"])
    yield from product(parts["jury"], parts["generator"])
    yield from product(parts["jury"], parts["subject"])
    yield from ((one, other) for one, other in combinations(parts["jury"], 2) if one.alias != other.alias)
    yield from product(parts["generator"], parts["training"])


def table_of(registry: object) -> FamilyTable:
    """Return the registry as a table, whether it was read already or is the plain data of its file."""
    return registry if isinstance(registry, FamilyTable) else read_table(registry)


def placed_model(model: Model, table: FamilyTable) -> Placed | None:
    """Return where a model of the spec stands: by its name, or else by the family that the spec states."""
    known = place(model.model, table)
    if known is None and model.family is not None:
        return place_stated(model.model, model.family, table)
    return known


def _known(model: Model, table: FamilyTable, problems: Collector) -> Placed | None:
    """Place one model; say so when it cannot be, or when the spec states another family than the registry has."""
    placed = placed_model(model, table)
    if placed is None:
        problems.add(
            "M201",
            f"`{model.model}` is not in the registry of model families",
            at=model.at,
            hint=f"state what it is or was tuned from: `{model.alias}: {{model: {model.model}, family: llama}}`",
        )
    elif model.family is not None and not _fits(model.family, placed, table):
        problems.add(
            "M203",
            f"`{model.model}` is of family `{placed.family}`, not `{model.family}`",
            at=model.at,
            hint="leave `family` out; the registry knows this model",
        )
    elif model.family is not None and placed.family == model.family and model.family not in table.families:
        problems.add(
            "M203",
            f"the registry has no family `{model.family}`: `{model.alias}` counts as related to nobody else",
            at=model.at,
            severity="warning",
            hint=did_you_mean(model.family, table.families),
        )
    return placed


def _fits(stated: str, placed: Placed, table: FamilyTable) -> bool:
    if placed.family == BUILTIN:
        return stated == BUILTIN
    names = {*placed.weights, *(table.families[one].vendor for one in placed.weights if one in table.families)}
    return stated in names


def waiver_of(spec: Spec, left: Collection[str], right: Collection[str]) -> Waiver | None:
    """Return the waiver of a pair, each side by the names that a waiver may call it."""
    for waiver in spec.waivers:
        if waiver.independence is not None:
            one, other = waiver.independence
            if (one in left and other in right) or (other in left and one in right):
                return waiver
    return None


def names_what_answers(spec: Spec, waiver: Waiver) -> bool:
    """Tell whether a waiver names a model without a role: one that answers for another, which only replies show."""
    generators = [*spec.roles.generator, *(pair for pool in spec.pools for pair in pool.generator)]
    used = {*spec.roles.subject, *spec.roles.jury, *(alias for alias, _ in generators)}
    used |= {name for source in spec.sources for name in (source.name, source.generated_by or source.name)}
    return any(name not in used for name in waiver.independence or ())


def _report(left: _Part, right: _Part, how: str, spec: Spec, waiver: Waiver | None, problems: Collector) -> None:
    notes = [Note(message=f"{right.title}: `{right.placed.name}`", span=right.at)]
    if waiver is not None:
        notes.append(Note(message=f"the waiver ended on {waiver.until}", span=waiver.at))
    problems.add(
        "M202",
        f"{left.title} and {right.title} are not independent: {how}",
        at=left.at,
        label=f"`{left.placed.name}`",
        notes=notes,
        hint="choose a model of another family, or waive the pair with a reason and a last day",
        severity="error" if spec.independence == "strict" else "warning",
    )
