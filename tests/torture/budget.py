"""The budget: random prices, delays, faults and deaths, and never a cent more than the spec allows.

The real loop and the real journal ask a transport that misbehaves; every call is billed there as a vendor would, so
that what evalspec recorded can be held against what was really owed. A death ends the loop where it stands and leaves
the journal as a killed process would: every transaction whole or not there, every claim without an owner.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from evalspec.diagnostics import BuildError
from evalspec.edges.models.asking import Asker, Pace, Price, Rules, Way
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.prices import ListPrice, most_prompt_tokens, most_reply_tokens
from evalspec.edges.models.transport import Call, Endpoint, Fault, FaultKind, Received, Transport
from evalspec.model.asking import Reply, Request, Usage
from tests.model_server import Act, Asked, model_server
from tests.torture.suites import Effort, Tally, suite

WORKERS = 16
QUESTIONS = 24
PLANS = ("one", "two")
FAULTS: tuple[FaultKind, ...] = ("rate_limit", "server", "connect", "timeout", "garbled")
BILLED: frozenset[FaultKind] = frozenset({"timeout", "garbled", "connect"})
PACE = Pace(deadline=5, backoff=0.0001, longest_backoff=0.0002, longest_pause=0.001, patience=5, drain=0.1)
SHARED_MEMORY = Path("/dev/shm")  # a sync costs nothing there; what is tried is the counting, not the disk


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Schedule:
    """One random world: a price, a cap, and what the endpoint does."""

    dice: random.Random
    price: ListPrice
    caps: dict[str, int]
    fault_share: float
    killed_at: list[int]  # calls at which a process dies
    over_share: float  # of calls that are counted at more than they may
    calls: int = 0
    bills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLANS, 0))  # what is owed, in millionths
    # Of that, for calls whose reply a death took along: they are recorded at what their repetition costs.
    lost: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLANS, 0))

    @staticmethod
    def drawn(seed: str, *, over: bool) -> Schedule:
        """Draw a world."""
        dice = random.Random(seed)
        price = ListPrice(
            prompt=dice.choice([0.0, 0.1, 3.0, 75.0]),
            completion=dice.choice([0.42, 10.0, 600.0]),
            per_call=dice.choice([0.0, 0.0, 0.005]),
            source="drawn",
        )
        one = price.of_tokens(400, 60)
        return Schedule(
            dice=dice,
            price=price,
            caps={plan: int(one * dice.uniform(0.5, QUESTIONS * 1.2)) for plan in PLANS},
            fault_share=dice.choice([0.0, 0.1, 0.4]),
            killed_at=[] if over else sorted(dice.sample(range(1, 80), dice.randrange(4))),
            over_share=0.2 if over else 0.0,
        )


class Vendor:
    """A transport that bills every call in its own books, whatever it answers."""

    def __init__(self, schedule: Schedule, plan: str) -> None:
        """`plan` is who pays."""
        self.schedule, self.plan = schedule, plan

    async def send(self, call: Call) -> Received:
        """Answer, fail, or die, and bill."""
        schedule, dice = self.schedule, self.schedule.dice
        schedule.calls += 1
        number, roll = schedule.calls, dice.random()
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        if dice.random() < 0.05:
            await asyncio.sleep(0.001)
        most_in, most_out = most_prompt_tokens(call.request), most_reply_tokens(call.request)
        prompt, completion = dice.randint(1, most_in), dice.randint(0, most_out)
        if dice.random() < schedule.over_share:
            completion = most_out * dice.randint(2, 4)
        if roll < schedule.fault_share:
            kind = dice.choice(FAULTS)
            if kind in BILLED:
                schedule.bills[self.plan] += schedule.price.of_tokens(min(prompt, most_in), min(completion, most_out))
            raise Fault(kind, "drawn", may_be_billed=kind in BILLED)
        bill = schedule.price.of_tokens(prompt, completion)
        schedule.bills[self.plan] += bill
        if number in schedule.killed_at:
            schedule.lost[self.plan] += bill
            raise Killed
        # What nobody counted cannot be recorded above the reservation, so a liar always counts.
        is_counted = schedule.over_share or dice.random() < 0.9
        counted = Usage(prompt=prompt, completion=completion) if is_counted else Usage()
        return Received(raw="{}", reply=Reply(text="x", served="one", usage=counted))

    async def close(self) -> None:
        """Nothing is open."""


def question(text: str) -> Request:
    """One question."""
    return Request(model="house/one", messages=(("user", text),), params={"max_tokens": 60})


def rules_of(plan: str, cap: int, price: ListPrice, transport: Transport, url: str | None = None) -> Rules:
    """The rules of one build."""
    endpoint = Endpoint(name="house", base_url=url, key="sk-test", model="one")
    return Rules(
        plan=plan,
        jobs=WORKERS,
        cap=cap,
        way=lambda model: Way(transport=transport, endpoint=endpoint),
        price=Price(highest=price.highest, actual=price.actual),
        pace=PACE,
    )


def run_build(folder: Path, schedule: Schedule, plan: str) -> str:
    """Ask everything for one plan in a process that may die, and say how it ended."""
    journal = Journal(str(folder))
    asker = Asker(journal, {}, rules_of(plan, schedule.caps[plan], schedule.price, Vendor(schedule, plan)), _quiet)
    # A third of the questions are asked by both plans: one pays, the other is handed the reply.
    requests = [question(f"{plan if at % 3 else 'both'} {at}" + " word" * (at % 40)) for at in range(QUESTIONS)]
    try:
        asker.ask(requests)
        return "done"
    except BuildError as error:
        return ",".join(one.code for one in error.diagnostics)
    except Killed:
        return "killed"
    finally:
        asker.close()
        journal.close()


def _quiet(count: object) -> None:
    """Nobody listens."""


def charged(folder: Path, plan: str) -> tuple[int, int]:
    """What a plan is recorded to have cost, and that with what is reserved."""
    journal = Journal(str(folder))
    try:
        paid = journal.do(
            lambda connection: connection.execute(
                "SELECT COALESCE(SUM(amount), 0) FROM charges WHERE plan = ?", (plan,)
            ).fetchone()[0]
        )
        return int(paid), journal.spent(plan)
    finally:
        journal.close()


@dataclass
class Told:
    """What the schedules came to."""

    ends: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    closest: float = 0.0  # largest share of a cap that was spent


def _try(seed: str, tally: Tally, told: Told, room: Path, *, over: bool) -> None:
    schedule = Schedule.drawn(seed, over=over)
    with TemporaryDirectory(dir=room) as name:
        folder = Path(name)
        for plan in (*PLANS, *PLANS, *PLANS):  # builds and their resumes, of two specs in turn
            ended = run_build(folder, schedule, plan)
            told.ends[ended] = told.ends.get(ended, 0) + 1
            for payer in PLANS:
                cap, (paid, held) = schedule.caps[payer], charged(folder, payer)
                known = schedule.bills[payer] - schedule.lost[payer]
                told.closest = max(told.closest, paid / cap)
                if over:
                    is_said = paid <= cap or "M323" in told.ends or "M320" in told.ends
                    tally.hold(is_said, f"{seed}: {paid} of {cap} and nothing was said")
                    tally.hold(held >= schedule.bills[payer], f"{seed}: {held} recorded, {schedule.bills[payer]} owed")
                    continue
                tally.hold(paid <= cap, f"{seed}: {payer} is charged {paid} of {cap} after {ended}")
                tally.hold(held <= cap, f"{seed}: {payer} holds {held} of {cap} after {ended}")
                tally.hold(known <= held, f"{seed}: {payer} owes {known} for what it heard of, {held} are recorded")
    told.calls += schedule.calls


def _schedules(effort: Effort, room: Path) -> Tally:
    tally = Tally(
        f"recorded list-price spend stays within the budget and covers every reply; {WORKERS} workers, faults, deaths"
    )
    told, count = Told(), effort.count(10_000, 60)
    for number in range(count):
        _try(f"{effort.seed}/budget/{number}", tally, told, room, over=False)
    tally.figures["schedules"] = f"{count:,}"
    tally.figures["calls"] = f"{told.calls:,}"
    tally.figures["ends"] = ", ".join(f"{name} {number:,}" for name, number in sorted(told.ends.items()))
    tally.figures["closest to a cap"] = f"{told.closest:.2%}"
    return tally


def _liars(effort: Effort, room: Path) -> Tally:
    tally = Tally(
        "an endpoint that counts more than it may is charged in full, and stops a build that it takes too far"
    )
    for number in range(effort.count(1_000, 20)):
        _try(f"{effort.seed}/liar/{number}", tally, Told(), room, over=True)
    return tally


def _sockets(effort: Effort, room: Path) -> Tally:
    """The same over the real transport, with a server that keeps the books."""
    tally = Tally("the same over a real socket")
    for number in range(effort.count(200, 4)):
        dice = effort.dice(f"socket/{number}")
        price = ListPrice(prompt=3.0, completion=600.0, source="drawn")
        cap, owed = int(price.of_tokens(400, 60) * dice.uniform(1, 20)), [0]
        with model_server(_books(dice, price, owed)) as server, TemporaryDirectory(dir=room) as name:
            for _ in range(2):
                journal, transport = Journal(name), HttpTransport(jobs=WORKERS)
                asker = Asker(journal, {}, rules_of("one", cap, price, transport, server.url), _quiet)
                try:
                    asker.ask([question(f"{at}") for at in range(QUESTIONS)])
                except BuildError:
                    pass
                finally:
                    asker.close()
                    journal.close()
            paid, held = charged(Path(name), "one")
            tally.hold(paid <= held <= cap, f"socket/{number}: {paid}, {held} of {cap}")
            tally.hold(owed[0] <= held, f"socket/{number}: {owed[0]} owed, {held} recorded")
    return tally


def _build_apart(folder: str, url: str, cap: int, number: int) -> None:
    """One process of several that build the same plan: its questions are half its own and half everybody's."""
    price = ListPrice(prompt=3.0, completion=600.0, source="drawn")
    journal = Journal(folder)
    asker = Asker(journal, {}, rules_of("one", cap, price, HttpTransport(jobs=WORKERS), url), _quiet)
    with suppress(BuildError):
        asker.ask([question(f"{number if at % 2 else 'all'} {at}") for at in range(4 * QUESTIONS)])
    asker.close()
    journal.close()


