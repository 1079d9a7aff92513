"""The loop that asks: from questions to replies, through the journal, within the budget, at each endpoint's pace.

A question is answered from the tape or the journal if it can be; otherwise it is claimed at its highest price, sent,
and its reply is durable before anybody sees it. What fails for good stops the sending; what is in flight is awaited
and kept, so that the next run asks only for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from evalspec.diagnostics import BuildError, Diagnostic, EvalspecError, Exit
from evalspec.edges.models.admission import Admission, backoff
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.transport import RETRIED, Call, Endpoint, Fault, FaultKind, Received, Transport
from evalspec.model.asking import Reply, Request
from evalspec.ports import request_key

TRIES = 6  # of one question, the first included
FAULTS_IN_A_ROW = 20  # over all questions of an endpoint: it is down, and waiting longer costs money elsewhere
PATIENCE_SECONDS = 600.0  # that one question may take with all its tries
DRAIN_SECONDS = 10.0  # for calls in flight after the first Ctrl-C
POLL_SECONDS = 0.2  # for a question that another process is asking
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
        "connect": "look at the address in your user config and at the network, then run the build again",
        "timeout": _AGAIN,
        "garbled": "something between here and the model answers in its place: a gateway or a sign-in page",
        "key": "the key in {key} was refused; set another and run the build again",
        "credit": "add credit to the account and run the build again",
        "model": "look at the model's name in the spec; a set that is locked still verifies",
        "request": "look at the parameters of the model in the spec",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one question costs at most, and what a reply cost, in millionths of a dollar."""

    highest: Callable[[Request], int]
    actual: Callable[[Request, Reply], int]


@dataclass(slots=True, kw_only=True)
class Count:
    """How far the asking is: for the progress line and the run log."""

    questions: int = 0
    from_tape: int = 0
    answered: int = 0
    sent: int = 0
    retried: int = 0
    spent: int = 0  # millionths of a dollar, this run
    orphans: int = 0
    faults: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one model is reached."""

    transport: Transport
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one build allows: calls at once, dollars, and the name under which the dollars are counted."""

    plan: str
    jobs: int
    cap: int | None  # millionths of a dollar; None: nothing that costs is asked
    way: Callable[[str], Way]  # of a model's name
    price: Price


