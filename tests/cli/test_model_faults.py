"""What endpoints do wrong, over a real socket: a code, a sentence, nothing paid for lost, and a next run that ends."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from model_server import Act, Asked, ModelServer, Script, model_server
from taped import write_model_project, writes

import evalspec.live
from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.edges.models.admission import Pace

ROOT = Path(__file__).parents[2]
QUICK = Pace(backoff=0.01, longest_backoff=0.02, longest_pause=0.05, patience=3.0, drain=1.0)
QUESTIONS = 6
Capture = pytest.CaptureFixture[str]
Serving = Callable[[Script], AbstractContextManager[ModelServer]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project with a model, as it is before its first build."""
    folder = tmp_path_factory.mktemp("written")
    write_model_project(folder, prompted=QUESTIONS)
    return folder


@pytest.fixture
def project(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, a journal of its own, and little patience."""
    monkeypatch.setattr(evalspec.live, "PACE", QUICK)
    monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "state"))
    shutil.copytree(written, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path / "work"


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Serving:
    """Starts an endpoint at which the project's model is asked."""

    @contextmanager
    def start(script: Script) -> Iterator[ModelServer]:
        with model_server(script) as server:
            monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
            yield server

    return start


def build(*arguments: str) -> int:
    """Build the project."""
    return run(["build", "small.yaml", *arguments])


def log_of(project: Path) -> Mapping[str, object]:
    """The run log of the last build."""
    found: Mapping[str, object] = json.loads(
        sorted((project / ".evalspec/small/runs").glob("*.json"))[-1].read_text("utf-8")
    )
    return found


def first(act: Act, *, times: int = 1) -> Script:
    """Misbehave at the first requests, answer all others."""
    return lambda asked: act if asked.number <= times else writes(asked)


def after(number: int, act: Act) -> Script:
    """Answer so many requests, then misbehave."""
    return lambda asked: writes(asked) if asked.number <= number else act


RATE_LIMIT = Act(status=429, body='{"error": {"message": "slow down"}}')
HTML = Act(status=200, body="<html>sign in</html>", headers={"Content-Type": "text/html"})


def limited(retry_after: str) -> Act:
    return replace(RATE_LIMIT, headers={"Retry-After": retry_after})


@pytest.mark.parametrize(
    "act",
    [
        *(limited(after) for after in ("0", "0.01", "-5", "1000000000", "nan", "soon")),
        limited("Wed, 21 Oct 2015 07:28:00 GMT"),
        limited("Fri, 01 Jan 2100 00:00:00 GMT"),
        RATE_LIMIT,
        Act(status=500, body="{}"),
        Act(status=503, body="busy"),
        Act(status=529, body='{"error": {"message": "overloaded"}}'),
        Act(text="half of it", cut=20),
        HTML,
        Act(status=200, body='{"object": "list"}'),
        Act(status=200, body=b"\xff\xfe\x00"),
    ],
)
def test_what_may_pass_costs_one_more_call(project: Path, serving: Serving, act: Act, capsys: Capture) -> None:
    """Limits, failures, broken bodies and pages of a gateway: tried again, and the lock is written."""
    with serving(first(act)) as server:
        assert build() == Exit.OK

    assert len(server.asked) == QUESTIONS + 1
    log = log_of(project)
    assert (log["calls"], log["answered"], log["tried_again"], log["exit"]) == (QUESTIONS + 1, QUESTIONS, 1, 0)
    assert "1 tried again (1 " in capsys.readouterr().err
    assert run(["verify", "small.yaml"]) == Exit.OK


def test_a_burst_of_failures_is_one_outage(project: Path, serving: Serving) -> None:
    """All calls that were on their way when it began are one failure, and no reason to end a build."""

    def bursting(asked: Asked) -> Act:
        return Act(status=503, body="busy", delay=0.05) if 2 <= asked.number <= 1 + QUESTIONS else writes(asked)

    with serving(bursting):
        assert build() == Exit.OK

    faults = log_of(project)["faults"]
    assert isinstance(faults, dict) and faults["server"] >= QUESTIONS - 1


@pytest.mark.parametrize(
    ("act", "code", "most"),
    [
        (Act(status=401, body='{"error": {"message": "no such key"}}'), "M315", 1),
        (Act(status=403, body="{}"), "M315", 1),
        (Act(status=402, body='{"error": {"message": "no credit"}}'), "M316", 1),
        (Act(status=429, body='{"error": {"code": "insufficient_quota"}}'), "M316", 1),
        (Act(status=404, body='{"error": {"message": "no such model"}}'), "M317", 1),
        (Act(status=400, body='{"error": {"message": "context length"}}'), "M318", 1),
        (Act(status=503, body="busy"), "M311", 6),
        (RATE_LIMIT, "M310", 10),
        (limited("1000000000"), "M310", 10),
        (HTML, "M314", 3),
        (Act(text="x", cut=5), "M312", 3),
    ],
)
def test_the_first_question_to_a_model_goes_alone(
    project: Path, serving: Serving, act: Act, code: str, most: int, capsys: Capture
) -> None:
    """A wrong key costs one call, a dead endpoint a few; the error has its code, its reason and a hint."""
    with serving(lambda asked: act) as server:
        assert build() == Exit.PROVIDER

    said = capsys.readouterr().err
    assert f"error[{code}]" in said and "hint:" in said and f"0 of {QUESTIONS} replies are kept" in said
    assert "Traceback" not in said
    assert len(server.asked) == most
    assert not (project / "small.lock.json").exists()


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Act(status=401, body="{}"), "M315"),
        (Act(status=402, body="{}"), "M316"),
        (Act(status=503, body="busy"), "M311"),
        (RATE_LIMIT, "M310"),
    ],
)
def test_what_was_answered_before_the_end_is_kept(
    project: Path, serving: Serving, act: Act, code: str, capsys: Capture
) -> None:
    """An endpoint that stops half-way: the next build asks for the rest alone."""
    with serving(after(3, act)):
        assert build("--jobs", "2") == Exit.PROVIDER
    said = capsys.readouterr().err

    assert f"error[{code}]" in said and f"3 of {QUESTIONS} replies are kept" in said
    with serving(writes) as again:
        assert build() == Exit.OK
    assert len(again.asked) == QUESTIONS - 3
    assert run(["verify", "small.yaml"]) == Exit.OK


