"""A model that answers in another's place: what `build` says, what the lock and the report hold, and what waives it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from model_server import Act, Asked, ModelServer, model_server
from small_specs import small_spec, write_project

from evalspec.cli import run
from evalspec.digests import digest_text

NOUNS = ("kettle", "lamp", "pram", "jacket", "chair", "plate", "cable", "parcel", "clock", "sofa", "carpet", "mirror")
ACTS = ("arrived cracked", "never came", "smells odd", "has no manual", "is the wrong size", "stopped on day two")
ENDS = ("who do I call", "what now", "send someone", "I leave on Friday", "my aunt wanted it", "money back then")
ASKED = "hosted_vllm/deepseek-v3"
WAIVER = {"independence": ["writer", "answers"], "reason": "The gateway falls back.", "until": "2026-12-31"}


def text_for(asked: Asked) -> str:
    """A message that only this question gets."""
    number = int(digest_text(json.dumps(asked.body["messages"]) + str(asked.number))[:8], 16)
    return f"The {NOUNS[number % 12]} {ACTS[number // 12 % 6]}, order {number % 9973}. {ENDS[number // 72 % 6]}?"


def served_as(*names: str | None) -> Callable[[Asked], Act]:
    """An endpoint that names these models in turn."""
    return lambda asked: Act(
        text=json.dumps({"message": text_for(asked)}), served=names[(asked.number - 1) % len(names)]
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with a journal of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    yield tmp_path


def write(folder: Path, asked: str = ASKED, family: str | None = None, **more: Any) -> None:
    """Write a spec whose grid a model writes."""
    extra = more.pop("models", {})
    writer = {"model": asked} | ({"family": family} if family else {})
    write_project(
        folder,
        small_spec(seeds=6, children=2, prompted=6, models={"writer": writer} | extra, budget={"usd": 1}, **more),
    )


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    exit_code: int
    output: str


def command(*arguments: str) -> Done:
    """Run a command and keep what it says."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    return Done(exit_code=code, output=out.getvalue() + err.getvalue())


def build(monkeypatch: pytest.MonkeyPatch, server: ModelServer, *arguments: str) -> Done:
    """Build against the endpoint."""
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
    return command("build", "small.yaml", *arguments)


def lock_models(folder: Path) -> list[Mapping[str, Any]]:
    """The models of the lock's header."""
    return list(json.loads((folder / "small.lock.json").read_text("utf-8"))["models"])


@pytest.mark.parametrize(
    "served", [None, "deepseek-v3", "deepseek-ai/DeepSeek-V3", "deepseek-v3-0324", "deepseek-v3:free"]
)
def test_a_date_or_a_host_more_is_the_same_model(project: Path, monkeypatch: pytest.MonkeyPatch, served: str) -> None:
    """Nothing is said, and the lock and the report name what answered."""
    write(project)
    with model_server(served_as(served)) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 0, done.output
    assert "M20" not in done.output
    assert lock_models(project) == [
        {
            "role": "generator",
            "model": ASKED,
            "family": "deepseek",
            "served": {served or "deepseek-v3": "deepseek"},
        }
    ]
    assert "as asked" in (project / "small.report.md").read_text("utf-8")


def test_another_family_is_an_error_and_no_lock_is_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 5, the place of the alias, both families, how many replies; what was paid for is not asked again."""
    write(project)
    with model_server(served_as("deepseek-v3", "gpt-4o-2024-08-06")) as server:
        done = build(monkeypatch, server)
        asked = len(server.asked)
        again = build(monkeypatch, server)

        assert len(server.asked) == asked
    assert (done.exit_code, again.exit_code) == (5, 5)
    assert "error[M205]" in done.output and "`gpt-4o-2024-08-06`: family `gpt`, not `deepseek`" in done.output
    assert "small.yaml:" in done.output
    assert not (project / "small.lock.json").exists()


def test_with_independence_warn_it_is_a_warning_and_what_answered_is_compared(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subject is of the family that really wrote the cases: the report says that they are related."""
    models = {"bot": {"model": "openai/gpt-5"}}
    write(project, models=models, roles={"generator": "writer", "subject": "bot"}, independence="warn")
    with model_server(served_as("gpt-4o-2024-08-06")) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 0, done.output
    assert "warning[M205]" in done.output and "warning[M202]" in done.output
    report = (project / "small.report.md").read_text("utf-8")
    assert "generator writer (gpt that answered)" in report and "another family" in report


