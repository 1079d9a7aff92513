"""evalspec through its command line: one spec whose grid has a cell for every item, and the lock that it makes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.llm.peers.items import MODEL, question

SPEC = "set.yaml"


def spec_of(wanted: Sequence[str], count: int) -> dict[str, Any]:
    """Return the spec: every item is a level of one axis, and its question the level's description."""
    levels = {f"n{at:05d}": {"description": question(name)} for at, name in enumerate(wanted)}
    return {
        "version": 1,
        "purpose": "smoke",
        "task": {"expected": ["refund", "replace"], "languages": ["en"]},
        "sources": {"production": {"verified_by": "bench", "pii": "redact"}},
        "axes": {"need": {name: {**level, "expected": "refund"} for name, level in levels.items()}},
        "models": {"writer": {"model": f"hosted_vllm/{MODEL}", "family": "house"}},
        "roles": {"generator": "writer"},
        "pools": {"seed": {}, "prompted": {"axes": ["need"], "exemplars": 0}},
        "review": {"require": {"prompted": 0}, "overlap": 0},
        "mix": {"cases": {"seed": 2, "prompted": count}},
    }


def prepare(folder: Path, wanted: Sequence[str]) -> None:
    """Write the spec, and import its two seeds the first time."""
    from evalspec.importing import import_source
    from evalspec.project import load_spec

    spec = folder / SPEC
    is_new = not spec.exists()
    spec.write_text(yaml.safe_dump(spec_of(wanted, len(wanted)), sort_keys=False, width=1000), "utf-8")
    if not is_new:
        return
    (folder / "set").mkdir()
    rows = [
        {"id": "r1", "input": "You charged my card twice. I want one payment back.", "expected": "refund"},
        {"id": "r2", "input": "One wheel is missing. We leave on Friday.", "expected": "replace"},
    ]
    raw = folder / "raw.jsonl"
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    loaded = load_spec(str(spec))
    import_source(loaded.spec, "production", str(raw), loaded.catalog)


def command(jobs: int) -> Sequence[str]:
    """Return the build, to be run in the project's folder."""
    return [sys.executable, "-m", "evalspec", "build", SPEC, "-q", "--jobs", str(jobs)]


def environment(url: str, folder: Path) -> Mapping[str, str]:
    """Return where the model is, and a journal of this run's own."""
    return {"HOSTED_VLLM_API_BASE": url, "EVALSPEC_STATE": str(folder / "state")}


def texts(folder: Path, wanted: Sequence[str]) -> list[str | None]:
    """Return the inputs of the lock in the order of the items."""
    path = folder / "set.lock.json"
    if not path.exists():
        return [None] * len(wanted)
    lock = json.loads(path.read_text("utf-8"))
    found = {case["lineage"].get("cell", {}).get("need"): case["input"] for case in lock["cases"]}
    return [found.get(f"n{at:05d}") for at in range(len(wanted))]
