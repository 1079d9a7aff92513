"""promptfoo: tests as JSON lines and a config, so written that no template of its own is filled in a case."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.exporters.records import Record, json_lines, manifest, messages_of, metadata_of
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

TESTS = "tests.jsonl"
_ASSERT = {"type": "javascript", "value": "file://pass.cjs"}


@exporter("promptfoo", version=1, runner="promptfoo", records=(TESTS,), stubs=("promptfooconfig.yaml", "pass.cjs"))
def promptfoo(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """A test a case with the messages as one variable; `metadata.evalspec_id` comes back in every result."""
    return {
        TESTS: json_lines(_test(case, lock, facts) for case in lock.cases),
        "promptfooconfig.yaml": stub("promptfooconfig.yaml"),
        "pass.cjs": stub("pass.cjs"),
        **manifest(lock, facts, "promptfoo@1", {TESTS: lock.cases}),
    }


def _test(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    # A variable that is a text is rendered as a template, read from disk when it starts with `file://`, and loses a
    # line end; `{% raw %}` does not prevent it. A list of objects is passed as it is.
    test: dict[str, object] = {"vars": {"messages": messages_of(case, facts)}, "metadata": metadata_of(case, lock)}
    # What is expected stays in the metadata, which the assertion reads: an assertion's own value is a template too.
    if "expected" in case:
        test["assert"] = [_ASSERT]
    return test