def test_a_waiver_lets_it_through_and_ends(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias for what answers, a reason and a last day; lock and report carry them; after the day it is an error."""
    write(project, models={"answers": {"model": "openai/gpt-4o"}}, waivers=[WAIVER])
    with model_server(served_as("gpt-4o-2024-08-06")) as server:
        done = build(monkeypatch, server, "--today", "2026-12-31")
        report = (project / "small.report.md").read_text("utf-8")
        models = lock_models(project)
        late = build(monkeypatch, server, "--today", "2027-01-01")

    assert done.exit_code == 0, done.output
    assert "M20" not in done.output
    assert models[0]["served"] == {"gpt-4o-2024-08-06": "gpt"}
    assert "another family, waived until 2026-12-31: The gateway falls back." in report
    assert late.exit_code == 5 and "the waiver ended on 2026-12-31" in late.output


def test_a_waiver_does_not_hide_a_relation_to_the_subject(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That another model may answer does not mean that it may be the subject's."""
    models = {"answers": {"model": "openai/gpt-4o"}, "bot": {"model": "azure/gpt-5"}}
    write(project, models=models, waivers=[WAIVER], roles={"generator": "writer", "subject": "bot"})
    with model_server(served_as("gpt-4o-2024-08-06")) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 3, done.output
    assert "error[M202]" in done.output and "generator writer (gpt that answered)" in done.output


def test_a_waiver_of_what_never_answered_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not wait for its day unseen."""
    write(project, models={"answers": {"model": "openai/gpt-4o"}}, waivers=[WAIVER])
    with model_server(served_as("deepseek-v3")) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 0, done.output
    assert "warning[M204]" in done.output and "neither answered for the other" in done.output


@pytest.mark.parametrize(
    ("asked", "family", "served", "code"),
    [
        (ASKED, None, "deepseek-r1", "M206"),  # the same family, another model
        (ASKED, None, "house-7b", "M206"),  # of no family that the registry knows
        ("hosted_vllm/deepseek-r1-distill-qwen-32b", None, "qwen-32b", "M206"),  # its base
        ("hosted_vllm/deepseek-chat", None, "deepseek-v3.1", None),  # the name stands for the newest
        ("hosted_vllm/deepseek-chat", None, "deepseek-r1-distill-qwen-32b", "M206"),  # and not for a distillation
        ("hosted_vllm/gemini-flash-latest", None, "gemini-2.5-flash", None),
        ("hosted_vllm/prod-chat", "llama", "prod-chat", None),
        ("hosted_vllm/prod-chat", "llama", "meta-llama/Llama-3.3-70B-Instruct", None),  # the stated family holds
        ("hosted_vllm/prod-chat", "llama", "acme/support", "M206"),
    ],
)
def test_another_model_is_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, asked: str, family: str | None, served: str, code: str | None
) -> None:
    """The set is built, and who answered is said and kept."""
    write(project, asked, family)
    with model_server(served_as(served)) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 0, done.output
    assert [one for one in ("M205", "M206", "M207") if one in done.output] == ([code] if code else [])
    assert list(lock_models(project)[0]["served"]) == [served]


def test_a_stated_family_that_the_answer_belies_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that the spec says is a Llama, and that says itself that it is not."""
    write(project, "hosted_vllm/prod-chat", "llama")
    with model_server(served_as("gpt-4o")) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 5 and "error[M205]" in done.output


@pytest.mark.parametrize(
    ("asked", "served", "found"),
    [
        ("hosted_vllm/deepseek-v3", ("deepseek-v3-0324", "deepseek-v3-0324"), False),
        ("hosted_vllm/deepseek-v3", ("deepseek-v3-0324", "deepseek-v3-1226"), True),
        ("hosted_vllm/deepseek-v3-0324", ("deepseek-v3-1226",), True),
        ("hosted_vllm/deepseek-v3-0324", ("deepseek-v3",), False),
        ("hosted_vllm/deepseek-chat", ("deepseek-v3.1",), False),
        ("hosted_vllm/deepseek-chat", ("deepseek-v3.1", "deepseek-v3.2"), True),  # it moved meanwhile
    ],
)
def test_two_snapshots_in_one_build_are_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, asked: str, served: tuple[str, ...], found: bool
) -> None:
    """Cases that two versions wrote are not cases of one model."""
    write(project, asked)
    with model_server(served_as(*served)) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 0, done.output
    assert ("warning[M207]" in done.output) == found


def test_a_juror_that_another_model_answers_for_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jurors are held against what answered as generators are."""
    models = {"judge": {"model": "hosted_vllm/mistral-large"}}
    write(project, models=models, roles={"generator": "writer", "jury": "judge"})

    def script(asked: Asked) -> Act:
        is_writer = asked.body["model"] == "deepseek-v3"
        return served_as("deepseek-v3")(asked) if is_writer else Act(text="no verdict", served="deepseek-v3")

    with model_server(script) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 5, done.output
    assert "replies of `hosted_vllm/mistral-large` were written by `deepseek-v3`" in done.output


def test_a_jury_is_not_paid_for_what_the_wrong_model_wrote(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build ends before the first juror is asked."""
    models = {"judge": {"model": "hosted_vllm/mistral-large"}}
    write(project, models=models, roles={"generator": "writer", "jury": "judge"})
    with model_server(served_as("gpt-4o")) as server:
        done = build(monkeypatch, server)

    assert done.exit_code == 5
    assert {one.body["model"] for one in server.asked} == {"deepseek-v3"}


def test_a_tape_gives_the_same_lock_and_the_same_findings(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answered is on the tape: another machine says the same, and asks nobody."""
    write(project)
    with model_server(served_as("deepseek-v3-0324", "deepseek-r1")) as server:
        build(monkeypatch, server)
        before, count = (project / "small.lock.json").read_bytes(), len(server.asked)
        monkeypatch.setenv("EVALSPEC_STATE", str(project / "elsewhere"))
        checked = command("verify", "small.yaml")
        built = build(monkeypatch, server)

    assert checked.exit_code == 0, checked.output
    assert "M206" in built.output and len(server.asked) == count
    assert (project / "small.lock.json").read_bytes() == before
