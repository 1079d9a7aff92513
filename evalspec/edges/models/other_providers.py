"""The transport to every provider that speaks a protocol of its own, through litellm: the only file that imports it.

litellm asks the network for tables when it is imported, reads a `.env` above its install folder, follows redirects and
tries again by itself; all of that is off here. What came over the wire is read from the connection itself, so that
status, headers, bytes and limits are known as surely as with the direct transport, whatever litellm makes of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from evalspec.edges.models.answers import SHOWN_CHARS, completion_of, kind_of_status, no_completion, refused, wait_asked
from evalspec.edges.models.http import CONNECT_SECONDS, missing_extra
from evalspec.edges.models.transport import MAX_REPLY_BYTES, Call, Fault, Received
from evalspec.model.asking import Reply

# Set before the import: each keeps litellm from a table on the network or from a file that nobody named.
SETTINGS: Mapping[str, str] = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_OFFLINE_MODE": "True",
    "PYTHON_DOTENV_DISABLED": "1",
}
# Of a spec's parameters those that litellm refuses for a provider without them; `top_k` it passes on as it is.
CHECKED = frozenset({"temperature", "top_p", "max_tokens", "seed", "presence_penalty", "frequency_penalty"})
IDLE_CONNECTIONS = 20  # httpx's own default; with all of 64 kept a call took a quarter more CPU
# What some providers import beside litellm: the module to the package that brings it.
PACKAGES: Mapping[str, str] = {"google": "google-auth", "boto3": "boto3", "azure": "azure-identity"}


@dataclass(slots=True)
class _Heard:
    """What came over the wire during one call; a class because the connection fills it in."""

    most: int = MAX_REPLY_BYTES
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # None until it is whole
    is_too_long: bool = False
    asked: set[tuple[str, str]] = field(default_factory=set)  # method and address of what was sent


class _TooLong(Exception):
    """A body beyond the cap."""


class _Again(Exception):
    """A request that litellm sends a second time, by itself, when a connection breaks: it may be billed twice."""


_hearing: ContextVar[_Heard | None] = ContextVar("evalspec_hearing", default=None)


class OtherProviders:
    """litellm, with one pool of connections; a class because it keeps them."""

    def __init__(self) -> None:
        """Import nothing yet: that takes seconds."""
        self._litellm: Any = None
        self._session: Any = None  # for providers that litellm leaves to the OpenAI client

    async def send(self, call: Call) -> Received:
        """Send one question and return the reply, or raise the fault that kept it away."""
        litellm = self.open()
        self._refuse_unknown(litellm, call)
        heard = _Heard(most=call.max_bytes)
        token = _hearing.set(heard)
        try:
            async with asyncio.timeout(call.deadline):
                answer = await litellm.acompletion(**self._arguments(call))
        except TimeoutError:
            raise Fault("timeout", f"no whole answer in {call.deadline:.0f} s", may_be_billed=True) from None
        except Exception as error:
            if heard.is_too_long:
                return Received(raw="", reply=Reply(text="", served=call.request.model, problem="oversize"))
            raise _fault(error, heard) from error
        finally:
            _hearing.reset(token)
        return _received(answer, heard, call)

    async def close(self) -> None:
        """Close the connections, litellm's own ones too."""
        if self._litellm is None:
            return
        self._litellm.aclient_session = None
        await self._session.aclose()
        await self._litellm.close_litellm_async_clients()

    def _arguments(self, call: Call) -> dict[str, Any]:
        endpoint = call.endpoint
        return {
            "model": endpoint.model or call.request.model,
            "messages": [{"role": role, "content": content} for role, content in call.request.messages],
            **dict(call.request.params),
            **({"api_key": endpoint.key} if endpoint.key else {}),
            **({"api_base": endpoint.base_url} if endpoint.base_url else {}),
            "timeout": call.deadline,
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": False,
        }

    def _refuse_unknown(self, litellm: Any, call: Call) -> None:
        """Refuse a parameter that the provider has no place for; litellm would drop it or fail later."""
        name = call.endpoint.model or call.request.model
        try:
            known = litellm.get_supported_openai_params(model=name)
        except Exception as error:  # whatever a provider's table raises for a name it cannot read
            raise Fault("model", _said(error)) from error
        if known is None:
            raise Fault("model", f"litellm knows no provider for `{name}`")
        unknown = sorted(set(call.request.params) & CHECKED - {"max_tokens"} - set(known))
        if unknown:
            spelled = ", ".join(f"`{one}`" for one in unknown)
            raise Fault("request", f"{spelled} of the spec is no parameter of `{name}`; take it out of the model")

    def open(self) -> Any:
        """Import litellm, which takes seconds, with everything off that nobody asked for."""
        if self._litellm is None:
            os.environ.update(SETTINGS)
            try:
                import httpx
                import litellm
                from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
            except ImportError as error:
                raise missing_extra("litellm") from error
            litellm.suppress_debug_info = True
            litellm.disable_aiohttp_transport = True  # it reads a body before anybody can count its bytes
            _guard(AsyncHTTPHandler)
            # How many are open at once is the asker's to say: beyond the default of 100 they would wait in a queue that
            # is searched through at each reply. Few are kept idle, since each of them is looked at for every call.
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS)
            timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
            self._session = _guarded(httpx.AsyncClient(timeout=timeout, limits=limits))
            litellm.aclient_session = self._session
            self._litellm = litellm
        return self._litellm


