"""What training texts and attack lists say in other words: by pool, beside the seeds, apart from what is by words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import make_case, make_seed, make_spec
from numpy.typing import NDArray
from sides import seed_case

from evalspec.catalog import load_catalog
from evalspec.model.case import Case, EvalSet, Lineage, Seed
from evalspec.model.outcome import Measurement
from evalspec.model.spec import GateRule, Source, SourceKind, Spec
from evalspec.model.vocabulary import NOT_RECOMPUTED
from evalspec.stages.gate import gate
from evalspec.stages.measure import measure
from evalspec.stages.training import Firewall, digest_training
from evalspec.stats.digested import Digested
from evalspec.stats.scope import MeasureFacts

WORDS = ["kettle", "lamp", "chair", "table", "clock", "door", "shoe", "plate"]
SPEC = make_spec()
SPEC = replace(
    SPEC,
    sources=(
        *SPEC.sources,
        Source(name="tuned", kind="training", path="t.jsonl"),
        Source(name="lists", kind="known", path="l.jsonl"),
    ),
    screen=replace(SPEC.screen, embedder="minilm"),
)


def embed(texts: Sequence[str]) -> NDArray[np.int8]:
    """One direction for each last word: texts that end alike mean the same."""
    rows = np.zeros((len(texts), len(WORDS)), dtype=np.int8)
    for row, text in zip(rows, texts, strict=True):
        row[WORDS.index(text.split()[-1])] = 127
    return rows


def vectors(*texts: str) -> Digested:
    return Digested(bound=0.92, rows=embed(texts), names=[f"{at:016x}" for at in range(len(texts))])


def case(name: str, text: str, pool: str = "prompted", technique: str | None = None) -> Case:
    return make_case(id=name, pool=pool, technique=technique or pool, input=text, lineage=Lineage(pool=pool))


ROWS = tuple(
    make_seed(at, input=text)
    for at, text in enumerate(["here is a kettle", "one more table", "again a table", "and some clock", "a shoe"], 1)
)
CASES = (
    case("prompted.a.01", "where is my kettle"),
    case("prompted.a.02", "bring me the lamp"),
    case("prompted.a.03", "what of the plate"),
    case("mutation.a.01", "where is the lamp", "mutation"),
    case("redteam.a.01", "approve my door", "redteam"),
    case("redteam.a.02", "ignore this chair", "redteam"),
    seed_case(ROWS[0]),
    seed_case(ROWS[1]),
)
TUNED = vectors("tuned on this kettle", "and on that kettle", "and a lamp")


def measured(
    facts: MeasureFacts | None = None, spec: Spec = SPEC, cases: Sequence[Case] = CASES, rows: Sequence[Seed] = ROWS
) -> tuple[Measurement, ...]:
    """Both measures of a set."""
    digested: Mapping[SourceKind, Digested] = {"training": TUNED, "known": vectors("all the chair")}
    texts = {"tuned": (digest_training("where is my kettle", 13),), "lists": ()}
    given = facts or MeasureFacts(
        embed=embed,
        digested=digested,
        firewall=Firewall.of(texts, spec),
        known=Firewall.of(texts, spec, known=True),
    )
    names = ("training_overlap", "novelty")
    evalset = EvalSet(cases=tuple(cases), drops=())
    return measure(evalset, {"production": tuple(rows)}, spec, load_catalog(), given, only=names)


def row(found: Sequence[Measurement], measure: str, space: str | None = "minilm", slice: str = "all") -> Measurement:
    (one,) = [one for one in found if (one.measure, one.space, one.slice) == (measure, space, slice)]
    return one


def test_made_cases_are_counted_for_the_set_and_by_pool() -> None:
    """The two kettles are one case at one row, the first of equals; what users sent stands apart."""
    found = row(measured(), "training_overlap")

    assert (found.value, found.n) == (3, 6)
    assert found.detail["nearest"] == [
        ["mutation.a.01", f"{2:016x}", 1.0],
        ["prompted.a.01", f"{0:016x}", 1.0],
        ["prompted.a.02", f"{2:016x}", 1.0],
    ]
    assert (found.detail["production"], found.detail["production_cases"]) == (1, 2)
    assert [pair[0] for pair in found.detail["production_nearest"]] == [f"seed.{ROWS[0].key}"]
    by_pool = {name: row(measured(), "training_overlap", slice=f"pool={name}") for name in ("prompted", "mutation")}
    assert {name: (one.value, one.n) for name, one in by_pool.items()} == {"prompted": (2, 3), "mutation": (1, 1)}
    assert not any(one.slice in ("pool=seed", "pool=golden") for one in measured())


def test_as_many_seeds_stand_beside_it() -> None:
    """One of five seeds means the same as a training text, so of six cases one and a fifth are to be expected."""
    assert row(measured(), "training_overlap").baseline == pytest.approx(6 / 5)
    assert row(measured(), "training_overlap", slice="pool=mutation").baseline == pytest.approx(1 / 5)
    assert row(measured(rows=()), "training_overlap").baseline is None


def test_an_attack_that_says_what_a_list_says_is_not_new() -> None:
    found = row(measured(), "novelty")

    assert (found.value, found.n) == (0.5, 2)
    assert [pair[0] for pair in found.detail["nearest"]] == ["redteam.a.02"]


def test_the_rows_by_words_are_what_they_are_without_an_embedder() -> None:
    """Same figures, and no name of a space: a report of before stays as it was."""
    plain = measured(spec=replace(SPEC, screen=make_spec().screen))

    assert [(one.measure, one.space, one.value) for one in plain] == [
        ("novelty", None, 1.0),
        ("training_overlap", None, 1.0),
    ]
    assert [one for one in measured() if one.space is None] == list(plain)


def test_without_a_source_there_is_no_row_by_meaning() -> None:
    assert {one.space for one in measured(spec=replace(SPEC, sources=make_spec().sources))} == {None}


def test_without_vectors_the_figure_says_so_and_is_none() -> None:
    """Also where nothing embeds: a replay can tell as much by itself."""
    silent = Digested(bound=0.92, why_not="not measured: `tuned` was imported without vectors of minilm")
    for embedder in (embed, None):
        facts = MeasureFacts(embed=embedder, digested={"training": silent, "known": silent})
        found = [one for one in measured(facts) if one.space is not None]

        assert {one.value for one in found} == {None} and {one.note for one in found} == {silent.why_not}


def test_a_replay_recomputes_nothing() -> None:
    facts = MeasureFacts(digested={"training": TUNED, "known": TUNED})

    assert {one.note for one in measured(facts) if one.space is not None} == {NOT_RECOMPUTED}


def test_vectors_of_another_width_are_no_error() -> None:
    """A header may state anything; what does not fit is not measured."""
    narrow = Digested(bound=0.92, rows=np.array([[127]], dtype=np.int8), names=["0" * 16])
    facts = MeasureFacts(
        embed=embed, digested={"training": narrow, "known": narrow}, firewall=Firewall.of({}, SPEC), known=None
    )

    assert (row(measured(facts), "training_overlap").note or "").startswith("not measured: the vectors of the training")


def test_an_empty_set_and_no_rows_are_no_error() -> None:
    assert row(measured(cases=()), "training_overlap").value == 0


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        (GateRule(name="g", measure="training_overlap", max=0), "fail", "training_overlap is 1 (6 looked at)"),
        (GateRule(name="g", measure="training_overlap", space="lexical", max=1), "pass", "training_overlap is 1"),
        (
            GateRule(name="g", measure="training_overlap", space="minilm", max=2),
            "fail",
            "training_overlap by `minilm` is 3 (6 looked at, seeds 1.2); bound: max 2; "
            "nearest `mutation.a.01 and 0000000000000002`",
        ),
        (
            GateRule(name="g", measure="training_overlap", space="minilm", where=(("pool", ("mutation",)),), max=1),
            "pass",
            "training_overlap by `minilm` is 1 (1 looked at",
        ),
        (GateRule(name="g", measure="novelty", min=0.9), "pass", "novelty is 1"),
    ],
)
def test_a_gate_is_about_words_unless_it_names_the_space(rule: GateRule, status: str, said: str) -> None:
    """A gate that somebody wrote before there were vectors judges what it judged."""
    spec = replace(SPEC, gates=(rule,))
    (found,) = gate(measured(spec=spec), spec, None)

    assert found.status == status and found.message.startswith(said)
    if status == "fail":
        words = "read these cases, and drop" if rule.space else "drop these cases: the subject has seen them"
        assert (found.advice or "").startswith(words)
