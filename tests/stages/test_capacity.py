"""What a spec asks for and its sources cannot give is refused with the sum, before anything is made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_plan, make_seed, make_seeds, make_spec, with_counts, with_pool

from evalspec.diagnostics import Diagnostic, Note, Span, SpecError
from evalspec.model.case import Seed
from evalspec.model.spec import Budget, CellRule, OperatorUse, ReviewRule, Spec, Task
from evalspec.stages.capacity import capacity

HERE = Span(path="small.yaml", line=9, col=1, end_line=9, end_col=4)
THERE = Span(path="small.yaml", line=4, col=3, end_line=4, end_col=9)


def _said(message: str) -> Note:
    return Note(message=message)


def refused(spec: Spec, seeds: dict[str, tuple[Seed, ...]] | None = None) -> tuple[Diagnostic, ...]:
    """What `capacity` says about a spec over some rows."""
    placed = replace(spec, mix=replace(spec.mix, at=HERE), pools=tuple(replace(pool, at=THERE) for pool in spec.pools))
    with pytest.raises(SpecError) as caught:
        capacity(placed, make_plan(placed, seeds))
    return caught.value.diagnostics


def test_a_spec_that_its_sources_can_meet_passes() -> None:
    """Exactly what there is may be asked for: twelve rows, two children each."""
    spec = with_counts(make_spec(), golden=4, seed=12, mutation=24, prompted=18, persona=9, redteam=10)

    capacity(spec, make_plan(spec))


def test_more_seeds_than_rows() -> None:
    """The sum is the rows that carry what is expected."""
    rows = {"production": (*(make_seed(number) for number in range(5)), make_seed(9, expected=None))}
    spec = with_counts(make_spec(), seed=8)
    spec = replace(spec, mix=replace(spec.mix, size=8, shares=(("seed", "1.0"),)))

    assert refused(spec, rows) == (
        Diagnostic(
            code="X520",
            severity="error",
            message="`seed` owes 8 cases and can give at most 5",
            span=HERE,
            label="seed: 1.0 of 8",
            notes=(_said("`production` holds 5 rows with what is expected that this pool may take"),),
            hint="import more rows of `production`, or lower the pool to 5",
        ),
    )


def test_rows_of_a_task_that_expects_nothing() -> None:
    """Without `task.expected` every row counts."""
    spec = with_counts(make_spec(task=Task()), golden=9)

    (problem,) = refused(spec)

    assert problem.message == "`golden` owes 9 cases and can give at most 4"
    assert [one.message for one in problem.notes] == ["`golden` holds 4 rows that this pool may take"]
    assert problem.label == "golden: 9"


@pytest.mark.parametrize(
    ("counts", "fields", "most", "sum_"),
    [
        ({"seed": 4, "mutation": 9}, {}, 8, "4 parents in the set x 2 children each = 8"),
        ({"seed": 4, "mutation": 9}, {"per_parent": 1}, 4, "4 parents in the set x 1 children each = 4"),
        ({"seed": 4, "mutation": 25}, {"parents": "any"}, 24, "12 parents in the set x 2 children each = 24"),
        ({"seed": 4, "mutation": 1}, {"operators": (OperatorUse(name="none", kinds=("mark",),
                                                                where=(("expected", ("other",)),)),)},
         0, "0 parents in the set x 2 children each = 0"),
    ],
)  # fmt: skip
def test_more_children_than_parents_may_have(
    counts: dict[str, int], fields: dict[str, object], most: int, sum_: str
) -> None:
    """The sum is parents in the set times children each."""
    (problem,) = refused(with_pool(with_counts(make_spec(), **counts), "mutation", **fields))

    assert problem.code == "X520"
    assert problem.message == f"`mutation` owes {counts['mutation']} cases and can give at most {most}"
    assert [one.message for one in problem.notes] == [sum_]
    assert problem.hint == "raise the share of the seeds, raise `per_parent`, or lower the pool's share"


def test_cells_with_a_ceiling_below_their_share() -> None:
    """The sum is cells times the ceiling."""
    (problem,) = refused(with_pool(with_counts(make_spec(), prompted=20), "prompted", max_per_cell=3))

    assert problem.message == "`prompted` owes 20 cases and can give at most 18"
    assert [one.message for one in problem.notes] == ["6 cells x at most 3 candidates = 18"]
    assert problem.hint == "raise `max_per_cell`, or lower the pool to 18"


def test_one_cell_that_owes_more_than_its_ceiling() -> None:
    """The pool as a whole could give enough, the cell could not."""
    rule = CellRule(where=(("user", ("new",)), ("policy", ("delay",))), per_cell=5)
    spec = with_pool(with_counts(make_spec(), prompted=6), "prompted", max_per_cell=4, cells=(rule,))

    (problem,) = refused(spec)

    assert (problem.code, problem.span) == ("X520", THERE)
    assert problem.message == "`prompted` owes 5 cases in `new.delay` and may make at most 4 there"
    assert problem.hint == "raise `max_per_cell` to at least 5, or lower `per_cell`"


def test_attacks_without_a_carrier() -> None:
    """Attacks ride on labelled production rows."""
    (problem,) = refused(with_counts(make_spec(), redteam=5), {"production": (make_seed(1, expected=None),)})

    assert problem.message == "`redteam` owes 5 cases and can give at most 0"
    assert [one.message for one in problem.notes] == ["no labelled production row to carry an attack"]
    assert problem.hint == "import labelled production rows, or take the pool out"


def test_a_grid_with_more_cells_than_cases_gets_the_review_bill() -> None:
    """Empty cells are refused with what it would cost to fill them."""
    assert refused(with_counts(make_spec(), prompted=5)) == (
        Diagnostic(
            code="X521",
            severity="error",
            message="`prompted` has 6 cells and 5 cases: some cells would stay empty",
            span=THERE,
            label="user x policy",
            notes=(_said("one case a cell would be 6 cases and 0.1 hours of review (1.5 minutes each)"),),
            hint="leave out an axis (a persona may carry it), exclude cells, or raise the share",
        ),
    )


def test_more_review_than_the_hours() -> None:
    """Decisions times minutes against the budget."""
    rule = ReviewRule(require=(("prompted", 1.0),), overlap=0.5)
    spec = replace(with_counts(make_spec(review=rule), prompted=60), budget=Budget(hours=2))

    (problem,) = refused(spec)

    assert problem.code == "X522"
    assert problem.message == "review would take 2.2 hours; the budget is 2"
    assert problem.path == "small.yaml"
    assert [one.message for one in problem.notes] == ["89 decisions x 1.5 minutes"]  # 60 once, 29 of them twice
    assert problem.hint == "lower the shares of generated pools, `review.require`, or raise `budget.hours`"


def test_all_problems_are_told_at_once() -> None:
    """Who has to change a spec wants to change it once."""
    spec = with_counts(make_spec(), golden=9, seed=40, prompted=3)

    assert [one.code for one in refused(spec)] == ["X521", "X520", "X520"]


def test_pools_that_owe_nothing_are_not_asked() -> None:
    """A trial pool may be larger than anything."""
    spec = with_counts(make_spec(), seed=4)
    trial = replace(make_spec().pool("prompted"), trial=True, per_cell=50, max_per_cell=1)

    capacity(replace(spec, pools=(*spec.pools, trial)), make_plan(replace(spec, pools=(*spec.pools, trial))))


def test_the_fixture_holds_what_these_sums_say() -> None:
    """Twelve production rows and four golden ones."""
    assert {name: len(rows) for name, rows in make_seeds().items()} == {"production": 12, "golden": 4}
