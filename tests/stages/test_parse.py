"""Parsing: plain data with true places for any YAML of the language, and a diagnostic for everything else."""

from __future__ import annotations

import json
import math
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.codes import CODES
from evalspec.diagnostics import Diagnostic, SpecError
from evalspec.model.source import Document, Path, SourceFile
from evalspec.stages import parse as stage
from evalspec.stages.parse import MAX_DEPTH, MAX_VALUES, parse, parse_data
from evalspec.stages.parse_text import MAX_BYTES, decode

SPEC = """\
# a comment
version: 1
description: Späte Pakete 📦, and what follows.
task:
  instructions: |
    You are the desk.

    Decide: refund or deny.

  expected: [deny, 'it''s', "a \\"b\\""]   # trailing
sources:
  production:
    fields: {id: ticket, metadata: [channel, {deep: 1}]}
  golden:
mix: {size: 100, shares: {seed: 0.5, golden: 0.5}}
"""


def read(text: str) -> Document:
    return parse_data(SourceFile(path="a.yaml", text=text))


def problems(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as raised:
        parse(SourceFile(path="a.yaml", text=text))
    return raised.value.diagnostics


def cut(document: Document, path: Path) -> str:
    """Return the text of the file between the ends of a value's span."""
    span = document.values[path]
    lines = document.source.text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_col - 1]
    return "\n".join(lines)[span.col - 1 :]


def paths(data: object, here: Path = ()) -> list[Path]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [here, *(path for key, value in entries for path in paths(value, (*here, key)))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("NULL", "NULL"),
        ("12:30", "12:30"),
        ("2026-12-31", "2026-12-31"),
        ("017", 17),
        ("08", 8),
        ("-007", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("42", 42),
        ("+1", 1),
        ("999999999999999999", 999999999999999999),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("90d", "90d"),
        ("1.2.3", "1.2.3"),
        ("-", None),
        ("nan", "nan"),
        ("'017'", "017"),
        ('"no"', "no"),
        ("a b", "a b"),
    ],
)
def test_scalars_are_read_by_yaml_1_2(text: str, value: object) -> None:
    """Only true and false are booleans, dates and times are strings, and leading zeros mean nothing."""
    data = read(f"a: {text}\n" if text != "-" else "a:\n -\n").data

    assert isinstance(data, dict)
    found = data["a"] if text != "-" else data["a"][0]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("no", "`no` is a string here and a boolean in YAML 1.1 tools"),
        ("True", "`True` is a string here and a boolean in YAML 1.1 tools"),
        ("Null", "`Null` is a string here and nothing in YAML 1.1 tools"),
        ("017", "`017` is 17 here and 15 in YAML 1.1 tools"),
        ("08", "`08` is 8 here and a string in YAML 1.1 tools"),
        ("0o17", "`0o17` is 15 here and a string in YAML 1.1 tools"),
        ("12:30", "`12:30` is a string here and a number in base 60 in YAML 1.1 tools"),
        ("2026-12-31", "`2026-12-31` is a string here and a date in YAML 1.1 tools"),
        ("1_000", "`1_000` is a string here and a number in YAML 1.1 tools"),
        ("1e3", "`1e3` is the number 1000.0 here and a string in YAML 1.1 tools"),
        ("00", None),
        ("0x1F", None),
        ("1.5", None),
        ("'no'", None),
        ('"017"', None),
        ("nothing", None),
    ],
)
def test_a_warning_says_what_yaml_1_1_tools_read_instead(text: str, warning: str | None) -> None:
    """A value that older tools read differently gets a warning at its place, and quotes silence it."""
    document = read(f"key: {text}\n")

    assert [one.message for one in document.warnings] == ([warning] if warning else [])
    assert all((one.span, one.code) == (document.values[("key",)], "Y030") for one in document.warnings)


def test_a_key_that_yaml_1_1_reads_as_a_boolean_is_warned_about() -> None:
    """`on:` is a boolean key to older tools."""
    assert [one.message for one in read("on: 1\n").warnings] == [
        "`on` is a string here and a boolean in YAML 1.1 tools"
    ]


