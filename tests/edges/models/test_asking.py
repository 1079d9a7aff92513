"""The loop that asks, over a real socket: nothing asked twice, nothing paid for lost, never past the budget."""

from __future__ import annotations

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
from evalspec.model.asking import Request


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
