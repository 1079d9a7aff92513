"""promptfoo: the exported config with the echo provider, then with its OpenAI provider against a local server."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "true",
    "PROMPTFOO_FAILED_TEST_EXIT_CODE": "0",
}


def probe(folder: Path, environment: Path) -> dict[str, Any]:
    """Run both providers in the export's folder and return what each was sent, by case."""
    echoed = _results(folder, environment, "echo.json", {})
    seen = {_id(one): _wire(json.loads(one["response"]["output"])) for one in echoed}
    rewritten = sum(one["testCase"]["metadata"] != _test_metadata(folder)[_id(one)] for one in echoed)
    sent = _through_openai(folder, environment)
    # What an assertion is given; where there is none, what stands in the results.
    asserted_with = [json.loads(line) for line in (folder / "asserted.jsonl").read_text("utf-8").split("\n") if line]
    metadata = {_id(one): one["testCase"]["metadata"] for one in echoed}
    metadata |= {str(one["evalspec_id"]): one for one in asserted_with}
    unequal = sum(1 for name, messages in seen.items() if sent.get(name) != messages)
    asserted = sum(1 for one in echoed if (one.get("gradingResult") or {}).get("componentResults"))
    notes = [
        f"OpenAI provider: {len(sent)} requests, {unequal} unlike the echo",
        f"{len(echoed) - asserted} of {len(echoed)} without an assertion",
        f"{rewritten} metadata rewritten in its results",
        f"errors: {sum(one.get('failureReason') == 2 for one in echoed)}",
    ]
    package = environment / "node_modules" / "promptfoo" / "package.json"
    return {
        "version": json.loads(package.read_text("utf-8"))["version"],
        "messages": {name: sent.get(name) if unequal else one for name, one in seen.items()},
        "metadata": metadata,
        "notes": notes,
    }


def _through_openai(folder: Path, environment: Path) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            answer = {"choices": [{"message": {"role": "assistant", "content": str(len(bodies) - 1)}}], "usage": {}}
            raw = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = folder / "promptfooconfig.yaml"
    text = config.read_text("utf-8")
    address = f"http://127.0.0.1:{server.server_port}/v1"
    provider = f"  - {{id: 'openai:chat:local', config: {{apiBaseUrl: '{address}', apiKey: none}}}}\n"
    recorder = "const record = require('./pass.cjs');\nconst fs = require('node:fs');\n"
    recorder += "module.exports = (output, context) => {\n"
    recorder += "  fs.appendFileSync(__dirname + '/asserted.jsonl', JSON.stringify(context.test.metadata) + '\\n');\n"
    recorder += "  return record(output, context);\n};\n"
    (folder / "recorder.cjs").write_text(recorder, "utf-8")
    rows = [json.loads(line) for line in (folder / "tests.jsonl").read_text("utf-8").split("\n") if line]
    for row in rows:
        for one in row.get("assert", ()):
            one["value"] = "file://recorder.cjs"
    tests = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "recorded.jsonl").write_text(tests, "utf-8")
    text = text.replace("file://tests.jsonl", "file://recorded.jsonl")
    lines = [provider if line.lstrip().startswith("- echo") else line for line in text.splitlines(keepends=True)]
    (folder / "openai.yaml").write_text("".join(lines), "utf-8")
    try:
        found = _results(folder, environment, "openai.json", {}, config="openai.yaml")
    finally:
        server.shutdown()
    return {
        _id(one): _wire(bodies[int(one["response"]["output"])]["messages"])
        for one in found
        if str((one.get("response") or {}).get("output", "")).isdigit()
    }


def _results(
    folder: Path, environment: Path, name: str, more: dict[str, str], config: str = "promptfooconfig.yaml"
) -> list[dict[str, Any]]:
    program = environment / "node_modules" / ".bin" / "promptfoo"
    command = [str(program), "eval", "-c", config, "--no-cache", "--no-table", "--no-progress-bar", "-o", name]
    variables = {**os.environ, **QUIET, **more, "PROMPTFOO_CONFIG_DIR": str(environment / "home")}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    if not (folder / name).exists():
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    found: list[dict[str, Any]] = json.loads((folder / name).read_text("utf-8"))["results"]["results"]
    return found


def _test_metadata(folder: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in (folder / "tests.jsonl").read_text("utf-8").split("\n") if line]
    return {row["metadata"]["evalspec_id"]: row["metadata"] for row in rows}


def _id(result: dict[str, Any]) -> str:
    return str(result["testCase"]["metadata"]["evalspec_id"])


def _wire(messages: list[dict[str, Any]]) -> list[Any]:
    return [
        [
            one["role"],
            one["content"],
            [
                [call["function"]["name"], json.loads(call["function"]["arguments"])]
                for call in one.get("tool_calls", ())
            ],
        ]
        for one in messages
    ]
