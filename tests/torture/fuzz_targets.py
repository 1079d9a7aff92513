"""What is broken and what then runs: the kinds of files, and the commands that read each of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalspec.catalog import load_catalog
from evalspec.diagnostics import EvalspecError
from evalspec.digests import digest
from evalspec.edges.package import read_schema
from evalspec.model.outcome import Lock
from evalspec.planning import read
from evalspec.stages.lock import dump, root_of
from evalspec.stages.parse_text import decode
from evalspec.stages.resolve import resolve, resolved_data

Dice = random.Random
Commands = Callable[[Dice, str], Sequence[list[str]]]
FORMATS: tuple[list[str], ...] = ([], [], ["--json"], ["--format", "github"])
DIGESTED = ("input", "context", "behaviour", "premise", "expected", "checks")


@dataclass(frozen=True)
class Target:
    """Files of one kind, and what reads them.

    A later command runs only where all before it left with 0. `reseal` is applied to a broken text now and then, so
    that what stands behind a digest is reached as well. `direct` takes a path and text in place of commands.
    """

    name: str
    title: str
    files: tuple[str, ...]
    commands: Commands
    reseal: Callable[[str], str] | None = None
    direct: Callable[[str, bytes], bool] | None = None
    every: int = 1  # one try where the others have so many
    sample: int = 1  # the same in a sample: a team edits five kinds of files all the time, and the others seldom


def _spec_of(path: str) -> str:
    return path.split("/")[0].split(".")[0].split("-")[0] + ".yaml"


def _spec(dice: Dice, path: str) -> Sequence[list[str]]:
    build = [["build", path, "--until", "lock", "--quiet"]] if dice.random() < 0.3 else []
    return [["check", path, *dice.choice(FORMATS)], ["plan", path, *dice.choice(FORMATS)], *build]


def _inputs(dice: Dice, path: str) -> Sequence[list[str]]:
    spec = _spec_of(path)
    build = [["build", spec, "--until", "lock", "--quiet", *dice.choice(FORMATS)]] if dice.random() < 0.3 else []
    return [["check", spec, *dice.choice(FORMATS)], ["plan", spec, *dice.choice(FORMATS)], *build]


def _ledger(dice: Dice, path: str) -> Sequence[list[str]]:
    spec = _spec_of(path)
    if dice.random() < 0.15:
        return [["check", spec, *dice.choice(FORMATS)], ["plan", spec, *dice.choice(FORMATS)]]
    commands = (["review", "list", spec], ["build", spec, "--until", "lock", "--quiet"], ["verify", spec])
    return [[*dice.choice(commands), *dice.choice(FORMATS)]]


def _lock(dice: Dice, path: str) -> Sequence[list[str]]:
    spec = _spec_of(path)
    case = dice.choice(("seed.7b8667b480af", "mutation.typo.a1cb3b25ab66.1", "seed", "no.such"))
    score = ["score", spec, "--baseline", "old", "--contender", "new"]
    commands = (
        ["verify", spec, *dice.choice(FORMATS)],
        ["verify", spec, *dice.choice(FORMATS)],
        ["build", spec, "--locked", "--quiet", *dice.choice(FORMATS)],
        ["diff", "kept.lock.json", path, *dice.choice(([], ["--json"], ["--format", "markdown"]))],
        ["diff", path, "kept.lock.json", *dice.choice(([], ["--json"], ["--all"]))],
        ["why", spec, case, *dice.choice(([], ["--json"]))],
        ["export", spec, "--to", dice.choice(("csv", "hf", "inspect", "promptfoo", "jsonl")), "--out", "made"],
        ["report", spec, *dice.choice(([], ["--json"]))],
        ["results", "import", spec, f"{spec[:-5]}-old.jsonl", "--model", "old", "--out", "made.jsonl"],
        [*score, *dice.choice(([], ["--json"], ["--format", "markdown"]))],
    )
    return [dice.choice(commands)]


def _results(dice: Dice, path: str) -> Sequence[list[str]]:
    sides = dice.choice((("old", "new"), ("new", "old"), ("old", "old")))
    score = ["score", _spec_of(path), "--baseline", sides[0], "--contender", sides[1]]
    return [[*score, *dice.choice(([], ["--json"], ["--format", "markdown"], ["--history"], ["--margin", "0.1"]))]]


def _runner(dice: Dice, path: str) -> Sequence[list[str]]:
    reader = path.split("-")[1].split(".")[0] if path.startswith("log-") else "jsonl"
    spec = "small.yaml" if path.startswith("log-") else _spec_of(path)
    if dice.random() < 0.1:
        reader = dice.choice(("deepeval", "hf", "inspect", "jsonl", "lm_eval", "promptfoo"))
    line = ["results", "import", spec, path, "--from", reader, "--model", "old", "--out", "made.jsonl"]
    extra: list[list[str]] = [[], [], ["--json"], ["--threshold", "0.5"], ["--metric", "match"], ["--variant", "p"]]
    extra.append(["--index", "out-inspect/evalspec.json"])
    return [[*line, *dice.choice(extra)]]


def _index(dice: Dice, path: str) -> Sequence[list[str]]:
    line = ["results", "import", "small.yaml", "log-inspect.json", "--from", "inspect", "--model", "old"]
    return [[*line, "--out", "made.jsonl", "--index", path]]


def _other(dice: Dice, path: str) -> Sequence[list[str]]:
    """Grammar, guidelines, golden rows, training digests, report, raw rows, an export's index."""
    if path.startswith("raw."):
        raw = ["import", "small.yaml", "production", "--from", path, "--dry-run", *dice.choice(FORMATS)]
        return [raw] if dice.random() < 0.7 else [["init", path, "--yes", "--name", "made"]]
    if path.endswith("evalspec.json"):
        return _index(dice, path)
    if path.endswith("report.md"):
        return [["verify", _spec_of(path), *dice.choice(FORMATS)]]
    return _inputs(dice, path)


