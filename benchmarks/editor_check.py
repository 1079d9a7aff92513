"""Ask yaml-language-server, which editors run, about our specs: silent on good ones, our lines on bad ones.

Needs node. In any folder outside the repository: npm install yaml-language-server. Then, from the repository:

    PYTHONPATH=tests:. .venv/bin/python benchmarks/editor_check.py FOLDER/node_modules/.bin/yaml-language-server
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bad_specs import FOLDER, read_bad_spec

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = (ROOT / "schemas" / "spec.v1.json").as_uri()
# What the server does not see, by the line: a key without a colon inside braces, and mappings that are listed twice.
# check-jsonschema, another reader of the same schema, refuses both.
UNSEEN = {"S101_comma_in_braces": {4}, "S111_listed_twice": {8}}
SETTINGS = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}},
    "http": {"proxy": "", "proxyStrictSSL": True},
}


class Server:
    """One language server over stdio, asked one thing after the other."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen([program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.asked = 0
        self.request("initialize", {"processId": None, "rootUri": ROOT.as_uri(), "capabilities": {}})
        self.send({"method": "initialized", "params": {}})
        self.send({"method": "workspace/didChangeConfiguration", "params": {"settings": SETTINGS}})

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Read one message; a question of the server about settings is answered on the way."""
        assert self.process.stdout is not None
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                raise SystemExit("the language server went away")
            message: dict[str, Any] = json.loads(self.process.stdout.read(length))
            if message.get("method") == "workspace/configuration":
                wanted = [SETTINGS.get(one.get("section") or "", {}) for one in message["params"]["items"]]
                self.send({"id": message["id"], "result": wanted})
            elif "id" in message and "method" in message:
                self.send({"id": message["id"], "result": None})
            else:
                return message

    def request(self, method: str, params: dict[str, Any]) -> Any:
        """Ask, and wait for the answer."""
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        while (message := self.read()).get("id") != self.asked:
            pass
        return message.get("result")

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Open a document and wait for what the server finds in it."""
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                found: list[dict[str, Any]] = message["params"]["diagnostics"]
                return found

    def hover(self, uri: str, line: int, column: int) -> str:
        """Return what an editor shows when the mouse rests on a place; both count from 0."""
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
        answer = self.request("textDocument/hover", place)
        contents = answer and answer["contents"]
        return str(contents["value"] if isinstance(contents, dict) else contents or "")


def main(program: str) -> int:
    """Print a line a file; exit 1 where the server and we disagree, but for what it is known not to see."""
    server, wrong = Server(program), 0
    for file in sorted((ROOT / "specs").glob("*.yaml")):
        found = server.open(file.as_uri(), file.read_text("utf-8"))
        wrong += bool(found)
        print(f"{file.name:<40} {'nothing found' if not found else [one['message'] for one in found]}")
    keys = {"purpose", "task", "mix", "gates"}
    spec = ROOT / "specs" / "refund.yaml"
    for number, line in enumerate(spec.read_text("utf-8").split("\n")):
        if line.partition(":")[0] in keys:
            said = next((row for row in server.hover(spec.as_uri(), number, 1).split("\n") if row[:1].isalpha()), "")
            wrong += not said
            print(f"  hover on `{line.partition(':')[0]}`: {said}")
    for file in sorted(FOLDER.glob("S*.yaml")):
        bad = read_bad_spec(file.read_bytes())
        ours = {int(one.split()[1].split(":")[0]) for one in bad.expected if one.startswith("S")}
        text = f"# yaml-language-server: $schema={SCHEMA}\n" + bad.raw.decode("utf-8")
        found = server.open((FOLDER / file.name).as_uri(), text)
        theirs = {one["range"]["start"]["line"] for one in found}
        wrong += ours - theirs != UNSEEN.get(file.stem, set()) or bool(theirs - ours)
        print(f"{file.name:<40} {_compared(ours, theirs)}")
    server.process.terminate()
    return 1 if wrong else 0


def _compared(ours: set[int], theirs: set[int]) -> str:
    if ours == theirs:
        return f"the same lines: {', '.join(map(str, sorted(ours)))}"
    only_ours, only_theirs = sorted(ours - theirs), sorted(theirs - ours)
    return f"both {sorted(ours & theirs)}, only we {only_ours}, only the editor {only_theirs}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
