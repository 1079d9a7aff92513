"""One process and all that it starts: wall, CPU, memory, and an end when it hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.llm.contenders import Start

SAMPLE_SECONDS = 0.2  # between looks at the memory
SHARE_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What one run took. CPU is of all processes that were waited for; memory is the most that they held together."""

    wall: float
    cpu: float
    mb: float
    code: int  # negative: ended by that signal
    has_hung: bool
    said: str  # the last line of what it printed


def run(start: Start, *, limit: float, end: Callable[[], bool] = lambda: False) -> Timed:
    """Run to the end, or kill it with all that it started after `limit` seconds or when `end` says so."""
    log = start.folder / "said.txt"
    with log.open("wb") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            start.line,
            cwd=start.folder,
            env=dict(start.environment),
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        memory, looked, code, has_hung = 0.0, 0.0, None, False
        cpu = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            now = time.perf_counter()
            if pid:
                code, cpu = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
                process.returncode = code
                break
            has_hung = has_hung or now - began > limit
            if has_hung or end():
                _kill(process.pid)
            if now - looked > SAMPLE_SECONDS:
                memory, looked = max(memory, _memory(process.pid)), now
            time.sleep(0.01)
        wall = time.perf_counter() - began
        _kill(process.pid)
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return Timed(wall=wall, cpu=cpu, mb=memory, code=code, has_hung=has_hung, said=lines[-1][-300:] if lines else "")


def share() -> float:
    """Return how much of a core a busy loop gets now: below 1 the machine is busy with other work."""
    began, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < SHARE_SECONDS:
        pass
    return (time.process_time() - used) / (time.perf_counter() - began)


def _session(leader: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.append(int(path.name))
    return found


def _memory(leader: int) -> float:
    """Return the megabytes that the processes of a session hold, what they share counted once."""
    total = 0
    for pid in _session(leader):
        with suppress(OSError, ValueError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def _kill(leader: int) -> None:
    for pid in _session(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
