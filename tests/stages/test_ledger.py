"""Ledger files to decisions: what a line may hold, which lines are in force, and what a fix changes."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.codes import CODES
from evalspec.diagnostics import Diagnostic, SpecError
from evalspec.model.case import Candidate, Lineage, Message
from evalspec.model.ledger import Decision, Effective, Ledger
from evalspec.model.source import SourceFile
from evalspec.model.spec import Mix, Part, Spec, Task
from evalspec.stages.content import content, content_digest
from evalspec.stages.ledger import apply_fix, consult, effective, line_digest, line_text, read_ledger

WHOLE = "the whole line"
DIGEST = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
CHAT = (
    Message(role="user", content="where is it"),
    Message(role="assistant", content="Which order?", tool_calls=({"name": "find", "arguments": {"id": "4"}},)),
    Message(role="user", content="4481\u2028!"),
)
LABELS = Task(expected=(Part(name="expected", values=("deny", "refund")),), short_expected=True)
SPEC = Spec(name="s", path="s.yaml", folder=".", task=LABELS, mix=Mix(size=1, counts=(("prompted", 1),)))


def decide(verdict: str, reviewer: str = "ann", **fields: object) -> Decision:
    """One decision about one case, with its line digest, as reading it from a file gives it."""
    given = {"case": "prompted.delay.01", "digest": DIGEST, "date": "2026-03-01"} | fields
    if verdict in ("drop", "retire"):
        given = {"reason": "unnatural"} | given
    made = Decision(verdict=verdict, reviewer=reviewer, **given)  # type: ignore[arg-type]
    return replace(made, line_digest=line_digest(made))


def candidate(text: object = "where is it", **fields: object) -> Candidate:
    """One candidate of the pool `prompted`."""
    given: dict[str, object] = {
        "id": "prompted.delay.01",
        "pool": "prompted",
        "technique": "prompted",
        "stratum": "delay",
        "input": text,
        "provenance": "synth-delay",
        "track": "happy",
        "language": "en",
        "expected": "refund",
        "expected_by": "rule:delay",
        "lineage": Lineage(pool="prompted"),
    }
    return Candidate(**(given | fields))  # type: ignore[arg-type]


def line(**fields: object) -> str:
    """A good line with some fields replaced, or taken out by None."""
    good = {"case": "prompted.delay.01", "digest": DIGEST, "verdict": "keep", "reviewer": "ann", "date": "2026-03-01"}
    return json.dumps({name: value for name, value in (good | fields).items() if value is not None})


def problems_of(text: str, path: str = "s/ledger/ann.jsonl") -> tuple[Diagnostic, ...]:
    """What is wrong with a file."""
    with pytest.raises(SpecError) as caught:
        read_ledger([SourceFile(path=path, text=text)])
    return caught.value.diagnostics


FULL = decide(
    "fix",
    guidelines=OTHER,
    reason="wrong_label",
    input=CHAT,
    expected={"decision": "refund", "tool_calls": []},
    seconds=12.5,
    blind=True,
)


def test_a_line_says_its_keys_in_declared_order_and_nothing_empty() -> None:
    """The line of a decision is canonical, so that two tools append the same bytes."""
    assert line_text(decide("keep")) == line()
    assert list(json.loads(line_text(FULL))) == [
        "case",
        "digest",
        "guidelines",
        "verdict",
        "reason",
        "input",
        "expected",
        "reviewer",
        "date",
        "seconds",
        "blind",
    ]


def test_what_is_written_is_read_back() -> None:
    """Reading the lines of decisions gives the decisions, with their places, in the order of file names."""
    adjudication = decide("drop", "zoe", supersedes=(FULL.line_digest,))
    files = [
        SourceFile(path="s/ledger/zoe.jsonl", text=line_text(adjudication) + "\n"),
        SourceFile(path="s/ledger/ann.jsonl", text=f"{line_text(FULL)}\n\n{line_text(decide('keep'))}\n"),
    ]

    found = read_ledger(files).decisions

    assert found == (FULL, decide("keep"), adjudication)
    assert [(one.at.path, one.at.line) for one in found if one.at] == [
        ("s/ledger/ann.jsonl", 1),
        ("s/ledger/ann.jsonl", 3),
        ("s/ledger/zoe.jsonl", 1),
    ]


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip),
    st.sampled_from(("keep", "fix", "drop", "retire")),
    st.booleans(),
)
def test_any_text_survives_the_line(text: str, verdict: str, blind: bool) -> None:
    """Line separators, quotes and emoji in a fix neither break the line nor change."""
    made = decide(verdict, blind=blind, **({"input": text} if verdict == "fix" else {}))

    spelled = line_text(made)

    assert "\n" not in spelled
    assert read_ledger([SourceFile(path="ann.jsonl", text=spelled)]).decisions == (made,)


@pytest.mark.parametrize(
    ("text", "code", "marked", "message"),
    [
        ('{"case": }', "V401", "}", "the line is not JSON: expecting value"),
        ("[1]", "V401", WHOLE, "the line is not an object"),
        ('{"seconds": NaN}', "V401", WHOLE, "the line is not JSON: NaN is not a number"),
        ("[" * 100_000, "V401", WHOLE, "the line is not JSON: it is nested too deeply"),
        (line(reviewer="\ud800"), "V401", WHOLE, "the line holds half a character (a lone surrogate)"),
        (line()[:-1] + ', "date": "2026-03-01"}', "V402", '"date"', "key `date` stands twice"),
        (line(verdicts=1), "V403", '"verdicts"', "unknown key `verdicts`"),
        (line(digest=None), "V404", WHOLE, "`digest` is missing"),
        (line(digest="0123"), "V405", '"0123"', "`digest` must be 32 hex digits"),
        (line(digest="A" * 32), "V405", f'"{"A" * 32}"', "`digest` must be 32 hex digits"),
        (line(case="Prompted.1"), "V405", '"Prompted.1"', "`case` must be a case id"),
        (line(verdict="maybe"), "V405", '"maybe"', "`verdict` must be keep, fix, drop or retire"),
        (line(date="2026-02-30"), "V405", '"2026-02-30"', "`date` must be a day, as YYYY-MM-DD"),
        (line(date="20260301"), "V405", '"20260301"', "`date` must be a day, as YYYY-MM-DD"),
        (line(blind="yes"), "V405", '"yes"', "`blind` must be true or false"),
        (line(seconds=-1), "V405", "-1", "`seconds` must be a number of seconds, a week at most"),
        (line(seconds=True), "V405", "true", "`seconds` must be a number of seconds, a week at most"),
        (line(supersedes=["f"]), "V405", '["f"]', "`supersedes` must be a list of line digests, 32 hex digits each"),
        (line(reviewer="../ann"), "V405", '"../ann"', "`reviewer` must be a name of letters, digits and . _ @ + -"),
        (line(verdict="drop"), "V406", '"drop"', "a `drop` needs a `reason`"),
        (line(verdict="retire"), "V406", '"retire"', "a `retire` needs a `reason`"),
        (line(verdict="fix"), "V406", WHOLE, "a `fix` needs the `input` or the `expected` that it puts in place"),
        (line(input="x"), "V407", '"input"', "`input` stands on a `keep`; only a `fix` changes it"),
        (line(verdict="fix", input=" "), "V405", '" "', "`input` must be a text, or messages"),
        (
            line(verdict="fix", input=[{"role": "bot"}]),
            "V405",
            '[{"role": "bot"}]',
            "`input` must be a text, or messages",
        ),
        (
            line(verdict="fix", input=[{"role": "assistant", "content": "x"}]),
            "V405",
            '[{"role": "assistant", "content": "x"}]',
            "`input` must be a text, or messages",
        ),
        (line(verdict="fix", expected=3), "V405", "3", "`expected` must be a label, or an object from part to value"),
        (line(supersedes=[OTHER]), "V408", WHOLE, f"`supersedes` names no line of the ledger: `{OTHER}`"),
        (line(reviewer="bob"), "V409", '"bob"', "a line of `bob` stands in the file of `ann`"),
    ],
)
def test_every_bad_line_is_refused_at_its_place(text: str, code: str, marked: str, message: str) -> None:
    """A bad line has one diagnostic, with its code in the table, on its line and under the words to blame."""
    (found,) = problems_of(f"{line(date='2026-02-01')}\n{text}\n")
    at = found.span

    assert (found.code, at.line) == (code, 2)
    assert text[at.col - 1 : at.end_col - 1] == (text if marked is WHOLE else marked)
    assert found.message.startswith(message)
    assert code in CODES


def test_all_problems_of_all_files_are_reported_at_once() -> None:
    """Every bad line of every file is named, and every problem of a line."""
    assert [
        (one.code, one.span.line)
        for one in problems_of(f"{line(verdict='maybe', date='x')}\n{{\n{line(colour='red')}\n")
    ] == [
        ("V405", 1),
        ("V405", 1),
        ("V401", 2),
        ("V403", 3),
    ]


def test_a_nested_key_does_not_move_the_place_of_an_outer_one() -> None:
    """Columns are those of the line's own keys, also after messages and parts with the same words in them."""
    text = line(verdict=None)[:-1] + ', "expected": {"verdict": "date: {"}, "verdict": "maybe"}'

    (found,) = problems_of(text)

    assert (found.code, text[found.span.col - 1 :]) == ("V405", '"maybe"}')