def reseal(text: str) -> str:
    """Give a lock that was changed the digests and the layout that its content asks for, where it has one."""
    data = json.loads(text)
    cases, drops = data.pop("cases"), data.pop("drops")
    joined = []
    for case in cases:
        body = {name: case[name] for name in DIGESTED if name in case}
        joined.append({**case, "digest": digest(body)} if "digest" in case else case)
    facts = {**data, "case_count": len(joined)} if "case_count" in data else data
    header = {**facts, "root": root_of(facts, joined, drops)}
    return dump(Lock(header=header, cases=tuple(joined), drops=tuple(drops)))


def compile_only(path: str, raw: bytes) -> bool:
    """Read and resolve a spec and spell it out, as `check --resolved` does before it looks at any other file.

    Returns whether it was taken.
    """
    try:
        resolved_data(resolve(read(decode(path, raw), read_schema("spec.v1.json")), load_catalog()))
    except EvalspecError:
        return False
    return True


SPECS = ("small.yaml", "desk.yaml", "desk.yaml", "chat.yaml")
TARGETS: dict[str, Target] = {
    one.name: one
    for one in (
        Target("spec", "spec", SPECS, _spec),
        Target(
            "snapshot",
            "snapshot",
            ("small/production.jsonl", "desk/production.jsonl", "chat/production.jsonl"),
            _inputs,
        ),
        Target(
            "ledger",
            "ledger",
            ("desk/ledger/ann.jsonl", "desk/ledger/bob.jsonl", "chat/ledger/ann.jsonl"),
            _ledger,
        ),
        Target("lock", "lock", ("small.lock.json", "desk.lock.json", "chat.lock.json"), _lock, reseal=reseal),
        Target(
            "results",
            "results file",
            (
                "small/results/old.jsonl",
                "desk/results/new.jsonl",
                "chat/results/old.jsonl",
                "desk/results/history.jsonl",
            ),
            _results,
        ),
        Target(
            "runner",
            "log of a runner",
            (
                *("log-inspect.json", "log-promptfoo.json", "log-deepeval.json", "log-lm_eval.jsonl", "log-hf.jsonl"),
                *("small-old.jsonl", "chat-new.jsonl"),
            ),
            _runner,
            sample=20,
        ),
        Target(
            "other",
            "grammar, golden rows, training digests, report, raw rows or export index",
            (
                *("small/grammar.yaml", "desk/grammar.yaml", "desk/golden.jsonl", "desk/training.jsonl"),
                *("desk/guidelines.md", "small.report.md", "raw.csv", "raw.json", "raw.jsonl", "chats.jsonl"),
                "out-inspect/evalspec.json",
            ),
            _other,
            every=5,
            sample=20,
        ),
        Target("language", "spec of every feature, read and resolved only", (), _spec, direct=compile_only, sample=20),
    )
}
