"""Prompt templates can show what they are given and do nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text.prompt_error import PromptError
from evalspec.text.prompts import MAX_PROMPT, MAX_TEMPLATE, PROMPT_NAMES, problems_in_prompt, render_prompt
from tests.torture.hostile_attacks import TEMPLATES

PIECES = (
    *(
        "{{ ",
        " }}",
        "{% for a in exemplars %}",
        "{% endfor %}",
        "{% if cell.id %}",
        "{% endif %}",
        "{% else %}",
        "a",
        "loop.index",
    ),
    *(
        "exemplars",
        "cell",
        ".id",
        ".upper",
        "[0]",
        "['items']",
        "|join('-')",
        "|tojson",
        "|upper",
        "|length",
        "|first",
        "task",
    ),
    *(
        ".labels",
        " in ",
        " == ",
        "1",
        "'x'",
        "not ",
        "(",
        ")",
        "loop",
        "persona",
        "|default('z')",
        " and ",
        " if ",
        " else ",
    ),
)
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


@pytest.mark.parametrize("template", TEMPLATES, ids=range(len(TEMPLATES)))
def test_the_published_ways_out_and_bombs_render_nothing(template: str) -> None:
    """CVE-2024-56201, CVE-2024-56326, CVE-2025-27516 in our words, and what multiplies: a problem, never a text."""
    with pytest.raises(PromptError):
        render_prompt(template, NAMES | {"exemplars": ["a"] * 40, "section": "x" * 60_000})


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_template_is_a_text_within_the_cap_or_a_problem(template: str) -> None:
    """No other exception, no address of an object, nothing longer than a prompt."""
    names = NAMES | {"task": {"labels": ["a", "b"], "instructions": "x"}, "persona": {"style": []}, "facts": []}
    try:
        found = render_prompt(template, names)
    except PromptError:
        return

    assert len(found) <= MAX_PROMPT and " at 0x" not in found and "<class" not in found


def test_every_rendering_has_its_own_rounds() -> None:
    """A template is kept for the next prompt, what its loops have used up is not."""
    template = "{% for one in exemplars %}{{ one }}{% endfor %}"
    names = NAMES | {"exemplars": ["a"] * 900}

    assert [render_prompt(template, names) for _ in range(3)] == ["a" * 900] * 3
    with pytest.raises(PromptError):
        render_prompt(template, names | {"exemplars": ["a"] * 1_000})


def test_quoted_text_is_plain_json() -> None:
    """A model reads what people wrote, not the escapes of a page; the quoting itself stays JSON."""
    said = 'don\'t <b>stop</b> & "go"\nnow'

    rendered = render_prompt("{{ section | tojson }}", {"section": said})

    assert json.loads(rendered) == said
    assert rendered == '"don\'t <b>stop</b> & \\"go\\"\\nnow"'
