"""Kills: at random moments, and at every call that a command makes on a file of its project; then what is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalspec.edges.replacing import SUFFIX
from tests.small_specs import rows
from tests.torture.ground import LOCK, REPORT, SPEC, Ground, case_ids, must
from tests.torture.processes import KILLED, Warm, contents, differences, traced
from tests.torture.suites import Effort, Tally

# What a call may fail with on a disk that is full, broken or not ours, or in a process that has too many files.
FAULTS = {
    "openat": ("EMFILE", "EACCES", "ENOSPC"),
    "write": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "rename": ("EXDEV", "EIO", "ENOSPC"),
    "flock": ("ENOLCK",),
    "fchmod": ("EPERM",),
    "read": ("EIO",),
    "mkdir": ("ENOSPC", "EROFS"),
}


@dataclass(frozen=True)
class Act:
    """A command that writes: the folder it starts from, its words, and the files that it leaves."""

    name: str
    start: Path
    arguments: tuple[str, ...]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]

    def watched(self, folder: Path) -> list[str]:
        """Every path of the project that the command could touch."""
        names = {*self.before, *self.after}
        paths = {folder / name for name in names}
        paths |= {path.with_name(f".{path.name}{SUFFIX}") for path in paths}
        paths |= {path.parent for path in paths} | {folder / ".evalspec", folder / ".evalspec/small"}
        whole = sorted({*paths, folder / ".evalspec/small/busy"})
        # A call is matched by how it spells the path.
        relative = [str(path.relative_to(folder)) for path in whole]
        return [*map(str, whole), *relative, *(f"./{path}" for path in relative)]


def killed_at_random(effort: Effort, ground: Ground, folder: Path, server: Warm) -> list[Tally]:
    """SIGKILL at random moments of a build, one draw of the set after the other; then the next build."""
    state = Tally("a build killed at a random moment leaves the old lock and report or the new ones, in that order")
    again = Tally("the next build gives the bytes of one that nobody disturbed, and leaves nothing else")
    told = Tally("`verify` tells a lock that a kill left behind its report (exit 4)")
    project = ground.copy(folder / "project")
    wanted, seconds = _draws(ground, project, server)
    dice = effort.dice("kills")
    counts: Counter[str] = Counter()
    for at in range(effort.count(1000, 40)):
        draw = (at + 1) % 2
        (project / SPEC).write_text((ground.before, ground.after)[draw], "utf-8")
        # Every second kill falls into the last fifth of the build, where it writes.
        moment = seconds * (dice.uniform(0.8, 1.05) if at % 2 else dice.random())
        child = server.start(project, "build", SPEC, "-q")
        time.sleep(moment)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            counts["had ended"] += 1
        done = server.wait()
        counts["killed"] += done.code == KILLED
        found = contents(project)
        trouble = _mixed(found, wanted[1 - draw], wanted[draw])
        state.hold(not trouble, f"kill {at} after {moment:.4f} s: {trouble}")
        counts["left a temporary"] += any(name.endswith(SUFFIX) for name in found)
        if found[REPORT] != found[LOCK] and found[REPORT] == wanted[draw][REPORT] and found[LOCK] != wanted[draw][LOCK]:
            counts["died between report and lock"] += 1
            verdict = server.run(project, "verify", SPEC)
            told.hold(verdict.code == 4, f"kill {at}: verify said {verdict}")
        done = server.run(project, "build", SPEC, "-q")
        other = differences(contents(project), wanted[draw])
        again.hold(done.code == 0 and not other, f"kill {at} after {moment:.4f} s: {done}; {other}")
    state.figures = {"a build takes": f"{seconds * 1000:.0f} ms", **{name: f"{n:,}" for name, n in counts.items()}}
    if not told.tried:
        told.skipped = "no kill fell between report and lock; the kills at every call have some"
    return [state, again, told]


def _draws(ground: Ground, project: Path, server: Warm) -> tuple[tuple[dict[str, bytes], ...], float]:
    """Build both draws of the project; return their files and the seconds of a build. The first stands at the end."""
    wanted: list[dict[str, bytes]] = []
    spent: list[float] = []
    for text in (ground.after, ground.before, ground.after, ground.before):
        (project / SPEC).write_text(text, "utf-8")
        began = time.monotonic()
        must(server, project, "build", SPEC, "-q")
        spent.append(time.monotonic() - began)
        wanted.append(contents(project))
    return (wanted[3], wanted[2]), statistics.median(spent)


def _mixed(found: Mapping[str, bytes], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Say what is neither old nor new; the spec itself is new, a temporary may be there, the lock never runs ahead."""
    wrong = []
    for name in sorted(found.keys() | before.keys() | after.keys()):
        if name.endswith(SUFFIX) and name.rpartition("/")[2].startswith("."):
            continue
        if found.get(name) not in (before.get(name), after.get(name)):
            wrong.append(f"{name} is neither old nor new")
    is_new = {name: found.get(name) == after.get(name) for name in (LOCK, REPORT)}
    if is_new[LOCK] and not is_new[REPORT]:
        wrong.append("the lock is new and the report old")
    return "; ".join(wrong)


def acts(ground: Ground, folder: Path, server: Warm) -> list[Act]:
    """The commands that write, each with what it does when nobody disturbs it."""
    return [
        _act(folder / "build", ground, ("build", SPEC, "-q"), server),
        _act(folder / "import", ground, ("import", SPEC, "production", "--from", "raw.jsonl"), server),
        _act(folder / "record", ground, _decision(ground, server), server),
        _act(folder / "results", ground, ("results", "import", SPEC, "new.jsonl", "--model", "bot"), server),
    ]


