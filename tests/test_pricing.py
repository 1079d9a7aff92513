"""Whose word on a price counts, and what happens where nobody has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stages.resolving import problems_of, spec_of

from evalspec.diagnostics import EvalspecError
from evalspec.edges.models.prices import FREE, ListPrice
from evalspec.model.spec import Spec
from evalspec.pricing import cap_of, prices_of
from evalspec.reaching import reach


def spec_with(models: str, *, budget: str = "budget: {usd: 5}", generator: str = "writer") -> Spec:
    return spec_of(text_with(models, budget=budget, generator=generator), "specs/small.yaml")


def text_with(models: str, *, budget: str = "budget: {usd: 5}", generator: str = "writer") -> str:
    return f"""\
version: 1
sources: [production]
axes: {{item: [clock, table]}}
models: {models}
roles: {{generator: {generator}}}
pools: {{seed: , prompted: {{axes: [item]}}}}
mix: {{cases: {{seed: 6, prompted: 6}}}}
{budget}
"""


def price_of(models: str, home: Path, **more: Any) -> ListPrice:
    (price,) = prices_of(spec_with(models, **more), reach({"HOME": str(home)})).values()
    return price


def codes_of(models: str, home: Path, **more: Any) -> list[str]:
    with pytest.raises(EvalspecError) as refused:
        price_of(models, home, **more)
    return [one.code for one in refused.value.diagnostics]


def configure(home: Path, text: str) -> None:
    folder = home / ".config" / "evalspec"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(text, "utf-8")


def test_the_specs_word_comes_first(tmp_path: Path) -> None:
    """Before our own table, and before the server being one's own."""
    stated = "price: {prompt: 0.5, completion: 1.5}"
    for name in ("openai/gpt-4.1", "hosted_vllm/one"):
        found = price_of(f"{{writer: {{model: {name}, {stated}}}}}", tmp_path)
        assert (found.prompt, found.completion, found.source) == (0.5, 1.5, "the spec")


def test_our_own_table_knows_what_people_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where litellm is not installed."""
    monkeypatch.setattr("evalspec.pricing.litellm_table", lambda wanted: None)
    found = price_of("{writer: {model: openai/gpt-4.1}}", tmp_path)
    assert (found.prompt, found.completion) == (2.0, 8.0) and "evalspec's table" in found.source


@pytest.mark.parametrize("name", ["hosted_vllm/one", "ollama/one", "llama_cpp/one", "llamafile/one"])
def test_a_server_of_ones_own_is_free(name: str, tmp_path: Path) -> None:
    """And needs no budget."""
    assert price_of(f"{{writer: {{model: {name}}}}}", tmp_path, budget="") == FREE


def test_user_config_may_say_that_a_server_is_ones_own(tmp_path: Path) -> None:
    """Whatever the model is called."""
    configure(tmp_path, "endpoints: {mine: {base_url: 'http://127.0.0.1:9', local: true}}\nmodels: {'acme/*': mine}\n")
    assert price_of("{writer: {model: acme/one}}", tmp_path) == FREE


def test_a_free_name_that_config_sends_elsewhere_is_not_free(tmp_path: Path) -> None:
    """Its price is asked for, and with a price a budget is."""
    configure(tmp_path, "endpoints: {far: {base_url: 'https://far.example'}}\nmodels: {'hosted_vllm/*': far}\n")
    assert codes_of("{writer: {model: hosted_vllm/one}}", tmp_path) == ["M321"]
    stated = "{writer: {model: hosted_vllm/one, price: {prompt: 1, completion: 1}}}"
    assert codes_of(stated, tmp_path, budget="") == ["M322"]


def test_what_nobody_knows_is_refused_with_how_to_say_it(tmp_path: Path) -> None:
    """All such models at once."""
    models = "{writer: {model: acme/one}, other: {model: acme/two}}"
    with pytest.raises(EvalspecError) as refused:
        prices_of(spec_with(models, generator="[writer, other]"), reach({"HOME": str(tmp_path)}))
    found = refused.value.diagnostics
    assert [one.code for one in found] == ["M321", "M321"] and {int(one.exit) for one in found} == {3}
    assert "price: {prompt: " in (found[0].hint or "")


@pytest.mark.parametrize(
    ("models", "problem"),
    [
        ("{writer: {model: acme/one, price: {prompt: -1, completion: 1}}}", "C207"),
        ("{writer: {model: acme/one, price: {prompt: 1, completion: 1.0e+9}}}", "C207"),
        ("{writer: {model: acme/one, price: {prompt: 1}}}", "S1"),
        ("{writer: {model: acme/one, price: 3}}", "S1"),
        (
            "{writer: {model: a/b, price: {prompt: 1, completion: 1}},"
            " x: {model: a/b, price: {prompt: 2, completion: 1}}}",
            "C207",
        ),
    ],
)
def test_a_price_is_two_numbers_and_one_truth(models: str, problem: str) -> None:
    """What cannot be a price is refused with the spec."""
    assert any(one.startswith(problem) for one in problems_of(text_with(models), "specs/small.yaml"))


def test_a_price_of_nothing_needs_no_budget() -> None:
    """The spec may say that a model costs nothing."""
    free = "{writer: {model: acme/one, price: {prompt: 0, completion: 0}}}"
    assert problems_of(text_with(free, budget=""), "specs/small.yaml") == []
    paid = "{writer: {model: acme/one, price: {prompt: 0, completion: 1}}}"
    assert [one[:4] for one in problems_of(text_with(paid, budget=""), "specs/small.yaml")] == ["C229"]


@pytest.mark.parametrize(("usd", "cap"), [("0.29", 290_000), ("5", 5_000_000), ("0.000001", 1), ("1.15", 1_150_000)])
def test_a_cap_is_exact(usd: str, cap: int) -> None:
    """0.29 dollars are 290,000 millionths, whatever binary fractions make of it."""
    assert cap_of(spec_with("{writer: {model: openai/gpt-4.1}}", budget=f"budget: {{usd: {usd}}}")) == cap
