"""Ground that fails under a whole process: full disks, folders that cannot be written, few files, closed streams."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalspec.edges.replacing import SUFFIX
from tests.torture.dying import Act
from tests.torture.ground import LOCK, REPORT, SPEC
from tests.torture.processes import ROOT, Done, command, contents, differences, environment, execute
from tests.torture.suites import Effort, Tally

PAGE = 4096  # bytes; a tmpfs gives out space by pages

# Runs inside namespaces of its own: a small disk or a folder that is read-only, one command, and what is there then.
INSIDE = """
import hashlib, json, os, shutil, subprocess, sys
job = json.loads(sys.argv[1])
where = job["where"]
def sh(*words): subprocess.run(words, check=True)
if job["size"]:
    sh("mount", "-t", "tmpfs", "-o", f"size={job['size']}", "none", where)
    shutil.copytree(job["start"], where, dirs_exist_ok=True)
for folder in job["fixed"]:
    path = os.path.join(where, folder)
    sh("mount", "--bind", path, path)
    sh("mount", "-o", "remount,bind,ro", path)
def run():
    done = subprocess.run(job["line"], cwd=where, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    files = {}
    for folder, names, found in os.walk(where):
        for name in found:
            path = os.path.join(folder, name)
            below = os.path.relpath(path, where)
            if not below.startswith(".evalspec/"):
                files[below] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    return {"code": done.returncode, "said": done.stderr.decode("utf-8", "replace"), "files": files}
first = run()
if job["size"]:
    sh("mount", "-o", "remount,size=32m", where)
print(json.dumps([first, run() if job["size"] else first]))
"""


def why_no_namespaces() -> str:
    """Say why no disk can be mounted here, or nothing where one can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    line = ["unshare", "-Urm", "sh", "-c", "mount -t tmpfs none /mnt && mount --bind /mnt /mnt"]
    done = subprocess.run(line, capture_output=True, check=False)
    return "" if done.returncode == 0 else "user namespaces may not mount here"


def _inside(act: Act, where: Path, *, size: int = 0, fixed: Sequence[str] = ()) -> list[tuple[Done, dict[str, str]]]:
    """Run an act on a small disk, and again on a large one; or in a folder of which parts are read-only."""
    shutil.rmtree(where, ignore_errors=True)
    if size:
        where.mkdir(parents=True)
    else:
        shutil.copytree(act.start, where)
    job = {"where": str(where), "start": str(act.start), "size": size, "fixed": fixed, "line": command(*act.arguments)}
    done = execute(["unshare", "-Urm", sys.executable, "-c", INSIDE, json.dumps(job)], where)
    if done.code != 0:
        raise RuntimeError(str(done))
    return [(Done(one["code"], "", one["said"]), one["files"]) for one in json.loads(done.out)]


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}


