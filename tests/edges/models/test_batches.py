"""Batches over a real socket: sent once, collected later, at half the price, within the budget, through every crash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evalspec.batching import Batches
from evalspec.diagnostics import BuildError, Exit
from evalspec.edges.models.asking import Price, Rules, Way
from evalspec.edges.models.batches import chunks, multipart, rows_of
from evalspec.edges.models.count import Count
from evalspec.edges.models.giving_up import DOLLAR
from evalspec.edges.models.http import HttpTransport
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.prices import FREE, ListPrice
from evalspec.edges.models.transport import Endpoint
from evalspec.model.asking import Request
from evalspec.ports import request_key
from tests.batch_vendor import Vendor
from tests.model_server import Act, ModelServer, model_server

CENT = ListPrice(prompt=0.0, completion=1000.0, source="a test")  # ten tokens of a reply: a cent


def questions(*texts: str, **params: object) -> Mapping[str, Request]:
    asked = [
        Request(model="m/one", messages=(("system", "be"), ("user", text)), params={"max_tokens": 100, **params})
        for text in texts
    ]
    return {request_key(one): one for one in asked}


@contextmanager
def batches(
    folder: Path,
    server: ModelServer,
    *,
    speaks: str | None = "openai",
    cap: float | None = None,
    price: ListPrice = FREE,
) -> Iterator[tuple[Batches, Journal]]:
    """The batches of one build, over a journal that outlives it."""
    base = server.url.removesuffix("/v1") if speaks == "anthropic" else server.url
    endpoint = Endpoint(name="house", base_url=base, key="sk-test", model="one", batches=speaks)
    rules = Rules(
        plan="plan",
        jobs=4,
        cap=None if cap is None else int(cap * DOLLAR),
        way=lambda model: Way(transport=HttpTransport(jobs=1), endpoint=endpoint),
        price=Price(highest=price.highest, actual=price.actual),
    )
    journal = Journal(str(folder / "state"))
    try:
        yield Batches(journal, rules, Count()), journal
    finally:
        journal.close()


def texts(journal: Journal, asked: Mapping[str, Request]) -> dict[str, str]:
    """The replies in the journal, by question."""
    known = journal.known(tuple(asked))
    return {asked[key].messages[-1][1]: reply.text for key, reply in known.items()}


@pytest.mark.parametrize("speaks", ["openai", "anthropic"])
def test_sent_once_and_collected_by_a_later_build(tmp_path: Path, speaks: str) -> None:
    """Whatever the order of the answers; while it runs nothing is there, and afterwards nothing waits."""
    vendor, asked = Vendor(), questions("a", "b", "c")
    with model_server(vendor) as server:
        with batches(tmp_path, server, speaks=speaks) as (one, _):
            assert one.submit(asked) == {}
            assert len(one.pending(asked)) == 3
        with batches(tmp_path, server, speaks=speaks) as (one, journal):
            one.collect(asked)
            assert texts(journal, asked) == {} and len(one.pending(asked)) == 3
        vendor.ended = True
        with batches(tmp_path, server, speaks=speaks) as (one, journal):
            one.collect(asked)
            assert texts(journal, asked) == {"a": "re: a", "b": "re: b", "c": "re: c"}
            assert one.pending(asked) == {}

    assert len(vendor.batches) == 1


def test_openai_gets_what_its_protocol_asks_for(tmp_path: Path) -> None:
    """A file of requests by key, a batch over it, the key in every request's header and nowhere else."""
    vendor, asked = Vendor(), questions("a", seed=7)
    with model_server(vendor) as server, batches(tmp_path, server) as (one, _):
        one.submit(asked)

    (key,) = asked
    assert json.loads(vendor.files["file-0"]) == {
        "custom_id": key,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "one",
            "messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "a"}],
            "max_tokens": 100,
            "seed": 7,
        },
    }
    batch = vendor.batches["batch-0"]
    assert (batch["endpoint"], batch["completion_window"]) == ("/v1/chat/completions", "24h")
    assert all(sent.headers["Authorization"] == "Bearer sk-test" for sent in server.asked)
    assert all(b"sk-test" not in sent.raw for sent in server.asked)


def test_anthropic_gets_what_its_protocol_asks_for(tmp_path: Path) -> None:
    """The system prompt apart, the version and the key in their headers."""
    vendor, asked = Vendor(), questions("a", top_k=4)
    with model_server(vendor) as server, batches(tmp_path, server, speaks="anthropic") as (one, _):
        one.submit(asked)

    (sent,) = server.asked
    assert (sent.path, sent.headers["x-api-key"]) == ("/v1/messages/batches", "sk-test")
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.body["requests"][0]["params"] == {
        "model": "one",
        "system": "be",
        "messages": [{"role": "user", "content": "a"}],
        "max_tokens": 100,
        "top_k": 4,
    }


def test_half_the_price_is_reserved_and_paid(tmp_path: Path) -> None:
    """Reserved while it waits, at the most it can cost; then what it did cost."""
    vendor, asked = Vendor(), questions("a", "b")
    with model_server(vendor) as server, batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
        one.submit(asked)
        assert journal.spent("plan") == 2 * 50_000
        vendor.ended = True
        one.collect(asked)
        assert journal.spent("plan") == 2 * 5_000


