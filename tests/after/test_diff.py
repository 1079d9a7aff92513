"""Two locks to what differs: the guard of locks and ledgers, pairs, stale reviews, causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from builders import make_case
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.after.diff import diff
from evalspec.model.case import Case, EvalSet, Lineage, ReviewMark
from evalspec.model.diff import Diff, Side
from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock
from evalspec.stages.content import content_digest
from evalspec.stages.ledger import line_digest
from evalspec.stages.lock import lock

HEADER: Mapping[str, object] = {
    "name": "small",
    "purpose": "launch",
    "inputs": {"production": {"rows": 3, "digest": "a"}, "ledger": {"decisions": 1, "digest": "b"}},
    "operators": ["typo@1"],
    "measures": ["age@1"],
    "models": [{"role": "jury", "model": "acme/one", "family": "acme"}],
}


def grid_case(level: str, number: int, text: str, **fields: object) -> Case:
    given: dict[str, object] = {
        "id": f"prompted.{level}.{number:02d}",
        "input": text,
        "provenance": f"synth-{level}",
        "lineage": Lineage(pool="prompted", cell={"policy": level}, generator="builtin/grammar"),
    } | fields
    return make_case(**given)  # type: ignore[arg-type]


def a_lock(*cases: Case, drops: tuple[Mapping[str, object], ...] = (), **header: object) -> Lock:
    made = lock(EvalSet(cases=tuple(sorted(cases, key=lambda one: one.id)), drops=()), {**HEADER, **header})
    return replace(made, drops=drops)


def decision(case: Case, verdict: str = "keep", **fields: object) -> Decision:
    given: dict[str, object] = {
        "case": case.id,
        "digest": content_digest(case.candidate),
        "verdict": verdict,
        "reviewer": "ann",
        "date": "2026-11-20",
    }
    made = Decision(**(given | fields))  # type: ignore[arg-type]
    return replace(made, line_digest=line_digest(made))


def compared(
    before: Lock | None,
    after: Lock | None,
    *,
    old: tuple[Decision, ...] | None = None,
    new: tuple[Decision, ...] | None = None,
) -> Diff:
    return diff(Side(label="a", lock=before, ledger=old), Side(label="b", lock=after, ledger=new))


ONE, TWO = grid_case("delay", 1, "where is my parcel"), grid_case("window", 1, "it is a month old")


def test_a_lock_and_itself_do_not_differ() -> None:
    """No list has an entry, and nothing is said to differ."""
    assert compared(a_lock(ONE, TWO), a_lock(TWO, ONE)).is_empty


NUMBERS, WORDS = st.integers(1, 4), st.sampled_from(["x y", "x z", "w"])


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), NUMBERS, WORDS), max_size=8),
    st.lists(st.tuples(st.sampled_from("abd"), NUMBERS, WORDS), max_size=8),
)
def test_every_case_is_told_once(old: list[tuple[str, int, str]], new: list[tuple[str, int, str]]) -> None:
    """Removed, added and paired cases make up both sides, each id in one place."""
    sides = []
    for rows in (old, new):
        cases = {case.id: case for case in (grid_case(*row) for row in rows)}
        sides.append(a_lock(*cases.values()))
    found = compared(*sides)

    before = {str(one["id"]) for one in sides[0].cases}
    after = {str(one["id"]) for one in sides[1].cases}
    edits = (*found.changed, *found.moved)
    assert before - {one.id for one in found.removed} - {one.was for one in edits if one.was} <= after
    assert {one.id for one in found.added} | {one.id for one in edits} <= after
    assert len(found.removed) + sum(1 for one in edits if one.was) == len(before - after)
    assert len(found.added) + sum(1 for one in edits if one.was) == len(after - before)


def test_a_renamed_level_is_one_line() -> None:
    """Twelve ids that differ by one level name are one rename, whatever became of their texts."""
    old = [grid_case("delay", at, f"text {at}") for at in range(12)]
    new = [grid_case("late", at, f"text {at}" if at else "another text") for at in range(12)]

    found = compared(a_lock(*old, TWO), a_lock(*new, TWO))

    (rename,) = found.renames
    assert (rename.dimension, rename.before, rename.after, len(rename.cases), rename.rewritten) == (
        *("policy", "delay", "late", 12, 1),
    )
    assert not found.added and not found.removed and not found.moved


def test_cases_that_went_to_a_level_that_was_there_are_no_rename() -> None:
    """With the old name still in use, the texts have moved."""
    old = [grid_case("delay", at, f"text {at}") for at in (1, 2, 3)]
    new = [old[0], *(grid_case("window", at, f"text {at}") for at in (2, 3))]

    found = compared(a_lock(*old, grid_case("window", 1, "other")), a_lock(*new, grid_case("window", 1, "other")))

    assert not found.renames
    assert [(one.was, one.id) for one in found.moved] == [
        ("prompted.delay.02", "prompted.window.02"),
        ("prompted.delay.03", "prompted.window.03"),
    ]


def test_the_same_id_in_another_cell_has_moved() -> None:
    """A record whose cell was edited under its id."""
    moved = replace(ONE, candidate=replace(ONE.candidate, lineage=replace(ONE.candidate.lineage, cell={"policy": "x"})))

    assert [one.id for one in compared(a_lock(ONE), a_lock(moved)).moved] == [ONE.id]


def test_a_semantic_drop_that_hides_a_case_lowers_the_guard() -> None:
    """A case that a drop line took out which nobody can recompute stands first."""
    drop = {"id": ONE.id, "stage": "semantic", "reason": "same_meaning", "other": TWO.id, "value": 0.93}

    found = compared(a_lock(ONE, TWO), a_lock(TWO, drops=(drop,)))

    assert [(one.kind, [line.plain for line in one.lines]) for one in found.guard] == [
        ("semantic_drop", [f"`{ONE.id}`, a case before, by `semantic`: `same_meaning`"])
    ]
    assert (found.dropped[0].was_case, found.dropped[0].is_semantic) == (True, True)
    assert found.removed[0].why is not None and found.removed[0].why.values == ("semantic", "same_meaning")
    assert not compared(a_lock(TWO, drops=(drop,)), a_lock(TWO, drops=(drop,))).guard


def test_decisions_added_are_named_and_removed_ones_are_tampering() -> None:
    """What came into the ledger is listed by reviewer, drops before keeps; what left it stands above."""
    kept, dropped = decision(ONE), decision(TWO, "drop", reason="implausible")
    gone = decision(TWO, reviewer="bob")

    found = compared(a_lock(ONE), a_lock(ONE), old=(gone,), new=(kept, dropped))

    assert [one.kind for one in found.guard] == ["tampering", "decision"]
    assert found.guard[0].said.plain == "1 decision of `bob` taken out of the ledger, which is append-only"
    assert [line.plain for line in found.guard[1].lines] == [
        f"drop `{TWO.id}` (`2026-11-20, implausible`)",
        f"keep `{ONE.id}` (`2026-11-20`)",
    ]
    assert compared(a_lock(ONE), a_lock(ONE), old=(kept, dropped), new=(dropped, kept)).is_empty


def test_families_of_the_header_are_compared() -> None:
    """A judge of another family is said with both families."""
    models = [{"role": "jury", "model": "acme/one", "family": "other"}]

    (found,) = compared(a_lock(ONE), a_lock(ONE, models=models)).guard

    assert found.said.plain == "jury: `acme/one (family acme)` is now `acme/one (family other)`"


def test_a_label_that_nobody_verifies_any_more_lowers_the_guard() -> None:
    """By case, with what vouched for it before."""
    case = grid_case("delay", 1, "text", expected_by="verified:desk")
    after = grid_case("delay", 1, "text", expected_by="model:writer")

    (found,) = compared(a_lock(case), a_lock(after)).guard

    assert (found.kind, [line.plain for line in found.lines]) == (
        "label",
        [f"`{case.id}`: `verified:desk` is now `model:writer`"],
    )


MARK = ReviewMark(verdict="keep", by=("ann",))


def test_a_label_changed_under_an_old_keep_is_stale() -> None:
    """With the ledger at hand by its digest, without it by the mark that stayed."""
    before = replace(ONE, review=MARK)
    after = grid_case(*("delay", 1, "where is my parcel"), expected="deny")
    marked = replace(after, review=MARK)
    line = (decision(ONE),)

    assert [one.id for one in compared(a_lock(before), a_lock(marked), old=line, new=line).stale] == [ONE.id]
    assert [one.id for one in compared(a_lock(before), a_lock(marked)).stale] == [ONE.id]
    assert [one.id for one in compared(a_lock(before), a_lock(after), old=line, new=line).stale] == [ONE.id]
    again = (*line, decision(after))
    assert compared(a_lock(before), a_lock(marked), old=line, new=again).stale == ()
    assert compared(a_lock(before), a_lock(before), old=line, new=line).stale == ()


def test_a_fix_must_have_been_written_by_somebody() -> None:
    """A marked fix whose text no decision holds is stale; the decided text is not."""
    mark = ReviewMark(verdict="fix", by=("ann",))
    fixed = replace(grid_case("delay", 1, "where is the parcel"), review=mark)
    line = (decision(ONE, "fix", input="where is the parcel"),)
    forged = replace(grid_case("delay", 1, "send me money"), review=mark)

    assert compared(a_lock(ONE), a_lock(fixed), old=(), new=line).stale == ()
    assert [one.id for one in compared(a_lock(ONE), a_lock(forged), old=(), new=line).stale] == [ONE.id]


def test_one_edit_is_the_cause_of_everything() -> None:
    """With one input that differs, every change comes from it; with two that could be, nothing is claimed."""
    other_rows = {"production": {"rows": 4, "digest": "z"}, "ledger": {"decisions": 1, "digest": "b"}}
    before, after = a_lock(ONE, spec="s"), grid_case("delay", 1, "where is that parcel")

    one = compared(before, a_lock(after, spec="s", inputs=other_rows))
    two = compared(before, a_lock(after, spec="t", inputs=other_rows))

    assert [edit.name for edit in one.edits] == ["production"]
    assert one.changed[0].cause == one.edits[0].said
    assert [edit.name for edit in two.edits] == ["spec", "production"]
    assert two.changed[0].cause is None


def test_another_operator_is_no_cause_of_a_case_that_it_did_not_make() -> None:
    """Two edits, one of which cannot have reached the case: the other one has."""
    child = Lineage(pool="mutation", operator="typo", operators=("typo@2",), parents=("seed.1",))
    old = grid_case("delay", 1, "where is it", lineage=replace(child, operators=("typo@1",)))
    new = grid_case("delay", 1, "where si it", lineage=child)
    before = a_lock(old, operators=["loud@1", "typo@1"])

    (found,) = compared(before, a_lock(new, operators=["loud@2", "typo@2"])).changed

    assert found.cause is not None and found.cause.plain == "operator `typo`: version `1` is now `2`"


def test_a_lock_that_is_gone_is_tampering_and_a_new_one_is_not() -> None:
    """Every case is removed, or added."""
    gone, new = compared(a_lock(ONE), None), compared(None, a_lock(ONE))

    assert [one.kind for one in gone.guard] == ["tampering"] and len(gone.removed) == 1
    assert new.guard == () and len(new.added) == 1


def test_waivers_of_the_header_are_compared_where_there_is_no_spec() -> None:
    """Two lock files alone still show a waiver that came in."""
    waived = a_lock(ONE, waivers=[{"rule": "gate real_share", "reason": "late", "until": "2027-01-01"}])

    assert [one.kind for one in compared(a_lock(ONE), waived).guard] == ["waiver"]
