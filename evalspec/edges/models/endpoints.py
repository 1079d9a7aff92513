"""Where a model is asked: user config, then the usual environment variables, then a vendor's public address.

A spec can name no endpoint and no key: a stranger's pull request must not be able to send a key anywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Span
from evalspec.edges.models.transport import Endpoint
from evalspec.model.source import Document
from evalspec.text.patterns import lazy_pattern

CONFIG_NAME = "config.yaml"
SCHEMES = ("http://", "https://")
KEYS_OF_AN_ENDPOINT = ("base_url", "key_env", "local", "provider", "batches")
OLLAMA_PORT = 11434  # where `OLLAMA_HOST`, made for the server, names none
# No part of an address: litellm takes some names for one, and others become part of its path.
MODEL_NAME = lazy_pattern(r"[A-Za-z0-9][\w.:@+ -]*(/[\w.:@+ -]+)*", re.ASCII)
WORLD_WRITABLE = 0o002


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An endpoint as user config or the packaged table gives it."""

    name: str
    url: str | None  # None: litellm knows it
    base: tuple[str, ...] = ()  # variables that move the address
    key: tuple[str, ...] = ()  # variables that may hold the key
    is_local: bool = False  # a server of one's own: no key, no price
    provider: str | None = None  # the prefix that litellm knows it by; None: it speaks the OpenAI protocol
    credentials: str | None = None  # what its own client library looks for, in place of a key
    batches: str | None = None  # the protocol of its batches: `openai` or `anthropic`


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `config.yaml` of the user says: hosts of theirs, and which model names go where."""

    path: str
    hosts: Mapping[str, Host]
    routes: tuple[tuple[str, str], ...] = ()  # a name, or its beginning with `*`, to a host; the first that fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one model is asked, before any key is looked at."""

    host: Host
    model: str  # the name that the host knows it by
    url: str | None
    key_from: str | None  # the variable that holds the key; None: none is set
    is_own: bool  # user config names it


def config_folder(environment: Mapping[str, str]) -> str:
    """Return the folder of the user's config."""
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(
        environment.get("HOME", os.path.expanduser("~")), ".config"
    )
    return os.path.join(home, "evalspec")


def state_folder(environment: Mapping[str, str]) -> str:
    """Return the folder of the journal: private, outside every repository."""
    if environment.get("EVALSPEC_STATE"):
        return environment["EVALSPEC_STATE"]
    home = environment.get("HOME", os.path.expanduser("~"))
    return os.path.join(environment.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state"), "evalspec")


def hosts_of(data: Mapping[str, Any]) -> Mapping[str, Host]:
    """Read the packaged table: endpoints that speak the OpenAI protocol, and providers that litellm speaks to."""
    found = {name: _packaged(name, one, None) for name, one in data["endpoints"].items()}
    return found | {name: _packaged(name, one, name) for name, one in data["providers"].items()}


def refuse_writable(path: str) -> None:
    """Refuse a config that others on this machine can write: they could have keys sent to them."""
    found = os.stat(path)
    if found.st_mode & WORLD_WRITABLE or found.st_uid not in (0, os.geteuid()):
        hint = f"chmod go-w {path}    and look at what it says; it decides where keys are sent"
        raise _wrong("others can write it", path=path, hint=hint)


def config_of(document: Document, path: str) -> Config:
    """Read the user's config; what is not understood is refused, since a typo would send questions elsewhere."""
    data = document.data
    _known(data, ("endpoints", "models"), (), document)
    assert isinstance(data, dict)
    hosts: dict[str, Host] = {}
    for name, one in _entries(document, "endpoints"):
        place = ("endpoints", name)
        _known(one, KEYS_OF_AN_ENDPOINT, place, document)
        hosts[name] = _own_host(name, one, place, document)
    routes: list[tuple[str, str]] = []
    for pattern, host in _entries(document, "models"):
        if host not in hosts:
            at = document.span_of(("models", pattern))
            raise _wrong(f"`{pattern}` goes to `{host}`, which is not under `endpoints`", at=at)
        routes.append((pattern, str(host)))
    return Config(path=path, hosts=hosts, routes=tuple(routes))


def place_of(model: str, config: Config, table: Mapping[str, Host], environment: Mapping[str, str]) -> Place:
    """Return where a model is asked; a name that says none is refused."""
    if not MODEL_NAME.fullmatch(model) or ".." in model or "://" in model:
        raise _no_place(f"`{model}` is no name of a model", "a name is words, dots, colons and slashes; no address")
    for pattern, name in config.routes:
        if model == pattern or (pattern.endswith("*") and model.startswith(pattern[:-1])):
            return _place(config.hosts[name], model, environment, is_own=True)
    prefix, mark, rest = model.partition("/")
    if not mark:
        hint = f"write it as provider/{model}, or send it somewhere under `models` in {config.path}"
        raise _no_place(f"`{model}` says no provider", hint)
    host = config.hosts.get(prefix)
    if host is not None:
        return _place(host, rest, environment, is_own=True)
    host = table.get(prefix) or Host(name=prefix, url=None, provider=prefix)
    return _place(host, rest, environment, is_own=False)


def endpoint_of(place: Place, environment: Mapping[str, str]) -> Endpoint:
    """Return a place with its key; a key that is missing or cannot be one is refused before anything is sent."""
    host = place.host
    if host.key and place.key_from is None and not host.is_local and host.credentials is None:
        raise _no_key(f"{' or '.join(host.key)} is not set, and `{host.name}` asks for a key; nothing was spent")
    key = environment[place.key_from] if place.key_from else None
    if key is not None and (key != key.strip() or not key.isascii() or not key.isprintable() or " " in key):
        raise _no_key(f"the key in {place.key_from} holds a space, a line end or another character that no key has")
    return Endpoint(
        name=host.name,
        base_url=place.url,
        key=key,
        key_from=place.key_from or "",
        speaks_openai=host.provider is None,
        batches=host.batches,
        model=f"{host.provider}/{place.model}" if host.provider else place.model,
    )


def shown_address(url: str | None) -> str:
    """Return an address as it may be shown: without a user's name, a password or a query."""
    if url is None:
        return "the provider's own"
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _packaged(name: str, one: Mapping[str, Any], provider: str | None) -> Host:
    return Host(
        name=name,
        url=one.get("url"),
        base=tuple(one.get("base", ())),
        key=tuple(one.get("key", ())),
        is_local=bool(one.get("local", False)),
        provider=provider,
        credentials=one.get("credentials"),
        batches=one.get("batches"),
    )


def _own_host(name: str, one: Mapping[str, Any], place: tuple[str, ...], document: Document) -> Host:
    url, variable, provider, batches = (one.get(key) for key in ("base_url", "key_env", "provider", "batches"))
    if not isinstance(url, str) or not url.startswith(SCHEMES) or not urlsplit(url).hostname:
        at = document.span_of((*place, "base_url"))
        raise _wrong(f"endpoint `{name}` needs a `base_url` that begins with http:// or https:// and a host", at=at)
    if variable is not None and not (isinstance(variable, str) and re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII)):
        at = document.span_of((*place, "key_env"))
        raise _wrong("`key_env` is the name of an environment variable, not the key", at=at)
    if provider is not None and not (isinstance(provider, str) and re.fullmatch(r"\w+", provider, re.ASCII)):
        raise _wrong("`provider` is a prefix that litellm knows", at=document.span_of((*place, "provider")))
    if batches not in (None, "openai", "anthropic"):
        raise _wrong("`batches` is openai or anthropic", at=document.span_of((*place, "batches")))
    if not isinstance(one.get("local", False), bool):
        raise _wrong("`local` is true or false", at=document.span_of((*place, "local")))
    return Host(
        name=name,
        url=url,
        key=(variable,) if variable else (),
        is_local=one.get("local", False),
        provider=provider,
        batches=batches,
    )


