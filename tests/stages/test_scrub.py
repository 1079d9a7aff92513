"""Scrubbing: spans are replaced, every other byte stays, one value has one replacement in a case."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalspec.catalog.detectors  # noqa: F401  (registers them)
from evalspec.model.case import Message
from evalspec.model.row import Row
from evalspec.model.spec import Pii
from evalspec.registry import CATALOG
from evalspec.stages.scrub import (
    Scrubbed,
    detectors_of,
    find_hidden,
    find_personal,
    personal_spans,
    personal_types,
    redact_texts,
    scrub,
)

DETECTORS = detectors_of(CATALOG)
REDACT = Pii(mode="redact")
PERSONAL = (
    "ana@example.org",
    "bob.b@example.com",
    "+1 650-253-0000",
    "(415) 555-2671",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "8.8.8.8",
    "my name is Crystal Minh",
    "my address is 12 Main Street",
)


def redacted(text: str) -> str:
    ((out,), _) = redact_texts([("", text)], DETECTORS)
    return out


def done(row: Row, pii: Pii = REDACT) -> Row:
    found = scrub(row, pii, DETECTORS).row
    assert found is not None
    return found


def test_one_value_has_one_replacement_everywhere_in_a_case() -> None:
    """A mail address, however spelled, is the same placeholder in input, context, calls and expected."""
    row = Row(
        line=1,
        id="c1",
        input=(
            Message(role="user", content="my name is Crystal Minh, mail ana@example.org or bob@example.org"),
            Message(
                role="assistant",
                content="Hello crystal minh!",
                tool_calls=({"name": "look_up", "arguments": {"email": "ANA@example.org", "phone": 6502530000}},),
            ),
            Message(role="user", content="yes, call me on (650) 253-0000"),
        ),
        context={"order": {"mail": ["bob@example.org"], "total": 4.5}, "phone": "650 253 0000"},
        expected={"calls": [{"name": "mail", "arguments": {"to": "ana@example.org"}}]},
        metadata={"channel": "web", "agent": "x@example.org"},
    )

    assert done(row) == replace(
        row,
        input=(
            Message(role="user", content="my name is <NAME_1>, mail <EMAIL_1> or <EMAIL_2>"),
            Message(
                role="assistant",
                content="Hello <NAME_1>!",
                tool_calls=({"name": "look_up", "arguments": {"email": "<EMAIL_1>", "phone": "<PHONE_1>"}},),
            ),
            Message(role="user", content="yes, call me on <PHONE_1>"),
        ),
        context={"order": {"mail": ["<EMAIL_2>"], "total": 4.5}, "phone": "<PHONE_1>"},
        expected={"calls": [{"name": "mail", "arguments": {"to": "<EMAIL_1>"}}]},
        metadata={"channel": "web", "agent": "<EMAIL_3>"},
        redacted=("email", "name", "phone"),
    )


def test_later_mentions_without_a_cue_are_the_same_person() -> None:
    """What one sentence shows to be a name or a number is replaced where it stands alone."""
    assert redacted("my name is Sam. Sam again, same day. call 6502530000! 650.253.0000") == (
        "my name is <NAME_1>. <NAME_1> again, same day. call <PHONE_1>! <PHONE_1>"
    )


def test_placeholders_that_stood_there_before_are_left_and_not_reused() -> None:
    """A text that already holds `<EMAIL_1>` keeps it, and new values are numbered after it."""
    assert redacted("<EMAIL_1> wrote to ana@example.org about <EMAIL_7> and <PHONE_2>") == (
        "<EMAIL_1> wrote to <EMAIL_8> about <EMAIL_7> and <PHONE_2>"
    )


def test_kept_types_stay() -> None:
    """`keep` leaves a type alone and replaces the others."""
    row = Row(line=1, input="ana@example.org, my name is Sam")

    assert done(row, Pii(mode="redact", keep=("name",))).input == "<EMAIL_1>, my name is Sam"


def test_block_refuses_and_allow_touches_nothing() -> None:
    """Block gives no row and the types; allow gives the very row."""
    row = Row(line=1, input="ana@example.org 8.8.8.8")

    assert scrub(row, Pii(mode="block"), DETECTORS) == Scrubbed(row=None, types=("email", "ip"))
    assert scrub(row, Pii(mode="allow"), DETECTORS).row is row
    assert scrub(replace(row, input="hi"), Pii(mode="block"), DETECTORS).row == replace(row, input="hi")


def test_an_id_that_names_a_person_is_left_out() -> None:
    """A mail address as row id does not reach the snapshot; a number that only looks like a card does."""
    assert done(Row(line=1, id="ana@example.org", input="hi")).id is None
    assert done(Row(line=1, id="4111111111111111", input="hi")).id == "4111111111111111"


def test_labels_and_tool_names_are_the_specs_words() -> None:
    """A bare label and the name of a tool are never looked at."""
    row = Row(line=1, input="x", expected="ana@example.org")

    assert done(row) == row


def test_a_value_takes_its_key_for_a_cue() -> None:
    """Bare digits are a telephone number under `phone` and an id under `order_id`."""
    row = Row(line=1, input="x", context={"phone": "6502530000", "order_id": "6502530001", "customer_name": "joyce wu"})

    assert done(row).context == {"phone": "<PHONE_1>", "order_id": "6502530001", "customer_name": "<NAME_1>"}


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(st.sampled_from(PERSONAL), st.text(max_size=12)), max_size=8))
def test_every_other_byte_stays(pieces: list[str]) -> None:
    """Taking the spans out of the text and the new placeholders out of the result leaves the same bytes."""
    text = " ".join(pieces)
    rest, at = "", 0
    pattern = re.compile(r"<(?:EMAIL|PHONE|CARD|IBAN|IP|NAME|ADDRESS|API_KEY|URL_CREDENTIALS)_\d+>")

    ((out,), _) = redact_texts([("", text)], DETECTORS)

    # What stands between the placeholders stands in the text, in order, and what is left out is nobody's but theirs.
    for kept in pattern.split(out):
        found = text.find(kept, at)
        assert found >= 0
        rest += kept
        at = found + len(kept)
    assert rest == pattern.sub("", out)
    spans = personal_spans(text, DETECTORS)
    assert len(pattern.findall(out)) >= len(spans)
    for one in spans:
        assert text[one.start : one.end] not in pattern.sub("", out) or len(text[one.start : one.end]) < 4


@settings(deadline=None, max_examples=100)
@given(st.lists(st.one_of(st.sampled_from(PERSONAL), st.text("ab 12@.-+:<>_", max_size=8)), max_size=8))
def test_a_scrubbed_row_holds_nothing_personal(pieces: list[str]) -> None:
    """Scanning the scrubbed row again finds nothing, so that a build accepts what import wrote."""
    found = scrub(Row(line=1, input=" ".join(pieces)), REDACT, DETECTORS).row

    assert found is None or personal_types(found, REDACT, DETECTORS) == ()


def test_secrets_go_before_what_they_look_like() -> None:
    """Credentials in an address of the web are no mail address."""
    assert find_personal("https://bob:pw@git.example.com/x", CATALOG) == (("url_credentials", 8, 14),)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("plain, é, 漢字\ttab\nline", ()),
        ("a\u202eb", ("bidi",)),
        ("a\u200bb", ("zero_width",)),
        ("\U000e0041\U000e0042", ("tag",)),
        ("a\x1b[31m", ("control",)),
        ("family 👩‍👩‍👧 and ❤️‍🔥", ()),
        ("می\u200cخواهم", ()),
        ("क्\u200dष", ()),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", ()),
        ("a\u200d b\u202a\u200b", ("zero_width", "bidi")),
        ("x\U000e0100", ("variation",)),
    ],
)
def test_hidden_characters_are_told_from_spelling(text: str, kinds: tuple[str, ...]) -> None:
    """Bidirectional controls, tags and zero-width characters are found; joiners of emoji and scripts are not."""
    assert find_hidden(text) == kinds
