"""What the models of a build cost: the spec's word, a server of one's own, litellm's table, or our own.

A model whose price nobody knows is refused before anything is sent: a budget can hold only what can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from evalspec.diagnostics import Collector, Exit
from evalspec.edges.models.prices import FREE, MILLION, ListPrice, PriceTable, litellm_table, own_table
from evalspec.edges.package import read_text as read_package_text
from evalspec.model.source import SourceFile
from evalspec.model.spec import Model, Spec
from evalspec.model.vocabulary import FREE_PROVIDERS
from evalspec.stages.parse import parse_data

if TYPE_CHECKING:
    from evalspec.reaching import Reach

TABLE = "catalog/prices.yaml"
STATED = "the spec"


def called_models(spec: Spec) -> tuple[Model, ...]:
    """Return the models that a build asks: the generators of its pools, and the jury on what they write."""
    aliases = {alias for pool in spec.pools for alias, _ in pool.generator}
    writers = {one.alias for one in spec.models if one.alias in aliases and not one.is_builtin}
    called = writers | set(spec.roles.jury) if writers else frozenset()
    return tuple(one for one in spec.models if one.alias in called)


def prices_of(spec: Spec, reach: Reach) -> Mapping[str, ListPrice]:
    """Return the list price of every model that a build asks, by the model's name; an unknown one is refused."""
    prices = known_prices(spec, reach)
    _refuse(spec, called_models(spec), prices)
    return {name: price for name, price in prices.items() if price is not None}


def known_prices(spec: Spec, reach: Reach) -> Mapping[str, ListPrice | None]:
    """Return the list price of every model that a build asks, by the model's name; None where nobody knows it."""
    called = called_models(spec)
    found = {one.model: _stated(one) for one in spec.models if one.price is not None}
    prices = {one.model: found[one.model] if one.model in found else _free(one, reach) for one in called}
    unknown = [name for name, price in prices.items() if price is None]
    for table in (litellm_table(unknown) if unknown else None, _own() if unknown else None):
        for name in unknown:
            if table is not None and prices[name] is None:
                prices[name] = table.entries.get(name)
    return prices


def cap_of(spec: Spec) -> int | None:
    """Return what all builds of a plan may cost together, in millionths of a dollar."""
    return None if spec.budget.usd is None else int(Decimal(str(spec.budget.usd)) * MILLION)


def _stated(model: Model) -> ListPrice:
    assert model.price is not None
    prompt, completion = model.price
    return ListPrice(prompt=prompt, completion=completion, source=STATED)


def _free(model: Model, reach: Reach) -> ListPrice | None:
    """Return that a model is free where it runs on a server of one's own, as the table or user config says."""
    place = reach.place(model.model)
    is_local = place.host.is_local or (not place.is_own and model.model.startswith(FREE_PROVIDERS))
    return FREE if is_local else None


def _own() -> PriceTable:
    data = parse_data(SourceFile(path=TABLE, text=read_package_text(TABLE))).data
    assert isinstance(data, dict), f"{TABLE} is a mapping"
    return own_table(data)


def _refuse(spec: Spec, called: tuple[Model, ...], prices: Mapping[str, ListPrice | None]) -> None:
    problems = Collector()
    for model in called:
        price = prices[model.model]
        if price is None:
            problems.add(
                "M321",
                f"nobody here knows what `{model.model}` costs",
                at=model.at,
                label="no list price",
                notes=[
                    "looked in the spec, in litellm's table where it is installed, and in our own; nothing was sent"
                ],
                hint=f"{model.alias}: {{model: {model.model}, price: {{prompt: 0.50, completion: 1.50}}}}"
                "    in dollars per million tokens",
                exit=Exit.INVALID,
            )
        elif spec.budget.usd is None and not price.is_free:
            problems.add(
                "M322",
                f"`{model.model}` costs money where your user config sends it, and no `budget` says how much it may",
                at=model.at,
                notes=[f"${price.prompt:g} and ${price.completion:g} per million tokens, by {price.source}"],
                hint="add `budget: {usd: 5}`; it is a hard stop",
                exit=Exit.INVALID,
            )
    problems.raise_errors()
