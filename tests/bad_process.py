"""A command line in an interpreter of its own, with a bound on memory, its time and its peak."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bad_rows import Ran

MAIN = "from evalspec.cli import main; main()"
ADDRESS_SPACE = 4 << 30  # a runaway ends here; linear algebra reserves far more than it uses
SECONDS = 60
LOOK_SECONDS = 0.005  # between two looks at what a process holds; the mark it leaves only rises
# Root reads what nobody may read; a row about permissions needs a process without that right.
_PLAIN_USER = ("--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


def run_process(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> Ran:
    """Run a command line of evalspec in `folder`; `env` adds to the little that is passed on.

    Two names in `env` are ours: `_MODULE` starts with `python -m`, `_STDOUT=closed` closes the pipe at once.
    """
    given = {name: value for name, value in env.items() if not name.startswith("_")}
    start = ["-m", "evalspec"] if "_MODULE" in env else ["-I", "-c", MAIN]
    if given.keys() & {"PYTHONIOENCODING", "PYTHONUTF8"} and "_MODULE" not in env:
        start = ["-P", "-c", MAIN]
    words = [*_as_plain_user(), sys.executable, *start, *arguments]
    passed = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdout: int = out.fileno()
        if env.get("_STDOUT") == "closed":
            reader, stdout = os.pipe()
            os.close(reader)
        process = subprocess.Popen(
            words, cwd=folder, env={**passed, **given}, stdin=subprocess.DEVNULL, stdout=stdout, stderr=err,
            preexec_fn=_bound,
        )  # fmt: skip
        peak = 0
        while True:
            peak = max(peak, _held(process.pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(LOOK_SECONDS)
        process.returncode = os.waitstatus_to_exitcode(status)
        if stdout != out.fileno():
            os.close(stdout)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "backslashreplace"))
    return Ran(process.returncode, *texts, usage.ru_utime + usage.ru_stime, peak / 1024)


def _held(process: int) -> int:
    """Return the most memory a process has held so far, in kB; 0 once it has ended.

    `ru_maxrss` would not do: it starts with what the parent held, and a test runner holds hundreds of megabytes.
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _as_plain_user() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, *_PLAIN_USER) if os.geteuid() == 0 and setpriv else ()
