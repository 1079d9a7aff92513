"""Model names to families, and roles of a spec to the pairs of models that are not independent.

Related are: the same model; inheritance (tuned, merged, grown or distilled from the other's weights or outputs, or from
the same weights); the same family. Two models that learned from the same teacher are not related by it, and neither
are two lines of one vendor. `builtin/*` is related to nobody, itself included: it is no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    on: tuple[tuple[str, str], ...] = ()  # beginning of a name, another base it was built on
    base: tuple[str, ...] | None = ()  # None: its models have several, and a name must state one
    taught_by: tuple[str, ...] = ()
    pupils: tuple[tuple[str, str], ...] = ()  # beginning of a name, another family that taught it
    moving: frozenset[str] = frozenset()  # names that stand for whatever is its newest model, squashed
    inside: tuple[str, ...] = ()  # words in another model's name that state this family as its base

    @property
    def bases(self) -> tuple[str, ...]:
        """What a model that is only said to be of the family may have been built from: all there is, to be strict."""
        return tuple(dict.fromkeys(base for _, base in self.on)) if self.base is None else self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How names of a family begin, and what such a name says of its lineage; `bases` None: nothing."""

    text: str
    family: str
    bases: tuple[str, ...] | None
    teachers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTable:
    """The registry: families by name, and what is needed to read a model's name."""

    families: Mapping[str, Family]
    beginnings: tuple[Beginning, ...]  # longest first
    unknown: tuple[str, ...] = ()  # beginnings of names that tell no lineage, whatever they look like
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
    for one in families.values():
        named = {*(one.base or ()), *one.taught_by, *(base for _, base in one.on), *(base for _, base in one.pupils)}
        assert named <= families.keys(), f"family `{one.name}` names {sorted(named - families.keys())}"
    beginnings: dict[str, Beginning] = {}
    for begin in (begin for one in families.values() for begin in _beginnings(one)):
        other = beginnings.setdefault(begin.text, begin)
        assert other is begin, f"`{begin.text}` begins names of `{begin.family}` and `{other.family}`"
    return FamilyTable(
        families=MappingProxyType(families),
        beginnings=tuple(sorted(beginnings.values(), key=lambda one: (-len(one.text), one.text))),
        unknown=tuple(data["unknown"]),
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
        if any(_begins(form, one) for one in table.unknown):
            return None
        for one in table.beginnings:
            if _begins(form, one.text):
                bases = _stated_bases(form[len(one.text) :], one.family, table) or one.bases
                if bases is None:
                    return None
                family = table.families[one.family]
                return _placed(model_name, squashed(form), tuned, family, bases, table, one.teachers)
    return None


def names_one_model(left: str, right: str, table: FamilyTable) -> bool:
    """Tell whether two names can be read as one: a host, a date or a packing more, and the same fine-tune."""
    (one, own), (other, others_own) = fine_tune(left), fine_tune(right)
    ways = [
        {
            squashed(form)
            for form in forms(
                name, vendors=table.vendors, regions=table.regions, hosts=table.hosts, variants=table.variants
            )
        }
        for name in (one, other)
    ]
    return left == right or (own == others_own and bool(ways[0] & ways[1] - {""}))


def is_moving(placed: Placed, table: FamilyTable) -> bool:
    """Tell whether a name stands for whatever is its maker's newest model (`deepseek-chat`)."""
    family = table.families.get(placed.family)
    return family is not None and placed.model in family.moving


def place_stated(model_name: str, family: str, table: FamilyTable) -> Placed:
    """Return where a model stands that the registry does not know, by the family that the spec states.

    A vendor's name means its first family. A family that the registry does not know stands for itself.
    """
    known = table.families.get(family) or next((one for one in table.families.values() if one.vendor == family), None)
    name, tuned = fine_tune(model_name)
    model = squashed(name.lower())
    if known is None:
        return Placed(name=model_name, model=model, tuned=tuned, family=family, weights=(family,))
    return _placed(model_name, model, tuned, known, known.bases, table)


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
    base = entry.get("base", ())
    return Family(
        name=name,
        vendor=entry["vendor"],
        names=tuple(entry["names"]),
        on=_turned(entry.get("on", {})),
        base=None if base == "stated" else tuple(base),
        taught_by=tuple(entry.get("taught_by", ())),
        pupils=_turned(entry.get("pupils", {})),
        # A name's stage goes with its date: `gemini-flash-latest` is read as `gemini-flash`.
        moving=frozenset(squashed(one.removesuffix("-latest")) for one in entry.get("moving", ())),
        inside=tuple(inside),
    )


def _turned(lists: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, one) for one, names in lists.items() for name in names)


def _beginnings(family: Family) -> Iterator[Beginning]:
    """Yield every beginning that a family declares, once, with all that the entry says of it."""
    names = dict.fromkeys([*family.names, *(name for name, _ in (*family.on, *family.pupils))])
    for name in names:
        on = tuple(base for other, base in family.on if other == name)
        teachers = tuple(teacher for other, teacher in family.pupils if other == name)
        yield Beginning(text=name, family=family.name, bases=on or _base_of(name, family), teachers=teachers)


def _base_of(name: str, family: Family) -> tuple[str, ...] | None:
    """Return the bases of a beginning that `on` does not list: those of the longest listed one it begins with."""
    listed = [other for other, _ in family.on if name.startswith(other) and is_word_end(name, len(other))]
    longest = max(listed, key=len, default=None)
    return tuple(base for other, base in family.on if other == longest) or family.base


def _begins(name: str, beginning: str) -> bool:
    if beginning.endswith("$"):
        return name == beginning[:-1]
    return name.startswith(beginning) and is_word_end(name, len(beginning))


def _stated_bases(rest: str, family: str, table: FamilyTable) -> tuple[str, ...]:
    """Return the bases that the rest of a name states."""
    return tuple(one.name for one in table.families.values() if one.name != family and words_in(rest, one.inside))


def _placed(
    name: str,
    model: str,
    tuned: str,
    family: Family,
    bases: Iterable[str],
    table: FamilyTable,
    teachers: Iterable[str] = (),
) -> Placed:
    weights = _closure([family.name, *bases], lambda one: () if one == family.name else table.families[one].bases)
    taught = {*teachers, *(teacher for one in weights for teacher in table.families[one].taught_by)}
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
