"""Rendering: the form that people read, aligned marks, escaped text, and the two forms that machines read."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.diagnostics import Diagnostic, Note, Span
from evalspec.edges.terminal import LINE_WIDTH, render_github, render_json, render_text, safe

SPEC = """\
version: 1
axes:
  user: [new, power]
  policy: [delay, damaged, wrong_item]
pools:
  prompted:
    cells:
      - {user: new, policy: wrong_itm}
"""


def at(line: int, start: int, end: int, *, last: int | None = None, path: str = "specs/a.yaml") -> Span:
    return Span(path, line, start, last or line, end)


def problem(message: str = "it is wrong", *, span: Span | None = None, **rest: object) -> Diagnostic:
    return Diagnostic(code="S101", severity="error", message=message, span=span, **rest)  # type: ignore[arg-type]


def text(*found: Diagnostic, source: str | None = SPEC, color: bool = False, **rest: object) -> str:
    return render_text(found, lambda path: source, color=color, **rest)  # type: ignore[arg-type]


def test_the_whole_form() -> None:
    """Place and sentence, the marked line, the place that explains it, notes and a hint."""
    found = problem(
        "axis `policy` has no level `wrong_itm`",
        span=at(8, 27, 36),
        label="did you mean `wrong_item`?",
        notes=(Note(message="levels are declared here", span=at(4, 11, 39)), Note(message="a fact")),
        hint="do this",
    )

    assert text(found) == (
        "specs/a.yaml:8:27: error[S101]: axis `policy` has no level `wrong_itm`\n"
        "  |\n"
        "4 |   policy: [delay, damaged, wrong_item]\n"
        "  |           ---------------------------- levels are declared here\n"
        "  …\n"
        "8 |       - {user: new, policy: wrong_itm}\n"
        "  |                           ^^^^^^^^^ did you mean `wrong_item`?\n"
        "  = note: a fact\n"
        "  = hint: do this\n"
    )


def test_neighbouring_lines_have_no_gap_and_one_line_is_shown_once() -> None:
    """`…` stands for lines left out, and two marks on a line share it."""
    found = problem(
        span=at(4, 3, 9), notes=(Note(message="a", span=at(3, 3, 7)), Note(message="b", span=at(4, 12, 17)))
    )

    assert text(found).split("\n")[1:-1] == [
        "  |",
        "3 |   user: [new, power]",
        "  |   ---- a",
        "4 |   policy: [delay, damaged, wrong_item]",
        "  |   ^^^^^^",
        "  |            ----- b",
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (problem(), "error[S101]: it is wrong\n"),
        (problem(path="x.lock.json", hint="build"), "x.lock.json: error[S101]: it is wrong\n   = hint: build\n"),
        (problem(span=at(99, 1, 2)), "specs/a.yaml:99:1: error[S101]: it is wrong\n"),
        (
            problem(span=at(1, 1, 8), notes=(Note(message="there", span=at(2, 3, 4, path="specs/b.yaml")),)),
            "specs/a.yaml:1:1: error[S101]: it is wrong\n  |\n1 | version: 1\n  | ^^^^^^^\n"
            "  = note: there (specs/b.yaml:2:3)\n",
        ),
    ],
)
def test_a_problem_without_a_line_to_show(found: Diagnostic, expected: str) -> None:
    """No place, no such line and a place in another file are said in words."""
    assert text(found) == expected


def test_a_source_that_cannot_be_read_shows_no_line() -> None:
    """The sentence, label and hint are still there."""
    found = problem(span=at(1, 1, 3), label="here", hint="do this")

    assert text(found, source=None) == (
        "specs/a.yaml:1:1: error[S101]: it is wrong\n   = note: here\n   = hint: do this\n"
    )


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "mark"),
    [
        ("a: \tb", 5, 6, "a:     b", "       ^"),
        ("名前: 値", 5, 6, "名前: 値", "      ^^"),
        ("e\u0301a: b", 5, 6, "e\u0301a: b", "   ^"),
        ("a: 'x\u202ey'", 9, 10, "a: 'x\\u202ey'", "             ^"),
        ("a:", 3, 3, "a:", "  ^"),
        ("a: b", 4, 99, "a: b", "   ^"),
    ],
)
def test_marks_stand_under_what_they_mark(line: str, start: int, end: int, shown: str, mark: str) -> None:
    """Tabs, wide letters, combining accents and escapes shift nothing."""
    rows = text(problem(span=at(1, start, end)), source=line).split("\n")

    assert rows[2:4] == [f"1 | {shown}", f"  | {mark}"]


def test_a_place_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    """What goes on below is marked where it starts."""
    rows = text(problem(span=at(2, 1, 39, last=4))).split("\n")

    assert rows[2:4] == ["2 | axes:", "  | ^^^^^"]


@pytest.mark.parametrize("start", [1, 40, 400, 900, 990])
def test_a_long_line_is_cut_around_its_mark(start: int) -> None:
    """The row stays in width and the marked characters stay in it, under their mark."""
    line = "".join(chr(ord("a") + one % 26) for one in range(1_000))
    rows = text(problem(span=at(1, start, start + 5)), source=line).split("\n")
    body, mark = rows[2][4:], rows[3][4:]

    assert len(body) <= LINE_WIDTH + 1
    assert body[mark.index("^") : mark.index("^") + 5] == line[start - 1 : start + 4]


def test_twenty_are_shown_and_the_rest_is_counted() -> None:
    """A page of problems is enough to start with."""
    shown = text(*[problem(f"number {one}") for one in range(27)])

    assert shown.count("error[S101]") == 20
    assert shown.endswith("… and 7 more\n")
    assert text() == ""


def test_colour_is_only_paint() -> None:
    """Without its escapes a coloured page is the plain one."""
    found = problem(span=at(3, 3, 7), notes=(Note(message="a", span=at(1, 1, 3)),), hint="b")
    coloured = text(found, color=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(found)


@pytest.mark.parametrize(
    "line",
    [
        "  bot: {model: a/b, api_key: hunter22-secret, temperature: 0}",
        '  "client_secret": "hunter22-secret"',
        "  Authorization: Bearer hunter22-secret",
        "  description: sk-hunter22-secret",
        "  description: token ghp_hunter22secret",
    ],
)
def test_a_line_is_shown_without_its_credential(line: str) -> None:
    """Logs are public: the value is asterisks, whatever the problem on the line is about."""
    assert "hunter22" not in text(problem(span=at(1, 3, 6)), source=line)


def test_a_count_of_tokens_is_no_credential() -> None:
    """`max_tokens` keeps its value."""
    assert "max_tokens: 400" in text(problem(span=at(1, 1, 3)), source="bot: {max_tokens: 400}")


@given(st.text())
def test_safe_text_cannot_act_on_a_terminal(value: str) -> None:
    """No control, bidirectional, separator, tag or surrogate character is left, and clean text is unchanged."""
    shown = safe(value)

    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]", shown)
    assert safe(shown) == shown
    assert shown == value or len(shown) > len(value)


COMMANDS = st.sampled_from(
    ["::", "##[", "error", "]", "\n", " ", ":", "#", "[", "add-mask", "x", "\r", "stop-commands"]
)


@given(st.lists(COMMANDS, max_size=12).map("".join))
def test_no_text_is_a_command_to_github(value: str) -> None:
    """The runner reads `::name::` at the start of a line and `##[name]` anywhere; neither survives."""
    found = problem(value, span=at(1, 1, 2), label=value, notes=(Note(message=value),), hint=value)
    page = text(found, source=value, github=True)

    assert not [row for row in page.split("\n") if row.lstrip().startswith("::") or "##[" in row]


@given(st.text(max_size=30))
def test_an_annotation_is_one_line_whose_message_reads_back(value: str) -> None:
    """GitHub's own unescaping returns the message, and its properties cannot be broken out of."""
    line = render_github([problem(value, span=at(1, 1, 2, path=value or "x"))])
    head, _, message = line[2:-1].partition("::")
    message = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")

    assert line.count("\n") == 1 and "\r" not in line
    assert message == safe(value)
    assert [part.split("=")[0] for part in head.removeprefix("error ").split(",")] == [
        "file",
        "line",
        "endLine",
        "col",
        "endColumn",
        "title",
    ]


