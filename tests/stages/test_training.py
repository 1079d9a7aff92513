"""The training firewall: what the subject was tuned on is recognised from digests alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.diagnostics import EvalspecError
from evalspec.model.row import RawRow
from evalspec.model.spec import Mix, Screening, Source, Spec
from evalspec.model.training import training_digest
from evalspec.registry import CATALOG
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows
from evalspec.stages.seeds import read_source
from evalspec.stages.snapshot import snapshot
from evalspec.stages.training import Firewall, digest_training
from evalspec.text.tokens import tokens
from evalspec.text.vectors import dense, vectorize

LONG = "where is my parcel it was due on monday and nobody has told me anything about it since then"
SOURCE = Source(name="training", kind="training", path="t.jsonl")
SPEC = Spec(name="s", path="s.yaml", folder=".", sources=(SOURCE,), mix=Mix(size=1, counts=(("seed", 1),)))


def firewall(*texts: str, spec: Spec = SPEC) -> Firewall:
    rows = tuple(digest_training(text, spec.screen.training_ngram) for text in texts)
    return Firewall.of({"training": rows}, spec)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (LONG, "equal_tokens"),
        (LONG.upper() + "!!!", "equal_tokens"),
        ("hello again friends of the shop, " + LONG, "shared_ngram"),
        ("where is my parcel it was due on monday and no body has told me anything about it since then", "cosine"),
        ("I would like to change the colour of the jacket that I ordered last week, please.", None),
        ("parcel", None),
    ],
)
def test_near_texts_fall_under_the_first_rule_that_holds(text: str, rule: str | None) -> None:
    """Equal tokens, a shared 13-gram and a near vector are told apart; other texts pass."""
    found = firewall(LONG, "thanks").overlap(text)

    assert (found.rule if found else None) == rule


def test_short_texts_are_compared_by_their_tokens_only() -> None:
    """Under eight tokens likeness is chance, equality is not."""
    wall = firewall("where is my order now")

    assert wall.overlap("Where is my order now?") is not None
    assert wall.overlap("where is my order") is None


def test_the_bounds_are_the_specs() -> None:
    """A looser cosine and a shorter n-gram let more through or less."""
    strict = replace(SPEC, screen=Screening(training_cosine=0.5, training_ngram=4))
    text = "my parcel was due on monday, can i have my money back for it"

    assert firewall(LONG).overlap(text) is None
    found = firewall(LONG, spec=strict).overlap(text)
    assert found is not None and found.rule == "shared_ngram"


def test_nothing_overlaps_with_nothing() -> None:
    """A spec without training sources lets every text pass."""
    assert Firewall.of({}, SPEC).overlap(LONG) is None
    assert firewall("ok").overlap(LONG) is None


@given(st.text(max_size=200))
def test_a_text_always_overlaps_with_itself_and_its_digest_comes_back(text: str) -> None:
    """Whatever the text, its own digest catches it, also after a round through the file."""
    made = digest_training(text, 13)

    again = training_digest(json.loads(json.dumps(made.record())))

    assert again == made
    found = Firewall.of({"t": (again,)}, SPEC).overlap(text)
    assert found is not None and found.rule == "equal_tokens"


def test_the_snapshot_holds_no_text() -> None:
    """An imported training file shows none of its words and is read back to the same digests."""
    problems, reading = RowProblems("raw.jsonl"), Reading()
    raws = [RawRow(line=line, values={"input": text}) for line, text in enumerate([LONG, "thanks", LONG], start=1)]
    made = snapshot(map_rows(raws, SOURCE, SPEC.task, problems, reading), reading, SOURCE, SPEC, CATALOG, problems)

    found = read_source(made.text, SOURCE, SPEC, CATALOG, "t.jsonl")

    assert "parcel" not in made.text
    assert (made.header.rows, made.header.duplicates, made.header.ngram) == (3, 1, 13)
    assert {one.sequence for one in found.training} == {digest_training(text, 13).sequence for text in (LONG, "thanks")}


@pytest.mark.parametrize("line", ['{"sequence": "a"}', '{"sequence":"a","tokens":1,"grams":"AA==","vector":""}', "[]"])
def test_rows_that_nothing_here_wrote_are_refused(line: str) -> None:
    """A training snapshot edited by hand is told by line."""
    problems, reading = RowProblems("raw.jsonl"), Reading()
    raws = [RawRow(line=1, values={"input": LONG})]
    made = snapshot(map_rows(raws, SOURCE, SPEC.task, problems, reading), reading, SOURCE, SPEC, CATALOG, problems)

    with pytest.raises(EvalspecError, match=r"I323|I304"):
        read_source(made.text + line + "\n", SOURCE, SPEC, CATALOG, "t.jsonl")


WORDS = st.lists(
    st.sampled_from(["where", "is", "my", "parcel", "order", "late", "refund", "jacket", "blue", "when", "will", "it"]),
    max_size=16,
)


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS, st.sampled_from([0.3, 0.6, 0.9]))
@settings(deadline=None)
def test_the_nearest_row_is_that_of_brute_force(trained: list[list[str]], asked: list[str], bound: float) -> None:
    """Rows that cannot be near are left out by a bound, and no other."""
    text, rows = " ".join(asked), [" ".join(one) for one in trained]
    strict = replace(SPEC, screen=Screening(training_cosine=bound, training_ngram=99))
    found = firewall(*rows, spec=strict).overlap(text)
    long = [row for row in rows if len(tokens(row)) >= 8]
    whole = vectorize([text, *long])
    table = np.clip(dense(whole, 0, len(whole)), -8, 7)
    lengths = np.sqrt((table**2).sum(axis=1))
    cosines = table[1:] @ table[0] / np.maximum(lengths[1:] * lengths[0], 1)

    if tokens(text) in {tokens(row) for row in rows}:
        assert found is not None and found.rule == "equal_tokens"
    elif len(asked) < 8 or not long or cosines.max() < bound:
        assert found is None
    else:
        assert found is not None and found.rule == "cosine"
        assert found.value == pytest.approx(cosines.max(), abs=1e-6)
