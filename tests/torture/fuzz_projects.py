"""The small projects that are broken: every kind of file that evalspec reads, valid to begin with."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from small_specs import rows, small_spec, spec_text, write_project

from evalspec.cli import run
from evalspec.importing import import_source
from evalspec.project import load_spec

OPERATORS = ("lowercase", "typo", "uppercase")
CHAT: Mapping[str, Any] = {
    "version": 1,
    "purpose": "smoke",
    "task": {
        "turns": "conversation",
        "expected": {"action": {"kind": "label", "values": ["deny", "refund"]}},
        "checks": ["no_new_pii"],
        "languages": ["en"],
    },
    "sources": {
        "production": {"fields": {"expected": {"action": "action"}}, "verified_by": "support", "pii": "redact"}
    },
    "pools": {"seed": None, "mutation": {"operators": ["lowercase", "split_turns"]}},
    "review": {"require": {"mutation": 1}, "overlap": 0},
    "mix": {"size": 8, "shares": {"seed": 0.5, "mutation": 0.5}},
}


def desk_spec() -> dict[str, Any]:
    """A spec that uses most of the language, small enough to build in a few hundredths of a second."""
    spec = small_spec(personas=("brisk", "exact"), operators=OPERATORS)
    spec |= {
        "description": "The desk of a shop that is not there.",
        "random_state": 7,
        "independence": "warn",
        "screen": {"near_duplicate": {"lexical": 0.95}, "seed_distance": {"far": 1.0}},
        "gates": {
            "real_share": {"min": 0.2},
            "survival": {"by": "item", "min": 0.1, "max": 1.0, "severity": "warning"},
            "few": {"measure": "cases", "where": {"pool": "seed"}, "min": 2},
        },
        "budget": {"usd": 1, "hours": 9},
    }
    spec["task"]["facts"] = {"days": {"range": [0, 90], "limit": 30}}
    spec["task"]["key_terms"] = {"ask": ["refund", "send"]}
    spec["sources"]["golden"] = {"verified_by": "legal"}
    spec["sources"]["training"] = None
    spec["models"]["bot"] = {"model": "anthropic/claude-sonnet-4-20250514"}
    spec["models"]["juror"] = {"model": "mistral/mistral-large-2411", "temperature": 0}
    spec["roles"] |= {"subject": "bot", "jury": ["juror"]}
    spec["pools"]["golden"] = {"from": "golden"}
    spec["pools"]["redteam"] = {"attacks": {"override": {"toward": ["refund"]}, "false_premise": None}}
    spec["pools"]["prompted"]["cells"] = [{"where": {"item": "clock"}, "expected": "track"}]
    spec["review"]["require"] = {"mutation": 1, "redteam": 0, "prompted": 0, "persona": 0}
    spec["review"]["guidelines"] = "desk/guidelines.md"
    spec["models"]["writer"]["grammar"] = "desk/grammar.yaml"
    spec["mix"] = {
        "size": 18,
        "shares": {"seed": 0.34, "golden": 0.1, "mutation": 0.16, "prompted": 0.2, "persona": 0.1, "redteam": 0.1},
    }
    return spec


def write_projects(folder: Path) -> None:
    """Write `small`, `desk` and `chat`, built, reviewed and with results, under a folder that becomes the current."""
    os.chdir(folder)
    write_project(folder, small_spec(prompted=2))
    _write_desk(folder)
    _write_chat(folder)
    for name in ("small", "desk", "chat"):
        _review(name)
        _must(["build", f"{name}.yaml", "--quiet"])
        _results(name)
    _runner_files()
    (folder / "raw.csv").write_text(
        "id,input,expected\n" + "".join(f'{r["id"]},"{r["input"]}",{r["expected"]}\n' for r in rows())
    )
    (folder / "raw.json").write_text(json.dumps(rows(), indent=1))


def _write_desk(folder: Path) -> None:
    home = folder / "desk"
    home.mkdir()
    (home / "grammar.yaml").write_bytes((folder / "small" / "grammar.yaml").read_bytes())
    (home / "guidelines.md").write_text("Keep what a customer could have written.\n")
    golden = [
        {"id": "g1", "input": "Is day thirty still in time? The lamp came in May.", "expected": "refund"},
        {"id": "g2", "input": "Somebody else signed for my box. Who has it now?", "expected": "track"},
    ]
    _lines(home / "golden.jsonl", golden)
    (folder / "desk.yaml").write_text(spec_text(desk_spec()), "utf-8")
    _lines(folder / "trained.jsonl", [{"input": "a text that has nothing to do with any of the others here " * 3}])
    loaded = load_spec("desk.yaml")
    import_source(loaded.spec, "production", "raw.jsonl", loaded.catalog)
    import_source(loaded.spec, "training", "trained.jsonl", loaded.catalog)


def _write_chat(folder: Path) -> None:
    (folder / "chat.yaml").write_text(yaml.safe_dump(dict(CHAT), sort_keys=False), "utf-8")
    chats = [
        {
            "id": row["id"],
            "action": ("deny", "refund")[at % 2],
            "input": [
                {"role": "user", "content": "Hello, it is me again."},
                {"role": "assistant", "content": "Which order is it?"},
                {"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": {"id": "4481"}}]},
                {"role": "tool", "content": '{"found": true}'},
                {"role": "user", "content": row["input"]},
            ],
        }
        for at, row in enumerate(rows(8))
    ]
    _lines(folder / "chats.jsonl", chats)
    (folder / "chat").mkdir()
    loaded = load_spec("chat.yaml")
    import_source(loaded.spec, "production", "chats.jsonl", loaded.catalog)


def _review(name: str) -> None:
    """Decide what waits as two people would: keep most, fix one, drop one, two at odds where one settles it."""
    waiting = json.loads(_must(["review", "list", f"{name}.yaml", "--json", "--all"]))["queue"]
    cases = [one["case"] for one in waiting]
    decisions = [{"case": case, "verdict": "keep"} for case in cases]
    if len(decisions) > 2:
        decisions[0] |= {"verdict": "fix", "input": "i would like my money back, and soon please"}
    if decisions:
        _lines(Path("decisions.jsonl"), decisions)
        record = ["review", "record", f"{name}.yaml", "--from", "decisions.jsonl", "--date", "2026-03-01"]
        _must([*record, "--reviewer", "ann"])
        _must([*record, "--reviewer", "bob"])


def _results(name: str) -> None:
    """Bring results of two models to the lock: one with scores, epochs and errors."""
    cases = json.loads(Path(f"{name}.lock.json").read_text("utf-8"))["cases"]
    for model, every in (("old", 5), ("new", 4)):
        found: list[dict[str, Any]] = []
        for at, case in enumerate(cases):
            for epoch in (1, 2):
                row = {"id": case["id"], "digest": case["digest"], "model": model, "epoch": epoch, "output": "ok"}
                found.append(row | ({"error": "timeout"} if at % 7 == 3 else {"pass": bool(at % every), "score": 0.5}))
        _lines(Path(f"{name}-{model}.jsonl"), found)
        _must(["results", "import", f"{name}.yaml", f"{name}-{model}.jsonl", "--model", model])
    score = ["score", f"{name}.yaml", "--baseline", "old", "--contender", "new"]
    _run([*score, "--record", "--date", "2026-03-02"])


def _runner_files() -> None:
    """Write logs in the forms of the runners whose results are read, about the cases of `small`."""
    for runner in ("inspect", "promptfoo", "deepeval", "lm_eval", "hf"):
        _must(["export", "small.yaml", "--to", runner, "--out", f"out-{runner}"])
    cases = json.loads(Path("small.lock.json").read_text("utf-8"))["cases"]
    names = [{"evalspec_id": one["id"], "evalspec_digest": one["digest"]} for one in cases]
    inspect = {
        "version": 2,
        "status": "success",
        "eval": {"model": "m", "task": "small"},
        "samples": [
            {"id": one["evalspec_id"], "epoch": 1, "metadata": one, "scores": {"match": {"value": "C"}}, "error": None}
            for one in names
        ],
    }
    promptfoo = {
        "results": {
            "version": 3,
            "results": [
                {
                    "success": True,
                    "score": 1,
                    "provider": {"id": "p"},
                    "vars": {},
                    "metadata": one,
                    "testCase": {"metadata": one},
                    "response": {"output": "refund"},
                    "gradingResult": {"pass": True, "score": 1, "namedScores": {"a": 1}},
                }
                for one in names
            ],
        }
    }
    deepeval = {
        "testCases": [
            {
                "name": one["evalspec_id"],
                "success": True,
                "additionalMetadata": one,
                "metricsData": [{"name": "match", "score": 1.0, "success": True, "threshold": 0.5}],
            }
            for one in names
        ]
    }
    lm_eval = [
        {"doc_id": at, "doc": {"id": one["evalspec_id"], **one}, "filter": "none", "metrics": ["acc"], "acc": 1.0}
        for at, one in enumerate(names)
    ]
    hf = [
        {"id": one["evalspec_id"], "digest": one["evalspec_digest"], "prediction": "refund", "pass": True}
        for one in names
    ]
    for name, value in (("inspect", inspect), ("promptfoo", promptfoo), ("deepeval", deepeval)):
        Path(f"log-{name}.json").write_text(json.dumps(value, indent=1))
    _lines(Path("log-lm_eval.jsonl"), lm_eval)
    _lines(Path("log-hf.jsonl"), hf)


def _lines(path: Path, values: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")


def _must(arguments: list[str]) -> str:
    """Run a command that has to succeed and return its stdout: a base that is not valid would test nothing."""
    code, out, err = _run(arguments)
    if code != 0:
        raise RuntimeError(f"{' '.join(arguments)}: exit {code}\n{err}")
    return out


def _run(arguments: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return code, out.getvalue(), err.getvalue()
