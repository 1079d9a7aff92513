"""A grammar file is read whole, and every problem in it is named at once."""

from __future__ import annotations

import pytest

from evalspec.catalog.grammar.pattern import Choice, PatternError, Ref, parse_pattern
from evalspec.catalog.grammar.read import read_grammar
from evalspec.diagnostics import SpecError


def problems(data: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        read_grammar(data, "g.yaml")
    return [(one.code, one.message) for one in caught.value.diagnostics if one.severity == "error"]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("plain", ("plain",)),
        ("a {b} c", ("a ", Ref(kind="rule", name="b"), " c")),
        ("{fact.days}", (Ref(kind="fact", name="days"),)),
        ("{fragment.want}", (Ref(kind="fragment", name="want"),)),
        ("{x|}", (Choice(options=(("x",), ())),)),
        ("{x {b}|{y|z}}", (Choice(options=(("x ", Ref(kind="rule", name="b")), (Choice(options=(("y",), ("z",))),))),)),
        ("a | b", ("a | b",)),
    ],
)
def test_a_template_is_text_references_and_choices(text: str, parsed: object) -> None:
    assert parse_pattern(text) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a {b", "`{` at character 3 is never closed"),
        ("a} b", "`}` at character 2 closes nothing"),
        ("{two words}", "`{two words}` at character 1 is no name, `fact.NAME`, `fragment.KIND` or choice `a|b`"),
        ("{}", "`{}` at character 1 is no name, `fact.NAME`, `fragment.KIND` or choice `a|b`"),
        ("{" * 9 + "a|b" + "}" * 9, "braces nest deeper than 8 at character 9"),
    ],
)
def test_bad_braces_are_named_with_their_place(text: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], [("M102", "the grammar is a mapping of names")]),
        ({"rule": {"message": "a"}}, [("M101", "a grammar has no `rule`")]),
        ({"rules": {"message": "{ask}"}}, [("M103", "`message` needs a rule `ask`")]),
        ({"rules": {"message": ["a {b"]}}, [("M104", "`rules.message`: `{` at character 3 is never closed")]),
        ({"rules": {"message": [3]}}, [("M102", "`rules.message` holds something that is no text")]),
        (
            {"rules": {"message": [{"text": "a", "weight": 0}]}},
            [("M102", "a weight in `rules.message` is a whole number from 1 to 100")],
        ),
        (
            {"rules": {"message": "{a}", "a": "{b}", "b": "x {a}"}},
            [("M105", "rules that lead back to themselves: a > b > a")],
        ),
        (
            {"rules": {"message": "{fragment.want} go"}},
            [("M103", "`message` needs a rule `want` to fall back on when no real user's phrase is at hand")],
        ),
        (
            {"rules": {"message": "{fragment.joke}"}},
            [("M103", "`message`: no fragment kind `joke`")],
        ),
        ({"rules": {"message": "a"}, "lengths": {"tiny": {}}}, [("M101", "`lengths` has no `tiny`")]),
        (
            {"rules": {"message": "a"}, "conversation": {"open": "hi"}},
            [
                ("M102", "`conversation` needs `close`: the last question and the user's last message"),
            ],
        ),
        (
            {"lexicon": {"item": ["a"]}, "rules": {"message": "{item}", "item": ["b"]}},
            [("M102", "`item` stands in `lexicon` and in `rules`")],
        ),
    ],
)
def test_every_problem_has_its_code_and_says_where(data: object, expected: list[tuple[str, str]]) -> None:
    assert problems(data) == expected


def test_all_problems_come_at_once() -> None:
    found = problems({"rules": {"message": ["{a", "b}"], "x": [1]}, "style": {}})

    assert sorted(code for code, _ in found) == ["M101", "M102", "M104", "M104"]


def test_an_unused_rule_is_a_warning() -> None:
    grammar = read_grammar({"rules": {"message": "a", "spare": "b", "state_order": "c"}}, "g.yaml")

    assert [(one.code, one.message) for one in grammar.warnings] == [("M106", "no message can reach the rule `spare`")]
