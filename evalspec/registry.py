"""The decorators that add a member to the catalogue; a function's keyword-only arguments are its options.

Adding an operator, attack, technique, measure or style fact is one decorated function in one file of `catalog/`.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Function = TypeVar("Function", bound=Callable[..., object])
Kind = Literal[
    "operator",
    "attack",
    "relation",
    "technique",
    "measure",
    "check",
    "detector",
    "reader",
    "exporter",
    "results",
    "juror",
]

# What the compiler can hand to a member by name; anything else is an error at import.
SUPPLIED: Mapping[str, frozenset[str]] = types.MappingProxyType(
    {
        "operator": frozenset({"text", "messages", "rng", "protected", "language", "partner", "terms", "facts"}),
        "attack": frozenset({"message", "rng", "task", "canary", "facts", "expected"}),
        "technique": frozenset({"slot", "spec", "tools", "catalog"}),
        "measure": frozenset({"scope"}),
        "detector": frozenset({"text"}),
        "reader": frozenset({"value"}),
        "results": frozenset({"text", "metric"}),
        "exporter": frozenset({"lock", "facts"}),
        "juror": frozenset({"candidate", "anchor", "spec", "labels", "nonce"}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One keyword-only argument: its JSON type and default."""

    name: str
    type: str  # number, integer, string, boolean, array
    default: object
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the catalogue."""

    kind: Kind
    name: str
    version: int
    function: Callable[..., Any]
    supplied: tuple[str, ...]
    options: tuple[Option, ...]
    traits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def tag(self) -> str:
        """Name and version, as the lock records them."""
        return f"{self.name}@{self.version}"


class Catalog:
    """Members by kind and name, imported when a kind is first asked for; a class because decorators fill it."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, str], Member] = {}
        self.load: Callable[[Kind], None] = lambda kind: None  # `catalog/` says where the members of a kind stand

    def add(self, member: Member) -> None:
        """Add one member; a second of the same kind and name is a programmer's error."""
        key = (member.kind, member.name)
        if key in self._members:
            raise AssertionError(f"{member.kind} `{member.name}` is registered twice")
        self._members[key] = member

    def get(self, kind: Kind, name: str) -> Member:
        """Return one member; `resolve` has checked that it is there."""
        self.load(kind)
        return self._members[(kind, name)]

    def find(self, kind: Kind, name: str) -> Member | None:
        """Return one member or None."""
        self.load(kind)
        return self._members.get((kind, name))

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Return the names of one kind, sorted."""
        self.load(kind)
        return tuple(sorted(name for one, name in self._members if one == kind))

    def all(self, kind: Kind) -> tuple[Member, ...]:
        """Return the members of one kind, by name."""
        return tuple(self._members[(kind, name)] for name in self.names(kind))


CATALOG = Catalog()

_JSON_TYPES: Mapping[object, str] = types.MappingProxyType(
    {float: "number", int: "integer", str: "string", bool: "boolean", tuple: "array"}
)


def _option(name: str, parameter: inspect.Parameter, hint: object) -> Option:
    choices: tuple[str, ...] = ()
    arms = [arm for arm in get_args(hint) if arm is not type(None)]
    if isinstance(hint, types.UnionType) and len(arms) == 1:
        hint = arms[0]
    if get_origin(hint) is Literal:
        choices, hint = tuple(get_args(hint)), str
    base = get_origin(hint) or hint
    if base not in _JSON_TYPES:
        raise AssertionError(f"option `{name}` has a type that a spec cannot write: {hint}")
    return Option(name=name, type=_JSON_TYPES[base], default=parameter.default, choices=choices)


def _register(kind: Kind, name: str, version: int, traits: Mapping[str, Any]) -> Callable[[Function], Function]:
    def keep(function: Function) -> Function:
        hints = get_type_hints(function)
        supplied: list[str] = []
        options: list[Option] = []
        for argument, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                options.append(_option(argument, parameter, hints[argument]))
            elif argument in SUPPLIED.get(kind, frozenset()):
                supplied.append(argument)
            else:
                raise AssertionError(f"{kind} `{name}` asks for `{argument}`, which the compiler does not supply")
        if not inspect.getdoc(function):
            raise AssertionError(f"{kind} `{name}` has no docstring")
        member = Member(
            kind=kind,
            name=name,
            version=version,
            function=function,
            supplied=tuple(supplied),
            options=tuple(options),
            traits=dict(traits),
        )
        CATALOG.add(member)
        return function

    return keep


def operator(
    name: str,
    *,
    version: int,
    scope: Literal["style", "content", "conversation"],
    languages: tuple[str, ...] = (),
    relation: Literal["invariant", "reviewed"] = "invariant",
    asks: bool = False,
) -> Callable[[Function], Function]:
    """Register a mutation operator.

    `scope`: style touches every user message, content only the last, conversation gets all messages.
    `languages`: BCP 47 primary tags it knows; empty means any. `relation`: invariant children inherit the
    parent's label; reviewed ones keep it only when a person has decided so. The function returns None when it
    does not apply. One that `asks` returns what a model is told to do with the text, and the pool's generator does it.
    """
    traits = {"scope": scope, "languages": languages, "relation": relation, "asks": asks}
    return _register("operator", name, version, traits)


def attack(
    name: str,
    *,
    version: int,
    owasp: str,
    atlas: tuple[str, ...],
    behaviour: str,
    hard_negative: Callable[..., object],
) -> Callable[[Function], Function]:
    """Register a red-team class, with its taxonomy ids and the maker of its benign twin."""
    return _register(
        "attack",
        name,
        version,
        {"owasp": owasp, "atlas": atlas, "behaviour": behaviour, "hard_negative": hard_negative},
    )


def relation(name: str, *, version: int, needs_fact: bool = False) -> Callable[[Function], Function]:
    """Register a metamorphic relation."""
    return _register("relation", name, version, {"needs_fact": needs_fact})


def juror(name: str, *, version: int) -> Callable[[Function], Function]:
    """Register a question to a juror; the function returns its text."""
    return _register("juror", name, version, {})


def technique(name: str, *, version: int) -> Callable[[Function], Function]:
    """Register how one slot becomes one candidate."""
    return _register("technique", name, version, {})


def measure(
    name: str,
    *,
    version: int,
    unit: str,
    low: float | None,
    high: float | None,
    better: str,
    source: str,
    **traits: Any,
) -> Callable[[Function], Function]:
    """Register a measure with its unit, range, the better direction, and where its definition comes from."""
    return _register(
        "measure",
        name,
        version,
        {"unit": unit, "low": low, "high": high, "better": better, "source": source, **traits},
    )


def check(name: str, *, version: int) -> Callable[[Function], Function]:
    """Register a property of outputs that is tested without a model."""
    return _register("check", name, version, {})


def detector(name: str, *, version: int) -> Callable[[Function], Function]:
    """Register a detector of personal data or secrets."""
    return _register("detector", name, version, {})


def reader(
    name: str, *, version: int, title: str, recognises: Callable[[object], bool], repeats: bool = False
) -> Callable[[Function], Function]:
    """Register a reader of eval sets in the form of a runner: one object of its files to rows under plain names.

    The object is a whole file, or one row of it; `recognises` tells whether an object is one that it reads. `repeats`:
    the file may hold several rows about one case, of which the first counts.
    """
    return _register("reader", name, version, {"title": title, "recognises": recognises, "repeats": repeats})


def exporter(
    name: str, *, version: int, runner: str, records: tuple[str, ...], stubs: tuple[str, ...]
) -> Callable[[Function], Function]:
    """Register a writer of a lock for a runner.

    `records` are the files that follow from the lock and are written anew by every export; `stubs` are runnable files
    with a placeholder for the model, which a person edits and a later export keeps.
    """
    return _register("exporter", name, version, {"runner": runner, "records": records, "stubs": stubs})


def results(name: str, *, version: int) -> Callable[[Function], Function]:
    """Register a reader of the result files that a runner writes."""
    return _register("results", name, version, {})
