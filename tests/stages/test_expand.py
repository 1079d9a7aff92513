"""What is planned: ids, and keys that move with what decides a text and with nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import (
    OPERATORS,
    POOLS,
    chat,
    drawn_text,
    keys,
    make_plan,
    make_seed,
    make_seeds,
    make_spec,
    moved,
    slots_of,
    with_level,
    with_pool,
)
from hypothesis import given
from hypothesis import strategies as st

from evalspec.model.case import Seed
from evalspec.model.spec import (
    Axis,
    CellRule,
    Exemplars,
    Fact,
    GateRule,
    Level,
    Mix,
    OperatorUse,
    Persona,
    ReviewRule,
    Spec,
)

CASE_ID = re.compile(r"[a-z][a-z0-9._-]{5,63}")


def test_ids_are_readable_unique_and_within_the_language() -> None:
    """An id is the slot: pool, levels, operator or attack, row, ordinal."""
    plan = make_plan(make_spec())
    row = make_seed(3).key

    assert all(CASE_ID.fullmatch(name) for name in plan.slots_by_id)
    assert len(plan.slots_by_id) == sum(len(one.slots) for one in plan.strata)
    assert {
        f"seed.{row}",
        f"mutation.mark.{row}.1",
        "prompted.power.delay.03",
        "persona.teen.window.02",
        "redteam.override.06",
        "redteam.premise.02",
        "redteam.override.benign.01",
    } <= plan.slots_by_id.keys()


def test_a_language_level_gives_an_id_in_lower_case() -> None:
    """Tags such as pt-BR have capitals, ids have none."""
    task = replace(make_spec().task, languages=("en", "pt-BR"))
    spec = with_pool(make_spec(task=task), "prompted", axes=("language", "policy"))

    plan = make_plan(spec)

    assert "prompted.pt-br.delay.01" in plan.slots_by_id
    assert plan.slots_by_id["prompted.pt-br.delay.01"].language == "pt-BR"
    assert all(CASE_ID.fullmatch(name) for name in plan.slots_by_id)


def test_the_same_inputs_in_any_order_give_the_same_plan() -> None:
    """Rows have no order."""
    seeds = make_seeds()
    turned = {name: tuple(reversed(rows)) for name, rows in reversed(seeds.items())}

    before, after = make_plan(make_spec(), seeds), make_plan(make_spec(), turned)

    assert keys(after) == keys(before)
    assert [[slot.id for slot in one.slots] for one in after.strata] == [
        [slot.id for slot in one.slots] for one in before.strata
    ]


@pytest.mark.parametrize("turns", ["single", "conversation"])
@pytest.mark.parametrize("added", [201, 202, 203, 204])
def test_one_more_seed_moves_at_most_two_in_a_hundred_keys(turns: str, added: int) -> None:
    """Adding one row to 184 leaves 98 % of all slots, and of the slots of each pool 96 %, what they were."""

    def row(number: int) -> Seed:
        text = drawn_text("seed", str(number))
        return make_seed(number, input=text if turns == "single" else chat(text, opening=f"hi {number}"))

    spec = make_spec(
        mix=Mix(size=240, counts=(("mutation", 60), ("persona", 30), ("prompted", 60), ("redteam", 30), ("seed", 60))),
        task=replace(make_spec().task, turns=turns),  # type: ignore[arg-type]
        pools=tuple(pool for pool in POOLS if pool.kind != "golden"),
    )
    rows = tuple(row(number) for number in range(184))

    before = make_plan(spec, {"production": rows})
    after = make_plan(spec, {"production": (*rows, row(added))})
    changed = moved(before, after)

    assert before.slots_by_id.keys() <= after.slots_by_id.keys()
    assert len(changed) <= 0.02 * len(before.slots_by_id)
    for pool in spec.pools:
        own = slots_of(before, pool.name)
        assert len(changed & {slot.id for slot in own}) <= 0.04 * len(own)


LEVELS = st.sampled_from(["delay", "remorse", "window", "new", "power"])
TEXTS = st.sampled_from(["a", "b", "c"])


def _in_level(name: str) -> object:
    return lambda slot: slot.cell is not None and name in dict(slot.cell.levels).values()


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Small specs: some personas, operators, exemplars, facts and cell rules."""
    spec = make_spec(
        random_state=draw(st.integers(0, 3)),
        task=replace(make_spec().task, facts=(Fact(name="days", range=(0, 90)),)),
        personas=make_spec().personas,
    )
    spec = with_pool(spec, "persona", personas=draw(st.sampled_from([("retiree",), ("retiree", "teen")])))
    spec = with_pool(spec, "prompted", exemplars=Exemplars(count=draw(st.integers(0, 3)), source="production"))
    spec = with_pool(spec, "mutation", operators=OPERATORS[: draw(st.integers(1, 3))])
    return with_level(spec, draw(LEVELS), facts=(("days", (1, 30)),))


