"""Batches: many questions sent at once, answered within a day, at half the price.

Two protocols: OpenAI's (a file of questions, a batch over it, a file of answers) and Anthropic's (one request with all
questions, one stream of answers). A question is known by its key on both, so that answers need no order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from evalspec.edges.models.answers import FINISH_OF, SHOWN_CHARS, completion_of, no_completion, refused, whole
from evalspec.edges.models.http import HttpTransport, address, body_of, headers_of
from evalspec.edges.models.transport import MAX_REPLY_BYTES, Call, Endpoint, Fault, Received
from evalspec.model.asking import Reply, Request, Usage

BATCH_SHARE = 0.5  # of the list price; both vendors state it on their pricing pages (November 2026)
MAX_QUESTIONS = 50_000  # of one batch: OpenAI's limit, half of Anthropic's
MAX_SENT_BYTES = 100 * 1024 * 1024  # of one batch; OpenAI takes 200 MB and Anthropic 256
MAX_RESULTS_BYTES = 512 * 1024 * 1024
MAX_ANSWER_BYTES = 1024 * 1024  # of what is no result: the state of a batch
CARRY_SECONDS = 600.0  # to send the questions or to fetch the answers
STATE_SECONDS = 60.0
LISTED = 100  # of the newest batches that are looked through for one that a crash left without a number
ANTHROPIC_VERSION = "2023-06-01"
# Of a spec's parameters those that Anthropic's protocol has no place for.
NOT_ANTHROPIC = ("seed", "presence_penalty", "frequency_penalty")

State = Literal["running", "ended", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a batch is."""

    state: State
    files: tuple[str, ...] = ()  # where its answers are
    said: str = ""  # why it was refused


Results = Mapping[str, Received | Fault]  # by key; a question without an entry was not answered in time


class BatchProtocol(Protocol):
    """What one vendor's batches can do."""

    async def submit(self, name: str, questions: Mapping[str, Request]) -> str:
        """Send questions by key and return the vendor's number for the batch."""
        ...

    async def find(self, name: str) -> str | None:
        """Return the number of a batch that was sent under our name; Fault where the vendor cannot tell."""
        ...

    async def standing(self, remote: str) -> Standing:
        """Ask how far a batch is."""
        ...

    async def cancel(self, remote: str) -> None:
        """Ask for no more answers; the batch ends soon, with those that are there by then."""
        ...

    async def results(self, remote: str, standing: Standing) -> Results:
        """Fetch the answers of a batch that has ended."""
        ...


class OpenAiBatches:
    """OpenAI's protocol; a class because it keeps the connections and the endpoint together."""

    def __init__(self, http: HttpTransport, endpoint: Endpoint) -> None:
        """`endpoint` must be one whose batches speak this protocol."""
        self._http = http
        self._endpoint = endpoint

    async def submit(self, name: str, questions: Mapping[str, Request]) -> str:
        """Upload the questions as a file and start a batch over it."""
        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": self._body(one)})
            for key, one in questions.items()
        ]
        kind, form = multipart(name, "\n".join(lines) + "\n")
        file = await self._ask("POST", "files", form, deadline=CARRY_SECONDS, kind=kind)
        body = {
            "input_file_id": _text(file, "id"),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {"evalspec": name},
        }
        return _text(await self._ask("POST", "batches", json.dumps(body).encode()), "id")

    async def find(self, name: str) -> str | None:
        """Look through the newest batches for one that carries our name."""
        found = await self._ask("GET", f"batches?limit={LISTED}")
        rows = found.get("data")
        for one in rows if isinstance(rows, list) else ():
            if isinstance(one, dict) and (one.get("metadata") or {}).get("evalspec") == name:
                return _text(one, "id")
        return None

    async def standing(self, remote: str) -> Standing:
        """Read the state and the files of a batch."""
        found = await self._ask("GET", f"batches/{remote}")
        status = found.get("status")
        files = tuple(str(found[name]) for name in ("output_file_id", "error_file_id") if found.get(name))
        if status == "failed":
            errors = (found.get("errors") or {}).get("data") or [{}]
            return Standing(state="refused", said=str(errors[0].get("message") or "no reason given"))
        ended = status in ("completed", "expired", "cancelled")
        return Standing(state="ended" if ended else "running", files=files)

    async def cancel(self, remote: str) -> None:
        """Cancel a batch; it is `cancelling` for up to ten minutes."""
        await self._ask("POST", f"batches/{remote}/cancel", b"{}")

    async def results(self, remote: str, standing: Standing) -> Results:
        """Read the file of answers and the file of errors."""
        found: dict[str, Received | Fault] = {}
        for file in standing.files:
            raw = await _fetch(self._http, self._endpoint, f"files/{file}/content", headers_of(self._endpoint))
            for key, row, line in rows_of(raw):
                found[key] = self._result(row, line)
        return found

    def _result(self, row: Mapping[str, Any], line: str) -> Received | Fault:
        response = row.get("response")
        if not isinstance(response, dict):
            error = row.get("error")
            code = error.get("code") if isinstance(error, dict) else None
            if code in ("batch_expired", "batch_cancelled"):
                return Fault("timeout", "the batch ended before its turn came")
            return Fault("server", str(error)[:SHOWN_CHARS])
        body = json.dumps(response.get("body"), ensure_ascii=False)
        status = response.get("status_code")
        if status != 200:
            return refused(status if isinstance(status, int) else 500, body, {})
        if len(line) > MAX_REPLY_BYTES:
            return _oversize(self._endpoint)
        try:
            return Received(raw=body, reply=completion_of(response.get("body"), self._endpoint.model, body))
        except Fault as fault:
            return fault

    def _body(self, one: Request) -> dict[str, object]:
        return body_of(Call(request=one, endpoint=self._endpoint))

    async def _ask(
        self, method: str, path: str, content: bytes | None = None, *, deadline: float = STATE_SECONDS, kind: str = ""
    ) -> Mapping[str, Any]:
        headers = headers_of(self._endpoint) | ({"Content-Type": kind} if kind else {})
        return await _exchange(self._http, self._endpoint, method, path, content, headers, deadline)


