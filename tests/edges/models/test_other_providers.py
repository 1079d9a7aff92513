"""The transport of every other provider: real litellm against a real socket, with its network and retries off.

Skipped where litellm is not installed: it is part of an extra.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from model_server import Act, Asked, ModelServer, model_server

from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.other_providers import OtherProviders
from evalspec.edges.models.transport import Call, Endpoint, Fault, Received, Transport
from evalspec.model.asking import Request

pytestmark = [
    pytest.mark.skipif(find_spec("litellm") is None, reason="litellm is not installed: it is part of the extra `llm`"),
    pytest.mark.filterwarnings("ignore"),  # of litellm and what it imports
]
ROOT = Path(__file__).parents[3]
CLAUDE = "anthropic/claude-sonnet-4-20250514"


def message(text: str = "hi", *, stop: str = "end_turn", served: str = "claude-served") -> str:
    """The body of Anthropic's answer."""
    return json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": served,
            "content": [{"type": "text", "text": text}],
            "stop_reason": stop,
            "usage": {"input_tokens": 7, "output_tokens": 3},
        }
    )


def gemini() -> str:
    """The body of Gemini's answer."""
    return json.dumps(
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6},
            "modelVersion": "gemini-served",
        }
    )


def converse() -> str:
    """The body of Bedrock's answer."""
    return json.dumps(
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
        }
    )


def send(
    server: ModelServer | str,
    *,
    model: str = CLAUDE,
    deadline: float = 20.0,
    params: dict[str, object] | None = None,
    transport: Transport | None = None,
) -> Received:
    url = server if isinstance(server, str) else server.url.removesuffix("/v1")
    params = {"max_tokens": 9} if params is None else params
    request = Request(model=model, messages=(("system", "be brief"), ("user", "hello")), params=params)
    endpoint = Endpoint(name="house", base_url=url, key="sk-test", speaks_openai=False, model=model)
    call = Call(request=request, endpoint=endpoint, deadline=deadline)

    async def run() -> Received:
        one = transport or OtherProviders()
        try:
            return await one.send(call)
        finally:
            await one.close()

    return asyncio.run(run())


def faulted(server: ModelServer | str, **how: object) -> Fault:
    with pytest.raises(Fault) as caught:
        send(server, **how)  # type: ignore[arg-type]  # the names above
    return caught.value


def test_a_question_and_its_reply() -> None:
    """One request with key, prompt and limit; text, served model and tokens come back, and the body as it came."""
    with model_server(lambda asked: Act(body=message())) as server:
        received = send(server, params={"max_tokens": 9, "temperature": 0.5, "top_k": 4})

    (asked,) = server.asked
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", "sk-test")
    assert {key: asked.body[key] for key in ("model", "max_tokens", "temperature", "top_k")} == {
        "model": "claude-sonnet-4-20250514",
        "max_tokens": 9,
        "temperature": 0.5,
        "top_k": 4,
    }
    reply = received.reply
    assert (reply.text, reply.served, reply.usage.prompt, reply.usage.completion) == ("hi", "claude-served", 7, 3)
    assert received.raw == message()


