"""The blocks `models`, `roles` and `budget`: aliases, who does what, and what may be spent."""

from __future__ import annotations

from collections.abc import Iterable

from evalspec.diagnostics import did_you_mean
from evalspec.model.spec import Budget, Model, Roles
from evalspec.model.vocabulary import FREE_PROVIDERS, GRAMMAR_MODEL, MODEL_PARAMS, WHOLE_PARAMS
from evalspec.stages.resolving.paths import path_of
from evalspec.stages.resolving.tree import Node, Scope

BUILTIN = "builtin/"
OWN_KEYS = frozenset({"model", "family", "grammar", "price"})
MAX_PRICE = 100_000  # dollars per million tokens; a price of a whole call is none of a token


def models_of(scope: Scope) -> tuple[Model, ...]:
    """Resolve the aliases that name a model."""
    found = (_model(scope, alias, node) for alias, node in scope.root.entries_at("models"))
    models = tuple(one for one in found if one is not None)
    stated: dict[str, Model] = {}
    for one in models:
        other = stated.setdefault(one.model, one) if one.price is not None else one
        if other.price != one.price:
            message = f"`{other.alias}` and `{one.alias}` are one model at two prices"
            scope.problems.add("C207", message, at=one.at, hint="state the price once; it holds for both")
    return models


def roles_of(scope: Scope, models: tuple[Model, ...]) -> Roles:
    """Resolve who is evaluated, who writes and who judges."""
    node = scope.root.get("roles")
    if node is None:
        return Roles()
    by_alias = {one.alias: one for one in models}
    for role in ("subject", "jury"):
        for one in node.items_at(role):
            known = scope.refers("model", one.string, one.at)
            if known and one.string in by_alias and by_alias[one.string].model.startswith(BUILTIN):
                scope.problems.add(
                    "C224",
                    f"`{by_alias[one.string].model}` writes and does nothing else; it cannot be {role}",
                    at=one.at,
                )
    return Roles(
        subject=tuple(one.string for one in node.items_at("subject")),
        generator=weights_of(scope, node.get("generator")),
        jury=tuple(one.string for one in node.items_at("jury")),
    )


def weights_of(scope: Scope, node: Node | None) -> tuple[tuple[str, int], ...]:
    """Resolve generators: one name, a list that shares evenly, or names with weights."""
    if node is None:
        return ()
    if isinstance(node.data, str):
        found = [(node.data, 1, node.at)]
    else:
        found = [(name, int(str(one.data)) if one.data is not None else 1, one.key_at) for name, one in node.entries()]
    for name, _, at in found:
        scope.refers("model", name, at)
    return tuple((name, weight) for name, weight, _ in found)


def budget_of(scope: Scope, models: tuple[Model, ...], called: Iterable[str]) -> Budget:
    """Resolve the hard stops; money is asked for as soon as the build calls a model that costs some."""
    node = scope.root.get("budget")
    for key in ("usd", "hours"):
        one = node.get(key) if node else None
        if one is not None and isinstance(one.data, int | float) and one.data <= 0:
            scope.problems.add("C229", f"a budget of {one.data} {key} allows nothing", at=one.at)
    by_alias = {one.alias: one for one in models}
    paid = [by_alias[alias] for alias in sorted(set(called)) if alias in by_alias and costs_money(by_alias[alias])]
    if paid and (node is None or node.get("usd") is None):
        scope.problems.add(
            "C229",
            "no `budget` says how many dollars a build may cost",
            at=node.key_at if node else paid[0].at,
            label=None if node else f"`{paid[0].model}` costs money, and `build` calls it",
            hint="add `budget: {usd: 5}`; it is a hard stop",
        )
    return Budget(usd=node.number("usd") if node else None, hours=node.number("hours") if node else None)


def costs_money(model: Model) -> bool:
    """Return True for a model that somebody else runs, unless the spec says that it costs nothing."""
    return not model.model.startswith(FREE_PROVIDERS) and model.price != (0.0, 0.0)


def _model(scope: Scope, alias: str, node: Node) -> Model | None:
    name = node.text("model")
    if name is None:
        scope.problems.add(
            "C209", f"`{alias}` names no `model`", at=node.key_at, hint=f"write `{alias}: {{model: ...}}`"
        )
        return None
    grammar = node.get("grammar")
    if name.startswith(BUILTIN) and name != GRAMMAR_MODEL:
        model = node.get("model")
        scope.problems.add(
            "C204",
            f"there is no model `{name}` inside evalspec",
            at=model.at if model else None,
            label=did_you_mean(name, [GRAMMAR_MODEL]),
        )
    if name == GRAMMAR_MODEL and grammar is None:
        scope.problems.add(
            "C209",
            f"`{alias}` needs a `grammar`: the file that says what it writes",
            at=node.key_at,
            hint=f"add `grammar: {scope.stem}/grammar.yaml`",
        )
    if name != GRAMMAR_MODEL and grammar is not None:
        scope.inert(grammar, f"only `{GRAMMAR_MODEL}` reads one")
    params = []
    for key, value in node.entries():
        if key not in OWN_KEYS and value.data is not None:
            _check_param(scope, name, key, value)
            params.append((key, value.data))
    return Model(
        alias=alias,
        model=name,
        family=node.text("family"),
        grammar=path_of(scope, grammar),
        params=tuple(params),
        price=_price(scope, name, node.get("price")),
        at=node.key_at,
    )


def _price(scope: Scope, model: str, node: Node | None) -> tuple[float, float] | None:
    """Resolve what a model costs, in dollars per million tokens of prompt and of completion."""
    if node is None:
        return None
    if model.startswith(BUILTIN):
        scope.inert(node, f"`{model}` costs nothing")
    found = []
    for side in ("prompt", "completion"):
        one = node.get(side)
        value = one.data if one is not None else 0
        if one is not None and isinstance(value, int | float) and not 0 <= value <= MAX_PRICE:
            form = f"a price is a number from 0 to {MAX_PRICE:,}, in dollars per million tokens"
            scope.problems.add("C207", form, at=one.at)
        found.append(float(str(value)))
    return found[0], found[1]


def _check_param(scope: Scope, model: str, key: str, node: Node) -> None:
    if model.startswith(BUILTIN):
        scope.inert(node, f"`{model}` has no parameters")
    elif key not in MODEL_PARAMS:
        scope.problems.add(
            "C207",
            f"a spec sets no `{key}` of a model",
            at=node.key_at,
            label=did_you_mean(key, MODEL_PARAMS),
            hint="endpoints, keys and headers belong to the user config, never to a spec",
        )
    else:
        low, high = MODEL_PARAMS[key]
        value = node.data
        is_number = isinstance(value, int if key in WHOLE_PARAMS else int | float) and not isinstance(value, bool)
        if not is_number or not isinstance(value, int | float) or not low <= value <= high:
            form = "a whole number" if key in WHOLE_PARAMS else "a number"
            scope.problems.add("C207", f"`{key}` is {form} from {low:g} to {high:g}", at=node.at)
