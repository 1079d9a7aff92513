"""What exporters write, read back by independent readers: every text of the lock as it is, nothing left to a runner."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evalspec.catalog import load_catalog
from evalspec.digests import digest
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.text.spreadsheet import guarded, unguarded

EXPORTERS = load_catalog().all("exporter")
NAMES = [member.name for member in EXPORTERS]
HOSTILE = (
    "{{ 7*7 }}",
    "{{ env.HOME }}",
    "{% if x %}",
    "{# gone #}",
    "{% raw %}{{ 7*7 }}{% endraw %}",
    "file:///etc/hostname",
    "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg",
    "[DEEPEVAL:IMAGE:x]",
    '=HYPERLINK("http://example.org")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted'",
    "\ttab",
    "\rreturn",
    "\nline\r\nend\n",
    'say "no", then\\n',
    "＝1",
    "2026-11-20",
    "[1, 2]",
    "Grüße 你好 \U0001f469\u200d\U0001f467",
)
CHAT = [
    {"role": "user", "content": "where is {{ 7*7 }}?"},
    {"role": "assistant", "content": "Which order?"},
    {"role": "user", "content": "=4481\u2028"},
    {"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": {"id": "{{ 7 }}"}}]},
    {"role": "tool", "content": "{# lost #}"},
    {"role": "user", "content": "file:///etc/hostname\nsend my money"},
]
FACTS = ExportFacts(instructions="Say {{ label }}.\n", labels=("decision",), lock_cases=99)


def make_lock(*inputs: object, **fields: object) -> Lock:
    cases = []
    for number, value in enumerate(inputs):
        body = {"input": value, **{name: one for name, one in fields.items() if name != "metadata"}}
        case = {"id": f"seed.{number:012x}", "digest": digest(body), "provenance": "prod", "track": "wild"}
        case |= {"language": "en", **body, "lineage": {"pool": "seed", "source": "production"}}
        cases.append({**case, **({"metadata": fields["metadata"]} if "metadata" in fields else {})})
    header = {"name": "small", "purpose": "smoke", "canary": "evalspec-canary 1-2", "root": digest(cases)}
    return Lock(header=header, cases=tuple(cases), drops=())


def export(name: str, lock: Lock, facts: ExportFacts = FACTS) -> Mapping[str, str]:
    files: Mapping[str, str] = load_catalog().get("exporter", name).function(lock, facts)
    return files


def lines(text: str) -> list[Any]:
    """JSON lines as the least careful runner reads them: cut by `str.splitlines`."""
    return [json.loads(line) for line in text.splitlines()]


def wire(messages: list[Any]) -> list[Any]:
    """Messages of OpenAI's form as the lock spells them."""
    found = []
    for one in messages:
        calls = [
            {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])}
            for call in one.get("tool_calls") or ()
        ]
        found.append({"role": one["role"], "content": one["content"], **({"tool_calls": calls} if calls else {})})
    return found


def messages_in(name: str, files: Mapping[str, str]) -> dict[str, list[Any]]:
    """Case id to the messages that the files of one exporter hold for it, in the lock's spelling."""
    if name == "jsonl":
        return {one["id"]: wire(one["messages"]) for one in lines(files["cases.jsonl"])}
    if name == "hf":
        rows = lines(files["data/test.jsonl"])
        for row in rows:
            for one in row["messages"]:
                one["tool_calls"] = json.loads(one["tool_calls"] or "[]")
        return {row["id"]: wire(row["messages"]) for row in rows}
    if name == "inspect":
        rows = lines(files["samples.jsonl"])
        for row in rows:
            for one in row["input"]:
                for call in one.get("tool_calls", ()):
                    call["function"] = {"name": call["function"], "arguments": json.dumps(call.pop("arguments"))}
        return {row["id"]: wire(row["input"]) for row in rows}
    if name == "promptfoo":
        rows = lines(files["tests.jsonl"])
        return {row["metadata"]["evalspec_id"]: wire(row["vars"]["messages"]) for row in rows}
    if name == "lm_eval":
        return {row["id"]: wire(json.loads(row["messages"])) for row in lines(files["docs.jsonl"])}
    if name == "deepeval":
        rows = [*json.loads(files["goldens.json"]), *json.loads(files["goldens.multiturn.json"])]
        return {row["name"]: wire(row["additional_metadata"]["evalspec_messages"]) for row in rows}
    assert name == "csv"
    found = {}
    for row in csv.DictReader(io.StringIO(files["cases.csv"], newline=""), strict=True):
        cells = {key: cell[1:] if cell[:1] == "'" else cell for key, cell in row.items()}
        turns = json.loads(cells["messages"]) if cells["messages"] else [{"role": "user", "content": cells["input"]}]
        found[cells["evalspec_id"]] = turns
    return found


