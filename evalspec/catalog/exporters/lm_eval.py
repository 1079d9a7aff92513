"""lm-evaluation-harness: documents as JSON lines, and a task in Python that no template touches."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.exporters.records import (
    SCORER,
    Record,
    ascii_json,
    expected_text,
    json_lines,
    manifest,
    messages_of,
)
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

DOCS = "docs.jsonl"
TASK = "task.yaml"


@exporter("lm_eval", version=1, runner="lm-evaluation-harness", records=(DOCS, TASK), stubs=("task.py", SCORER))
def lm_eval(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """Documents of text columns and a task `evalspec_NAME`; conversations need `--apply_chat_template`."""
    return {
        DOCS: json_lines(_doc(case, lock, facts) for case in lock.cases),
        TASK: _task(lock),
        "task.py": stub("lm_eval_task.py"),
        SCORER: stub(SCORER),
        **manifest(lock, facts, "lm_eval@1", {DOCS: lock.cases}),
    }


def _doc(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    messages = messages_of(case, facts)
    is_plain = [one["role"] for one in messages] in (["user"], ["system", "user"])
    return {
        "id": case["id"],
        "digest": case["digest"],
        "lock": lock.root,
        # What a model without a chat template is given; a conversation has no such form.
        "prompt": "\n\n".join(str(one["content"]) for one in messages) if is_plain else "",
        "messages": ascii_json(messages),
        "target": expected_text(case) or "",
        "expected": ascii_json(case.get("expected")),
        "provenance": case["provenance"],
        "track": case["track"],
        "canary": lock.header.get("canary"),
    }


def _task(lock: Lock) -> str:
    lines = [
        f"task: evalspec_{lock.header.get('name')}",
        "class: !function task.EvalspecTask",
        "custom_dataset: !function task.load",
        "test_split: test",
        "output_type: generate_until",
        "doc_to_text: !function task.doc_to_text",
        "doc_to_target: !function task.doc_to_target",
        "process_results: !function task.process_results",
        "generation_kwargs: {until: [], max_gen_toks: 256, do_sample: false}",
        "metric_list:",
        "- {metric: evalspec_pass, aggregation: !function task.mean, higher_is_better: true}",
        f'metadata: {{version: "lock-{lock.root}"}}',
    ]
    return "\n".join(lines) + "\n"
