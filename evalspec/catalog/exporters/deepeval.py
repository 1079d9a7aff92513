"""DeepEval: goldens of one turn and of conversations, which its datasets do not mix, and a script that runs both."""

from __future__ import annotations

import json
from collections.abc import Mapping

from evalspec.catalog.exporters.records import (
    SCORER,
    Record,
    expected_text,
    json_array,
    manifest,
    messages_of,
    metadata_of,
    turns_of,
)
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

SINGLE = "goldens.json"
CHATS = "goldens.multiturn.json"


@exporter("deepeval", version=1, runner="DeepEval", records=(SINGLE, CHATS), stubs=("run_deepeval.py", SCORER))
def deepeval(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """Goldens and conversational goldens named by id; all messages, tools' too, stand in the metadata."""
    texts = [case for case in lock.cases if isinstance(case["input"], str)]
    chats = [case for case in lock.cases if not isinstance(case["input"], str)]
    return {
        SINGLE: json_array([_golden(case, lock, facts) for case in texts]),
        CHATS: json_array([_conversation(case, lock, facts) for case in chats]),
        "run_deepeval.py": stub("run_deepeval.py"),
        SCORER: stub(SCORER),
        **manifest(lock, facts, "deepeval@1", {SINGLE: texts, CHATS: chats}),
    }


def _golden(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    return {
        "name": case["id"],
        "input": case["input"],
        "expected_output": expected_text(case),
        "additional_metadata": _metadata(case, lock, facts),
    }


def _conversation(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    # DeepEval knows turns of the user and of the assistant only. A golden needs a scenario that is not empty.
    turns = [_turn(one) for one in turns_of(case) if one["role"] in ("user", "assistant")]
    return {
        "name": case["id"],
        "scenario": f"{case['provenance']} {case['id']}",
        "turns": turns,
        "expected_outcome": expected_text(case),
        "additional_metadata": _metadata(case, lock, facts),
    }


def _turn(turn: Record) -> dict[str, object]:
    calls = turn.get("tool_calls")
    found: dict[str, object] = {"role": turn["role"], "content": turn["content"]}
    if isinstance(calls, list):
        found["tools_called"] = [
            {"name": str(call.get("name", "")), "input_parameters": json.loads(json.dumps(call.get("arguments", {})))}
            for call in calls
        ]
    return found


def _metadata(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    return {**metadata_of(case, lock), "evalspec_messages": messages_of(case, facts)}