@pytest.mark.parametrize("text", [".nan", ".inf", "-.INF", "1e999", "-1e400"])
def test_numbers_are_finite(text: str) -> None:
    """NaN, infinities and what overflows to them are refused."""
    assert [one.code for one in problems(f"a: {text}\n")] == ["Y022"]


@pytest.mark.parametrize("text", ["1" * 19, "-" + "9" * 5000, "0." + "1" * 19, "0x" + "f" * 400, "0" * 19])
def test_numbers_have_at_most_18_digits(text: str) -> None:
    """A longer number would not survive every reader, and Python itself raises on thousands of digits."""
    assert [one.code for one in problems(f"a: {text}\n")] == ["Y021"]


def test_every_value_has_a_span() -> None:
    """Spans cover every path of the data, for keys too, and nothing else."""
    document = read(SPEC)

    assert set(document.values) == set(paths(document.data))
    assert set(document.keys) == {path for path in document.values if path and isinstance(path[-1], str)}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("version",), "1"),
        (("description",), "Späte Pakete 📦, and what follows."),
        (("task", "instructions"), "|\n    You are the desk.\n\n    Decide: refund or deny."),
        (("task", "expected"), "[deny, 'it''s', \"a \\\"b\\\"\"]"),
        (("task", "expected", 1), "'it''s'"),
        (("task", "expected", 2), '"a \\"b\\""'),
        (("sources", "production", "fields", "metadata", 1), "{deep: 1}"),
        (("sources", "production", "fields", "metadata", 1, "deep"), "1"),
        (("sources", "golden"), ""),
        (("mix",), "{size: 100, shares: {seed: 0.5, golden: 0.5}}"),
    ],
)
def test_a_span_is_the_text_of_its_value(path: Path, text: str) -> None:
    """Spans count from one, end exclusive, and hold the value exactly: quotes, brackets and whole blocks."""
    assert cut(read(SPEC), path) == text


def test_windows_line_ends_change_nothing() -> None:
    """CRLF gives the same data and the same places."""
    plain, windows = read(SPEC), read(SPEC.replace("\n", "\r\n"))

    assert windows.data == plain.data
    assert windows.values == plain.values


def test_a_duplicate_key_shows_both_places() -> None:
    """The first place is a note with a span, so that it is shown too."""
    (problem,) = problems("name: a\nversion: 1\nname: b\n")

    assert (problem.code, problem.message, problem.label) == ("Y002", "duplicate key `name`", "second one here")
    assert problem.span and (problem.span.line, problem.span.col, problem.span.end_col) == (3, 1, 5)
    (note,) = problem.notes
    assert note.message == "first one here" and note.span and note.span.line == 1


def test_problems_before_a_syntax_error_are_reported_with_it() -> None:
    """A file is read as far as it goes, and everything found is raised at once."""
    assert [one.code for one in problems("a: &x 1\na: 2\nb: .nan\nc: [1, 2\nd: 1\n")] == [
        "Y009",
        "Y002",
        "Y022",
        "Y003",
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"name: caf\xe9\n", "Y001"),
        ("version: 1\n".encode("utf-16"), "Y001"),
        ("version: 1\n".encode("utf-16-le"), "Y001"),
        (b" " * (MAX_BYTES + 1), "Y018"),
        (b"", "Y013"),
        (b"\n\n", "Y013"),
        (b"---\n", "Y013"),
        (b"# todo\n", "Y013"),
        (b"\xef\xbb\xbfversion: 1\n", "Y017"),
        (b"x: " + b"[" * 100_000, "Y019"),
        (b"x: " + b"{a: " * 100_000, "Y019"),
        (b"- " * 100_000, "Y019"),
        (b"".join(b"k%d: 1\n" % one for one in range(MAX_VALUES + 1)), "Y020"),
    ],
)
def test_whole_files_that_cannot_be_a_spec(raw: bytes, code: str) -> None:
    """Encodings, sizes and bombs are named, quickly and without a crash."""
    with pytest.raises(SpecError) as raised:
        parse(decode("a.yaml", raw))

    assert [one.code for one in raised.value.diagnostics] == [code]