@pytest.mark.parametrize(
    ("model", "body", "served"),
    [
        ("gemini/gemini-2.5-pro", gemini(), "gemini-served"),
        ("bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0", converse(), "anthropic.claude-3-5-sonnet-20240620-v1:0"),
        (
            "azure/gpt-4o",
            json.dumps({"model": "gpt-served", "choices": [{"message": {"role": "assistant", "content": "hi"}}]}),
            "gpt-served",
        ),
    ],
)
def test_other_protocols(model: str, body: str, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each provider's own protocol comes back as the same record."""
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")  # older versions of litellm look for these beside a key
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with model_server(lambda asked: Act(body=body)) as server:
        received = send(server, model=model)

    assert (received.reply.text, received.reply.served, len(server.asked)) == ("hi", served, 1)


@pytest.mark.parametrize(
    ("act", "kind", "billed"),
    [
        (Act(status=400, body='{"error": {"message": "too long"}}'), "request", False),
        (Act(status=401, body='{"error": {"message": "bad key"}}'), "key", False),
        (Act(status=404, body="{}"), "model", False),
        (Act(status=429, body="{}", headers={"Retry-After": "7"}), "rate_limit", False),
        (Act(status=503, body='{"error": {"type": "invalid_request_error"}}'), "server", False),
        (Act(status=529, body="{}"), "server", False),
        (Act(body="<html>sign in</html>"), "garbled", True),
        (Act(body='{"choices": 3}'), "garbled", True),
        (Act(body=message("half of it"), cut=20), "connect", True),
        (Act(body=message(), delay=3), "timeout", True),
        (Act(body=message("x" * 200), drip=0.05), "timeout", True),
    ],
)
def test_what_a_fault_is_called(act: Act, kind: str, billed: bool) -> None:
    """The same words as the direct transport, by what came over the wire; nothing is tried again in here."""
    with model_server(lambda asked: act) as server:
        fault = faulted(server, deadline=1.0 if kind == "timeout" else 20.0)

    assert (fault.kind, fault.may_be_billed, len(server.asked)) == (kind, billed, 1)
    assert fault.retry_after == (7.0 if act.status == 429 else None)


def test_a_key_follows_no_redirect() -> None:
    """litellm follows them by default."""
    with model_server(lambda asked: Act(body=message("stolen"))) as other:

        def script(asked: Asked) -> Act:
            return Act(status=307, body="", headers={"Location": f"{other.url}/messages"})

        with model_server(script) as server:
            fault = faulted(server)

        assert (fault.kind, fault.status, len(other.asked)) == ("garbled", 307, 0)


def test_a_reply_beyond_the_cap_is_a_reply_without_text() -> None:
    """Read no further than the cap, and paid for."""
    with model_server(lambda asked: Act(body=message("0" * 2_000_000))) as server:
        received = send(server)

    assert (received.reply.problem, received.reply.text, received.raw) == ("oversize", "", "")


@pytest.mark.parametrize(("stop", "finish"), [("max_tokens", "length"), ("refusal", "filter"), ("end_turn", "stop")])
def test_how_a_reply_ended(stop: str, finish: str) -> None:
    """Cut off and refused are told apart from done."""
    with model_server(lambda asked: Act(body=message("x", stop=stop))) as server:
        assert send(server).reply.finish == finish


def test_a_parameter_that_the_provider_lacks_is_named() -> None:
    """Claude takes no seed: dropping it in silence would promise what is not kept. Nothing is sent."""
    with model_server(lambda asked: Act(body=message())) as server:
        fault = faulted(server, params={"max_tokens": 9, "seed": 7})

    assert fault.kind == "request" and "`seed`" in fault.detail and "claude" in fault.detail
    assert not server.asked


def test_a_provider_that_nobody_knows() -> None:
    """Named as the model's fault, before anything is sent."""
    assert faulted("http://127.0.0.1:1", model="nosuch/x").kind == "model"


def test_nobody_there_is_not_billed() -> None:
    """A closed port is known as such."""
    fault = faulted("http://127.0.0.1:1")
    assert (fault.kind, fault.may_be_billed) == ("connect", False)


def test_both_transports_return_the_same_record() -> None:
    """The same model by the same server: whoever carries a question, the same reply is journaled."""
    request = Request(model="mistral/m", messages=(("user", "hello"),), params={"max_tokens": 9})

    def through(transport: Transport, server: ModelServer, speaks_openai: bool) -> Received:
        model = "m" if speaks_openai else "mistral/m"
        endpoint = Endpoint(name="m", base_url=server.url, key="k", speaks_openai=speaks_openai, model=model)

        async def run() -> Received:
            try:
                return await transport.send(Call(request=request, endpoint=endpoint))
            finally:
                await transport.close()

        return asyncio.run(run())

    with model_server(lambda asked: Act(text="hi", served="m-2026")) as server:
        direct = through(HttpTransport(jobs=1), server, True)
        other = through(OtherProviders(), server, False)

    assert direct == other
    assert server.asked[0].body == server.asked[1].body


SPY = """
import os, socket, sys
looked_up = []
real = socket.getaddrinfo
def spy(host, *rest, **named):
    looked_up.append(host)
    return real(host, *rest, **named)
socket.getaddrinfo = spy
import asyncio
from evalspec.edges.models.other_providers import OtherProviders
from evalspec.edges.models.transport import Call, Endpoint
from evalspec.model.asking import Request

async def main():
    one = OtherProviders()
    model = "anthropic/claude-sonnet-4-20250514"
    request = Request(model=model, messages=(("user", "hello"),), params={"max_tokens": 9})
    base = sys.argv[1].replace("127.0.0.1", "localhost")
    endpoint = Endpoint(name="a", base_url=base, key="k", speaks_openai=False, model=model)
    received = await one.send(Call(request=request, endpoint=endpoint))
    await one.close()
    print(received.reply.text, sorted({os.fsdecode(host) for host in looked_up}), os.environ.get("FROM_DOTENV"))

asyncio.run(main())
"""


def test_it_looks_up_the_endpoint_alone_and_reads_no_env_file(tmp_path: Path) -> None:
    """Import and call in a fresh process, with a `.env` in the working folder and above litellm's own."""
    (tmp_path / ".env").write_text("FROM_DOTENV=read\nANTHROPIC_API_KEY=planted\n", encoding="utf-8")
    (tmp_path / "spy.py").write_text(SPY, encoding="utf-8")
    with model_server(lambda asked: Act(body=message())) as server:
        done = subprocess.run(
            [sys.executable, "spy.py", server.url.removesuffix("/v1")],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "hi ['localhost'] None"
    assert server.asked[0].headers["x-api-key"] == "k"
