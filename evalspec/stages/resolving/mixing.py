"""The block `mix`: exact shares, the pools they imply, and whole counts by the quota method."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from evalspec.model.spec import Mix
from evalspec.model.vocabulary import TECHNIQUES
from evalspec.stages.resolving.tree import Node, Scope
from evalspec.stats.quota import quota


def pool_nodes(scope: Scope) -> dict[str, Node]:
    """Return the pools of a spec by name; a share named after a technique is a pool with all its defaults."""
    found = dict(scope.root.entries_at("pools"))
    for name, share in owed(scope):
        if name not in found and name in TECHNIQUES:
            found[name] = Node(share.document, share.path, None)
    return dict(sorted(found.items()))


def owed(scope: Scope) -> tuple[tuple[str, Node], ...]:
    """Return the entries of the mix, whichever of its two forms it has."""
    mix = scope.root.get("mix")
    return (mix.entries_at("shares") or mix.entries_at("cases")) if mix else ()


def mix_of(scope: Scope, pools: dict[str, Node]) -> Mix | None:
    """Resolve the mix to counts; None when its sum is wrong or a share has no pool."""
    node = scope.root.get("mix")
    if node is None:
        scope.problems.add(
            "C209",
            "the spec has no `mix`: nothing says how many cases there are",
            at=scope.root.key_at,
            hint="write `mix: {size: 100, shares: {seed: 0.5, mutation: 0.5}}`",
        )
        return None
    before = len(scope.problems.found)
    _check_pools(scope, node, pools)
    if node.get("cases") is not None:
        counts = {name: int(str(one.data)) for name, one in node.entries_at("cases")}
        shares: dict[str, Decimal] = {}
        size = sum(counts.values())
    else:
        shares = {name: exact(one.data) for name, one in node.entries_at("shares")}
        size = node.whole("size") or 0
        if sum(shares.values()) != 1:
            _wrong_sum(scope, node, shares)
            return None
        counts = quota(size, {name: Fraction(share) for name, share in shares.items()})
    if len(scope.problems.found) > before:
        return None
    return Mix(
        size=size,
        counts=tuple(sorted(counts.items())),
        shares=tuple((name, _spell(share)) for name, share in sorted(shares.items())),
        at=node.key_at,
    )


def exact(value: object) -> Decimal:
    """Return a number as the decimal that was written: the shortest one that reads back as the same float."""
    assert isinstance(value, int | float)
    return Decimal(repr(value))


def _check_pools(scope: Scope, mix: Node, pools: dict[str, Node]) -> None:
    shared = dict(owed(scope))
    for name, share in shared.items():
        if name not in pools:
            scope.unknown(
                f"share `{name}` has no pool",
                name,
                {**dict.fromkeys(TECHNIQUES), **{pool: node.key_at for pool, node in pools.items()}},
                at=share.key_at,
                declared="pools are declared here",
                code="C203",
            )
        elif share.data == 0:
            scope.problems.add(
                "C202",
                f"the share of `{name}` is 0",
                at=share.at,
                hint="take the share away; a pool that is only tried out says `trial: true`",
            )
        trial = pools[name].get("trial") if name in pools else None
        if trial is not None and trial.data is True:
            scope.inert(trial, f"`{name}` has a share of the mix")
    for name, pool in pools.items():
        trial = pool.get("trial")
        if name not in shared and (trial is None or trial.data is not True):
            scope.problems.add(
                "C202",
                f"pool `{name}` has no share of the mix",
                at=pool.key_at,
                notes=[],
                hint=f"give `{name}` a share, or say `trial: true` to make and read it without counting it",
            )


def _wrong_sum(scope: Scope, node: Node, shares: dict[str, Decimal]) -> None:
    total = sum(shares.values(), Decimal(0))
    places = max(2, *(_places(share) for share in shares.values()))
    block = node.get("shares")
    written = list(block.data) if block is not None and isinstance(block.data, dict) else sorted(shares)
    said = " + ".join(f"{name} {shares[name]:.{places}f}" for name in written)
    move = "lower" if total > 1 else "raise"
    scope.problems.add(
        "C201",
        f"mix shares add up to {total:.{places}f}, not {Decimal(1):.{places}f}",
        at=node.key_at,
        notes=[f"{said} = {total:.{places}f}"],
        hint=f"shares are fractions of the final set; {move} one by {abs(total - 1):.{places}f}",
    )


def _places(share: Decimal) -> int:
    exponent = share.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _spell(share: Decimal) -> str:
    return format(share.normalize(), "f")
