"""Inside the environment of datasets: load the exported folder by its card and write the rows."""

import json
import sys
from importlib.metadata import version

sys.path.insert(0, ".")
from load import load

rows = load()
seen, metadata = {}, {}
for row in rows:
    seen[row["id"]] = [
        (
            one["role"],
            one["content"],
            [
                (call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in json.loads(one["tool_calls"] or "[]")
            ],
        )
        for one in row["messages"]
    ]
    metadata[row["id"]] = {"evalspec_id": row["id"], "evalspec_digest": row["digest"]}
    if row["metadata"]:
        metadata[row["id"]]["evalspec_metadata"] = json.loads(row["metadata"])
    if row["expected"] is not None:
        metadata[row["id"]]["evalspec_expected"] = json.loads(row["expected"])
wrong = [name for name, kind in rows.features.items() if name != "messages" and getattr(kind, "dtype", "") != "string"]
notes = [f"columns that are not text: {wrong}"]
with open(sys.argv[1], "w") as handle:
    json.dump({"version": version("datasets"), "messages": seen, "metadata": metadata, "notes": notes}, handle)