def _processes(effort: Effort, room: Path) -> Tally:
    """Three processes at once over the real transport, one of them killed on its way, and one more after them."""
    tally = Tally("three processes of one plan share its budget, and one of them is killed")
    context = multiprocessing.get_context("spawn")
    for number in range(effort.count(60, 2)):
        dice = effort.dice(f"processes/{number}")
        price = ListPrice(prompt=3.0, completion=600.0, source="drawn")
        cap, owed = int(price.of_tokens(400, 60) * dice.uniform(20, 120)), [0]
        with model_server(_books(dice, price, owed)) as server, TemporaryDirectory(dir=room) as name:
            some = [context.Process(target=_build_apart, args=(name, server.url, cap, at)) for at in range(3)]
            for one in some:
                one.start()
            while not server.asked and any(one.is_alive() for one in some):
                time.sleep(0.01)
            time.sleep(dice.random() * 0.2)
            some[0].kill()
            for one in some:
                one.join()
            last = context.Process(target=_build_apart, args=(name, server.url, cap, 3))
            last.start()
            last.join()
            codes = [one.exitcode for one in (*some, last)]
            tally.hold(
                codes[0] in (0, -signal.SIGKILL) and not any(codes[1:]), f"processes/{number}: ended with {codes}"
            )
            paid, held = charged(Path(name), "one")
            tally.hold(paid <= held <= cap, f"processes/{number}: {paid}, {held} of {cap}")
            lost = WORKERS * price.highest(question("all 100"))  # most that was in flight at the death
            tally.hold(owed[0] <= held + lost, f"processes/{number}: {owed[0]} owed, {held} recorded, {lost} lost")
    return tally


def _books(dice: random.Random, price: ListPrice, owed: list[int]) -> Callable[[Asked], Act]:
    def script(asked: Asked) -> Act:
        roll = dice.random()
        if roll < 0.1:
            return Act(status=429, body="{}", headers={"Retry-After": "0"})
        if roll < 0.2:
            return Act(status=503, body="{}")
        usage = (dice.randint(1, 200), dice.randint(1, 60))
        owed[0] += price.of_tokens(*usage)
        return Act(text="x", usage=usage, delay=dice.random() * 0.003, cut=20 if roll < 0.25 else None)

    return script


@suite("budget", "The budget: a hard stop at the cent")
def budget(effort: Effort, folder: Path) -> list[Tally]:
    """Random prices, delays, faults, deaths and resumes of two specs that share questions."""
    room = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else folder
    with tempfile.TemporaryDirectory(dir=room) as name:
        room = Path(name)
        return [_schedules(effort, room), _liars(effort, room), _sockets(effort, room), _processes(effort, room)]
