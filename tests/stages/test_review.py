"""What people decided, held against candidates: places, queue, draws of what must be decided, and survival.

The fixture has twelve candidates' worth of decisions. Decided by hand from the rules of the ledger:

    case                          lines                                               comes to
    prompted.delay.01             ann keep                                            kept
    prompted.delay.02             ann keep, bob drop, cat fix over both               fixed
    prompted.delay.03             ann drop, bob drop (other reason)                   dropped
    prompted.outside.01           ann keep of an earlier text                         stale
    prompted.outside.02           ann keep, bob drop                                  disputed
    prompted.outside.03           ann keep of an earlier text, ann drop               dropped
    persona.delay.01              ann keep, later bob retire                          retired
    persona.outside.01            ann fix, bob the same fix                           fixed
    mutation.typo.aaaaaaaaaaaa.1  ann keep                                            kept
    mutation.typo.aaaaaaaaaaaa.2  nobody                                              pending
    seed.0a1b2c3d4e5f             ann drop                                            dropped (its pool alone)
    prompted.gone.01              ann keep, no such candidate                         ignored

    slice      level      kept  fixed  dropped  decided  retired   Wilson, 95 %
    (whole)                  2      2        2        6        1   0.3000 .. 0.9032
    pool       mutation      1      0        0        1        0   0.2065 .. 1
    pool       persona       0      1        0        1        1   0.2065 .. 1
    pool       prompted      1      1        2        4        0   0.1500 .. 0.8500
    pool       seed          0      0        1        1        0   0 .. 0.7935
    persona    retiree       0      1        0        1        1   0.2065 .. 1
    operator   typo          1      0        0        1        0   0.2065 .. 1
    policy     delay         2      1        1        4        1   0.3006 .. 0.9544
    policy     outside       0      1        1        2        0   0.0945 .. 0.9055

Wilson by hand for 4 of 6: (4/6 + z2/12 +- z sqrt(4/6 * 2/6 / 6 + z2/144)) / (1 + z2/6), z2 = 3.8415.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.model.case import Candidate, Drop, Lineage, ReviewMark
from evalspec.model.ledger import Decision, Ledger, LedgerView, Queued
from evalspec.model.source import SourceFile
from evalspec.model.spec import Axis, Level, Mix, Part, ReviewRule, Spec, Task
from evalspec.stages.content import content_digest
from evalspec.stages.ledger import consult, line_digest, line_text, read_ledger
from evalspec.stages.review import picked_first, required_share, review, settle, survival, votes_needed

LABELS = ("deny", "escalate", "refund")
SPEC = Spec(
    name="s",
    path="s.yaml",
    folder=".",
    task=Task(expected=(Part(name="expected", values=LABELS),), short_expected=True),
    axes=(Axis(name="policy", levels=(Level(name="delay"), Level(name="outside"))),),
    review=ReviewRule(
        require=(("mutation", 1.0), ("persona", 1.0), ("prompted", 1.0), ("seed", 0.0)),
        overlap=0.0,
    ),
    mix=Mix(size=1, counts=(("prompted", 1),)),
)
EARLIER = "0" * 32


def candidate(case: str, policy: str | None = None, **fields: object) -> Candidate:
    """A candidate whose pool, cell and operator follow from its id; `policy` is a column of a child's parent."""
    pool, second = case.split(".")[:2]
    cell = {"policy": second} if pool in ("prompted", "persona") else {}
    lineage = Lineage(
        pool=pool,
        cell=cell,
        persona="retiree" if pool == "persona" else None,
        operator=second if pool == "mutation" else None,
        parents=("seed.aaaaaaaaaaaa",) if pool == "mutation" else (),
    )
    given: dict[str, object] = {
        "id": case,
        "pool": pool,
        "technique": pool,
        "stratum": second,
        "input": f"text of {case}",
        "provenance": "x",
        "track": "happy",
        "language": "en",
        "expected": "refund",
        "expected_by": "inherited:seed.aaaaaaaaaaaa" if pool == "mutation" else "rule:delay",
        "lineage": lineage,
        "metadata": {"policy": policy} if policy else {},
    }
    return Candidate(**(given | fields))  # type: ignore[arg-type]


MADE = {
    one.id: one
    for one in (
        candidate("prompted.delay.01"),
        candidate("prompted.delay.02"),
        candidate("prompted.delay.03"),
        candidate("prompted.outside.01"),
        candidate("prompted.outside.02"),
        candidate("prompted.outside.03"),
        candidate("persona.delay.01"),
        candidate("persona.outside.01"),
        candidate("mutation.typo.aaaaaaaaaaaa.1", "delay"),
        candidate("mutation.typo.aaaaaaaaaaaa.2", "delay"),
        candidate("seed.0a1b2c3d4e5f", "delay"),
    )
}


