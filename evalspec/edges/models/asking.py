"""The loop that asks: from questions to replies, through the journal, within the budget, at each endpoint's pace.

A question is answered from the tape or the journal if it can be; otherwise it is claimed at its highest price, sent,
and its reply is durable before anybody sees it. The first question to a model goes alone, so that a wrong key costs
one call. What fails for good stops the sending; what is in flight is awaited and kept, so that the next run asks only
for the rest. Claims and commits happen beside the calls: a place at an endpoint is held while a call is open there,
and never while the disk works.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.admission import Admission, Pace, backoff, clamped
from evalspec.edges.models.count import Count
from evalspec.edges.models.giving_up import DOLLAR, beyond_budget, gave_up, over_budget, stopped
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.lanes import Lane, Open
from evalspec.edges.models.transport import RETRIED, Call, Endpoint, Fault, Received, Way
from evalspec.edges.signals import heard
from evalspec.model.asking import Reply, Request
from evalspec.ports import request_key

__all__ = ["DOLLAR", "Asker", "Count", "Pace", "Price", "Rules", "Way"]

TRIES = 6  # of one question that others are answered beside
POLL_SECONDS = 0.2  # for questions that another process is asking
# A loop that is busy keeps the journal's thread waiting for so long after each statement of a commit; with Python's
# 5 ms a commit of sixty replies took 9 ms, with this 4 ms (2,000 replies, 64 at once, 200 ms each).
SWITCH_SECONDS = 0.0005
AHEAD = 4  # one in so many calls is claimed before its place at the endpoint is free: a commit takes some milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one question costs at most, and what a reply cost, in millionths of a dollar."""

    highest: Callable[[Request], int]
    actual: Callable[[Request, Reply], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one build allows: calls at once, dollars, and the name under which the dollars are counted."""

    plan: str
    jobs: int
    cap: int | None  # millionths of a dollar; None: nothing that costs is asked
    way: Callable[[str], Way]  # of a model's name
    price: Price
    pace: Pace = field(default_factory=Pace)


class Asker:
    """Asks for one build; a class because windows, connections and counts live as long as the build."""

    def __init__(
        self, journal: Journal, tape: Mapping[str, Reply], rules: Rules, tell: Callable[[Count], None]
    ) -> None:
        """`tape` maps keys to published replies; `tell` hears of every change of the count."""
        self.count = Count()
        self.look: Callable[[str, Reply], None] = lambda key, reply: None  # at each reply while others are on their way
        self._journal = journal
        self._tape = tape
        self._rules = rules
        self._tell = tell
        self._lanes: dict[str, Lane] = {}  # by the endpoint's name
        self._ways: dict[str, Way] = {}  # by the model's name
        self._dearer: dict[str, float] = {}  # model to the factor by which its endpoint passed what was reserved
        self._proven: set[str] = set()  # models that have answered
        self._tried: dict[str, list[Open]] = {}  # model whose first question is out, to the others that wait for it
        self._theirs: list[Open] = []  # that another process is asking
        self._over: list[Open] = []  # that the budget has no room for until something is settled
        self._replies: dict[str, Reply] = {}
        self._left = 0
        self._flying = 0
        self._carrying: set[asyncio.Task[None]] = set()
        self._stopped: Callable[[], BaseException] | None = None  # made at the end, when everything is counted
        self._ended = asyncio.Event()
        self._runner = asyncio.Runner()

    @property
    def rules(self) -> Rules:
        """Return what the build allows."""
        return self._rules

    def ask(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Return the replies in the order of the questions; the port of the pipeline."""
        keys = [request_key(one) for one in requests]
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            self._runner.run(self._ask_all(dict(zip(keys, requests, strict=True))))
        finally:
            sys.setswitchinterval(before)
        if self._stopped is not None:
            raise self._stopped()
        return [self._replies[key] for key in keys]

    def close(self) -> None:
        """Close connections; the journal is its owner's."""
        for transport in {id(way.transport): way.transport for way in self._ways.values()}.values():
            self._runner.run(transport.close())
        self._runner.close()

    async def _ask_all(self, requests: Mapping[str, Request]) -> None:
        found = {key: self._tape[key] for key in requests if key in self._tape}
        found |= self._journal.known([key for key in requests if key not in found])
        missing = [Open(key=key, request=one) for key, one in requests.items() if key not in found]
        self.count.questions += len(requests)
        self.count.from_tape += len(found)
        self._replies = found
        for model in sorted({one.request.model for one in missing}):
            self._way(model)  # a missing key is said before anything is sent
        self._tell(self.count)
        if not missing:
            return
        self._left = len(missing)
        self._ended.clear()
        loop = asyncio.get_running_loop()

        def hear(number: int) -> None:
            loop.call_soon_threadsafe(self._interrupt, number)

        with heard(hear):
            for one in missing:
                self._lane(one).ready.append(one)
            self._pump()
            await self._ended.wait()

    def _pump(self) -> None:
        """Start what may be started now."""
        if self._stopped is not None:
            return
        loop = asyncio.get_running_loop()
        for lane in self._lanes.values():
            now = loop.time()
            lane.window.widen(now)
            while lane.turns and self._has_room(lane, now):
                self._take_off(lane, now)
            while lane.ready and not self._over and self._may_claim(lane, now):
                one = lane.ready.popleft()
                model = one.request.model
                if model not in self._proven and not one.is_first:
                    if model in self._tried:
                        self._tried[model].append(one)
                        continue
                    self._tried[model] = []
                    one.is_first = True
                self._carry(one, lane)
            changes_at = lane.window.changes_at(now)
            if (lane.ready or lane.turns) and lane.wakes_at <= now < changes_at < math.inf:
                lane.wakes_at = changes_at
                loop.call_at(changes_at, self._pump)

    def _has_room(self, lane: Lane, now: float) -> bool:
        return self._flying < self._rules.jobs and lane.window.has_room(now)

    def _may_claim(self, lane: Lane, now: float) -> bool:
        width = min(lane.window.width, self._rules.jobs)
        ahead = width // AHEAD if width > 1 else 0
        return now >= lane.window.resumes_at and lane.carried < width + ahead

    def _take_off(self, lane: Lane, now: float) -> None:
        turn = lane.turns.popleft()
        if not turn.done():
            self._flying += 1
            lane.window.enter(now)
            turn.set_result(True)

    def _carry(self, one: Open, lane: Lane) -> None:
        lane.carried += 1
        task = asyncio.get_running_loop().create_task(self._claim_and_send(one, lane))
        self._carrying.add(task)
        task.add_done_callback(lambda done: self._landed(done, lane))

    def _landed(self, task: asyncio.Task[None], lane: Lane) -> None:
        lane.carried -= 1
        self._carrying.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._stop(lambda: error)  # the disk refused: nothing more may be paid for
        if self._over and not self._carrying:  # until then a reply may cost less than was reserved for it
            request = self._over[0].request
            self._stop(lambda: self._over_budget(request))
        self._pump()
        if not self._left or (self._stopped is not None and not self._carrying):
            self._ended.set()

    async def _claim_and_send(self, one: Open, lane: Lane) -> None:
        """Claim one question, send it when there is a place, and keep what comes."""
        rules = self._rules
        highest = self._highest(one.request)
        claim = await self._journal.claim(one.key, rules.plan, price=highest, cap=rules.cap)
        self.count.orphans += claim.was_orphan
        if claim.state == "over":
            self._over.append(one)
            self._let_others_try(one)
        elif claim.state == "theirs":
            self._theirs.append(one)
            self._prove(one.request.model)  # another process of the same user asks it
            if len(self._theirs) == 1:
                asyncio.get_running_loop().call_later(POLL_SECONDS, self._poll)
        elif claim.reply is not None:
            self.count.from_tape += 1
            self._let_others_try(one)
            self._answer(one, claim.reply)
        elif await self._turn(lane):
            await self._send(one, lane, highest)
            self._freed()
        else:
            await self._journal.release(one.key)

    async def _turn(self, lane: Lane) -> bool:
        """Wait for a place at the endpoint; False when nothing more is sent."""
        if self._stopped is not None:
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        lane.turns.append(turn)
        self._pump()
        return await turn

    async def _send(self, one: Open, lane: Lane, highest: int) -> None:
        """Send one claimed question, and keep what comes and what it cost."""
        loop, rules, way = asyncio.get_running_loop(), self._rules, self._way(one.request.model)
        sent_at = loop.time()
        self.count.sent += 1
        try:
            call = Call(request=one.request, endpoint=way.endpoint, deadline=rules.pace.deadline)
            received: Received = await way.transport.send(call)
        except Fault as fault:
            self._leave(lane)
            if fault.may_be_billed:
                await self._journal.charge(one.key, rules.plan, price=highest)
                self.count.spent += highest
            await self._journal.release(one.key)
            self._heard(fault, one, lane, way.endpoint, sent_at)
            return
        except asyncio.CancelledError:  # its claim stands: it may have been billed
            self.count.cut_off += 1
            raise
        self._leave(lane)
        lane.window.answered(sent_at, loop.time())
        self._prove(one.request.model)
        self._pump()
        price = rules.price.actual(one.request, received.reply)
        # Another process may have asked it too, and been first: what is kept is what everybody uses.
        reply = await self._journal.settle(one.key, rules.plan, received.reply, received.raw, price=price)
        self.count.spent += price
        self.count.answered += 1
        self.count.models[one.request.model] = self.count.models.get(one.request.model, 0) + 1
        if price > highest:
            self._overran(one.request, price, highest)
        self._answer(one, reply)

    def _highest(self, request: Request) -> int:
        """Return what is reserved for a question: the most it can cost, or what its endpoint was seen to make of it."""
        return math.ceil(self._rules.price.highest(request) * self._dearer.get(request.model, 1.0))

    def _overran(self, request: Request, price: int, highest: int) -> None:
        """Count a call that its endpoint took more for than it may, reserve more from now on, or stop at the budget."""
        self.count.overruns += 1
        self.count.overrun += price - highest
        model, listed = request.model, self._rules.price.highest(request)
        self._dearer[model] = max(self._dearer.get(model, 1.0), price / listed)
        spent, cap = self._journal.spent(self._rules.plan), self._rules.cap
        if cap is not None and spent > cap:
            self._stop(lambda: beyond_budget(model, cap=cap, spent=spent, count=self.count))

    def _leave(self, lane: Lane) -> None:
        self._flying -= 1
        lane.window.leave()

    def _answer(self, one: Open, reply: Reply) -> None:
        self._replies[one.key] = reply
        self._left -= 1
        self.look(one.key, reply)
        self._tell(self.count)

    def _prove(self, model: str) -> None:
        """Let the other questions to a model go."""
        if model not in self._proven:
            self._proven.add(model)
            self._back(self._tried.pop(model, []))

    def _let_others_try(self, one: Open) -> None:
        """Let another question be the first one to a model, where this one was and says nothing about it."""
        one.is_first = False
        if one.request.model not in self._proven:
            self._back(self._tried.pop(one.request.model, []))

    def _back(self, some: Sequence[Open]) -> None:
        """Put questions back to the front, in their order."""
        for one in reversed(some):
            self._lane(one).ready.appendleft(one)

    def _freed(self) -> None:
        """Try those again that the budget had no room for: something was settled for less than its reservation."""
        some, self._over = self._over, []
        self._back(some)

    def _poll(self) -> None:
        """Look for replies to what other processes are asking; one that died leaves its questions to this one."""
        if self._stopped is None:
            some, self._theirs = self._theirs, []
            self._back(some)
            self._pump()

    def _heard(self, fault: Fault, one: Open, lane: Lane, endpoint: Endpoint, sent_at: float) -> None:
        """Count a fault, and stop the build where trying again cannot help."""
        self.count.faults[fault.kind] = self.count.faults.get(fault.kind, 0) + 1
        loop, window, pace = asyncio.get_running_loop(), lane.window, self._rules.pace
        is_down = window.failed(fault.kind, sent_at, loop.time(), fault.retry_after)
        is_limit = fault.kind == "rate_limit"
        one.refusals += is_limit
        one.tries += not is_limit  # there, others are answered in its place
        if fault.kind not in RETRIED:
            how = ""
        elif is_down:
            how = f" {window.failures} times in a row"
        elif one.tries >= TRIES:
            how = f" one question in {one.tries} tries"
        else:
            self.count.retried += 1
            self._tell(self.count)
            if is_limit and loop.time() < window.resumes_at:  # nobody is sent anything until then
                lane.ready.appendleft(one)
            else:
                asked = clamped(fault.retry_after or 0.0, pace.longest_pause)
                wait = asked if is_limit and asked else max(asked, backoff(max(one.tries, one.refusals), pace))
                loop.call_later(wait, self._again, one, lane)
            return
        self._stop(lambda: gave_up(fault, one.request.model, endpoint, how, self.count))

    def _again(self, one: Open, lane: Lane) -> None:
        if self._stopped is None:
            lane.ready.appendleft(one)
            self._pump()

    def _interrupt(self, number: int) -> None:
        """Stop sending, and give what is in flight some seconds to come in."""
        self._stopped = None  # a person's word goes before any other reason
        self._stop(lambda: stopped(number, self.count))
        asyncio.get_running_loop().call_later(self._rules.pace.drain, self._cut_off)

    def _cut_off(self) -> None:
        for task in self._carrying:
            task.cancel()

    def _stop(self, why: Callable[[], BaseException]) -> None:
        """Send nothing more; what waits for a place gives its claim back."""
        self._stopped = self._stopped or why
        for lane in self._lanes.values():
            while lane.turns:
                turn = lane.turns.popleft()
                if not turn.done():
                    turn.set_result(False)
        if not self._carrying:
            self._ended.set()

    def _way(self, model: str) -> Way:
        if model not in self._ways:
            self._ways[model] = self._rules.way(model)
        return self._ways[model]

    def _lane(self, one: Open) -> Lane:
        name = self._way(one.request.model).endpoint.name
        if name not in self._lanes:
            self._lanes[name] = Lane(window=Admission(most=self._rules.jobs, pace=self._rules.pace))
        return self._lanes[name]

    def _over_budget(self, request: Request) -> EvalspecError:
        highest, cap = self._highest(request), self._rules.cap or 0
        return over_budget(request.model, highest=highest, cap=cap, spent=self._journal.spent(self._rules.plan))