def test_the_budget_holds_what_is_sent(tmp_path: Path) -> None:
    """What does not fit stays; when nothing fits, the build ends with exit 7."""
    vendor, asked = Vendor(), questions(*map(str, range(10)))
    with model_server(vendor) as server, batches(tmp_path, server, cap=0.17, price=CENT) as (one, journal):
        one.submit(asked)
        waiting = one.pending(asked)
        assert (len(waiting), journal.spent("plan")) == (3, 150_000)
        with pytest.raises(BuildError) as stopped:
            one.submit({key: request for key, request in asked.items() if key not in waiting})

    assert (stopped.value.diagnostics[0].code, stopped.value.exit) == ("M320", Exit.BUDGET)
    assert len(vendor.batches) == 1


@pytest.mark.parametrize(
    "line",
    [
        {"response": None, "error": {"code": "batch_expired", "message": "late"}},
        {"response": {"status_code": 500, "body": {"error": {"message": "oops"}}}},
        {"response": {"status_code": 200, "body": {"choices": 3}}},
    ],
)
def test_only_what_was_not_answered_is_sent_again(tmp_path: Path, line: dict[str, Any]) -> None:
    """Expired, failed and garbled questions, and those without a line, are free to be asked; the others are kept."""
    vendor, asked = Vendor(ended=True, status="expired"), questions("a", "b", "c")
    vendor.answers["b"] = line
    vendor.left_out.add("c")
    with model_server(vendor) as server, batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
        one.submit(asked)
        one.collect(asked)
        assert texts(journal, asked) == {"a": "re: a"}
        assert journal.spent("plan") == 5_000
        vendor.answers.clear()
        vendor.left_out.clear()
        one.submit({key: request for key, request in asked.items() if request.messages[-1][1] != "a"})
        one.collect(asked)
        assert len(texts(journal, asked)) == 3

    assert [len(file.splitlines()) for file in vendor.files.values()] == [3, 2]


@pytest.mark.parametrize(
    ("speaks", "line"),
    [
        ("openai", {"response": {"status_code": 400, "body": {"error": {"message": "too long"}}}}),
        (
            "anthropic",
            {
                "result": {
                    "type": "errored",
                    "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}},
                }
            },
        ),
    ],
)
def test_a_question_that_cannot_be_asked_ends_the_build(tmp_path: Path, speaks: str, line: dict[str, Any]) -> None:
    """It would fail for ever; what came beside it is kept."""
    vendor, asked = Vendor(ended=True), questions("a", "b")
    vendor.answers["b"] = line
    with model_server(vendor) as server, batches(tmp_path, server, speaks=speaks) as (one, journal):
        one.submit(asked)
        with pytest.raises(BuildError) as stopped:
            one.collect(asked)
        assert texts(journal, asked) == {"a": "re: a"}

    problem = stopped.value.diagnostics[0]
    assert (problem.code, stopped.value.exit) == ("M318", Exit.PROVIDER) and "too long" in problem.message


@pytest.mark.parametrize("result", [{"type": "expired"}, {"type": "canceled"}])
def test_anthropics_expired_questions_are_free_again(tmp_path: Path, result: dict[str, str]) -> None:
    """They are not billed."""
    vendor, asked = Vendor(ended=True), questions("a", "b")
    vendor.answers["b"] = {"result": result}
    with model_server(vendor) as server, batches(tmp_path, server, speaks="anthropic", cap=1, price=CENT) as found:
        one, journal = found
        one.submit(asked)
        one.collect(asked)
        assert texts(journal, asked) == {"a": "re: a"} and one.pending(asked) == {}
        assert journal.spent("plan") == 5_000


def test_a_batch_that_is_refused_says_why_and_costs_nothing(tmp_path: Path) -> None:
    """Its questions are free again."""
    vendor, asked = Vendor(), questions("a")
    vendor.fails["batches/"] = Act(body='{"status": "failed", "errors": {"data": [{"message": "quota of files"}]}}')
    with model_server(vendor) as server, batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
        one.submit(asked)
        with pytest.raises(BuildError, match="quota of files"):
            one.collect(asked)
        assert journal.spent("plan") == 0 and one.pending(asked) == {}


def test_a_refused_upload_leaves_nothing_behind(tmp_path: Path) -> None:
    """Exit 6 with the endpoint's words, nothing reserved, nothing waiting."""
    vendor, asked = Vendor(), questions("a")
    vendor.fails["files"] = Act(status=401, body='{"error": {"message": "no such key"}}')
    with model_server(vendor) as server, batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
        with pytest.raises(BuildError) as stopped:
            one.submit(asked)
        assert journal.spent("plan") == 0 and one.pending(asked) == {}

    assert (stopped.value.diagnostics[0].code, stopped.value.exit) == ("M315", Exit.PROVIDER)


