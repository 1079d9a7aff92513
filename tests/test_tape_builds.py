"""Builds with models and their tape: asked once, replayed anywhere without a socket, and never a wrong reply used."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import commit, git, keep_all
from model_server import Act, Asked, ModelServer, Script, model_server
from small_specs import spec_text
from taped import replies_on, text_for, write_model_project, writes

from evalspec.cli import run
from evalspec.project import load_spec
from evalspec.stages.tape import dump_segments
from evalspec.taping import read_tape_of

ROOT = Path(__file__).parents[1]
LOCK, TAPE = "small.lock.json", Path("small") / "tape"
KEY = "sk-" + "a1b2c3d4e5f6g7h8i9j0k1l2"  # in pieces, so that no scanner takes this file for a leak
ODD = {
    2: lambda said: f'{{"message": "mail me at jo\\u0040acme-mail.example.com, {said}"}}',
    3: lambda said: json.dumps({"message": f"{said} {KEY}"}),
    4: lambda said: json.dumps({"message": f"{said} \u202e and back"}),
    5: lambda said: "I'm sorry, but I cannot write that.",
    6: lambda said: "",
    7: lambda said: "{not json",
    8: lambda said: json.dumps({"message": f"{said} und schöne Grüße 包裹 \u2028 \x85"}, ensure_ascii=False),
}


def oddly(asked: Asked) -> Act:
    """Good replies with every kind that may not be published, or cannot be read, among them."""
    make = ODD.get(asked.number)
    return writes(asked) if make is None else Act(text=make(text_for(asked)), served="small-writer-2026")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test's own, which is not there yet."""
    folder = tmp_path / "state"
    monkeypatch.setenv("EVALSPEC_STATE", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path) -> Path:
    """The small project with a model, and the working folder in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    write_model_project(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts an endpoint that the project's model is asked at."""
    from contextlib import contextmanager

    @contextmanager
    def start(script: Script) -> Iterator[ModelServer]:
        with model_server(script) as server:
            monkeypatch.setenv("HOSTED_VLLM_API_BASE", server.url)
            yield server

    return start


def change(folder: Path, **more: Any) -> None:
    """Replace keys of the spec."""
    path = folder / "small.yaml"
    path.write_text(spec_text(yaml.safe_load(path.read_text("utf-8")) | more), "utf-8")