def say(case: str, reviewer: str, verdict: str, date: str = "2026-03-01", **fields: object) -> Decision:
    """One decision about a candidate as it was made."""
    if verdict in ("drop", "retire"):
        fields = {"reason": "unnatural"} | fields
    given = {"digest": content_digest(MADE[case]) if case in MADE else EARLIER} | fields
    made = Decision(case=case, reviewer=reviewer, verdict=verdict, date=date, **given)  # type: ignore[arg-type]
    return replace(made, line_digest=line_digest(made))


_KEPT, _DOUBTED = say("prompted.delay.02", "ann", "keep"), say("prompted.delay.02", "bob", "drop", blind=True)
LINES = (
    say("prompted.delay.01", "ann", "keep"),
    _KEPT,
    _DOUBTED,
    say(
        "prompted.delay.02",
        "cat",
        "fix",
        input="my parcel is late",
        supersedes=(_KEPT.line_digest, _DOUBTED.line_digest),
    ),
    say("prompted.delay.03", "ann", "drop"),
    say("prompted.delay.03", "bob", "drop", reason="off_topic", date="2026-03-02"),
    say("prompted.outside.01", "ann", "keep", digest=EARLIER),
    say("prompted.outside.02", "ann", "keep"),
    say("prompted.outside.02", "bob", "drop"),
    say("prompted.outside.03", "ann", "keep", digest=EARLIER),
    say("prompted.outside.03", "ann", "drop", reason="wrong_label"),
    say("persona.delay.01", "ann", "keep"),
    say("persona.delay.01", "bob", "retire", date="2026-09-01", reason="all_pass"),
    say("persona.outside.01", "ann", "fix", expected="deny"),
    say("persona.outside.01", "bob", "fix", expected="deny", blind=True),
    say("mutation.typo.aaaaaaaaaaaa.1", "ann", "keep"),
    say("seed.0a1b2c3d4e5f", "ann", "drop", reason="wrong_label"),
    say("prompted.gone.01", "ann", "keep"),
)


def view_of(*lines: Decision, made: tuple[Candidate, ...] = tuple(MADE.values()), spec: Spec = SPEC) -> LedgerView:
    """The lines written to one file a reviewer, read back, and held against the candidates."""
    files = [
        SourceFile(path=f"s/ledger/{who}.jsonl", text="\n".join(line_text(one) for one in lines if one.reviewer == who))
        for who in sorted({one.reviewer for one in lines})
    ]
    return consult(read_ledger(files), made, spec)


VIEW = view_of(*LINES)


def test_survival_is_the_table_computed_by_hand() -> None:
    """Each decided candidate counts once, by the adjudicated verdict; stale, disputed and gone ones do not."""
    found = [
        (one.slice, one.level, one.kept, one.fixed, one.dropped, one.decided, one.retired, *one.interval)
        for one in survival(VIEW, SPEC)
        if one.interval
    ]

    expected = [
        ("", "", 2, 2, 2, 6, 1, 0.3000, 0.9032),
        ("pool", "mutation", 1, 0, 0, 1, 0, 0.2065, 1.0),
        ("pool", "persona", 0, 1, 0, 1, 1, 0.2065, 1.0),
        ("pool", "prompted", 1, 1, 2, 4, 0, 0.1500, 0.8500),
        ("pool", "seed", 0, 0, 1, 1, 0, 0.0, 0.7935),
        ("persona", "retiree", 0, 1, 0, 1, 1, 0.2065, 1.0),
        ("operator", "typo", 1, 0, 0, 1, 0, 0.2065, 1.0),
        ("policy", "delay", 2, 1, 1, 4, 1, 0.3006, 0.9544),
        ("policy", "outside", 0, 1, 1, 2, 0, 0.0945, 0.9055),
    ]
    assert [row[:7] for row in found] == [row[:7] for row in expected]
    for row, wanted in zip(found, expected, strict=True):
        assert row[7:] == pytest.approx(wanted[7:], abs=5e-5)
    assert survival(VIEW, SPEC)[0].rate == 4 / 6


def test_a_slice_with_retired_cases_alone_has_no_interval() -> None:
    """Retirement is no verdict on how a case was written, so there is no rate to bound."""
    (whole, *_) = survival(view_of(say("persona.delay.01", "bob", "retire")), SPEC)

    assert (whole.decided, whole.retired, whole.interval, whole.rate) == (0, 1, None, 0.0)


