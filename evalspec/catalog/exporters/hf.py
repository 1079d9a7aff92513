"""A Hugging Face dataset: one split in JSON lines, and a card that states the features and how the set may be used."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.exporters.records import (
    WARNINGS,
    Record,
    ascii_json,
    json_lines,
    lineage_of,
    manifest,
    messages_of,
    text_of,
)
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

DATA = "data/test.jsonl"
CARD = "README.md"
_LEADING = ("id", "digest", "provenance", "track", "language", "pool", "source")
_TRAILING = ("context", "behaviour", "premise", "expected", "checks", "parents", "metadata", "canary")
MESSAGE = ("role", "content", "tool_calls", "tool_call_id")


@exporter("hf", version=1, runner="Hugging Face datasets", records=(DATA, CARD), stubs=("load.py",))
def hf(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """A split `test` of messages and columns of text, JSON where a value has no fixed shape, and a card of features."""
    return {
        DATA: json_lines(_row(case, lock, facts) for case in lock.cases),
        CARD: _card(lock, facts),
        "load.py": stub("load.py"),
        **manifest(lock, facts, "hf@1", {DATA: lock.cases}),
    }


def _row(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    lineage = lineage_of(case)
    given: dict[str, object] = {
        **{name: case.get(name) for name in (*_LEADING, *_TRAILING)},
        "pool": lineage.get("pool"),
        "source": lineage.get("source"),
        "parents": lineage.get("parents"),
        "behaviour": case.get("behaviour", "answer"),
        # JSON also where it is a bare label: a column of nothing but dates would be read as times and spelled anew.
        "expected": ascii_json(case["expected"]) if "expected" in case else None,
        "canary": lock.header.get("canary"),
    }
    texts = {name: None if value is None else text_of(value) for name, value in given.items()}
    messages = [
        {name: None if one.get(name) is None else text_of(one[name]) for name in MESSAGE}
        for one in messages_of(case, facts)
    ]
    # One order of keys and no key left out: a column that is missing in the first block would be missed later.
    return {
        **{name: texts[name] for name in _LEADING},
        "messages": messages,
        **{name: texts[name] for name in _TRAILING},
    }


def _card(lock: Lock, facts: ExportFacts) -> str:
    header = lock.header
    purpose = str(header.get("purpose", ""))
    features = [f"  - {{name: {name}, dtype: string}}" for name in _LEADING]
    features += ["  - name: messages", "    list:", *(f"    - {{name: {name}, dtype: string}}" for name in MESSAGE)]
    features += [f"  - {{name: {name}, dtype: string}}" for name in _TRAILING]
    lines = [
        "---",
        f'pretty_name: "{header.get("name")}"',
        "configs:",
        "- config_name: default",
        "  data_files:",
        f"  - {{split: test, path: {DATA}}}",
        "dataset_info:",
        "  features:",
        *features,
        "---",
        "",
        f"# {header.get('name')}",
        "",
        f"{len(lock.cases)} of the {facts.lock_cases} cases of an evalspec lock. Purpose: {purpose}.",
        *(["", f"**{WARNINGS[purpose]}**"] if purpose in WARNINGS else []),
        "",
        f"- root of the lock: `{lock.root}`",
        f"- canary: `{header.get('canary')}`. This is an evaluation set; do not train on it.",
        "- `expected`, `context`, `checks`, `parents` and `metadata` are JSON text.",
        "- `provenance` says where a case came from; only `prod` is unedited words of real users.",
    ]
    return "\n".join(lines) + "\n"
