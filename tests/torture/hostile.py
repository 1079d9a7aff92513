"""Hostile files: a stranger's checkout runs nothing, reads and writes nothing outside, and prints nothing that acts."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.torture.hostile_attacks import (
    Attack,
    attack_environment,
    attack_links,
    attack_paths,
    attack_specs,
    committed_bare_repository,
    write_outside,
)
from tests.torture.hostile_setting import (
    ENVIRONMENT,
    FORBIDDEN,
    INTERPRETER,
    KEYS,
    MARK,
    SPEC,
    Ran,
    change_spec,
    command,
    copied,
    every_command,
    obeyed,
    outside,
    tree,
    write_checkout,
)
from tests.torture.hostile_texts import hostile_rows
from tests.torture.suites import Effort, Tally, suite

READING = (("check", SPEC), ("plan", SPEC), ("verify", SPEC), ("build", SPEC, "--locked"))
WRITING = (
    ("build", SPEC),
    ("build", SPEC, "--partial"),
    ("import", SPEC, "production", "--from", "raw.jsonl"),
    ("export", SPEC, "--to", "jsonl", "--out", "out/jsonl"),
    ("report", SPEC),
    ("diff", SPEC, "--base", "HEAD"),
    ("verify", SPEC, "--base", "HEAD"),
    ("results", "import", SPEC, "results.jsonl", "--model", "gpt-a"),
    ("score", SPEC, "--baseline", "gpt-a", "--contender", "gpt-a", "--record"),
    ("review", "record", SPEC, "seed.x", "keep", "--reviewer", "ann"),
)
# What is shown while cases wait for people.
WAITING = (
    ("review", "list", SPEC),
    ("review", "list", SPEC, "--json"),
    ("build", SPEC),
    ("build", SPEC, "--partial"),
    ("report", SPEC),
)
SECONDS = 20  # a hang, not a slow machine
GIT_READS = frozenset({"cat-file", "ls-tree", "rev-parse", "merge-base", "check-attr"})
BUILD_LIKE = frozenset({0, 1, 2, 3, 4, 5, 10})


class Hang(Exception):
    """A command did not come back."""


@contextmanager
def _bounded() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@suite("hostile", "Hostile files")
def run(effort: Effort, folder: Path) -> list[Tally]:
    """Attack one checkout in every way, and watch what each command touches."""
    base = write_checkout(folder / "base")
    _write_results(base)
    specs = _attacked(effort, folder, base, "specs", tuple(attack_specs()), READING, sample=20, changes_nothing=True)
    paths = _attacked(effort, folder, base, "paths", tuple(attack_paths()), READING, sample=16, changes_nothing=True)
    links = _attacked(effort, folder, base, "links", tuple(attack_links()), READING + WRITING, sample=12)
    found = _attacked(effort, folder, base, "environment", tuple(attack_environment()), READING, sample=18)
    return [
        *(specs, paths, links, found),
        _bare_repository(folder, base),
        _texts(effort, folder),
        _keys(effort, folder, base),
        _names(folder),
        _traced(effort, folder, base),
    ]


def _write_results(base: Path) -> None:
    lock = json.loads((base / "specs/small.lock.json").read_text("utf-8"))
    lines = [{"id": one["id"], "digest": one["digest"], "passed": True} for one in lock["cases"]]
    (base / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")


def _attacked(
    effort: Effort,
    folder: Path,
    base: Path,
    name: str,
    attacks: Sequence[Attack],
    commands: Sequence[Sequence[str]],
    *,
    sample: int,
    changes_nothing: bool = False,
) -> Tally:
    what = {
        "specs": "a spec or template that attacks runs nothing, reads nothing outside and changes no file",
        "paths": "a path that leaves the project is not opened, whatever key names it",
        "links": "a link, device or pipe in the place of a file or folder is neither read nor written through",
        "environment": "a file that other tools obey changes nothing",
    }[name]
    tally = Tally(what)
    chosen = attacks if effort.full else effort.dice(name).sample(attacks, min(sample, len(attacks)))
    for at, (label, make) in enumerate(chosen):
        place, beyond = folder / f"{name}{at}", folder / f"{name}{at}-outside"
        copied(base, place)
        write_outside(beyond)
        make(place, beyond)
        before = tree(beyond)
        for arguments in commands:
            inside = tree(place) if changes_nothing else {}
            fault = _fault(place, beyond, before, arguments)
            if (
                fault is None
                and changes_nothing
                and tree(place).keys() - {".evalspec/small/busy"} != inside.keys() - {".evalspec/small/busy"}
            ):
                fault = "left a file behind"
            tally.hold(fault is None, f"{label}: evalspec {' '.join(arguments)}: {fault}")
        if not any(place.name in one or label in one for one in tally.broken):
            shutil.rmtree(place)
            shutil.rmtree(beyond)
    tally.figures = {"attacks": f"{len(chosen)}, each under {len(commands)} commands"}
    return tally


def _fault(place: Path, beyond: Path, before: Mapping[str, bytes], arguments: Sequence[str]) -> str | None:
    """Run one command and say what it did that it may not, or None."""
    try:
        with _bounded():
            ran = command(place, *arguments)
    except Hang:
        return f"did not come back within {SECONDS} s"
    if ran.code not in BUILD_LIKE:
        return f"exit {ran.code}: {ran.err[-200:]}"
    if MARK in ran.shown:
        return "shows what stands outside"
    if tree(beyond) != before:
        return "changed what stands outside"
    if list(place.rglob("PWNED")) or list(beyond.rglob("PWNED")):
        return "ran a program"
    if found := outside(ran, place):
        return f"opened {found[0]}"
    if found := [one for one in ran.started if not _is_plain_git(one)]:
        return f"started {found[0]}"
    return f"did {ran.other[0]}" if ran.other else None


def _is_plain_git(argv: Sequence[str]) -> bool:
    """Tell whether a process is git, reading, with the guards that keep configuration from starting anything."""
    guards = ("core.fsmonitor=", f"core.hooksPath={os.devnull}", "protocol.allow=never", "safe.bareRepository=explicit")
    return argv[0] == "git" and all(one in argv for one in guards) and bool(GIT_READS & set(argv))


def _bare_repository(folder: Path, base: Path) -> Tally:
    """A committed folder that git takes for a repository makes git fetch by a program of its choice, if one lets it."""
    tally = Tally("a committed folder in the shape of a bare repository makes git start nothing")
    place, beyond = copied(base, folder / "bare"), folder / "bare-outside"
    write_outside(beyond)
    missing = committed_bare_repository(place, beyond)
    (place / SPEC).parent.mkdir(exist_ok=True)
    before = tree(beyond)
    for arguments in (
        ("verify", SPEC, "--base", missing),
        ("diff", SPEC, "--base", missing),
        ("build", SPEC, "--base", missing),
    ):
        fault = _fault(place, beyond, before, arguments)
        tally.hold(fault is None, f"evalspec {' '.join(arguments)}: {fault}")
    # That the trap works: the same question to git without the guards runs the program.
    plain = [
        "git",
        "-c",
        "protocol.allow=never",
        "-C",
        str(place / "specs"),
        "rev-parse",
        "--verify",
        f"{missing}^{{commit}}",
    ]
    subprocess.run(plain, capture_output=True, check=False)
    tally.figures["the trap springs without the guards"] = (
        "yes" if (beyond / "PWNED").exists() else "no, this git is newer"
    )
    return tally


def _texts(effort: Effort, folder: Path) -> Tally:
    """Hostile strings in every text of a set, and every command over it."""
    tally = Tally(
        "no command prints a control character, and no line of it is a command to the runner of GitHub Actions"
    )
    per_set, count = 100, effort.count(5_000, 50)
    dice = effort.dice("texts")
    for at in range(0, count, per_set):
        place = folder / f"texts{at}"
        try:
            write_checkout(place, raw=hostile_rows(dice, min(per_set, count - at)))
        except RuntimeError as error:
            tally.hold(False, f"set {at}: {str(error)[:300]}")
            continue
        for how, environment in (("plain", {}), ("runner", {"GITHUB_ACTIONS": "true"})):
            for arguments in every_command(place):
                ran = command(place, *arguments, environment=environment)
                fault = _bad_output(ran, how, arguments)
                tally.hold(fault is None, f"set {at}, {how}: evalspec {' '.join(arguments)}: {fault}")
            waiting = copied(place, folder / f"texts{at}-{how}")
            change_spec(waiting, {"review/require/mutation": 1.0})
            for arguments in WAITING:
                ran = command(waiting, *arguments, environment=environment)
                fault = _bad_output(ran, how, arguments)
                tally.hold(fault is None, f"set {at}, {how}: evalspec {' '.join(arguments)}: {fault}")
            shutil.rmtree(waiting)
        for table in (place / "out/csv").glob("*.csv"):
            tally.hold(not (found := _formulas(table)), f"set {at}: {table.name} has the cell {found[:1]}")
        shutil.rmtree(place)
    tally.figures["hostile strings"] = f"{count:,}"
    return tally


def _formulas(table: Path) -> list[str]:
    """Cells that a spreadsheet would run."""
    with table.open(encoding="utf-8-sig", newline="") as file:
        return [
            cell
            for row in csv.reader(file)
            for cell in row
            if cell.startswith(tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"))
        ]


def _bad_output(ran: Ran, how: str, arguments: Sequence[str]) -> str | None:
    if ran.code not in BUILD_LIKE:
        return f"exit {ran.code}: {ran.err[-300:]}"
    for name, text in (("stdout", ran.out), ("stderr", ran.err)):
        if found := FORBIDDEN.search(text):
            return f"U+{ord(found.group()):04X} in {name}"
    if "--json" in arguments:
        json.loads(ran.out)
    if how == "runner":
        commands = [
            line
            for line in obeyed(ran.shown)
            if not re.match(r"::(?:error|warning|notice) (?:file=|title=)|::notice::and ", line)
        ]
        if commands:
            return f"the runner would obey {commands[0][:80]!r}"
    return None


def _keys(effort: Effort, folder: Path, base: Path) -> Tally:
    """Keys in the environment and planted in every input: in no output and in no file that was written."""
    tally = Tally("a key from the environment or planted in any input occurs in no output and in no written file")
    names = list(KEYS) if effort.full else [effort.dice("keys").choice(list(KEYS))]
    places: dict[str, Callable[[Path, str], None]] = {
        "nowhere": lambda place, key: None,
        "spec": lambda place, key: change_spec(place, {"description": f"ask with {key}"}),
        "comment": lambda place, key: _append(place / SPEC, f"# {key}\n"),
        "key": lambda place, key: change_spec(place, {"models/writer/api_key": key}),
        "prompt": lambda place, key: _append(place / "specs/small/prompt.md", f"{key}\n"),
        "guidelines": lambda place, key: _append(place / "specs/small/guidelines.md", f"{key}\n"),
        "grammar": lambda place, key: _append(place / "specs/small/grammar.yaml", f"# {key}\n"),
        "raw": lambda place, key: _append(place / "raw.jsonl", _row(key)),
        "allowed": lambda place, key: (
            change_spec(place, {"sources/production/pii": "allow"}),
            _append(place / "raw.jsonl", _row(key)),
        )[0],
        "snapshot": lambda place, key: _append(place / "specs/small/production.jsonl", _row(key)),
        "results": lambda place, key: _append(
            place / "results.jsonl", json.dumps({"id": key, "passed": True, "output": key}) + "\n"
        ),
        "name": lambda place, key: change_spec(place, {f"axes/{key}": {"a": {}}}),
    }
    if not effort.full:
        places = {name: places[name] for name in effort.dice("places").sample(sorted(places), 6)}
    for name in [*names, "environment"]:
        key = KEYS.get(name, ENVIRONMENT["DESK_PASSWORD"])
        for where, plant in places.items():
            place = copied(base, folder / f"key-{name}-{where}")
            plant(place, key)
            before = tree(place)
            commands = [
                *READING,
                *WRITING,
                ("review", "list", SPEC, "--all", "--json"),
                ("check", SPEC, "--resolved"),
                ("check", SPEC, "--format", "github"),
                ("diff", SPEC, "--json"),
            ]
            commands.append(("review", "record", SPEC, "seed.x", "fix", "--input", key, "--reviewer", "ann"))
            for arguments in commands:
                ran = command(place, *arguments, environment=ENVIRONMENT)
                leaks = [one for one in {*KEYS.values(), *ENVIRONMENT.values()} if one in ran.shown]
                tally.hold(
                    not leaks and ran.code in BUILD_LIKE,
                    f"{name} in {where}: evalspec {' '.join(arguments)}: exit {ran.code}, {len(leaks)} shown",
                )
            for file, raw in tree(place).items():
                if before.get(file) != raw:
                    tally.hold(key.encode() not in raw, f"{name} in {where}: written into {file}")
            shutil.rmtree(place)
    tally.figures["keys and places"] = f"{len(names) + 1} x {len(places)}"
    return tally


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _row(key: str) -> str:
    return (
        json.dumps({"id": "r99", "input": f"My account shows {key} on the screen. Is that right?", "expected": "track"})
        + "\n"
    )


def _names(folder: Path) -> Tally:
    """Home, user and host stand in no written file."""
    tally = Tally("no written file names the home folder, the user, the host or an absolute path")
    home = folder / "zz-canary-home"
    place = home / "zz-canary-project"
    place.parent.mkdir()
    write_checkout(place)
    words = {"zz-canary", str(home), socket.gethostname(), os.path.expanduser("~")}
    environment = {
        "HOME": str(home),
        "USER": "zz-canary-user",
        "LOGNAME": "zz-canary-user",
        "HOSTNAME": "zz-canary-host",
    }
    for arguments in every_command(place):
        command(place, *arguments, environment=environment)
    for file, raw in tree(place).items():
        found = [one for one in words if len(one) > 3 and one.encode() in raw]
        tally.hold(not found, f"{file} holds {found}")
    return tally


_OPENED = re.compile(r'open(?:at2?)?\((?:[^,"]*, )?"([^"]*)"[^)]*\)\s*=\s*(\d+)')
_CONNECTED = re.compile(r"connect\(\d+, \{sa_family=(AF_INET6?)\b.*")


def _traced(effort: Effort, folder: Path, base: Path) -> Tally:
    """The kernel's own list of what was opened and connected to, children of the process included."""
    tally = Tally("strace: check, plan, verify and build --locked open nothing outside and connect to nothing")
    if not shutil.which("strace"):
        tally.skipped = "no strace here"
        return tally
    probe = subprocess.run(["strace", "-f", "-o", os.devnull, "true"], capture_output=True, check=False)
    if probe.returncode:
        tally.skipped = "ptrace is off here"
        return tally
    place, log, home = copied(base, folder / "traced"), folder / "strace.log", folder / "home"
    home.mkdir()
    opened = 0
    commands = (*READING, ("verify", SPEC, "--base", "HEAD"), ("check", "specs/evil.yaml"))
    for arguments in commands if effort.full else commands[3:]:
        (place / "specs/evil.yaml").write_text(
            "version: 1\nextends: ../../home/x.yaml\nname: !include /etc/shadow\n", "utf-8"
        )
        program = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,connect", "-o", str(log)]
        program += [sys.executable, "-c", "import sys; from evalspec.cli import main; main()", *arguments]
        environment = {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": os.getcwd()}
        subprocess.run(program, cwd=place, env=environment, capture_output=True, check=False)
        for line in log.read_text("utf-8", "replace").split("\n"):
            if found := _OPENED.search(line):
                opened += 1
                path = os.path.realpath(os.path.join(place, found.group(1)))
                tally.hold(_is_allowed(path, place, home), f"evalspec {' '.join(arguments)}: opened {path}")
            elif found := _CONNECTED.search(line):
                tally.hold(False, f"evalspec {' '.join(arguments)}: {found.group()}")
    tally.figures["files opened"] = f"{opened:,}"
    return tally


def _is_allowed(path: str, place: Path, home: Path) -> bool:
    """Project, state and cache folder, interpreter and libraries; the tables of libc and OpenSSL."""
    folders = (
        str(place),
        str(home),
        "/usr/lib",
        "/lib",
        "/lib64",
        "/usr/share",
        "/usr/local/lib",
        "/usr/bin",
        "/proc",
        "/sys",
        "/dev/null",
    )
    system = ("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/locale.alias", "/etc/ssl/openssl.cnf")
    repository = os.path.realpath(os.getcwd())
    allowed = (*folders, *INTERPRETER, *system, repository)
    return any(path == one or path.startswith(f"{one}/") for one in map(os.path.realpath, allowed))
