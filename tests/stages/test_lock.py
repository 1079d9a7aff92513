"""The lock: what is dumped loads as it was, reads as a diff, and shows every edit that nobody meant."""

from __future__ import annotations

import json

import pytest
from builders import chat, make_case, make_spec
from hypothesis import given, settings
from hypothesis import strategies as st
from locks import CHAT_CASE, small_lock

from evalspec.diagnostics import EvalspecError
from evalspec.digests import digest
from evalspec.model.case import Case, Drop, EvalSet, Lineage, Message, ReviewMark
from evalspec.model.outcome import Lock
from evalspec.stages.header import canary
from evalspec.stages.lock import dump, faults, load, lock

DECEIVING = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff"
HOSTILE = (
    "",
    "\n",
    "a\nb\r\nc\n",
    "line\u2028separator\u2029\u0085end",
    "\u202eright to left\u202c \u2066isolated\u2069 \u200e\u200f\u061c",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\U000e0067\U000e007f",
    "\x00\x07\x1b[31mred\x7f",
    '"}], "root": "0',
    "\\u0041 \\n \\",
    "<script>alert(1)</script> ${jndi:ldap://x} =cmd|' /C calc'!A0",
    "NaN Infinity null true 1e999",
    "\ufeffbom",
    "e\u0301 \u00e9",
)
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXTS,
    tool_calls=st.lists(OBJECTS, max_size=2).map(tuple),
)
INPUTS = TEXTS | st.lists(MESSAGES, min_size=1, max_size=5).map(tuple)
HEADER = {"name": "small", "purpose": "launch", "canary": canary(make_spec()), "spec": "0" * 32, "inputs": {}}


@st.composite
def cases(draw: st.DrawFn, number: int) -> Case:
    """A case with anything in every field that takes text."""
    return make_case(
        id=f"prompted.new.delay.{number:02d}",
        input=draw(INPUTS),
        context=draw(OBJECTS),
        behaviour=draw(st.sampled_from(["answer", "abstain", "challenge"])),
        premise=draw(st.none() | TEXTS),
        expected=draw(st.none() | TEXTS | OBJECTS),
        checks=draw(st.lists(TEXTS | OBJECTS, max_size=2).map(tuple)),
        relation=draw(OBJECTS),
        lineage=Lineage(pool="prompted", facts=draw(OBJECTS), weight=draw(st.none() | st.floats(0.1, 9))),
        metadata=draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        review=draw(st.none() | st.just(ReviewMark(verdict="fix", by=("ann", "bo"), votes=2))),
    )


DROPS = st.builds(
    Drop,
    id=st.just("prompted.new.delay.99"),
    stage=st.sampled_from(["generate", "screen", "review"]),
    reason=TEXTS,
    pool=st.just("prompted"),
    stratum=st.just("new.delay"),
    other=st.none() | TEXTS,
    value=st.none() | st.floats(0, 1),
    detail=st.none() | TEXTS,
)


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """A lock of up to three such cases and a drop."""
    held = tuple(draw(cases(number)) for number in range(draw(st.integers(0, 3))))
    dropped = tuple(draw(st.lists(DROPS, max_size=1)))
    waivers = [{"rule": "gate seeds", "reason": draw(TEXTS), "until": "2026-12-31"}]
    return lock(EvalSet(cases=held, drops=dropped), HEADER | draw(st.sampled_from([{}, {"waivers": waivers}])))


# What is written is what is read


@settings(max_examples=60)
@given(locks())
def test_a_dumped_lock_loads_as_it_was(made: Lock) -> None:
    """Whatever stands in a text: the same records, in the same order, without a fault, and dumped the same again."""
    text = dump(made)

    loaded = load(text, "s.lock.json")

    assert loaded == made
    assert [list(case) for case in loaded.cases] == [list(case) for case in made.cases]
    assert faults(loaded, text, "s.lock.json") == ()
    assert dump(loaded) == text


@settings(max_examples=60)
@given(locks())
def test_a_lock_is_one_json_document_that_deceives_no_reader(made: Lock) -> None:
    """Any JSON parser reads it; no control, bidirectional or line-separating character stands in it unescaped."""
    text = dump(made)

    data = json.loads(text)

    assert [case["id"] for case in data["cases"]] == [case["id"] for case in made.cases]
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert not [char for char in text if char != "\n" and (char < " " or "\x7f" <= char <= "\x9f")]
    assert not set(text) & set(
        "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff"
    )
    text.encode("utf-8")


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_text_with_line_breaks_is_the_list_of_its_lines(lines: list[str]) -> None:
    """Joined with line feeds the lines are the text, in an input and in a message; no other break is touched."""
    text = "\n".join(lines)
    turns = (Message(role="user", content=text),)
    made = lock(EvalSet(cases=(make_case(id="a.a.a.01", input=text), make_case(id="a.a.a.02", input=turns)), drops=()),
                HEADER)  # fmt: skip

    one, other = json.loads(dump(made))["cases"]

    expected = text.split("\n") if "\n" in text else text
    assert (one["input"], other["input"][0]["content"]) == (expected, expected)


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    """It is escaped when written, so that the file is UTF-8, and refused when read."""
    text = dump(lock(EvalSet(cases=(make_case(input="half \ud83d"),), drops=()), HEADER))

    assert '"half \\ud83d"' in text
    with pytest.raises(EvalspecError, match="half of a surrogate pair"):
        load(text, "s.lock.json")


