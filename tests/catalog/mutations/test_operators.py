"""Every mutation operator on one message and on one chat: what comes out is written down, and a person read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from evalspec.catalog import load_catalog
from evalspec.catalog.techniques.mutation import mutate
from evalspec.model.case import Input, Made, Message, Unmade, user_texts

CATALOG = load_catalog()
TERMS = (("ask", ("refund", "money back", "return")),)
PARTNER = "How do I change my delivery address?"
# Those that a model carries out have their tests in test_asked.py.
OWN = tuple(one for one in CATALOG.all("operator") if not one.traits["asks"])

# Rows of operator, parent, options, key of the slot, child.
CHILDREN = json.loads((Path(__file__).parent / "children.json").read_text(encoding="utf-8"))
# Operator to what the user says in the child of the chat below.
CHATS = json.loads((Path(__file__).parent / "chats.json").read_text(encoding="utf-8"))

CHAT = (
    Message(role="system", content="Be kind. Please don't be late."),
    Message(role="user", content="Hi, I don't know where my package is. Can you please help me?"),
    Message(
        role="assistant",
        content="Hello! I'm sorry, your package isn't late. Thank you. What is your order id?",
        tool_calls=({"name": "find_order", "arguments": {"please": "don't"}},),
    ),
    Message(role="user", content="My name is Anna Smith"),
    Message(role="user", content="It is order 4711-B, see <EMAIL_1>. I bought a jacket."),
    Message(role="tool", content='{"status": "late, don\'t know"}'),
    Message(role="assistant", content="I see the package left on 12 May."),
    Message(
        role="user",
        content="I do not believe it! I want a refund for the jacket, because the invoice says 39.90 and I cannot wait "
        "for another week.",
    ),
)
OTHERS = tuple(one for one in CHAT if one.role != "user")


def child(name: str, value: Input, options: Mapping[str, object], key: str) -> Made | Unmade:
    """Apply one operator with the fixtures of this file."""
    members = (CATALOG.get("operator", name),)
    return mutate(value, members, options, key=key, language="en", partner=PARTNER, terms=TERMS)


@pytest.mark.parametrize(("name", "text", "options", "key", "expected"), CHILDREN)
def test_an_operator_makes_this_child(
    name: str, text: str, options: Mapping[str, object], key: str, expected: str
) -> None:
    """One key gives one child, on every machine."""
    assert child(name, text, options, key) == Made(input=expected, operators=(CATALOG.get("operator", name).tag,))


def test_every_operator_has_a_child_and_a_chat_here() -> None:
    """An operator without a golden message and chat does not get in; turns need a chat to work on."""
    names = {one.name for one in OWN}

    assert set(CHATS) == names
    assert {name for name, *_ in CHILDREN} == names - {"split_turns", "merge_turns"}


@pytest.mark.parametrize("name", sorted(CHATS))
def test_an_operator_changes_this_of_a_chat(name: str) -> None:
    """Style reaches all of the user's messages, content the last, conversation the sequence; nobody else is touched."""
    made = child(name, CHAT, {}, "chat")

    assert isinstance(made, Made)
    assert isinstance(made.input, tuple)
    assert user_texts(made.input) == tuple(CHATS[name])
    assert tuple(one for one in made.input if one.role != "user") == OTHERS


@pytest.mark.parametrize("name", [one.name for one in OWN if one.traits["scope"] == "content"])
def test_content_operators_touch_the_last_message_only(name: str) -> None:
    """The history of a chat stays as it happened."""
    made = child(name, CHAT, {}, "another key")

    assert isinstance(made, Made)
    assert made.input[:-1] == CHAT[:-1]
    assert made.input[-1] != CHAT[-1]


@pytest.mark.parametrize("name", ["split_turns", "merge_turns"])
def test_a_single_request_stays_one(name: str) -> None:
    """What makes several messages of one, or one of several, does not apply to a string."""
    made = child(name, "I bought a jacket. It arrived torn. Can you help?", {}, "a")

    assert isinstance(made, Unmade)
    assert made.reason == "no_op"
