"""The direct transport over a real socket: what is sent, what a key reaches, and what each fault is called."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys

import pytest
from model_server import Act, Asked, ModelServer, completion, model_server

from evalspec.edges.models.answers import retry_after, wait_asked
from evalspec.edges.models.http import HttpTransport, address, body_of
from evalspec.edges.models.transport import Call, Endpoint, Fault, Received
from evalspec.model.asking import Request


def send(
    server: ModelServer | str, *, deadline: float = 10.0, key: str | None = "sk-test", model: str = "one"
) -> Received:
    url = server if isinstance(server, str) else server.url
    request = Request(model="house/one", messages=(("system", "be brief"), ("user", "hello")), params={"max_tokens": 9})
    call = Call(request=request, endpoint=Endpoint(name="house", base_url=url, key=key, model=model), deadline=deadline)

    async def run() -> Received:
        transport = HttpTransport(jobs=2)
        try:
            return await transport.send(call)
        finally:
            await transport.close()

    return asyncio.run(run())


def faulted(server: ModelServer | str, *, deadline: float = 10.0) -> Fault:
    with pytest.raises(Fault) as caught:
        send(server, deadline=deadline)
    return caught.value


def test_a_question_and_its_reply() -> None:
    """Model, messages, limit and key go out; text, served model and tokens come back, and the body as it came."""
    with model_server(lambda asked: Act(text="hi", served="one-2026", usage=(7, 3))) as server:
        received = send(server)

    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["Authorization"] == "Bearer sk-test"
    assert asked.body == {
        "model": "one",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}],
        "max_tokens": 9,
    }
    reply = received.reply
    assert (reply.text, reply.served, reply.usage.prompt, reply.usage.completion) == ("hi", "one-2026", 7, 3)
    assert json.loads(received.raw)["model"] == "one-2026"


def test_a_host_without_a_key_is_sent_none() -> None:
    """A local server gets no Authorization header, not an empty one."""
    with model_server(lambda asked: Act(text="hi")) as server:
        send(server, key=None)

    assert "Authorization" not in server.asked[0].headers


def test_models_that_think_get_the_limit_under_their_name() -> None:
    """They refuse `max_tokens`; every other model gets it as the spec says it."""
    request = Request(model="x", messages=(), params={"max_tokens": 9})

    def limits(name: str) -> dict[str, object]:
        body = body_of(Call(request=request, endpoint=Endpoint(name="x", base_url="", model=name)))
        return {key: value for key, value in body.items() if "tokens" in key}

    assert limits("gpt-5-mini") == limits("openai/o3") == {"max_completion_tokens": 9}
    assert limits("gpt-4o") == {"max_tokens": 9}


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("http://h/v1", "chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v1/", "chat/completions", "http://h/v1/chat/completions"),
        ("https://h/openai/v1?api-version=1", "batches?limit=2", "https://h/openai/v1/batches?api-version=1&limit=2"),
    ],
)
def test_a_path_goes_before_the_query_of_a_base(base: str, path: str, whole: str) -> None:
    """Gateways put a version there."""
    assert address(base, path) == whole


def test_a_key_follows_no_redirect() -> None:
    """Neither to another host nor to another path of the same one."""
    with model_server(lambda asked: Act(text="stolen")) as other:

        def script(asked: Asked) -> Act:
            return Act(status=307, body="", headers={"Location": f"{other.url}/chat/completions"})

        with model_server(script) as server:
            fault = faulted(server)

        assert (fault.kind, fault.status) == ("garbled", 307)
        assert "sends to another address" in fault.detail
        assert len(server.asked) == 1 and not other.asked


@pytest.mark.parametrize(
    ("act", "kind", "billed"),
    [
        (Act(status=400, body="{}"), "request", False),
        (Act(status=401, body="{}"), "key", False),
        (Act(status=402, body="{}"), "credit", False),
        (Act(status=403, body="{}"), "key", False),
        (Act(status=404, body="{}"), "model", False),
        (Act(status=410, body="{}"), "model", False),
        (Act(status=413, body="{}"), "request", False),
        (Act(status=429, body="{}"), "rate_limit", False),
        (Act(status=429, body='{"error": {"code": "insufficient_quota"}}'), "credit", False),
        (Act(status=500, body="oops"), "server", False),
        (Act(status=529, body="busy"), "server", False),
        (Act(status=418, body="tea"), "garbled", False),
        (Act(body="<html>sign in</html>"), "garbled", True),
        (Act(body="[" * 100_000), "garbled", True),
        (Act(body='{"choices": 3}'), "garbled", True),
        (Act(body='{"error": {"code": 429, "message": "later"}}'), "rate_limit", True),
        (Act(body='{"error": {"code": 502, "message": "upstream"}}'), "server", True),
        (Act(text="half of it", cut=20), "connect", True),
        (Act(text="x" * 200, drip=0.05), "timeout", True),
        (Act(text="late", delay=3), "timeout", True),
    ],
)
def test_what_a_fault_is_called(act: Act, kind: str, billed: bool) -> None:
    """The loop decides by this word alone what is tried again, and by `may_be_billed` what is counted."""
    with model_server(lambda asked: act) as server:
        fault = faulted(server, deadline=0.5 if kind == "timeout" else 10.0)

    assert (fault.kind, fault.may_be_billed) == (kind, billed)


def test_nobody_there_is_not_billed() -> None:
    """A closed port is known as such, and an address that is none too."""
    assert (faulted("http://127.0.0.1:1/v1").kind, faulted("http://127.0.0.1:1/v1").may_be_billed) == ("connect", False)
    assert faulted("http://").kind == "connect"


@pytest.mark.parametrize("packed", [False, True])
def test_a_reply_beyond_the_cap_is_a_reply_without_text(packed: bool) -> None:
    """The cap is on what was decoded: two million zeros packed into a few kilobytes are as long as they are."""
    body = completion("one", Act(text="0" * 2_000_000))

    def script(asked: Asked) -> Act:
        return Act(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed else Act(body=body)

    with model_server(script) as server:
        received = send(server)

    assert (received.reply.problem, received.reply.text, received.raw) == ("oversize", "", "")


@pytest.mark.parametrize(
    ("message", "text", "finish"),
    [
        ({"content": None}, "", "stop"),
        (None, "", "stop"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", "stop"),
        ({"content": None, "refusal": "no"}, "", "filter"),
    ],
)
def test_replies_without_plain_text_are_read(message: object, text: str, finish: str) -> None:
    """Filtered, refused and split contents are replies that were paid for, never a crash."""
    body = json.dumps({"choices": [{"message": message, "finish_reason": None}]})
    with model_server(lambda asked: Act(body=body)) as server:
        reply = send(server).reply

    assert (reply.text, reply.finish, reply.served) == (text, finish, "house/one")


def test_no_choice_is_an_empty_reply() -> None:
    """Some filters answer so."""
    with model_server(lambda asked: Act(body='{"choices": []}')) as server:
        assert send(server).reply.text == ""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0),
        ({"Retry-After": "junk"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds or milliseconds; junk says nothing."""
    assert wait_asked(headers) == seconds


