"""What the first tables of a report answer."""

from __future__ import annotations

import pytest
from builders import make_spec

from evalspec.model.build import Build, Inputs
from evalspec.model.outcome import Measurement
from evalspec.stages.reporting.claims import five_questions

FEW = "not known: 2 and 8 hits, 20 a side are needed"


def answer(value: float, p: float | None, note: str | None) -> str:
    row = Measurement(
        measure="entropy", version=1, unit="ratio", slice="pool=prompted", of="ask", value=value, n=40, p=p, note=note
    )
    lines = five_questions(Build(inputs=Inputs(spec=make_spec(), seeds={}), measurements=(row,)))
    return next(line for line in lines if "key-term entropy" in line)


@pytest.mark.parametrize(
    ("value", "p", "note", "said"),
    [
        (0.05, 0.6, None, "| **yes** | prompted +5 % (p 0.600) |"),
        (-0.4, 0.001, None, "| **no** | prompted -40 % (p 0.001) |"),
        (-0.4, 0.2, None, "| **not yet known** | prompted -40 % (p 0.200) |"),
        (0.05, None, FEW, f"| **not yet known** | prompted +5 % ({FEW}) |"),
    ],
)
def test_key_term_entropy_is_within_bounds_only_where_it_is_known(
    value: float, p: float | None, note: str | None, said: str
) -> None:
    """A point inside the bound from ten hits answers nothing."""
    assert answer(value, p, note).endswith(said)
