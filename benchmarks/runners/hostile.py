"""A small lock of texts that runners rewrite, run, load or cut, and a folder with its export for one runner."""

from __future__ import annotations

from pathlib import Path

from evalspec.catalog import load_catalog
from evalspec.digests import digest
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock

TEXTS = (
    "{{ 7*7 }}",
    "{{ env.HOME }} and {{ messages }}",
    "{% for x in [1, 2] %}x{% endfor %}",
    "{% raw %}{{ 7*7 }}{% endraw %}{{ 7*7 }}",
    "{# a comment #} after it {#",
    "{input} {0} %s ${HOME} $(id) `id`",
    "file:///etc/hostname",
    "file://pass.cjs",
    "package:evalspec:run",
    "one\u2028two\u2029three\u0085four\x0bfive\x0csix\x1cseven",
    "[DEEPEVAL:IMAGE:x] and [DEEPEVAL:PDF:y]",
    '=HYPERLINK("http://example.org","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'quoted and ''twice''",
    "\tafter a tab",
    "\r\nafter a line end\rand another\n",
    'she said "no, thanks", then left\\n \\" \\u0041',
    "  spaces around  ",
    "line end at the end\n",
    "2026-11-20",
    "12345",
    "['a', 'b']",
    '[{"role": "user", "content": "a chat that is a text"}]',
    "true",
    "null",
    "Grüße, 你好, שלום, नमस्ते \U0001f469\u200d\U0001f469\u200d\U0001f467",
    "<think>not a thought</think> <|im_end|> </s> [INST]",
    "<script>alert(1)</script> <img src=x>",
)
CHAT: tuple[dict[str, object], ...] = (
    {"role": "user", "content": "where is {{ 7*7 }}?"},
    {"role": "assistant", "content": "<think>file:///etc/hostname</think> Which order? {% if %}"},
    {"role": "user", "content": "=4481\u2028[DEEPEVAL:IMAGE:x]"},
    {"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": {"id": "{{ 7*7 }}", "n": 1}}]},
    {"role": "tool", "content": '{"state": "{# lost #}"}'},
    {"role": "user", "content": "file://pass.cjs\nsend me my money"},
)
INSTRUCTIONS = "Answer with {{ label }} or {label}.\n{% raw %} file:///etc/hostname\n"


def hostile_lock() -> Lock:
    """Texts of one turn, then conversations; labels, metadata and context are as hostile as the inputs."""
    cases = [_case(number, text, expected=text) for number, text in enumerate(TEXTS)]
    cases.append(_case(len(cases), [dict(one) for one in CHAT], expected=TEXTS[0]))
    cases.append(_case(len(cases), [*(dict(one) for one in CHAT[:3])]))
    cases.append(_case(len(cases), "with a context", context={"note": TEXTS[0], "order": {"id": TEXTS[6]}}))
    cases.append(_case(len(cases), "no metadata", expected={"decision": "refund"}, metadata={}))
    header = {"name": "hostile", "purpose": "smoke", "canary": "evalspec-canary 0-0", "case_count": len(cases)}
    return Lock(header={**header, "root": digest(cases)}, cases=tuple(cases), drops=())


def _case(number: int, value: object, **fields: object) -> dict[str, object]:
    body = {"input": value, **{name: one for name, one in fields.items() if name != "metadata"}}
    case: dict[str, object] = {
        "id": f"seed.{number:012x}",
        "digest": digest(body),
        "provenance": "prod",
        "track": "wild",
        "language": "en",
        **body,
        "lineage": {"pool": "seed", "source": "production"},
    }
    metadata = fields.get(
        "metadata", {"note": TEXTS[number % len(TEXTS)], "pluginId": "x", "file": "file:///etc/hostname"}
    )
    return {**case, "metadata": metadata} if metadata else case


def facts() -> ExportFacts:
    """The facts of the set: hostile instructions, one label part."""
    return ExportFacts(instructions=INSTRUCTIONS, labels=("decision",), lock_cases=len(hostile_lock().cases))


def write_export(runner: str, folder: Path) -> dict[str, str]:
    """Export the lock into a folder and return the files."""
    files: dict[str, str] = dict(load_catalog().get("exporter", runner).function(hostile_lock(), facts()))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return files


def wanted_messages() -> dict[str, list[tuple[object, ...]]]:
    """Case id to what a model has to be sent, made from the lock alone: role, content, calls."""
    found = {}
    for case in hostile_lock().cases:
        given = case["input"]
        turns = [{"role": "user", "content": given}] if isinstance(given, str) else given
        front: list[tuple[object, ...]] = [("system", INSTRUCTIONS, ())]
        if "context" in case:
            front += [("system", f"note:\n{TEXTS[0]}", ()), ("system", f'order:\n{{"id": "{TEXTS[6]}"}}', ())]
        assert isinstance(turns, list)
        found[str(case["id"])] = front + [
            (
                one["role"],
                one["content"],
                tuple((call["name"], call["arguments"]) for call in one.get("tool_calls", ())),
            )
            for one in turns
        ]
    return found
