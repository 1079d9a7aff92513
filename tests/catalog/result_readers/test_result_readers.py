"""Every reader on the shapes that its runner writes; the records here were written by hand after the formats."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.catalog import load_catalog
from evalspec.catalog.result_readers.deepeval import deepeval
from evalspec.catalog.result_readers.hf import hf
from evalspec.catalog.result_readers.inspect import inspect
from evalspec.catalog.result_readers.jsonl import jsonl
from evalspec.catalog.result_readers.lm_eval import lm_eval
from evalspec.catalog.result_readers.promptfoo import promptfoo
from evalspec.model.result import RawResults

READERS = load_catalog().all("results")
OURS = {"evalspec_id": "seed.1", "evalspec_digest": "d1", "evalspec_root": "r"}


def lines(*rows: Mapping[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def refusals(found: RawResults) -> list[tuple[str, str]]:
    return [(one.place, one.message) for one in found.unreadable]


def test_the_command_offers_every_reader() -> None:
    """The list that `--help` prints is the catalogue's."""
    from evalspec.cli.results import READERS as OFFERED

    assert tuple(member.name for member in READERS) == OFFERED


@pytest.mark.parametrize("member", READERS, ids=lambda member: member.name)
@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["samples", "results", "testCases", "doc", "id", "pass", "scores", "metrics", "success"]
                ),
                inner,
                max_size=4,
            )
        ),
    ).map(json.dumps)
)
def test_any_text_gives_rows_or_reasons(member: object, text: str) -> None:
    """Nothing raises, and what is no result file is said to be none."""
    supply = {"text": text, "metric": None}
    found = member.function(**{name: supply[name] for name in member.supplied})  # type: ignore[attr-defined]

    assert isinstance(found, RawResults)
    assert all(row.id is None or isinstance(row.id, str) for row in found.rows)


