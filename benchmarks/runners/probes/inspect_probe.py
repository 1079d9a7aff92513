"""Inside Inspect AI's environment: run the exported task with a mock model and write what the model was sent."""

import json
import sys
from importlib.metadata import version

import inspect_ai
from inspect_ai.model import ModelOutput, ModelUsage, get_model

sys.path.insert(0, ".")
from task import evalspec_set


def answer(*_):
    output = ModelOutput.from_content("mockllm/model", "ok")
    output.usage = ModelUsage()  # else the mock counts tokens, with a table that is downloaded
    return output


model = get_model("mockllm/model", custom_outputs=answer)
log = inspect_ai.eval(evalspec_set(), model=model, display="none", log_format="json", log_dir="logs")[0]
assert log.status == "success", log.error
seen, metadata = {}, {}
for sample in log.samples:
    sent = next(event.input for event in sample.events if event.event == "model")
    seen[sample.id] = [
        (one.role, one.content, [(call.function, call.arguments) for call in getattr(one, "tool_calls", None) or ()])
        for one in sent
    ]
    metadata[sample.id] = sample.metadata
scores = {sample.id: str(sample.scores["evalspec_pass"].value) for sample in log.samples}
notes = [f"task_version {log.eval.task_version}", f"{sum(one == 'nan' for one in scores.values())} unscored"]
with open(sys.argv[1], "w") as handle:
    json.dump({"version": version("inspect_ai"), "messages": seen, "metadata": metadata, "notes": notes}, handle)
