"""The loop that asks, over a real socket: nothing asked twice, nothing paid for lost, never past the budget."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from model_server import Act, Asked, ModelServer, Script, model_server

from evalspec.diagnostics import BuildError
from evalspec.edges.models.asking import DOLLAR, Asker, Price, Rules, Way
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.prices import FREE, ListPrice
from evalspec.edges.models.transport import Endpoint
from evalspec.model.asking import Reply, Request
from evalspec.ports import request_key


def question(text: str, *, ordinal: int = 0) -> Request:
    return Request(model="house/one", messages=(("user", text),), params={"max_tokens": 100}, ordinal=ordinal)


@contextmanager
def asker(
    folder: Path, server: ModelServer, *, cap: float | None = None, price: ListPrice = FREE, jobs: int = 8
) -> Iterator[Asker]:
    transport = HttpTransport(jobs=jobs)
    endpoint = Endpoint(name="house", base_url=server.url, key="sk-test", model="one")
    rules = Rules(
        plan="plan",
        jobs=jobs,
        cap=None if cap is None else int(cap * DOLLAR),
        way=lambda model: Way(transport=transport, endpoint=endpoint),
        price=Price(highest=price.highest, actual=price.actual),
    )
    journal = Journal(str(folder / "state"))
    found = Asker(journal, {}, rules, lambda count: None)
    try:
        yield found
    finally:
        found.close()
        journal.close()


def echo(asked: Asked) -> Act:
    return Act(text=f"re: {asked.text}")


def test_replies_come_in_the_order_of_the_questions(tmp_path: Path) -> None:
    """Whatever the order of arrival."""

    def slow_first(asked: Asked) -> Act:
        return Act(text=asked.text, delay=0.2 if asked.text == "0" else 0.0)

    with model_server(slow_first) as server, asker(tmp_path, server) as one:
        replies = one.ask([question(str(at)) for at in range(20)])

    assert [reply.text for reply in replies] == [str(at) for at in range(20)]


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    """Neither in one build nor by the next one; equal questions with another ordinal are two questions."""
    with model_server(echo) as server:
        with asker(tmp_path, server) as one:
            one.ask([question("a"), question("a"), question("a", ordinal=1)])
            one.ask([question("a"), question("b")])
        with asker(tmp_path, server) as again:
            again.ask([question("a"), question("b"), question("a", ordinal=1)])

    assert sorted(server.texts) == ["a", "a", "b"]


def test_the_budget_is_never_passed(tmp_path: Path) -> None:
    """What a question may cost at most is reserved before it is sent; what it did cost is counted after."""
    price = ListPrice(prompt=0.0, completion=1000.0, source="a test")  # 10 tokens of a reply: a cent

    with (
        model_server(echo) as server,
        asker(tmp_path, server, cap=0.5, price=price) as one,
        pytest.raises(BuildError) as stopped,
    ):
        one.ask([question(str(at)) for at in range(100)])

    assert [problem.code for problem in stopped.value.diagnostics] == ["M320"]
    assert one.count.spent == len(server.asked) * 10_000 <= 500_000
    assert len(server.asked) == 41  # the next may cost ten cents, and 41 cents are spent


def test_a_budget_below_a_cent_is_said_as_it_was_given(tmp_path: Path) -> None:
    """Rounded, it would look as if there were room."""
    price = ListPrice(prompt=0.0, completion=1.0, source="a test")
    with (
        model_server(echo) as server,
        asker(tmp_path, server, cap=0.00015, price=price) as one,
        pytest.raises(BuildError, match=r"the budget of \$0\.00015 is used"),
    ):
        one.ask([question(str(at)) for at in range(10)])


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (lambda asked: Act(status=401, body='{"error": {"message": "no such key"}}'), "M315"),
        (lambda asked: Act(status=404, body="{}"), "M317"),
        (lambda asked: Act(status=429, body='{"error": {"code": "insufficient_quota"}}'), "M316"),
        (lambda asked: Act(status=422, body="{}"), "M318"),
    ],
)
def test_what_cannot_succeed_is_not_tried_again(tmp_path: Path, script: Script, code: str) -> None:
    """One call, one named reason."""
    with model_server(script) as server, asker(tmp_path, server) as one, pytest.raises(BuildError) as stopped:
        one.ask([question("a")])

    assert [problem.code for problem in stopped.value.diagnostics] == [code]
    assert len(server.asked) == 1


def once(act: Act) -> Callable[[Asked], Act]:
    """Misbehave at the first request, answer all others."""
    return lambda asked: act if asked.number == 1 else echo(asked)


@pytest.mark.parametrize(
    "act",
    [
        Act(status=429, body="{}", headers={"Retry-After": "0"}),
        Act(status=503, body="busy"),
        Act(text="half of it", cut=20),
        Act(status=200, body="<html>sign in</html>"),
        Act(status=200, body='{"choices": 3}'),
    ],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, act: Act) -> None:
    """A stop, a failure, a cut and a gateway's page each cost one more call, and no reply."""
    with model_server(once(act)) as server, asker(tmp_path, server) as one:
        (reply,) = one.ask([question("a")])

    assert reply.text == "re: a"
    assert len(server.asked) == 2