def test_plain_lines() -> None:
    """Every field, an explicit null, a line separator inside a text, and positions in order."""
    found = jsonl(
        lines(
            {"id": "a", "digest": "d", "model": "m", "pass": True, "epoch": 2, "output": "one\u2028two"},
            {"id": "b", "digest": "d", "score": 0.25},
            {"id": "c", "digest": "d", "error": "timeout"},
            {"id": "d", "digest": "d", "pass": None},
        ).replace("\\u2028", "\u2028")
    )

    one, two, three, four = found.rows
    assert (one.id, one.digest, one.model, one.passed, one.epoch, one.output) == (
        "a",
        "d",
        "m",
        True,
        2,
        "one\u2028two",
    )
    assert (two.score, two.passed, three.error, four.passed) == (0.25, None, "timeout", None)
    assert [row.position for row in found.rows] == [0, 1, 2, 3]
    assert found.unreadable == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "a"', "not JSON"),
        ("[]", "not a JSON object"),
        ('{"id": "a", "digest": "d"}', "neither `pass`, `score` nor `error`"),
        ('{"id": "a", "pass": "yes"}', "`pass` is true, false or null"),
        ('{"id": "a", "pass": true, "epoch": 0}', "`epoch` is a whole number from 1"),
        ('{"id": "a", "score": "high"}', "`score` is a number or null"),
        ('{"id": 7, "pass": true}', "`id` is not text"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    """With its number; the other lines are read."""
    found = jsonl(lines({"id": "x", "pass": True}) + "\n" + line + "\n")

    assert len(found.rows) == 1
    ((place, said),) = refusals(found)
    assert place == "line 3" and message in said


def test_a_dataset_in_each_of_its_shapes() -> None:
    """JSON lines, an array, columns and CSV give the same rows."""
    rows = [{"id": "a", "digest": "d", "pass": True}, {"id": "b", "digest": "e", "pass": False}]
    shapes = [
        lines(*rows),
        json.dumps(rows),
        json.dumps({"id": ["a", "b"], "digest": ["d", "e"], "pass": [True, False]}),
        "id,digest,pass\na,d,True\nb,e,false\n",
    ]

    found = [[(one.id, one.digest, one.passed) for one in hf(shape).rows] for shape in shapes]

    assert found == [[("a", "d", True), ("b", "e", False)]] * 4
    assert hf(lines(rows[0])).rows[0].id == "a"
    assert refusals(hf("a,b\n1,2\n")) == [("file", "neither JSON nor CSV with a column `id`")]
    (typed,) = hf('id,digest,score,epoch,error\na,d,0.5,2,"slow, very"\n').rows
    assert (typed.score, typed.epoch, typed.error) == (0.5, 2, "slow, very")


def inspect_log(*samples: Mapping[str, object]) -> str:
    return json.dumps({"version": 2, "status": "success", "eval": {"metadata": OURS}, "samples": list(samples)})


def sample(value: object, **fields: object) -> dict[str, object]:
    return {
        "id": "seed.1",
        "epoch": 1,
        "metadata": OURS,
        "scores": {"includes": {"value": value}},
        "output": {"completion": "refund"},
        "error": None,
        "limit": None,
        **fields,
    }


@pytest.mark.parametrize(
    ("value", "passed", "score"),
    [
        ("C", True, 1.0),
        ("I", False, 0.0),
        ("N", False, 0.0),
        ("P", None, 0.5),
        (True, True, None),
        (1, None, 1.0),
        (0.3, None, 0.3),
        (float("nan"), None, None),
    ],
)
def test_values_of_inspect(value: object, passed: bool | None, score: float | None) -> None:
    """Grades, booleans, numbers; NaN is unscored."""
    found = inspect(inspect_log(sample(value)), None)

    (row,) = found.rows
    assert (row.id, row.digest, row.passed, row.score, row.epoch) == ("seed.1", "d1", passed, score, 1)
    assert (row.output, found.lock, found.metric) == ("refund", "r", "includes")


def test_errors_limits_and_scorers_of_inspect() -> None:
    """An error is one, a limit only where no score was given, several scorers need a choice."""
    failed = sample("I", error={"message": "rate limit"}, scores={})
    cut = sample(None, limit={"type": "token", "limit": 10})
    found = inspect(inspect_log(sample("C"), failed, cut), None)
    assert [row.error for row in found.rows] == [None, "rate limit", "limit: token"]

    two = sample("C", scores={"a": {"value": "C"}, "b": {"value": {"x": 0, "y": 1}}})
    assert "a, b/x, b/y" in refusals(inspect(inspect_log(two), None))[0][1]
    assert inspect(inspect_log(two), "b/y").rows[0].score == 1.0
    assert refusals(inspect(inspect_log(two), "c"))
    assert "inspect log dump" in refusals(inspect("PK\x03\x04", None))[0][1]
    assert refusals(inspect('{"eval": {}}', None))


def graded(**fields: object) -> dict[str, object]:
    return {
        "success": True,
        "score": 1,
        "failureReason": 0,
        "testIdx": 0,
        "promptIdx": 0,
        "provider": {"id": "echo", "label": ""},
        "namedScores": {"tone": 0.4},
        "gradingResult": {"pass": True, "componentResults": [{"pass": True, "reason": "equal"}]},
        "metadata": OURS,
        "testCase": {"metadata": OURS, "assert": [{"type": "javascript"}]},
        "response": {"output": "ok"},
        **fields,
    }


def test_rows_of_promptfoo() -> None:
    """Success, failure, error, the named score, JSON and JSON lines alike."""
    rows = [
        graded(),
        graded(success=False, failureReason=1, score=0),
        graded(success=False, failureReason=2, error="HTTP 500"),
    ]
    for text in (json.dumps({"results": {"version": 3, "results": rows}}), lines(*rows)):
        found = promptfoo(text, None)
        assert [(row.id, row.digest, row.passed, row.error) for row in found.rows] == [
            ("seed.1", "d1", True, None),
            ("seed.1", "d1", False, None),
            ("seed.1", "d1", False, "HTTP 500"),
        ]
        assert (found.lock, found.repeats, found.rows[0].variant, found.rows[0].output) == ("r", True, "echo", "ok")
    named = promptfoo(json.dumps({"results": {"results": rows[:1]}}), "tone").rows[0]
    assert (named.passed, named.score) == (None, 0.4)


def test_what_nothing_judged_in_promptfoo_is_unscored() -> None:
    """promptfoo passes a test without assertions; our stub says `unscored:` where it takes a judge."""
    bare = graded(gradingResult=None, testCase={"metadata": OURS})
    judge = graded(gradingResult={"componentResults": [{"pass": True, "reason": "unscored: takes a judge"}]})

    assert [row.passed for row in promptfoo(lines(bare, judge), None).rows] == [None, None]


def test_several_prompts_of_promptfoo_are_variants() -> None:
    """And metadata that was stripped is said to be."""
    found = promptfoo(lines(graded(), graded(promptIdx=1)), None)
    assert [row.variant for row in found.rows] == ["echo prompt 0", "echo prompt 1"]

    stripped = graded(metadata={}, testCase={}, testIdx=None, vars={"id": "not ours"})
    assert "PROMPTFOO_STRIP_METADATA" in refusals(promptfoo(lines(stripped), None))[0][1]


def judged(success: bool | None, **fields: object) -> dict[str, object]:
    metrics = [{"name": "Match", "success": success, "score": float(bool(success)), "error": None}]
    return {
        "name": "seed.1",
        "success": success,
        "metricsData": metrics,
        "metadata": OURS,
        "order": 0,
        "actualOutput": "x",
        **fields,
    }


def test_cases_of_deepeval() -> None:
    """Single turns and conversations, a broken metric, and our stub's `takes a judge`."""
    broken = judged(False, metricsData=[{"name": "Match", "success": False, "error": "timeout"}])
    silent = judged(False, metricsData=[{"name": "Match", "success": False, "error": "takes a judge"}])
    text = json.dumps({"testCases": [judged(True), broken, silent], "conversationalTestCases": [judged(False)]})

    found = deepeval(text, None)

    assert [(row.passed, row.error) for row in found.rows] == [
        (True, None),
        (False, "timeout"),
        (None, None),
        (False, None),
    ]
    assert [row.file for row in found.rows] == ["goldens.json"] * 3 + ["goldens.multiturn.json"]
    assert (found.rows[0].id, found.rows[0].digest, found.lock) == ("seed.1", "d1", "r")
    assert deepeval(text, "Match").rows[0].score == 1.0
    assert refusals(deepeval(text, "Tone")) and refusals(deepeval("{}", None))


def test_samples_of_the_harness() -> None:
    """One metric is taken, several need a choice, a missing one is unscored; filters are variants."""
    doc = {"id": "seed.1", "digest": "d1"}
    base = {"doc_id": 4, "doc": doc, "filter": "none", "filtered_resps": ["no"], "metrics": ["evalspec_pass"]}
    found = lm_eval(lines({**base, "evalspec_pass": 1.0}, {**base, "metrics": []}), None)

    one, two = found.rows
    assert (one.id, one.digest, one.position, one.score, one.variant, one.output) == (
        "seed.1",
        "d1",
        4,
        1.0,
        "none",
        "no",
    )
    assert (two.passed, two.score, found.metric) == (None, None, "evalspec_pass")
    both = {**base, "metrics": ["a", "b"], "a": 1.0, "b": 0.0}
    assert "a, b" in refusals(lm_eval(lines(both), None))[0][1]
    assert lm_eval(lines(both), "b").rows[0].score == 0.0
    assert refusals(lm_eval(lines({"x": 1}), None))


def test_a_long_output_is_cut() -> None:
    """Results go into git."""
    (row,) = jsonl(lines({"id": "a", "pass": True, "output": "x" * 50_000})).rows

    assert row.output is not None and len(row.output) < 20_020 and row.output.endswith("[cut]")
