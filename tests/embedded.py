"""A small project whose spec names `minilm`, with a row that a generated text says again with courtesy around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_specs import GRAMMAR, rows, small_spec, write_project

from evalspec.edges.meaning.minilm import missing

# Near in meaning (0.953), not in letters (0.753), and different by courtesy alone.
SAID = "Hello, the battery door will not close, thank you!"
AGAIN = "the battery door will not close."
OTHERWISE = ("Both hands fell off.", "The two hands fell off.")  # at 0.96, and not by noise

with_model = pytest.mark.skipif(bool(missing()), reason="the extra `semantic` is not installed")


def project(folder: Path, *, require: float = 0, **more: Any) -> str:
    """Write the project under `folder`, which is the working folder, and return the spec's path."""
    more = {"screen": {"embedder": "minilm"}, **more}
    raw = [*rows(), {"id": "r99", "input": SAID, "expected": "refund"}]
    write_project(folder, small_spec(seeds=7, children=2, prompted=4, require=require, **more), raw)
    grammar = {**GRAMMAR, "rules": {"message": ["{problem}"]}, "lengths": {}}
    # Every text of the grammar is needed, so the one that says it again is made.
    grammar["levels"] = {"item": {name: {"problem": list(one["problem"])[:3]} for name, one in _levels().items()}}
    grammar["levels"]["item"]["clock"]["problem"] = [AGAIN, *OTHERWISE]
    (folder / "small" / "grammar.yaml").write_text(yaml.safe_dump(grammar, sort_keys=False), "utf-8")
    return "small.yaml"


def _levels() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(json.dumps(GRAMMAR["levels"]["item"]))
    return found
