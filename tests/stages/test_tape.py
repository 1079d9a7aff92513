"""The tape: written sorted and readable, read strictly, and without what may not be published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

import evalspec.stages.tape as tape_stage
from evalspec.catalog import load_catalog
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.model.asking import Reply, Usage
from evalspec.model.source import SourceFile
from evalspec.stages.tape import MAX_LINE_BYTES, TAPE_VERSION, dump_segments, read_tape, withheld
from evalspec.taping import finder

KEYS = [f"{at:032x}" for at in (3, 1, 2)]
PLAIN = Reply(text="Wo ist mein Päckchen? 包裹在哪里", served="one-2026", usage=Usage(prompt=7, completion=9))
CUT = replace(PLAIN, finish="length")
HELD = replace(PLAIN, text="0" * 64, problem="withheld:email")
REPLIES = dict(zip(KEYS, (PLAIN, CUT, HELD), strict=True))
FIND = finder(load_catalog())
# Spelled in pieces, so that no scanner takes this file for a leak.
KEY = "sk-" + "a1b2c3d4e5f6g7h8i9j0k1l2"


def named(text: str, folder: str = "small/tape") -> SourceFile:
    """A file with the name that its bytes ask for."""
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return SourceFile(path=f"{folder}/{name}.jsonl", text=text)


def segment(replies: dict[str, Reply] = REPLIES) -> str:
    ((_, text),) = dump_segments(replies)
    return text


def codes(*files: SourceFile) -> list[tuple[str, Exit]]:
    with pytest.raises(EvalspecError) as error:
        read_tape([files])
    return [(one.code, one.exit) for one in error.value.diagnostics]


def test_a_segment_is_sorted_readable_and_named_by_its_digest() -> None:
    """The same replies in any order are the same file, and a reviewer reads what was written."""
    ((name, text),) = dump_segments(REPLIES)

    assert dump_segments(dict(reversed(REPLIES.items()))) == ((name, text),)
    assert name == f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"
    assert "Päckchen? 包裹在哪里" in text
    assert [json.loads(line)["key"] for line in text.splitlines()[1:]] == sorted(KEYS)
    assert read_tape([[SourceFile(path=f"t/{name}", text=text)]]).replies == REPLIES


def test_nothing_in_a_reply_ends_its_line_or_turns_it_round() -> None:
    """Controls, separators and bidirectional marks are escapes; the reply comes back as it was."""
    odd = replace(PLAIN, text="a\nb\x85c\u2028d\u2029e\u202ef\ufefffg\x0b\x0c\x1eh\x7f\U000e0041")
    text = segment({KEYS[0]: odd})

    assert len(text.splitlines()) == 2
    assert not any(char in text for char in "\x85\u2028\u2029\u202e\ufeff\x0b\x0c\x1e\x7f\U000e0041")
    assert read_tape([[named(text)]]).replies == {KEYS[0]: odd}


def test_large_tapes_are_split_into_files_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No segment passes the size that is read; together they hold everything."""
    monkeypatch.setattr(tape_stage, "MAX_SEGMENT_BYTES", 500)
    replies = {f"{at:032x}": PLAIN for at in range(20)}
    parts = dump_segments(replies)

    assert len(parts) > 4
    assert all(len(text.encode()) < 600 for _, text in parts)
    assert read_tape([[SourceFile(path=name, text=text) for name, text in parts]]).replies == replies


def test_no_replies_are_no_segment() -> None:
    """A build that asked nothing writes nothing."""
    assert dump_segments({}) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"message": "write to jo.miller@acme-mail.example.com"}', "email"),
        ('{"message": "write to jo.miller\\u0040acme-mail.example.com"}', "email"),
        (f"the key is {KEY}", "secret"),
        ('{"message": "the key is \\u0073' + KEY[1:] + '"}', "secret"),
        ("a\u200bb", "hidden"),
        ('{"message": "a\\u200bb"}', "hidden"),
        ('```json\n{"message": "a\\u202eb"}\n```', "hidden"),
        ("half a pair \ud800", "hidden"),
        ('{"message": "half a pair \\ud800"}', "hidden"),
    ],
)
def test_what_may_not_be_published_is_found_in_the_text_and_in_its_strings(text: str, reason: str) -> None:
    """Also where a JSON escape hides it from a search of the text; the published reply has a digest in its place."""
    found = withheld(replace(PLAIN, text=text), FIND)

    assert found.problem == f"withheld:{reason}"
    assert found.text == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert found.usage == PLAIN.usage
    assert withheld(found, FIND) == found
    assert read_tape([[named(segment({KEYS[0]: found}))]]).replies == {KEYS[0]: found}


@pytest.mark.parametrize(
    "text",
    [
        '{"message": "It says \\"C:\\\\users\\\\u202e\\" and \\\\frac"}',
        "\\beta \\frac{1}{2}",
        '{"a": "\\ud83d\\ude00"}',
        "{\\u12",
    ],
)
def test_what_is_no_escape_hides_nothing(text: str) -> None:
    """An escaped backslash, a formula, a pair of surrogates that is one character, a broken escape."""
    assert withheld(replace(PLAIN, text=text), FIND).problem is None


def test_a_key_of_this_machine_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says the caller's key back must not get it published."""
    monkeypatch.setenv("HOUSE_API_KEY", "kx9-3341-aabb-1234")

    find = finder(load_catalog())  # looks at the environment once, as a build does

    assert withheld(replace(PLAIN, text="you sent kx9-3341-aabb-1234"), find).problem == "withheld:secret"


