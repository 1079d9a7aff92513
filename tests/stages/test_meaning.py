"""What decides that two texts mean the same: vectors, or the lock that is replayed, and never without the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import make_candidate, make_plan, make_seeds, make_spec, make_tools
from numpy.typing import NDArray

from evalspec.catalog import load_catalog
from evalspec.model.case import Drop, Lineage
from evalspec.ports import Tools
from evalspec.stages.meaning import recorded_drops, same_meaning_of
from evalspec.stages.screen import screener
from evalspec.stages.training import Firewall

FIRST = "the battery door will not close."
AGAIN = "Hello, the battery door will not close, thank you!"  # noise apart, cosine 0.75 in letters
OTHER = "the battery door will always close."  # one word apart, and no noise
SPEC = make_spec()
MINILM = replace(SPEC, screen=replace(SPEC.screen, embedder="minilm"))


def embedding(cosine: float) -> Tools:
    """Tools whose embedder puts every text at the same cosine from `FIRST`."""

    def embed(texts: Sequence[str]) -> NDArray[np.int8]:
        away = (round(127 * cosine), round(127 * (1 - cosine**2) ** 0.5))
        return np.array([(127, 0) if text == FIRST else away for text in texts], dtype=np.int8)

    return replace(make_tools(), embed=embed)


def screened(tools: Tools, text: str, spec: object = MINILM) -> Drop | None:
    """What the screens make of a text after `FIRST` has stayed."""
    used = MINILM if spec is MINILM else SPEC
    seeds = make_seeds()
    ids = {slot.parent.key: slot.id for slot in make_plan(used, seeds).slots_by_id.values() if slot.parent}
    screens = screener(used, seeds, Firewall.of({}, used), load_catalog(), ids, same_meaning_of(used, tools))
    one, two = (
        make_candidate(
            id=f"prompted.x.{at:02d}",
            pool="prompted",
            technique="prompted",
            input=said,
            lineage=Lineage(pool="prompted"),
        )
        for at, said in ((1, FIRST), (2, text))
    )
    screens.reach = None
    screens.keep(one)
    return screens.check(two)


def test_near_in_meaning_and_noise_apart_is_dropped() -> None:
    """With partner and cosine, to three digits."""
    found = screened(embedding(0.95), AGAIN)

    assert found is not None
    assert (found.stage, found.reason, found.other) == ("screen", "near_duplicate_semantic", "prompted.x.01")
    assert found.value == pytest.approx(0.95, abs=0.005) and found.value == round(found.value, 3)


@pytest.mark.parametrize(("cosine", "text"), [(0.90, AGAIN), (1.0, OTHER)])
def test_neither_alone_is_enough(cosine: float, text: str) -> None:
    """Noise apart and far in meaning stays; near in meaning and one word apart stays."""
    assert screened(embedding(cosine), text) is None


def test_a_spec_that_names_no_embedder_asks_none() -> None:
    """What is installed decides nothing."""
    assert same_meaning_of(SPEC, embedding(1.0)) is None


@pytest.mark.parametrize(
    ("recorded", "is_dropped"),
    [
        ({"prompted.x.02": ("prompted.x.01", 0.95)}, True),
        ({"prompted.x.02": ("prompted.x.01", 0.91)}, False),  # under the bound of the spec
        ({"prompted.x.02": ("prompted.x.09", 0.95)}, False),  # a partner that it does not say again
        ({"prompted.x.03": ("prompted.x.01", 0.95)}, False),
        ({}, False),
    ],
)
def test_a_replay_takes_the_cosine_and_checks_the_rest(
    recorded: dict[str, tuple[str, float]], is_dropped: bool
) -> None:
    """A drop of the lock holds where its partner differs by noise and its cosine is one that the spec drops for."""
    found = screened(replace(make_tools(), recorded=recorded), AGAIN)

    assert (found is not None) == is_dropped
    assert screened(replace(make_tools(), recorded=recorded), OTHER) is None


def test_what_a_lock_states_is_read_from_its_drops() -> None:
    """Only drops by meaning with a number; what somebody wrote there otherwise is none."""
    drops = (
        {"id": "a", "reason": "near_duplicate_semantic", "other": "b", "value": 0.95},
        {"id": "c", "reason": "near_duplicate", "other": "b", "value": 0.95},
        {"id": "d", "reason": "near_duplicate_semantic", "other": "b", "value": True},
        {"id": "e", "reason": "near_duplicate_semantic", "other": "b"},
    )

    assert recorded_drops(drops) == {"a": ("b", 0.95)}
