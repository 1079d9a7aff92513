"""A spec that brings an embedding model of its own, through the command line."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import git
from own_model import NAME, REVISION, change, named, own_project, put, write_model

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.edges.meaning import own
from evalspec.model.outcome import Lock
from evalspec.stages.lock import load

Capture = pytest.CaptureFixture[str]
DROPPED = "prompted.clock.02"
MODEL = Path("models/tiny")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The spec of a project in the working folder, its model beside it, not built yet."""
    monkeypatch.chdir(tmp_path)
    return own_project(Path())


@pytest.fixture
def built(spec: str) -> str:
    """The spec, built."""
    assert run(["build", spec, "-q"]) == Exit.OK
    return spec


def answer(capsys: Capture, *line: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and diagnostics of a command, but for gates that lack evidence in so small a set."""
    capsys.readouterr()
    code = run([*line, "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, [one for one in found["diagnostics"] if one["code"] != "G402"]


def edit(spec: str, **more: object) -> None:
    """Change what the spec says of its embedder."""
    data = yaml.safe_load(Path(spec).read_text("utf-8"))
    data["screen"]["embedder"] = {**data["screen"]["embedder"], **more}
    Path(spec).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")


def lock_of(spec: str) -> Lock:
    """The lock beside a spec."""
    path = Path(spec).with_suffix(".lock.json")
    return load(path.read_text("utf-8"), str(path))


def numbers_of(spec: str) -> dict[str, Any]:
    """The block of numbers of the report."""
    text = Path(spec).with_suffix(".report.md").read_text("utf-8")
    found: dict[str, Any] = json.loads(text.rpartition("```json\n")[2].partition("```")[0])
    return found


def test_the_lock_and_the_report_name_the_model(built: str) -> None:
    """Name, what it is and who ran it; the lock's tag holds a digest over weights and settings."""
    tag = str(lock_of(built).header["embedder"])
    text = Path("small.report.md").read_text("utf-8")
    numbers = numbers_of(built)

    assert tag.startswith("tiny@1+") and len(tag) == len("tiny@1+") + 16
    told = {"name": NAME, "architecture": "bert", "dimensions": 32, "longest": 20, "run_by": "evalspec"}
    assert numbers["embedder"] == told
    assert "a model of this spec's own" in text and f"`{REVISION}`" in text and named(MODEL)["weights"][:16] in text
    assert "nothing is known here but that it reads the first 20 word pieces" in text
    assert {one["space"] for one in numbers["measures"] if one["measure"] == "spread"} == {"lexical", NAME}


def test_a_drop_by_meaning_is_recorded_replayed_and_recomputed(built: str, capsys: Capture) -> None:
    """`verify` takes it with the core alone and lists it, without the model; `--locked` makes the vectors again."""
    (drop,) = lock_of(built).drops
    assert (drop["id"], drop["reason"]) == (DROPPED, "near_duplicate_semantic")
    assert run(["build", built, "--locked", "-q"]) == Exit.OK
    shutil.rmtree("models")

    code, found = answer(capsys, "verify", built)

    assert (code, [one["code"] for one in found]) == (Exit.OK, ["L615", "L616"])
    assert "figures of `tiny`" in found[1]["message"]
    code, found = answer(capsys, "build", built, "--locked")
    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X505"])


def test_what_needs_no_vectors_needs_no_model(spec: str, capsys: Capture) -> None:
    """A spec whose model is not here is checked, planned and read; a build says what is missing, at its line."""
    shutil.rmtree("models")

    assert run(["check", spec]) == run(["plan", spec]) == run(["review", "list", spec]) == Exit.OK
    code, found = answer(capsys, "build", spec)
    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X505"])
    assert found[0]["line"] and not Path("small.lock.json").exists()


def test_other_weights_are_refused(spec: str, capsys: Capture) -> None:
    """Exit 10 and X504 before a text is embedded, with the digest that was found."""
    weights = MODEL / "model.safetensors"
    raw = weights.read_bytes()
    weights.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))

    code, found = answer(capsys, "build", spec)

    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X504"])
    assert named(MODEL)["weights"] in found[0]["message"]


def test_other_settings_are_refused_even_where_every_vector_is_cached(built: str, capsys: Capture) -> None:
    """A tokenizer or a length that was changed is another model."""
    change(MODEL, "sentence_bert_config.json", max_seq_length=8)
    for path in Path(".evalspec/cache").glob("unchanged-*.json"):
        path.unlink()

    code, found = answer(capsys, "build", built)

    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X504"])


def test_a_pickle_is_refused(spec: str, capsys: Capture) -> None:
    """Weights as a pickle alone are not loaded, whatever the spec names."""
    (MODEL / "model.safetensors").rename(MODEL / "pytorch_model.bin")

    code, found = answer(capsys, "build", spec)

    assert (code, [one["code"] for one in found]) == (Exit.INVALID, ["X506"])


