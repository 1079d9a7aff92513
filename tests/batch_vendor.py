"""A vendor of batches on the scripted endpoint: OpenAI's protocol and Anthropic's, ended when a test says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.model_server import Act, Asked, Script, completion


@dataclass
class Vendor:
    """A vendor of batches, by both protocols, that ends them when a test says so."""

    ended: bool = False
    status: str = "completed"
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: dict[str, Act] = field(default_factory=dict)  # path to what is done there instead
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)  # question to its line, beside the usual one
    script: Script | None = None  # what answers each question; None: `re:` and the question
    left_out: set[str] = field(default_factory=set)  # questions without an answer
    cancelled: set[str] = field(default_factory=set)  # batches

    def __call__(self, asked: Asked) -> Act:
        path = asked.path.removeprefix("/v1/")
        for beginning, act in self.fails.items():
            if path.startswith(beginning):
                return act
        if path == "files":
            name = f"file-{len(self.files)}"
            self.files[name] = asked.raw.split(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
            return Act(body=json.dumps({"id": name}))
        if path in ("batches", "messages/batches") and asked.method == "POST":
            name = f"batch-{len(self.batches)}"
            self.batches[name] = dict(asked.body)
            return Act(body=json.dumps({"id": name, "status": "validating", "processing_status": "in_progress"}))
        if path.endswith("/cancel") and asked.method == "POST":
            self.cancelled.add(path.split("/")[-2])
            path = path.removesuffix("/cancel")
        if path == "batches":
            return Act(body=json.dumps({"data": [{"id": name, **one} for name, one in self.batches.items()]}))
        if path.startswith("files/"):
            return Act(body=self._openai(path.split("/")[1].removeprefix("out-")))
        if path.endswith("/results"):
            return Act(body=self._anthropic(path.split("/")[2]))
        return Act(body=json.dumps(self._state(path.rpartition("/")[2])))

    def _state(self, name: str) -> dict[str, Any]:
        if name in self.cancelled:
            state, ended = ("cancelled", "ended") if self.ended else ("cancelling", "canceling")
        else:
            state, ended = (self.status, "ended") if self.ended else ("in_progress", "in_progress")
        files = {"output_file_id": f"out-{name}"} if self.ended else {}
        return {"id": name, "status": state, "processing_status": ended, **files}

    def _openai(self, name: str) -> bytes:
        rows = []
        for line in self.files[self.batches[name]["input_file_id"]].decode().splitlines():
            one = json.loads(line)
            text = one["body"]["messages"][-1]["content"]
            act = Act(text=f"re: {text}") if self.script is None else self.script(_asked(one["body"]))
            body = json.loads(act.body if act.body is not None else completion(one["body"]["model"], act))
            usual = {"response": {"status_code": 200, "body": body}}
            if text not in self.left_out:
                rows.append({"custom_id": one["custom_id"], **self.answers.get(text, usual)})
        return "\n".join(json.dumps(row) for row in reversed(rows)).encode()

    def _anthropic(self, name: str) -> bytes:
        rows = []
        for one in self.batches[name]["requests"]:
            text = one["params"]["messages"][-1]["content"]
            message = {
                "model": one["params"]["model"],
                "content": [{"type": "text", "text": f"re: {text}"}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 10, "output_tokens": 10},
            }
            usual = {"result": {"type": "succeeded", "message": message}}
            rows.append({"custom_id": one["custom_id"], **self.answers.get(text, usual)})
        return "\n".join(json.dumps(row) for row in rows).encode()


def _asked(body: dict[str, Any]) -> Asked:
    return Asked(number=1, path="/v1/chat/completions", headers={}, body=body, at=0.0, open=1)
