"""The tape: the published replies of the builds of one spec, and what of a reply may be published.

A segment is written once, by the build that asked, and never changed: one JSON line a reply, sorted by key, in a file
named after the digest of its bytes. The tape holds replies alone; requests are made again from the spec, so a reply
that nobody asks for any more is only unused. A reply in which something secret, personal or hidden was found is
published without its text, and counts without its text for the build that paid for it too: a replay gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from evalspec.diagnostics import Collector, Exit
from evalspec.digests import DIGEST_HEX
from evalspec.model.asking import Reply, Usage
from evalspec.model.source import SourceFile

TAPE_VERSION = 1
WITHHELD = "withheld:"  # beginning of a reply's problem

Find = Callable[[str], str | None]  # what must not be published in a text: `secret`, `email`, `hidden`; None: nothing


def withheld(reply: Reply, find: Find) -> Reply:
    """Return the reply as it may be published: without its text where something was found in it."""
    if reply.problem is not None:
        return reply
    reason = find(reply.text)
    if reason is None:
        return reply
    return replace(reply, text=_sha256(reply.text), problem=f"{WITHHELD}{reason}")


def dump_segment(replies: Mapping[str, Reply]) -> tuple[str, str]:
    """Return the name and the text of a segment that holds these replies, by key."""
    lines = [json.dumps({"tape_version": TAPE_VERSION, "replies": len(replies)})]
    lines += [json.dumps(_data(key, replies[key]), ensure_ascii=True) for key in sorted(replies)]
    text = "".join(f"{line}\n" for line in lines)
    return f"{_sha256(text)[:DIGEST_HEX]}.jsonl", text


def read_tape(files: Iterable[SourceFile]) -> Mapping[str, Reply]:
    """Read all segments of a tape; one that was edited, or two replies to one question, is an error."""
    found: dict[str, Reply] = {}
    places: dict[str, str] = {}
    problems = Collector()
    for file in sorted(files, key=lambda one: one.path):
        for key, reply in _segment(file, problems).items():
            if found.setdefault(key, reply) != reply:
                problems.add(
                    "T704",
                    f"two replies to question {key[:12]}, here and in `{places[key]}`",
                    path=file.path,
                    hint="two branches asked the same; delete one of the two files and build again",
                    exit=Exit.INTEGRITY,
                )
            places.setdefault(key, file.path)
    problems.raise_errors()
    return found


def _segment(file: SourceFile, problems: Collector) -> Mapping[str, Reply]:
    name = os.path.basename(file.path)
    if name != f"{_sha256(file.text)[:DIGEST_HEX]}.jsonl":
        problems.add(
            "T702",
            f"`{file.path}` is not what was written: its name is the digest of other bytes",
            path=file.path,
            hint="restore it from git; a segment of the tape is never edited",
            exit=Exit.INTEGRITY,
        )
        return {}
    try:
        header, *rows = [json.loads(line) for line in file.text.splitlines()]
        if header["tape_version"] > TAPE_VERSION:
            problems.add("T703", f"`{file.path}` was written by a newer evalspec", path=file.path, hint="upgrade")
            return {}
        found = {row["key"]: _reply(row) for row in rows}
        if list(found) != sorted(found) or len(found) != header["replies"]:
            raise ValueError("not in order, or not whole")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        problems.add("T702", f"`{file.path}` is not a segment of a tape", path=file.path, exit=Exit.INTEGRITY)
        return {}
    return found


def _data(key: str, reply: Reply) -> dict[str, object]:
    data: dict[str, object] = {"key": key, "served": reply.served}
    if reply.finish != "stop":
        data["finish"] = reply.finish
    if reply.problem is not None:
        data["problem"] = reply.problem
    return data | {"usage": [reply.usage.prompt, reply.usage.completion], "text": reply.text}


def _reply(row: Mapping[str, Any]) -> Reply:
    prompt, completion = row["usage"]
    return Reply(
        text=_string(row["text"]),
        served=_string(row["served"]),
        finish=row.get("finish", "stop"),
        usage=Usage(prompt=int(prompt), completion=int(completion)),
        problem=row.get("problem"),
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