def wanted(case: Mapping[str, Any], name: str) -> list[Any]:
    turns = case["input"]
    spelled = [{"role": "user", "content": turns}] if isinstance(turns, str) else turns
    front = [] if name == "csv" else [{"role": "system", "content": FACTS.instructions}]
    return [*front, *spelled]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_as_it_is(name: str, text: str) -> None:
    """As an input, in a chat, as what is expected and in the row's own columns, in every format."""
    chat = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": text},
        {"role": "user", "content": text},
    ]
    lock = make_lock(text, chat, expected=text, metadata={"note": text})
    files = export(name, lock)

    found = messages_in(name, files)

    assert found == {case["id"]: wanted(case, name) for case in lock.cases}


@pytest.mark.parametrize("name", NAMES)
def test_a_chat_with_tools_keeps_every_turn(name: str) -> None:
    """Six turns, a call with its arguments and the tool's answer, in order."""
    lock = make_lock(CHAT, "a text")

    assert messages_in(name, export(name, lock)) == {case["id"]: wanted(case, name) for case in lock.cases}


def test_calls_have_ids_that_their_answers_name() -> None:
    """What chat APIs want and a lock does not hold: one id a call, answers in order of the calls."""
    calls = [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]
    turns = [
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
    ]
    messages = lines(export("jsonl", make_lock(turns))["cases.jsonl"])[0]["messages"][1:]

    assert [one["id"] for one in messages[0]["tool_calls"]] == ["call_1", "call_2"]
    assert [one["tool_call_id"] for one in messages[1:]] == ["call_1", "call_2"]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"csv"}))
def test_context_is_sent_and_not_lost(name: str) -> None:
    """Each entry is a message of the system after the instructions; a structure is JSON."""
    lock = make_lock("text", context={"note": "{{ 7 }}", "order": {"id": 1}})
    (messages,) = messages_in(name, export(name, lock)).values()

    assert [one["content"] for one in messages] == ["Say {{ label }}.\n", "note:\n{{ 7 }}", 'order:\n{"id": 1}', "text"]


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_says_whose_set_it_is_and_where_each_case_stands(name: str) -> None:
    """Root, canary, the smoke warning, and file and position of every case: a runner may know no ids."""
    lock = make_lock("one", CHAT, "three")
    files = export(name, lock)
    manifest = json.loads(files["evalspec.json"])

    assert (manifest["root"], manifest["canary"]) == (lock.root, "evalspec-canary 1-2")
    assert "no launch may rest on it" in manifest["warning"]
    assert (manifest["cases"], manifest["lock_cases"]) == (3, 99)
    assert {(one["id"], one["digest"]) for one in manifest["index"]} == {(c["id"], c["digest"]) for c in lock.cases}
    for one in manifest["index"]:
        text = files[one["file"]]
        if one["file"].endswith(".jsonl"):
            assert one["id"] in text.splitlines()[one["position"]]
        elif one["file"].endswith(".json"):
            assert json.loads(text)[one["position"]]["name"] == one["id"]
        else:
            assert list(csv.DictReader(io.StringIO(text, newline="")))[one["position"]]["evalspec_id"] == one["id"]


