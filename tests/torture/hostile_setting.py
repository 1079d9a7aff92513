"""The ground of the hostile suite: a whole checkout to attack, commands run in it, and what each of them touched."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evalspec.cli import run
from tests.small_specs import ASKS, GRAMMAR, rows, small_spec

SPEC = "specs/small.yaml"
MARK = "CANARY-4711"  # stands in every file outside that an attack tries to reach
INTERPRETER = tuple(
    {os.path.realpath(one) for one in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
    | {os.path.realpath(Path(__file__).parents[2] / one) for one in ("evalspec", "schemas")}
)

# What may never reach a terminal or a log: controls, bidirectional marks, separators, tags, half surrogates.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)

# Keys in the formats of issuers, none of them real: each is the format's start and a count.
KEYS: Mapping[str, str] = {
    "openai": "sk-proj-" + "Canary0" * 6,
    "anthropic": "sk-ant-" + "Canary1" * 6,
    "huggingface": "hf_" + "Canary2" * 5,
    "aws": "AKIA" + "CANARY3CANARY3QQ",
    "google": "AIza" + "Canary4" * 5,
    "github": "ghp_" + "Canary5Canary5Canary5Canary5Canary5Z",
    "github_pat": "github_pat_" + "Canary6" * 6,
    "gitlab": "glpat-" + "Canary7" * 3,
    "slack": "xoxb-" + "Canary8Canary8",
    "sendgrid": "SG." + "Canary9" * 3 + "." + "Canary9" * 3,
    "npm": "npm_" + "CanaryA1CanaryA1CanaryA1CanaryA1Cana",
    "jwt": "eyJ" + "CanaryB1CanaryB1" + ".eyJ" + "CanaryB2CanaryB2" + "." + "CanaryB3CanaryB3",
}
# One in no format at all: only the environment says that it is a key.
ENVIRONMENT: Mapping[str, str] = {
    "OPENAI_API_KEY": KEYS["openai"],
    "ANTHROPIC_API_KEY": KEYS["anthropic"],
    "HF_TOKEN": KEYS["huggingface"],
    "GITHUB_TOKEN": KEYS["github"],
    "AWS_ACCESS_KEY_ID": KEYS["aws"],
    "DESK_PASSWORD": "canary-c0ffee-deadbeef-77",
}


@dataclass
class Ran:
    """What one command came to and touched."""

    arguments: Sequence[str]
    code: int
    out: str
    err: str
    opened: list[str] = field(default_factory=list)
    started: list[list[str]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)  # connections, unpickling, a shell

    @property
    def shown(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


_watched: Ran | None = None
_is_hooked = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        folder, name = os.path.split(os.path.abspath(os.fsdecode(arguments[0])))
        # What is opened by O_NOFOLLOW is the name itself; if that is a link, nothing is opened.
        is_link_refused = arguments[2] & os.O_NOFOLLOW if isinstance(arguments[2], int) else 0
        path = os.path.join(folder, name)
        _watched.opened.append(
            os.path.join(os.path.realpath(folder), name) if is_link_refused else os.path.realpath(path)
        )
    elif event == "subprocess.Popen":
        _watched.started.append([str(one) for one in arguments[1]])
    elif event in ("socket.connect", "socket.getaddrinfo", "os.system", "pickle.find_class", "os.exec", "os.fork"):
        _watched.other.append(f"{event} {arguments!r}")


def command(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run one command line in a folder and watch it from inside; an exception is an exit of 999."""
    global _watched, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_hook)
        _is_hooked = True
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="surrogateescape") for _ in range(2))
    ran = Ran(arguments, 999, "", "")
    before, kept = os.getcwd(), dict(os.environ)
    os.chdir(folder)
    os.environ |= dict(environment or {})
    _watched = ran
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ran.code = int(run(list(arguments)))
    except SystemExit as error:
        ran.code = error.code if isinstance(error.code, int) else 1
    except Exception as error:
        ran.err = f"{type(error).__name__}: {error}"
    finally:
        _watched = None
        os.chdir(before)
        os.environ.clear()
        os.environ.update(kept)
    for stream in (out, err):
        stream.flush()
    ran.out = out.buffer.getvalue().decode("utf-8", "surrogateescape")  # type: ignore[attr-defined]
    ran.err += err.buffer.getvalue().decode("utf-8", "surrogateescape")  # type: ignore[attr-defined]
    return ran


def outside(ran: Ran, folder: Path) -> list[str]:
    """Files that a command opened beyond its checkout, the interpreter and the package."""
    allowed = (os.path.realpath(folder), *INTERPRETER)
    found = []
    for real in ran.opened:
        is_inside = any(real == one or real.startswith(f"{one}{os.sep}") for one in allowed)
        if not is_inside and real != os.devnull and not real.startswith("/usr/share/zoneinfo"):
            found.append(real)
    return found


