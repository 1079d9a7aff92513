"""Inside the harness's environment: run the exported task with a model that writes down what it is sent."""

import json
import sys
from importlib.metadata import version

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

sys.path.insert(0, ".")


class Recorder(LM):
    tokenizer_name = "recorder"

    def generate_until(self, requests, disable_tqdm=False):
        self.sent = [(request.doc["id"], request.args[0]) for request in requests]
        return ["ok" for _ in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        return json.dumps(chat_history)

    def chat_template(self, chat_template=False):
        return "recorder"


def run(chat):
    model = Recorder()
    found = simple_evaluate(
        model=model,
        tasks=["evalspec_hostile"],
        task_manager=TaskManager(include_path=".", include_defaults=False),
        apply_chat_template=chat,
        log_samples=True,
        bootstrap_iters=0,
    )
    return model, found


model, found = run(True)
seen = {
    name: [
        (
            one["role"],
            one["content"],
            [
                (call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in one.get("tool_calls", ())
            ],
        )
        for one in json.loads(text)
    ]
    for name, text in model.sent
}
samples = found["samples"]["evalspec_hostile"]
metadata = {
    one["doc"]["id"]: {
        "evalspec_id": one["doc"]["id"],
        "evalspec_digest": one["doc"]["digest"],
        **(
            {}
            if json.loads(one["doc"]["expected"]) is None
            else {"evalspec_expected": json.loads(one["doc"]["expected"])}
        ),
    }
    for one in samples
}
results = found["results"]["evalspec_hostile"]
notes = [f"{sum('evalspec_pass' not in one for one in samples)} unscored", f"results {sorted(results)}"]
try:
    run(False)
    notes.append("conversations were sent without a template")
except ValueError as error:
    notes.append(f"without a template: {error}")
with open(sys.argv[1], "w") as handle:
    json.dump({"version": version("lm_eval"), "messages": seen, "metadata": metadata, "notes": notes}, handle)