def _place(host: Host, model: str, environment: Mapping[str, str], *, is_own: bool) -> Place:
    moved = _first(host.base, environment)
    url = environment[moved].strip() if moved else host.url
    if url is not None and not url.startswith(SCHEMES):
        url = f"http://{url}"
    if url is not None and moved and host.name.startswith("ollama"):
        url = _of_ollama(url)
    return Place(host=host, model=model, url=url, key_from=_first(host.key, environment), is_own=is_own)


def _of_ollama(url: str) -> str:
    """Return the address of Ollama's OpenAI protocol from one that was made for its server."""
    parts = urlsplit(url)
    netloc = parts.netloc if parts.port or parts.scheme == "https" else f"{parts.netloc}:{OLLAMA_PORT}"
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(netloc=netloc, path=path if path.endswith("/v1") else f"{path}/v1"))


def _first(names: Sequence[str], environment: Mapping[str, str]) -> str | None:
    return next((name for name in names if environment.get(name)), None)


def _known(data: object, names: Sequence[str], place: tuple[str, ...], document: Document) -> None:
    """Refuse what is no mapping, or has a key beside those known."""
    what = f"endpoint `{place[-1]}`" if place else "it"
    listed = ", ".join(f"`{name}`" for name in names)
    if not isinstance(data, dict):
        raise _wrong(f"{what} is a mapping of {listed}", at=document.span_of(place))
    for name in data:
        if name not in names:
            at = document.keys.get((*place, name)) or document.span_of(place)
            raise _wrong(f"{what} takes {listed}, and no `{name}`", at=at)


def _entries(document: Document, key: str) -> list[tuple[str, Any]]:
    assert isinstance(document.data, dict)
    found = document.data.get(key) or {}
    if not isinstance(found, dict):
        raise _wrong(f"`{key}` is a mapping from names", at=document.span_of((key,)))
    return list(found.items())


def _wrong(message: str, *, at: Span | None = None, path: str | None = None, hint: str | None = None) -> EvalspecError:
    problem = Diagnostic(
        code="M301", severity="error", message=f"user config: {message}", span=at, path=path, hint=hint
    )
    return EvalspecError([problem])


def _no_place(message: str, hint: str) -> EvalspecError:
    return EvalspecError([Diagnostic(code="M303", severity="error", message=message, hint=hint)])


def _no_key(message: str) -> EvalspecError:
    hint = "set it in your environment; keys are read from nowhere else, and are never shown"
    return EvalspecError([Diagnostic(code="M302", severity="error", message=message, hint=hint, exit=Exit.PROVIDER)])
