"""The models of a spec: where each is asked, whether there is a key for it, and, on request, whether it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.asking import Way
from evalspec.edges.models.endpoints import Place, endpoint_of, shown_address
from evalspec.edges.models.giving_up import CODES, HINTS
from evalspec.edges.models.prices import FREE, ListPrice
from evalspec.edges.models.transport import Call, Fault
from evalspec.loading import family_table
from evalspec.model.asking import Request
from evalspec.model.spec import Model, Spec
from evalspec.pricing import called_models, known_prices
from evalspec.reaching import Reach, Ways, reach
from evalspec.stages.independence import families_of

QUESTION = "Answer with the word yes and nothing else."
# Room for the word; a model that thinks first may spend it on thinking, which is an answer all the same.
PING_TOKENS = 16
PING_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One model of a spec."""

    alias: str
    model: str
    family: str | None
    roles: tuple[str, ...]
    endpoint: str  # `builtin` for what evalspec brings along
    address: str
    key: str  # whether there is one and where it is from; never the key
    price: str | None = None  # dollars per million tokens and where they are from; None for what no build asks
    trouble: str | None = None  # why it cannot be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """What came of one tiny question."""

    alias: str
    seconds: float
    served: str | None = None
    fault: str | None = None
    hint: str | None = None


def list_models(spec: Spec) -> tuple[Listed, ...]:
    """Return the models of a spec in its order; nothing is sent."""
    families = dict(families_of(spec, family_table()))
    found = reach()
    listed = tuple(_listed(one, families.get(one.alias), roles_of(one.alias, spec), found) for one in spec.models)
    prices = _prices(spec, found, [one for one in listed if one.endpoint == "none"])
    return tuple(replace(one, price=prices.get(one.model)) for one in listed)


def roles_of(alias: str, spec: Spec) -> tuple[str, ...]:
    """Return what a model of the spec does."""
    writes = any(alias == one for pool in spec.pools for one, _ in pool.generator)
    roles = {
        "subject": alias in spec.roles.subject,
        "generator": writes or alias in dict(spec.roles.generator),
        "jury": alias in spec.roles.jury,
    }
    return tuple(name for name, has in roles.items() if has)


def ping_models(spec: Spec) -> tuple[Ping, ...]:
    """Send one tiny question to every model that a build asks; a subject is never asked."""
    asked = called_models(spec)
    return asyncio.run(_ping_all(asked, Ways(reach(), jobs=len(asked) or 1)))


def _listed(model: Model, family: str | None, roles: tuple[str, ...], found: Reach) -> Listed:
    endpoint, address, key, trouble = "builtin", "none", "none needed", None
    if not model.is_builtin:
        try:
            place = found.place(model.model)
            endpoint, address, key = place.host.name, shown_address(place.url), _key(place)
            endpoint_of(place, found.environment)
        except EvalspecError as error:
            trouble = error.diagnostics[0].message
            endpoint, address, key = (endpoint, address, key) if endpoint != "builtin" else ("none", "none", "none")
    return Listed(
        alias=model.alias,
        model=model.model,
        family=family,
        roles=roles,
        endpoint=endpoint,
        address=address,
        key=key,
        trouble=trouble,
    )


def _prices(spec: Spec, found: Reach, nowhere: Sequence[Listed]) -> dict[str, str]:
    """Spell the price of every model that a build asks; those that are asked nowhere have none."""
    names = {one.alias for one in nowhere}
    asked = replace(spec, models=tuple(one for one in spec.models if one.alias not in names))
    return {model: _spelled(price) for model, price in known_prices(asked, found).items()}


def _spelled(price: ListPrice | None) -> str:
    if price is None:
        return "unknown"
    if price is FREE:
        return f"free: {price.source}"
    return f"${price.prompt:g} and ${price.completion:g} a million tokens in and out, from {price.source}"


def _key(place: Place) -> str:
    host = place.host
    if place.key_from:
        return f"set, from {place.key_from}"
    if host.credentials:
        return f"the credentials {host.credentials}"
    if host.is_local:
        return "none needed"
    if host.key:
        return f"not set: {' or '.join(host.key)}"
    return "none named" if host.url else "as litellm looks for it"


async def _ping_all(models: Sequence[Model], ways: Ways) -> tuple[Ping, ...]:
    opened: dict[int, Way] = {}
    try:
        return tuple(await asyncio.gather(*(_ping(one, ways, opened) for one in models)))
    finally:
        for way in opened.values():
            await way.transport.close()


async def _ping(model: Model, ways: Ways, opened: dict[int, Way]) -> Ping:
    params = dict(model.params) | {"max_tokens": PING_TOKENS}
    request = Request(model=model.model, messages=(("user", QUESTION),), params=params)
    started = time.monotonic()
    try:
        way = ways.of(model.model)
        opened[id(way.transport)] = way
        received = await way.transport.send(Call(request=request, endpoint=way.endpoint, deadline=PING_SECONDS))
    except EvalspecError as error:
        first = error.diagnostics[0]
        return Ping(alias=model.alias, seconds=0.0, fault=f"[{first.code}] {first.message}", hint=first.hint)
    except Fault as fault:
        said = f"{fault.status}: {fault.detail}" if fault.status else fault.detail
        hint = HINTS[fault.kind].format(key=way.endpoint.key_from or "its key")
        seconds = time.monotonic() - started
        return Ping(alias=model.alias, seconds=seconds, fault=f"[{CODES[fault.kind]}] {said}", hint=hint)
    return Ping(alias=model.alias, seconds=time.monotonic() - started, served=received.reply.served)