def test_an_annotation_holds_label_notes_and_hint() -> None:
    """What stands in the frame on a terminal stands in the message on GitHub."""
    found = problem("50% wrong", span=at(4, 3, 9), label="here", notes=(Note(message="a fact"),), hint="do this")

    assert render_github([found]) == (
        "::error file=specs/a.yaml,line=4,endLine=4,col=3,endColumn=8,title=S101::"
        "50%25 wrong%0Ahere%0Anote: a fact%0Ahint: do this\n"
    )
    assert render_github([problem(path="a,b.json")]) == "::error file=a%2Cb.json,title=S101::it is wrong\n"


def test_json_is_the_same_record() -> None:
    """Machines get every field, in ASCII."""
    found = problem("schön", span=at(4, 3, 9), label="here", notes=(Note(message="a fact"),), hint="do this")
    rendered = render_json([found])

    assert rendered.isascii()
    assert json.loads(rendered) == [
        {
            "code": "S101",
            "severity": "error",
            "message": "schön",
            "path": "specs/a.yaml",
            "line": 4,
            "col": 3,
            "end_line": 4,
            "end_col": 9,
            "label": "here",
            "notes": [
                {"message": "a fact", "path": None, "line": None, "col": None, "end_line": None, "end_col": None}
            ],
            "hint": "do this",
        }
    ]
