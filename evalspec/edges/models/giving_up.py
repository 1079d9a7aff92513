"""Why asking ended before all questions were answered, as diagnostics: a code, what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evalspec.diagnostics import BuildError, Diagnostic, Exit, Note
from evalspec.edges.models.count import Count
from evalspec.edges.models.transport import Endpoint, Fault, FaultKind
from evalspec.edges.signals import Stopped

DOLLAR = 1_000_000  # amounts are whole millionths: sums of them are exact

CODES: Mapping[FaultKind, str] = MappingProxyType(
    {
        "rate_limit": "M310",
        "server": "M311",
        "connect": "M312",
        "timeout": "M313",
        "garbled": "M314",
        "key": "M315",
        "credit": "M316",
        "model": "M317",
        "request": "M318",
    }
)
_AGAIN = "run the build again later; what is paid for is kept and is not asked again"
HINTS: Mapping[FaultKind, str] = MappingProxyType(
    {
        "rate_limit": f"{_AGAIN}; `--jobs` sends fewer at once",
        "server": _AGAIN,
        "connect": "`evalspec models SPEC` shows the address; look at it and at the network, then run the build again",
        "timeout": f"{_AGAIN}; `--deadline` gives a slow model more seconds",
        "garbled": "something between here and the model answers in its place: a gateway or a sign-in page",
        "key": "the key in {key} was refused; set another and run the build again",
        "credit": "add credit to the account and run the build again",
        "model": "look at the model's name in the spec; a set that is locked still verifies",
        "request": "look at the parameters of the model in the spec",
    }
)


def gave_up(fault: Fault, model: str, endpoint: Endpoint, how: str, count: Count | None) -> BuildError:
    """Return the error of an endpoint that does not answer; `how` says how often it was tried.

    `count` is None where nothing was asked for a build.
    """
    spelled = f"{fault.status}: {fault.detail}" if fault.status else fault.detail
    problem = Diagnostic(
        code=CODES[fault.kind],
        severity="error",
        message=f"`{model}` at {endpoint.name} did not answer{how}: {spelled}"
        + (f" ({_kept(count)})" if count is not None else ""),
        hint=HINTS[fault.kind].format(key=endpoint.key_from or "its key"),
        exit=Exit.PROVIDER,
    )
    return BuildError([problem])


def over_budget(model: str, *, highest: int, cap: int, spent: int) -> BuildError:
    """Return the error of a question that the budget has no room for; amounts in millionths of a dollar."""
    problem = Diagnostic(
        code="M320",
        severity="error",
        message=f"the budget of {_whole(cap)} is used: ${spent / DOLLAR:,.4f} spent or reserved, "
        f"and the next question to `{model}` may cost ${highest / DOLLAR:,.4f}",
        hint="raise `budget.usd` or make the set smaller; everything paid for is kept and is not asked again",
        exit=Exit.BUDGET,
    )
    return BuildError([problem])


def beyond_budget(model: str, *, cap: int, spent: int, count: Count) -> BuildError:
    """Return the error of an endpoint that counts more than it was allowed, so that the budget is passed."""
    problem = Diagnostic(
        code="M323",
        severity="error",
        message=f"`{model}` counted more tokens than its questions allow, and that passed the budget of "
        f"{_whole(cap)}: ${spent / DOLLAR:,.4f} spent or reserved ({_kept(count)})",
        notes=(Note(message=f"{count.overruns:,} calls cost ${count.overrun / DOLLAR:,.4f} more than was reserved"),),
        hint="raise `budget.usd`, or ask an endpoint that keeps to `max_tokens`; nothing that is kept is asked again",
        exit=Exit.BUDGET,
    )
    return BuildError([problem])


def stopped(number: int, count: Count) -> Stopped:
    """Return the end by a signal, after what was in flight has come in or was given up."""
    said = f"stopped; {_kept(count)}; run again to resume"
    if count.cut_off:
        calls = "1 call was" if count.cut_off == 1 else f"{count.cut_off} calls were"
        said += f" ({calls} in flight and may have been billed)"
    return Stopped(128 + number, said)


def _whole(cap: int) -> str:
    """Spell a budget as it was given: cents, and more digits only where there are some."""
    return f"${cap / DOLLAR:,.2f}" if cap % (DOLLAR // 100) == 0 else f"${cap / DOLLAR:,.6f}".rstrip("0")


def _kept(count: Count) -> str:
    return f"{count.done:,} of {count.questions:,} replies are kept"
