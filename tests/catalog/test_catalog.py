"""Every member of the catalogue: documented, with options that a spec can write, and repeatable."""

from __future__ import annotations

import inspect

import pytest

from evalspec.catalog import load_catalog
from evalspec.model.case import Message
from evalspec.registry import Member
from evalspec.stream import Stream
from evalspec.text.spans import protected_spans

CATALOG = load_catalog()
KINDS = ("operator", "attack", "relation", "technique", "measure", "check", "detector", "reader", "exporter", "results")
MEMBERS = [member for kind in KINDS for member in CATALOG.all(kind)]  # type: ignore[arg-type]
PYTHON_TYPES = {"number": (int, float), "integer": int, "string": str, "boolean": bool, "array": tuple}
TEXT = (
    "Hello, I don't know where my package is. I am in Leeds and need the jacket, can you please help me? "
    "The invoice says Friday."
)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: f"{member.kind}-{member.name}")
def test_a_member_is_documented_and_its_options_can_be_written_in_a_spec(member: Member) -> None:
    """The docstring's first line is a sentence; every option has a type of JSON, and a default of that type."""
    assert member.title.endswith("."), member.title
    assert member.version >= 1
    for option in member.options:
        assert option.type in PYTHON_TYPES
        if option.default not in (None, inspect.Parameter.empty):
            assert isinstance(option.default, PYTHON_TYPES[option.type]), option
        if option.choices and option.default is not None:
            assert option.default in option.choices


@pytest.mark.parametrize("member", CATALOG.all("operator"), ids=lambda member: member.name)
def test_an_operator_is_repeatable_and_gives_a_change_or_none(member: Member) -> None:
    """Equal streams give equal children; the input is the input, and what comes back differs from it."""
    messages = (Message(role="user", content=TEXT), Message(role="user", content="It is late."))
    is_conversation = member.traits["scope"] == "conversation"
    spans = tuple(protected_spans(one.content) for one in messages) if is_conversation else protected_spans(TEXT)
    outcomes = set()
    for key in range(40):
        results = []
        for _ in range(2):
            supply = {
                "text": TEXT,
                "messages": messages,
                "rng": Stream(str(key)),
                "protected": spans,
                "language": "en",
                "partner": "How do I change my delivery address?",
                "terms": (("ask", ("package", "parcel", "box")),),
            }
            results.append(member.function(**{name: supply[name] for name in member.supplied}))
        assert results[0] == results[1]
        assert results[0] not in (TEXT, messages)
        outcomes.add(results[0])

    assert outcomes != {None}


def test_operators_say_what_they_may_do_to_a_label() -> None:
    """Those that add, cut or rename what a label may hang on are read by a person, and all that a model carries out."""
    reviewed = {member.name for member in CATALOG.all("operator") if member.traits["relation"] == "reviewed"}

    asked = {member.name for member in CATALOG.all("operator") if member.traits["asks"]}
    assert asked == {"blunt", "clause_switch", "paraphrase", "translate"}
    assert reviewed == {"alias", "drift", "half_finished"} | asked
