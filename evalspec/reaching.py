"""Where the models of this user are asked, and by which transport: user config, environment and the packaged table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from evalspec.edges.files import exists, read_text
from evalspec.edges.models.endpoints import (
    CONFIG_NAME,
    Config,
    Host,
    Place,
    config_folder,
    config_of,
    endpoint_of,
    hosts_of,
    place_of,
    refuse_writable,
)
from evalspec.edges.models.transport import Endpoint, Way
from evalspec.edges.package import read_text as read_package_text
from evalspec.model.source import SourceFile
from evalspec.stages.parse import parse_data

TABLE = "catalog/endpoints.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Every endpoint that this user can ask."""

    config: Config
    table: Mapping[str, Host]
    environment: Mapping[str, str]

    def place(self, model: str) -> Place:
        """Return where a model is asked; a name that says none is refused."""
        return place_of(model, self.config, self.table, self.environment)

    def endpoint(self, model: str) -> Endpoint:
        """Return where a model is asked, with its key; a missing key is refused."""
        return endpoint_of(self.place(model), self.environment)


class Ways:
    """The two transports of one build; a class because they keep connections, and are opened when a model needs them.

    The asker closes what it was handed.
    """

    def __init__(self, reach: Reach, *, jobs: int) -> None:
        """`jobs` is how many calls may be open at once."""
        # Imported here: who only wants to know a price must not wait for the loop and its transports.
        from evalspec.edges.models.http import HttpTransport
        from evalspec.edges.models.other_providers import OtherProviders

        self.reach = reach
        self._http = HttpTransport(jobs=jobs)
        self._others = OtherProviders()

    def of(self, model: str) -> Way:
        """Return how a model is reached; what must be installed for it is said before anything is sent."""
        endpoint = self.reach.endpoint(model)
        package = "aiohttp" if endpoint.speaks_openai else "litellm"
        if find_spec(package) is None:
            from evalspec.edges.models.http import missing_extra

            raise missing_extra(package)
        if endpoint.speaks_openai:
            return Way(transport=self._http, endpoint=endpoint)
        self._others.open()
        return Way(transport=self._others, endpoint=endpoint)


def reach(environment: Mapping[str, str] | None = None) -> Reach:
    """Read the user's config and the packaged table."""
    environment = os.environ if environment is None else environment
    data = parse_data(SourceFile(path=TABLE, text=read_package_text(TABLE))).data
    assert isinstance(data, dict), f"{TABLE} is a mapping"
    return Reach(config=_config(environment), table=hosts_of(data), environment=environment)


def _config(environment: Mapping[str, str]) -> Config:
    path = os.path.join(config_folder(environment), CONFIG_NAME)
    if not exists(path):
        return Config(path=path, hosts={})
    refuse_writable(path)
    return config_of(parse_data(SourceFile(path=path, text=read_text(path))), path)
