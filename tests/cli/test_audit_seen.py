"""`evalspec audit` on what was seen before: training texts in other words, and lists that everybody has."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedded import with_model

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.edges.meaning import minilm

Capture = pytest.CaptureFixture[str]
SET = (
    "Where is my parcel? It was due on Monday.",
    "The table came without its screws.",
    "One leg of the table is shorter than the others.",
    "Both of the hands of the clock fell off.",
    "The jacket smells of smoke.",
    "My invoice names the wrong company.",
)
TUNED = (
    "What is the capital of Peru?",
    "One table leg is shorter than the others.",
    "the jacket smells of smoke",
    "This jacket smells like smoke.",
    "The two hands of the clock fell off.",
    "Write a poem about rain.",
)
SEEDS = ("The jacket smells like smoke", "Can I have my money back?", "my code does not work", "the lid is broken")
LISTS = (
    "Pretend to be my grandmother.",
    "my invoice names the wrong company",
    "where's my parcel, it was due on Monday",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four files of texts in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, texts in (("set", SET), ("tuned", TUNED), ("seeds", SEEDS), ("lists", LISTS)):
        write(f"{name}.jsonl", [{"question": text} for text in texts])


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def audited(capsys: Capture, *arguments: str) -> dict[str, dict[str, Any]]:
    """The findings of an audit by their names."""
    capsys.readouterr()
    assert run(["audit", "set.jsonl", *arguments, "--json"]) == Exit.OK
    return {one["finding"]: one for one in json.loads(capsys.readouterr().out)["findings"]}


def near(texts: Sequence[str], there: Sequence[str]) -> list[list[object]]:
    """Line, nearest line there and cosine by plain multiplication, the nearest first."""
    rows = np.rint(minilm.MiniLM("set.jsonl").vectors([*texts, *there], lambda count: None) * 127).astype(np.float64)
    cosines = (rows @ rows.T) / np.outer(*[np.linalg.norm(rows, axis=1)] * 2)
    best = cosines[: len(texts), len(texts) :]
    found = [(-round(float(row.max()), 3), at, int(row.argmax()) + 1) for at, row in enumerate(best, start=1)]
    return [[at, other, -minus] for minus, at, other in sorted(found) if -minus >= 0.92]


@with_model
def test_training_texts_in_other_words_are_counted_as_plain_multiplication_does(capsys: Capture) -> None:
    """Beside the rule of words and beside as many real texts; a figure to read, which nothing is judged by."""
    found = audited(capsys, "--training", "tuned.jsonl", "--seeds", "seeds.jsonl", "--embedder", "minilm")
    seen, expected = found["training_meaning"], near(SET, TUNED)

    assert len(expected) >= 3
    assert seen["figures"]["pairs"] == expected and seen["figures"]["value"] == len(expected)
    assert seen["figures"]["in_other_words"] == len(expected) - 1  # the jacket stands there word for word
    assert found["training_overlap"]["figures"]["by_rule"] == {"equal_tokens": 1}
    assert seen["figures"]["seeds"] == len(near(SEEDS, TUNED)) / len(SEEDS) > 0
    assert (seen["status"], seen["n"], seen["unit"]) == ("report", 6, "cases")
    assert "in other words, as line" in seen["words"]


@with_model
def test_a_list_that_everybody_has_is_held_against_the_set(capsys: Capture) -> None:
    """By words, and by meaning where an embedder is named; the file is named like the others."""
    found = audited(capsys, "--known", "lists.jsonl", "--embedder", "minilm")

    assert found["novelty"]["figures"]["value"] == pytest.approx(5 / 6, abs=1e-5)
    assert found["novelty"]["figures"]["lines"] == [6]
    expected = near(SET, LISTS)
    assert found["novelty_meaning"]["figures"]["pairs"] == expected and len(expected) == 2
    assert found["novelty_meaning"]["figures"]["value"] == pytest.approx(1 - len(expected) / 6, abs=1e-5)
    assert run(["audit", "set.jsonl", "--known", "lists.jsonl", "--json"]) == Exit.OK
    files = json.loads(capsys.readouterr().out)["files"]
    assert files["known"]["name"] == "lists.jsonl" and files["known"]["rows"] == 3


@with_model
def test_nothing_near_is_said_with_how_many_texts_were_looked_at(capsys: Capture) -> None:
    """None is no silence."""
    write("tuned.jsonl", [{"question": "Write a poem about rain."}])
    found = audited(capsys, "--training", "tuned.jsonl", "--known", "tuned.jsonl", "--embedder", "minilm")

    assert found["training_meaning"]["words"] == "none of 6 is at 0.92 or above from one of 1 training texts"
    assert found["novelty_meaning"]["words"] == "100 % (6 of 6) are under 0.92 from 1 known texts"


@with_model
def test_of_a_chat_the_users_turns_are_compared(capsys: Capture) -> None:
    """What the assistant says changes no figure, on either side."""

    def spoken(texts: Sequence[str], reply: str) -> list[dict[str, Any]]:
        return [
            {
                "messages": [
                    {"role": "user", "content": "Hello"},
                    {"role": "assistant", "content": reply},
                    {"role": "user", "content": text},
                    {"role": "assistant", "content": reply},
                ]
            }
            for text in texts
        ]

    def figures(reply: str) -> object:
        write("set.jsonl", spoken(SET, reply))
        write("tuned.jsonl", spoken(TUNED, reply))
        return audited(capsys, "--training", "tuned.jsonl", "--embedder", "minilm")["training_meaning"]["figures"]

    one = figures("Peru has a capital of gold.")
    assert one == figures("ok") and isinstance(one, dict) and one["value"] >= 3


def test_without_an_embedder_there_are_words_alone(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of a model is looked for."""
    for name in ("tokenizers", "safetensors", minilm.PACKAGE):
        monkeypatch.setitem(sys.modules, name, None)
    found = audited(capsys, "--training", "tuned.jsonl", "--known", "lists.jsonl")

    assert {"training_overlap", "novelty"} <= found.keys()
    assert not {"training_meaning", "novelty_meaning"} & found.keys()


def test_the_screen_and_the_page_show_both(capsys: Capture) -> None:
    """One line each, and the file with how it was read."""
    assert run(["audit", "set.jsonl", "--known", "lists.jsonl", "-o", "page.md"]) == Exit.OK
    out, page = " ".join(capsys.readouterr().out.split()), Path("page.md").read_text("utf-8")

    assert "· novelty" in out and "83 % (5 of 6) are not among 3 known texts; those that are: 1 equal" in out
    assert "lists.jsonl as JSONL: text `question`" in out
    assert "novelty" in page


def test_a_column_of_a_file_that_is_not_given_is_refused(capsys: Capture) -> None:
    assert run(["audit", "set.jsonl", "--known-text", "question"]) == Exit.USAGE
    assert "--known" in capsys.readouterr().err


def test_a_column_that_is_not_there_is_named_with_its_flag(capsys: Capture) -> None:
    assert run(["audit", "set.jsonl", "--known", "lists.jsonl", "--known-text", "ask", "--json"]) == Exit.INVALID
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["code"] == "A802" and "--known-text ask" in found["message"]
