"""Two cells that get the same prompt are named before a model is asked for either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from judged import judged_spec
from small_specs import write_project

from evalspec.cli import run

VOICES = {"brisk": {"description": "Has no time."}, "exact": {"description": "Writes whole sentences."}}


def checked(folder: Path, prompt: str | None, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The warnings of `check` about a project with two cells and two personas, whose pools use this prompt."""
    spec = judged_spec(personas=VOICES)
    spec["pools"]["persona"] = {"axes": ["item"], "personas": ["brisk", "exact"]}
    spec["mix"]["cases"]["persona"] = 4
    if prompt is not None:
        spec["pools"]["prompted"]["prompt"] = spec["pools"]["persona"]["prompt"] = prompt
    path = write_project(folder, spec)
    capsys.readouterr()
    assert run(["check", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    return [one for one in found if one["code"] == "M121"]


def test_our_own_prompt_says_what_each_cell_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, None, capsys) == []


def test_a_prompt_without_the_cell_asks_the_same_for_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both cells by name, at the pool; exemplars and facts that happen to differ do not hide it."""
    prompt = 'Write a message.{% for one in exemplars %} {{ one }}{% endfor %} Reply {"message": "..."}'

    persona, prompted = checked(tmp_path, prompt, capsys)

    assert prompted["severity"] == "warning"
    assert prompted["message"] == "`prompted` asks the same for `clock` and `table`"
    assert persona["message"] == "`persona` asks the same for `clock` as `exact` and `clock` as `brisk`"


def test_a_prompt_without_the_persona_asks_the_same_for_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells that differ do not excuse voices that do not."""
    (only,) = checked(tmp_path, 'Write about {{ cell.levels[0].name }}: {"message": "..."}', capsys)

    assert "`persona` asks the same for `clock` as" in str(only["message"])


def test_a_path_in_the_place_of_a_prompt_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`prompt: small/ask.jinja` is a text that says the same to everybody; a file is named by `path`."""
    assert len(checked(tmp_path, "small/ask.jinja", capsys)) == 2
