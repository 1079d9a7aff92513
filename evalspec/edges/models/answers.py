"""What an endpoint answered, read the same way whoever carried it: completions, refusals, and when to come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from evalspec.edges.models.transport import Fault, FaultKind, Received
from evalspec.model.asking import Finish, Reply, Usage

FAULT_OF_STATUS: Mapping[int, FaultKind] = {
    400: "request",
    401: "key",
    402: "credit",
    403: "key",
    404: "model",
    407: "connect",
    410: "model",
    413: "request",
    422: "request",
    429: "rate_limit",
}
PASSING = (408, 409, 425)  # of the 4xx those that another try may find gone
SHOWN_CHARS = 200  # of what an endpoint says about an error
FINISH_OF: Mapping[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "filter",
    "refusal": "filter",
}


def kind_of_status(status: int) -> FaultKind:
    """Return the fault that a status other than 200 stands for."""
    return FAULT_OF_STATUS.get(status, "server" if status >= 500 or status in PASSING else "garbled")


def refused(status: int, body: str, headers: Mapping[str, str]) -> Fault:
    """Return the fault of an answer whose status is not 200."""
    said = _message_in(body) or body.strip()[:SHOWN_CHARS] or "no body"
    kind = kind_of_status(status)
    if 300 <= status < 400:
        said = f"it sends to another address, `{headers.get('Location', '')[:SHOWN_CHARS]}`, and keys follow nowhere"
    if status == 429 and "insufficient_quota" in body:
        kind = "credit"
    return Fault(kind, said, status=status, retry_after=wait_asked(headers))


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an endpoint asks to wait, in any of the spellings that are in use."""
    milliseconds = headers.get("retry-after-ms")  # OpenAI and Azure, beside the standard one and more exact
    try:
        return float(milliseconds) / 1000 if milliseconds is not None else retry_after(headers.get("Retry-After"))
    except ValueError:
        return retry_after(headers.get("Retry-After"))


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


def read_completion(raw: bytes, model: str) -> Received:
    """Read the body of a completion; what is none is a fault, what is one without text is a reply without text.

    `model` is the name that was asked, taken for the one that served where the body names none.
    """
    text = raw.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise no_completion(text) from error
    return Received(raw=text, reply=completion_of(data, model, text))


def completion_of(data: Any, model: str, text: str) -> Reply:
    """Return the reply in the object of a chat completion; `text` is what the fault shows where it is none."""
    late = _late_error(data, text)
    if late is not None:
        raise late
    try:
        choices = data["choices"]
        choice = choices[0] if choices else {}
        message = choice.get("message") or {}
        content = message.get("content") or ""
        reason = choice.get("finish_reason") or "stop"
        counted = data.get("usage") or {}
        if isinstance(content, list):  # parts, as some gateways send them
            content = "".join(str(part.get("text", "")) for part in content)
    except (KeyError, TypeError, AttributeError) as error:
        raise no_completion(text) from error
    finish = FINISH_OF.get(str(reason), "stop")
    if message.get("refusal") and not content:
        content, finish = "", "filter"
    return Reply(
        text=str(content),
        served=str(data.get("model") or model),
        finish=finish,
        usage=usage_of(counted),
    )


def usage_of(counted: object) -> Usage:
    """Return the tokens that an endpoint counted.

    Some leave what a model thought out of `completion_tokens` and bill it all the same: it is in the total.
    """
    prompt = whole(counted, "prompt_tokens")
    beyond = whole(counted, "total_tokens") - prompt if prompt else 0
    return Usage(prompt=prompt, completion=max(whole(counted, "completion_tokens"), beyond))


def no_completion(text: str) -> Fault:
    """Return the fault of a 200 that holds something else; it may have been billed."""
    detail = f"the answer is no chat completion: {text.strip()[:SHOWN_CHARS]!r}"
    return Fault("garbled", detail, status=200, may_be_billed=True)


def whole(counted: object, name: str) -> int:
    """Return a count of tokens; 0 for what is none."""
    value = counted.get(name) if isinstance(counted, dict) else None
    return value if isinstance(value, int) and value >= 0 else 0


def _late_error(data: Any, text: str) -> Fault | None:
    """Return the error that a gateway reports in a 200, since it began to answer before the model failed."""
    error = data.get("error") if isinstance(data, dict) and not data.get("choices") else None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, int) or isinstance(code, bool) or not 400 <= code < 600:
        return None
    fault = refused(code, text, {})
    return Fault(fault.kind, fault.detail, status=code, may_be_billed=True)


def _message_in(body: str) -> str:
    try:
        error = json.loads(body).get("error")
        said = error.get("message") if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(said or "")[:SHOWN_CHARS]
