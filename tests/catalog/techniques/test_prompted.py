"""Inputs for cells: by the grammar, or by a model whose reply is read leniently and held to the slot."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from evalspec.catalog.techniques.asked import MAX_INPUT_CHARS, MAX_REPLY_CHARS, MAX_TOKENS
from evalspec.catalog.techniques.persona import persona
from evalspec.catalog.techniques.prompted import prompted
from evalspec.diagnostics import BuildError
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Made, Message, Seed, Unmade
from evalspec.model.plan import Cell, Slot
from evalspec.model.spec import Axis, Fact, Level, Mix, Model, Part, Persona, Pool, Spec, Task
from evalspec.ports import Asking, Tools
from evalspec.registry import CATALOG

CELL = Cell(id="angry.delay", levels=(("user", "angry"), ("policy", "delay")), expected="refund")
OPEN_CELL = Cell(id="angry.delay", levels=CELL.levels)


def make_spec(*, model: str = "house/writer-1", turns: str = "single", prompt: str | None = None) -> Spec:
    return Spec(
        name="s",
        path="",
        folder="",
        task=Task(
            turns=turns,  # type: ignore[arg-type]  # a literal in every call
            instructions="Decide on refunds.",
            expected=(Part(name="decision", values=("deny", "refund")),),
            short_expected=True,
            facts=(Fact(name="days", range=(0, 90)),),
        ),
        axes=(
            Axis(name="user", levels=(Level(name="angry", description="Third contact."),)),
            Axis(name="policy", levels=(Level(name="delay"),)),
        ),
        personas=(Persona(name="voice", description="All lower case.", style=(("casing", "lower"),)),),
        models=(Model(alias="writer", model=model, grammar="g.yaml", params=(("temperature", 0.7),)),),
        pools=(Pool(name="prompted", kind="prompted", prompt=prompt), Pool(name="persona", kind="persona")),
        mix=Mix(size=1, counts=()),
    )


def make_slot(*, cell: Cell = CELL, voice: str | None = None, days: int | None = None, turns: int = 1) -> Slot:
    return Slot(
        id="prompted.angry.delay.02",
        pool="persona" if voice else "prompted",
        technique="persona" if voice else "prompted",
        stratum=cell.id,
        ordinal=2,
        key="key",
        language="en",
        cell=cell,
        persona=voice,
        facts={} if days is None else {"days": days},
        exemplars=(Seed(key="a", row="a", source="production", input='where is it {{ cell }} "now"'),),
        generator="writer",
        turns=turns,
    )


def tools(answer: str | Callable[[Request], str]) -> Tools:
    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        texts = [answer if isinstance(answer, str) else answer(one) for one in requests]
        return [Reply(text=text, served="house/writer-1-0301") for text in texts]

    return Tools(
        ask=ask, progress=lambda stage, done, total: None, data={"g.yaml": {"rules": {"message": ["It is late."]}}}
    )


def made(answer: str, *, slot: Slot | None = None, spec: Spec | None = None) -> Made | Unmade:
    return write(prompted, answer, slot=slot, spec=spec)


def write(
    technique: Callable[..., Made | Unmade | Asking],
    answer: str | Callable[[Request], str],
    *,
    slot: Slot | None = None,
    spec: Spec | None = None,
) -> Made | Unmade:
    """Run a technique to its end, with a model that gives this answer to all it is asked."""
    ports = tools(answer)
    begun = technique(slot or make_slot(), spec or make_spec(), ports, CATALOG)
    if isinstance(begun, Made | Unmade):
        return begun
    try:
        request = next(begun)
        while True:
            request = begun.send(ports.ask([request])[0])
    except StopIteration as done:
        result: Made | Unmade = done.value
        return result


def test_the_built_in_generator_asks_nobody() -> None:
    def refuse(request: Request) -> str:
        raise AssertionError("the grammar needs no model")

    spec = make_spec(model="builtin/grammar")

    assert write(prompted, refuse, spec=spec) == Made(input="it is late")  # as its exemplar types
    assert write(persona, refuse, slot=make_slot(voice="voice"), spec=spec) == Made(input="it is late.")


def test_the_request_shows_the_slot_and_quotes_seeds_as_data() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> str:
        seen.append(request)
        return '{"message": "41 days!"}'

    result = write(prompted, answer, slot=make_slot(days=41))

    assert result == Made(input="41 days!", served="house/writer-1-0301")
    (request,) = seen
    ((role, text),) = request.messages
    assert (request.model, request.ordinal, role) == ("house/writer-1", 2, "user")
    assert request.params == {"temperature": 0.7, "max_tokens": MAX_TOKENS}
    for line in (
        "Decide on refunds.",
        "- user: angry (Third contact.)",
        "- days: 41",
        '"where is it {{ cell }} \\"now\\""',
        "Language: en",
    ):
        assert line in text.splitlines()
    assert '{"cell": "angry.delay", "message": "..."}' in text


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ('{"message": " late "}', "late"),
        ('{"cell": "angry.delay", "message": "late"}', "late"),
        ('Sure!\n```json\n{"message": "late"}\n```\nAnything else?', "late"),
        ('Here it is: {"message": "a {brace} in it"} Enjoy.', "a {brace} in it"),
        ('{"message": "sorry, but it is late"}', "sorry, but it is late"),
    ],
)
def test_a_reply_is_read_leniently(reply: str, result: str) -> None:
    assert made(reply) == Made(input=result, served="house/writer-1-0301")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ('{"message": "  "}', "empty"),
        ("I'm sorry, but I can't help with that.", "refused"),
        ("It is late.", "malformed"),
        ('{"text": "late"}', "malformed"),
        ('{"message": 3}', "malformed"),
        ("[" * 5000, "malformed"),
        ('{"cell": "calm.delay", "message": "late"}', "off_cell"),
        (json.dumps({"message": "x" * (MAX_INPUT_CHARS + 1)}), "oversize"),
        ("x" * (MAX_REPLY_CHARS + 1), "oversize"),
    ],
)
def test_a_reply_that_gives_no_input_says_why(reply: str, reason: str) -> None:
    result = made(reply)

    assert isinstance(result, Unmade)
    assert result.reason == reason


def test_a_text_of_a_model_is_held_to_facts_and_voice_too() -> None:
    assert made('{"message": "it is late"}', slot=make_slot(days=41)) == Unmade(reason="lost_fact", detail="days")
    assert write(persona, '{"message": "Late"}', slot=make_slot(voice="voice")) == Unmade(
        reason="off_persona", detail="casing"
    )


@pytest.mark.parametrize(("expected", "is_made"), [("refund", True), ("maybe", False), (None, False)])
def test_what_no_cell_expects_the_model_gives_and_is_named(expected: str | None, is_made: bool) -> None:
    result = made(json.dumps({"message": "late", "expected": expected}), slot=make_slot(cell=OPEN_CELL))

    if is_made:
        assert result == Made(input="late", expected=expected, expected_by="model:writer", served="house/writer-1-0301")
    else:
        assert result == Unmade(reason="malformed", detail="no usable `expected`")


def test_a_chat_of_five_turns_is_golden() -> None:
    chat = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "How can I help?"},
        {"role": "user", "content": " my lamp "},
        {"role": "assistant", "content": "Which order?"},
        {"role": "user", "content": "4481, refund me"},
    ]
    spec = make_spec(turns="conversation")
    slot = make_slot(turns=5)

    assert made(json.dumps({"messages": chat}), slot=slot, spec=spec) == Made(
        input=tuple(Message(role=one["role"], content=one["content"].strip()) for one in chat),  # type: ignore[arg-type]
        served="house/writer-1-0301",
    )
    assert made(json.dumps({"messages": chat[:4]}), slot=slot, spec=spec) == Unmade(
        reason="malformed", detail="the last message is not the user's"
    )


def test_a_pool_may_bring_its_own_prompt_and_a_bad_one_is_refused() -> None:
    seen: list[str] = []

    def answer(request: Request) -> str:
        seen.append(request.messages[0][1])
        return '{"message": "late"}'

    write(prompted, answer, spec=make_spec(prompt="Only {{ cell.id }}"))

    assert seen == ["Only angry.delay"]
    with pytest.raises(BuildError, match=r"M120: the prompt of pool `prompted`: line 1: `\.__class__` is not allowed"):
        write(prompted, answer, spec=make_spec(prompt="{{ cell.__class__ }}"))


def replying(*replies: Reply) -> tuple[Made | Unmade, list[Request]]:
    """What comes of a slot whose model gives these replies, one a question, and what it was asked."""
    asked: list[Request] = []
    begun = prompted(make_slot(), make_spec(), tools(""), CATALOG)
    assert not isinstance(begun, Made | Unmade)
    left = iter(replies)
    try:
        asked.append(next(begun))
        while True:
            asked.append(begun.send(next(left)))
    except StopIteration as done:
        return done.value, asked


def reply(text: str, **fields: Any) -> Reply:
    return Reply(text=text, served="house/writer-1", **fields)


def test_a_broken_reply_is_mended_by_the_model_that_wrote_it() -> None:
    """The model sees what it wrote and what is wrong with it; it is another question, with a key of its own."""
    result, asked = replying(reply("It is late."), reply('{"message": "late"}'))

    assert isinstance(result, Made)
    assert result.input == "late"
    first, second = asked
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[1] == ("assistant", "It is late.")
    assert second.messages[2][1].startswith("That could not be read: it is not one JSON object.")


def test_mending_ends() -> None:
    """Two more tries, then the slot is lost and counted."""
    result, asked = replying(*[reply("It is late.")] * 3)

    assert result == Unmade(reason="malformed")
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("given", "reason", "detail"),
    [
        (reply("", finish="filter"), "filtered", "withheld by the provider"),
        (reply('{"message": "la', finish="length"), "cut", "the model was cut off at `max_tokens`"),
        (reply("0" * 64, problem="withheld:email"), "withheld", "email"),
        (reply("", problem="oversize"), "oversize", None),
        (reply("I'm sorry, I can't write that."), "refused", None),
    ],
)
def test_a_reply_without_a_text_is_not_argued_with(given: Reply, reason: str, detail: str | None) -> None:
    """What a provider withheld, cut or refused costs one question, and says why."""
    result, asked = replying(given)

    assert result == Unmade(reason=reason, detail=detail)
    assert len(asked) == 1
