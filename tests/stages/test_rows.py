"""Mapping: raw columns to our fields, raw speakers to roles, and where a conversation so far ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from evalspec.diagnostics import SpecError
from evalspec.model.case import Message
from evalspec.model.row import RawRow, Row
from evalspec.model.spec import Fact, Fields, Part, Source, Task
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows

LABELS = Task(expected=(Part(name="expected", values=("deny", "refund")),), short_expected=True, languages=("en",))
CHAT = replace(LABELS, turns="conversation")
SOURCE = Source(name="production", kind="production", path="p.jsonl")


def mapped(
    *rows: Mapping[str, object], source: Source = SOURCE, task: Task = LABELS
) -> tuple[tuple[Row, ...], Reading]:
    problems, reading = RowProblems("raw.jsonl"), Reading()
    raws = [RawRow(line=line, values=values) for line, values in enumerate(rows, start=1)]
    found = tuple(map_rows(raws, source, task, problems, reading))
    problems.raise_errors()
    return found, reading


def refused(*rows: Mapping[str, object], source: Source = SOURCE, task: Task = LABELS) -> list[str]:
    with pytest.raises(SpecError) as caught:
        mapped(*rows, source=source, task=task)
    return [f"{one.span.line if one.span else 0} {one.code} {one.message}" for one in caught.value.diagnostics]


def roles(row: Row) -> list[tuple[str, str]]:
    assert not isinstance(row.input, str)
    return [(one.role, one.content) for one in row.input]


def test_columns_are_renamed_and_the_rest_never_enters() -> None:
    """Fields map columns, dots go into objects and into JSON text, the same name needs no entry."""
    source = replace(
        SOURCE,
        fields=Fields(
            columns=(("id", "ticket"), ("input", "body.text"), ("time", "at")),
            expected=(("", "decision"),),
            context=(("order", "order"),),
            metadata=(("channel", "meta.channel"), ("vip", "vip")),
        ),
    )

    (row,), _ = mapped(
        {
            "ticket": 17,
            "body": '{"text": "where is it????"}',
            "at": "2026-01-02",
            "decision": "refund",
            "order": {"total": 4.5},
            "meta": {"channel": "web"},
            "vip": True,
            "ssn": "000-00-0000",
        },
        source=source,
    )

    assert row == Row(
        line=1,
        id="17",
        input="where is it????",
        expected="refund",
        context={"order": {"total": 4.5}},
        time="2026-01-02",
        language="en",
        metadata={"channel": "web", "vip": "true"},
    )


def test_a_column_may_go_into_a_list_by_number() -> None:
    """Exports nest what belongs to a row; numbers count from 0, past the end there is nothing."""
    source = replace(SOURCE, fields=Fields(metadata=(("flow", "seen.0.flow"), ("second", "seen.1.flow"))))

    nested, empty = (
        mapped(one, source=source)[0][0]
        for one in ({"input": "a", "seen": [{"flow": "returns"}]}, {"input": "b", "seen": "[]"})
    )

    assert nested.metadata == {"flow": "returns"}
    assert empty.metadata == {}


def test_labels_outside_the_task_name_their_row() -> None:
    """Every row with an unknown label is told, with what was probably meant."""
    found = refused(
        {"input": "a", "expected": "refnd"}, {"input": "b", "expected": "deny"}, {"input": "c", "expected": 3}
    )

    assert found == [
        "1 I310 `refnd` is no value of `expected` (did you mean `refund`?)",
        "3 I310 `3` is no value of `expected` (known: `deny`, `refund`)",
    ]


def test_twenty_problems_are_shown_and_the_rest_counted() -> None:
    """A thousand bad rows are twenty messages and a number."""
    with pytest.raises(SpecError) as caught:
        mapped(*({"input": "a", "expected": "x"} for _ in range(1000)))

    assert len(caught.value.diagnostics) == 20
    assert caught.value.diagnostics[-1].notes[0].message == "and 980 more problems in this file"


def test_a_column_that_no_row_has_is_told_once() -> None:
    """A slip in `fields` is one message with the columns that there are."""
    source = replace(SOURCE, fields=Fields(columns=(("input", "mesage"),)))

    assert refused({"message": "a"}, {"message": "b"}, source=source) == [
        "0 I309 no row has the column `mesage` (did you mean `message`?)"
    ]


def test_rows_without_a_users_text_are_counted_not_kept() -> None:
    """Blank messages are part of every log."""
    rows, reading = mapped({"input": "  "}, {"input": "x"}, {"input": None}, {"input": ""})

    assert [row.input for row in rows] == ["x"]
    assert (reading.read, reading.blank) == (4, 3)


@pytest.mark.parametrize(
    "turns",
    [
        [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "yes?"},
            {"role": "user", "content": "bye"},
        ],
        [{"from": "customer", "text": "hi"}, {"from": "Agent", "text": "yes?"}, {"from": "Human", "text": "bye"}],
        [["customer", "hi"], ["bot", "yes?"], ["CLIENT", "bye"]],
        '[["customer", "hi"], ["agent", "yes?"], ["customer", "bye"]]',
        [["customer", "hi"], ["agent", "yes?", 1, "template"], ["customer", "bye", None]],
        [{"speaker": "human", "value": "hi"}, {"speaker": "ai", "value": "yes?"}, {"speaker": "user", "value": "bye"}],
    ],
)
def test_usual_conversations_need_no_mapping(turns: object) -> None:
    """Objects with usual keys, pairs, and both as JSON text give the same messages."""
    (row,), _ = mapped({"input": turns}, task=CHAT)

    assert roles(row) == [("user", "hi"), ("assistant", "yes?"), ("user", "bye")]


def test_own_keys_and_speakers_are_declared() -> None:
    """What the usual names do not cover, `role`, `content` and `speakers` do."""
    source = replace(
        SOURCE,
        fields=Fields(columns=(("role", "who.kind"), ("content", "said"))),
        speakers=(("Gast", "user"), ("haus", "assistant")),
    )

    (row,), _ = mapped(
        {"input": [{"who": {"kind": "haus"}, "said": "Ja?"}, {"who": {"kind": "gast"}, "said": "Hallo"}]},
        source=source,
        task=CHAT,
    )

    assert roles(row) == [("assistant", "Ja?"), ("user", "Hallo")]


def test_unknown_speakers_are_refused_with_what_to_write() -> None:
    """A role nobody declared is not guessed."""
    assert refused({"input": [["wizard", "hm"]]}, task=CHAT) == [
        "1 I310 message 1 is by `wizard`, which is no known speaker (no such name)"
    ]


def test_what_follows_the_last_user_message_goes() -> None:
    """Without `cut` a conversation ends with the last message of a user or a tool."""
    chat = [["user", "a"], ["agent", "b"], ["tool", "c"], ["agent", "d"], ["agent", "e"]]

    (row,), _ = mapped({"input": chat}, task=CHAT)

    assert roles(row) == [("user", "a"), ("assistant", "b"), ("tool", "c")]


def test_cut_says_how_many_messages_to_keep() -> None:
    """`cut` counts messages, also as CSV spells it, and must end where someone waits for an answer."""
    source = replace(SOURCE, fields=Fields(columns=(("cut", "n"),)))
    chat = [["user", "a"], ["agent", "b"], ["user", "c"], ["agent", "d"]]

    rows, _ = mapped(*({"input": chat, "n": n} for n in (3, "3", 1, 3.0)), source=source, task=CHAT)

    assert [len(row.input) for row in rows] == [3, 3, 1, 3]
    assert refused(*({"input": chat, "n": n} for n in (2, 9, 0, "x")), source=source, task=CHAT) == [
        "1 I310 `cut` keeps 2 messages and the last of them is the assistant's",
        "2 I310 `cut` keeps 9 of 4 messages",
        "3 I310 `cut` keeps 0 of 4 messages",
        "4 I310 `cut` is `x`, not the number of messages to keep",
    ]


def test_rows_that_give_their_answer_away_are_counted() -> None:
    """An earlier message with the expected label or call is counted when no `cut` was given."""
    task = replace(
        CHAT,
        expected=(Part(name="decision", values=("refund", "deny")), Part(name="calls", kind="tool_calls")),
        short_expected=False,
    )
    call = {"name": "pay", "arguments": {"id": "1"}}

    _, reading = mapped(
        {"input": [["user", "a"], ["agent", "I will refund you"], ["user", "ok"]], "expected": {"decision": "refund"}},
        {"input": [["user", "refund me"], ["agent", "refunded?"], ["user", "ok"]], "expected": {"decision": "refund"}},
        {
            "input": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "tool_calls": [{"function": {"name": "pay", "arguments": '{"id": "1"}'}}]},
                {"role": "tool", "content": "done"},
            ],
            "expected": {"calls": [call]},
        },
        task=task,
    )

    assert reading.told == 2


def test_a_single_task_takes_the_first_user_message_of_a_chat() -> None:
    """With `turns: single` a conversation gives its opening; a text that is a JSON list stays a text."""
    rows, _ = mapped({"input": [["agent", "hello"], ["user", "first"], ["user", "second"]]}, {"input": '["a", "b"]'})

    assert [row.input for row in rows] == ["first", '["a", "b"]']


def test_a_conversation_task_takes_a_text_as_one_user_message() -> None:
    """A message without a chat around it is a chat of one."""
    (row,), _ = mapped({"input": "hi"}, task=CHAT)

    assert row.input == (Message(role="user", content="hi"),)


def test_parts_are_read_by_kind_from_json_and_from_csv_alike() -> None:
    """Calls, citations, criteria and objects are equal whether they come as JSON or as JSON text."""
    task = replace(
        LABELS,
        short_expected=False,
        expected=(
            Part(name="label", values=("1", "true")),
            Part(name="calls", kind="tool_calls"),
            Part(name="pages", kind="citations"),
            Part(name="record", kind="json"),
            Part(name="sql", kind="query"),
        ),
    )
    source = replace(SOURCE, fields=Fields(expected=tuple((part.name, part.name) for part in task.expected)))
    native = {
        "input": "x",
        "label": 1,
        "calls": [{"name": "f", "arguments": {"n": 1}}],
        "pages": ["a.md#b"],
        "record": {"a": [1, None]},
        "sql": "select 1",
    }
    texts = native | {
        "label": "1",
        "calls": '[{"function": {"name": "f", "arguments": "{\\"n\\": 1}"}}]',
        "pages": "a.md#b",
        "record": '{"a": [1, null]}',
    }

    (one, two), _ = mapped(native, texts, source=source, task=task)

    assert (
        one.expected
        == two.expected
        == {
            "label": "1",
            "calls": [{"name": "f", "arguments": {"n": 1}}],
            "pages": ["a.md#b"],
            "record": {"a": [1, None]},
            "sql": "select 1",
        }
    )


def test_no_calls_is_a_statement_and_an_empty_cell_is_none() -> None:
    """`[]` says that nothing is called; an empty cell says nothing."""
    task = replace(LABELS, short_expected=False, expected=(Part(name="calls", kind="tool_calls"),))

    rows, _ = mapped({"input": "a", "expected": {"calls": []}}, {"input": "b", "expected": ""}, task=task)

    assert [row.expected for row in rows] == [{"calls": []}, None]


def test_facts_votes_behaviour_and_verifier_are_read() -> None:
    """Facts take the type of the task's fact, votes are labels, behaviours are known words."""
    task = replace(LABELS, facts=(Fact(name="days", range=(0.0, 90.0)), Fact(name="sex", values=(("w", ("w",)),))))
    source = replace(
        SOURCE,
        fields=Fields(
            columns=(("verified_by", "checked"),), facts=(("days", "d"), ("sex", "s")), votes=("nurse_a", "nurse_b")
        ),
    )

    rows, _ = mapped(
        {"input": "a", "d": "9", "s": "w", "nurse_a": "deny", "nurse_b": "", "behaviour": "clarify", "checked": "ann"},
        {"input": "b", "d": 9.5, "s": None, "nurse_a": None, "nurse_b": "refund"},
        source=source,
        task=task,
    )

    assert [(row.facts, row.votes, row.behaviour, row.verified_by) for row in rows] == [
        ({"days": 9, "sex": "w"}, ("deny",), "clarify", "ann"),
        ({"days": 9.5}, ("refund",), "answer", None),
    ]
    assert refused({"input": "a", "d": "nine"}, {"input": "a", "behaviour": "xyzzy"}, source=source, task=task) == [
        "1 I310 the fact `days` is `nine`, not a number",
        "2 I310 `xyzzy` is no behaviour (known: `abstain`, `answer`, `challenge`, `clarify`, `refuse`)",
    ]


def test_anchors_are_complete_and_carry_no_more() -> None:
    """An anchor has an output, a verdict and a critique."""
    anchor = replace(SOURCE, kind="anchor", name="anchor")
    whole = {"input": "q", "output": "a", "verdict": "pass", "critique": "good"}

    (row,), _ = mapped(whole, source=anchor)

    assert (row.output, row.verdict, row.critique) == ("a", "pass", "good")
    assert refused({"input": "q"}, whole | {"verdict": "meh"}, source=anchor) == [
        "1 I310 an anchor without `output`",
        "2 I310 the verdict is `meh`, not `pass` or `fail`",
    ]


def test_traffic_and_training_carry_no_labels() -> None:
    """An unlabelled sample stays unlabelled, whatever columns it has."""
    rows = [
        mapped({"input": "q", "expected": "no label"}, source=replace(SOURCE, kind=kind))[0]
        for kind in ("traffic", "training")
    ]

    assert [row.expected for (row,) in rows] == [None, None]
