"""Guessing: which column is the message, the label, the id, and who speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import yaml

from evalspec.model.row import RawRow
from evalspec.stages.first_spec import OPERATOR_SETS, first_spec, metadata_names
from evalspec.stages.guess import Guess, guess


def guessed(rows: Sequence[Mapping[str, object]], input: str | None = None) -> Guess:
    return guess((RawRow(line=line, values=row) for line, row in enumerate(rows, start=1)), input=input)


MESSAGES = [
    {
        "nr": n,
        "who": f"u{n % 7}",
        "text": f"my parcel {n} is late and I am angry",
        "Team": ["a", "b"][n % 2],
        "sent": f"2026-01-{n + 1:02d}",
    }
    for n in range(25)
]


def test_columns_are_known_by_name_and_by_what_they_hold() -> None:
    """The message by its name, the date by its shape, few values as what can be carried along."""
    found = guessed(MESSAGES)

    assert (found.input, found.time, found.label, found.is_chat) == ("text", "sent", None, False)
    assert found.languages == ("en",)
    assert found.metadata == ("who", "Team")
    assert set(found.labels) == {"who", "Team"}


def test_a_message_column_of_any_name_is_the_longest_text() -> None:
    """Without a usual name the column with the longest different texts is taken, or none."""
    rows = [{"nr": n, "was": f"wo bleibt mein Paket {n}, es ist schon Montag", "ok": "ja"} for n in range(20)]

    assert guessed(rows).input == "was"
    assert guessed([{"a": n, "b": "x"} for n in range(20)]).input is None


@pytest.mark.parametrize(
    ("chat", "heard", "keys"),
    [
        ([["user", "hi"], ["agent", "yes"]], (("user", "user"), ("agent", "assistant")), (None, None)),
        ([["anna", "hi"], ["hotel", "yes", 3]], (("anna", "user"), ("hotel", "assistant")), (None, None)),
        ([{"by": "x", "text": "hello"}, {"by": "y", "text": "hm?"}], (("x", "user"), ("y", "assistant")), ("by", None)),
        (
            [{"from": "bot", "said": "hello"}, {"from": "me", "said": "hm"}],
            (("bot", "assistant"), ("me", "user")),
            (None, "said"),
        ),
    ],
)
def test_speakers_get_roles(chat: object, heard: object, keys: tuple[str | None, str | None]) -> None:
    """Usual names keep their role; of the others the first to speak is the user."""
    found = guessed([{"turns": chat}] * 3)

    assert found.is_chat
    assert (found.heard, (found.role, found.content)) == (heard, keys)


def test_a_label_is_always_filled() -> None:
    """A label column with gaps is carried along and not taken for the label: rows without one wait for people."""
    rows = [{"text": f"message number {n}", "intent": ["a", "b"][n % 2] if n else None} for n in range(20)]

    assert guessed(rows).label is None
    assert guessed(rows[1:]).label == "intent"


def test_metadata_gets_names_that_the_language_allows() -> None:
    """Columns with spaces, capitals, reserved names and collisions are renamed."""
    found = Guess(rows=1, columns=(), input="x", metadata=("OrderType", "order type", "language", "2nd", "ÄÖ"))

    assert dict(metadata_names(found)) == {
        "order_type": "OrderType",
        "order_type_2": "order type",
        "language_column": "language",
        "c_2nd": "2nd",
        "c": "ÄÖ",
    }


@pytest.mark.parametrize("value", ["yes", "null", "1", "a: b", "#x", "", "- a", "é", '"', "n", "0x1", "12:30", "*a"])
def test_labels_are_quoted_when_yaml_would_read_something_else(value: str) -> None:
    """Every label is read back as the text that it is."""
    found = Guess(rows=9, columns=("t", "l"), input="t", label="l", labels={"l": (value, "other")})

    data = yaml.safe_load(first_spec(found, "s", sampled=9, operators=OPERATOR_SETS[0]))

    assert data["task"]["expected"] == [value, "other"]
    assert data["mix"]["size"] == 15
