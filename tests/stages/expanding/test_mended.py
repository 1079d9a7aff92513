"""Children: everything that is not the user's stays, and what people mended in a row reaches what is made of it."""

from __future__ import annotations

from builders import (
    chat,
    decided,
    drawn_text,
    filled,
    ids,
    make_plan,
    make_seed,
    make_seeds,
    make_spec,
    slots_of,
    with_counts,
)

from evalspec.model.case import Candidate
from evalspec.model.ledger import LedgerView
from evalspec.stages.expanding.mended import with_mended_parents
from evalspec.stages.fill import Filled


def test_chats_keep_what_others_said_through_generate() -> None:
    """A child of a conversation has every message of its parent but the user's as it was."""
    rows = {
        "production": tuple(
            make_seed(number, input=chat(drawn_text("last", str(number)), opening=f"hi {number}"))
            for number in range(12)
        ),
        "golden": make_seeds()["golden"],
    }
    result = filled(with_counts(make_spec(), seed=6, mutation=6, redteam=5), seeds=rows)
    parents = {f"seed.{seed.key}": seed for seed in rows["production"]}

    made = [one for one in result.live if one.technique in ("mutation", "redteam")]
    for child in made:
        before, after = parents[child.lineage.parents[0]].input, child.input
        assert not isinstance(before, str) and not isinstance(after, str)
        assert [one for one in after if one.role != "user"] == [one for one in before if one.role != "user"]
    assert len(made) == 11


def _child_of(result: Filled, parent: str) -> Candidate:
    return next(one for one in result.live if one.pool == "mutation" and parent in one.lineage.parents)


def test_children_of_a_mended_row_inherit_what_people_wrote() -> None:
    """A fix of a row's text or label reaches its children; other slots and the row's own stay as they were."""
    spec = with_counts(make_spec(), seed=3, mutation=6)
    plan = make_plan(spec)
    row = ids(filled(spec), "seed")[0]
    fix = decided(row, "fix", input="a person wrote this", expected="escalate")

    mended = with_mended_parents(plan, LedgerView(effective=fix))
    child = _child_of(filled(spec, fix, plan=mended), row)

    assert child.expected == "escalate"
    assert str(child.input).startswith("a person wrote this")
    changed = {name for name, slot in mended.slots_by_id.items() if slot != plan.slots_by_id[name]}
    assert changed == {slot.id for slot in slots_of(plan, "mutation") if slot.parent_id == row}
    assert all(mended.slots_by_id[name].key != plan.slots_by_id[name].key for name in changed)


def test_children_of_a_row_that_was_kept_stay_as_they_were() -> None:
    """Only a fix changes what a child is made of."""
    plan = make_plan(make_spec())
    row = slots_of(plan, "seed")[0].id

    assert with_mended_parents(plan, LedgerView(effective=decided(row, "keep"))) == plan


def test_children_inherit_premise_and_behaviour_with_the_label() -> None:
    """A row that must be challenged hands its children what is false, too."""
    rows = {
        "production": tuple(
            make_seed(number, behaviour="challenge", premise="there is no such column", expected=None)
            for number in range(6)
        )
    }
    result = filled(with_counts(make_spec(), seed=3, mutation=3), seeds=rows)

    assert {(one.behaviour, one.premise) for one in result.live} == {("challenge", "there is no such column")}
