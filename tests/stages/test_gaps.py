"""What a source has and a set lacks, through the measure stage: labels, regions with examples, cells that are full."""

from __future__ import annotations

from collections.abc import Mapping

from builders import make_case, make_seed, make_spec
from sides import plain_texts, seed_case

from evalspec.catalog import load_catalog
from evalspec.model.case import Case, EvalSet, Lineage, Seed
from evalspec.model.outcome import Measurement
from evalspec.model.spec import GateRule, Spec
from evalspec.stages.measure import MeasureFacts, measure

CATALOG = load_catalog()
NAMES = ("absent_labels", "thin_regions", "saturation")
PETS = ("cat", "puppy", "kitten", "goldfish", "parrot", "hamster")


def rows_with_pets() -> list[Seed]:
    """Ninety plain requests and thirty about pets, each with its intent."""
    plain = [
        make_seed(at, input=text, key=f"{at:012}", metadata={"intent": ("where", "refund")[at % 2]})
        for at, text in enumerate(plain_texts(90, "rows"))
    ]
    pets = [
        make_seed(at, input=f"my {PETS[at % 6]} got no dinner bowl with the order {at}", key=f"{at:012}", metadata=PET)
        for at in range(100, 130)
    ]
    return [*plain, *pets]


PET = {"intent": "pets"}


def written(texts: list[str]) -> list[Case]:
    return [
        make_case(
            id=f"prompted.new.delay.{at:02}",
            input=text,
            lineage=Lineage(pool="prompted", cell={"user": "new", "policy": "delay" if at < 30 else "window"}),
        )
        for at, text in enumerate(texts)
    ]


def measured(cases: list[Case], rows: list[Seed], spec: Spec | None = None) -> tuple[Measurement, ...]:
    ordered = tuple(sorted(cases, key=lambda one: one.id))
    return measure(
        EvalSet(cases=ordered, drops=()),
        {"production": tuple(rows)},
        spec or make_spec(),
        CATALOG,
        MeasureFacts(),
        only=NAMES,
    )


def pick(found: tuple[Measurement, ...], name: str, label: str = "all") -> Measurement:
    return next(one for one in found if one.measure == name and one.slice == label)


def test_an_intent_that_was_left_out_is_named() -> None:
    """Seeds of every intent but one: its label and its region are reported, with texts of it."""
    rows = rows_with_pets()
    without = [seed_case(row, metadata=row.metadata) for row in rows[:45]]
    found = measured([*without, *written(plain_texts(34, "own"))], rows)
    labels, regions = pick(found, "absent_labels"), pick(found, "thin_regions")
    thin = regions.detail["thin"]

    assert labels.value == 1
    assert list(labels.detail["labels"]) == ["intent=pets"]  # type: ignore[call-overload]
    assert regions.value and isinstance(thin, list)
    assert all(isinstance(one, Mapping) and one["label"] == "intent=pets" and one["cases"] == 0 for one in thin)
    assert "dinner" in thin[0]["words"] and "dinner bowl" in thin[0]["examples"][0]


def test_a_set_with_all_intents_misses_nothing() -> None:
    rows = rows_with_pets()
    found = measured([seed_case(row, metadata=row.metadata) for at, row in enumerate(rows) if at % 4 < 2], rows)

    assert pick(found, "absent_labels").value == 0
    assert pick(found, "thin_regions").value == 0


def test_an_absence_that_chance_explains_is_listed_and_not_counted() -> None:
    rows = rows_with_pets()
    found = pick(measured([seed_case(row, metadata=row.metadata) for row in rows[:4]], rows), "absent_labels")

    assert found.value == 0
    assert list(found.detail["labels"]) == ["intent=pets"]  # type: ignore[call-overload]


def test_cells_of_five_cases_and_more_are_told_apart() -> None:
    same = [f"where is my parcel {at}" for at in range(30)]
    found = measured(written([*same, *plain_texts(8, "own"), "lonely"]), rows_with_pets())
    full, open_ = (pick(found, "saturation", f"pool=prompted,cell=new.{name}") for name in ("delay", "window"))

    assert full.value is not None and open_.value is not None
    assert full.value > 0.7 and full.interval is not None
    assert open_.value < 0.6 and open_.interval is None
    assert (full.n, open_.n) == (30, 9)


def test_gaps_and_room_are_taken_on_any_slice_that_a_gate_names() -> None:
    where = (("policy", ("delay",)),)
    gates = tuple(
        GateRule(name=name, measure=name, of=None if name == "saturation" else "production", where=where, max=1)
        for name in NAMES
    )
    found = measured(written(plain_texts(60, "own")), rows_with_pets(), make_spec(gates=gates))

    for name in NAMES:
        assert pick(found, name, "policy=delay").n == 30
