"""Inside DeepEval's environment: run the exported script with a recorder for a model and write what it was sent."""

import glob
import json
import os
import sys
from importlib.metadata import version

os.environ["DEEPEVAL_RESULTS_FOLDER"] = "results"
sys.path.insert(0, ".")
import run_deepeval

calls = []


def record(messages):
    calls.append(messages)
    return "ok"


run_deepeval.model = record
run_deepeval.main()
goldens = [*run_deepeval.goldens("goldens.json"), *run_deepeval.goldens("goldens.multiturn.json")]
seen = {
    golden.name: [
        (
            one["role"],
            one["content"],
            [
                (call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in one.get("tool_calls", ())
            ],
        )
        for one in sent
    ]
    for golden, sent in zip(goldens, calls, strict=True)
}
metadata = {golden.name: golden.additional_metadata for golden in goldens}
texts = {golden.name: golden.input for golden in run_deepeval.goldens("goldens.json")}
turns = {
    one.name: [(turn.role, turn.content) for turn in one.turns]
    for one in run_deepeval.goldens("goldens.multiturn.json")
}
# What DeepEval itself wrote down of the run.
written, multimodal = {}, 0
for path in glob.glob("results/**/*.json", recursive=True):
    with open(path, encoding="utf-8") as handle:
        run = json.load(handle)
    for case in run.get("testCases", []):
        written[case["name"]] = case["input"]
        multimodal += bool(case.get("imagesMapping"))
        assert case["metadata"]["evalspec_id"] == case["name"]
    for case in run.get("conversationalTestCases", []):
        written[case["name"]] = [(turn["role"], turn["content"]) for turn in case["turns"]][:-1]
        assert case["metadata"]["evalspec_id"] == case["name"]
notes = [f"{len(written)} cases in its results", f"{multimodal} taken for images"]
for name, text in texts.items():
    if written.get(name) != text:
        notes.append(f"result of {name} shows another input: {written.get(name)!r}")
for name, chat in turns.items():
    if [list(one) for one in chat] != [list(one) for one in written.get(name, [])]:
        notes.append(f"result of {name} shows other turns")
with open(sys.argv[1], "w") as handle:
    json.dump({"version": version("deepeval"), "messages": seen, "metadata": metadata, "notes": notes}, handle)