def test_nothing_listens(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A refused connection is named within a few tries."""
    with model_server(writes) as server:
        gone = server.url
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", gone)

    assert build() == Exit.PROVIDER
    said = capsys.readouterr().err
    assert "error[M312]" in said and "3 times in a row" in said


def test_a_name_that_nobody_knows(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """`.invalid` resolves nowhere."""
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", "http://nobody.invalid:1/v1")

    assert build() == Exit.PROVIDER
    assert "error[M312]" in capsys.readouterr().err


@pytest.mark.parametrize("act", [Act(text="late", delay=30), Act(text="drop by drop", drip=0.05)])
def test_the_deadline_is_by_the_clock(project: Path, serving: Serving, act: Act, capsys: Capture) -> None:
    """A silent endpoint and one that drips end in the same time."""
    with serving(lambda asked: act) as server:
        assert build("--deadline", "0.2") == Exit.PROVIDER

    said = capsys.readouterr().err
    assert "error[M313]" in said and "--deadline" in said
    assert len(server.asked) == 2


BOMB = gzip.compress(b'{"choices": [' + b" " * 30_000_000)
ODD: Mapping[str, tuple[Act, str]] = {
    "over a megabyte": (Act(text="x" * 1_100_000), "oversize"),
    "a gzip bomb": (Act(body=BOMB, headers={"Content-Encoding": "gzip"}), "oversize"),
    "no choices": (Act(body='{"choices": []}'), "empty"),
    "no message": (Act(body='{"choices": [{"message": null}]}'), "empty"),
    "no content": (Act(body='{"choices": [{"message": {"content": null}}]}'), "empty"),
    "a refusal": (Act(body='{"choices": [{"message": {"content": null, "refusal": "No."}}]}'), "filtered"),
    "a filter": (Act(text="", finish="content_filter"), "filtered"),
    "words that refuse": (Act(text="I'm sorry, but I can't help with that."), "refused"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_reply_without_a_case_is_counted_and_replaced(
    project: Path, serving: Serving, name: str, capsys: Capture
) -> None:
    """An answer that is one, and holds nothing to use: a drop with its reason, and another slot in its place."""
    act, reason = ODD[name]
    with serving(first(act)) as server:
        assert build("--json") == Exit.OK

    found = json.loads(capsys.readouterr().out)
    assert found["drops"] == {reason: 1}
    assert len(server.asked) == QUESTIONS + 1
    assert run(["verify", "small.yaml"]) == Exit.OK


@pytest.mark.parametrize(
    "act", [Act(text='{"message": "The lamp ', finish="length"), Act(text="not JSON"), Act(text='{"message": 4}')]
)
def test_a_broken_structure_is_no_crash(project: Path, serving: Serving, act: Act) -> None:
    """Cut off, no JSON, or another shape: mended or dropped, and the build ends."""
    with serving(first(act)):
        assert build() == Exit.OK
    assert run(["verify", "small.yaml"]) == Exit.OK


@pytest.mark.parametrize("junk", ["a\x00b", "\ud800", "a\u202eb", "e" + "\u0301" * 10_000, "\U000e0041", "a\x1b[31m"])
def test_characters_that_no_case_may_hold(project: Path, serving: Serving, junk: str, capsys: Capture) -> None:
    """Kept raw in the journal, rejected by name, and never written as they are."""
    with serving(first(Act(text=json.dumps({"message": f"The lamp {junk} is broken."})))):
        assert build() == Exit.OK
    capsys.readouterr()

    assert run(["verify", "small.yaml"]) == Exit.OK
    assert not re.search("[\x00\x1b\u202e\U000e0041]", (project / "small.lock.json").read_text("utf-8"))


def test_jobs_cap_the_calls_at_once(project: Path, serving: Serving) -> None:
    """However much room the endpoint has."""
    with serving(lambda asked: replace(writes(asked), delay=0.02)) as server:
        assert build("--jobs", "2") == Exit.OK

    assert server.most_open == 2


@pytest.mark.parametrize("is_remembered", [True, False])
def test_the_same_build_again_asks_nobody(project: Path, serving: Serving, is_remembered: bool) -> None:
    """Remembered, or from the tape: no call, no connection, and neither transport is imported."""
    code = "import sys; from evalspec.cli import run; code = run(['build', 'small.yaml']); "
    code += "heavy = {'aiohttp', 'litellm', 'asyncio', 'sqlite3'} & set(sys.modules); sys.exit(f'{code:d} {heavy}')"
    with serving(writes) as server:
        assert build() == Exit.OK
        asked = len(server.asked)
        if not is_remembered:
            shutil.rmtree(project / ".evalspec")
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment(server), capture_output=True, text=True, check=False
        )

        assert "0 set()" in done.stderr, done.stderr
        said = "nothing has changed" if is_remembered else f"{QUESTIONS} from tape, 0 of 0 calls"
        assert said in done.stderr
        assert len(server.asked) == asked


def environment(server: ModelServer) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOSTED_VLLM_API_BASE": server.url}


def started(server: ModelServer) -> subprocess.Popen[str]:
    """A build as a process of its own, once it has asked for everything."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "evalspec", "build", "small.yaml"],
        env=environment(server),
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while len(server.asked) < QUESTIONS and time.monotonic() < until:
        time.sleep(0.01)
    return child


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_keeps_what_is_in_flight(project: Path, serving: Serving, name: str, code: int) -> None:
    """Nothing more is sent, what was sent comes in, and the next run asks for none of it."""

    def slow(asked: Asked) -> Act:
        return replace(writes(asked), delay=0.0 if asked.number == 1 else 0.7)

    with serving(slow) as server:
        child = started(server)
        child.send_signal(getattr(signal, name))
        said = child.communicate(timeout=30)[1]

        assert child.returncode == code, said
        assert f"stopped; {QUESTIONS} of {QUESTIONS} replies are kept; run again to resume" in said
        assert log_of(project)["exit"] == code
        assert build() == Exit.OK
        assert len(server.asked) == QUESTIONS


def test_the_second_signal_ends_at_once(project: Path, serving: Serving) -> None:
    """Without waiting for anything; what was answered is kept, and what was in flight is asked again."""

    def hanging(asked: Asked) -> Act:
        return replace(writes(asked), delay=60.0 if 1 < asked.number <= QUESTIONS else 0.0)

    with serving(hanging) as server:
        child = started(server)
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert child.poll() is None
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=5)

        assert child.returncode == 130
        assert build() == Exit.OK
        assert len(server.asked) == 2 * QUESTIONS - 1
        assert log_of(project)["orphans_of_other_runs"] == QUESTIONS - 1