def test_a_build_without_the_extra_says_how_to_install_it(
    spec: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A BERT needs three small packages, anything else sentence-transformers; X503 names them."""
    monkeypatch.setattr(own, "PASS_NEEDS", ("a_module_that_nobody_has",))
    monkeypatch.setattr(own, "LIBRARY_NEEDS", ("another_one",))

    code, found = answer(capsys, "build", spec)
    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X503"])
    assert "a_module_that_nobody_has" in found[0]["message"]
    change(MODEL, "1_Pooling/config.json", pooling_mode_mean_tokens=None, pooling_mode_max_tokens=True)
    edit(spec, settings=named(MODEL)["settings"])
    code, found = answer(capsys, "build", spec)
    assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X503"])
    assert "another_one" in found[0]["message"] and "evalspec[semantic]" in found[0]["hint"]


def test_a_build_with_nothing_new_loads_no_model(built: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors come from the cache, by text, weights, settings and revision."""
    before = Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()
    for path in Path(".evalspec/cache").glob("unchanged-*.json"):
        path.unlink()
    calls, load_model = [], own.loaded
    monkeypatch.setattr(own, "loaded", lambda one: calls.append(one) or load_model(one))

    assert run(["build", built, "-q"]) == Exit.OK
    assert (Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()) == before
    assert calls == []
    edit(built, revision="tiny-2")
    assert run(["build", built, "-q"]) == Exit.OK
    assert len(calls) == 1


def test_a_change_gate_across_models_is_refused(spec: str, capsys: Capture) -> None:
    """The base was measured in another space, though its name is the same."""
    data = yaml.safe_load(Path(spec).read_text("utf-8"))
    data["gates"] = {"drift": {"measure": "shift", "change": 0.01, "where": {"pool": "prompted"}}}
    Path(spec).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    git(Path(), "init", "-q", ".")
    Path(".gitignore").write_text(".evalspec/\nmodels/\n", "utf-8")
    assert run(["build", spec, "-q"]) == Exit.OK
    git(Path(), "add", "-A")
    git(Path(), "commit", "-q", "-m", "before")
    change(MODEL, "sentence_bert_config.json", max_seq_length=8)
    edit(spec, settings=named(MODEL)["settings"])

    capsys.readouterr()
    assert run(["build", spec, "--base", "HEAD"]) == Exit.OK

    shown = capsys.readouterr().err
    assert "changes not measured: drift: refused: the base lock was made with `tiny@1+" in " ".join(shown.split())
    code, found = answer(capsys, "verify", spec, "--base", "HEAD")
    lowered = [one["message"] for one in found if "another model than it was" in one["message"]]
    assert code == Exit.OK and lowered


def test_a_lock_of_another_embedder_is_out_of_date(built: str, capsys: Capture) -> None:
    """Not one of another evalspec: the spec names another embedder than the lock."""
    text = Path(built).read_text("utf-8")
    data = yaml.safe_load(text)
    data["screen"] = {"embedder": "lexical"}
    Path(built).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")

    code, found = answer(capsys, "verify", built)

    assert code == Exit.STALE and "L606" in [one["code"] for one in found]
    Path(built).write_text(text, "utf-8")
    assert run(["verify", built]) == Exit.OK


def test_a_gate_names_the_space_by_the_models_name(spec: str, capsys: Capture) -> None:
    """`space: tiny` is judged; the name of another embedder is refused."""
    text = Path(spec).read_text("utf-8")
    gate = "gates: {spread: {space: NAME, min: 0, where: {pool: prompted}}}\n"

    Path(spec).write_text(text + gate.replace("NAME", NAME), "utf-8")
    assert run(["check", spec]) == Exit.OK
    for other, code in (("minilm", "C204"), ("nobody", "C204")):
        Path(spec).write_text(text + gate.replace("NAME", other), "utf-8")
        assert [one["code"] for one in answer(capsys, "check", spec)[1]] == [code]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": "lexical"}, "C217"),
        ({"name": "minilm"}, "C217"),
        ({"name": "js"}, "C217"),
        ({"name": "Tiny"}, "S106"),
        ({"path": "../tiny"}, "C221"),
        ({"path": "/models/tiny"}, "C221"),
        ({"weights": "123"}, "S107"),
        ({"settings": ""}, "S108"),
        ({"revision": " "}, "S108"),
        ({"sha256": "0" * 64}, "S101"),
    ],
)
def test_what_a_spec_may_not_say_of_its_model(spec: str, capsys: Capture, more: dict[str, str], code: str) -> None:
    """Names of other spaces, paths that lead out, digests that are none."""
    edit(spec, **more)

    exit, found = answer(capsys, "check", spec)

    assert (exit, [one["code"] for one in found]) == (Exit.INVALID, [code])


def test_the_catalogue_prints_what_a_spec_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The lines that it prints name the model; `--json` has the same figures, and says what is not read."""
    monkeypatch.chdir(tmp_path)
    write_model(MODEL)
    (MODEL / "pytorch_model.bin").write_bytes(b"a pickle")

    assert run(["catalog", "embedder", str(MODEL)]) == Exit.OK
    shown = capsys.readouterr().out
    block = yaml.safe_load(shown[shown.index("screen:") :])["screen"]["embedder"]
    assert {**block, "revision": REVISION} == named(MODEL)
    assert "not read  pytorch_model.bin" in shown and "run by    evalspec" in shown
    assert run(["catalog", "embedder", str(MODEL), "--json"]) == Exit.OK
    data = json.loads(capsys.readouterr().out)
    assert (data["weights"], data["settings"]) == (block["weights"], block["settings"])
    assert (data["dimensions"], data["run_by"], data["not_read"]) == (32, "evalspec", ["pytorch_model.bin"])


def test_the_catalogue_says_why_a_folder_is_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A folder that is not there, one that is no model, and no folder at all."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "config.json", {})

    assert run(["catalog", "embedder", "nowhere"]) == Exit.ENVIRONMENT
    assert run(["catalog", "embedder", "."]) == Exit.INVALID
    assert run(["catalog", "embedder"]) == Exit.USAGE
    shown = capsys.readouterr().err
    assert "X505" in shown and "X506" in shown and "embedder FOLDER" in shown


def test_nothing_of_torch_is_imported(built: str) -> None:
    """A plain BERT is run without a framework."""
    assert not {"torch", "transformers", "sentence_transformers"} & sys.modules.keys()
