"""What a gate's new answer is blamed on: its own bound, the only edit that there is, or nothing."""

from __future__ import annotations

import pytest

from evalspec.after.causes import Causes
from evalspec.model.diff import InputEdit, said

LEDGER = InputEdit(kind="ledger", name="ledger", said=said("the ledger"))


def spec_edit(*keys: str) -> InputEdit:
    return InputEdit(kind="spec", name="spec", said=said("the spec"), keys=keys)


@pytest.mark.parametrize(
    ("edits", "blamed"),
    [
        ((spec_edit("gates.survival.min"),), "gates.survival.min"),
        ((spec_edit("gates.coverage.min"),), None),
        ((spec_edit("mix.size", "gates.survival.min"),), None),
        ((spec_edit("mix.size", "gates.coverage.min"),), "mix.size"),
        ((spec_edit("mix.size", "gates.coverage.min"), LEDGER), None),
        ((spec_edit("gates.survival.min"), LEDGER), None),
    ],
)
def test_a_gate_is_blamed_on_what_alone_can_have_moved_it(edits: tuple[InputEdit, ...], blamed: str | None) -> None:
    """The bound of another gate is never the cause, and where the set changed too nothing is claimed."""
    found = Causes(edits=edits).of_gate("survival")
    assert (found is None) == (blamed is None)
    assert blamed is None or (blamed in str(found) and "coverage" not in str(found))
