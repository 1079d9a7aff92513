"""Whole processes of evalspec for the suites: started, traced, killed, and what they left looked at.

Run as a program, this file is the warm process: it has everything imported and forks a child for each command line, so
that a thousand kills spend their time in builds and not in imports.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60.0  # a command of these suites takes half a second; what takes this long hangs
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "close", "unlink", "unlinkat", "mkdir", "mkdirat")
CALLS += ("rename", "renameat", "renameat2", "ftruncate", "truncate", "fchmod", "flock", "read", "pread64", "lseek")
KILLED = -9


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit code (negative: the signal that ended it) and what it printed."""

    code: int
    out: str
    err: str

    @property
    def shell_code(self) -> int:
        """The exit code as a shell shows it."""
        return self.code if self.code >= 0 else 128 - self.code

    def __str__(self) -> str:
        return f"exit {self.code}: {self.err.strip()[-300:]}"


def command(*arguments: str, python: str = sys.executable) -> list[str]:
    """The command line of one evalspec command."""
    return [python, "-P", "-m", "evalspec", *arguments]


def environment(**more: str) -> dict[str, str]:
    """A small environment of our own: what the machine has set decides nothing."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", **more}


def execute(
    line: Sequence[str | bytes], folder: Path | bytes, *, env: Mapping[str, str] | None = None, **options: object
) -> Done:
    """Run a command line in a folder to its end."""
    done = subprocess.run(
        line,
        cwd=folder,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def evalspec(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, **options: object) -> Done:
    """Run one evalspec command in a folder to its end."""
    return execute(command(*arguments), folder, env=env, **options)


class Warm:
    """The warm process; a class because it is one, with a pipe in and a pipe out."""

    def __init__(self, modules: Sequence[str] = (), **more: str) -> None:
        """`modules` are imported beside those of all commands; `more` is set in the environment of all children."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__)), *modules],
            cwd=ROOT,
            env=environment(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, *arguments: str, stopped: bool = False) -> int:
        """Start one command in a child and return the child's process id; `stopped` holds it until it is continued."""
        assert self.process.stdin is not None and self.process.stdout is not None
        job = {"folder": str(folder), "arguments": arguments, "stopped": stopped}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self) -> Done:
        """Wait for the child and return how it ended."""
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        return Done(told["code"], "", told["said"])

    def run(self, folder: Path, *arguments: str) -> Done:
        """Run one command to its end."""
        self.start(folder, *arguments)
        return self.wait()


@contextmanager
def warm(modules: Sequence[str] = (), **more: str) -> Iterator[Warm]:
    """Keep a warm process for a while."""
    made = Warm(modules, **more)
    try:
        yield made
    finally:
        assert made.process.stdin is not None and made.process.stdout is not None
        made.process.stdin.close()
        made.process.wait(SECONDS)
        made.process.stdout.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path; what is never committed is left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith((".evalspec/", ".git/")):
            found[name] = path.read_bytes()
    return found


def differences(found: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> str:
    """Name the files in which two folders differ."""
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return ", ".join(
        f"{name} ({'new' if name not in wanted else 'gone' if name not in found else 'other bytes'})" for name in names
    )


def why_no_strace() -> str:
    """Say why no process can be traced here, or nothing where one can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-e", "trace=none", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "ptrace is not allowed here"


def traced(
    server: Warm, folder: Path, watched: Sequence[str], arguments: Sequence[str], *, inject: str | None = None
) -> tuple[Done, Counter[str]]:
    """Run a command under strace and count its calls on the watched paths; `inject` is strace's own expression."""
    with tempfile.NamedTemporaryFile(prefix="strace-") as log:
        line = ["strace", "-o", log.name, "-e", "trace=" + ",".join(f"?{name}" for name in CALLS)]
        for path in watched:
            line += ["-P", path]
        line += ["-e", f"inject={inject}"] if inject else []
        child = server.start(folder, *arguments, stopped=True)
        _until_stopped(child)
        with subprocess.Popen([*line, "-p", str(child)], stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            said = ""
            while "attached" not in said:
                said = strace.stderr.readline()
                if not said:
                    os.kill(child, signal.SIGKILL)
                    raise RuntimeError(f"strace did not attach: {said}")
            os.kill(child, signal.SIGCONT)
            done = server.wait()
            strace.communicate(timeout=SECONDS)
        seen = Counter(re.findall(rb"^(\w+)\(", Path(log.name).read_bytes(), re.MULTILINE))
    return done, Counter({name.decode(): count for name, count in seen.items()})


def _until_stopped(child: int) -> None:
    status = Path(f"/proc/{child}/stat")
    while status.read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.0005)


def _serve() -> None:
    """Fork a child for each line of stdin and tell its number, then how it ended."""
    import importlib

    from evalspec.catalog import load_catalog
    from evalspec.cli import COMMANDS

    for module in (*(module for module, _ in COMMANDS.values()), *sys.argv[1:]):
        importlib.import_module(module)
    load_catalog()
    with tempfile.TemporaryFile() as said:
        for line in sys.stdin:
            job = json.loads(line)
            said.seek(0)
            said.truncate()
            child = os.fork()
            if child == 0:
                if job["stopped"]:
                    os.kill(os.getpid(), signal.SIGSTOP)
                _child(job["folder"], job["arguments"], said.fileno())
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
            _, status = os.waitpid(child, 0)
            said.seek(0)
            told = {"code": os.waitstatus_to_exitcode(status), "said": said.read().decode("utf-8", "replace")}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _child(folder: str, arguments: list[str], said: int) -> None:
    from evalspec.cli import run

    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 70
    try:
        code = run(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
