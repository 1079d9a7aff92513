"""What a question costs at most, what a reply cost, and whose price it is."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from evalspec.edges.models.prices import (
    FREE,
    LITELLM_TABLE,
    MILLION,
    ListPrice,
    litellm_table,
    most_prompt_tokens,
    own_table,
    read_litellm,
)
from evalspec.edges.package import read_text
from evalspec.model.asking import Reply, Request, Usage
from evalspec.model.source import SourceFile
from evalspec.model.vocabulary import FREE_PROVIDERS
from evalspec.stages.parse import parse_data

PRICE = ListPrice(prompt=1.0, completion=10.0, source="a test")


def question(text: str = "hello", *, most: int = 100) -> Request:
    return Request(model="house/one", messages=(("user", text),), params={"max_tokens": most})


def reply(text: str = "hi", *, prompt: int = 0, completion: int = 0, problem: str | None = None) -> Reply:
    return Reply(text=text, served="one", usage=Usage(prompt=prompt, completion=completion), problem=problem)


@pytest.mark.parametrize("text", ["hello", "", "\u4f60\u597d" * 40, "\U0001f600", "\ud800"])
def test_a_prompt_is_never_taken_for_less_than_a_token_a_byte(text: str) -> None:
    """Whatever it is written in, a lone surrogate included."""
    asked = question(text)
    assert most_prompt_tokens(asked) >= len(text.encode("utf-8", "surrogatepass"))
    assert PRICE.highest(asked) == most_prompt_tokens(asked) + 1000


def test_what_was_counted_is_charged_and_what_was_not_is_taken_at_the_most() -> None:
    """An endpoint that leaves a side out does not make it free."""
    asked = question()
    assert PRICE.actual(asked, reply(prompt=7, completion=3)) == 37
    assert PRICE.actual(asked, reply()) == PRICE.highest(asked)
    assert PRICE.actual(asked, reply(prompt=7)) == 7 + 1000
    assert PRICE.actual(asked, reply(completion=3)) == most_prompt_tokens(asked) + 30
    assert PRICE.actual(asked, reply("", prompt=7)) == 7  # nothing was written, and that was counted
    assert PRICE.actual(asked, reply("", prompt=7, problem="oversize")) == 7 + 1000


def test_amounts_are_whole_and_rounded_up() -> None:
    """A sum of them is exact, and no fraction is lost to the budget."""
    cheap = ListPrice(prompt=0.1, completion=1.1, source="a test")
    assert cheap.of_tokens(0, 100) == 110  # 100 x 1.1 is 110.00000000000001 in floating point
    assert cheap.of_tokens(1, 0) == 1
    assert cheap.of_tokens(0, 0) == 0
    assert ListPrice(prompt=0.0, completion=0.0, per_call=0.005, source="a test").of_tokens(9, 9) == 5000


def test_a_long_prompt_is_priced_by_its_tier() -> None:
    """All of the call costs the dearer price, on both sides."""
    price = ListPrice(prompt=1.0, completion=2.0, source="a test", longer=((1000, 4.0, 8.0),))
    assert price.of_tokens(1000, 10) == 1020
    assert price.of_tokens(1001, 10) == 4004 + 80


TABLE = {
    "gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
    "house/thinks": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06,
        "output_cost_per_reasoning_token": 5e-06,
    },
    "house/tiered": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06,
        "input_cost_per_token_above_200k_tokens": 2e-06,
        "output_cost_per_token_above_200k_tokens": 3e-06,
        "input_cost_per_token_above_200k_tokens_priority": 9e-06,
    },
    "house/nothing": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "house/half": {"input_cost_per_token": 1e-06},
    "house/broken": {"input_cost_per_token": float("nan"), "output_cost_per_token": "2"},
    "house/none": None,
}


def test_litellms_table_is_read_for_what_it_says() -> None:
    """By the whole name, or without the provider's prefix; what gives no price for both sides gives none."""
    names = ["openai/gpt-x", "other/gpt-x", *TABLE]
    found = read_litellm(TABLE, names, "litellm").entries

    assert set(found) == {"openai/gpt-x", "gpt-x", "house/thinks", "house/tiered"}
    assert (found["openai/gpt-x"].prompt, found["openai/gpt-x"].completion) == (2.5, 10.0)
    assert found["house/thinks"].completion == 5.0  # one count holds what it thought and what it wrote
    assert found["house/tiered"].longer == ((200_000, 2.0, 3.0),)


def test_litellms_table_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import of litellm takes seconds and looks for the network; here it would fail."""
    package = tmp_path / "litellm"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n", "utf-8")
    (package / LITELLM_TABLE).write_text(json.dumps(TABLE), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [one for one in sys.modules if one == "litellm" or one.startswith("litellm.")]:
        monkeypatch.delitem(sys.modules, name)

    table = litellm_table(["openai/gpt-x"])

    assert table is not None and table.entries["openai/gpt-x"].prompt == 2.5
    assert "litellm" not in sys.modules


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_a_broken_table_of_litellm_is_as_good_as_none(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that keeps it elsewhere, or half an install, is no crash."""
    package = tmp_path / "litellm"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    if text is not None:
        (package / LITELLM_TABLE).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert litellm_table(["openai/gpt-x"]) is None


def packaged(name: str) -> dict[str, object]:
    data = parse_data(SourceFile(path=name, text=read_text(f"catalog/{name}"))).data
    assert isinstance(data, dict)
    return data


def test_our_own_table_is_dated_sourced_and_whole() -> None:
    """Some forty models, each with both prices, none of them free, and a date to hold them against."""
    data = packaged("prices.yaml")
    table = own_table(data)

    assert re.fullmatch(r"20\d\d-\d\d-\d\d", str(data["date"])) and "litellm" in str(data["source"])
    assert 40 <= len(table.entries) <= 60
    for name, price in table.entries.items():
        assert 0 < price.prompt <= price.completion, name
        assert all(
            prompt >= price.prompt and completion >= price.completion for _, prompt, completion in price.longer
        ), name
        assert not name.startswith(FREE_PROVIDERS)


def test_every_server_of_ones_own_is_known_as_free() -> None:
    """The packaged endpoints and the language agree on what costs nothing."""
    endpoints = packaged("endpoints.yaml")["endpoints"]
    assert isinstance(endpoints, dict)
    local = {f"{name}/" for name, one in endpoints.items() if one.get("local")}
    assert local and local <= set(FREE_PROVIDERS)
    assert FREE.highest(question(most=MILLION)) == 0