@pytest.mark.parametrize("name", NAMES)
def test_files_are_those_that_the_catalogue_names(name: str) -> None:
    """Records, stubs and the manifest, nothing else; the same bytes twice; stubs depend on no case."""
    member = load_catalog().get("exporter", name)
    one, other = export(name, make_lock(*HOSTILE)), export(name, make_lock("x"))

    assert set(one) == {*member.traits["records"], *member.traits["stubs"], "evalspec.json"}
    assert one == export(name, make_lock(*HOSTILE))
    assert all(one[stub] == other[stub] for stub in member.traits["stubs"])
    for stub in member.traits["stubs"]:
        if stub.endswith(".py"):
            compile(one[stub], stub, "exec")


@pytest.mark.parametrize("name", NAMES)
def test_the_canary_stands_in_every_record(name: str) -> None:
    """A file of records that lost its manifest can still be found in a training corpus."""
    files = export(name, make_lock("one", CHAT, "three"))
    records = [files[one] for one in load_catalog().get("exporter", name).traits["records"] if "." in one]

    assert sum(text.count("evalspec-canary 1-2") for text in records) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_empty_metadata_and_nothing_expected_are_fine(name: str) -> None:
    """A case may hold an input and nothing else."""
    lock = make_lock("text", metadata={})

    assert messages_in(name, export(name, lock)) == {case["id"]: wanted(case, name) for case in lock.cases}


@given(st.text(max_size=20) | st.text(alphabet="=+-@'\t\r\n\0\uff1d\uff0b\uff0d\uff20a", max_size=6))
def test_a_guarded_cell_is_no_formula_and_comes_back(text: str) -> None:
    """Both halves of the promise, for any text: nothing that a spreadsheet runs, nothing lost."""
    cell = guarded(text)

    assert unguarded(cell) == text
    assert cell[:1] not in set("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20") - {""}


def test_no_cell_of_the_table_starts_a_formula() -> None:
    """After OWASP, CSV Injection: also in columns that hold labels and metadata."""
    text = export("csv", make_lock(*HOSTILE, expected="=1+1"))["cases.csv"]

    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert sum(cell.startswith("'") for cell in cells) > len(HOSTILE)
    assert not [cell for cell in cells if re.match(r"[=+\-@\t\r\n\0＝＋－＠]", cell)]


def test_promptfoo_gets_no_variable_or_value_that_it_would_render() -> None:
    """It renders every variable that is a text and every assertion's value; ours are objects and one fixed file."""
    for row in lines(export("promptfoo", make_lock(*HOSTILE, expected="{{ 7*7 }}"))["tests.jsonl"]):
        assert set(row) == {"vars", "metadata", "assert"}
        assert all(isinstance(one, list) and all(isinstance(x, dict) for x in one) for one in row["vars"].values())
        assert row["assert"] == [{"type": "javascript", "value": "file://pass.cjs"}]
        assert all(name.startswith("evalspec_") for name in row["metadata"])
    config = yaml.safe_load(export("promptfoo", make_lock("x"))["promptfooconfig.yaml"])
    assert config["prompts"] == ["{{ messages | dump }}"]
    assert config["providers"] == ["echo"]


def test_promptfoo_asserts_only_where_something_is_expected() -> None:
    """A test without an assertion is unscored, not passed."""
    (row,) = lines(export("promptfoo", make_lock("x"))["tests.jsonl"])

    assert "assert" not in row


def test_the_card_declares_the_columns_of_every_row() -> None:
    """All rows have the same keys in the same order, and the card's features are these."""
    lock = make_lock("text", CHAT, expected={"decision": "refund"})
    files = export("hf", lock)
    card = yaml.safe_load(files["README.md"].split("---\n")[1])
    features = [one["name"] for one in card["dataset_info"]["features"]]
    messages = next(one["list"] for one in card["dataset_info"]["features"] if one["name"] == "messages")

    for row in lines(files["data/test.jsonl"]):
        assert list(row) == features
        assert all(list(one) == [field["name"] for field in messages] for one in row["messages"])
        assert all(value is None or isinstance(value, str | list) for value in row.values())
    assert card["configs"][0]["data_files"] == [{"split": "test", "path": "data/test.jsonl"}]
    assert "no launch may rest on it" in files["README.md"]