@pytest.mark.parametrize(
    ("event", "head", "refused"),
    [
        ("pull_request_target", "us/repo", True),
        ("pull_request", "them/repo", True),
        ("pull_request", None, True),
        ("pull_request", "us/repo", False),
        ("push", "us/repo", False),
    ],
)
def test_a_strangers_files_ask_no_model(
    project: Path,
    serving: Serving,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    event: str,
    head: str | None,
    refused: bool,
) -> None:
    """In CI on a fork's pull request nothing is sent, whatever the flags."""
    change = {"head": {"repo": {"full_name": head} if head else None}, "base": {"repo": {"full_name": "us/repo"}}}
    (project / "event.json").write_text(json.dumps({"pull_request": change}), "utf-8")
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(project / "event.json"))

    with serving(writes) as server:
        assert build() == (Exit.OFFLINE if refused else Exit.OK)
        assert len(server.asked) == (0 if refused else QUESTIONS)
    assert ("error[M151]" in capsys.readouterr().err) is refused


def test_a_commit_that_a_maintainer_has_read_may_ask(
    project: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """By its whole hash, and while that commit is checked out: another one, and a part of a hash, are refused."""
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_target")
    first, second = commit(project, "read"), commit(project, "pushed after the reading")

    with serving(writes) as server:
        assert build("--i-trust-this-ref", second[:12]) == Exit.USAGE
        assert build("--i-trust-this-ref", first) == Exit.OFFLINE
        told = capsys.readouterr().err
        assert f"`{first}`, which is trusted, is not what is checked out: that is `{second}`" in told
        assert len(server.asked) == 0
        assert build("--i-trust-this-ref", second) == Exit.OK
        assert len(server.asked) == QUESTIONS


def commit(folder: Path, message: str) -> str:
    """Commit what is there and return the hash."""
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@x"}

    def git(*line: str) -> str:
        done = subprocess.run(["git", *line], cwd=folder, env=os.environ | names, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    git("add", "small.yaml")
    git("commit", "-q", "--allow-empty", "-m", message)
    return git("rev-parse", "HEAD")
