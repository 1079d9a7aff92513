"""What `plan` says a build will cost, and that the build keeps to it: over a real socket, with a model that costs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalspec.cli import run as evalspec_run
from tests.model_server import Act, Asked, ModelServer, model_server
from tests.small_specs import write_project
from tests.taped import model_spec, text_for, writes

MODEL = "openai/gpt-4.1"  # $2 and $8 per million tokens


def counted(asked: Asked) -> Act:
    """A good reply of 300 and 50 tokens: a thousandth of a dollar."""
    return replace(writes(asked), usage=(300, 50))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr("evalspec.pricing.litellm_table", lambda wanted: None)
    with model_server(counted) as found:
        monkeypatch.setenv("OPENAI_BASE_URL", found.url)
        yield found


def project(folder: Path, usd: float, **more: Any) -> str:
    spec = model_spec(**more)
    spec["models"] = {"writer": {"model": MODEL, "max_tokens": 200}}
    spec["budget"] = {"usd": usd}
    folder.mkdir()
    return write_project(folder, spec)


def run(*arguments: str) -> tuple[int, str]:
    with io.StringIO() as said, redirect_stdout(said), redirect_stderr(said):
        code = evalspec_run(list(arguments))
        return code, said.getvalue()


def money(spec: str) -> dict[str, Any]:
    code, said = run("plan", spec, "--json")
    assert code == 0, said
    found: dict[str, Any] = json.loads(said)["money"]
    return found


def test_a_plan_asks_nobody_and_counts_what_will_be_asked(tmp_path: Path, server: ModelServer) -> None:
    """Least: a call for each case owed. Most: every candidate, each with two repairs."""
    found = money(project(tmp_path / "p", 1.0))

    assert server.asked == []
    assert found["least"]["calls"] == 6 and found["most"]["calls"] == 6 * 3 * 3
    assert found["typical"] is None  # no reply is known
    assert 0 < found["least"]["usd"] < found["most"]["usd"]
    assert found["budget_usd"] == 1.0 and found["spent_usd"] == 0


def test_the_price_of_a_build_lies_in_the_range(tmp_path: Path, server: ModelServer) -> None:
    """And is what the journal holds afterwards; the run log has both."""
    spec = project(tmp_path / "p", 1.0)
    before = money(spec)
    code, said = run("build", spec, "-q")
    after = money(spec)

    assert code == 0, said
    assert after["spent_usd"] == pytest.approx(len(server.asked) * 0.001)
    assert before["least"]["usd"] <= after["spent_usd"] <= before["most"]["usd"]
    assert after["most"]["calls"] == 0
    (line,) = after["models"]
    assert (line["from_tape"], line["from_journal"]) == (len(server.asked), 0)
    (log,) = (tmp_path / "p" / ".evalspec" / "small" / "runs").glob("*.json")
    assert json.loads(log.read_text("utf-8"))["dollars"] == {
        "planned": [before["least"]["usd"], before["most"]["usd"]],
        "actual": pytest.approx(after["spent_usd"]),
    }


def test_known_replies_say_how_long_the_others_will_be(tmp_path: Path, server: ModelServer) -> None:
    """A build that stopped at its budget left some; a plan for the rest counts with their lengths."""
    spec = project(tmp_path / "p", 0.006, prompted=12)
    code, _ = run("build", spec, "-q")
    assert code == 7
    path = Path(spec)
    path.write_text(path.read_text("utf-8").replace("usd: 0.006", "usd: 1.0"), "utf-8")
    found = money(spec)

    asked = len(server.asked)
    (line,) = found["models"]
    assert 0 < asked < 12 and line["from_journal"] == asked
    assert found["typical"]["calls"] == found["least"]["calls"] == 12 - asked
    assert found["typical"]["completion_tokens"] == 50 * (12 - asked)
    assert found["typical"]["prompt_tokens"] == pytest.approx(300 * (12 - asked), rel=0.05)


def test_a_plan_says_what_became_of_the_replies_that_are_here(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, empty and cut ones by name; nothing is said where nobody was asked yet."""
    spec = project(tmp_path / "p", 1.0)
    assert "replies  " not in run("plan", spec)[1]
    odd = {2: Act(text="I'm sorry, I can't do that."), 4: Act(text=""), 5: Act(text='{"message": "My', finish="length")}
    with model_server(lambda asked: odd.get(asked.number) or counted(asked)) as other:
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)
        assert run("build", spec, "--jobs", "1")[0] == 0
    found = money(spec)["replies"]

    assert found["useless"] == {"cut": 1, "empty": 1, "refused": 1}
    said = run("plan", spec)[1]
    total = found["slots"]
    assert f"{total - 3} of {total} slots that were asked for have a candidate; the others: 1 cut, 1 empty" in said


