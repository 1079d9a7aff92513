"""Builds that ask models and are killed or interrupted: no reply lost, nothing asked again that need not, one lock."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalspec.digests import digest_text
from evalspec.edges.models.asking import AHEAD
from tests.model_server import Act, Asked, ModelServer, model_server
from tests.small_specs import small_spec, write_project
from tests.torture.processes import SECONDS, Warm, command, contents, differences, environment, warm
from tests.torture.suites import Effort, Tally, suite

SPEC = "small.yaml"
CASES = 24  # that a model writes
JOBS = 8
MODULES = ("aiohttp", "evalspec.live", "evalspec.batching")  # what a build imports once it asks
SUBJECTS = ("kettle", "lamp", "pram", "jacket", "chair", "plate", "cable", "parcel", "sofa", "carpet")
EVENTS = ("arrived cracked", "never came", "smells odd", "has no manual", "is the wrong size", "stopped on day two")
ENDS = ("who do I call", "what now", "send someone", "I leave on Friday", "my aunt wanted it", "money back then")


@dataclass(frozen=True)
class Setting:
    """One project, one endpoint, and what a build of it comes to when nobody disturbs it."""

    start: Path
    folder: Path
    state: Path
    server: ModelServer
    warm: Warm
    wanted: dict[str, bytes]
    questions: int

    def fresh(self) -> None:
        """Nothing built, nothing asked."""
        for folder in (self.folder, self.state):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.start, self.folder)
        self.server.asked.clear()

    def wait_for(self, asked: int) -> None:
        """Wait until so many questions have come in."""
        until = time.monotonic() + SECONDS
        while len(self.server.asked) < asked and time.monotonic() < until:
            time.sleep(0.001)

    def kept(self) -> dict[str, str]:
        """The replies that the journal holds, by key."""
        path = self.state / "journal.sqlite3"
        if not path.exists():
            return {}
        connection = sqlite3.connect(path)
        try:
            return dict(connection.execute("SELECT key, reply FROM replies").fetchall())
        except sqlite3.OperationalError:  # killed before the tables were made
            return {}
        finally:
            connection.close()


def _reply(asked: Asked) -> Act:
    """A reply that the question alone decides, after a while that it decides too."""
    number = int(digest_text(json.dumps(asked.body["messages"]))[:8], 16)
    said = f"The {SUBJECTS[number % 10]} {EVENTS[number // 10 % 6]}, order {number % 9973}. {ENDS[number // 60 % 6]}?"
    return Act(text=json.dumps({"message": said}), delay=0.01 + number % 7 / 150)


@contextmanager
def _laid(folder: Path) -> Iterator[Setting]:
    start, project, state = folder / "start", folder / "project", folder / "state"
    spec = small_spec(prompted=CASES)
    spec["models"] = {"writer": {"model": "hosted_vllm/small-writer", "family": "qwen"}}
    spec["pools"]["prompted"]["exemplars"] = 5
    write_project(start, spec)
    with model_server(_reply) as server:
        more = {"EVALSPEC_STATE": str(state), "HOSTED_VLLM_API_BASE": server.url}
        with warm(MODULES, **more) as one:
            blank = Setting(start, project, state, server, one, {}, 0)
            blank.fresh()
            done = one.run(project, *_build())
            if done.code != 0:
                raise RuntimeError(f"the undisturbed build: {done}")
            yield Setting(start, project, state, server, one, contents(project), len(server.asked))


def _build() -> tuple[str, ...]:
    return ("build", SPEC, "-q", "--jobs", str(JOBS))


@suite("models", "Models: a build that asks is killed or interrupted, and run again")
def models(effort: Effort, folder: Path) -> list[Tally]:
    """One project whose cases a scripted endpoint writes."""
    with _laid(folder) as setting:
        return [*_killed(effort, setting), _interrupted(effort, setting)]


def _killed(effort: Effort, setting: Setting) -> list[Tally]:
    lost = Tally("a reply that was kept before a SIGKILL is kept after it, and is not asked for again")
    again = Tally("the next build asks again at most for what was in flight, and never for more than `--jobs` allows")
    same = Tally("the next build gives the lock, the report and the tape of one that nobody disturbed")
    dice = effort.dice("kills")
    counts: Counter[str] = Counter()
    for at in range(effort.count(1000, 20)):
        setting.fresh()
        asked, pause = dice.randrange(0, setting.questions + 1), dice.uniform(0.0, 0.05)
        child = setting.warm.start(setting.folder, *_build())
        setting.wait_for(asked)
        time.sleep(pause)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            counts["had ended"] += 1
        setting.warm.wait()
        sent, before = len(setting.server.asked), setting.kept()
        done = setting.warm.run(setting.folder, *_build())
        where = f"kill {at}, {pause:.3f} s after request {asked}, with {sent} sent and {len(before)} kept: {done}"
        after = setting.kept()
        lost.hold(all(after.get(key) == reply for key, reply in before.items()), where)
        resent = len(setting.server.asked) - setting.questions
        in_flight = sent - len(before)
        again.hold(0 <= resent <= in_flight <= JOBS + JOBS // AHEAD, f"{where}; asked {resent} again")
        other = differences(contents(setting.folder), setting.wanted)
        same.hold(done.code == 0 and not other, f"{where}; {other}")
        counts["killed while it asked"] += 0 < sent < setting.questions
        counts["requests sent again"] += resent
    lost.figures = {
        "questions of a build": str(setting.questions),
        **{name: f"{count:,}" for name, count in counts.items()},
    }
    return [lost, again, same]


def _interrupted(effort: Effort, setting: Setting) -> Tally:
    """SIGINT, SIGTERM and SIGHUP in turn: what was sent is awaited, so that nothing is ever sent twice."""
    tally = Tally(
        "a build ended by a signal keeps all that was in flight: with the next one, each question is sent once"
    )
    dice = effort.dice("signals")
    more = {"EVALSPEC_STATE": str(setting.state), "HOSTED_VLLM_API_BASE": setting.server.url}
    for at in range(effort.count(200, 3)):
        number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[at % 3]
        setting.fresh()
        wanted = dice.randrange(1, setting.questions)
        with subprocess.Popen(
            command(*_build()), cwd=setting.folder, env=environment(**more), stderr=subprocess.PIPE, text=True
        ) as child:
            setting.wait_for(wanted)
            child.send_signal(number)
            said = child.communicate(timeout=SECONDS)[1]
        sent = len(setting.server.asked)
        done = setting.warm.run(setting.folder, *_build())
        is_same = not differences(contents(setting.folder), setting.wanted)
        is_once = len(setting.server.asked) == setting.questions
        tally.hold(
            child.returncode in (0, 128 + number) and done.code == 0 and is_same and is_once,
            f"{number.name} after {wanted} requests: exit {child.returncode}, {sent} sent, "
            f"{len(setting.server.asked)} in all; {said.strip()[-200:]}; {done}",
        )
    return tally