class AnthropicBatches:
    """Anthropic's protocol; a class because it keeps the connections and the endpoint together."""

    def __init__(self, http: HttpTransport, endpoint: Endpoint) -> None:
        """`endpoint` must be one whose batches speak this protocol."""
        self._http = http
        self._endpoint = endpoint
        self._path = (
            "messages/batches" if (endpoint.base_url or "").rstrip("/").endswith("/v1") else ("v1/messages/batches")
        )

    async def submit(self, name: str, questions: Mapping[str, Request]) -> str:
        """Send all questions in one request."""
        rows = [{"custom_id": key, "params": self._body(one)} for key, one in questions.items()]
        content = json.dumps({"requests": rows}).encode()
        return _text(await self._ask("POST", self._path, content, deadline=CARRY_SECONDS), "id")

    async def find(self, name: str) -> str | None:
        """Anthropic keeps no name of ours."""
        raise Fault("request", "Anthropic's batches carry no name of ours")

    async def standing(self, remote: str) -> Standing:
        """Read the state of a batch."""
        found = await self._ask("GET", f"{self._path}/{remote}")
        return Standing(state="ended" if found.get("processing_status") == "ended" else "running")

    async def cancel(self, remote: str) -> None:
        """Cancel a batch; it is `canceling` until what was begun has ended."""
        await self._ask("POST", f"{self._path}/{remote}/cancel", b"{}")

    async def results(self, remote: str, standing: Standing) -> Results:
        """Read the answers; their address is made here, since a key follows no address that an answer names."""
        raw = await _fetch(self._http, self._endpoint, f"{self._path}/{remote}/results", self._headers())
        return {key: self._result(row.get("result"), line) for key, row, line in rows_of(raw)}

    def _result(self, result: Any, line: str) -> Received | Fault:
        kind = result.get("type") if isinstance(result, dict) else None
        if kind in ("expired", "canceled"):
            return Fault("timeout", "the batch ended before its turn came")
        if kind == "errored":
            error = result.get("error")
            inner = (
                error.get("error") if isinstance(error, dict) else None
            )  # the object of a refusal, in one of its own
            told = inner if isinstance(inner, dict) else error if isinstance(error, dict) else {}
            is_ours = told.get("type") == "invalid_request_error"
            return Fault("request" if is_ours else "server", str(told.get("message") or told)[:SHOWN_CHARS])
        message = result.get("message") if kind == "succeeded" else None
        if not isinstance(message, dict):
            return no_completion(line)
        if len(line) > MAX_REPLY_BYTES:
            return _oversize(self._endpoint)
        raw = json.dumps(message, ensure_ascii=False)
        return Received(raw=raw, reply=reply_of_message(message, self._endpoint.model))

    def _body(self, one: Request) -> dict[str, object]:
        misplaced = [name for name in NOT_ANTHROPIC if name in one.params]
        if misplaced:
            raise Fault("request", f"`{misplaced[0]}` of the spec is no parameter of `{one.model}`")
        system = "\n\n".join(content for role, content in one.messages if role == "system")
        messages = [{"role": role, "content": content} for role, content in one.messages if role != "system"]
        name = self._endpoint.model.removeprefix("anthropic/")
        return {"model": name, **({"system": system} if system else {}), "messages": messages, **dict(one.params)}

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "anthropic-version": ANTHROPIC_VERSION}
        return headers | ({"x-api-key": self._endpoint.key} if self._endpoint.key else {})

    async def _ask(
        self, method: str, path: str, content: bytes | None = None, *, deadline: float = STATE_SECONDS
    ) -> Mapping[str, Any]:
        return await _exchange(self._http, self._endpoint, method, path, content, self._headers(), deadline)


