"""A case and a seed answer for axes, labels, columns and the reserved names."""

from __future__ import annotations

import pytest

from evalspec.model.case import Candidate, Lineage, Seed
from evalspec.model.slices import matches, seed_matches, seed_slice_values, slice_label, slice_values

CASE = Candidate(
    id="persona.retiree.delay.01",
    pool="persona",
    technique="persona",
    stratum="delay",
    input="where is it",
    provenance="persona-retiree-delay",
    track="happy",
    language="en",
    expected={"decision": "refund", "tool_calls": []},
    relation={"name": "evidence_added"},
    lineage=Lineage(pool="persona", cell={"policy": "delay"}, persona="retiree"),
    metadata={"channel": "web", "policy": "from the row"},
)
SEED = Seed(
    key="0a1b2c3d4e5f", row="1", source="production", input="hi", expected="refund", metadata={"channel": "web"}
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("policy", ("delay",)),  # the axis goes before the column of its name
        ("channel", ("web",)),
        ("decision", ("refund",)),
        ("tool_calls", ()),
        ("persona", ("retiree",)),
        ("pool", ("persona",)),
        ("relation", ("evidence_added",)),
        ("operator", ()),
        ("provenance", ("persona-retiree-delay",)),
        ("unknown", ()),
    ],
)
def test_the_values_of_a_case(name: str, expected: tuple[str, ...]) -> None:
    assert slice_values(CASE, name) == expected


def test_a_seed_answers_for_its_label_and_columns_only() -> None:
    assert seed_slice_values(SEED, "expected") == ("refund",)
    assert seed_slice_values(SEED, "channel") == ("web",)
    assert seed_slice_values(SEED, "language") == ("und",)
    assert seed_slice_values(SEED, "pool") == ()


def test_all_slices_of_a_match_must_hold() -> None:
    assert matches(CASE, (("pool", ("persona", "prompted")), ("channel", ("web",))))
    assert not matches(CASE, (("pool", ("persona",)), ("channel", ("mail",))))
    assert matches(CASE, ())
    assert seed_matches(SEED, (("expected", ("refund",)),))


def test_a_match_is_spelled_as_reports_name_it() -> None:
    assert (
        slice_label((("pool", ("persona",)), ("policy", ("delay", "damaged")))) == "pool=persona,policy=delay|damaged"
    )
    assert slice_label(()) == "all"
