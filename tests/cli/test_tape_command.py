"""`evalspec tape`: replies that are forgotten so that a build asks anew, and batches that nobody waits for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalspec.cli import run
from evalspec.diagnostics import Exit
from tests.batch_vendor import Vendor
from tests.model_server import Act, Asked, ModelServer, model_server
from tests.small_specs import small_spec, write_project

NOUNS = ("kettle", "lamp", "pram", "jacket", "chair", "plate", "cable", "parcel", "clock", "sofa", "carpet", "mirror")
ACTS = ("arrived cracked", "never came", "smells odd", "has no manual", "is the wrong size", "stopped on day two")
ASKED, OTHER = "hosted_vllm/deepseek-v3", "gpt-4o-2024-08-06"


class Gateway:
    """Answers with a message of its own for each call, and names the model that it is told to."""

    def __init__(self, served: str) -> None:
        self.served = served

    def __call__(self, asked: Asked) -> Act:
        text = f"The {NOUNS[asked.number % 12]} {ACTS[asked.number % 6]}, order {4000 + asked.number}. What now?"
        return Act(text=json.dumps({"message": text}), served=self.served)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with one writer, and a journal of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    write_project(tmp_path, small_spec(seeds=6, children=2, prompted=6, models={"writer": {"model": ASKED}}))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    """Run a command and return what it prints."""
    capsys.readouterr()
    found = run(line)
    out, err = capsys.readouterr()
    assert found == code, out + err
    return out + err


def data(capsys: pytest.CaptureFixture[str], *line: str) -> Any:
    """Run a command and return its JSON."""
    return json.loads(said(capsys, *line, "--json"))


def test_replies_of_another_model_are_forgotten_and_asked_anew(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The build says how; without --yes nothing happens; afterwards each question is asked once more, and only once."""
    gateway = Gateway(OTHER)
    with model_server(gateway) as server:
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
        told = said(capsys, "build", "small.yaml", code=Exit.INTEGRITY)
        asked = len(server.asked)
        gateway.served = "deepseek-v3"
        said(
            capsys, "build", "small.yaml", code=Exit.INTEGRITY
        )  # the endpoint is mended, and its replies are the old ones
        line = ("tape", "forget", "small.yaml", "--model", ASKED, "--served", OTHER)
        shown = said(capsys, *line)
        assert len(server.asked) == asked
        done = said(capsys, *line, "--yes")
        said(capsys, "build", "small.yaml")

    assert "[M205]" in told and f"evalspec {' '.join(line)}" in told
    assert f"{asked} replies of {ASKED}, written by {OTHER}" in shown and "nothing was forgotten: add --yes" in shown
    assert f"forgot {asked} replies" in done
    assert len(server.asked) == 2 * asked
    assert (project / "small.lock.json").exists()


def built(project: Path, monkeypatch: pytest.MonkeyPatch, server: ModelServer) -> None:
    """Ask everything, and keep it in the journal alone."""
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
    assert run(["build", "small.yaml", "-q", "--until", "review"]) == 0


