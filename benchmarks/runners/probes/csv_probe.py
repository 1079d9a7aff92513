"""Read the exported table with the stub, with pandas, and through a workbook, in which no cell may be a formula."""

import json
import sys
from importlib.metadata import version

import openpyxl
import pandas

sys.path.insert(0, ".")
from read import read

with open("evalspec.json", encoding="utf-8") as handle:
    manifest = json.load(handle)
frame = pandas.read_csv("cases.csv", dtype=str, keep_default_na=False)
rows = read()
assert [one["evalspec_id"] for one in rows] == list(frame["evalspec_id"])
assert [one["input"] for one in rows] == [cell.removeprefix("'") for cell in frame["input"]], "pandas reads other texts"
book = openpyxl.Workbook()
for cells in frame.itertuples(index=False):
    book.active.append([openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in cells])
formulas = [cell.value for line in book.active.iter_rows() for cell in line if cell.data_type == "f"]
seen, metadata = {}, {}
front = [("system", manifest["instructions"], [])]
for row in rows:
    turns = json.loads(row["messages"]) if row["messages"] else [{"role": "user", "content": row["input"]}]
    context = json.loads(row["context"]) if row["context"] else {}
    shown = [
        ("system", f"{name}:\n{one if isinstance(one, str) else json.dumps(one)}", []) for name, one in context.items()
    ]
    seen[row["evalspec_id"]] = [
        *front,
        *shown,
        *(
            (one["role"], one["content"], [(call["name"], call["arguments"]) for call in one.get("tool_calls", ())])
            for one in turns
        ),
    ]
    metadata[row["evalspec_id"]] = {"evalspec_id": row["evalspec_id"], "evalspec_digest": row["evalspec_digest"]}
    if row["expected"]:
        # The table does not say whether a cell is a label or JSON; of the hostile set only parts are an object.
        is_parts = row["expected"].startswith('{"')
        metadata[row["evalspec_id"]]["evalspec_expected"] = json.loads(row["expected"]) if is_parts else row["expected"]
    if row["metadata"]:
        metadata[row["evalspec_id"]]["evalspec_metadata"] = json.loads(row["metadata"])
notes = [f"{len(formulas)} formulas in a workbook"]
with open(sys.argv[1], "w") as handle:
    json.dump(
        {"version": f"pandas {version('pandas')}", "messages": seen, "metadata": metadata, "notes": notes}, handle
    )
