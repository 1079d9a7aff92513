"""The direct transport: every endpoint that speaks the OpenAI protocol (vendors, vLLM, Ollama, llama.cpp, gateways).

Redirects are off and the scheme is the endpoint's, so a key goes nowhere but where user config says. The deadline is
of the whole call by the wall clock, and the byte cap is on the decoded body: neither a dripping server nor a bomb of
zeros holds a build up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from evalspec.edges.models.transport import Call, Fault, FaultKind, Received
from evalspec.model.asking import Finish, Reply, Usage

if TYPE_CHECKING:
    import aiohttp

FAULT_OF_STATUS: Mapping[int, FaultKind] = {
    400: "request",
    401: "key",
    402: "credit",
    403: "key",
    404: "model",
    407: "connect",
    410: "model",
    422: "request",
    429: "rate_limit",
}
SHOWN_CHARS = 200  # of what an endpoint says about an error
# Models that take `max_completion_tokens`, the limit on what they think and write together, and refuse `max_tokens`.
COMPLETION_TOKENS = ("gpt-5", "o1", "o3", "o4")
FINISH_OF: Mapping[str, Finish] = {"length": "length", "max_tokens": "length", "content_filter": "filter"}


class HttpTransport:
    """One pool of connections for all endpoints of a build."""

    def __init__(self, *, jobs: int) -> None:
        """`jobs` is how many calls may be open at once."""
        self._jobs = jobs
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call) -> Received:
        """Send one question and return the reply, or raise the fault that kept it away."""
        import aiohttp

        session = self._open()
        try:
            async with asyncio.timeout(call.deadline):
                async with session.post(
                    f"{(call.endpoint.base_url or '').rstrip('/')}/chat/completions",
                    data=json.dumps(body_of(call), ensure_ascii=False).encode("utf-8", "surrogatepass"),
                    headers=_headers(call),
                    allow_redirects=False,
                ) as response:
                    raw, is_whole = await _read(response, call.max_bytes)
                    status, headers = response.status, response.headers
        except TimeoutError:
            raise Fault("timeout", f"no whole answer in {call.deadline:.0f} s", may_be_billed=True) from None
        except aiohttp.ClientConnectorError as error:
            raise Fault("connect", _said(error)) from error
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise Fault("connect", _said(error), may_be_billed=True) from error
        if status != 200:
            raise refused(status, raw.decode("utf-8", "replace"), headers)
        if not is_whole:
            return Received(raw="", reply=Reply(text="", served=call.request.model, problem="oversize"))
        return read_completion(raw, call)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._jobs, ttl_dns_cache=300),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=15),
                trust_env=True,  # proxies are the user's environment
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def body_of(call: Call) -> dict[str, object]:
    """Return the body of a chat completion."""
    messages = [{"role": role, "content": content} for role, content in call.request.messages]
    params = dict(call.request.params)
    name = call.endpoint.model or call.request.model
    if name.rpartition("/")[2].startswith(COMPLETION_TOKENS) and "max_tokens" in params:
        params["max_completion_tokens"] = params.pop("max_tokens")
    return {"model": name, "messages": messages, **params}


def refused(status: int, body: str, headers: Mapping[str, str]) -> Fault:
    """Return the fault that a status other than 200 stands for."""
    said = _message_in(body) or body.strip()[:SHOWN_CHARS] or "no body"
    kind = FAULT_OF_STATUS.get(status, "server" if status >= 500 or status in (408, 409, 425) else "garbled")
    if status == 429 and "insufficient_quota" in body:
        kind = "credit"
    return Fault(kind, said, status=status, retry_after=retry_after(headers.get("Retry-After")))


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, given in seconds or as a date."""
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def read_completion(raw: bytes, call: Call) -> Received:
    """Read the body of a completion; what is none is a fault, what is one without text is a reply without text."""
    text = raw.decode("utf-8", "replace")
    try:
        data = json.loads(text)
        choices = data["choices"]
        choice = choices[0] if choices else {}
        message = choice.get("message") or {}
        content = message.get("content") or ""
        reason = choice.get("finish_reason") or "stop"
        counted = data.get("usage") or {}
        if isinstance(content, list):  # parts, as some gateways send them
            content = "".join(str(part.get("text", "")) for part in content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = f"the answer is no chat completion: {text.strip()[:SHOWN_CHARS]!r}"
        raise Fault("garbled", detail, status=200, may_be_billed=True) from error
    finish = FINISH_OF.get(str(reason), "stop")
    if message.get("refusal") and not content:
        content, finish = "", "filter"
    return Received(
        raw=text,
        reply=Reply(
            text=str(content),
            served=str(data.get("model") or call.request.model),
            finish=finish,
            usage=Usage(prompt=_whole(counted, "prompt_tokens"), completion=_whole(counted, "completion_tokens")),
        ),
    )


async def _read(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    """Read a body up to `most` decoded bytes, and say whether that was all of it."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > most:
            return b"", False
        parts.append(part)
    return b"".join(parts), True


def _headers(call: Call) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if call.endpoint.key:
        headers["Authorization"] = f"Bearer {call.endpoint.key}"
    return headers


def _message_in(body: str) -> str:
    try:
        error = json.loads(body).get("error")
        said = error.get("message") if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(said or "")[:SHOWN_CHARS]


def _whole(counted: Mapping[str, Any], name: str) -> int:
    value = counted.get(name) if isinstance(counted, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:SHOWN_CHARS]