def elsewhere(project: Path, monkeypatch: pytest.MonkeyPatch, *without: str) -> Path:
    """What a colleague gets: the committed files on a machine with another home, no journal and no network."""
    other = project.parent / "another" / "checkout"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns(".evalspec", *without))
    monkeypatch.chdir(other)
    monkeypatch.setenv("HOME", str(other.parent / "home"))
    monkeypatch.setenv("EVALSPEC_STATE", str(other.parent / "home" / "state"))
    monkeypatch.delenv("HOSTED_VLLM_API_BASE", raising=False)

    def banned(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", banned)
    return other


def outcome(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, str]:
    """Run a command line; its exit code and what it said."""
    capsys.readouterr()
    code = run(line)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_colleague_builds_the_same_bytes_without_a_socket(
    project: Path, serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of a replay is that of the live build, with withheld, refused, empty and broken replies among them."""
    with serving(oddly) as server:
        assert run(["build", "small.yaml", "-q"]) == 0
        asked = len(server.asked)
        assert run(["build", "small.yaml", "-q"]) == 0
        assert len(server.asked) == asked
    problems = sorted(one["problem"] for one in replies_on(project) if "problem" in one)
    published = b"".join(path.read_bytes() for path in (project / TAPE).iterdir())
    other = elsewhere(project, monkeypatch, LOCK, "small.report.md")

    assert problems == ["withheld:email", "withheld:hidden", "withheld:secret"]
    assert KEY.encode() not in published and b"acme-mail" not in published
    assert run(["build", "small.yaml", "-q"]) == 0
    assert (other / LOCK).read_bytes() == (project / LOCK).read_bytes()
    assert (other / "small.report.md").read_bytes() == (project / "small.report.md").read_bytes()
    assert sorted(os.listdir(other / TAPE)) == sorted(os.listdir(project / TAPE))
    assert [run([*line, "small.yaml"]) for line in (["verify"], ["build", "--locked"], ["plan"], ["check"])] == [0] * 4
    assert not (other.parent / "home" / "state").exists()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_verify_and_locked_reach_for_no_network_and_no_journal(project: Path, serving: Any, state: Path) -> None:
    """Counted by the kernel's own calls, in processes of their own."""
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
    for line in (["verify", "small.yaml"], ["build", "--locked", "small.yaml"]):
        trace = project.parent / "trace"
        traced = ["strace", "-f", "-o", str(trace), "-e", "trace=%network,openat"]
        done = subprocess.run(
            [*traced, sys.executable, "-m", "evalspec", *line], capture_output=True, check=False, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        if "ptrace" in done.stderr.lower():
            pytest.skip("no process can be traced here")
        calls = trace.read_text("utf-8", "replace")

        assert done.returncode == 0, done.stderr
        assert "AF_INET" not in calls and str(state) not in calls


def test_a_missing_reply_is_said_and_nobody_is_asked(
    project: Path, serving: Any, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`verify` and `--locked` need the tape; the journal of the one who paid does not help them."""
    with serving(writes) as server:
        assert run(["build", "small.yaml", "-q"]) == 0
        asked = len(server.asked)
        shutil.rmtree(TAPE)

        assert outcome(capsys, "verify", "small.yaml")[0] == 8
        code, said = outcome(capsys, "build", "--locked", "small.yaml")
        assert code == 8 and "M150" in said and "6 of 6" in said
        assert run(["plan", "small.yaml"]) == 0  # what is paid for is known here
        assert run(["build", "small.yaml", "-q"]) == 0  # and published again
        assert len(server.asked) == asked
    assert run(["verify", "small.yaml"]) == 0


def test_the_tape_is_published_where_a_build_waits_for_people(
    project: Path, serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A colleague without a key reads the same candidates, and their decisions give the same lock."""
    change(project, review={"require": {"mutation": 0, "prompted": 1}, "overlap": 0})
    with serving(writes) as server:
        assert outcome(capsys, "build", "small.yaml")[0] == 1
        assert len(replies_on(project)) == len(server.asked) >= 6
    assert not (project / LOCK).exists()
    mine = outcome(capsys, "review", "list", "small.yaml", "--json")
    elsewhere(project, monkeypatch)

    assert outcome(capsys, "review", "list", "small.yaml", "--json") == mine
    keep_all("small.yaml")
    assert run(["build", "small.yaml", "-q"]) == 0


def test_the_tape_is_published_where_a_cell_stays_short(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was paid for a set that cannot be filled shows why, and is not asked again."""
    with serving(lambda asked: Act(text=json.dumps({"message": "Where is my parcel? It is late."}))) as server:
        code, said = outcome(capsys, "build", "small.yaml")
        asked = len(server.asked)
        assert code == 1 and "X501" in said and "wrote tape" in said
        assert len(replies_on(project)) == asked > 6
        assert outcome(capsys, "build", "small.yaml")[0] == 1
        assert len(server.asked) == asked


def test_the_tape_is_published_where_a_gate_fails(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock stays away, the replies do not."""
    change(project, gates={"real_share": {"min": 0.99}})
    with serving(writes) as server:
        assert outcome(capsys, "build", "small.yaml")[0] == 1
        assert len(replies_on(project)) == len(server.asked)
    assert not (project / LOCK).exists()


def test_stopping_early_or_half_way_publishes_nothing(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--until` writes nothing; a provider that gives up leaves its replies in the journal for the next build."""
    with serving(writes) as server:
        assert outcome(capsys, "build", "small.yaml", "--until", "review")[0] == 0
        assert not (project / TAPE).exists()
        asked = len(server.asked)
        change(project, mix={"cases": {"seed": 6, "mutation": 2, "prompted": 8}})
    with serving(lambda asked: Act(status=401, body="{}")):
        assert outcome(capsys, "build", "small.yaml")[0] == 6
        assert not (project / TAPE).exists()
    with serving(writes) as server:
        assert run(["build", "small.yaml", "-q"]) == 0
        assert len(server.asked) + asked == len(replies_on(project))


def test_without_a_journal_nothing_is_asked(
    project: Path, serving: Any, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reply that could not be kept must not be paid for."""
    state.write_text("a file in the place of the folder", "utf-8")
    with serving(writes) as server:
        code, said = outcome(capsys, "build", "small.yaml")

        assert code == 10 and "T701" in said and "EVALSPEC_STATE" in said
        assert server.asked == []


def test_eight_builds_at_once_ask_every_question_once(tmp_path: Path, project: Path, serving: Any) -> None:
    """Fifty replies, eight processes, one journal: as many calls as questions, and one lock."""
    write_model_project(project, prompted=50, seeds=12)
    places = [shutil.copytree(project, tmp_path / f"clone-{at}") for at in range(8)]
    with serving(lambda asked: Act(text=writes(asked).text, delay=0.05)) as server:
        line = [sys.executable, "-m", "evalspec", "build", "small.yaml", "-q"]
        running = [
            subprocess.Popen(line, cwd=one, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE)
            for one in places
        ]
        ended = [(one.communicate()[1].decode(), one.returncode) for one in running]

    assert [code for _, code in ended] == [0] * 8, ended[0][0]
    assert len(server.asked) == len(replies_on(places[0])) >= 50
    assert len({(one / LOCK).read_bytes() for one in places}) == 1
    assert len({tuple(sorted(os.listdir(one / TAPE))) for one in places}) == 1


def test_two_branches_that_asked_the_same_make_one_set(
    tmp_path: Path, project: Path, serving: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Merged, one file's replies count, the same ones for everybody; it is said, and nothing is asked."""
    other = tmp_path / "branch"
    shutil.copytree(project, other)
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
        monkeypatch.chdir(other)
        monkeypatch.setenv("EVALSPEC_STATE", str(tmp_path / "other-state"))
    with serving(lambda asked: Act(text=writes(asked).text.replace("The ", "My "))):  # type: ignore[union-attr]
        assert run(["build", "small.yaml", "-q"]) == 0
    assert (other / LOCK).read_bytes() != (project / LOCK).read_bytes()
    shutil.copytree(project / TAPE, other / TAPE, dirs_exist_ok=True)
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was opened"))

    code, said = outcome(capsys, "build", "small.yaml")
    first = min(os.listdir(other / TAPE))
    assert code == 0 and "T704" in said and first in said
    code, said = outcome(capsys, "verify", "small.yaml")
    assert code == 0 and "T704" in said
    before = (other / LOCK).read_bytes()
    for name in os.listdir(other / TAPE):
        if name != first:
            (other / TAPE / name).unlink()
    assert run(["build", "small.yaml", "-q"]) == 0
    assert (other / LOCK).read_bytes() == before


def test_the_tape_of_the_extended_spec_answers_too(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spec that differs in its gates asks nothing, and publishes nothing of its own."""
    with serving(writes) as server:
        assert run(["build", "small.yaml", "-q"]) == 0
        asked = len(server.asked)
        Path("strict.yaml").write_text("version: 1\nextends: small.yaml\ngates: {real_share: {min: 0.1}}\n", "utf-8")

        code, said = outcome(capsys, "build", "strict.yaml")
        assert code == 0, said
        assert len(server.asked) == asked
    assert not Path("strict").exists()
    assert outcome(capsys, "verify", "strict.yaml")[0] == 0


def test_verify_says_which_segments_a_change_adds_and_removes(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """New replies are taken on trust and counted; a file that the set needs may not go, one it does not need may."""
    (project / ".gitignore").write_text(".evalspec/\n", "utf-8")
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
        git(project, "init", "-q", ".")
        commit(project)
        (first,) = os.listdir(TAPE)
        change(project, mix={"cases": {"seed": 6, "mutation": 2, "prompted": 8}})
        assert run(["build", "small.yaml", "-q"]) == 0
    (second,) = set(os.listdir(TAPE)) - {first}

    code, said = outcome(capsys, "verify", "small.yaml", "--base", "HEAD")
    assert code == 0 and f"added small/tape/{second}: 2 replies, taken on trust" in said
    (TAPE / first).rename(project.parent / first)
    code, said = outcome(capsys, "verify", "small.yaml", "--base", "HEAD")
    assert code == 5 and "T706" in said and f"git checkout HEAD -- small/tape/{first}" in said

    (project.parent / first).rename(TAPE / first)
    idle = read_tape_of(load_spec("small.yaml").spec).replies
    ((name, text),) = dump_segments({"f" * 32: next(iter(idle.values()))})
    (TAPE / name).write_text(text, "utf-8")
    commit(project)
    (TAPE / name).unlink()
    code, said = outcome(capsys, "verify", "small.yaml", "--base", "HEAD")
    assert code == 0 and f"removed small/tape/{name}: 1 reply, and none of them is missed" in said


def test_another_answer_to_an_old_question_is_told(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forged tape verifies in itself; against the base it does not pass unseen."""
    (project / ".gitignore").write_text(".evalspec/\n", "utf-8")
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
    git(project, "init", "-q", ".")
    commit(project)
    (path,) = TAPE.iterdir()
    replies = dict(read_tape_of(load_spec("small.yaml").spec).replies)
    path.unlink()
    others = {key: replace(one, served="better-writer-2027") for key, one in replies.items()}
    ((name, forged),) = dump_segments(others)
    (TAPE / name).write_text(forged, "utf-8")
    assert run(["build", "small.yaml", "-q"]) == 0

    code, said = outcome(capsys, "verify", "small.yaml", "--base", "HEAD", "--no-loosen")
    assert code == 1 and "6 replies on the tape are other ones than at `HEAD`" in said


def _sqlite() -> bytes:
    return b"SQLite format 3\x00" + bytes(100)


@pytest.mark.parametrize(
    ("put", "code", "exits"),
    [
        (lambda at: (at / "cache.db").write_bytes(_sqlite()), "T705", 3),
        (lambda at: (at / "replies.pkl").write_bytes(b"\x80\x04\x95"), "T705", 3),
        (lambda at: (at / "replies.jsonl.gz").write_bytes(b"\x1f\x8b"), "T705", 3),
        (lambda at: (at / f"{'0' * 32}.jsonl").write_bytes(_sqlite()), "T702", 5),
        (lambda at: (at / f"{'0' * 32}.jsonl").write_bytes(b"\x80\x04\x95"), "T702", 5),
        (lambda at: (at / f"{'0' * 32}.jsonl").mkdir(), "T705", 3),
        (lambda at: os.mkfifo(at / f"{'0' * 32}.jsonl"), "T705", 3),
        (lambda at: (at / f"{'0' * 32}.jsonl").symlink_to(next(at.iterdir()).absolute()), "T705", 3),
        (lambda at: (at / f"{'0' * 32}.jsonl").symlink_to("/dev/zero"), "T705", 3),
        (lambda at: os.truncate(next(at.iterdir()), 65 * 1024 * 1024), "E904", 3),
        (lambda at: next(at.iterdir()).write_text("version https://git-lfs.github.com/spec/v1\n"), "Y024", 3),
        (lambda at: next(at.iterdir()).rename(at / f"{'0' * 32}.jsonl"), "T702", 5),
        (lambda at: os.truncate(next(at.iterdir()), 300), "T702", 5),
    ],
    ids=range(13),
)
def test_what_is_no_segment_is_refused_by_every_command(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str], put: Any, code: str, exits: int
) -> None:
    """Databases, pickles, archives, links, pipes, folders; nothing is unpickled, opened or waited for."""
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
    lock = (project / LOCK).read_bytes()
    put(TAPE)

    for line in (["build", "small.yaml"], ["verify", "small.yaml"], ["tape", "stats", "small.yaml"]):
        found, said = outcome(capsys, *line)
        assert (found, code in said) == (exits, True), said
    assert (project / LOCK).read_bytes() == lock


@pytest.mark.parametrize("put", [lambda at: at.write_text(""), os.mkfifo, lambda at: at.symlink_to("/etc")])
def test_a_tape_that_is_no_folder_is_refused(project: Path, capsys: pytest.CaptureFixture[str], put: Any) -> None:
    """A pipe or a link in its place is not passed over in silence."""
    put(TAPE)

    code, said = outcome(capsys, "check", "small.yaml")

    assert code == 3 and "T705" in said


def test_a_segment_with_a_key_in_it_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However it came there: its place is said and its value is not."""
    from evalspec.model.asking import Reply

    TAPE.mkdir(parents=True)
    ((name, text),) = dump_segments({"f" * 32: Reply(text=f"it is {KEY}", served="m")})
    (TAPE / name).write_text(text, "utf-8")

    code, said = outcome(capsys, "check", "small.yaml")

    assert code == 3 and "E915" in said and KEY not in said


def test_git_may_check_a_segment_out_with_other_line_ends(project: Path, serving: Any) -> None:
    """The digest is of the text with line feeds, as everywhere."""
    with serving(writes):
        assert run(["build", "small.yaml", "-q"]) == 0
    (path,) = TAPE.iterdir()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert run(["verify", "small.yaml"]) == 0


def test_stats_count_what_stands_on_the_tape_and_what_is_used(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Segments, used and unused, withheld by reason, models, tokens and bytes; nothing is deleted."""
    assert outcome(capsys, "tape", "stats", "small.yaml")[1].startswith("small.yaml: no tape; the plan asks for 6")
    with serving(oddly) as server:
        assert run(["build", "small.yaml", "-q"]) == 0
        asked = len(server.asked)
    replies = read_tape_of(load_spec("small.yaml").spec).replies
    ((name, text),) = dump_segments({"f" * 32: next(iter(replies.values()))})
    (TAPE / name).write_text(text, "utf-8")

    code, said = outcome(capsys, "tape", "stats", "small.yaml", "--json")
    found = json.loads(said)

    assert code == 0
    assert (found["replies"], found["used"], found["unused"], found["missing"]) == (asked + 1, asked, 1, 0)
    assert found["withheld"] == {"email": 1, "hidden": 1, "secret": 1}
    assert found["served"] == {"small-writer-2026": found["replies"]} or sum(found["served"].values()) == asked + 1
    assert found["bytes"] == sum(path.stat().st_size for path in TAPE.iterdir())
    assert found["tokens"] == {"prompt": 10 * (asked + 1), "completion": 10 * (asked + 1)}
    assert found["idle"] == [f"small/tape/{name}"]
    code, said = outcome(capsys, "tape", "stats", "small.yaml")
    assert code == 0 and f"they may be deleted:\n  small/tape/{name}" in said
    (TAPE / name).unlink()
    assert run(["verify", "small.yaml"]) == 0


def test_why_shows_what_a_model_was_asked_and_answered(
    project: Path, serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The prompt made again, the reply from the tape, harmless on a terminal; what is withheld stays so."""
    with serving(oddly):
        assert run(["build", "small.yaml", "-q"]) == 0
    cases = [case["id"] for case in json.loads(Path(LOCK).read_text("utf-8"))["cases"]]
    drops = [drop["id"] for drop in json.loads(Path(LOCK).read_text("utf-8"))["drops"]]
    told = {name: outcome(capsys, "why", "small.yaml", name)[1] for name in (*cases, *drops) if "prompted" in name}
    every = "\n".join(told.values())

    assert all("asked hosted_vllm/small-writer" in one and "  user\n    You write" in one for one in told.values())
    assert "  replied\n    (withheld: email was found in it, sha256" in every
    assert "again\n  assistant\n    {not json" in every
    assert "schöne Grüße 包裹" in every and "acme-mail" not in every and KEY not in every
    assert not any(char in every for char in "\u202e\u2028\x85")
    name = next(name for name, one in told.items() if "{not json" in one)
    asked = json.loads(outcome(capsys, "why", "small.yaml", name, "--json")[1])["asked"]
    assert [one["messages"][-1]["role"] for one in asked] == ["user", "user"]
    assert asked[0]["reply"]["text"] == "{not json" and asked[0]["params"] == {"max_tokens": 1024}