def test_the_deepest_allowed_nesting_is_read() -> None:
    """The cap counts mappings and lists, and the last allowed level is allowed."""
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).data is not None


def test_any_root_is_data_and_only_a_mapping_is_a_spec() -> None:
    """Grammars and tool files may be lists; a spec may not."""
    assert read("[1, {a: b}]").data == [1, {"a": "b"}]
    assert [one.message for one in problems("- a\n")] == ["expected a mapping, found a list"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Cf"]), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(string.ascii_letters, max_size=6), inner),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_json_is_read_as_json(data: object, indented: bool) -> None:
    """A JSON document is YAML: the reader returns what the json module returns."""
    text = json.dumps(data, ensure_ascii=False, indent=2 if indented else None)

    assert read(text + "\n").data == data


def mutate(text: str, rng: random.Random) -> str:
    """Change a few places of a spec as a typo, a bad merge or an attacker would."""
    odd = [
        "\t",
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "- ",
        "#",
        "&a ",
        "*a",
        "!x ",
        "<<: ",
        "|",
        ">",
        "'",
        '"',
        "\\",
        "%",
        "@",
    ]
    odd += [
        "? ",
        "---\n",
        "...\n",
        "\n",
        "\r",
        "\0",
        "\u202e",
        "\ufeff",
        "\ud800",
        "1e999",
        "~",
        "\x85",
        "é",
        "  ",
        ",",
    ]
    for _ in range(rng.randint(1, 6)):
        start = rng.randrange(len(text) + 1)
        stop = start if rng.random() < 0.5 else min(len(text), start + rng.randint(1, 12))
        text = text[:start] + rng.choice([*odd, text[start : start + 40]]) + text[stop:]
    return text


def read_or_refuse(text: str) -> Document | None:
    try:
        return parse(SourceFile(path="a.yaml", text=text))
    except SpecError as error:
        lines = text.count("\n") + 1
        assert all(one.code in CODES for one in error.diagnostics)
        assert all(one.span is None or 1 <= one.span.line <= lines + 1 for one in error.diagnostics)
        return None


def test_no_text_escapes_as_another_exception() -> None:
    """Ten thousand broken specs are either read or refused with diagnostics of the table."""
    rng = random.Random(20260301)
    read = [read_or_refuse(mutate(SPEC, rng)) for _ in range(10_000)]
    whole = [one for one in read if one is not None]

    assert len(whole) > 1_000
    assert all(set(one.values) == set(paths(one.data)) for one in whole)


@given(st.binary(max_size=200))
def test_no_bytes_escape_as_another_exception(raw: bytes) -> None:
    """Whatever the bytes are, the answer is data or diagnostics."""
    try:
        document = parse_data(decode("a.yaml", raw))
    except SpecError as error:
        assert error.diagnostics
    else:
        assert () in document.values


def test_the_slow_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml the data, the places and the warnings are the same."""
    fast = read(SPEC)
    monkeypatch.setattr(stage, "_Parser", stage._PureParser)
    slow = read(SPEC)

    assert (slow.data, slow.values, slow.keys) == (fast.data, fast.values, fast.keys)


def test_the_slow_parser_refuses_what_the_fast_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers lead to the same code for the mistakes that people make."""
    texts = [
        "a: b: c\n",
        "a: @b\n",
        'a: "b\n',
        "a: [1, 2\nb: 1\n",
        "a:\n\tb: 1\n",
        'a: "\\d"\n',
        "a: *.md\n",
        "a: {{ n }}\n",
    ]
    fast = [[one.code for one in problems(text)] for text in texts]
    monkeypatch.setattr(stage, "_Parser", stage._PureParser)

    assert [[one.code for one in problems(text)] for text in texts] == fast


def test_finite_floats_are_read_exactly() -> None:
    """The shortest text of a float reads back as the same float when it has at most 18 digits."""
    rng = random.Random(7)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12) for _ in range(500)]
    document = read("\n".join(f"- {number!r}" for number in numbers) + "\n")

    assert document.data == numbers
    assert all(math.isfinite(number) for number in numbers)