def test_one_reply_is_named_by_the_beginning_of_its_key(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alias names a model as well as its name does."""
    with model_server(Gateway("deepseek-v3")) as server:
        built(project, monkeypatch, server)
        asked = len(server.asked)
        every = data(capsys, "tape", "forget", "small.yaml", "--model", "writer")
        assert (len(every["replies"]), every["forgotten"]) == (asked, 0)
        key = every["replies"][2]["key"]
        assert data(capsys, "tape", "forget", "small.yaml", key[:12], "--yes")["forgotten"] == 1
        assert run(["build", "small.yaml", "-q"]) == 0

    assert len(server.asked) == asked + 1


def test_what_is_published_is_not_forgotten(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file is named; once that is gone the reply counts as private, and the rest of the file is not asked again."""
    with model_server(Gateway("deepseek-v3")) as server:
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
        assert run(["build", "small.yaml", "-q"]) == 0
        asked = len(server.asked)
        (segment,) = (project / "small" / "tape").iterdir()
        told = said(capsys, "tape", "forget", "small.yaml", "--served", "deepseek-v3", "--yes", code=Exit.FINDING)
        assert "[T707]" in told and f"on the tape in small/tape/{segment.name}" in told
        segment.unlink()
        key = data(capsys, "tape", "forget", "small.yaml", "--model", "writer")["replies"][0]["key"]
        said(capsys, "tape", "forget", "small.yaml", key, "--yes")
        assert run(["build", "small.yaml", "-q"]) == 0

    assert len(server.asked) == asked + 1


def test_what_names_no_reply_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No word for which replies, a key that is none, a model that nobody asked."""
    assert "say which replies" in said(capsys, "tape", "forget", "small.yaml", code=Exit.USAGE)
    assert "is no key" in said(capsys, "tape", "forget", "small.yaml", "seed.01", code=Exit.USAGE)
    assert "[T707]" in said(capsys, "tape", "forget", "small.yaml", "--served", "x", code=Exit.FINDING)
    assert not (project / "state").exists()


@pytest.mark.parametrize("speaks", ["openai", "anthropic"])
def test_a_batch_is_cancelled_and_what_it_brought_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], speaks: str
) -> None:
    """Its vendor is told; while it ends the build waits; then what was answered is kept, and the rest asked at once."""
    assert "no batch is on its way" in said(capsys, "tape", "batches")
    vendor, gateway = Vendor(), Gateway("deepseek-v3")
    config = project / "config" / "evalspec" / "config.yaml"
    config.parent.mkdir(parents=True)
    with model_server(lambda one: gateway(one) if one.path.endswith("completions") else vendor(one)) as server:
        config.write_text(f"endpoints:\n  hosted_vllm: {{base_url: '{server.url}', local: true, batches: {speaks}}}\n")
        told = said(capsys, "build", "small.yaml", "--batch", code=Exit.FINDING)
        assert "6 questions to" in said(capsys, "tape", "batches")
        assert data(capsys, "tape", "batches")["batches"][0]["batch"] == "batch-0"
        assert "called `other`" in said(capsys, "tape", "batches", "other", "--cancel", code=Exit.USAGE)
        assert "batch-0" in told and not vendor.cancelled

        assert "cancelled" in said(capsys, "tape", "batches", "--cancel")
        assert vendor.cancelled == {"batch-0"}
        waits = said(capsys, "build", "small.yaml", code=Exit.FINDING)
        vendor.ended = True
        vendor.answers = Left()
        assert "it had ended" in said(capsys, "tape", "batches", "batch-0", "--cancel")
        said(capsys, "build", "small.yaml")

    assert "evalspec tape batches --cancel batch-0" in waits
    assert len(vendor.batches) == 1
    assert len([one for one in server.asked if one.path.endswith("completions")]) == 6
    assert "no batch is on its way" in said(capsys, "tape", "batches")


class Left(dict[str, Any]):
    """Every question of a batch is one that the cancelling came before, by both protocols."""

    def get(self, text: str, usual: Any = None) -> Any:
        """Return what both vendors write for it."""
        return {"response": None, "error": {"code": "batch_cancelled"}, "result": {"type": "canceled"}}


def test_a_batch_that_its_vendor_does_not_know_frees_its_questions(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one whose vendor does not answer stays as it is: exit 6."""
    vendor = Vendor()
    config = project / "config" / "evalspec" / "config.yaml"
    config.parent.mkdir(parents=True)
    with model_server(vendor) as server:
        config.write_text(f"endpoints:\n  hosted_vllm: {{base_url: '{server.url}', local: true, batches: openai}}\n")
        said(capsys, "build", "small.yaml", "--batch", code=Exit.FINDING)
        vendor.fails["batches/"] = Act(status=500, body="{}")
        told = said(capsys, "tape", "batches", "--cancel", code=Exit.PROVIDER)
        assert "[M311]" in told and "about batch batch-0" in told
        vendor.fails["batches/"] = Act(status=404, body="{}")
        assert "knows it no more" in said(capsys, "tape", "batches", "--cancel")
        assert "no batch is on its way" in said(capsys, "tape", "batches")