@pytest.mark.parametrize("name", ["a\u202eb", "x" * 201, "jo.miller@acme-mail.example.com", KEY, "a\nb"])
def test_a_served_model_with_an_odd_name_is_unknown(name: str) -> None:
    """The name is the server's word, and it is published and shown."""
    assert withheld(replace(PLAIN, served=name), FIND) == replace(PLAIN, served="unknown")


def test_a_reply_whose_line_would_be_too_long_is_oversize() -> None:
    """Escapes make more of a text; what is handed out can always be published and read back."""
    fits = withheld(replace(PLAIN, text="ü" * 500_000), FIND)
    huge = withheld(replace(PLAIN, text="\u3042" * 400_000), FIND)

    assert fits.problem is None and read_tape([[named(segment({KEYS[0]: fits}))]]).replies == {KEYS[0]: fits}
    assert (huge.problem, huge.text) == ("oversize", "")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Päckchen", "Packchen"),
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: text.replace("\n", "\r", 1),
    ],
)
def test_other_bytes_under_the_old_name_are_an_edit(change: object) -> None:
    """Edited, torn, longer, empty."""
    file = named(segment())
    edited = replace(file, text=change(file.text))  # type: ignore[operator]

    assert codes(edited) == [("T702", Exit.INTEGRITY)]


def test_a_renamed_segment_is_an_edit() -> None:
    """Its name is what it is known by."""
    assert codes(SourceFile(path="small/tape/mine.jsonl", text=segment())) == [("T702", Exit.INTEGRITY)]


def lines(**changed: object) -> str:
    """A segment of one reply with some fields changed; None takes one out."""
    row = {"key": KEYS[0], "served": "one", "usage": [1, 2], "text": "hello"} | changed
    row = {name: value for name, value in row.items() if value is not None}
    return f'{{"tape_version": 1, "replies": 1}}\n{json.dumps(row)}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "hello\n",
        "[]\n",
        "{}\n",
        '{"tape_version": 1}\n',
        '{"tape_version": "1", "replies": 0}\n',
        '{"tape_version": true, "replies": 0}\n',
        '{"tape_version": 0, "replies": 0}\n',
        '{"tape_version": 1, "replies": 0, "more": 1}\n',
        '{"tape_version": 1, "replies": 2}\n',
        '{"tape_version": 1, "replies": 1}\n{"key"\n',
        '{"tape_version": 1, "replies": 1}\n' + "[" * 5000 + "\n",
        lines()[:-1],
        lines() + "\n",
        lines(key=None),
        lines(key="../../etc/passwd"),
        lines(key=KEYS[0].upper().replace("0", "A")),
        lines(key=3),
        lines(text=None),
        lines(text=["hello"]),
        lines(served=7),
        lines(usage=[1]),
        lines(usage=[1, -2]),
        lines(usage=[1, 2.5]),
        lines(usage=[1, True]),
        lines(usage=[1, 10**30]),
        lines(usage={"prompt": 1}),
        lines(finish="stop"),
        lines(finish="done"),
        lines(finish=["length"]),
        lines(problem=""),
        lines(problem=["withheld:email"]),
        lines(problem="withheld:email"),
        lines(problem="<script>"),
        lines(headers={"Authorization": "Bearer x"}),
        lines(text="\ud800"),
        lines().replace('"hello"', '"hello", "text": "other"'),
        lines().replace("[1, 2]", "[NaN, 2]"),
        lines(text="x" * MAX_LINE_BYTES),
        segment().replace('"replies": 3', '"replies": 4'),
        "".join(segment().splitlines(keepends=True)[at] for at in (0, 2, 1, 3)),
        "".join(segment().splitlines(keepends=True)[at] for at in (0, 1, 1, 3)),
    ],
    ids=range(43),
)
def test_a_forged_segment_is_read_field_by_field(text: str) -> None:
    """Its name fits, and its content is not what evalspec writes."""
    assert codes(named(text)) == [("T702", Exit.INTEGRITY)]


def test_a_newer_tape_is_left_to_a_newer_evalspec() -> None:
    """Whatever else it holds by then."""
    newer = f'{{"tape_version": {TAPE_VERSION + 1}, "what": "more"}}\n(something)\n'

    assert codes(named(newer)) == [("T703", Exit.INVALID)]


def test_all_that_is_wrong_is_said_at_once() -> None:
    """One finding a file."""
    assert len(codes(named("one\n"), named("two\n"), named(segment()))) == 2


def test_of_two_replies_the_same_one_counts_in_any_order() -> None:
    """The file whose name sorts first; the other is named, and what both share is no conflict."""
    one = named(segment({KEYS[0]: PLAIN, KEYS[1]: CUT}))
    two = named(segment({KEYS[0]: replace(PLAIN, text="another"), KEYS[1]: replace(CUT, usage=Usage())}))
    first, second = sorted((one, two), key=lambda file: file.path)

    there, back = read_tape([[one, two]]), read_tape([[two, one]])

    assert there == back
    assert there.replies[KEYS[0]] == read_tape([[first]]).replies[KEYS[0]]
    (warning,) = there.warnings
    assert (warning.code, warning.severity, warning.path) == ("T704", "warning", second.path)
    assert first.path in warning.message and "1 question" in warning.message


def test_the_own_tape_goes_before_that_of_the_extended_spec() -> None:
    """Another reply that the extended spec publishes later moves nothing here."""
    own = named(segment({KEYS[0]: PLAIN}), "zebra/tape")
    for text in ("another", "a third", "a fourth", "a fifth"):
        base = named(segment({KEYS[0]: replace(PLAIN, text=text)}), "alpha/tape")

        assert read_tape([[own], [base]]).replies[KEYS[0]] == PLAIN