def test_a_date_to_come_back_is_seconds_from_now() -> None:
    """One in the past asks for nothing more."""
    waited = retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
    assert waited is not None and waited < 0


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole address goes to it, as proxies want it."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with model_server(lambda asked: Act(text="by proxy")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        received = send("http://models.invalid/v1")

    assert received.reply.text == "by proxy"
    assert proxy.asked[0].headers["Host"] == "models.invalid"


def test_without_the_package_it_says_what_to_install() -> None:
    """Exit 10 and the command, in a Python that has no aiohttp."""
    code = """
import sys, asyncio
sys.modules["aiohttp"] = None
from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.transport import Call, Endpoint
from evalspec.model.asking import Request
call = Call(request=Request(model="a/b", messages=()), endpoint=Endpoint(name="a", base_url="http://127.0.0.1:1"))
try:
    asyncio.run(HttpTransport(jobs=1).send(call))
except EvalspecError as error:
    one = error.diagnostics[0]
    print(one.code, int(error.exit), one.message, one.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("M305 10 asking models needs `aiohttp`")
    assert "pip install 'evalspec[llm]'" in done.stdout


def test_the_key_is_in_no_spelling_of_an_endpoint() -> None:
    """An exception or a trace may spell it."""
    assert "sk-test" not in repr(Endpoint(name="a", base_url="http://h", key="sk-test"))
