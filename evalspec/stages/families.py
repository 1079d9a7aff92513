"""Model names to families, and roles of a spec to the pairs of models that are not independent.

Related are: the same model; inheritance (tuned, merged, grown or distilled from the other's weights or outputs, or from
the same weights); the same family. Two models that learned from the same teacher are not related by it, and neither
are two lines of one vendor. `builtin/*` is related to nobody, itself included: it is no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from evalspec.stages.model_names import fine_tune, forms, is_word_end, squashed, words_in

BUILTIN = "builtin"
How = Literal["same model", "inheritance", "same family"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One maker's line of weights, as `families.yaml` describes it."""

    name: str
    vendor: str
    names: tuple[str, ...]
    on: tuple[tuple[str, str], ...] = ()  # beginning of a name, the other base it was built on
    base: tuple[str, ...] = ()
    taught_by: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()  # words in another model's name that state this family as its base


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTable:
    """The registry: families by name, and what is needed to read a model's name."""

    families: Mapping[str, Family]
    beginnings: tuple[tuple[str, str, tuple[str, ...]], ...]  # beginning of a name, family, bases; longest first
    tags: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # `name:tag` to family and bases
    vendors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    variants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a model stands: its family, the families whose weights it carries, and those it learned from."""

    name: str  # as the spec gives it
    model: str  # the weights, however hosted: spelled one way, without dates and quantisation
    family: str
    vendor: str = ""
    tuned: str = ""  # what tells a fine-tune from its base
    weights: tuple[str, ...] = ()  # its family and all it was built from, sorted
    taught_by: tuple[str, ...] = ()  # families whose outputs it or its bases learned from, sorted


def read_table(data: object) -> FamilyTable:
    """Return the registry from the plain data of `families.yaml`; a wrong file is a programmer's error."""
    assert isinstance(data, dict) and data["version"] == 1, "families.yaml has another version"
    families = {name: _family(name, entry) for name, entry in data["families"].items()}
    beginnings: dict[str, tuple[str, tuple[str, ...]]] = {}
    for one in families.values():
        missing = {*one.base, *one.taught_by, *(base for _, base in one.on)} - families.keys()
        assert not missing, f"family `{one.name}` names {sorted(missing)}"
        for name, bases in [(name, one.base) for name in one.names] + [(name, (base,)) for name, base in one.on]:
            assert name not in beginnings, f"`{name}` begins names of `{one.name}` and `{beginnings[name][0]}`"
            beginnings[name] = (one.name, bases)
    return FamilyTable(
        families=MappingProxyType(families),
        beginnings=tuple((name, *beginnings[name]) for name in sorted(beginnings, key=lambda one: (-len(one), one))),
        tags=MappingProxyType({tag: (one["family"], tuple(one["base"])) for tag, one in data["tags"].items()}),
        vendors=tuple(data["vendors"]),
        regions=tuple(data["regions"]),
        hosts=tuple(data["hosts"]),
        variants=frozenset(data["variants"]),
    )


def place(model_name: str, table: FamilyTable) -> Placed | None:
    """Return where a model stands by its name alone; None when the registry does not know it."""
    if model_name.strip().lower().split("/")[0] == BUILTIN:
        return Placed(name=model_name, model=model_name, family=BUILTIN, vendor="evalspec")
    name, tuned = fine_tune(model_name)
    for form in forms(name, vendors=table.vendors, regions=table.regions, hosts=table.hosts, variants=table.variants):
        tag = table.tags.get(form.tagged)
        if tag is not None:
            return _placed(model_name, squashed(form.name), tuned, table.families[tag[0]], tag[1], table)
        for beginning, family, bases in table.beginnings:
            if form.name.startswith(beginning) and is_word_end(form.name, len(beginning)):
                stated = _stated_bases(form.name[len(beginning) :], family, table)
                return _placed(model_name, squashed(form.name), tuned, table.families[family], stated or bases, table)
    return None


def place_stated(model_name: str, family: str, table: FamilyTable) -> Placed:
    """Return where a model stands that the registry does not know, by the family that the spec states.

    A vendor's name means its first family. A family that the registry does not know stands for itself.
    """
    known = table.families.get(family) or next((one for one in table.families.values() if one.vendor == family), None)
    name, tuned = fine_tune(model_name)
    model = squashed(name.lower())
    if known is None:
        return Placed(name=model_name, model=model, tuned=tuned, family=family, weights=(family,))
    return _placed(model_name, model, tuned, known, known.base, table)


def related(left: Placed, right: Placed) -> How | None:
    """Return how two models are related, the closest way first; None when they are independent."""
    if BUILTIN in (left.family, right.family):
        return None
    if left.model == right.model:
        return "same model" if left.tuned == right.tuned else "inheritance"
    if left.family == right.family:
        return "same family"
    of_left, of_right = set(left.weights), set(right.weights)
    if of_left & of_right or of_left & set(right.taught_by) or of_right & set(left.taught_by):
        return "inheritance"
    return None


def _family(name: str, entry: Mapping[str, Any]) -> Family:
    inside = entry.get("also", [name]) if entry.get("open") else []
    return Family(
        name=name,
        vendor=entry["vendor"],
        names=tuple(entry["names"]),
        on=tuple((beginning, base) for base, names in entry.get("on", {}).items() for beginning in names),
        base=tuple(entry.get("base", ())),
        taught_by=tuple(entry.get("taught_by", ())),
        inside=tuple(inside),
    )


def _stated_bases(rest: str, family: str, table: FamilyTable) -> tuple[str, ...]:
    """Return the bases that the rest of a name states."""
    return tuple(one.name for one in table.families.values() if one.name != family and words_in(rest, one.inside))


def _placed(name: str, model: str, tuned: str, family: Family, bases: Iterable[str], table: FamilyTable) -> Placed:
    weights = _closure([family.name, *bases], lambda one: () if one == family.name else table.families[one].base)
    taught = {teacher for one in weights for teacher in table.families[one].taught_by}
    return Placed(
        name=name,
        model=model,
        tuned=tuned,
        family=family.name,
        vendor=family.vendor,
        weights=tuple(sorted(weights)),
        taught_by=tuple(sorted(taught)),
    )


def _closure(start: Iterable[str], step: Callable[[str], tuple[str, ...]]) -> set[str]:
    """Everything that can be reached; a family's own default bases are left out where the name states others."""
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += step(one)
    return reached