def test_a_refusal_now_and_then_holds_nobody_else_back(tmp_path: Path) -> None:
    """Each question of three is refused once and told to come in half a second; all others go on meanwhile."""
    refused: set[str] = set()

    def script(asked: Asked) -> Act:
        if int(asked.text) % 20 == 3 and asked.text not in refused:
            refused.add(asked.text)
            return Act(status=429, body="{}", headers={"Retry-After": "0.5"})
        return echo(asked)

    with model_server(script) as server, asker(tmp_path, server) as one:
        replies = one.ask([question(str(at)) for at in range(60)])

    assert [reply.text for reply in replies] == [f"re: {at}" for at in range(60)]
    assert server.texts[-3:] == ["3", "23", "43"]
    assert len(server.asked) == 63


def test_an_endpoint_that_takes_few_at_once_is_learned(tmp_path: Path) -> None:
    """It takes six and is asked by 32: everything is answered, and what it refused stays a small part."""

    def script(asked: Asked) -> Act:
        if asked.open > 6:
            return Act(status=429, body="{}", headers={"Retry-After": "0.01"})
        return Act(text=f"re: {asked.text}", delay=0.01)

    with model_server(script) as server, asker(tmp_path, server, jobs=32) as one:
        replies = one.ask([question(str(at)) for at in range(300)])

    assert [reply.text for reply in replies] == [f"re: {at}" for at in range(300)]
    assert len(server.asked) - 300 == one.count.retried
    assert one.count.retried < 150


def test_two_models_of_one_endpoint_are_tried_alone_each(tmp_path: Path) -> None:
    """The first question to each goes out; the rest of a model waits for its first reply."""

    def slow(asked: Asked) -> Act:
        return Act(text=asked.text, delay=0.1)

    names = ("house/one", "house/two") * 3
    questions = [
        Request(model=name, messages=(("user", f"{name} {at // 2}"),), params={"max_tokens": 9})
        for at, name in enumerate(names)
    ]
    with model_server(slow) as server, asker(tmp_path, server) as one:
        replies = one.ask(questions)

    assert [reply.text for reply in replies] == [one.messages[0][1] for one in questions]
    assert sorted(asked.text for asked in server.asked[:2]) == ["house/one 0", "house/two 0"]
    assert [asked.open for asked in server.asked[:2]] == [1, 2]
    assert server.asked[2].at - server.asked[0].at >= 0.1


def test_questions_of_another_process_are_waited_for(tmp_path: Path) -> None:
    """What somebody else is asking is not sent; what came of it is used, and what they left is asked."""
    theirs, left = question("theirs"), question("left")
    other = Journal(str(tmp_path / "state"))

    async def claims() -> None:
        for one in (theirs, left):
            await other.claim(request_key(one), "plan", price=0, cap=None)

    async def answers() -> None:
        await other.settle(request_key(theirs), "plan", Reply(text="from them", served="x"), "{}", price=0)

    asyncio.run(claims())

    def later() -> None:
        time.sleep(0.3)
        asyncio.run(answers())
        other.close()

    thread = threading.Thread(target=later)
    with model_server(echo) as server, asker(tmp_path, server) as one:
        thread.start()
        replies = one.ask([theirs, left])
        thread.join()

    assert [reply.text for reply in replies] == ["from them", "re: left"]
    assert server.texts == ["left"]