def test_every_candidate_is_in_exactly_one_place() -> None:
    """Approved, pending, stale, disputed, dropped and retired part the candidates; fixes are in the approved ones."""
    found = review(tuple(MADE.values()), VIEW, SPEC)

    assert [one.id for one in found.approved] == [
        "prompted.delay.01",
        "prompted.delay.02",
        "persona.outside.01",
        "mutation.typo.aaaaaaaaaaaa.1",
    ]
    assert [one.id for one in found.pending] == ["mutation.typo.aaaaaaaaaaaa.2"]
    assert [one.id for one in found.stale] == ["prompted.outside.01"]
    assert [one.id for one in found.disputed] == ["prompted.outside.02"]
    assert [one.id for one in found.dropped] == ["prompted.delay.03", "prompted.outside.03", "seed.0a1b2c3d4e5f"]
    assert found.retired == ("persona.delay.01",)
    assert found.ignored == 1
    assert (found.approved[1].input, found.approved[1].edited) == ("my parcel is late", True)
    assert (found.approved[2].expected, found.approved[2].expected_by) == ("deny", "verified:ann")


def test_the_lock_is_told_who_decided() -> None:
    """An approved case carries its verdict, who stands behind it, and how many judged it."""
    assert dict(review(tuple(MADE.values()), VIEW, SPEC).marks) == {
        "prompted.delay.01": ReviewMark(verdict="keep", by=("ann",), votes=1),
        "prompted.delay.02": ReviewMark(verdict="fix", by=("cat",), votes=3),
        "persona.outside.01": ReviewMark(verdict="fix", by=("ann", "bob"), votes=2),
        "mutation.typo.aaaaaaaaaaaa.1": ReviewMark(verdict="keep", by=("ann",), votes=1),
    }


def test_settling_comes_before_the_screens_and_can_be_done_twice() -> None:
    """Dropped and retired candidates leave with their reason, fixes are in, and settling again changes nothing."""
    once = settle(MADE.values(), VIEW)

    assert once.drops[0] == Drop(
        id="prompted.delay.03",
        stage="review",
        reason="unnatural",
        pool="prompted",
        stratum="delay",
        detail="ann, bob",
    )
    assert settle(once.candidates, VIEW).candidates == once.candidates
    assert review(once.candidates, VIEW, SPEC).approved == review(tuple(MADE.values()), VIEW, SPEC).approved


def test_the_queue_settles_disputes_first_and_shows_what_would_be_in_the_set_before_the_rest() -> None:
    """Disputed, stale, then never read; what the mix picked comes before what it did not."""
    queue = review(tuple(MADE.values()), VIEW, SPEC).queue

    assert [(one.case, one.why, one.votes, one.needed) for one in queue] == [
        ("prompted.outside.02", "disputed", 2, 1),
        ("prompted.outside.01", "stale", 0, 1),
        ("mutation.typo.aaaaaaaaaaaa.2", "first", 0, 1),
    ]
    assert [one.case for one in picked_first(queue, {"mutation.typo.aaaaaaaaaaaa.2"})] == [
        "mutation.typo.aaaaaaaaaaaa.2",
        "prompted.outside.02",
        "prompted.outside.01",
    ]


TWICE = replace(SPEC, review=replace(SPEC.review, overlap=1.0))


@pytest.mark.parametrize(
    ("lines", "place", "why"),
    [
        ((), "pending", "first"),
        ((say("prompted.delay.01", "ann", "keep"),), "pending", "second"),
        ((say("prompted.delay.01", "ann", "keep"), say("prompted.delay.01", "bob", "keep")), "pending", "second"),
        (
            (say("prompted.delay.01", "ann", "keep"), say("prompted.delay.01", "bob", "keep", blind=True)),
            "approved",
            None,
        ),
        ((say("prompted.delay.01", "ann", "keep"), say("prompted.delay.01", "bob", "drop")), "disputed", "disputed"),
        ((say("prompted.delay.01", "ann", "drop"),), "dropped", "second"),
    ],
)
def test_a_case_that_takes_two_readers(lines: tuple[Decision, ...], place: str, why: str | None) -> None:
    """Two readers, one of them blind; one person's drop holds at once, and is still read again."""
    made = (MADE["prompted.delay.01"],)

    found = review(made, view_of(*lines, made=made, spec=TWICE), TWICE)

    assert [name for name in ("approved", "pending", "stale", "disputed", "dropped") if getattr(found, name)] == [place]
    assert [(one.why, one.needed) for one in found.queue] == ([(why, 2)] if why else [])
    assert dict(found.needed) == ({} if place == "dropped" else {"prompted.delay.01": 2})


