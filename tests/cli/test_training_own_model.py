"""Training texts held against a set by a model that the spec brings: vectors of other weights count for nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from own_model import NAME, REVISION, change, named, own_project

from evalspec.cli import run
from evalspec.diagnostics import Exit

TUNED = ("the battery door will not close", "hello where is my order")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A spec with a model of its own and a training source, which is not imported yet."""
    monkeypatch.chdir(tmp_path)
    path = own_project(Path())
    data = yaml.safe_load(Path(path).read_text("utf-8"))
    data["sources"]["tuned"] = {"kind": "training"}
    Path(path).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    Path("tuned.jsonl").write_text("".join(json.dumps({"input": text}) + "\n" for text in TUNED), "utf-8")
    return path


def bring(spec: str, *flags: str) -> int:
    return run(["import", spec, "tuned", "--from", "tuned.jsonl", *flags])


def figure() -> Any:
    """What the report says of the whole set."""
    numbers = json.loads(Path("small.report.md").read_text("utf-8").rpartition("```json\n")[2].partition("```")[0])
    rows = [one for one in numbers["measures"] if one["measure"] == "training_overlap" and one.get("space") == NAME]
    return next(one for one in rows if one["slice"] == "all")["value"]


def test_vectors_of_a_models_own_are_kept_and_held_against_the_set(spec: str) -> None:
    """By the name that the spec gives it; the header says which weights and settings made them."""
    assert bring(spec, "--embedder", "minilm") == Exit.INVALID
    assert bring(spec, "--embedder", NAME) == Exit.OK
    header = json.loads(Path("small/tuned.jsonl").read_text("utf-8").splitlines()[0])["vectors"]
    found = named(Path("models/tiny"))

    assert (header["embedder"], header["revision"], header["dimensions"]) == (NAME, REVISION, 32)
    assert (header["weights"], header["settings"]) == (found["weights"], found["settings"])
    assert run(["build", spec, "-q"]) == Exit.OK
    assert figure() is not None and run(["build", spec, "--locked", "-q"]) == Exit.OK
    assert f"`{NAME}`) from a training text" in Path("small.report.md").read_text("utf-8")


def test_verify_needs_no_model(spec: str) -> None:
    assert bring(spec, "--embedder", NAME) == Exit.OK
    assert run(["build", spec, "-q"]) == Exit.OK
    Path("models").rename("elsewhere")

    assert run(["verify", spec]) == Exit.OK


def test_after_the_settings_change_the_vectors_are_of_another_version(spec: str) -> None:
    """A model that reads more of a text is another one, whatever it is called."""
    assert bring(spec, "--embedder", NAME) == Exit.OK
    change(Path("models/tiny"), "sentence_bert_config.json", max_seq_length=12)
    data = yaml.safe_load(Path(spec).read_text("utf-8"))
    data["screen"]["embedder"] = dict(named(Path("models/tiny")))
    Path(spec).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")

    assert run(["build", spec, "-q"]) == Exit.OK
    report = Path("small.report.md").read_text("utf-8")
    assert figure() is None and f"the vectors of `tuned` are of another version of {NAME}" in report
    assert f"`evalspec import SPEC tuned --from FILE --embedder {NAME}`" in report