def test_an_adjudication_is_about_the_same_case_and_text() -> None:
    """A line that supersedes a line about another case or another text is refused, and both are shown."""
    about_other = decide("keep", case="prompted.delay.02")
    about_old = decide("keep", digest=OTHER)
    text = "\n".join(
        line_text(one)
        for one in (
            about_other,
            about_old,
            decide("keep", supersedes=(about_other.line_digest,)),
            decide("keep", supersedes=(about_old.line_digest,)),
        )
    )

    assert [(one.code, one.span.line) for one in problems_of(text)] == [("V408", 3), ("V408", 4)]


KEEP, KEEP_BOB = decide("keep"), decide("keep", "bob", blind=True)
DROP_BOB = decide("drop", "bob")
DROP_CAT = decide("drop", "cat", reason="off_topic", date="2026-01-01")
FIX, FIX_BOB = decide("fix", input="a"), decide("fix", "bob", input="a")
OLD = decide("keep", "dan", digest=OTHER)
ADJUDICATED = decide("drop", "cat", supersedes=(KEEP.line_digest, DROP_BOB.line_digest))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([KEEP], {"verdict": "keep", "by": ("ann",), "votes": 1}),
        ([KEEP, KEEP], {"verdict": "keep", "by": ("ann",), "votes": 1}),
        ([KEEP, KEEP_BOB], {"verdict": "keep", "by": ("ann", "bob"), "votes": 2, "blind": 1}),
        ([KEEP, DROP_BOB], {"disputed": True, "votes": 2}),
        ([KEEP, FIX_BOB], {"disputed": True, "votes": 2}),
        ([FIX, FIX_BOB], {"verdict": "fix", "by": ("ann", "bob"), "votes": 2, "input": "a"}),
        ([FIX, decide("fix", "bob", input="b")], {"disputed": True, "votes": 2}),
        ([DROP_BOB, DROP_CAT], {"verdict": "drop", "by": ("bob", "cat"), "votes": 2, "reason": "off_topic"}),
        ([KEEP, DROP_BOB, ADJUDICATED], {"verdict": "drop", "by": ("cat",), "votes": 3, "reason": "unnatural"}),
        (
            [KEEP, DROP_BOB, ADJUDICATED, decide("keep", "dan", supersedes=(ADJUDICATED.line_digest,))],
            {"verdict": "keep", "by": ("dan",), "votes": 4},
        ),
        (
            [KEEP, decide("drop", supersedes=(KEEP.line_digest,))],
            {"verdict": "drop", "votes": 1, "reason": "unnatural"},
        ),
        ([OLD], {"stale": True}),
        ([OLD, KEEP], {"verdict": "keep", "by": ("ann",), "votes": 1}),
        ([KEEP, decide("retire", "bob")], {"verdict": "retire", "by": ("bob",), "votes": 1, "reason": "unnatural"}),
        ([KEEP, DROP_BOB, decide("retire", "eve")], {"verdict": "retire", "by": ("eve",), "votes": 2}),
        ([decide("retire", digest=OTHER)], {"stale": True}),
    ],
)
def test_which_verdict_is_in_force(lines: list[Decision], expected: dict[str, object]) -> None:
    """Only or unanimous, else an adjudication, else a dispute; other texts are history; in any order of lines."""
    for order in itertools.permutations(lines):
        found = effective(order, DIGEST)

        assert {name: getattr(found, name) for name in ("stale", "disputed", "verdict", "votes")} == {
            "stale": False,
            "disputed": False,
            "verdict": None,
            "votes": 0,
        } | {name: value for name, value in expected.items() if name not in ("by", "blind", "input", "reason")}
        assert {name: getattr(found, name) for name in expected} == expected


