"""What exporters share: a case as chat messages and as metadata, JSON lines for any reader, the manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.text.json_text import plain

MANIFEST = "evalspec.json"
MANIFEST_VERSION = 1
SCORER = "evalspec_pass.py"
# What a set that may not decide a release says wherever it goes.
WARNINGS: Mapping[str, str] = {
    "smoke": "A smoke set: no launch may rest on it.",
    "bootstrap": "A set from before production: no launch may rest on it.",
}

Record = Mapping[str, object]


def ascii_json(value: object) -> str:
    """Spell JSON in ASCII: some runners cut lines where `str.splitlines` does, at U+2028 and five other signs."""
    return json.dumps(plain(value), ensure_ascii=True, allow_nan=False)


def json_lines(rows: Iterable[object]) -> str:
    """Write one value a line."""
    return "".join(ascii_json(row) + "\n" for row in rows)


def json_array(rows: Sequence[object]) -> str:
    """Write an array with one value a line."""
    return "[" + ",".join("\n" + ascii_json(row) for row in rows) + "\n]\n"


def turns_of(case: Record) -> list[dict[str, object]]:
    """Return the input as messages, a text as one message of the user."""
    value = case["input"]
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    assert isinstance(value, list)
    return [dict(one) for one in value]


def messages_of(case: Record, facts: ExportFacts) -> list[dict[str, object]]:
    """Return what a subject is sent: the instructions, each entry of the context, and the conversation so far.

    Instructions and context are messages of the system. Tool calls have the form of OpenAI's chat API, which wants
    ids: calls are numbered, and a tool's message answers the oldest call that is still open.
    """
    found: list[dict[str, object]] = []
    if facts.instructions:
        found.append({"role": "system", "content": facts.instructions})
    context = case.get("context")
    if isinstance(context, Mapping):
        found += [{"role": "system", "content": f"{name}:\n{text_of(value)}"} for name, value in context.items()]
    calls = 0
    waiting: list[str] = []
    for turn in turns_of(case):
        made = turn.pop("tool_calls", None)
        if isinstance(made, list):
            wire = []
            for call in made:
                calls += 1
                waiting.append(f"call_{calls}")
                arguments = json.dumps(plain(call.get("arguments", {})), ensure_ascii=False)
                function = {"name": str(call.get("name", "")), "arguments": arguments}
                wire.append({"id": waiting[-1], "type": "function", "function": function})
            turn["tool_calls"] = wire
        elif turn["role"] == "tool":
            turn["tool_call_id"] = waiting.pop(0) if waiting else "call_0"
        found.append(turn)
    return found


def text_of(value: object) -> str:
    """Spell a value as text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def expected_text(case: Record) -> str | None:
    """Return what is expected as text: a bare label, or the parts as JSON; None when nothing is."""
    return text_of(case["expected"]) if "expected" in case else None


def lineage_of(case: Record) -> Record:
    """Return how a case came to be."""
    lineage = case.get("lineage")
    return lineage if isinstance(lineage, Mapping) else {}


def metadata_of(case: Record, lock: Lock) -> dict[str, object]:
    """Return what travels with a case through a runner and comes back: ours by prefix, the row's own in one entry.

    The row's own columns are nested, since runners act on names such as `conversationId` or `pluginId`.
    """
    lineage = lineage_of(case)
    found: dict[str, object] = {
        "evalspec_id": case["id"],
        "evalspec_digest": case["digest"],
        "evalspec_lock": lock.root,
        "evalspec_canary": lock.header.get("canary"),
        "evalspec_provenance": case["provenance"],
        "evalspec_track": case["track"],
        "evalspec_language": case["language"],
        "evalspec_pool": lineage.get("pool"),
        "evalspec_source": lineage.get("source"),
        "evalspec_parents": lineage.get("parents"),
        "evalspec_behaviour": case.get("behaviour", "answer"),
        "evalspec_expected": case.get("expected"),
    }
    for name in ("premise", "checks", "context", "metadata"):
        found[f"evalspec_{name}"] = case.get(name)
    return {name: value for name, value in found.items() if value is not None}


def manifest(lock: Lock, facts: ExportFacts, exporter: str, placed: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """Return `evalspec.json`: whose set this is, what may rest on it, and which case stands where in which file."""
    header = lock.header
    purpose = str(header.get("purpose", ""))
    asked = {"track": facts.tracks, "pool": facts.pools, "source": facts.sources}
    index = [
        {"file": file, "position": position, "id": case["id"], "digest": case["digest"]}
        for file, cases in placed.items()
        for position, case in enumerate(cases)
    ]
    whole: dict[str, object] = {
        "evalspec_export": MANIFEST_VERSION,
        "exporter": exporter,
        "name": header.get("name"),
        "purpose": purpose,
        **({"warning": WARNINGS[purpose]} if purpose in WARNINGS else {}),
        "root": lock.root,
        "canary": header.get("canary"),
        "selection": {name: list(values) for name, values in asked.items() if values},
        "cases": len(index),
        "lock_cases": facts.lock_cases,
        "instructions": facts.instructions,
        "labels": list(facts.labels),
    }
    lines = [f"{ascii_json(name)}: {ascii_json(value)}," for name, value in whole.items()]
    rows = ",".join(f"\n {ascii_json(one)}" for one in index)
    return {MANIFEST: "\n".join(["{", *lines, f'"index": [{rows}]', "}"]) + "\n"}