def _decision(ground: Ground, server: Warm) -> tuple[str, ...]:
    case = next(one for one in case_ids(ground.folder, server) if one.startswith("mutation"))
    return ("review", "record", SPEC, case, "keep", "--reviewer", "ann", "--date", "2026-11-03")


def _act(folder: Path, ground: Ground, arguments: tuple[str, ...], server: Warm) -> Act:
    """Lay out where a command starts, and run it once in a copy."""
    start = ground.copy(folder / "start")
    if arguments[0] == "build":
        (start / SPEC).write_text(ground.after, "utf-8")
        shutil.rmtree(start / ".evalspec", ignore_errors=True)
    elif arguments[0] == "import":
        more = [*rows(), {"id": "more", "input": "Is the blue one sold out? I had put it aside.", "expected": "track"}]
        (start / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in more), "utf-8")
    elif arguments[0] == "results":
        cases = json.loads((start / LOCK).read_text("utf-8"))["cases"]
        for name, passed in (("old.jsonl", False), ("new.jsonl", True)):
            lines = [{"id": case["id"], "digest": case["digest"], "model": "bot", "pass": passed} for case in cases]
            (start / name).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        must(server, start, "results", "import", SPEC, "old.jsonl", "--model", "bot")
    before = contents(start)
    shutil.copytree(start, folder / "once")
    must(server, folder / "once", *arguments)
    after = contents(folder / "once")
    return Act(" ".join(arguments[:2]).removesuffix(f" {SPEC}"), start, arguments, before, after)


def _fresh(act: Act, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(act.start, folder)
    return folder


def _points(effort: Effort, counts: Mapping[str, int], calls: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Every call of a command by name and number, or a few of them in the sample: those of writing and some others."""
    points = [(name, number) for name in calls for number in range(1, counts.get(name, 0) + 1)]
    if effort.full:
        yield from points
        return
    writing = [one for one in points if one[0] in ("write", "fsync", "rename", "unlink")]
    others = [one for one in points if one not in writing]
    yield from writing[:6]
    yield from effort.dice("points").sample(others, min(6, len(others)))


def killed_at_every_call(effort: Effort, made: Sequence[Act], folder: Path, server: Warm) -> list[Tally]:
    """SIGKILL at the entry of each system call on a file of the project, one run for each."""
    state = Tally("a command killed at any call on a file of its project leaves old or new files, never anything else")
    again = Tally("run once more, it gives the bytes of an undisturbed run and leaves nothing else")
    told = Tally("`verify` tells a lock that such a kill left behind its report (exit 4)")
    for act in made:
        project = _fresh(act, folder / "project")
        watched = act.watched(project)
        _, counts = traced(server, project, watched, act.arguments)
        for call, number in _points(effort, counts, sorted(counts)):
            _fresh(act, project)
            done, _ = traced(server, project, watched, act.arguments, inject=f"{call}:signal=SIGKILL:when={number}")
            where = f"{act.name} killed at {call} {number}"
            found = contents(project)
            trouble = _mixed(found, act.before, act.after)
            state.hold(done.code == KILLED and not trouble, f"{where}: {done}; {trouble}")
            if act.name == "build" and found[LOCK] == act.before[LOCK] and found[REPORT] == act.after[REPORT]:
                verdict = server.run(project, "verify", SPEC)
                told.hold(verdict.code == 4, f"{where}: verify said {verdict}")
            done = server.run(project, *act.arguments)
            other = differences(contents(project), act.after)
            # A decision that was recorded before the kill is not recorded twice.
            expected = (0, 3) if act.name == "review record" else (0,)
            again.hold(done.code in expected and not other, f"{where}: {done}; {other}")
        spelled = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        state.figures[f"calls of {act.name}"] = spelled
    return [state, again, told]


def failed_at_every_call(effort: Effort, made: Sequence[Act], folder: Path, server: Warm) -> list[Tally]:
    """An error from each system call on a file of the project: full and broken disks, other disks, too many files."""
    kept = Tally("a call that fails (ENOSPC, EIO, EMFILE, EXDEV, EACCES, EROFS) is exit 10 with a message, or harmless")
    whole = Tally("after it every file is old or new, and no temporary is left")
    for act in made:
        project = _fresh(act, folder / "project")
        watched = act.watched(project)
        _, counts = traced(server, project, watched, act.arguments)
        for call, number in _points(effort, counts, [name for name in sorted(counts) if name in FAULTS]):
            for fault in FAULTS[call] if effort.full else FAULTS[call][:1]:
                _fresh(act, project)
                done, _ = traced(server, project, watched, act.arguments, inject=f"{call}:error={fault}:when={number}")
                where = f"{act.name}, {call} {number} fails with {fault}"
                found = contents(project)
                is_done = done.code == 0 and found == act.after
                is_told = done.code == 10 and "error[E9" in done.err
                kept.hold(is_done or is_told, f"{where}: {done}; {differences(found, act.after)}")
                trouble = _mixed(found, act.before, act.after)
                left = [name for name in found if name.endswith(SUFFIX)]
                whole.hold(not trouble and not left, f"{where}: {trouble} {left}")
    return [kept, whole]