def test_a_decision_does_not_follow_a_changed_text_or_label() -> None:
    """Each digested field makes a decision stale; nothing else about a candidate does."""
    seen = candidate()
    ledger = Ledger(decisions=(decide("keep", digest=content_digest(seen)),))

    def is_stale(now: Candidate) -> bool:
        return consult(ledger, [now], SPEC).of(now.id).stale

    assert not is_stale(seen)
    assert not is_stale(candidate(metadata={"channel": "web"}, track="edge", checks=(), behaviour="answer"))
    assert all(
        is_stale(candidate(**{"text": "where is it", **change}))
        for change in (
            {"text": "where is it?"},
            {"expected": "deny"},
            {"behaviour": "clarify"},
            {"premise": "it is late"},
            {"context": {"order": 3}},
            {"checks": ("no_new_pii",)},
        )
    )


def test_the_digested_fields_are_those_of_the_lock() -> None:
    """Empty fields and the behaviour `answer` are left out; an empty list inside a field is a statement and stays."""
    assert content(candidate(CHAT, expected={"tool_calls": []}, checks=({"max_chars": 3},))) == {
        "input": [
            {"role": "user", "content": "where is it"},
            {
                "role": "assistant",
                "content": "Which order?",
                "tool_calls": [{"name": "find", "arguments": {"id": "4"}}],
            },
            {"role": "user", "content": "4481\u2028!"},
        ],
        "expected": {"tool_calls": []},
        "checks": [{"max_chars": 3}],
    }
    assert content(candidate(expected=None)) == {"input": "where is it"}