def test_a_budget_that_even_the_least_passes_is_refused(tmp_path: Path, server: ModelServer) -> None:
    """By `plan`, and by `build` before anything is sent."""
    spec = project(tmp_path / "p", 0.000001)
    for command in ("plan", "build"):
        code, said = run(command, spec)
        assert code == 3 and "X523" in said, said
    assert server.asked == []


def test_a_budget_below_one_reservation_is_refused(tmp_path: Path, server: ModelServer) -> None:
    """It would hold the least, and no question could be sent."""
    spec = project(tmp_path / "p", 1.0)
    found = money(spec)
    (line,) = found["models"]
    assert line["largest_question_usd"] > found["least"]["usd"]
    path = Path(spec)
    path.write_text(path.read_text("utf-8").replace("usd: 1.0", f"usd: {found['least']['usd']:.6f}"), "utf-8")
    code, said = run("build", spec)
    assert code == 3 and "a single question may cost" in said
    assert server.asked == []


def test_a_build_stops_at_the_cent_and_its_resume_too(tmp_path: Path, server: ModelServer) -> None:
    """Exit 7; the cap is that of all builds of the plan, and another spec has its own."""
    spec = project(tmp_path / "p", 0.01, prompted=30)
    codes = [run("build", spec, "-q")[0] for _ in range(3)]
    asked = len(server.asked)

    assert codes == [7, 7, 7]
    assert asked * 0.001 <= 0.01 < (asked + 1) * 0.001 + 0.004  # the next may cost up to four thousandths
    other = project(tmp_path / "q", 1.0)
    assert run("build", other, "-q")[0] == 0


def test_a_price_makes_no_lock_stale(tmp_path: Path, server: ModelServer) -> None:
    """It is operational, as the budget is."""
    spec = project(tmp_path / "p", 1.0)
    assert run("build", spec, "-q")[0] == 0
    data = yaml.safe_load(Path(spec).read_text("utf-8"))
    data["models"]["writer"]["price"] = {"prompt": 4.0, "completion": 9.0}
    Path(spec).write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")

    code, said = run("verify", spec)
    assert code == 0, said
    assert run("build", spec, "--locked")[0] == 0


def test_a_model_without_a_price_is_refused_before_anything_is_sent(tmp_path: Path, server: ModelServer) -> None:
    """With the line to write."""
    spec = project(tmp_path / "p", 1.0)
    path = Path(spec)
    path.write_text(path.read_text("utf-8").replace(MODEL, "openai/unheard-of\n    family: gpt"), "utf-8")
    for command in ("plan", "build"):
        code, said = run(command, spec)
        assert code == 3 and "M321" in said and "price: {prompt: " in said, said
    assert server.asked == []


def test_an_endpoint_that_counts_more_than_it_may_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it counted is recorded, and said; the replies are kept."""
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr("evalspec.pricing.litellm_table", lambda wanted: None)

    def liar(asked: Asked) -> Act:
        return Act(text=json.dumps({"message": text_for(asked)}), usage=(300, 100_000))

    with model_server(liar) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        spec = project(tmp_path / "p", 0.5)
        code, said = run("build", spec)
        assert code == 7 and "M323" in said and "more than was reserved" in said, said
        assert len(server.asked) == 1  # the first question to a model goes alone
        assert run("build", spec)[0] == 7
        assert len(server.asked) == 1
