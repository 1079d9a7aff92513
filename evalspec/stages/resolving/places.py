"""What a pool owes against what it is told to make: ceilings too low, demands that ask for nothing, ids too long."""

from __future__ import annotations

from evalspec.diagnostics import Span
from evalspec.model.spec import Mix, Pool
from evalspec.model.vocabulary import CASE_ID_MAX, GRIDS
from evalspec.stages.resolving.tree import Node, Scope

KEY_DIGITS = 12  # hex digits of the digest of source and row id
MORE = "written only to ask for more"


def check_places(scope: Scope, node: Node, pool: Pool, cells: int | None, mix: Mix | None) -> None:
    """Check what a pool is told to make against what the mix has it owe."""
    if pool.multi_hop + pool.unanswerable > 1:
        scope.problems.add(
            "C233",
            f"`multi_hop` {pool.multi_hop:g} and `unanswerable` {pool.unanswerable:g} add up to more than the pool",
            at=node.key_at,
        )
    if pool.per_parent == 0:
        scope.problems.add("C233", f"`per_parent: 0` leaves pool `{pool.name}` no case", at=node.key_at)
    owed = dict(mix.counts).get(pool.name) if mix else None
    if owed is None:
        return
    if cells:
        _check_cells(scope, node, pool, cells, owed)
    for one in pool.attacks:
        each = owed // len(pool.attacks)
        if one.count is not None and one.count <= each:
            scope.problems.add(
                "C233",
                f"attack `{one.name}` asks for {one.count}, and the mix already gives it {each}",
                at=one.at,
                notes=[f"{owed} cases over {len(pool.attacks)} attacks are {each} each or one more"],
                hint=f"a count is {MORE}; take it away or raise it",
            )


def check_id(scope: Scope, node: Node, pool: Pool, levels: dict[str, int]) -> None:
    """Refuse names that would make a case id longer than a runner and a file name can be sure to take."""
    # Ordinals of cells and attacks have two digits, those of children count to `per_parent`.
    parts = [len(pool.name)]
    if pool.kind in GRIDS:
        parts += [KEY_DIGITS] if pool.kind == "document" else []
        parts += [max(map(len, pool.personas))] if pool.personas else []
        parts += [levels.get(axis, 0) for axis in pool.axes] + [2]
    elif pool.kind == "redteam":
        benign = [len("benign")] if pool.hard_negatives else []
        parts += [max((len(one.name) for one in pool.attacks), default=0), *benign, 2]
    else:
        used = [one.name for one in pool.operators] + [one.name for one in pool.relations]
        parts += [max(map(len, used)), KEY_DIGITS, len(str(pool.per_parent))] if used else [KEY_DIGITS]
    longest = sum(parts) + len(parts) - 1
    if longest > CASE_ID_MAX:
        scope.problems.add(
            "C220",
            f"case ids of pool `{pool.name}` would be {longest} characters long, and the most is {CASE_ID_MAX}",
            at=node.key_at,
            notes=[" + ".join(str(part) for part in parts) + f", and {len(parts) - 1} dots"],
            hint="shorten the names of the pool, its levels or its operators",
        )


def _check_cells(scope: Scope, node: Node, pool: Pool, cells: int, owed: int) -> None:
    each = owed // cells
    said = f"{owed} cases over {cells} cells are {each} each" + (" or one more" if owed % cells else "")
    if pool.max_per_cell is not None and pool.max_per_cell * cells < owed:
        scope.problems.add(
            "C233",
            f"pool `{pool.name}` can give {pool.max_per_cell * cells} cases, and its share is {owed}",
            at=_place(node, "max_per_cell"),
            notes=[f"at most {pool.max_per_cell} in each of {cells} cells = {pool.max_per_cell * cells}"],
            hint="raise `max_per_cell` or lower the share",
        )
    demands = [(pool.per_cell, _place(node, "per_cell"))]
    demands += [(rule.per_cell, rule.at) for rule in pool.cells]
    for wanted, at in demands:
        if wanted is not None and wanted <= each:
            scope.problems.add(
                "C233",
                f"`per_cell: {wanted}` asks for no more than the mix",
                at=at,
                notes=[said],
                hint=f"`per_cell` is {MORE}; take it away or raise it",
            )


def _place(node: Node, key: str) -> Span | None:
    child = node.get(key)
    return child.key_at if child else node.key_at
