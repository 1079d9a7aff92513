"""What a diff shows of other people's words: nothing in it acts on a reader, a terminal or a log."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace

from builders import make_case
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evalspec.after.diff import diff
from evalspec.after.diff_data import diff_data
from evalspec.after.diff_markdown import LONGEST, block, markdown, span
from evalspec.after.diff_text import text
from evalspec.edges.terminal import safe
from evalspec.model.case import EvalSet, Message
from evalspec.model.diff import Side, said
from evalspec.model.outcome import Lock
from evalspec.stages.lock import lock

MARK = "zqx"  # stands in every hostile text: where it stands, that text stands
HOSTILE = (
    "@zqx/owners and @zqx",
    "https://zqx.example www.zqx.example zqx@zqx.example",
    "![zqx](https://zqx.example/a.png) [zqx](javascript:zqx)",
    "<img src=x onerror=zqx> <script>zqx</script> </details></details>zqx",
    "``` \n# zqx\n```\n@zqx",
    "````````\n~~~\nzqx\n~~~",
    "zqx `` ` ``` `",
    "\n\n- [ ] zqx\n\n| zqx | b |\n|---|---|\n",
    "--> zqx <!-- ",
    "zqx #1 GH-1 zqx/zqx#1 0123456789abcdef0123456789abcdef01234567",
    "[^zqx]: zqx\n[zqx]: https://zqx.example\n[zqx]",
    "\\`zqx\\` &lt;zqx&gt; &#64;zqx $zqx$ $`zqx`$ :zqx:",
    "zqx\u202e\u2066\u200b\u2028\u2029\x1b[2Jzqx\x00\x07\r\nzqx",
    "::error::zqx\n##[error]zqx\n::add-mask::zqx",
    "    zqx\n\tzqx\n> zqx\n1. zqx\n***\nzqx\n===",
)
PIECES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet="`~@#<>[]()!|\\*_-+= \n\r\tzqx:/.&;$", max_size=30),
    st.text(max_size=10),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=4).map(lambda parts: MARK + "".join(parts) + MARK)
READER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
OURS = re.compile(r"<details><summary>[A-Z][a-z ]+ \(\d+\)</summary>|</details>")


def hostile_diff(words: str, other: str) -> object:
    """A diff in which every word that is not ours is hostile."""
    case = make_case(id="prompted.a.01", input=words, premise=words)
    chat = make_case(id="prompted.b.01", input=(Message(role="user", content=words),))
    header = {"name": words, "purpose": "launch", "inputs": {words: {"digest": "a"}}, "operators": [], "waivers": []}
    waived = {
        **header,
        "waivers": [{"rule": words, "until": other, "reason": words}],
        "inputs": {words: {"digest": "b"}},
    }
    before = lock(EvalSet(cases=(case, chat), drops=()), header)
    candidate = replace(case.candidate, input=other, expected=words, metadata={words: other}, language=words)
    turned = replace(
        chat.candidate, input=(Message(role="assistant", content=other), Message(role="user", content=other))
    )
    gone = replace(case.candidate, id=words, provenance=words, expected=words)
    cases = tuple(replace(case, candidate=one) for one in (candidate, turned, gone))
    after = lock(EvalSet(cases=cases, drops=()), waived)
    drop = {"id": words, "stage": words, "reason": other, "other": words}
    after = Lock(header=after.header, cases=after.cases, drops=(drop,))
    return diff(side(words, before), replace(side(other, after), notes=(said("a note of {}", words),), faults=(words,)))


def side(label: str, held: Lock) -> Side:
    """A side that is a lock alone."""
    return Side(label=label, lock=held)


def outside_code(tokens: list[Token]) -> str:
    """Everything of a page that stands in no code: what a site looks through for names, links and commands."""
    found = []
    for token in tokens:
        if token.type not in ("fence", "code_block", "code_inline"):
            found.append("" if token.children else token.content)
            found.append(outside_code(token.children or []))
            found += [str(value) for value in token.attrs.values()]
    return " ".join(found)


@settings(max_examples=30)
@given(TEXTS, TEXTS)
def test_a_comment_holds_foreign_words_in_code_only(words: str, other: str) -> None:
    """No foreign word reaches the page outside code; no link, image or HTML but our folds is made."""
    page = markdown(hostile_diff(words, other))  # type: ignore[arg-type]
    tokens = READER.parse(page)
    kinds = {one.type for token in tokens for one in (token, *(token.children or []))}
    html = [one.content for token in tokens for one in (token, *(token.children or [])) if one.type.startswith("html")]

    assert MARK not in outside_code(tokens)
    assert "@" not in outside_code(tokens) and "://" not in outside_code(tokens)
    assert not kinds & {"link_open", "image", "table_open", "code_block", "blockquote_open"}
    assert [OURS.sub("", one).strip() for one in html] == [""] * len(html)
    assert page.count("<details>") == sum(one.count("<details>") for one in html) + inside_code(tokens, "<details>")


def inside_code(tokens: list[Token], what: str) -> int:
    """How often something stands in code."""
    code = [one for token in tokens for one in (token, *(token.children or [])) if one.type in ("fence", "code_inline")]
    return sum(one.content.count(what) for one in code)


@given(TEXTS)
def test_a_code_span_and_a_block_hold_any_words(words: str) -> None:
    """A Markdown reader gives back one code span, or one fence, and nothing beside it."""
    (paragraph, inline, _) = READER.parse(span(words))
    assert paragraph.type == "paragraph_open"
    assert [one.type for one in inline.children or []] == ["code_inline"]
    assert [one.type for one in READER.parse(block([f"+ {one}" for one in words.split("\n")]))] == ["fence"]


@settings(max_examples=20)
@given(st.integers(600, 4_000), st.lists(TEXTS, min_size=1, max_size=12))
def test_a_comment_keeps_to_its_size(longest: int, words: list[str]) -> None:
    """However much changed, the comment is not longer than it may be, every fold is closed, and the rest is counted."""
    old = tuple(make_case(id=f"prompted.{at}.01", input=one) for at, one in enumerate(words))
    new = tuple(make_case(id=f"prompted.{at}.01", input=one[::-1] * 9) for at, one in enumerate(words))
    header = {"name": "small", "purpose": "launch", "inputs": {}, "operators": []}
    sides = [side("a", lock(EvalSet(cases=cases, drops=()), header)) for cases in (old, new)]

    page = markdown(diff(*sides), longest=longest)

    folds = [one.content for one in READER.parse(page) if one.type == "html_block"]
    assert len(page) <= longest
    assert sum(one.count("<details>") for one in folds) == sum(one.count("</details>") for one in folds)


def test_a_comment_counts_what_it_leaves_out() -> None:
    """A change of a thousand cases fits in a comment and says how many more there are."""
    header = {"name": "small", "purpose": "launch", "inputs": {}, "operators": []}
    cases = tuple(make_case(id=f"prompted.{at:04d}.01", input=f"request {at} " + "word " * 60) for at in range(1_000))
    found = diff(
        side("a", lock(EvalSet(cases=(), drops=()), header)), side("b", lock(EvalSet(cases=cases, drops=()), header))
    )

    page = markdown(found)

    shown = page.count("- `prompted.")
    assert len(page) <= LONGEST and 0 < shown < 1_000
    assert f"… {1_000 - shown} more" in page


@settings(max_examples=30)
@given(TEXTS, TEXTS)
def test_text_moves_no_cursor_and_gives_no_command(words: str, other: str) -> None:
    """Nothing a terminal or a runner acts on is printed, and every line of a foreign text is marked as one."""
    page = text(hostile_diff(words, other), functools.partial(safe, github=True))  # type: ignore[arg-type]

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", page)
    assert not re.search(r"^\s*::|##\[", page, re.MULTILINE)


@settings(max_examples=30)
@given(TEXTS, TEXTS)
def test_json_holds_everything(words: str, other: str) -> None:
    """The data is JSON and holds the texts whole."""
    data = json.loads(json.dumps(diff_data(hostile_diff(words, other))))  # type: ignore[arg-type]

    assert data["differs"] is True
    assert any(edit["after"] == other for case in data["changed"] for edit in case["edits"])
