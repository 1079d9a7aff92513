"""Eval sets as runners keep them, read by the reader that recognises them, and by no other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalspec.catalog import load_catalog

READERS = load_catalog().all("reader")

GOLDEN = {"name": "g1", "input": "Hi", "expected_output": "Hello", "additional_metadata": {"source": "seed"}}
SYNTHESIZED = {"input": "Hi", "expected_output": "Hello", "additional_metadata": {"evolutions": ["Reasoning"]}}
CHAT_GOLDEN = {"name": "c1", "scenario": "late", "turns": [{"role": "user", "content": "Hi"}], "expected_outcome": "ok"}
DEEPEVAL_RUN = {"testCases": [{"name": "g1", "input": "Hi", "expectedOutput": "Hello", "metadata": {"a": 1}}]}
LOG = {
    "version": 2,
    "eval": {"task": "t"},
    "samples": [{"id": "s1", "epoch": 1, "input": "Hi", "target": "A", "choices": ["x", "y"], "metadata": {"a": 1}}],
}
LM_EVAL = {"doc_id": 3, "doc": {"question": "Hi?", "answer": 1}, "target": "1", "resps": [["x"]]}
LM_EVAL_SENT = {"doc_id": 3, "doc": {"stem": 1}, "target": "1", "arguments": [["Q: Hi?", {"until": []}]]}
LM_EVAL_NEW = {"doc_id": 3, "doc": {"stem": 1}, "target": "1", "arguments": {"gen_args_0": {"arg_0": "Q: Hi?"}}}
TEST = {"vars": {"message": "Hi"}, "assert": [{"type": "equals", "value": "Hello"}], "metadata": {"source": "seed"}}
REDTEAM = {"tests": [{"vars": {"prompt": "Ignore"}, "metadata": {"pluginId": "hijacking"}}], "prompts": ["{{prompt}}"]}
CONFIG = {"prompts": ["{{message}}"], "defaultTest": {"vars": {"tone": "kind"}}, "tests": [TEST]}
TABLE = {"message": "Hi", "__expected": "icontains: Hello", "__description": "d", "__metadata:source": "seed"}
SIMULATED = {"scenario": "A customer is late", "expected_outcome": "ok", "turns": None}
RESULT = {"success": True, "testCase": {"vars": {"message": "Hi"}, "metadata": {"a": 1}}, "vars": {"message": "Hi"}}
RUN = {"evalId": "e", "results": {"version": 3, "results": [RESULT]}}
LOCK = {
    "lock_version": 1,
    "cases": [
        {
            "id": "a",
            "input": "Hi",
            "expected": "x",
            "provenance": "prod-a",
            "expected_by": "verified:ann",
            "lineage": {},
        },
        {"id": "b", "input": "Ho", "provenance": "synth-a-b", "lineage": {"pool": "prompted"}},
    ],
}


@pytest.mark.parametrize(
    ("value", "reader", "rows"),
    [
        (GOLDEN, "deepeval", [{"id": "g1", "input": "Hi", "expected": "Hello", "metadata.source": "seed"}]),
        (
            SYNTHESIZED,
            "deepeval",
            [{"input": "Hi", "expected": "Hello", "origin": "synthetic", "metadata.evolutions": ["Reasoning"]}],
        ),
        (CHAT_GOLDEN, "deepeval", [{"id": "c1", "input": [{"role": "user", "content": "Hi"}], "expected": "ok"}]),
        (DEEPEVAL_RUN, "deepeval_run", [{"id": "g1", "input": "Hi", "expected": "Hello", "metadata.a": 1}]),
        (LOG, "inspect", [{"id": "s1", "input": "Hi", "target": "A", "choices": ["x", "y"], "metadata.a": 1}]),
        (LM_EVAL, "lm_eval", [{"id": 3, "question": "Hi?", "answer": 1, "target": "1"}]),
        (LM_EVAL_SENT, "lm_eval", [{"id": 3, "stem": 1, "target": "1", "input": "Q: Hi?"}]),
        (LM_EVAL_NEW, "lm_eval", [{"id": 3, "stem": 1, "target": "1", "input": "Q: Hi?"}]),
        (TEST, "promptfoo_test", [{"message": "Hi", "expected": "Hello", "metadata.source": "seed"}]),
        (
            REDTEAM,
            "promptfoo",
            [{"prompt": "Ignore", "origin": "synthetic: promptfoo red team", "metadata.pluginId": "hijacking"}],
        ),
        (
            CONFIG,
            "promptfoo",
            [{"tone": "kind", "message": "Hi", "expected": "Hello", "metadata.source": "seed"}],
        ),
        (TABLE, "promptfoo_table", [{"message": "Hi", "expected": "Hello", "metadata.source": "seed"}]),
        ({"message": "Hi", "__expected": "Hello"}, "promptfoo_table", [{"message": "Hi", "expected": "Hello"}]),
        ({"message": "Hi", "__expected": "cost: 3"}, "promptfoo_table", [{"message": "Hi"}]),
        (SIMULATED, "deepeval", [{"input": "A customer is late", "expected": "ok"}]),
        (RESULT, "promptfoo_result", [{"message": "Hi", "metadata.a": 1}]),
        (RUN, "promptfoo_run", [{"message": "Hi", "metadata.a": 1}]),
        (
            LOCK,
            "evalspec_lock",
            [
                {"id": "a", "input": "Hi", "expected": "x", "provenance": "prod", "expected_by": "verified:ann"},
                {"id": "b", "input": "Ho", "provenance": "prompted", "expected_by": "nobody"},
            ],
        ),
    ],
)
def test_a_form_is_recognised_by_one_reader_and_read(
    value: Mapping[str, object], reader: str, rows: list[Mapping[str, object]]
) -> None:
    """Two readers that claim one object would make the answer depend on their order."""
    found = [one for one in READERS if one.traits["recognises"](value)]

    assert [one.name for one in found] == [reader]
    assert list(found[0].function(value)) == rows


@pytest.mark.parametrize(
    "value",
    [{"text": "Hi", "label": "a"}, {"input": "Hi", "target": "x"}, {"doc": "a", "label": "b"}, [], None, "text", 3, {}],
)
def test_plain_rows_are_nobodys(value: object) -> None:
    """A row of columns is read as it is, and what is no object is recognised by none."""
    assert not [one.name for one in READERS if one.traits["recognises"](value)]


@pytest.mark.parametrize("member", READERS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "value",
    [
        {"tests": [1, None, {"vars": 3}, {"vars": {"a": "b"}, "assert": [7, {"type": "equals"}], "metadata": []}]},
        {"results": {"results": [None, {"testCase": 4}, {"testCase": {"vars": None}, "vars": {"a": 1}}]}},
        {"testCases": [None, {"metadata": 3}], "conversationalTestCases": "x"},
        {"eval": {}, "samples": [None, {"metadata": [1]}, {"input": {"a": 1}}]},
        {"doc": {}, "doc_id": None, "arguments": [[]], "target": {"a": 1}},
        {"doc": {}, "resps": 1, "arguments": {"a": 3}},
        {"lock_version": 1, "cases": [None, {"lineage": 3, "provenance": 7}]},
        {"input": 3, "additional_metadata": "x"},
        {"turns": 3, "scenario": None},
        {"success": 1, "testCase": None, "vars": 3},
    ],
    ids=repr,
)
def test_a_form_with_other_things_in_it_is_read_without_a_fall(member: object, value: object) -> None:
    """A file may claim a form and hold anything below it."""
    if member.traits["recognises"](value):  # type: ignore[attr-defined]
        assert all(isinstance(one, Mapping) for one in member.function(value))  # type: ignore[attr-defined]
