"""The document as a tree with places, and what every part of `resolve` shares while it reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evalspec.diagnostics import Collector, Note, Span, closest, did_you_mean
from evalspec.model.source import Document, Path
from evalspec.registry import Catalog

# How a diagnostic calls what a block declares.
NOUNS: Mapping[str, tuple[str, str]] = {
    "axis": ("axis", "axes"),
    "fact": ("fact", "facts"),
    "model": ("model", "models"),
    "part": ("expected part", "parts"),
    "persona": ("persona", "personas"),
    "pool": ("pool", "pools"),
    "source": ("source", "sources"),
    "terms": ("key-term group", "groups"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the spec and where it stands; the shape has been validated before."""

    document: Document
    path: Path
    data: object

    @property
    def at(self) -> Span | None:
        """The place of the value."""
        return self.document.span_of(self.path)

    @property
    def key_at(self) -> Span | None:
        """The place of the key, or of the entry when it stands in a list."""
        return self.document.key_span(self.path)

    def get(self, key: str) -> Node | None:
        """Return the value of a key; None when it is left out or empty."""
        if not isinstance(self.data, dict) or self.data.get(key) is None:
            return None
        return Node(self.document, (*self.path, key), self.data[key])

    def entries(self) -> tuple[tuple[str, Node], ...]:
        """Return the named entries by name; a list of names means entries that take their defaults."""
        if isinstance(self.data, dict):
            found = [(str(key), Node(self.document, (*self.path, key), value)) for key, value in self.data.items()]
        elif isinstance(self.data, list):
            found = [(str(key), Node(self.document, (*self.path, at), None)) for at, key in enumerate(self.data)]
        else:
            found = []
        return tuple(sorted(found, key=lambda entry: entry[0]))

    def items(self) -> tuple[Node, ...]:
        """Return the elements of a list; a single value is a list of one."""
        if isinstance(self.data, list):
            return tuple(Node(self.document, (*self.path, at), value) for at, value in enumerate(self.data))
        return () if self.data is None else (self,)

    def entries_at(self, key: str) -> tuple[tuple[str, Node], ...]:
        """Return the named entries of the block `key`."""
        block = self.get(key)
        return block.entries() if block else ()

    def items_at(self, key: str) -> tuple[Node, ...]:
        """Return the elements of the list `key`."""
        block = self.get(key)
        return block.items() if block else ()

    def text(self, key: str) -> str | None:
        """Return the string at `key`."""
        node = self.get(key)
        return None if node is None else node.string

    def number(self, key: str) -> float | None:
        """Return the number at `key` as a float."""
        node = self.get(key)
        return None if node is None else number(node.data)

    def whole(self, key: str) -> int | None:
        """Return the whole number at `key`."""
        node = self.get(key)
        return None if node is None else int(number(node.data))

    @property
    def string(self) -> str:
        """The value, which is a string."""
        assert isinstance(self.data, str), self.path
        return self.data

    @property
    def strings(self) -> tuple[str, ...]:
        """The value, which is a string or a list of them."""
        return tuple(item.string for item in self.items())


def number(value: object) -> float:
    """Return a value that is a number."""
    assert isinstance(value, int | float) and not isinstance(value, bool)
    return value


@dataclass(slots=True)
class Scope:
    """What is being resolved, the names it declares, and its problems; a class because problems gather in it."""

    root: Node
    stem: str
    catalog: Catalog
    problems: Collector = field(default_factory=Collector)
    names: dict[str, dict[str, Span | None]] = field(default_factory=dict)  # noun to name to place
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)  # "source" and "pool": name to kind
    used: dict[str, set[str]] = field(default_factory=dict)  # noun to the names that something refers to
    missed: set[str] = field(default_factory=set)  # nouns with a reference that does not resolve

    def own(self, span: Span | None) -> bool:
        """Return True for a place in the spec itself, False in the spec that it extends."""
        return span is None or span.path == self.root.document.source.path

    def refers(self, noun: str, name: str, at: Span | None) -> bool:
        """Record a reference; a name that nothing declares is a problem."""
        self.used.setdefault(noun, set()).add(name)
        known = self.names.get(noun, {})
        if name in known:
            return True
        self.missed.add(noun)
        word, words = NOUNS[noun]
        self.unknown(f"there is no {word} `{name}`", name, known, at=at, declared=f"{words} are declared here")
        return False

    def unknown(
        self,
        message: str,
        name: str,
        known: Mapping[str, Span | None],
        *,
        at: Span | None,
        declared: str,
        code: str = "C204",
    ) -> None:
        """Report a name that does not resolve, with a guess and the place where such names are declared."""
        places = sorted({place for place in known.values() if place is not None and place != at})
        guess = closest(name, known)
        place = (known[guess] if guess else None) or (places[0] if places else None)
        notes = [Note(message=declared, span=place)] if place else []
        label = did_you_mean(name, known) if known else "nothing of the kind is declared"
        self.problems.add(code, message, at=at, label=label, notes=notes)

    def inert(self, node: Node, why: str, *, hint: str | None = None) -> None:
        """Report a key that would change nothing."""
        key = str(node.path[-1])
        self.problems.add(
            "C208", f"`{key}` has no effect: {why}", at=node.key_at, label="this changes nothing", hint=hint
        )

    def only(self, node: Node, allowed: Iterable[str], what: str) -> None:
        """Report the keys of an entry that its kind does not have."""
        keys = sorted(allowed)
        for key, child in node.entries() if isinstance(node.data, dict) else ():
            if key not in keys:
                said = ", ".join(f"`{one}`" for one in keys) or "nothing"
                self.inert(child, f"{what} takes no `{key}`", hint=f"it takes {said}")


def kind_of(scope: Scope, name: str, node: Node, known: Iterable[str], what: str, code: str = "C205") -> str | None:
    """Return the kind of an entry: what `kind` says, or its name when that is one."""
    kinds = sorted(known)
    given = node.get("kind")
    kind = name if given is None else given.string
    if kind in kinds:
        return kind
    at = node.key_at if given is None else given.at
    if given is None:
        message = f"`{name}` is no kind of {what}, and no `kind` says what it is"
        hint = f"rename it, or add `kind:` to `{name}`"
    else:
        message, hint = f"there is no kind of {what} called `{kind}`", None
    scope.problems.add(code, message, at=at, label=did_you_mean(kind, kinds), hint=hint)
    return None
