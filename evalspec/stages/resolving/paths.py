"""Paths that a spec names: relative to it, inside its folder, and every one of them listed for the edge that reads."""

from __future__ import annotations

from typing import NamedTuple

from evalspec.diagnostics import Span
from evalspec.model.source import Document
from evalspec.model.vocabulary import DEVICE_NAMES
from evalspec.stages.resolving.tree import Node, Scope

_NOT_ON_WINDOWS = frozenset('<>:"|?')  # a checkout on Windows fails at a file with one of these in its name
WRITTEN = (".lock.json", ".report.md")  # ends of the names of what a build writes beside its spec
PATH_MAX = 200  # characters; file systems end at 255 bytes a name


class Reference(NamedTuple):
    """A file that a spec names: its path, where the spec names it, and what it is."""

    path: str
    at: Span | None
    kind: str  # text, prompt, source, schema, tools, database, grammar, guidelines, words


def path_problem(path: str, *, glob: bool = False) -> str | None:
    """Say what is wrong with a path of a spec, or None."""
    parts = path.split("/")
    if "\0" in path or any(ord(one) < 32 or ord(one) == 127 for one in path):
        return "holds a control character"
    if "\\" in path:
        return "holds a backslash; write `/` between folders"
    if "://" in path or (len(path) > 1 and path[1] == ":"):
        return "is no path inside the spec's folder"
    if path.startswith(("/", "~")):
        return "is absolute; paths start at the spec's folder"
    if ".." in parts:
        return "leaves the spec's folder"
    if path.startswith("-") or path != path.strip():
        return "starts with `-` or has a space at an end"
    if "" in parts or "." in parts:
        return "has an empty part"
    if len(path) > PATH_MAX:
        return f"is longer than {PATH_MAX} characters"
    if odd := sorted(_NOT_ON_WINDOWS & set(path)):
        return f"holds a `{odd[0]}`, which no file on Windows can be named with"
    if any(part.split(".")[0].lower() in DEVICE_NAMES for part in parts):
        return "names a device on Windows"
    if path.endswith(WRITTEN):
        return "is what a build writes"
    if "*" in path and not glob:
        return "holds a `*`, and one file is meant"
    if "*" in "/".join(parts[:-1]) or "**" in path:
        return "holds a `*` before its last part; it matches inside one folder"
    return None


def path_of(scope: Scope, node: Node | None, *, glob: bool = False) -> str | None:
    """Return the path that a node holds, after checking it."""
    if node is None:
        return None
    fault = path_problem(node.string, glob=glob)
    if fault:
        shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in node.string)
        scope.problems.add("C221", f"the path `{shown}` {fault}", at=node.at)
    return node.string


def text_or_path(scope: Scope, node: Node | None) -> tuple[str | None, str | None]:
    """Return a text as it stands, or the path of the file that holds it."""
    if node is None:
        return None, None
    if isinstance(node.data, str):
        return node.data, None
    return None, path_of(scope, node.get("path"))


def references(document: Document, stem: str) -> tuple[Reference, ...]:
    """List the files that a merged spec names, sources first, in order of name and place."""
    root = Node(document, (), document.data)
    found: list[Reference] = []

    def add(node: Node | None, kind: str) -> None:
        if node is not None and isinstance(node.data, str):
            found.append(Reference(node.data, node.at, kind))

    for name, source in root.entries_at("sources"):
        given = source.get("path")
        found.append(
            Reference(default_path(document, source, name, stem), given.at if given else source.key_at, "source")
        )
    task = root.get("task")
    if task:
        _add_text(task.get("instructions"), "text", found)
        for _, part in task.entries_at("expected"):
            for key in ("schema", "tools", "database"):
                add(part.get(key), key)
    for _, model in root.entries_at("models"):
        add(model.get("grammar"), "grammar")
    for _, pool in root.entries_at("pools"):
        _add_text(pool.get("prompt"), "prompt", found)
    review, screen = root.get("review"), root.get("screen")
    add(review.get("guidelines") if review else None, "guidelines")
    add(screen.get("signature_words") if screen else None, "words")
    return tuple(one for one in found if path_problem(one.path, glob=one.kind == "source") is None)


def default_path(document: Document, source: Node, name: str, stem: str) -> str:
    """Return the path of a source: as given, else NAME/SOURCE.jsonl, NAME being that of the spec that declares it."""
    given = source.text("path")
    if given is not None:
        return given
    place = source.key_at
    owner = stem if place is None or place.path == document.source.path else stem_of(place.path)
    return f"{owner}/{name}.jsonl"


def stem_of(path: str) -> str:
    """Return a spec's name as its file gives it."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    for suffix in (".yaml", ".yml"):
        name = name.removesuffix(suffix)
    return name


def _add_text(node: Node | None, kind: str, found: list[Reference]) -> None:
    path = node.get("path") if node is not None else None
    if path is not None:
        found.append(Reference(path.string, path.at, kind))
