"""`catalog families`, `catalog family` and `check --models`: what a model is, and who was held against whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from small_specs import small_spec, write_project

from evalspec.cli import run
from evalspec.importing import import_source
from evalspec.project import load_spec

MODELS = {
    "bot": {"model": "azure/gpt-4o"},
    "next": {"model": "anthropic/claude-sonnet-4-20250514"},
    "writer": {"model": "builtin/grammar", "grammar": "small/grammar.yaml"},
    "judge": {"model": "groq/deepseek-r1-distill-llama-70b"},
    "other": {"model": "openai/o3"},
}
WAIVER = {"independence": ["other", "bot"], "reason": "One vendor is approved.", "until": "2026-12-31"}
GATE = {"gate": "related_judges", "reason": "Follows from the one above.", "until": "2026-12-31"}


def write(folder: Path, **more: Any) -> str:
    """A spec with two subjects and two jurors, one of them of a subject's family."""
    roles = {"generator": "writer", "subject": ["bot", "next"], "jury": ["judge", "other"]}
    spec = small_spec(models=MODELS, roles=roles, budget={"usd": 1}, seeds=6, children=2, prompted=4)
    return write_project(folder, spec | more)


def test_a_model_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Family, vendor, what it was built from and who taught it."""
    code = run(["catalog", "family", "groq/deepseek-r1-distill-llama-70b", "ft:gpt-4o:acme::7"])
    out = capsys.readouterr().out

    assert code == 0
    assert "deepseek-r1-distill-llama-70b: deepseek" in out and "built from llama" in out
    assert "fine-tune  acme::7" in out


def test_an_unknown_model_is_said_to_be_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and what a spec must say of it."""
    assert run(["catalog", "family", "azure/prod-chat"]) == 1
    assert "azure/prod-chat: unknown" in capsys.readouterr().out


def test_families_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON, for a model and for the whole registry."""
    assert run(["catalog", "family", "allenai/tulu-2-dpo-70b", "x/y", "--json"]) == 1
    tulu, unknown = json.loads(capsys.readouterr().out)
    assert (tulu["family"], tulu["vendor"], tulu["weights"], tulu["taught_by"]) == (
        "tulu",
        "ai2",
        ["llama", "tulu"],
        ["gpt"],
    )
    assert unknown == {"name": "x/y", "family": None}

    assert run(["catalog", "families", "--json"]) == 0
    listed = {one["family"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed["zephyr"]["built_from"] == ["mistral"] and listed["magnum"]["base_is_stated"]
    assert run(["catalog", "families"]) == 0
    assert "zephyr" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["family"], ["families", "gpt-4o"], ["operators", "gpt-4o"]])
def test_what_cannot_be_meant_is_refused(arguments: list[str]) -> None:
    """`family` needs a name, and nothing else takes one."""
    assert run(["catalog", *arguments]) == 2


def pairs_of(text: str) -> Mapping[tuple[str, str], str | None]:
    """The matrix of `check --models --json`."""
    return {(one["one"], one["other"]): one["how"] for one in json.loads(text)["models"]}


def test_check_shows_every_pair_it_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Generator and subject, jury and generator, jury and every subject, juror and juror: independent ones included."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path)

    assert run(["check", "small.yaml", "--models", "--json"]) == 3
    assert pairs_of(capsys.readouterr().out) == {
        ("generator writer (builtin)", "subject bot (gpt)"): None,
        ("generator writer (builtin)", "subject next (claude)"): None,
        ("jury judge (deepseek)", "generator writer (builtin)"): None,
        ("jury other (gpt)", "generator writer (builtin)"): None,
        ("jury judge (deepseek)", "subject bot (gpt)"): None,
        ("jury judge (deepseek)", "subject next (claude)"): None,
        ("jury other (gpt)", "subject bot (gpt)"): "same family",
        ("jury other (gpt)", "subject next (claude)"): None,
        ("jury judge (deepseek)", "jury other (gpt)"): None,
    }
    run(["check", "small.yaml", "--models"])
    assert "subject next (claude)       independent" in capsys.readouterr().out


def test_what_wrote_the_training_data_is_in_the_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A generator that is a relative of what wrote the training set is refused."""
    monkeypatch.chdir(tmp_path)
    writer = {"model": "hosted_vllm/qwen3-8b"}
    training = {"kind": "training", "generated_by": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"}
    spec = small_spec(seeds=6, children=2, prompted=4, budget={"usd": 1})
    spec["models"] = {"writer": writer}
    path = write_project(tmp_path, spec)
    spec["sources"] |= {"training": training}
    Path(path).write_text(json.dumps(spec), "utf-8")  # JSON is YAML
    raw = tmp_path / "training_raw.jsonl"
    raw.write_text('{"id": "t1", "input": "My desk lamp hums all night long.", "expected": "replace"}\n', "utf-8")
    loaded = load_spec("small.yaml")
    import_source(loaded.spec, "training", str(raw), loaded.catalog)

    code = run(["check", "small.yaml", "--models", "--json"])
    found = json.loads(capsys.readouterr().out)

    assert code == 3 and [one["code"] for one in found["diagnostics"] if one["severity"] == "error"] == ["M202"]
    assert [(one["one"], one["other"], one["how"]) for one in found["models"]] == [
        ("generator writer (qwen)", "writer of training (deepseek)", "inheritance")
    ]


def test_a_waiver_holds_through_build_lock_and_report_until_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Waived: built, with reason and day in lock and report. After the day: refused, exit 3, the waiver shown."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, waivers=[WAIVER, GATE])

    assert run(["build", "small.yaml", "--today", "2026-12-31"]) == 0, capsys.readouterr().err
    lock = json.loads((tmp_path / "small.lock.json").read_text("utf-8"))
    assert lock["waivers"][0] == {
        "rule": "independence other and bot",
        "reason": "One vendor is approved.",
        "until": "2026-12-31",
    }
    assert [one["family"] for one in lock["models"]] == ["gpt", "claude", "builtin", "deepseek", "gpt"]
    report = (tmp_path / "small.report.md").read_text("utf-8")
    assert "waived until 2026-12-31: One vendor is approved." in report

    capsys.readouterr()
    assert run(["build", "small.yaml", "--today", "2027-01-01"]) == 3
    said = capsys.readouterr().err
    assert "error[M202]" in said and "the waiver ended on 2026-12-31" in said


def test_a_waiver_that_changes_nothing_is_a_warning_of_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pair it names is independent."""
    monkeypatch.chdir(tmp_path)
    idle = WAIVER | {"independence": ["judge", "next"]}
    write(tmp_path, waivers=[WAIVER, idle])

    assert run(["check", "small.yaml", "--json"]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["diagnostics"]] == ["M204"]