def protocol_of(http: HttpTransport, endpoint: Endpoint) -> BatchProtocol:
    """Return what speaks an endpoint's batches."""
    if endpoint.batches == "anthropic":
        return AnthropicBatches(http, endpoint)
    return OpenAiBatches(http, endpoint)


def reply_of_message(message: Mapping[str, Any], model: str) -> Reply:
    """Return the reply in one of Anthropic's messages."""
    blocks = message.get("content")
    texts = [
        str(one.get("text", ""))
        for one in (blocks if isinstance(blocks, list) else ())
        if isinstance(one, dict) and one.get("type") == "text"
    ]
    counted = message.get("usage")
    return Reply(
        text="".join(texts),
        served=str(message.get("model") or model),
        finish=FINISH_OF.get(str(message.get("stop_reason")), "stop"),
        usage=Usage(prompt=whole(counted, "input_tokens"), completion=whole(counted, "output_tokens")),
    )


def chunks(questions: Mapping[str, Request]) -> Iterator[dict[str, Request]]:
    """Cut questions to one model into batches that a vendor takes."""
    part: dict[str, Request] = {}
    size = 0
    for key, one in questions.items():
        length = sum(len(content.encode("utf-8", "surrogatepass")) * 2 for _, content in one.messages) + 1024
        if part and (len(part) >= MAX_QUESTIONS or size + length > MAX_SENT_BYTES):
            yield part
            part, size = {}, 0
        part[key] = one
        size += length
    if part:
        yield part


def multipart(name: str, text: str) -> tuple[str, bytes]:
    """Return the content type and the body of a form that uploads one file for a batch."""
    edge = f"evalspec-{name}"
    fields = (
        f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}.jsonl"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    body = fields.encode() + text.encode("utf-8", "surrogatepass") + f"\r\n--{edge}--\r\n".encode()
    return f"multipart/form-data; boundary={edge}", body


def rows_of(raw: bytes) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Read lines of results: the question's key, the row, and the line; what is no row is left out."""
    for piece in raw.split(b"\n"):
        line = piece.decode("utf-8", "replace")
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("custom_id"), str):
            yield row["custom_id"], row, line


def _oversize(endpoint: Endpoint) -> Received:
    return Received(raw="", reply=Reply(text="", served=endpoint.model, problem="oversize"))


async def _exchange(
    http: HttpTransport,
    endpoint: Endpoint,
    method: str,
    path: str,
    content: bytes | None,
    headers: dict[str, str],
    deadline: float,
) -> Mapping[str, Any]:
    """Send one request about batches and return the object of its answer."""
    url = address(endpoint.base_url or "", path)
    status, said, raw = await http.exchange(
        method, url, content, headers, deadline=deadline, max_bytes=MAX_ANSWER_BYTES
    )
    text = (raw or b"").decode("utf-8", "replace")
    if status != 200:
        raise refused(status, text, said)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Fault("garbled", f"the answer is no batch: {text[:SHOWN_CHARS]!r}", status=status, may_be_billed=True)
    return found


async def _fetch(http: HttpTransport, endpoint: Endpoint, path: str, headers: dict[str, str]) -> bytes:
    url = address(endpoint.base_url or "", path)
    status, said, raw = await http.exchange(
        "GET", url, None, headers, deadline=CARRY_SECONDS, max_bytes=MAX_RESULTS_BYTES
    )
    if status != 200:
        raise refused(status, (raw or b"").decode("utf-8", "replace"), said)
    if raw is None:
        raise Fault("garbled", f"its results are longer than {MAX_RESULTS_BYTES:,} bytes")
    return raw


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Fault("garbled", f"the answer has no `{name}`", may_be_billed=True)
    return value
