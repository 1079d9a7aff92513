"""The live side of asking: journal, endpoints, prices and transports put together for one build.

Imported by the first question that the tape cannot answer: a build that asks nothing pays for none of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from evalspec.digests import digest
from evalspec.edges.files import exists, read_text
from evalspec.edges.models.asking import DOLLAR, Asker, Count, Price, Rules, Way
from evalspec.edges.models.endpoints import (
    CONFIG_NAME,
    Config,
    config_folder,
    config_of,
    endpoint_of,
    hosts_of,
    state_folder,
)
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.prices import FREE, ListPrice
from evalspec.edges.package import read_text as read_package_text
from evalspec.model.asking import Reply, Request
from evalspec.model.source import SourceFile
from evalspec.model.spec import Spec
from evalspec.stages.parse import parse_data
from evalspec.stages.resolving.data import spec_digest


def plan_name(spec: Spec) -> str:
    """Return the name under which the dollars of a build and its resumes are counted."""
    return digest([spec.name, spec_digest(spec)])


def open_journal() -> Journal:
    """Open the user's journal."""
    return Journal(state_folder(os.environ))


def open_asker(
    spec: Spec, journal: Journal, tape: Mapping[str, Reply], *, jobs: int, tell: Callable[[Count], None]
) -> Asker:
    """Return what asks for one build, within its budget."""
    environment = os.environ
    config = _config(environment)
    table = hosts_of(_package_data("catalog/endpoints.yaml"))
    transport = HttpTransport(jobs=jobs)

    def way(model: str) -> Way:
        return Way(transport=transport, endpoint=endpoint_of(model, config, table, environment))

    def price(request: Request) -> ListPrice:
        return FREE

    rules = Rules(
        plan=plan_name(spec),
        jobs=jobs,
        cap=None if spec.budget.usd is None else int(spec.budget.usd * DOLLAR),
        way=way,
        price=Price(
            highest=lambda request: price(request).highest(request),
            actual=lambda request, reply: price(request).actual(request, reply),
        ),
    )
    return Asker(journal, tape, rules, tell)


def _config(environment: Mapping[str, str]) -> Config:
    path = os.path.join(config_folder(environment), CONFIG_NAME)
    if not exists(path):
        return Config(path=path, hosts={})
    return config_of(parse_data(SourceFile(path=path, text=read_text(path))).data, path)


def _package_data(name: str) -> Mapping[str, object]:
    data = parse_data(SourceFile(path=name, text=read_package_text(name))).data
    assert isinstance(data, dict), f"{name} is a mapping"
    return data