@st.composite
def edits(draw: st.DrawFn, spec: Spec) -> tuple[Spec, object]:
    """One edit of one cell, persona, operator, attack or gate, and which slots are inside it."""
    level, text = draw(LEVELS), draw(TEXTS)
    rule = CellRule(where=(("user", ("power",)), ("policy", ("delay",))), expected="deny", facts=(("days", (31, 60)),))
    operators = spec.pool("mutation").operators
    attacks = spec.pool("redteam").attacks
    table: list[tuple[Spec, object]] = [
        (with_level(spec, level, description=text), _in_level(level)),
        (with_level(spec, level, expected="deny", track="edge", behaviour="refuse"), _in_level(level)),
        (with_level(spec, level, facts=(("days", (40, 50)),)), _in_level(level)),
        (
            with_pool(spec, "prompted", cells=(rule,)),
            lambda slot: slot.cell is not None and slot.cell.id == "power.delay",
        ),
        (
            replace(spec, personas=tuple(replace(one, description=text) for one in spec.personas[:1])
                    + spec.personas[1:]),
            lambda slot: slot.persona == spec.personas[0].name,
        ),
        (
            with_pool(spec, "mutation", operators=(replace(operators[0], options=(("sign", text),)), *operators[1:])),
            lambda slot: slot.operator == operators[0].name,
        ),
        (
            with_pool(spec, "redteam", attacks=(replace(attacks[0], options=(("tone", text),)), *attacks[1:])),
            lambda slot: slot.attack == attacks[0].name,
        ),
        (replace(spec, gates=(GateRule(name="g", measure="share", min=0.1),)), lambda slot: False),
        (replace(spec, review=ReviewRule(overlap=0.5)), lambda slot: False),
        (replace(spec, name="renamed", description=text), lambda slot: False),
    ]  # fmt: skip
    return draw(st.sampled_from(table))


@given(st.data())
def test_an_edit_moves_no_key_outside_itself(data: st.DataObject) -> None:
    """Editing one cell, persona, operator, attack or gate leaves the id and key of every other slot alone."""
    spec = data.draw(specs())
    edited, is_inside = data.draw(edits(spec))
    before, after = make_plan(spec), make_plan(edited)

    outside = {name for name in moved(before, after) if not is_inside(before.slots_by_id[name])}  # type: ignore[operator]

    assert outside == set()
    assert before.slots_by_id.keys() == after.slots_by_id.keys()


@given(st.data())
def test_what_comes_or_goes_moves_no_key_of_what_stays(data: st.DataObject) -> None:
    """A new persona, operator, level or attack, or an excluded cell, changes no slot that is in both plans."""
    spec = data.draw(specs())
    more = Axis(name="policy", levels=(*spec.axis("policy").levels, Level(name="fraud", expected="escalate")))
    after = data.draw(
        st.sampled_from(
            [
                with_pool(spec, "persona", personas=("retiree", "teen", "boss")),
                with_pool(spec, "mutation", operators=(*OPERATORS, OperatorUse(name="again", kinds=("mark",)))),
                with_pool(spec, "redteam", attacks=spec.pool("redteam").attacks[:1]),
                with_pool(spec, "prompted", exclude=((("user", ("new",)), ("policy", ("delay",))),)),
                replace(spec, axes=(spec.axis("user"), more)),
                replace(spec, pools=spec.pools[:-1]),
                replace(spec, personas=(*spec.personas, Persona(name="child", description="x"))),
            ]
        )
    )

    changed = moved(make_plan(spec), make_plan(after))

    assert changed == set()


def test_a_larger_mix_keeps_every_slot_and_its_key() -> None:
    """Growing the set opens more of the same slots."""
    before = make_plan(make_spec())
    after = make_plan(make_spec(mix=Mix(size=78, counts=tuple((name, 2 * n) for name, n in make_spec().mix.counts))))

    assert before.slots_by_id.keys() <= after.slots_by_id.keys()
    assert moved(before, after) == set()


def test_random_state_is_the_root_of_every_drawn_text() -> None:
    """Another random state is another stream for everything that is made."""
    before, after = make_plan(make_spec()), make_plan(make_spec(random_state=1))
    taken = {slot.id for slot in before.slots_by_id.values() if slot.technique in ("seed", "golden")}

    assert moved(before, after) == before.slots_by_id.keys() - taken


@pytest.mark.parametrize(
    ("pool", "change"),
    [
        ("mutation", {"facts": (Fact(name="sex", values=(("woman", ("she",)),)),)}),
        ("mutation", {"facts": (Fact(name="order", pattern="[0-9]{4}"),)}),
        ("mutation", {"facts": (Fact(name="column", absent=("margin",)),)}),
        ("prompted", {"instructions": "Be brief."}),
        ("redteam", {"instructions": "Be brief."}),
    ],
)
def test_a_key_covers_what_the_task_decides(pool: str, change: dict[str, object]) -> None:
    """What operators may not touch, and what a generator is told, decide texts and so keys."""
    spec = make_spec()
    before, after = make_plan(spec), make_plan(replace(spec, task=replace(spec.task, **change)))  # type: ignore[arg-type]

    assert {slot.id for slot in slots_of(before, pool)} <= moved(before, after)
