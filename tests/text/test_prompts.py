"""Prompt templates can show what they are given and do nothing else."""

from __future__ import annotations

import pytest

from evalspec.text.prompts import MAX_PROMPT, MAX_TEMPLATE, PROMPT_NAMES, PromptError, problems_in_prompt, render_prompt

NAMES: dict[str, object] = dict.fromkeys(PROMPT_NAMES, "") | {"exemplars": ["a", "b"], "cell": {"id": "x.y"}}


def test_names_attributes_loops_tests_and_filters_are_enough() -> None:
    loop = "{% for one in exemplars %}{% if not loop.last %}{{ one | tojson }},{% endif %}{% endfor %}"
    text = "{{ cell.id | upper }}" + loop

    assert problems_in_prompt(text) == ()
    assert render_prompt(text, NAMES) == 'X.Y"a",'


def test_text_of_a_seed_is_data_and_never_a_template() -> None:
    names = NAMES | {"exemplars": ["{{ cell.id }}{% raw %}"]}

    assert render_prompt("{{ exemplars | join }}", names) == "{{ cell.id }}{% raw %}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ range(9) }}", "line 1: `call` is not allowed in a prompt"),
        ("{{ 'a' * 200000000 }}", "line 1: `mul` is not allowed in a prompt"),
        ("{{ 'a' ~ cell }}", "line 1: `concat` is not allowed in a prompt"),
        ("{% set a = 1 %}", "line 1: `assign` is not allowed in a prompt"),
        ("{% macro a() %}{% endmacro %}", "line 1: `macro` is not allowed in a prompt"),
        ("{% include 'x' %}", "line 1: `include` is not allowed in a prompt"),
        ("{{ cell.__class__ }}", "line 1: `.__class__` is not allowed in a prompt"),
        ("{{ cell|attr('__class__') }}", "no filter"),
        ("{{ cell|center(200000000) }}", "no filter"),
        ("\n{{ seed }}", "line 2: a prompt has no `seed`; it sees " + ", ".join(PROMPT_NAMES)),
        ("{% for a in exemplars %}", "line 1: Unexpected end of template"),
        ("{{ exemplars[cell] }}", "line 1: an index must be a number or a string"),
        ("x" * (MAX_TEMPLATE + 1), "the template has 65,537 characters; at most 65,536 are read"),
        ("{% for a in exemplars %}" * 4 + "{% endfor %}" * 4, "loops nest deeper than 3"),
    ],
)
def test_everything_else_is_refused_before_it_runs(text: str, problem: str) -> None:
    assert any(problem.lower() in one.lower() for one in problems_in_prompt(text)), problems_in_prompt(text)
    with pytest.raises(PromptError):
        render_prompt(text, NAMES)


def test_what_is_not_given_is_an_error() -> None:
    with pytest.raises(PromptError, match="has no `nme`"):
        render_prompt("{{ cell.nme }}", NAMES)


def test_a_prompt_has_a_cap() -> None:
    names = NAMES | {"exemplars": ["x" * MAX_PROMPT, "y"]}

    with pytest.raises(PromptError, match="longer than 65,536"):
        render_prompt("{% for one in exemplars %}{{ one }}{% endfor %}", names)