class Asker:
    """Asks for one build; a class because windows, connections and counts live as long as the build."""

    def __init__(
        self, journal: Journal, tape: Mapping[str, Reply], rules: Rules, tell: Callable[[Count], None]
    ) -> None:
        """`tape` maps keys to published replies; `tell` hears of every change of the count."""
        self.count = Count()
        self._journal = journal
        self._tape = tape
        self._rules = rules
        self._tell = tell
        self._windows: dict[str, Admission] = {}
        self._in_a_row: dict[str, int] = {}
        self._ways: dict[str, Way] = {}
        self._stopped: BuildError | None = None
        self._in_flight = 0  # claims of this process that are not settled
        self._settled = asyncio.Event()  # the next time one is
        self._runner = asyncio.Runner()
        self.used: dict[str, Reply] = {}  # every reply handed out, by key: what the tape publishes

    def ask(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Return the replies in the order of the questions; the port of the pipeline."""
        keys = [request_key(one) for one in requests]
        replies = self._runner.run(self._ask_all(dict(zip(keys, requests, strict=True))))
        self.used |= replies
        return [replies[key] for key in keys]

    def close(self) -> None:
        """Close connections; the journal is its owner's."""
        ways = {id(way.transport): way.transport for way in self._ways.values()}
        for transport in ways.values():
            self._runner.run(transport.close())
        self._runner.close()

    async def _ask_all(self, requests: Mapping[str, Request]) -> dict[str, Reply]:
        found = {key: self._tape[key] for key in requests if key in self._tape}
        found |= self._journal.known([key for key in requests if key not in found])
        self.count.questions += len(requests)
        self.count.from_tape += len(found)
        self._tell(self.count)
        async with asyncio.TaskGroup() as group:
            tasks = {key: group.create_task(self._one(key, one)) for key, one in requests.items() if key not in found}
        answers = {key: task.result() for key, task in tasks.items()}
        if self._stopped is not None:
            raise self._stopped
        return found | {key: reply for key, reply in answers.items() if reply is not None}

    async def _one(self, key: str, request: Request) -> Reply | None:
        """Ask one question until it is answered, or until nothing more may be asked; None then."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        attempt = 0
        while self._stopped is None:
            way = self._way(request.model)
            window = self._window(way.endpoint)
            await window.enter()
            fault: Fault | None = None
            reply: Reply | None = None
            try:
                if self._stopped is None:
                    reply = await self._try(key, request, way)
            except Fault as one:
                fault = one
            except EvalspecError as error:  # the disk refused: nothing more may be paid for
                self._stop(BuildError(error.diagnostics))
            finally:
                limited = fault is not None and fault.kind == "rate_limit"
                window.leave(slow_down=limited, retry_after=fault.retry_after if fault else None)
            if reply is not None:
                self._in_a_row[way.endpoint.name] = 0
                self.count.answered += 1
                self._tell(self.count)
                return reply
            if fault is None:
                await self._wait_for_others()
                continue
            attempt += 1
            self._heard(fault, request, way.endpoint, attempt, loop.time() - started)
            if self._stopped is None and fault.kind != "rate_limit":
                await asyncio.sleep(backoff(attempt))
        return None

    async def _try(self, key: str, request: Request, way: Way) -> Reply | None:
        """Claim, send and keep one question; None when another process is asking it, or when the budget ends here."""
        rules = self._rules
        highest = rules.price.highest(request)
        claim = await self._journal.claim(key, rules.plan, price=highest, cap=rules.cap)
        self.count.orphans += claim.was_orphan
        if claim.state == "answered":
            return claim.reply
        if claim.state == "theirs":
            return None
        if claim.state == "over":
            if not self._in_flight:  # else a reply may cost less than was reserved for it, and make room
                self._stop(self._over(request, highest))
            return None
        self.count.sent += 1
        self._in_flight += 1
        try:
            return await self._send(key, request, way, highest)
        finally:
            self._in_flight -= 1
            self._settled.set()
            self._settled = asyncio.Event()

    async def _wait_for_others(self) -> None:
        """Wait until a claim of this process is settled, or a moment for one of another process."""
        if self._stopped is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), POLL_SECONDS)

    async def _send(self, key: str, request: Request, way: Way, highest: int) -> Reply:
        """Send one claimed question, and keep what comes and what it cost."""
        rules = self._rules
        try:
            received: Received = await way.transport.send(Call(request=request, endpoint=way.endpoint))
        except Fault as fault:
            if fault.may_be_billed:
                await self._journal.charge(key, rules.plan, price=highest)
                self.count.spent += highest
            await self._journal.release(key)
            raise
        price = min(rules.price.actual(request, received.reply), highest) if highest else 0
        await self._journal.settle(key, rules.plan, received.reply, received.raw, price=price)
        self.count.spent += price
        return received.reply

    def _way(self, model: str) -> Way:
        if model not in self._ways:
            self._ways[model] = self._rules.way(model)
        return self._ways[model]

    def _window(self, endpoint: Endpoint) -> Admission:
        if endpoint.name not in self._windows:
            self._windows[endpoint.name] = Admission(most=self._rules.jobs)
        return self._windows[endpoint.name]

    def _heard(self, fault: Fault, request: Request, endpoint: Endpoint, attempt: int, seconds: float) -> None:
        """Count a fault, and stop the build where trying again cannot help."""
        self.count.faults[fault.kind] = self.count.faults.get(fault.kind, 0) + 1
        in_a_row = self._in_a_row[endpoint.name] = self._in_a_row.get(endpoint.name, 0) + 1
        if fault.kind not in RETRIED:
            self._stop(self._gave_up(fault, request, endpoint, ""))
        elif attempt >= TRIES or seconds > PATIENCE_SECONDS:
            self._stop(self._gave_up(fault, request, endpoint, f" in {attempt} tries over {seconds:.0f} s"))
        elif in_a_row >= FAULTS_IN_A_ROW and fault.kind != "rate_limit":
            self._stop(self._gave_up(fault, request, endpoint, f"; {in_a_row} calls in a row failed"))
        else:
            self.count.retried += 1
            self._tell(self.count)

    def _stop(self, error: BuildError) -> None:
        self._stopped = self._stopped or error

    def _gave_up(self, fault: Fault, request: Request, endpoint: Endpoint, how: str) -> BuildError:
        spelled = f"{fault.status}: {fault.detail}" if fault.status else fault.detail
        problem = Diagnostic(
            code=CODES[fault.kind],
            severity="error",
            message=f"`{request.model}` at {endpoint.name} did not answer{how}: {spelled}",
            notes=(),
            hint=HINTS[fault.kind].format(key=endpoint.key_from or "its key"),
            exit=Exit.PROVIDER,
        )
        return BuildError([problem])

    def _over(self, request: Request, highest: int) -> BuildError:
        cap = (self._rules.cap or 0) / DOLLAR
        spent = self._journal.spent(self._rules.plan)
        problem = Diagnostic(
            code="M320",
            severity="error",
            message=f"the budget of ${cap:,.2f} is used: ${spent / DOLLAR:,.4f} spent or reserved, "
            f"and the next question to `{request.model}` may cost ${highest / DOLLAR:,.4f}",
            hint="raise `budget.usd` or make the set smaller; everything paid for is kept and is not asked again",
            exit=Exit.BUDGET,
        )
        return BuildError([problem])
