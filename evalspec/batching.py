"""A build's questions by way of batches: collect what has come, send what is missing, and come back another day."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Container, Coroutine, Mapping
from functools import partial
from itertools import groupby
from typing import Any, Literal, TypeVar

from evalspec.diagnostics import BuildError, Diagnostic, Exit, Note
from evalspec.edges.models.asking import Asker, Rules
from evalspec.edges.models.batch_table import Batch, Kept, arrived, keys_in, reserve, sent, settle, waiting
from evalspec.edges.models.batches import BATCH_SHARE, BatchProtocol, Results, chunks, protocol_of
from evalspec.edges.models.count import Count
from evalspec.edges.models.giving_up import gave_up, over_budget
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.transport import RETRIED, Endpoint, Fault, Received
from evalspec.live import has_journal, open_journal
from evalspec.model.asking import Request
from evalspec.model.spec import Spec
from evalspec.reaching import reach

GONE = (404, 410)  # vendors keep answers for a month; what is gone was paid for, and has to be asked again
CONNECTIONS = 4  # batches are few, and each is one long call

Answer = TypeVar("Answer")
# What came of ending a batch. `gone`: its vendor knows it no more, and its questions count as billed.
Ended = Literal["cancelled", "had ended", "gone", "never arrived"]


class Batches:
    """The batches of one build; a class because journal, rules and the count go through every step."""

    def __init__(self, journal: Journal, rules: Rules, count: Count) -> None:
        """`rules` name the plan, its budget, its prices and the way to every model."""
        self._journal = journal
        self._rules = rules
        self._count = count
        self.sent: set[str] = set()  # names of the batches of this run

    def pending(self, missing: Mapping[str, Request]) -> Mapping[str, Batch]:
        """Return the batches that questions wait in, by key."""
        return waiting(self._journal, tuple(missing))

    def collect(self, missing: Mapping[str, Request]) -> None:
        """Keep what the batches of these questions have brought; what was not answered may be asked again."""
        batches = {batch.name: batch for batch in self.pending(missing).values()}
        problems: list[BuildError] = []
        for batch in batches.values():
            endpoint = self._rules.way(batch.model).endpoint
            try:
                problem = _with_http(partial(self._collect, batch, endpoint, missing))
            except Fault as fault:
                problem = gave_up(fault, batch.model, endpoint, f" about batch {batch.remote}", self._count)
            problems += [problem] if problem is not None else []
        if problems:
            raise BuildError([one for problem in problems for one in problem.diagnostics])

    def submit(self, missing: Mapping[str, Request]) -> Mapping[str, Request]:
        """Send what is missing in batches; return what must be asked otherwise, since its endpoint has none."""
        others: dict[str, Request] = {}
        by_model = sorted(missing.items(), key=lambda one: one[1].model)
        for model, group in groupby(by_model, key=lambda one: one[1].model):
            questions = dict(group)
            endpoint = self._rules.way(model).endpoint
            if endpoint.batches is None:
                others |= questions
                continue
            for part in chunks(questions):
                self._submit(model, endpoint, part)
        return others

    def _submit(self, model: str, endpoint: Endpoint, questions: Mapping[str, Request]) -> None:
        """Reserve the price of a batch and send it; nothing is sent that the budget does not hold."""
        rules = self._rules
        name = secrets.token_hex(8)
        batch = Batch(name=name, plan=rules.plan, endpoint=endpoint.name, model=model, remote=None, size=len(questions))
        prices = {key: math.ceil(rules.price.highest(one) * BATCH_SHARE) for key, one in questions.items()}
        taken, spent = reserve(self._journal, batch, prices, cap=rules.cap)
        if not taken:
            if set(questions) <= set(self.pending(questions)):
                return  # another build has sent them meanwhile
            raise over_budget(model, highest=min(prices.values()), cap=rules.cap or 0, spent=spent)
        sending = {key: questions[key] for key in taken}
        try:
            remote = _with_http(lambda http: protocol_of(http, endpoint).submit(name, sending))
        except Fault as fault:
            if not fault.may_be_billed:
                settle(self._journal, batch, ())
            raise gave_up(fault, model, endpoint, "", self._count) from fault
        arrived(self._journal, batch, remote)
        self.sent.add(name)

    async def _collect(
        self, batch: Batch, endpoint: Endpoint, missing: Mapping[str, Request], http: HttpTransport
    ) -> BuildError | None:
        """Collect one batch, if it has ended; return why its questions cannot be asked, where that is so."""
        protocol = protocol_of(http, endpoint)
        if batch.remote is None:
            await look_for(self._journal, protocol, batch)
            return None
        try:
            standing = await protocol.standing(batch.remote)
            results = await protocol.results(batch.remote, standing) if standing.state == "ended" else {}
        except Fault as fault:
            if fault.status not in GONE:
                raise
            settle(self._journal, batch, (), is_billed=True)
            return None
        if standing.state == "running":
            return None
        if standing.state == "refused":
            settle(self._journal, batch, ())
            return gave_up(Fault("request", standing.said), batch.model, endpoint, "", self._count)
        settle(self._journal, batch, self._kept(batch, results, missing))
        refusal = next((one for one in results.values() if isinstance(one, Fault) and one.kind not in RETRIED), None)
        return gave_up(refusal, batch.model, endpoint, " in its batch", self._count) if refusal is not None else None

    def _kept(self, batch: Batch, results: Results, missing: Mapping[str, Request]) -> list[Kept]:
        kept: list[Kept] = []
        for key in keys_in(self._journal, batch):
            received = results.get(key)
            if isinstance(received, Received):
                # A question that this build does not ask is another's of the same plan: it is counted in full.
                price = self._price(missing[key], received) if key in missing else None
                kept.append(Kept(key=key, reply=received.reply, raw=received.raw, price=price))
        return kept

    def _price(self, request: Request, received: Received) -> int:
        highest, actual = self._rules.price.highest(request), self._rules.price.actual(request, received.reply)
        if actual > highest:
            self._count.overruns += 1
            self._count.overrun += math.ceil((actual - highest) * BATCH_SHARE)
        return math.ceil(actual * BATCH_SHARE)


async def look_for(journal: Journal, protocol: BatchProtocol, batch: Batch) -> None:
    """Find out whether a batch arrived that a crash left without a number."""
    try:
        remote = await protocol.find(batch.name)
    except Fault as fault:
        if fault.kind in RETRIED:
            raise
        settle(journal, batch, (), is_billed=True)
        return
    if remote is None:
        settle(journal, batch, ())
    else:
        arrived(journal, batch, remote)


def list_batches() -> tuple[tuple[Batch, int], ...]:
    """Return the batches of this user, and what is reserved for each in millionths of a dollar; nothing is sent."""
    if not has_journal():
        return ()
    journal = open_journal()
    try:
        return sent(journal)
    finally:
        journal.close()


def cancel_batch(batch: Batch) -> Ended:
    """Ask the vendor to end a batch, and return what came of it; the next build collects what it has brought."""
    endpoint = reach().endpoint(batch.model)
    journal = open_journal()
    try:
        return _with_http(partial(_cancel, journal, batch, endpoint))
    except Fault as fault:
        raise gave_up(fault, batch.model, endpoint, f" about batch {batch.remote or batch.name}", None) from fault
    finally:
        journal.close()


async def _cancel(journal: Journal, batch: Batch, endpoint: Endpoint, http: HttpTransport) -> Ended:
    protocol = protocol_of(http, endpoint)
    remote = batch.remote
    if remote is None:
        await look_for(journal, protocol, batch)
        remote = next((one.remote for one, _ in sent(journal) if one.name == batch.name), None)
        if remote is None:
            return "never arrived"
    try:
        standing = await protocol.standing(remote)
        if standing.state == "running":
            await protocol.cancel(remote)
            return "cancelled"
    except Fault as fault:
        if fault.status not in GONE:
            raise
        settle(journal, batch, (), is_billed=True)
        return "gone"
    return "had ended"


def through_batches(
    journal: Journal, asker: Asker, missing: Mapping[str, Request], spec: Spec, *, submit: bool
) -> None:
    """Let batches answer what they can: afterwards the journal holds every reply that came by one.

    Raises where questions wait; with `submit` those that nobody has asked are sent first, and questions to endpoints
    without batches are asked as always.
    """
    batches = Batches(journal, asker.rules, asker.count)
    if batches.pending(missing):
        batches.collect(missing)
    known = journal.known(tuple(missing))
    open_ = {key: one for key, one in missing.items() if key not in known}
    waiting_now = batches.pending(open_)
    if submit:
        others = batches.submit({key: one for key, one in open_.items() if key not in waiting_now})
        if others:
            asker.ask(tuple(others.values()))
        waiting_now = batches.pending(open_)
    if waiting_now:
        raise waits(waiting_now, len(missing), spec.path, batches.sent)


def waits(batches: Mapping[str, Batch], total: int, path: str, sent: Container[str]) -> BuildError:
    """Return what ends a build whose questions wait in batches, `sent` by this run; `total` is how many it asks."""
    problems = []
    for name in sorted({batch.name for batch in batches.values()}):
        batch = next(one for one in batches.values() if one.name == name)
        here = sum(one.name == name for one in batches.values())
        problems.append(
            Diagnostic(
                code="M160",
                severity="error",
                message=f"{_where(batch, here, total, is_sent=name in sent)} (`{batch.model}`)",
                path=path,
                notes=(Note(message=f"to wait no longer: evalspec tape batches --cancel {batch.remote}"),)
                if batch.remote is not None and name not in sent
                else (),
                hint=f"evalspec build {path}    later: it collects what has come; a batch takes up to a day",
                exit=Exit.FINDING,
            )
        )
    return BuildError(problems)


def _where(batch: Batch, here: int, total: int, *, is_sent: bool) -> str:
    if is_sent:
        return f"submitted {here} of {total} questions to {batch.endpoint} in batch {batch.remote}"
    return f"{here} of {total} questions wait in batch {batch.remote or 'without a number'} at {batch.endpoint}"


def _with_http(work: Callable[[HttpTransport], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run one exchange with connections of its own."""

    async def run() -> Answer:
        http = HttpTransport(jobs=CONNECTIONS)
        try:
            return await work(http)
        finally:
            await http.close()

    return asyncio.run(run())