def test_a_high_stakes_label_is_always_read_twice_where_people_must_decide() -> None:
    """The label decides, whatever the overlap; a fix that raises the stakes asks for a second reader too."""
    part = Part(name="expected", values=LABELS, high_stakes=("deny",))
    spec = replace(SPEC, task=replace(SPEC.task, expected=(part,)))
    risky, safe = candidate("prompted.delay.01", expected="deny"), candidate("prompted.delay.02")
    raised = say("prompted.delay.02", "ann", "fix", expected="deny")
    sampled = replace(spec, review=replace(spec.review, require=(("prompted", 0.0),)))

    assert [votes_needed(one, spec) for one in (risky, safe)] == [2, 1]
    assert [votes_needed(one, sampled) for one in (risky, safe)] == [0, 0]
    found = review((safe,), view_of(raised, made=(safe,), spec=spec), spec)
    assert [(one.why, one.needed) for one in found.queue] == [("second", 2)]
    named = replace(SPEC, task=Task(expected=(replace(part, name="decision"),)))
    assert votes_needed(candidate("prompted.delay.01", expected={"decision": "deny"}), named) == 2


def test_pools_without_a_stated_share_are_read_by_how_they_came_to_be() -> None:
    """What a model wrote and what changes a label is read whole, an inherited label is sampled, a source is trusted."""
    silent = replace(SPEC, review=ReviewRule())
    mutation = MADE["mutation.typo.aaaaaaaaaaaa.1"]

    assert required_share(MADE["prompted.delay.01"], silent) == 1.0
    assert required_share(mutation, silent) == 0.1
    assert required_share(replace(mutation, expected_by="relation:cross_boundary"), silent) == 1.0
    assert required_share(MADE["seed.0a1b2c3d4e5f"], silent) == 0.0
    assert required_share(mutation, SPEC) == 1.0


def _drawn(share: float, overlap: float = 0.0, ids: range = range(2000), root: int = 0) -> dict[str, int]:
    spec = replace(SPEC, random_state=root, review=ReviewRule(require=(("prompted", share),), overlap=overlap))
    return {case: votes_needed(candidate(case), spec) for case in (f"prompted.delay.{at}" for at in ids)}


def test_the_draw_follows_the_share_and_the_overlap() -> None:
    """Over 2,000 slots the drawn shares are within four standard errors of what the spec says."""
    drawn = list(_drawn(0.3, 0.2).values())

    assert sum(one > 0 for one in drawn) == pytest.approx(600, abs=4 * (2000 * 0.3 * 0.7) ** 0.5)
    assert sum(one == 2 for one in drawn) == pytest.approx(120, abs=4 * (600 * 0.2 * 0.8) ** 0.5)
    assert set(_drawn(1.0).values()) == {1}
    assert set(_drawn(0.0, 1.0).values()) == {0}
    assert _drawn(0.3) != _drawn(0.3, root=1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_share_keeps_what_a_lower_one_drew(one: float, other: float) -> None:
    """Raising a share asks for more decisions and never for other ones."""
    low, high = sorted((one, other))
    few, many = _drawn(low, ids=range(30)), _drawn(high, ids=range(30))

    assert {case for case, votes in few.items() if votes} <= {case for case, votes in many.items() if votes}


@given(st.permutations(LINES), st.permutations(tuple(MADE.values())))
def test_the_order_of_lines_and_rows_decides_nothing(lines: list[Decision], made: list[Candidate]) -> None:
    """Ledgers merge in any order with the same result."""
    known = {name for one in lines for name in one.supersedes}
    assert known <= {one.line_digest for one in lines}

    view = consult(Ledger(decisions=tuple(lines)), made, SPEC)
    found = review(tuple(made), view, SPEC)

    assert view == VIEW
    assert found.survival == survival(VIEW, SPEC)
    assert found.queue == review(tuple(MADE.values()), VIEW, SPEC).queue
    assert all(isinstance(one, Queued) for one in found.queue)


def test_the_view_says_which_lines_were_applied() -> None:
    """The lock's header digests the decisions that decided something: those in force, and no others."""
    applied = {one.line_digest: (one.case, one.reviewer) for one in LINES}

    assert sorted(applied[name] for name in VIEW.applied) == [
        ("mutation.typo.aaaaaaaaaaaa.1", "ann"),
        ("persona.delay.01", "ann"),
        ("persona.delay.01", "bob"),
        ("persona.outside.01", "ann"),
        ("persona.outside.01", "bob"),
        ("prompted.delay.01", "ann"),
        ("prompted.delay.02", "cat"),
        ("prompted.delay.03", "ann"),
        ("prompted.delay.03", "bob"),
        ("prompted.outside.03", "ann"),
        ("seed.0a1b2c3d4e5f", "ann"),
    ]
