"""What lowers the guard is said, and what raises it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import make_spec
from hypothesis import given
from hypothesis import strategies as st

from evalspec.after.guard import guard, waivers_since
from evalspec.model.spec import GateRule, Model, Pii, ReviewRule, Roles, Source, Spec, Waiver

GATE = GateRule(name="real_share", measure="real_share", min=0.5, severity="error")
CAP = GateRule(name="near", measure="near_duplicates", max=0, within=0.1, change=0.05, severity="warning")
SOURCE = Source(name="production", kind="production", path="p.jsonl", verified_by="desk", pii=Pii(mode="redact"))
TRAINING = Source(name="old", kind="training", path="t.jsonl")


def base(**fields: object) -> Spec:
    given: dict[str, object] = {
        "gates": (GATE, CAP),
        "sources": (SOURCE, TRAINING),
        "review": ReviewRule(require=(("prompted", 1.0), ("mutation", 0.2)), overlap=0.1),
        "models": (Model(alias="writer", model="acme/one"), Model(alias="other", model="acme/two")),
        "roles": Roles(jury=("writer",)),
    }
    return make_spec(**(given | fields))


def said_of(after: Spec, before: Spec | None = None) -> list[tuple[str, str]]:
    return [(one.kind, one.said.plain) for one in guard(before or base(), after)]


LOWERED = {
    "gate": [
        (base(gates=(replace(GATE, min=0.4), CAP)), "gate `real_share`: min `0.5` is now `0.4`"),
        (base(gates=(replace(GATE, min=None), CAP)), "gate `real_share`: min `0.5` is now `no bound`"),
        (base(gates=(GATE, replace(CAP, max=3))), "gate `near`: max `0` is now `3`"),
        (base(gates=(GATE, replace(CAP, within=0.2))), "gate `near`: within `0.1` is now `0.2`"),
        (base(gates=(GATE, replace(CAP, change=None))), "gate `near`: change `0.05` is now `no bound`"),
        (base(gates=(replace(GATE, severity="warning"), CAP)), "gate `real_share`: severity `error` is now `warning`"),
        (base(gates=(CAP,)), "gate `real_share` is gone (it was `min 0.5`, `error`)"),
        (
            base(gates=(replace(GATE, where=(("language", ("en",)),)), CAP)),
            "gate `real_share` looks at something else: where `every case` is now `language: en`",
        ),
    ],
    "purpose": [(base(purpose="smoke"), "purpose `launch` is now `smoke`, which brings fewer gates")],
    "independence": [
        (base(independence="warn"), "independence `strict` is now `warn`: related models no longer stop a build")
    ],
    "family": [(base(roles=Roles(jury=("other",))), "jury: `acme/one` is now `acme/two`")],
    "waiver": [
        (
            base(waivers=(Waiver(gate="near", reason="late", until="2027-01-01"),)),
            "new waiver of `gate near` until `2027-01-01`: `late`",
        )
    ],
    "pii": [
        (base(sources=(replace(SOURCE, pii=Pii(mode="allow")), TRAINING)),
         "personal data of `production`: `redact` is now `allow`"),
        (base(sources=(replace(SOURCE, pii=Pii(mode="redact", keep=("email",))), TRAINING)),
         "personal data of `production` that is kept as it is: `email`"),
        (base(sources=(SOURCE, TRAINING, replace(SOURCE, name="more", pii=Pii(mode="allow")))),
         "personal data of `more`: `new` is now `allow`"),
    ],
    "label": [
        (base(sources=(replace(SOURCE, verified_by=None), TRAINING)),
         "labels of `production` are no longer verified (by `desk` before)"),
        (base(sources=(replace(SOURCE, generated_by="acme/one"), TRAINING)),
         "`production` was written by a model: `acme/one`"),
    ],
    "review": [
        (base(review=ReviewRule(require=(("prompted", 0.5), ("mutation", 0.2)), overlap=0.1)),
         "people decide less of pool `prompted`: `1.0` is now `0.5`"),
        (base(review=ReviewRule(require=(("prompted", 1.0), ("mutation", 0.2)), overlap=0.0)),
         "fewer cases are read by two: `0.1` is now `0.0`"),
    ],
    "screen": [
        (base(screen=replace(make_spec().screen, near_lexical=0.95)), "screen `near_lexical`: `0.85` is now `0.95`"),
        (base(sources=(SOURCE,)), "training source `old` is gone: nothing keeps its texts out of the set"),
    ],
    "random_state": [(base(random_state=7), "random_state `0` is now `7`: every draw is made again")],
}  # fmt: skip
CASES = [(kind, after, words) for kind, rows in LOWERED.items() for after, words in rows]


@pytest.mark.parametrize(("kind", "after", "words"), CASES, ids=[words for _, _, words in CASES])
def test_what_lowers_the_guard_is_said(kind: str, after: Spec, words: str) -> None:
    """Each way to hold a set to less gives one sentence of its kind."""
    assert said_of(after) == [(kind, words)]


@pytest.mark.parametrize(
    ("after", "words"),
    [(after, words) for kind, after, words in CASES if kind not in ("random_state", "family")
     and "something else" not in words],
)  # fmt: skip
def test_the_way_back_is_no_loosening(after: Spec, words: str) -> None:
    """What raises the guard again is left to the list of edits."""
    assert said_of(base(), before=after) == []


def test_the_same_spec_lowers_nothing() -> None:
    """A spec held against itself, or a stricter one, gives nothing."""
    stricter = base(gates=(replace(GATE, min=0.6), replace(CAP, max=0, within=0.05, severity="error")))

    assert said_of(base()) == [] and said_of(stricter) == []


BOUNDS = st.one_of(st.none(), st.floats(0, 1))


@given(BOUNDS, BOUNDS, BOUNDS, BOUNDS)
def test_no_loosened_bound_goes_unsaid(
    low: float | None, high: float | None, new_low: float | None, new_high: float | None
) -> None:
    """Against brute force: where a value is inside the new bounds and was outside the old ones, a sentence says so."""
    before, after = replace(GATE, min=low, max=high), replace(GATE, min=new_low, max=new_high)
    bounds = [one for one in (low, high, new_low, new_high) if one is not None]
    tried = [-1.0, 2.0, *bounds, *((one + other) / 2 for one in bounds for other in bounds)]
    edges = [one + step for one in bounds for step in (-1e-9, 1e-9)]

    passes_now = [one for one in tried + edges if _inside(one, new_low, new_high)]
    is_looser = bool([one for one in passes_now if not _inside(one, low, high)])

    said = said_of(base(gates=(after, CAP)), before=base(gates=(before, CAP)))
    assert bool(said) or not is_looser


def _inside(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def test_waivers_are_new_extended_or_reasoned_otherwise() -> None:
    """A shorter waiver, or one that ended, says nothing."""
    before = [("gate a", "2027-01-01", "late"), ("gate b", "2027-01-01", "late")]
    after = [("gate a", "2027-02-01", "late"), ("gate b", "2026-12-01", "late"), ("gate c", "2027-01-01", "new")]

    assert [one.said.plain for one in waivers_since(before, after)] == [
        "the waiver of `gate a` is extended from `2027-01-01` to `2027-02-01`: `late`",
        "new waiver of `gate c` until `2027-01-01`: `new`",
    ]
    assert waivers_since(before, before) == ()
