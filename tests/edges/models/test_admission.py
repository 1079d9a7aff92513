"""How many calls an endpoint is sent: the window alone, without sockets and without a clock."""

from __future__ import annotations

import pytest

from evalspec.edges.models.admission import FIRST_AT_ONCE, RAMP_SECONDS, Admission, Pace, clamped
from evalspec.edges.models.transport import FaultKind


def window(*, jobs: int = 32) -> Admission:
    return Admission(most=jobs, pace=Pace(backoff=1.0, longest_pause=120.0))


def rounds(one: Admission, count: int, *, begin: float = 0.0, refused: int = 0) -> float:
    """Answer so many rounds of a full window, a second each, but for some refusals in each; return the time."""
    now = begin
    for _ in range(count):
        width = one.width
        for at in range(width):
            if at < refused:
                one.failed("rate_limit", sent_at=now, now=now + 1.0, retry_after=5.0)
            else:
                one.answered(sent_at=now, now=now + 1.0)
        now += 1.0
    return now


def test_one_outage_halves_the_window_once_however_many_calls_hear_of_it() -> None:
    """Calls that were on their way when the window was halved say nothing new."""
    one = window()
    for at in range(8):
        one.failed("rate_limit", sent_at=0.0, now=1.0 + at / 10, retry_after=5.0)

    assert (one.at_once, one.failures) == (16.0, 1)
    assert not one.has_room(5.9) and one.has_room(6.8)  # the last pause that was asked for counts


def test_a_refusal_now_and_then_narrows_nothing_and_holds_nobody_back() -> None:
    """Three refused in each round of 64, 5 %, and failures beside them."""
    one = window(jobs=64)
    now = rounds(one, 20, refused=3)
    assert (one.width, one.resumes_at) == (64, 0.0)

    for at in range(20):
        one.failed("server", sent_at=now + at, now=now + at + 0.5)
        one.answered(sent_at=now + at, now=now + at + 0.6)
    assert (one.width, one.resumes_at) == (64, 0.0)


def test_an_eighth_of_a_round_refused_halves_the_window_and_makes_everybody_wait() -> None:
    """The eighth call of 64; the seven before held nobody else back."""
    one = window(jobs=64)
    for at in range(7):
        one.failed("rate_limit", sent_at=0.0, now=1.0 + at / 10, retry_after=5.0)
    assert one.has_room(1.7) and one.width == 64

    one.failed("rate_limit", sent_at=0.0, now=1.7, retry_after=5.0)
    assert one.width == 32
    assert not one.has_room(6.6) and one.has_room(6.7)


def test_the_window_doubles_up_to_the_last_good_width_and_grows_by_one_beyond() -> None:
    """A round of 32 was refused nothing, and then much of 33 is: 32 again after one round, and then by one a round."""
    one = window(jobs=64)
    one.at_once = one.knee = 32.0
    now = rounds(one, 1)
    assert 32.9 < one.at_once <= 33.0
    for _ in range(5):
        one.failed("rate_limit", sent_at=now, now=now + 0.5, retry_after=0.1)
    assert one.width == 16

    now = rounds(one, 1, begin=now + 1.0)
    assert one.width == 32
    now = rounds(one, 1, begin=now)
    before = one.at_once
    rounds(one, 1, begin=now)
    assert 0.9 < one.at_once - before <= 1.0


def test_a_width_that_is_refused_twice_is_not_doubled_to_again() -> None:
    """The second time, half of it is the knee."""
    one = window(jobs=64)
    rounds(one, 2)
    for now in (10.0, 20.0):
        one.at_once = 64.0
        for _ in range(8):
            one.failed("rate_limit", sent_at=now, now=now + 0.5, retry_after=0.1)
        knee, one.failures = one.knee, 0
    assert (one.width, knee) == (32, 32.0)


def test_an_endpoint_that_refuses_every_round_is_sent_one_call() -> None:
    """Half as many after each round, and never fewer than one."""
    one, widths = window(jobs=64), []
    for at in range(8):
        width = int(one.at_once)
        widths.append(width)
        for _ in range(width):
            one.failed("rate_limit", sent_at=float(at), now=at + 0.5, retry_after=0.1)
    assert widths == [64, 32, 16, 8, 4, 2, 1, 1]


def test_a_window_beyond_the_first_calls_opens_within_a_second_while_nothing_fails() -> None:
    """Replies may take long; an endpoint that refuses nothing for a while is sent twice as much."""
    one = window(jobs=1000)
    assert one.width == FIRST_AT_ONCE
    one.enter(0.0)
    one.leave()
    one.answered(sent_at=0.0, now=2.0)
    widths, now = [], 2.0
    while one.width < 1000:
        one.flying = one.width
        now = one.changes_at(now)
        one.widen(now)
        widths.append(one.width)
    assert widths == [130, 260, 520, 1000]
    assert now == 2.0 + 4 * RAMP_SECONDS

    other = window(jobs=1000)
    other.answered(sent_at=0.0, now=2.0)
    other.flying = other.width
    other.failed("server", sent_at=0.0, now=2.1)
    other.widen(10.0)
    assert other.width == FIRST_AT_ONCE + 1


def test_an_endpoint_that_fails_is_tried_with_one_call_until_it_is_back() -> None:
    """From the second failed round on a single call probes; a reply opens the window again, at half."""
    one = window()
    assert one.failed("server", sent_at=0.0, now=1.0) is False and one.width == 32
    assert one.failed("server", sent_at=1.0, now=2.0) is False and one.width == 1
    one.answered(sent_at=2.0, now=3.0)
    assert one.width == 16


@pytest.mark.parametrize(("kind", "rounds"), [("server", 6), ("rate_limit", 10), ("connect", 3), ("timeout", 2)])
def test_an_endpoint_is_given_up_after_rounds_without_a_reply(kind: FaultKind, rounds: int) -> None:
    """And not before; a reply between starts the count anew."""
    one = window()
    said = [one.failed(kind, sent_at=float(at), now=at + 0.5) for at in range(rounds)]
    assert said == [False] * (rounds - 1) + [True]
    one.answered(sent_at=99.0, now=100.0)
    assert one.failed(kind, sent_at=101.0, now=102.0) is False


@pytest.mark.parametrize(
    ("asked", "waited"), [(3.0, 3.0), (0.0, 0.0), (-1.0, 0.0), (1e9, 120.0), (float("nan"), 0.0), (float("inf"), 0.0)]
)
def test_a_pause_is_capped_whatever_a_server_asks_for(asked: float, waited: float) -> None:
    """Junk and centuries included."""
    assert clamped(asked, 120.0) == waited
