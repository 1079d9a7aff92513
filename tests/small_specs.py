"""A small whole project on disk: a spec, its snapshot, a grammar; one keyword each to vary.

Twelve rows of our own, each of more than one sentence and with capitals, so that every operator named here finds
something to change in every one of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from evalspec.importing import import_source
from evalspec.project import load_spec

Row = Mapping[str, Any]

TEXTS: tuple[tuple[str, str], ...] = (
    ("The kettle leaks at the bottom. Please send me another one.", "replace"),
    ("I have waited for nine days now. Where is the parcel?", "track"),
    ("You charged my card twice. I want one payment back.", "refund"),
    ("The lamp is green, not black. Can I get the right colour?", "replace"),
    ("Nobody rang the bell. Your driver says that I was not at home!", "track"),
    ("My order came without the cable. Is it in a second box?", "track"),
    ("The shoes are too small. I do not want others, only my money.", "refund"),
    ("Half of the plates are broken. What do I have to do now?", "replace"),
    ("This jacket smells of smoke. Take it back, please.", "refund"),
    ("The link in your mail is dead. Show me where my chair is.", "track"),
    ("I cancelled on Sunday. The money has not come yet.", "refund"),
    ("One wheel of the pram is missing. We leave on Friday.", "replace"),
)
GRAMMAR: Mapping[str, Any] = {
    "language": "en",
    "rules": {"message": ["{problem} {ask}", "{ask} {problem}"]},
    "levels": {
        "item": {
            "table": {
                "problem": [
                    "one leg of the table is shorter than the others.",
                    "there are no screws for the table.",
                    "the top has a crack from end to end.",
                    "the wood is much darker than in your pictures.",
                ]
            },
            "clock": {
                "problem": [
                    "the clock stops every night at two.",
                    "both hands of the clock fell off.",
                    "it ticks so loud that I cannot sleep.",
                    "the battery door will not close.",
                ]
            },
        }
    },
    "lengths": {"terse": {"message": ["{problem}"]}},
}
ASKS = [
    "can you send somebody?",
    "what happens next?",
    "I would like a new one.",
    "do I keep the box?",
    "is that covered?",
    "who pays for the way back?",
]
OPERATORS = ("angry_opener", "lowercase", "multiply_punctuation", "typo", "uppercase")


def rows(count: int = 12) -> list[dict[str, Any]]:
    """The first of the rows."""
    return [{"id": f"r{at:02d}", "input": text, "expected": label} for at, (text, label) in enumerate(TEXTS[:count])]


def small_spec(
    *,
    seeds: int = 6,
    children: int = 4,
    prompted: int = 4,
    personas: Sequence[str] = (),
    operators: Sequence[str] = ("lowercase", "typo"),
    require: float = 0,
    **more: Any,
) -> dict[str, Any]:
    """The data of a spec with seeds, children and a grid of two cells."""
    cases = {"seed": seeds, "mutation": children, "prompted": prompted}
    voices = {
        "brisk": {"description": "Has no time.", "style": {"casing": "lower"}},
        "exact": {"description": "Writes whole sentences.", "style": {"casing": "sentence", "punctuation": "full"}},
        "loud": {"description": "Cannot find the right key.", "style": {"casing": "upper"}},
    }
    spec: dict[str, Any] = {
        "version": 1,
        "purpose": "smoke",
        "task": {"expected": ["refund", "replace", "track"], "languages": ["en"]},
        "sources": {"production": {"verified_by": "desk_leads", "pii": "redact"}},
        "axes": {"item": {"table": {"expected": "replace"}, "clock": {"expected": "refund"}}},
        "models": {"writer": {"model": "builtin/grammar", "grammar": "small/grammar.yaml"}},
        "roles": {"generator": "writer"},
        "pools": {
            "seed": {},
            "mutation": {"operators": {name: {} for name in operators}},
            "prompted": {"axes": ["item"], "exemplars": 2},
        },
        "review": {"require": {"mutation": require, "prompted": require}, "overlap": 0},
    }
    if personas:
        spec["personas"] = {name: voices[name] for name in personas}
        spec["pools"]["persona"] = {"axes": ["item"], "personas": list(personas)}
        spec["review"]["require"]["persona"] = require
        cases["persona"] = 2
    spec["mix"] = {"cases": cases}
    return spec | more


def write_project(folder: Path, spec: Mapping[str, Any] | None = None, raw: Sequence[Row] | None = None) -> str:
    """Write a spec, its grammar and its imported snapshot, and return the spec's path."""
    path = folder / "small.yaml"
    (folder / "small").mkdir(parents=True, exist_ok=True)
    grammar = {**GRAMMAR, "rules": {**GRAMMAR["rules"], "ask": ASKS}}
    (folder / "small" / "grammar.yaml").write_text(yaml.safe_dump(grammar, sort_keys=False), "utf-8")
    path.write_text(spec_text(spec if spec is not None else small_spec()), "utf-8")
    source = folder / "raw.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in (raw if raw is not None else rows())), "utf-8")
    loaded = load_spec(str(path))
    import_source(loaded.spec, "production", str(source), loaded.catalog)
    return str(path)


def spec_text(spec: Mapping[str, Any]) -> str:
    """The YAML of a spec, keys in the order given."""
    return yaml.safe_dump(dict(spec), sort_keys=False, allow_unicode=True)
