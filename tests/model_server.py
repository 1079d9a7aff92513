"""A scripted endpoint on a real socket that speaks the OpenAI protocol, and misbehaves on request.

A test gives a function from a question to what the endpoint does; everything that was asked is kept, with the moment
it came in and how many were open, so that a test can say what was sent and how much at once.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in."""

    number: int  # from 1
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float  # seconds by the monotonic clock
    open: int  # requests in work, this one included
    method: str = "POST"
    raw: bytes = b""

    @property
    def text(self) -> str:
        """The last message."""
        return str(self.body["messages"][-1]["content"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the endpoint does with one request."""

    text: str | None = None  # a completion with this text
    status: int = 200
    body: str | bytes | None = None  # instead of a completion, as it is
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the first byte
    drip: float = 0.0  # seconds between bytes of the body
    cut: int | None = None  # bytes after which the connection is dropped, with a Content-Length that promised more
    served: str | None = None  # the model it says it is; None: the one asked for
    finish: str = "stop"
    usage: tuple[int, int] | None = (10, 10)


Script = Callable[[Asked], Act]


@dataclass
class ModelServer:
    """A running endpoint."""

    url: str  # ends in /v1
    asked: list[Asked] = field(default_factory=list)
    most_open: int = 0
    _open: int = 0

    @property
    def texts(self) -> list[str]:
        """The last message of every request, in order of arrival."""
        return [one.text for one in self.asked]


@contextmanager
def model_server(script: Script) -> Iterator[ModelServer]:
    """Run an endpoint on a free port of the loopback until the block ends."""
    started = threading.Event()
    ended: list[Callable[[], None]] = []
    server = ModelServer(url="")

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        ended.append(lambda: loop.call_soon_threadsafe(stop.set))
        application = web.Application(client_max_size=64 * 1024 * 1024)

        async def answer(request: web.Request) -> web.StreamResponse:
            return await _answer(request, server, script)

        application.router.add_post("/{path:.*}", answer)
        application.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
        await site.start()
        port = runner.addresses[0][1]
        server.url = f"http://127.0.0.1:{port}/v1"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(10), "the scripted endpoint did not start"
    try:
        yield server
    finally:
        ended[0]()
        thread.join(10)


def completion(model: str, act: Act) -> bytes:
    """The body of a completion."""
    data: dict[str, Any] = {
        "id": "x",
        "object": "chat.completion",
        "model": act.served or model,
        "choices": [{"index": 0, "finish_reason": act.finish, "message": {"role": "assistant", "content": act.text}}],
    }
    if act.usage is not None:
        data["usage"] = {"prompt_tokens": act.usage[0], "completion_tokens": act.usage[1]}
    return json.dumps(data).encode()


async def _answer(request: web.Request, server: ModelServer, script: Script) -> web.StreamResponse:
    raw = await request.read()
    server._open += 1
    server.most_open = max(server.most_open, server._open)
    try:
        asked = Asked(
            number=len(server.asked) + 1,
            path=request.path,
            headers=dict(request.headers),
            body=json.loads(raw) if raw.startswith(b"{") else {},
            at=time.monotonic(),
            open=server._open,
            method=request.method,
            raw=raw,
        )
        server.asked.append(asked)
        act = script(asked)
        if act.delay:
            await asyncio.sleep(act.delay)
        body = act.body if act.body is not None else completion(str(asked.body.get("model")), act)
        content = body.encode() if isinstance(body, str) else body
        try:
            return await _send(request, act, content)
        except ConnectionResetError:  # who asked was killed
            return web.Response()
    finally:
        server._open -= 1


async def _send(request: web.Request, act: Act, content: bytes) -> web.StreamResponse:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **act.headers}
    response = web.StreamResponse(status=act.status, headers=headers)
    await response.prepare(request)
    if act.drip:
        for at in range(len(content)):
            await response.write(content[at : at + 1])
            await asyncio.sleep(act.drip)
    else:
        await response.write(content[: act.cut] if act.cut is not None else content)
    if act.cut is not None:
        assert request.transport is not None
        request.transport.abort()
        return response
    await response.write_eof()
    return response