def _guard(handler: Any) -> None:
    """Let every connection that litellm opens by itself be listened to; it has no setting for that."""
    if getattr(handler.create_client, "is_guarded", False):
        return
    create = handler.create_client

    @wraps(create)
    def create_guarded(*arguments: Any, **named: Any) -> Any:
        return _guarded(create(*arguments, **named))

    create_guarded.is_guarded = True  # type: ignore[attr-defined]
    handler.create_client = create_guarded


def _guarded(client: Any) -> Any:
    """Turn redirects off, so that a key goes nowhere else, send nothing twice, and listen to what comes."""
    hooks = client.event_hooks
    client.follow_redirects = False
    client.event_hooks = {"request": [*hooks["request"], _send_once], "response": [*hooks["response"], _listen]}
    return client


async def _send_once(request: Any) -> None:
    """Refuse a request that this call has sent already: trying again is the asker's business."""
    heard = _hearing.get()
    if heard is None:
        return
    one = (request.method, str(request.url))
    if one in heard.asked:
        raise _Again
    heard.asked.add(one)


async def _listen(response: Any) -> None:
    """Read a body up to the cap before litellm does, and keep what came."""
    heard = _hearing.get()
    if heard is None:
        return
    heard.status, heard.headers = response.status_code, response.headers
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > heard.most:
            heard.is_too_long = True
            await response.aclose()
            raise _TooLong
        parts.append(part)
    heard.body = b"".join(parts)
    response._content = heard.body  # where httpx itself puts a body that was read


def _received(answer: Any, heard: _Heard, call: Call) -> Received:
    """Return what litellm made of an answer; the model that served is the one that the wire names."""
    data = answer.model_dump()
    wire = (heard.body or b"").decode("utf-8", "replace")
    try:
        named = json.loads(wire) if wire else {}
    except (ValueError, RecursionError):
        raise no_completion(wire) from None
    if isinstance(named, dict):
        data["model"] = named.get("model") or named.get("modelVersion") or data.get("model")
    raw = wire or json.dumps(data, ensure_ascii=False, default=str)
    return Received(raw=raw, reply=completion_of(data, call.request.model, raw))


def _fault(error: Exception, heard: _Heard) -> Fault:
    """Return what kept a reply away: by what came over the wire, else by what litellm says before it sends."""
    said = (heard.body or b"").decode("utf-8", "replace")
    if heard.status == 200:
        broken = Fault("connect", "the answer broke off", may_be_billed=True)
        return broken if heard.body is None else no_completion(said)
    if heard.status is not None:
        return refused(heard.status, said, heard.headers)
    causes = _causes(error)
    if any(isinstance(one, _of_connection()) for one in causes):
        return Fault("connect", _said(error), may_be_billed=not any(isinstance(one, _never_sent()) for one in causes))
    absent = next((one.name for one in causes if isinstance(one, ImportError) and one.name), None)
    if absent is not None:
        package = PACKAGES.get(absent.split(".")[0], absent)
        return Fault("request", f"the provider needs a package that is not installed: pip install {package}")
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or status >= 500:  # litellm's own word for a question that it could not put
        return Fault("request", _said(error))
    headers = getattr(error, "litellm_response_headers", None) or {}
    return Fault(kind_of_status(status), _said(error), status=status, retry_after=wait_asked(headers))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def _of_connection() -> tuple[type[BaseException], ...]:
    import httpx

    return (httpx.TransportError, OSError)


def _never_sent() -> tuple[type[BaseException], ...]:
    import httpx

    known = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    return (*known, ConnectionRefusedError)


def _said(error: BaseException) -> str:
    first = re.sub(r"^(litellm\.\w+: )+", "", str(error).strip().split("\n")[0])
    return (first or type(error).__name__)[:SHOWN_CHARS]