def test_a_fix_puts_a_persons_text_and_label_in_place() -> None:
    """A fixed label is verified by who wrote it; a fixed text is marked; what was not fixed stays."""
    both = Effective(case="prompted.delay.01", verdict="fix", by=("ann", "bob"), input="no parcel", expected="deny")

    fixed = apply_fix(candidate(), both)

    assert fixed == candidate("no parcel", expected="deny", expected_by="verified:ann", edited=True)
    assert apply_fix(candidate(), replace(both, expected=None)) == candidate("no parcel", edited=True)
    assert apply_fix(candidate(), replace(both, input=None)) == candidate(expected="deny", expected_by="verified:ann")
    assert apply_fix(fixed, both) == fixed
    assert apply_fix(candidate(), Effective(case="prompted.delay.01", verdict="keep")) == candidate()


@pytest.mark.parametrize(
    ("made", "fields", "message"),
    [
        (candidate(CHAT), {"input": "x"}, "the fix of `prompted.delay.01` must give messages, as the candidate has"),
        (candidate(), {"input": CHAT}, "the fix of `prompted.delay.01` must give a text, as the candidate has"),
        (candidate(), {"expected": "refnd"}, "`refnd` is no value of `expected`"),
        (candidate(), {"expected": {"expected": "deny"}}, "`expected` of `prompted.delay.01` must be one label"),
    ],
)
def test_a_fix_must_fit_its_candidate(made: Candidate, fields: dict[str, object], message: str) -> None:
    """A fix of another shape, or a label that the spec does not know, is refused where it stands."""
    text = line_text(decide("fix", digest=content_digest(made), **fields))
    ledger = read_ledger([SourceFile(path="s/ledger/ann.jsonl", text=text)])

    with pytest.raises(SpecError) as caught:
        consult(ledger, [made], SPEC)

    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.span and found.span.line) == ("V410", message, 1)


def test_parts_of_a_fix_are_known_to_the_spec() -> None:
    """With named parts a fix names them, and gives a label one of its values."""
    task = Task(expected=(Part(name="decision", values=("deny", "refund")), Part(name="why", kind="text")))
    spec, made = replace(SPEC, task=task), candidate(expected={"decision": "deny", "why": "late"})

    def refused(expected: object) -> list[str]:
        with pytest.raises(SpecError) as caught:
            consult(Ledger(decisions=(decide("fix", digest=content_digest(made), expected=expected),)), [made], spec)
        return [one.message for one in caught.value.diagnostics]

    assert refused({"decison": "deny"}) == ["`decison` is no part of what is expected"]
    assert refused({"decision": "maybe", "why": "late"}) == ["`maybe` is no value of `decision`"]
    assert refused("deny") == ["`expected` of `prompted.delay.01` must be part to value"]


def test_lines_about_cases_that_are_gone_are_counted_and_ignored() -> None:
    """The ledger is append-only, so a slot that is no longer planned leaves its lines behind."""
    lines = (decide("keep"), decide("drop", case="prompted.gone.01"), decide("keep", "bob", case="prompted.gone.01"))

    view = consult(Ledger(decisions=lines), [candidate()], SPEC)

    assert (view.ignored, list(view.effective)) == (2, ["prompted.delay.01"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("role", "content", "x")), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(("verdict", "input", "expected", "seconds", "blind", "supersedes")), _JSON))
def test_whatever_a_line_holds_it_is_read_or_refused(fields: dict[str, object]) -> None:
    """No JSON value under any key ends in anything but a decision or a diagnostic with a place."""
    good = json.loads(line())
    text = json.dumps(good | fields)
    try:
        (found,) = read_ledger([SourceFile(path="ann.jsonl", text=text)]).decisions
    except SpecError as error:
        assert all(one.span is not None and one.code in CODES for one in error.diagnostics)
    else:
        assert read_ledger([SourceFile(path="ann.jsonl", text=line_text(found))]).decisions == (found,)