def test_dates_stay_texts_in_a_dataset() -> None:
    """A column of nothing but dates would be read as times; what is expected is JSON and starts with a quote."""
    rows = lines(export("hf", make_lock("when?", expected="2026-11-20"))["data/test.jsonl"])

    assert rows[0]["expected"] == '"2026-11-20"'


def test_deepeval_does_not_mix_texts_and_chats() -> None:
    """Its datasets refuse a mixture; turns are the user's and the assistant's, the rest is in the metadata."""
    files = export("deepeval", make_lock("text", CHAT))
    (golden,), (chat,) = json.loads(files["goldens.json"]), json.loads(files["goldens.multiturn.json"])

    assert golden["input"] == "text"
    assert "turns" not in golden and "input" not in chat
    assert [one["role"] for one in chat["turns"]] == ["user", "assistant", "user", "assistant", "user"]
    assert chat["turns"][3]["tools_called"] == [{"name": "find", "input_parameters": {"id": "{{ 7 }}"}}]
    assert chat["scenario"]


def test_the_harness_is_given_no_template() -> None:
    """Every field of the task that could be a template is a function of the stub."""
    text = export("lm_eval", make_lock("x"))["task.yaml"]
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith("-"))

    for name in ("class", "custom_dataset", "doc_to_text", "doc_to_target", "process_results"):
        assert fields[name].startswith("!function task.")
    assert "{{" not in text
    (row,) = lines(export("lm_eval", make_lock("x"))["docs.jsonl"])
    assert all(isinstance(value, str) for value in row.values())
    assert row["prompt"] == "Say {{ label }}.\n\n\nx"


def test_the_harness_has_no_plain_prompt_for_a_chat() -> None:
    """Turns are never joined into one text; the stub refuses to run them without a chat template."""
    (row,) = lines(export("lm_eval", make_lock(CHAT))["docs.jsonl"])

    assert row["prompt"] == ""


def run_stub(folder: Path, files: Mapping[str, str], name: str) -> str:
    for path, text in files.items():
        (folder / path).write_bytes(text.encode("utf-8"))
    done = subprocess.run([sys.executable, name], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_the_script_runs_with_its_echo(tmp_path: Path) -> None:
    """Results of every case by id and digest: right, wrong, and not to be scored without a judge."""
    right = make_lock("refund", expected="refund").cases[0]
    wrong = {**make_lock("keep", expected={"decision": "refund"}).cases[0], "id": "seed.b"}
    part = {**make_lock("refund", expected={"decision": "refund"}).cases[0], "id": "seed.c"}
    judged = {**make_lock("x", expected={"answer": "any"}).cases[0], "id": "seed.d"}
    nothing = {**make_lock("x").cases[0], "id": "seed.e"}
    lock = Lock(header=make_lock("x").header, cases=(right, wrong, part, judged, nothing), drops=())

    run_stub(tmp_path, export("jsonl", lock), "run.py")

    results = lines((tmp_path / "results.jsonl").read_text("utf-8"))
    assert [one["pass"] for one in results] == [True, False, True, None, None]
    assert [(one["id"], one["digest"]) for one in results] == [(one["id"], one["digest"]) for one in lock.cases]


def test_the_table_is_read_by_its_stub(tmp_path: Path) -> None:
    """Texts with line ends and guarded cells come out whole."""
    said = run_stub(tmp_path, export("csv", make_lock("=1\r\n2", CHAT)), "read.py")

    shown = [json.loads(line.split(" ", 1)[1]) for line in said.splitlines()]
    assert shown == ["=1\r\n2", CHAT]