def _other(found: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> str:
    names = found.keys() | before.keys() | after.keys()
    wrong = sorted(name for name in names if found.get(name) not in (before.get(name), after.get(name)))
    if found.get(LOCK) == after.get(LOCK) and found.get(REPORT) != after.get(REPORT):
        wrong.append("the lock is new and the report old")
    return ", ".join(wrong)


def full_disks(effort: Effort, acts: Sequence[Act], folder: Path) -> list[Tally]:
    """Disks with room for 0, 4, 8, ... kB more than what stands on them."""
    told = Tally("on a full disk a command says so and leaves with 10, or does all of its work")
    whole = Tally("a full disk leaves every file old or new and no temporary")
    again = Tally("with room again, the next run gives the bytes of an undisturbed one")
    tallies = [told, whole, again]
    if reason := why_no_namespaces():
        for tally in tallies:
            tally.skipped = reason
        return tallies
    codes: dict[int, int] = {}
    for act in acts:
        before, after = _digests(act.before), _digests(act.after)
        used = sum(-(-len(raw) // PAGE) for raw in act.before.values())
        used += sum(1 for _ in (act.start / ".evalspec").rglob("*")) if (act.start / ".evalspec").exists() else 0
        rooms = list(range(65)) if effort.full and act.name == "build" else list(range(13))
        for room in rooms if effort.full else effort.dice(act.name).sample(rooms[:4], 1):
            (done, found), (later, at_last) = _inside(act, folder / "disk", size=(used + room) * PAGE)
            where = f"{act.name} with {room * 4} kB left"
            codes[done.code] = codes.get(done.code, 0) + 1
            is_told = done.code == 10 and "error[E9" in done.err
            told.hold(is_told or (done.code == 0 and found == after), f"{where}: {done}")
            left = [name for name in found if name.endswith(SUFFIX)]
            whole.hold(not left and not _other(found, before, after), f"{where}: {left} {_other(found, before, after)}")
            expected = (0, 3) if act.name == "review record" else (0,)
            again.hold(later.code in expected and at_last == after, f"{where}: {later}")
    told.figures["exit codes"] = ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
    return tallies


def read_only(acts: Sequence[Act], folder: Path) -> Tally:
    """Folders of a read-only mount; root may write into what a mode forbids."""
    tally = Tally("a read-only folder is exit 10 with a message, nothing changes; one that is not needed is no trouble")
    if reason := why_no_namespaces():
        tally.skipped = reason
        return tally
    for act in acts:
        needed = {"build": (".",), "results import": (".", "small/results"), "review record": (".", "small/ledger")}
        fixed = {".": 10, "small": 10, ".evalspec": 0, **dict.fromkeys(needed.get(act.name, (".",)), 10)}
        if act.name == "build":
            fixed["small"] = 0
        for name, code in fixed.items():
            if not (act.start / name).exists():
                continue
            done, found = _inside(act, folder / "fixed", fixed=[name])[0]
            wanted = _digests(act.after if code == 0 else act.before)
            is_told = code == 0 or "error[E907]" in done.err
            tally.hold(done.code == code and is_told and found == wanted, f"{act.name} with {name} read-only: {done}")
    return tally


def few_files(effort: Effort, act: Act, folder: Path) -> Tally:
    """Every limit of open files from 3 on, where the interpreter itself can start."""
    tally = Tally("with few open files allowed a build is done, or exit 10 with a message, and half-writes nothing")
    started = 0
    for limit in range(3, effort.count(40, 7)):
        line = f"ulimit -n {limit}; exec "
        plain = execute(["bash", "-c", line + shlex.join([sys.executable, "-P", "-c", "import evalspec.cli"])], ROOT)
        if plain.code != 0:
            continue
        started += 1
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(act.start, folder)
        done = execute(["bash", "-c", line + shlex.join(command(*act.arguments))], folder)
        found = contents(folder)
        is_done = done.code == 0 and found == act.after
        is_told = done.code == 10 and "error[E9" in done.err and found == act.before
        tally.hold(is_done or is_told, f"{limit} files: {done}; {differences(found, act.before)}")
    tally.figures["limits under which the interpreter starts"] = str(started)
    return tally


STREAMS: tuple[tuple[str, str, int, bool], ...] = (
    # command, what happens to its streams, its exit code, whether lock and report are written
    ("build {spec} --json -q", " | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}", 0, True),
    ("build {spec} --json -q", " | true; exit ${{PIPESTATUS[0]}}", 141, True),
    ("report {spec}", " | true; exit ${{PIPESTATUS[0]}}", 141, False),
    ("catalog", " | true; exit ${{PIPESTATUS[0]}}", 141, False),
    ("build {spec} --json -q", " >/dev/full", 10, True),
    ("report {spec}", " >/dev/full", 10, False),
    ("catalog", " >/dev/full", 10, False),
    ("--help", " >/dev/full", 10, False),
    ("build {spec}", " >&-", 0, True),
    ("build {spec}", " 2>&-", 0, True),
    ("build {spec}", " 2>/dev/full", 0, True),
    ("build {spec}", " 2> >(true)", 0, True),
    ("build {spec}", " <&- >&- 2>&-", 0, True),
)


def lost_streams(effort: Effort, act: Act, folder: Path) -> Tally:
    """Streams that are closed, full, or whose reader has gone."""
    tally = Tally("closed, full and abandoned streams: the stated exit code, no trace, and the build is whole")
    for words, redirected, code, writes in STREAMS if effort.full else effort.dice("streams").sample(STREAMS, 4):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(act.start, folder)
        arguments = words.format(spec=SPEC).split()
        done = execute(["bash", "-c", shlex.join(command(*arguments)) + redirected.format()], folder)
        codes = (code,) if "head" not in redirected else (0, 141)  # by who is quicker
        is_whole = contents(folder) == (act.after if writes else act.before)
        is_quiet = "Traceback" not in done.err and "Exception ignored" not in done.err
        tally.hold(done.code in codes and is_whole and is_quiet, f"evalspec {words}{redirected}: {done}")
    return tally


def thrown_away(effort: Effort, act: Act, folder: Path) -> Tally:
    """`.evalspec` is never needed: gone, or full of what a stranger put there."""
    tally = Tally("`.evalspec` deleted or full of junk: the same bytes, or a refusal that says why")
    junk = {"absent": None, "a file": ".evalspec", "a folder for the lock": ".evalspec/small/busy/x", "junk": ""}
    for name, path in list(junk.items())[: effort.count(len(junk), 1)]:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(act.start, folder)
        shutil.rmtree(folder / ".evalspec", ignore_errors=True)
        if path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("junk", "utf-8")
        elif path == "":
            for one in ("small/busy", "cache/ab/cd", "small/failed/small.lock.json", "small/torn/ann.txt"):
                (folder / ".evalspec" / one).parent.mkdir(parents=True, exist_ok=True)
                (folder / ".evalspec" / one).write_bytes(os.urandom(64))
        done = execute(command(*act.arguments), folder, env=environment())
        found = contents(folder)
        is_same = done.code == 0 and all(found[name] == act.after[name] for name in (LOCK, REPORT))
        is_told = done.code in (3, 10) and "error[E9" in done.err and found[LOCK] == act.before[LOCK]
        tally.hold(is_same or is_told, f"{name}: {done}")
    return tally
