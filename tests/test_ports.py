"""The key of a question: everything that decides the reply, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from evalspec.model.asking import Request
from evalspec.ports import request_key

ASKED = Request(
    model="openai/gpt-4o",
    messages=(("system", "You write messages."), ("user", "Write one.")),
    params={
        "max_tokens": 200,
        "temperature": 0.7,
        "stop": ["\n"],
        "seed": 4,
        "response_format": {"type": "json_object"},
    },
    ordinal=0,
)


def params(**changed: object) -> Request:
    return replace(ASKED, params={**ASKED.params, **changed})


def without(name: str) -> Request:
    return replace(ASKED, params={key: value for key, value in ASKED.params.items() if key != name})


OTHERS = {
    "model": replace(ASKED, model="openai/gpt-4o-mini"),
    "role of the first": replace(ASKED, messages=(("developer", "You write messages."), ASKED.messages[1])),
    "content of the first": replace(ASKED, messages=(("system", "You write messages"), ASKED.messages[1])),
    "role of the last": replace(ASKED, messages=(ASKED.messages[0], ("assistant", "Write one."))),
    "content of the last": replace(ASKED, messages=(ASKED.messages[0], ("user", "Write one. "))),
    "order of messages": replace(ASKED, messages=ASKED.messages[::-1]),
    "one message less": replace(ASKED, messages=ASKED.messages[1:]),
    "one message more": replace(ASKED, messages=(*ASKED.messages, ("user", ""))),
    "role and content run together": replace(ASKED, messages=(ASKED.messages[0], ("userWrite", " one."))),
    "max_tokens": params(max_tokens=201),
    "temperature": params(temperature=0.70000001),
    "temperature as a string": params(temperature="0.7"),
    "stop": params(stop=["\n", "\n"]),
    "stop as a string": params(stop="\n"),
    "seed": params(seed=5),
    "seed true": params(seed=True),
    "deep in response_format": params(response_format={"type": "text"}),
    "one more in response_format": params(response_format={"type": "json_object", "strict": True}),
    **{f"without {name}": without(name) for name in ASKED.params},
    "a param more": params(top_p=1.0),
    "ordinal": replace(ASKED, ordinal=1),
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_decides_the_reply_is_in_the_key(what: str) -> None:
    """Another reply could come, so it is another question."""
    assert request_key(OTHERS[what]) != request_key(ASKED)


def test_no_two_of_them_are_one_question() -> None:
    """Neither do they collide with each other."""
    assert len({request_key(one) for one in OTHERS.values()}) == len(OTHERS)


def test_equal_questions_have_one_key() -> None:
    """Whatever the order of the params, deep down too, and whichever sequence type they come in."""
    turned = dict(reversed(ASKED.params.items()))
    deep = params(response_format={"a": 1, "type": "json_object"})
    turned_deep = params(response_format={"type": "json_object", "a": 1})

    assert request_key(replace(ASKED, params=turned)) == request_key(ASKED)
    assert request_key(deep) == request_key(turned_deep)
    assert request_key(params(stop=("\n",))) == request_key(ASKED)


def test_every_field_was_tried() -> None:
    """A field that a request gains has to be in the key, or here with the reason why it is not."""
    assert {one.name for one in fields(Request)} == {"model", "messages", "params", "ordinal"}