def whole_spec(**more: Any) -> dict[str, Any]:
    """A spec that names a file by every key that names one."""
    spec = small_spec(seeds=6, children=4, prompted=4)
    spec["task"]["instructions"] = {"path": "small/instructions.md"}
    spec["review"]["guidelines"] = "small/guidelines.md"
    spec["screen"] = {"signature_words": "small/words.txt"}
    spec["pools"]["prompted"]["prompt"] = {"path": "small/prompt.md"}
    return spec | more


def texts_spec(count: int) -> dict[str, Any]:
    """A spec that takes rows as they are and changes some; nothing is written that could be far from such rows."""
    spec = small_spec(seeds=count // 2, children=count // 10)  # a hidden character drops a child
    del spec["pools"]["prompted"], spec["axes"], spec["models"], spec["roles"], spec["mix"]["cases"]["prompted"]
    del spec["review"]["require"]["prompted"]
    return spec


def write_checkout(folder: Path, *, raw: Sequence[Mapping[str, Any]] | None = None, git: bool = True) -> Path:
    """Write, build and commit a whole checkout: spec, inputs, lock, report."""
    (folder / "specs" / "small").mkdir(parents=True)
    inputs = folder / "specs" / "small"
    grammar = {**GRAMMAR, "rules": {**GRAMMAR["rules"], "ask": ASKS}}
    (inputs / "grammar.yaml").write_text(yaml.safe_dump(grammar, sort_keys=False), "utf-8")
    (inputs / "instructions.md").write_text("You are the desk.\n", "utf-8")
    (inputs / "guidelines.md").write_text("Read twice.\n", "utf-8")
    (inputs / "words.txt").write_text("delve tapestry\n", "utf-8")
    (inputs / "prompt.md").write_text("Write {{ cell.id }} in {{ language }}.\n", "utf-8")
    spec = whole_spec() if raw is None else texts_spec(len(raw))
    (folder / SPEC).write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    (folder / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (raw or rows())), "utf-8")
    if git:
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    else:
        (folder / ".git").mkdir()
    for arguments in (["import", SPEC, "production", "--from", "raw.jsonl"], ["build", SPEC, "-q"]):
        ran = command(folder, *arguments)
        if ran.code:
            raise RuntimeError(f"{arguments}: exit {ran.code}\n{ran.shown}")
    if git:
        commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit everything in a checkout."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), "add", "-A", "-f"], check=True, capture_output=True)
    subprocess.run(["git", "-C", str(folder), *who, "commit", "-q", "-m", "x"], check=True, capture_output=True)


def copied(folder: Path, into: Path) -> Path:
    """A fresh copy of a checkout, links kept as links."""
    shutil.copytree(folder, into, symlinks=True)
    return into


def change_spec(folder: Path, change: Mapping[str, Any]) -> None:
    """Put values into the spec by dotted key."""
    data = yaml.safe_load((folder / SPEC).read_text("utf-8"))
    for dotted, value in change.items():
        *path, last = dotted.split("/")
        at = data
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value
    (folder / SPEC).write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and its bytes, Git's own left out; a link is what it says."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith(".git/") or name == ".git":
            continue
        if path.is_symlink():
            found[name] = b"-> " + os.fsencode(os.readlink(path))
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def obeyed(output: str) -> list[str]:
    """Lines out of which the runner of GitHub Actions would read a command, by its two rules for parsing.

    The newer rule: what is left after leading white space starts with `::` and another `::` follows. The older: `##[`
    stands anywhere, a `]` follows, and the first word between is a command's name.
    """
    found = []
    for line in re.split(r"\r\n|\n|\r", output):
        trimmed = line.lstrip(
            " \t\x0b\x0c\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
            "\u2028\u2029\u202f\u205f\u3000"
        )
        if trimmed.startswith("::") and trimmed.find("::", 2) >= 0:
            found.append(line)
            continue
        start = line.find("##[")
        if start >= 0 and line.find("]", start) >= 0:
            found.append(line)
    return found


def every_command(folder: Path) -> Iterator[tuple[str, ...]]:
    """Each command on the checkout, those that only look first; ids are read from the lock."""
    lock = json.loads((folder / "specs" / "small.lock.json").read_text("utf-8"))
    case = lock["cases"][-1]["id"] if lock.get("cases") else "x"
    for how in ((), ("--json",), ("--format", "github")):
        yield ("check", SPEC, *how)
        yield ("verify", SPEC, *how)
        yield ("build", SPEC, "--locked", *how)
        yield ("review", "list", SPEC, "--all", *how)
        yield ("why", SPEC, case, *how)
    for how in ((), ("--json",)):
        yield ("plan", SPEC, *how)
        yield ("report", SPEC, *how)
        yield ("diff", SPEC, "--base", "HEAD", *how)
        yield ("verify", SPEC, "--base", "HEAD", *how)
    yield ("check", SPEC, "--resolved")
    yield ("diff", SPEC, "--base", "HEAD", "--format", "markdown")
    yield ("build", SPEC)
    for runner in ("csv", "deepeval", "hf", "inspect", "jsonl", "lm_eval", "promptfoo"):
        yield ("export", SPEC, "--to", runner, "--out", f"out/{runner}")
