"""Many commands at once, signals at any moment, and inputs that change while a build reads them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.torture.dying import Act
from tests.torture.ground import LOCK, REPORT, SPEC
from tests.torture.processes import SECONDS, Done, Warm, command, contents, differences, environment, evalspec
from tests.torture.suites import Effort, Tally

HOLDER = (
    "import fcntl, os, sys, time; os.makedirs('.evalspec/small', exist_ok=True); "
    "handle = open('.evalspec/small/busy', 'w'); fcntl.flock(handle, fcntl.LOCK_EX); "
    "handle.write(str(os.getpid())); handle.flush(); print('held', flush=True); time.sleep(60)"
)
SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))


def _fresh(act: Act, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(act.start, folder)
    return folder


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=SECONDS)
    return Done(process.returncode, out, err)


def two_at_once(effort: Effort, act: Act, folder: Path) -> list[Tally]:
    """A holder that is another process, told and waited for, ended or killed; then many builds and reviewers."""
    busy = Tally(
        "while one build holds the spec, `--no-wait` is exit 9 and names the process; another waits and says so"
    )
    freed = Tally("a holder that is killed -9 frees the spec at once, and the build that waited gives the right bytes")
    many = Tally("builds started together all succeed with the same bytes, and leave nothing else")
    for _ in range(effort.count(10, 1)):
        project = _fresh(act, folder)
        with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=project, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            refused = evalspec(project, "build", SPEC, "--no-wait")
            is_told = refused.code == 9 and "error[E910]" in refused.err and str(holder.pid) in refused.err
            busy.hold(is_told and contents(project) == act.before, f"--no-wait: {refused}")
            waiting = _start(project, "build", SPEC)
            assert waiting.stderr is not None
            line = waiting.stderr.readline()
            busy.hold("waiting for another build" in line and str(holder.pid) in line, f"it said: {line}")
            busy.hold(waiting.poll() is None, "it did not wait")
            holder.send_signal(signal.SIGKILL)
            done = _end(waiting)
        freed.hold(done.code == 0 and contents(project) == act.after, f"after the kill: {done}")
        project = _fresh(act, folder)
        ended = [_end(one) for one in [_start(project, "build", SPEC, "-q") for _ in range(effort.count(8, 3))]]
        other = differences(contents(project), act.after)
        many.hold(all(one.code == 0 for one in ended) and not other, f"{[str(one) for one in ended]}; {other}")
    many.figures["builds at once"] = str(effort.count(8, 3))
    return [busy, freed, many]


def reviewers_at_once(effort: Effort, act: Act, ids: list[str], folder: Path, server: Warm) -> Tally:
    """One reviewer's decisions from many processes at once, as from several windows."""
    tally = Tally("decisions recorded by several processes at once are all in the ledger, on whole lines")
    chosen = [one for one in ids if one.startswith("mutation")][: effort.count(8, 3)]
    for _ in range(effort.count(5, 1)):
        project = _fresh(act, folder)
        who = ("keep", "--reviewer", "eve", "--date", "2026-11-03")
        ended = [_end(one) for one in [_start(project, "review", "record", SPEC, case, *who) for case in chosen]]
        lines = (project / "small/ledger/eve.jsonl").read_text("utf-8").splitlines()
        recorded = sorted(line.split('"')[3] for line in lines)
        checked = server.run(project, "build", SPEC, "-q")
        is_whole = recorded == sorted(chosen) and checked.code == 0
        tally.hold(is_whole and all(one.code == 0 for one in ended), f"{[str(one) for one in ended]}; {recorded}")
    return tally


def stopped(effort: Effort, act: Act, folder: Path) -> Tally:
    """SIGINT, SIGTERM and SIGHUP at random moments of a whole process, the start of the interpreter included."""
    tally = Tally(
        "SIGINT, SIGTERM and SIGHUP at a random moment: 130, 143, 129, nothing half-written, no trace of ours"
    )
    began = time.monotonic()
    evalspec(_fresh(act, folder), *act.arguments)
    seconds = time.monotonic() - began
    dice = effort.dice("signals")
    finished = 0
    for at in range(effort.count(300, 9)):
        number, code = SIGNALS[at % 3]
        project = _fresh(act, folder)
        process = _start(project, *act.arguments)
        moment = dice.uniform(0, seconds)
        time.sleep(moment)
        process.send_signal(number)
        done = _end(process)
        found = contents(project)
        is_done = done.code == 0 and found == act.after
        finished += is_done
        # The report may be new already; what stands there is whole, and no temporary is left.
        is_whole = found.keys() <= act.after.keys() and all(
            raw in (act.before.get(name), act.after[name]) for name, raw in found.items()
        )
        # Before a line of evalspec runs, the interpreter answers for itself.
        is_quiet = "Traceback" not in done.err or "evalspec" not in done.err.replace("-m evalspec", "")
        is_stopped = done.shell_code == code and is_whole and is_quiet
        tally.hold(is_done or is_stopped, f"{number.name} after {moment:.3f} s: {done}")
    tally.figures["had finished before the signal came"] = str(finished)
    return tally


def changed_below(effort: Effort, act: Act, folder: Path, server: Warm) -> Tally:
    """An input that is replaced, again and again, while builds run."""
    tally = Tally("an input that changes during a build is exit 3 with its name, or the bytes of one state of it")
    path = "small/production.jsonl"
    project = _fresh(act, folder)
    lines = (project / path).read_bytes().splitlines(keepends=True)
    states = [b"".join(lines), b"".join([*lines[:-1], lines[-1].replace(b"?", b"!").replace(b".", b"!")])]
    wanted = []
    for raw in states:
        (project / path).write_bytes(raw)
        done = server.run(project, "build", SPEC, "-q")
        wanted.append({name: one for name, one in contents(project).items() if name in (LOCK, REPORT)})
    if wanted[0] == wanted[1] or done.code != 0:
        raise RuntimeError(f"both states give one lock: {done}")
    dice = effort.dice("changes")
    told = 0
    for at in range(effort.count(100, 5)):
        pauses = [dice.uniform(0, 0.15) for _ in range(6)]
        ended = threading.Event()

        def change(pauses: list[float] = pauses, ended: threading.Event = ended) -> None:
            for number, pause in enumerate(pauses):
                if ended.wait(pause):
                    return
                beside = project / "next"
                beside.write_bytes(states[number % 2])
                os.replace(beside, project / path)

        changer = threading.Thread(target=change)
        changer.start()
        done = server.run(project, "build", SPEC, "-q")
        ended.set()
        changer.join()
        (project / "next").unlink(missing_ok=True)
        found = {name: one for name, one in contents(project).items() if name in (LOCK, REPORT)}
        is_told = done.code == 3 and "error[E917]" in done.err and path in done.err
        told += is_told
        tally.hold((done.code == 0 or is_told) and found in wanted, f"build {at}: {done}")
    (project / path).write_bytes(states[0])
    done = server.run(project, "build", SPEC, "-q")
    found = {name: one for name, one in contents(project).items() if name in (LOCK, REPORT)}
    tally.hold(done.code == 0 and found == wanted[0], f"the last build: {done}")
    tally.figures["told as changed during the build"] = str(told)
    return tally
