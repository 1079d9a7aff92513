"""The direct transport: every endpoint that speaks the OpenAI protocol (vendors, vLLM, Ollama, llama.cpp, gateways).

Redirects are off and the scheme is the endpoint's, so a key goes nowhere but where user config says. The deadline is
of the whole call by the wall clock, and the byte cap is on the decoded body: neither a dripping server nor a bomb of
zeros holds a build up.
"""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.edges.models.answers import SHOWN_CHARS, read_completion, refused
from evalspec.edges.models.transport import Call, Endpoint, Fault, Received
from evalspec.model.asking import Reply

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 15  # an endpoint that cannot be reached is known as such in this time, names and TLS included
# Models that take `max_completion_tokens`, the limit on what they think and write together, and refuse `max_tokens`.
COMPLETION_TOKENS = ("gpt-5", "o1", "o3", "o4")


class HttpTransport:
    """One pool of connections for all endpoints of a build."""

    def __init__(self, *, jobs: int) -> None:
        """`jobs` is how many calls may be open at once."""
        self._jobs = jobs
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}  # by scheme and host

    async def send(self, call: Call) -> Received:
        """Send one question and return the reply, or raise the fault that kept it away."""
        url = address(call.endpoint.base_url or "", "chat/completions")
        content = json.dumps(body_of(call), ensure_ascii=False).encode("utf-8", "surrogatepass")
        status, headers, raw = await self.exchange(
            "POST", url, content, headers_of(call.endpoint), deadline=call.deadline, max_bytes=call.max_bytes
        )
        if status != 200:
            raise refused(status, (raw or b"").decode("utf-8", "replace"), headers)
        if raw is None:
            return Received(raw="", reply=Reply(text="", served=call.request.model, problem="oversize"))
        return read_completion(raw, call.request.model)

    async def exchange(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        *,
        deadline: float,
        max_bytes: int,
    ) -> tuple[int, Any, bytes | None]:
        """Send one request and return status, headers and body; the body is None when it is longer than `max_bytes`."""
        aiohttp = _aiohttp()
        session = self._open()
        try:
            async with (
                asyncio.timeout(deadline),
                session.request(
                    method, url, data=content, headers=headers, proxy=self._proxy(url), allow_redirects=False
                ) as response,
            ):
                raw = await _read(response, max_bytes)
                return response.status, response.headers, raw
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL) as error:
            raise Fault("connect", _said(error)) from error
        except aiohttp.ServerTimeoutError as error:  # of the connection: no other timeout of aiohttp is set
            raise Fault("connect", f"no connection in {CONNECT_SECONDS} s") from error
        except TimeoutError:
            raise Fault("timeout", f"no whole answer in {deadline:.0f} s", may_be_billed=True) from None
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise Fault("connect", _said(error), may_be_billed=True) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _proxy(self, url: str) -> str | None:
        """Return the proxy of the user's environment for an address; aiohttp would look in a thread at every call."""
        scheme, host = urlsplit(url)[:2]
        if (scheme, host) not in self._proxies:
            self._proxies[scheme, host] = None if proxy_bypass(host) else getproxies().get(scheme)
        return self._proxies[scheme, host]

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            aiohttp = _aiohttp()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._jobs, ttl_dns_cache=300),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "evalspec"},  # some hosts refuse the name that aiohttp gives
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


@lru_cache(maxsize=64)
def address(base: str, path: str) -> str:
    """Return the address of one of an endpoint's paths; a query of the base, as gateways have one, stays behind it."""
    parts = urlsplit(base)
    path, _, query = path.partition("?")
    joined = "&".join(one for one in (parts.query, query) if one)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}", query=joined))


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of every request to an endpoint."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return headers


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Read a body of at most `most` decoded bytes; None when there are more."""
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def missing_extra(what: str) -> EvalspecError:
    """Return the error of a package that only builds with models need."""
    problem = Diagnostic(
        code="M305",
        severity="error",
        message=f"asking models needs `{what}`, which is not installed",
        hint="pip install 'evalspec[llm]'    nothing was sent and nothing was spent",
        exit=Exit.ENVIRONMENT,
    )
    return EvalspecError([problem])


def _aiohttp() -> Any:
    try:
        import aiohttp
    except ImportError as error:
        raise missing_extra("aiohttp") from error
    return aiohttp


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:SHOWN_CHARS]