@pytest.mark.parametrize(("speaks", "path"), [("openai", "batches/"), ("openai", "files/"), ("anthropic", "messages/")])
def test_a_batch_that_is_gone_counts_as_billed(tmp_path: Path, speaks: str, path: str) -> None:
    """Vendors keep answers for a month: a later build is not stuck, and the budget knows what was paid."""
    vendor, asked = Vendor(ended=True), questions("a")
    with model_server(vendor) as server, batches(tmp_path, server, speaks=speaks, cap=1.0, price=CENT) as found:
        one, journal = found
        one.submit(asked)
        vendor.fails[path] = Act(status=404, body="{}")
        one.collect(asked)
        assert journal.spent("plan") == 50_000 and one.pending(asked) == {}


def test_a_vendor_that_is_down_leaves_a_batch_as_it_is(tmp_path: Path) -> None:
    """Exit 6; the next build asks about it again."""
    vendor, asked = Vendor(ended=True), questions("a")
    with model_server(vendor) as server, batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
        one.submit(asked)
        vendor.fails["batches/"] = Act(status=503, body="{}")
        with pytest.raises(BuildError) as stopped:
            one.collect(asked)
        assert stopped.value.exit == Exit.PROVIDER and len(one.pending(asked)) == 1
        vendor.fails.clear()
        one.collect(asked)
        assert texts(journal, asked) == {"a": "re: a"}


def lost(tmp_path: Path, server: ModelServer, vendor: Vendor, asked: Mapping[str, Request], speaks: str) -> None:
    """Send a batch whose number never arrives: the connection breaks behind it."""
    with batches(tmp_path, server, speaks=speaks, cap=1.0, price=CENT) as (one, journal):
        with pytest.raises(BuildError):
            one.submit(asked)
        assert journal.spent("plan") == 50_000 and len(one.pending(asked)) == 1
    vendor.fails.clear()


def test_a_batch_without_a_number_is_found_again(tmp_path: Path) -> None:
    """By the name that it carries; it is not sent twice."""
    vendor, asked = Vendor(ended=True), questions("a")
    vendor.fails["batches"] = Act(body="{}", cut=1)
    with model_server(vendor) as server:
        lost(tmp_path, server, vendor, asked, "openai")
        sent = next(one.body for one in server.asked if one.path == "/v1/batches")
        vendor.batches["batch-9"] = dict(sent)
        with batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
            one.collect(asked)
            assert {batch.remote for batch in one.pending(asked).values()} == {"batch-9"}
            one.collect(asked)
            assert texts(journal, asked) == {"a": "re: a"}


def test_a_batch_that_never_arrived_is_free_again(tmp_path: Path) -> None:
    """The vendor does not know it, so nothing was paid."""
    vendor, asked = Vendor(), questions("a")
    vendor.fails["batches"] = Act(body="{}", cut=1)
    with model_server(vendor) as server:
        lost(tmp_path, server, vendor, asked, "openai")
        with batches(tmp_path, server, cap=1.0, price=CENT) as (one, journal):
            one.collect(asked)
            assert journal.spent("plan") == 0 and one.pending(asked) == {}


def test_a_batch_that_nobody_can_find_counts_as_billed(tmp_path: Path) -> None:
    """Anthropic keeps no name of ours: the questions are free to be asked, and the budget counts both."""
    vendor, asked = Vendor(), questions("a")
    vendor.fails["messages"] = Act(body="{}", cut=1)
    with model_server(vendor) as server:
        lost(tmp_path, server, vendor, asked, "anthropic")
        with batches(tmp_path, server, speaks="anthropic", cap=1.0, price=CENT) as (one, journal):
            one.collect(asked)
            assert journal.spent("plan") == 50_000 and one.pending(asked) == {}


def test_an_endpoint_without_batches_is_left_to_the_asker(tmp_path: Path) -> None:
    """Its questions come back, and nothing is sent."""
    asked = questions("a")
    with model_server(Vendor()) as server, batches(tmp_path, server, speaks=None) as (one, _):
        assert one.submit(asked) == asked
    assert not server.asked


def test_batches_are_cut_to_what_a_vendor_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By count; every question is in one of them."""
    monkeypatch.setattr("evalspec.edges.models.batches.MAX_QUESTIONS", 2)
    asked = questions("a", "b", "c")
    parts = list(chunks(asked))
    assert [len(part) for part in parts] == [2, 1]
    assert {key for part in parts for key in part} == set(asked)


def test_lines_that_are_no_result_are_left_out() -> None:
    """Half a line, another shape, and bytes that are no UTF-8."""
    raw = b'{"custom_id": "a"}\n\n{"custom_id": 3}\n[1]\n{"custom_\n\xff\n'
    assert [key for key, _, _ in rows_of(raw)] == ["a"]


def test_a_form_is_one_that_servers_read() -> None:
    """Purpose and file, each behind its edge."""
    kind, body = multipart("n1", "line\n")
    edge = kind.removeprefix("multipart/form-data; boundary=").encode()
    assert body.count(b"--" + edge) == 3 and body.endswith(b"--" + edge + b"--\r\n")
    assert b'name="purpose"\r\n\r\nbatch\r\n' in body and b"\r\n\r\nline\n\r\n" in body
