"""The server that all contenders ask: `python -m benchmarks.llm.server`, a process of its own; prints its port.

Every question is answered after the same time, whoever asks. Faults follow from the name of the item, so that every
contender meets the same ones. It speaks the OpenAI protocol as far as the contenders use it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from benchmarks.llm.peers.items import ITEM, answer, fault_of


@dataclass
class State:
    """What has been asked since the last start."""

    latency: float = 0.2
    has_faults: bool = False
    sent: int = 0
    answered: int = 0
    faults: int = 0
    open: int = 0
    most_open: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)  # items answered in whole
    again: int = 0  # questions about an item whose answer had been delivered in whole
    first: float = 0.0
    last: float = 0.0

    def shown(self) -> dict[str, float]:
        """Return the figures."""
        numbers = {key: value for key, value in vars(self).items() if isinstance(value, int | float)}
        return {**numbers, "items": len(self.asked), "about_items": sum(self.asked.values())}


class Server:
    """One state, replaced at each start."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.state = State()

    async def start(self, request: web.Request) -> web.Response:
        """Forget everything and take new settings."""
        self.state = State(**await request.json())
        return web.json_response({})

    async def count(self, request: web.Request) -> web.Response:
        """Return what has been asked since the start."""
        return web.json_response(self.state.shown())

    async def models(self, request: web.Request) -> web.Response:
        """List the one model, as some clients ask."""
        return web.json_response({"object": "list", "data": [{"id": "small-writer", "object": "model"}]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer one question after the latency."""
        state = self.state
        state.sent += 1
        state.first = state.first or time.monotonic()
        state.open += 1
        state.most_open = max(state.most_open, state.open)
        try:
            try:
                asked = await request.json()
            except ConnectionError:  # whoever asked was killed
                return web.Response()
            found = ITEM.search(json.dumps(asked["messages"]))
            name = found.group() if found else ""
            fault = None
            if name:
                fault = fault_of(name) if state.has_faults and not state.asked[name] else None
                state.asked[name] += 1
                state.again += name in state.kept
            await asyncio.sleep(state.latency)
            if fault is not None:
                state.faults += 1
                return self._misbehave(fault, name, asked["model"])
            response = web.Response(body=completion(name, asked["model"]), content_type="application/json")
            with suppress(ConnectionError):  # whoever asked was killed
                await response.prepare(request)
                await response.write_eof()
                state.answered += 1
                state.kept.add(name)
            return response
        finally:
            state.open -= 1
            state.last = time.monotonic()

    def _misbehave(self, fault: str, name: str, model: str) -> web.Response:
        if fault == "cut":
            body = completion(name, model)
            return web.Response(body=body[: len(body) // 2], content_type="application/json")
        headers = {"Retry-After": "1"} if fault == "429" else {}
        problem = {"error": {"message": "try again", "type": "server_error", "code": None}}
        return web.json_response(problem, status=int(fault), headers=headers)


def completion(name: str, model: str) -> bytes:
    """Return the body of a completion."""
    text = answer(name) if name else "Hello."
    data = {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 80, "completion_tokens": 30, "total_tokens": 110},
    }
    return json.dumps(data).encode()


async def serve() -> None:
    """Serve until the process is ended."""
    server = Server()
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_post("/v1/chat/completions", server.complete)
    application.router.add_get("/v1/models", server.models)
    application.router.add_post("/bench/start", server.start)
    application.router.add_get("/bench/count", server.count)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
