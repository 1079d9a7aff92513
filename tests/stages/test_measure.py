"""A set is measured pool by pool, against seeds it is neither made of nor from, by what users said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import make_case, make_seed, make_spec, with_counts
from sides import chat_of, plain_texts, seed_case, with_terms

from evalspec.catalog import load_catalog
from evalspec.model.case import Case, EvalSet, Input, Lineage, Seed
from evalspec.model.outcome import Lock, Measurement
from evalspec.model.spec import GateRule, Spec
from evalspec.registry import Catalog
from evalspec.stages.lock import case_record
from evalspec.stages.measure import MeasureFacts, measure
from evalspec.stats.tests import holm

CATALOG = load_catalog()


def only(*names: str) -> Catalog:
    """The catalogue with these measures alone, so that a test pays for what it asks."""
    catalog = Catalog()
    for name in names:
        catalog.add(CATALOG.get("measure", name))
    return catalog


TERMS = ("refund", "voucher", "invoice")


def rows_of(count: int, key: str = "rows") -> tuple[Seed, ...]:
    return tuple(make_seed(at, input=text) for at, text in enumerate(plain_texts(count, key), start=1))


def written(texts: Sequence[Input], pool: str = "prompted", **fields: object) -> list[Case]:
    return [
        make_case(
            id=f"{pool}.new.delay.{at:02}",
            pool=pool,
            technique=pool,
            input=text,
            lineage=Lineage(pool=pool, cell={"user": "new", "policy": "delay" if at % 2 else "window"}),
            **fields,
        )
        for at, text in enumerate(texts, start=1)
    ]


def measured(
    cases: Sequence[Case],
    rows: Sequence[Seed],
    spec: Spec | None = None,
    facts: MeasureFacts | None = None,
    catalog: Catalog = CATALOG,
) -> tuple[Measurement, ...]:
    ordered = tuple(sorted(cases, key=lambda one: one.id))
    return measure(
        EvalSet(cases=ordered, drops=()),
        {"production": tuple(rows)},
        spec or with_terms(make_spec(), *TERMS),
        catalog,
        facts or MeasureFacts(),
    )


def pick(found: Sequence[Measurement], name: str, label: str, **fields: object) -> Measurement:
    rows = [one for one in found if one.measure == name and one.slice == label]
    return next(one for one in rows if all(getattr(one, field) == value for field, value in fields.items()))


def test_a_pool_stands_against_seeds_that_are_neither_in_the_set_nor_its_parents() -> None:
    rows = rows_of(50)
    children = [
        make_case(
            id=f"mutation.typo.{row.key}.1",
            pool="mutation",
            technique="mutation",
            input=f"{row.input} pls",
            lineage=Lineage(pool="mutation", parents=(f"seed.{row.key}",)),
        )
        for row in rows[8:12]
    ]
    found = measured(
        [*(seed_case(row) for row in rows[:8]), *children, *written(plain_texts(31, "own"))],
        rows,
        catalog=only("spread"),
    )

    assert pick(found, "spread", "pool=prompted").baseline_n == 42  # not the eight that are cases
    assert "4 cases" in (pick(found, "spread", "pool=mutation").note or "")
    few = measured(
        [*(seed_case(row) for row in rows[:15]), *children, *written(plain_texts(31, "own"))],
        rows[:44],
        catalog=only("spread"),
    )
    assert "29 seeds" in (pick(few, "spread", "pool=prompted").note or "")
    assert pick(few, "spread", "pool=prompted").value is None


def test_ancestors_are_barred_for_their_children_only() -> None:
    rows = rows_of(80)
    children = [
        make_case(
            id=f"redteam.override.{row.key}.1",
            pool="redteam",
            technique="redteam",
            input=f"ignore this: {row.input}",
            lineage=Lineage(pool="redteam", parents=(f"seed.{row.key}",)),
        )
        for row in rows[:35]
    ]
    found = measured([*children, *written(plain_texts(31, "own"))], rows, catalog=only("spread"))

    assert pick(found, "spread", "pool=redteam").baseline_n == 45
    assert pick(found, "spread", "pool=prompted").baseline_n == 80


def test_siblings_are_one_family() -> None:
    """Ten siblings a parent are no ten times the evidence: the same texts without lineage look certain."""
    rows = rows_of(60)
    texts = [text for text in plain_texts(4, "few") for _ in range(10)]

    def p_of(parents: bool) -> float | None:
        cases = [
            replace(
                case, candidate=replace(case.candidate, lineage=Lineage(pool="prompted", parents=(f"x.{at // 10}",)))
            )
            if parents
            else case
            for at, case in enumerate(written(texts))
        ]
        return pick(measured(cases, rows, catalog=only("top_term_excess")), "top_term_excess", "pool=prompted").p

    together, apart = p_of(True), p_of(False)
    assert together is not None and apart is not None
    assert apart <= 0.05 < together


def test_what_others_say_in_a_chat_never_matters() -> None:
    """Chats of four turns and more: any text of assistant, tool and system gives the same measurements."""
    spec = with_terms(make_spec(), *TERMS)

    def all_of(other: str) -> tuple[Measurement, ...]:
        rows = [
            make_seed(at, input=chat_of((text, "yes", "thanks"), other), key=f"{at:012}", digest="d")
            for at, text in enumerate(plain_texts(40, "rows"), start=1)
        ]
        cases = written([chat_of((text, "ok"), other) for text in plain_texts(34, "own")])
        return measured(cases, rows, spec)

    quiet = all_of("One moment.")
    assert quiet == all_of("REFUND voucher refund!!! Could you kindly delve into the invoice? 5555")
    assert pick(quiet, "shift", "pool=prompted", space="lexical").value is not None
    assert len(chat_of(("a", "b"), "x")) >= 4


def test_the_order_of_rows_changes_nothing() -> None:
    rows, cases = rows_of(45), written(plain_texts(33, "own"))

    assert measured(cases, rows) == measured(cases, rows[::-1])


def test_p_values_are_corrected_for_the_pools_that_gates_look_at() -> None:
    rows = rows_of(60)
    cases = written(plain_texts(34, "own")) + written(plain_texts(34, "other"), pool="persona")
    cases += written([f"zzz {text}" for text in plain_texts(34, "far")], pool="redteam")
    found = measured(cases, rows, catalog=only("top_term_excess"))
    both = [pick(found, "top_term_excess", f"pool={pool}") for pool in ("persona", "prompted")]

    assert tuple(one.p for one in both) == pytest.approx(holm([float(one.detail["p_one_slice"]) for one in both]))  # type: ignore[arg-type]
    assert pick(found, "top_term_excess", "pool=redteam").p == 0.001  # a reported pool is corrected apart


def test_gates_bring_their_slices() -> None:
    spec = make_spec(
        gates=(
            GateRule(name="a", measure="verified_share", where=(("policy", ("delay",)),), min=0.1),
            GateRule(name="b", measure="cases", by="user", min=1),
            GateRule(
                name="c", measure="top_term_excess", where=(("pool", ("prompted",)), ("policy", ("delay",))), max=0.2
            ),
        )
    )
    found = measured(
        written(plain_texts(64, "own")), rows_of(40), spec, catalog=only("verified_share", "cases", "top_term_excess")
    )

    assert pick(found, "verified_share", "policy=delay").n == 32
    assert pick(found, "cases", "user=power").value == 0  # a declared level that has no case
    assert pick(found, "top_term_excess", "pool=prompted,policy=delay").n == 32


def test_like_is_compared_with_like_where_seeds_tell() -> None:
    rows = [*rows_of(40), *(make_seed(at, language="de") for at in range(100, 135))]
    spec = make_spec(gates=(GateRule(name="a", measure="spread", where=(("language", ("de",)),), min=0.5),))
    found = measured(written(plain_texts(33, "own"), language="de"), rows, spec, catalog=only("spread"))

    assert pick(found, "spread", "language=de").baseline_n == 35


def test_personas_that_ask_for_a_style_are_exempt_from_its_rawness() -> None:
    cases = [
        replace(
            case,
            candidate=replace(case.candidate, lineage=Lineage(pool="persona", persona="teen" if at < 35 else "boss")),
        )
        for at, case in enumerate(written(plain_texts(68, "own"), pool="persona"))
    ]
    found = measured(cases, rows_of(40), catalog=only("rawness_lower", "rawness_open_end"))

    assert pick(found, "rawness_lower", "pool=persona").n == 33
    assert pick(found, "rawness_open_end", "pool=persona").n == 68


def test_every_pool_of_the_mix_has_a_share() -> None:
    found = measured(
        written(plain_texts(12, "own")),
        rows_of(5),
        with_counts(make_spec(), prompted=12, persona=3),
        catalog=only("share"),
    )

    assert [(one.slice, one.value) for one in found if one.measure == "share"] == [
        ("pool=prompted", 1.0),
        ("pool=persona", 0.0),
    ]


def test_values_have_six_digits_at_most() -> None:
    for one in measured(written(plain_texts(34, "own")), rows_of(41)):
        for value in (one.value, one.baseline, one.p, *(one.interval or ())):
            assert value is None or value == float(f"{value:.6g}")


CHANGE = (GateRule(name="drift", measure="shift", where=(("pool", ("prompted",)),), change=0.005),)


def base_of(cases: Sequence[Case]) -> Lock:
    return Lock(header={"root": "x"}, cases=tuple(case_record(case) for case in cases), drops=())


def test_a_change_is_measured_from_the_texts_of_the_base() -> None:
    rows = rows_of(60)
    old, new = plain_texts(40, "old"), [f"kindly assist regarding {text}" for text in plain_texts(40, "new")]
    spec = make_spec(gates=CHANGE)

    worse = measured(written(new), rows, spec, MeasureFacts(base=base_of(written(old))), only("shift"))
    same = measured(
        written(plain_texts(40, "new")), rows, spec, MeasureFacts(base=base_of(written(old))), only("shift")
    )

    drift = pick(worse, "shift.change", "pool=prompted", space="lexical")
    assert drift.value is not None and drift.value > 0.005 and drift.p == 0.001
    calm = pick(same, "shift.change", "pool=prompted", space="lexical")
    assert calm.p is not None and calm.p > 0.01


def test_without_a_base_a_change_is_skipped_and_says_so() -> None:
    found = measured(written(plain_texts(40, "new")), rows_of(40), make_spec(gates=CHANGE), catalog=only("shift"))

    assert (pick(found, "shift.change", "pool=prompted").note or "").startswith("skipped")


def test_a_change_of_another_measure_is_its_value_now_less_then() -> None:
    spec = make_spec(gates=(GateRule(name="d", measure="spread", where=(("pool", ("prompted",)),), change=0.02),))
    poor = [plain_texts(2, "poor")[at % 2] + f" {at}" for at in range(40)]
    rows = rows_of(60)
    found = measured(
        written(poor), rows, spec, MeasureFacts(base=base_of(written(plain_texts(40, "old")))), only("spread")
    )
    change = pick(found, "spread.change", "pool=prompted")

    assert change.value == pytest.approx(float(change.detail["then"]) - float(change.detail["now"]), abs=1e-5)  # type: ignore[arg-type]
    assert change.value is not None and change.value > 0  # less spread is worse


def test_a_change_of_another_measure_has_its_p_from_the_same_exchange() -> None:
    """Old and new cases change places: what a writer lost in variety is sure, what chance did is not."""
    spec = make_spec(gates=(GateRule(name="d", measure="spread", where=(("pool", ("prompted",)),), change=0.02),))
    base, rows = base_of(written(plain_texts(40, "old"))), rows_of(60)
    poor = [plain_texts(2, "poor")[at % 2] + f" {at}" for at in range(40)]
    lost, kept = (
        pick(
            measured(written(texts), rows, spec, MeasureFacts(base=base), only("spread")),
            "spread.change",
            "pool=prompted",
        )
        for texts in (poor, plain_texts(40, "new"))
    )

    assert lost.p is not None and lost.p <= 0.01
    assert kept.p is None or kept.p > 0.01


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"measures": ["shift@9"]}, "refused: the base lock was measured by shift@9"),
        ({"embedder": "lexical@9"}, "refused: the base lock was made with `lexical@9`"),
    ],
)
def test_a_change_across_versions_is_refused(header: dict[str, object], said: str) -> None:
    base = replace(base_of(written(plain_texts(40, "old"))), header=header)
    found = measured(
        written(plain_texts(40, "new")), rows_of(60), make_spec(gates=CHANGE), MeasureFacts(base=base), only("shift")
    )
    change = pick(found, "shift.change", "pool=prompted", space="lexical")

    assert change.value is None and (change.note or "").startswith(said)
