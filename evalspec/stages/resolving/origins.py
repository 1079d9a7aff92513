"""Where a pool takes its rows, parents and exemplars: as said, else the only source of the fitting kind."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.model.spec import Exemplars
from evalspec.stages.resolving.tree import Node, Scope

FITTING: Mapping[str, str] = {
    "seed": "production",
    "golden": "golden",
    "prompted": "production",
    "mutation": "production",
    "persona": "production",
    "redteam": "production",
    "metamorphic": "production",
    "document": "document",
}
# Pools that can do without rows: what they show or borrow is welcome and not needed.
OPTIONAL = frozenset({"prompted", "persona", "redteam"})
PARENT_POOLS = frozenset(
    {"seed", "prompted", "persona", "document"}
)  # golden is never changed, children have one parent
EXEMPLAR_SOURCES = frozenset({"production", "anchor"})
EXEMPLARS = 3  # rows shown to a generator as style anchors


def origin_of(scope: Scope, name: str, node: Node, kind: str) -> str | None:
    """Return what a pool takes its rows from."""
    given = node.get("from")
    wanted = FITTING[kind]
    if given is None:
        return _only(scope, name, node, wanted, is_optional=kind in OPTIONAL)
    said = given.string
    if kind == "metamorphic" and said in scope.names["pool"] and said not in scope.names["source"]:
        if scope.kinds["pool"].get(said) not in PARENT_POOLS:
            scope.problems.add(
                "C224",
                f"pool `{said}` has no parents to give",
                at=given.at,
                label=f"of kind `{scope.kinds['pool'].get(said, 'unknown')}`",
                hint="parents are seeds, or come from a prompted, persona or document pool",
            )
        return said
    if not scope.refers("source", said, given.at):
        return None
    if scope.kinds["source"].get(said, wanted) != wanted:
        scope.problems.add(
            "C224",
            f"a {kind} pool takes a {wanted} source, and `{said}` is none",
            at=given.at,
            label=f"of kind `{scope.kinds['source'][said]}`",
        )
    return said


def exemplars_of(scope: Scope, node: Node, kind: str, source: str | None) -> Exemplars:
    """Return how many rows a prompt shows and of which source."""
    given = node.get("exemplars")
    if kind not in ("prompted", "persona", "document"):
        return Exemplars()
    if given is None:
        return Exemplars(count=EXEMPLARS, source=source) if kind != "document" and source else Exemplars()
    if isinstance(given.data, int):
        shown = _shown(scope, kind, source)
        if given.data and shown is None:
            scope.problems.add(
                "C223",
                "there are no rows to show",
                at=given.at,
                hint="say of which source: `exemplars: {from: ..., count: 3}`",
            )
        return Exemplars(count=given.data, source=shown) if given.data else Exemplars()
    count, said = given.whole("count") or 0, given.get("from")
    if said is None:
        return Exemplars(count=count, source=_shown(scope, kind, source)) if count else Exemplars()
    if scope.refers("source", said.string, said.at):
        of_kind = scope.kinds["source"].get(said.string, "production")
        if of_kind not in EXEMPLAR_SOURCES:
            scope.problems.add(
                "C224",
                f"a {of_kind} source gives no exemplars",
                at=said.at,
                hint="exemplars are production rows or anchors",
            )
    return Exemplars(count=count, source=said.string) if count else Exemplars()


def _shown(scope: Scope, kind: str, source: str | None) -> str | None:
    if kind != "document":
        return source
    found = [name for name, of_kind in scope.kinds["source"].items() if of_kind == "production"]
    return found[0] if len(found) == 1 else None


def _only(scope: Scope, name: str, node: Node, wanted: str, *, is_optional: bool) -> str | None:
    found = [source for source, kind in scope.kinds["source"].items() if kind == wanted]
    if len(found) == 1:
        scope.used.setdefault("source", set()).add(found[0])
        return found[0]
    if found:
        said = ", ".join(f"`{one}`" for one in found)
        scope.problems.add(
            "C223", f"pool `{name}` does not say which {wanted} source it takes", at=node.key_at, hint=f"`from`: {said}"
        )
    elif not is_optional:
        scope.problems.add(
            "C223",
            f"pool `{name}` needs a {wanted} source, and the spec has none",
            at=node.key_at,
            hint=f"declare one: `sources: {{{wanted}: {{}}}}`",
        )
    return None