def test_the_same_set_gives_the_same_bytes() -> None:
    """Mappings have no order of their own in a lock: metadata is sorted, everything else is as declared."""
    one = make_case(metadata={"b": "2", "a": "1"})
    other = make_case(metadata={"a": "1", "b": "2"})

    assert dump(lock(EvalSet(cases=(one,), drops=()), HEADER)) == dump(lock(EvalSet(cases=(other,), drops=()), HEADER))


# The layout

LAYOUT = """\
{
"lock_version": 1,
"revision": 0,
"engine": 1,
"name": "small",
"purpose": "launch",
"inputs": {
 "ledger": {"decisions": 2, "digest": "b"},
 "production": {"rows": 1, "digest": "a"}},
"operators": [],
"models": [
 {"role": "generator", "model": "test/writer", "family": "test"}],
"case_count": 2,
"root": "ROOT",
"cases": [
{"id": "prompted.new.delay.01", "digest": "DIGEST1", "provenance": "synth-new-delay", "track": "happy", \
"language": "en",
 "input": [
  "two lines",
  "of text"],
 "behaviour": "challenge",
 "premise": "no such thing",
 "expected": "refund",
 "expected_by": "rule:delay",
 "checks": ["valid_json", {"max_chars": 200}],
 "lineage": {"pool": "prompted", "cell": {"user": "new", "policy": "delay"}, "facts": {"days": 12}},
 "review": {"verdict": "keep", "by": ["ann"], "votes": 1}},
{"id": "seed.0a1b2c3d4e5f", "digest": "DIGEST2", "provenance": "prod", "track": "wild", "language": "en",
 "input": [
  {"role": "user", "content": "where is it????"},
  {"role": "assistant", "content": "Sorry about that! Which order is it?"},
  {"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": {"order_id": "4481"}}]},
  {"role": "tool", "content": "{\\"state\\": \\"lost\\"}"},
  {"role": "user", "content": [
   "4481. ordered 9 days ago",
   "kid's birthday was, i'm done",
   "send me my money"]}],
 "expected": {"decision": "refund", "tool_calls": [{"name": "issue_refund", "arguments": {"order_id": "4481"}}]},
 "expected_by": "verified:support_leads",
 "lineage": {"pool": "seed", "source": "production"},
 "metadata": {"channel": "web"}}
],
"drops": [
{"id": "prompted.new.delay.02", "stage": "screen", "reason": "near_duplicate", "other": "prompted.new.delay.01", \
"value": 0.9},
{"id": "prompted.new.delay.03", "stage": "review", "reason": "unnatural", "detail": "ann"}
]
}
"""


def test_the_layout_is_part_of_the_format() -> None:
    """One line a fact, a field, a message and a line of a long text; a case's id and digest on its first line."""
    made = small_lock()
    expected = LAYOUT.replace("ROOT", made.root)
    for number, case in enumerate(made.cases, start=1):
        expected = expected.replace(f"DIGEST{number}", str(case["digest"]))

    assert dump(made) == expected


def test_an_empty_lock_has_a_layout_too() -> None:
    """No case and no drop are two empty lists."""
    text = dump(lock(EvalSet(cases=(), drops=()), {}))

    assert text.endswith('"cases": [],\n"drops": []\n}\n')
    assert faults(load(text, "s"), text, "s") == ()


def test_a_changed_message_is_one_changed_line_and_its_digests() -> None:
    """A reviewer sees the message, the case it belongs to, and the root; nothing else moves."""
    before = small_lock()
    messages = list(CHAT_CASE.candidate.input)
    messages[0] = Message(role="user", content="where IS it????")
    changed = make_case(**{
        name: getattr(CHAT_CASE.candidate, name) for name in CHAT_CASE.candidate.__dataclass_fields__
    } | {"input": tuple(messages)})  # fmt: skip
    after = lock(EvalSet(cases=(changed,), drops=()), {})
    alone = lock(EvalSet(cases=(CHAT_CASE,), drops=()), {})

    lines = [(a, b) for a, b in zip(dump(alone).split("\n"), dump(after).split("\n"), strict=True) if a != b]

    assert len(lines) == 3
    assert lines[0][0].startswith('"root"')
    assert lines[1][0].startswith('{"id": "seed.0a1b2c3d4e5f"')
    assert lines[2][1] == '  {"role": "user", "content": "where IS it????"},'
    assert before.root != alone.root


def test_a_digest_covers_what_a_runner_is_given_and_judged_by() -> None:
    """Input, context, behaviour, premise, expected and checks change it; how the case came to be does not."""
    base = make_case()

    for fields in (
        {"input": "other"},
        {"input": chat()},
        {"context": {"a": 1}},
        {"behaviour": "refuse"},
        {"premise": "x"},
        {"expected": "deny"},
        {"checks": ("valid_json",)},
    ):
        assert make_case(**fields).digest != base.digest
    for fields in ({"track": "edge"}, {"metadata": {"a": "b"}}, {"expected_by": "model:x"}, {"language": "de"}):
        assert make_case(**fields).digest == base.digest


# The canary


def test_the_canary_is_constant_over_locks_of_a_set() -> None:
    """It hangs on the set's name and random state alone, so that a leak of any lock is found by one string."""
    spec = make_spec()

    assert canary(spec) == canary(make_spec(axes=(), purpose="smoke"))
    assert canary(spec) != canary(make_spec(name="other"))
    assert canary(spec) != canary(make_spec(random_state=1))
    hexes = digest(["evalspec-canary", "small", 0])
    assert canary(spec).replace("-", "") == f"evalspeccanary {hexes}"


@settings(max_examples=30)
@given(locks(), locks())
def test_two_sets_share_a_root_only_when_they_are_one(left: Lock, right: Lock) -> None:
    """The root stands for everything in the lock."""
    assert (left.root == right.root) == (dump(left) == dump(right))
