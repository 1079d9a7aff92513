"""What every contender goes through, and what the server saw of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.llm.contenders import CONTENDERS, ROOT, Runner
from benchmarks.llm.envs import Made
from benchmarks.llm.peers.items import message, names, usable
from benchmarks.llm.timing import Timed, run, share

COUNT = 2_000
JOBS = 64
LATENCY = 0.2
MANY = {"count": 8_000, "jobs": 1_000, "latency": 2.0}  # two seconds: 1,000 at 200 ms is more than a server here gives
LIMIT = 240.0  # seconds of a run
HANG_LIMIT = 120.0  # seconds of a run that should take less than a cold one
SETTLE_SECONDS = 1.0  # after a kill, for what was open at the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The running server."""

    port: int

    @property
    def url(self) -> str:
        """Return the address that contenders are given."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self, **settings: Any) -> None:
        """Forget what was asked, and take new settings."""
        self._send("start", settings)

    def count(self) -> Any:
        """Return what was asked since."""
        return self._send("count", None)

    def _send(self, what: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/bench/{what}", data=data)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())


@contextmanager
def serving() -> Iterator[Server]:
    """Run the server in a process of its own."""
    line = [sys.executable, "-m", "benchmarks.llm.server"]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(port=int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


class Bench:
    """All runs of one contender; a class because a later phase goes on with the folder of an earlier one."""

    def __init__(self, name: str, made: Made | None, folder: Path, server: Server) -> None:
        """`folder` is this contender's own."""
        self._contender = CONTENDERS[name]
        self._made = made
        self._folder = folder
        self._server = server

    def cold(self) -> dict[str, Any]:
        """Ask everything for the first time, in an empty folder."""
        runner = self._runner("warm", is_new=True)
        return self._measure(runner, names(COUNT), limit=LIMIT)

    def again(self) -> dict[str, Any]:
        """Run the same once more."""
        return self._measure(self._runner("warm"), names(COUNT), limit=HANG_LIMIT)

    def changed(self) -> dict[str, Any]:
        """Run again with one question changed; tell whether its new answer came."""
        wanted = names(COUNT, changed=True)
        runner = self._runner("warm")
        found = self._measure(runner, wanted, limit=HANG_LIMIT)
        text = runner.texts(wanted)[COUNT // 2]
        found["new"] = text is not None and message(wanted[COUNT // 2]) in text
        return found

    def killed(self) -> dict[str, Any]:
        """Kill with SIGKILL when half of the replies are out, and run again."""
        wanted, runner = names(COUNT), self._runner("killed", is_new=True)
        self._server.start(latency=LATENCY)
        run(runner.prepare(wanted), limit=LIMIT, end=lambda: self._server.count()["answered"] >= COUNT // 2)
        time.sleep(SETTLE_SECONDS)
        before = self._server.count()
        runner.forget()
        timed = run(runner.prepare(wanted), limit=HANG_LIMIT)
        after = self._server.count()
        return _row(timed) | {
            "before": before["sent"],
            "sent": after["sent"] - before["sent"],
            "twice": after["about_items"] - after["items"],
            "delivered_twice": after["again"],
            "usable": usable(runner.texts(wanted), wanted),
        }

    def faults(self) -> dict[str, Any]:
        """Ask everything of a server that fails: 5 % 429, 2 % 500, 1 % broken JSON, each once."""
        return self._measure(self._runner("faults", is_new=True), names(COUNT), limit=LIMIT, has_faults=True)

    def many(self) -> dict[str, Any]:
        """Ask more with a thousand calls open."""
        runner = self._runner("many", is_new=True, jobs=int(MANY["jobs"]))
        return self._measure(runner, names(int(MANY["count"])), limit=LIMIT, latency=MANY["latency"])

    def _measure(
        self, runner: Runner, wanted: list[str], *, limit: float, latency: float = LATENCY, has_faults: bool = False
    ) -> dict[str, Any]:
        start = runner.prepare(wanted)
        runner.forget()
        self._server.start(latency=latency, has_faults=has_faults)
        free = share()
        timed = run(start, limit=limit)
        seen = self._server.count()
        return _row(timed) | {
            "sent": seen["sent"],
            "faults": seen["faults"],
            "most_open": seen["most_open"],
            "asked_for": seen["last"] - seen["first"],
            "usable": usable(runner.texts(wanted), wanted),
            "share": round(free, 2),
            "load": os.getloadavg()[0],
        }

    def _runner(self, name: str, *, is_new: bool = False, jobs: int = JOBS) -> Runner:
        folder = self._folder / name
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        return Runner(self._contender, self._made, folder, self._server.url, jobs)


def _row(timed: Timed) -> dict[str, Any]:
    row = {
        "wall": round(timed.wall, 2),
        "cpu": round(timed.cpu, 2),
        "mb": round(timed.mb),
        "code": timed.code,
        "has_hung": timed.has_hung,
    }
    return row | ({"said": timed.said} if timed.code or timed.has_hung else {})
