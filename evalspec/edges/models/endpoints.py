"""Where a model is asked: user config, then the usual environment variables, then a vendor's public address.

A spec can name no endpoint and no key: a stranger's pull request must not be able to send a key anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.edges.models.transport import Endpoint

CONFIG_NAME = "config.yaml"
SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An endpoint as user config or the packaged table gives it."""

    name: str
    url: str
    base: tuple[str, ...] = ()  # variables that move the address
    key: tuple[str, ...] = ()  # variables that may hold the key
    is_local: bool = False  # a server of one's own: no key, no price


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `config.yaml` of the user says: hosts of theirs, and which model names go where."""

    path: str
    hosts: Mapping[str, Host]
    routes: tuple[tuple[str, str], ...] = ()  # a name, or its beginning with `*`, to a host; the first that fits


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
    """Read the packaged table."""
    return {
        name: Host(
            name=name,
            url=one["url"],
            base=tuple(one.get("base", ())),
            key=tuple(one.get("key", ())),
            is_local=bool(one.get("local", False)),
        )
        for name, one in data["endpoints"].items()
    }


def config_of(data: object, path: str) -> Config:
    """Read the user's config; what is not understood is refused, since a typo would send questions elsewhere."""
    if data is None:
        return Config(path=path, hosts={})
    if not isinstance(data, dict) or not set(data) <= {"endpoints", "models"}:
        raise _wrong(path, "it holds `endpoints` and `models`, and nothing else")
    hosts: dict[str, Host] = {}
    for name, one in _entries(data, "endpoints", path):
        if not isinstance(one, dict) or not set(one) <= {"base_url", "key_env", "local"}:
            raise _wrong(path, f"endpoint `{name}` takes `base_url`, `key_env` and `local`")
        url = one.get("base_url")
        if not isinstance(url, str) or not url.startswith(SCHEMES):
            raise _wrong(path, f"endpoint `{name}` needs a `base_url` that begins with http:// or https://")
        variable = one.get("key_env")
        hosts[name] = Host(
            name=name, url=url, key=(str(variable),) if variable else (), is_local=bool(one.get("local", False))
        )
    routes: list[tuple[str, str]] = []
    for pattern, host in _entries(data, "models", path):
        if host not in hosts:
            raise _wrong(path, f"`{pattern}` goes to `{host}`, which is not under `endpoints`")
        routes.append((pattern, str(host)))
    return Config(path=path, hosts=hosts, routes=tuple(routes))


def endpoint_of(model: str, config: Config, table: Mapping[str, Host], environment: Mapping[str, str]) -> Endpoint:
    """Return where a model is asked, with its key; a missing key is refused before anything is sent."""
    for pattern, name in config.routes:
        if model == pattern or (pattern.endswith("*") and model.startswith(pattern[:-1])):
            return _endpoint(config.hosts[name], model, environment)
    prefix, mark, rest = model.partition("/")
    host = config.hosts.get(prefix) or table.get(prefix)
    if mark and host is not None:
        return _endpoint(host, rest, environment)
    return Endpoint(name=prefix if mark else "litellm", base_url=None, speaks_openai=False, model=model)


def _endpoint(host: Host, model: str, environment: Mapping[str, str]) -> Endpoint:
    moved = _first(host.base, environment)
    url = moved[1] if moved else host.url
    if not url.startswith(SCHEMES):
        url = f"http://{url}"
    if moved and host.name == "ollama" and not url.rstrip("/").endswith("/v1"):
        url = f"{url.rstrip('/')}/v1"
    found = _first(host.key, environment)
    if host.key and found is None and not host.is_local:
        raise _no_key(f"{' or '.join(host.key)} is not set, and `{host.name}` asks for a key")
    key = found[1] if found else None
    if key is not None and (key != key.strip() or not key.isascii() or not key.isprintable()):
        assert found is not None
        raise _no_key(f"the key in {found[0]} holds a space, a line end or another character that no key has")
    return Endpoint(name=host.name, base_url=url, key=key, key_from=found[0] if found else "", model=model)


def _first(names: Sequence[str], environment: Mapping[str, str]) -> tuple[str, str] | None:
    return next(((name, environment[name]) for name in names if environment.get(name)), None)


def _entries(data: Mapping[str, Any], key: str, path: str) -> list[tuple[str, Any]]:
    found = data.get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise _wrong(path, f"`{key}` is a mapping from names")
    return list(found.items())


def _wrong(path: str, message: str) -> EvalspecError:
    return EvalspecError([Diagnostic(code="M301", severity="error", message=f"user config: {message}", path=path)])


def _no_key(message: str) -> EvalspecError:
    hint = "set it in your environment; nothing was sent and nothing was spent"
    return EvalspecError([Diagnostic(code="M302", severity="error", message=message, hint=hint, exit=Exit.PROVIDER)])
