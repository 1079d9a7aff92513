"""Run the exported script with a recorder for a model, and read its results back."""

import json
import platform
import sys

sys.path.insert(0, ".")
import run

calls = []


def record(messages):
    calls.append(messages)
    return "ok"


run.model = record
run.main()
with open("cases.jsonl", encoding="utf-8", newline="\n") as handle:
    cases = [json.loads(line) for line in handle]
with open("results.jsonl", encoding="utf-8", newline="\n") as handle:
    results = [json.loads(line) for line in handle]
assert [one["id"] for one in results] == [one["id"] for one in cases]
seen = {
    case["id"]: [
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
    for case, sent in zip(cases, calls, strict=True)
}
metadata = {
    case["id"]: {
        "evalspec_id": case["id"],
        "evalspec_digest": case["digest"],
        **{f"evalspec_{name}": case[name] for name in ("expected", "metadata") if name in case},
    }
    for case in cases
}
notes = [f"{sum(one['pass'] is None for one in results)} unscored"]
with open(sys.argv[1], "w") as handle:
    json.dump(
        {"version": f"Python {platform.python_version()}", "messages": seen, "metadata": metadata, "notes": notes},
        handle,
    )
