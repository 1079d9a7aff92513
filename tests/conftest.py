"""What every test shares: no network, no home of the user, and the switch that rewrites golden files."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No clock decides a test, and the same examples are tried on every machine.
settings.register_profile("evalspec", deadline=None, derandomize=True)
settings.load_profile("evalspec")

LOOPBACK = ("127.0.0.1", "::1", "localhost")  # real servers run there


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite expected files; read the diff afterwards")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when expected files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test reaches no network and no file of the user's home, and what a crash leaves stays with the tests."""
    temporary = tmp_path_factory.getbasetemp() / "temporary"
    temporary.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    connect = socket.socket.connect

    def loopback_only(one: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "a file"
        assert host in LOOPBACK, f"a test opened a socket to {host}"
        connect(one, address)  # type: ignore[arg-type]  # whatever kind of address the caller has

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    yield
