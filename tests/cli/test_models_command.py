"""`evalspec models`: where every model is asked and whether it answers; and a whole build by way of batches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalspec.cli import run
from evalspec.diagnostics import Exit
from tests.batch_vendor import Vendor
from tests.judged import Players, write_judged
from tests.model_server import Act, Asked, model_server
from tests.small_specs import small_spec, write_project

MODELS = {
    "writer": {"model": "openai/gpt-4o-mini", "max_tokens": 50},
    "judge": {"model": "mistral/mistral-large-2411"},
    "house": {"model": "acme/one", "family": "llama"},
    "bot": {"model": "anthropic/claude-sonnet-4-20250514"},
}
ROLES = {"subject": "bot", "generator": ["writer", "house"], "jury": "judge"}
OWN = "endpoints:\n  hosted_vllm: {{base_url: '{url}', local: true, batches: openai}}\n"
CONFIG = 'endpoints:\n  acme: {base_url: "http://me:secret@127.0.0.1:1/v1?key=secret", key_env: ACME_KEY}\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with four models, a config, and no key."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MISTRAL_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "evalspec").mkdir(parents=True)
    (tmp_path / "config" / "evalspec" / "config.yaml").write_text(CONFIG)
    write_project(tmp_path, small_spec() | {"models": MODELS, "roles": ROLES, "budget": {"usd": 1}})
    return tmp_path


def one_writer() -> dict[str, Any]:
    """A spec with one model, which writes."""
    models = {"writer": MODELS["writer"]}
    return small_spec() | {"models": models, "roles": {"generator": "writer"}, "budget": {"usd": 1}}


def answer(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    found = run([*line, "--json"])
    out, err = capsys.readouterr()
    assert found == code, out + err
    data: dict[str, Any] = json.loads(out)
    return data


def test_every_model_with_its_place_and_its_key(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Family, roles, endpoint, address, and which variable holds the key; never the key. Nothing is sent."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    listed = {one["alias"]: one for one in answer(capsys, "models", "small.yaml")["models"]}

    assert listed["writer"] == {
        "alias": "writer",
        "model": "openai/gpt-4o-mini",
        "family": "gpt",
        "roles": ["generator"],
        "endpoint": "openai",
        "address": "https://api.openai.com/v1",
        "key": "set, from OPENAI_API_KEY",
        "price": listed["writer"]["price"],
        "trouble": None,
    }
    assert listed["writer"]["price"].startswith("$")
    assert (listed["house"]["price"], listed["bot"]["price"]) == ("unknown", None), "a build asks no subject"
    assert listed["house"]["address"] == "http://127.0.0.1:1/v1", "names, passwords and queries are not shown"
    assert (listed["house"]["family"], listed["judge"]["roles"], listed["bot"]["roles"]) == (
        "llama",
        ["jury"],
        ["subject"],
    )
    assert listed["judge"]["key"] == "not set: MISTRAL_API_KEY"

    assert run(["models", "small.yaml"]) == Exit.OK
    out, err = capsys.readouterr()
    assert "openai at https://api.openai.com/v1; key: set, from OPENAI_API_KEY" in out
    assert "secret" not in out + err


def test_a_ping_says_who_answers_and_why_not(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One tiny question a model that a build asks: latency and served name, or the fault in words; exit 6."""

    def script(asked: Asked) -> Act:
        return Act(text="yes", served="gpt-4o-mini-2024-07-18")

    with model_server(script) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("ACME_KEY", "k")
        found = answer(capsys, "models", "small.yaml", "--ping", code=Exit.PROVIDER)

    pings = {one["alias"]: one["ping"] for one in found["models"]}
    assert len(server.asked) == 1 and server.asked[0].body["max_tokens"] == 16
    assert pings["writer"]["served"] == "gpt-4o-mini-2024-07-18" and pings["writer"]["fault"] is None
    assert pings["judge"]["fault"].startswith("[M302] MISTRAL_API_KEY is not set")
    assert pings["house"]["fault"].startswith("[M312]") and "address" in pings["house"]["hint"]
    assert pings["bot"] is None, "a subject is never asked"


def test_a_build_without_a_key_sends_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 6, the variable by name, nothing spent."""
    write_project(project, one_writer())
    assert run(["build", "small.yaml"]) == Exit.PROVIDER
    assert "OPENAI_API_KEY is not set" in capsys.readouterr().err


def test_a_build_by_batches(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Submits and returns; a later build collects and asks nothing twice."""
    vendor = Vendor()
    write_project(
        project,
        small_spec() | {"models": {"writer": MODELS["writer"]}, "roles": {"generator": "writer"}, "budget": {"usd": 1}},
    )
    with model_server(vendor) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert run(["build", "small.yaml", "--batch"]) == Exit.FINDING
        first = capsys.readouterr().err
        assert run(["build", "small.yaml", "--batch"]) == Exit.FINDING
        second = capsys.readouterr().err
        vendor.ended = True
        run(["build", "small.yaml", "--batch"])

    paths = [one.path for one in server.asked]
    assert "[M160]" in first and "submitted" in first and "batch-0" in first
    assert "wait in batch batch-0" in second
    assert "/v1/chat/completions" not in paths
    asked = [json.loads(line)["custom_id"] for file in vendor.files.values() for line in file.splitlines()]
    assert len(asked) == len(set(asked))


def test_a_set_made_by_batches_is_the_set_made_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writers, rewriters and jurors in rounds of batches: the same queue, digest by digest, and no question twice."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "evalspec").mkdir(parents=True)
    config = tmp_path / "config" / "evalspec" / "config.yaml"
    queues, asked = [], []
    for name in ("at_once", "by_batch"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("EVALSPEC_STATE", str(folder / "state"))
        write_judged(folder)
        players = Players()
        vendor = Vendor(ended=True, script=players)
        # A batch has no order: what is answered may not hang on how many were asked before.
        with model_server(vendor if name == "by_batch" else lambda one: players(replace(one, number=1))) as server:  # noqa: B023
            config.write_text(OWN.format(url=server.url))
            rounds = 1 if name == "at_once" else 20
            line = ["build", "small.yaml", *(["--batch"] if name == "by_batch" else ["--jobs", "1"])]
            for _ in range(rounds):
                capsys.readouterr()
                run(line)
                said = capsys.readouterr().err
                if "[M160]" not in said:
                    break
            assert "[M160]" not in said
        assert run(["review", "list", "small.yaml", "--json"]) == Exit.OK
        queues.append([(one["case"], one["digest"]) for one in json.loads(capsys.readouterr().out)["queue"]])
        lines = [json.loads(line) for file in vendor.files.values() for line in file.splitlines()]
        asked.append(len(server.asked) if name == "at_once" else len({one["custom_id"] for one in lines}))
        assert len({one["custom_id"] for one in lines}) == len(lines)
    assert queues[0] and queues[0] == queues[1]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("other", ["--locked", "--frozen"])
def test_batches_need_somebody_to_ask(project: Path, other: str) -> None:
    """A command line that contradicts itself."""
    assert run(["build", "small.yaml", "--batch", other]) == Exit.USAGE
