"""The tape: the published replies of the builds of one spec, and what of a reply may be published.

A segment is written once, by the build that asked, and never changed: one JSON line a reply, sorted by key, in a file
named after the digest of its bytes. The tape holds replies alone; requests are made again from the spec, so a reply
that nobody asks for any more is only unused. A reply in which something secret, personal or hidden was found is
published without its text, and counts without its text for the build that paid for it too: a replay gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard, get_args

from evalspec.diagnostics import Collector, Diagnostic, Exit, Span
from evalspec.digests import DIGEST_HEX
from evalspec.model.asking import Finish, Reply, Usage
from evalspec.model.source import SourceFile
from evalspec.text.json_text import JsonProblem, json_line, read_json
from evalspec.text.patterns import lazy_pattern

TAPE_VERSION = 1
WITHHELD = "withheld:"  # beginning of a reply's problem
UNNAMED = "unknown"  # served by a model whose name may not be published
MAX_LINE_BYTES = 1024 * 1024  # of one reply; a transport takes no more, and escapes may make more of it
MAX_SEGMENT_BYTES = 32 * 1024 * 1024  # half of what is read of one file, a third of what GitHub takes
MAX_SERVED_CHARS = 200  # of a model's name; the longest of a vendor's are about 80
MAX_TOKENS = 2**53  # beyond, two readers of JSON may disagree about a number

_KEY = lazy_pattern(rf"[0-9a-f]{{{DIGEST_HEX}}}")
_SHA256 = lazy_pattern(r"[0-9a-f]{64}")
_PROBLEM = lazy_pattern(r"[a-z][a-z0-9_]*(?::[a-z][a-z0-9_]*)?")
_FINISHES: Mapping[str, Finish] = {one: one for one in get_args(Finish)}
_FIELDS = frozenset({"key", "served", "finish", "problem", "usage", "text"})

Find = Callable[[str], str | None]  # what must not be published in a text: `secret`, `email`, `hidden`; None: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of a tape."""

    path: str
    replies: Mapping[str, Reply]  # by the key of their question


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """The segments of a tape in the order in which they count, and one reply to each question."""

    segments: tuple[Segment, ...] = ()
    replies: Mapping[str, Reply] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()


def withheld(reply: Reply, find: Find) -> Reply:
    """Return the reply as it may be published: without its text where that is huge, or something was found in it."""
    name = reply.served
    if len(name) > MAX_SERVED_CHARS or not name.isprintable() or find(name) is not None:
        reply = replace(reply, served=UNNAMED)
    if reply.problem is not None:
        return reply
    reason = find(reply.text)
    if reason is not None:
        return replace(reply, text=_sha256(reply.text), problem=f"{WITHHELD}{reason}")
    if _is_over(reply):
        return replace(reply, text="", problem="oversize")
    return reply


def dump_segments(replies: Mapping[str, Reply]) -> tuple[tuple[str, str], ...]:
    """Return the names and texts of the segments that hold these replies; one, unless it would be too large to read."""
    parts: list[list[str]] = [[]]
    size = 0
    for key in sorted(replies):
        line = json_line(_data(key, replies[key]))
        size += len(line.encode()) + 1
        if size > MAX_SEGMENT_BYTES and parts[-1]:
            parts.append([])
            size = len(line.encode()) + 1
        parts[-1].append(line)
    return tuple(_segment_of(lines) for lines in parts if lines)


def read_tape(tapes: Iterable[Iterable[SourceFile]]) -> Tape:
    """Read all segments of some tapes: the spec's own first, then that of the spec it extends.

    A segment that was edited is an error. Where two hold different replies to one question, the first counts: the own
    tape before the other, and within a tape by file name, so that the same files give the same set in any order.
    """
    problems = Collector()
    segments = [
        Segment(path=file.path, replies=_read(file, problems))
        for files in tapes
        for file in sorted(files, key=lambda one: os.path.basename(one.path))
    ]
    problems.raise_errors()
    found: dict[str, Reply] = {}
    places: dict[str, str] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for segment in segments:
        for key, reply in segment.replies.items():
            if not same(found.setdefault(key, reply), reply):
                others.setdefault((places[key], segment.path), []).append(key)
            places.setdefault(key, segment.path)
    return Tape(
        segments=tuple(segments),
        replies=found,
        warnings=tuple(_two_replies(*pair, keys) for pair, keys in others.items()),
    )


def same(one: Reply, other: Reply) -> bool:
    """Tell whether two replies give the same set; what they cost decides nothing."""
    return replace(one, usage=Usage()) == replace(other, usage=Usage())


def edited(path: str) -> Diagnostic:
    """Say that a file's name is not the digest of its bytes."""
    return Diagnostic(
        code="T702",
        severity="error",
        message=f"`{path}` is not what was written: its name is the digest of other bytes",
        path=path,
        hint="restore it from git; a segment of the tape is never edited, renamed or merged by hand",
        exit=Exit.INTEGRITY,
    )


def _segment_of(lines: Sequence[str]) -> tuple[str, str]:
    header = json_line({"tape_version": TAPE_VERSION, "replies": len(lines)})
    text = "".join(f"{line}\n" for line in (header, *lines))
    return f"{_sha256(text)[:DIGEST_HEX]}.jsonl", text


def _two_replies(first: str, second: str, keys: Sequence[str]) -> Diagnostic:
    count = "1 question has" if len(keys) == 1 else f"{len(keys):,} questions have"
    return Diagnostic(
        code="T704",
        severity="warning",
        message=f"{count} another reply here than in `{first}`, whose replies count (the first: {keys[0][:12]})",
        path=second,
        hint="two branches asked the same; decisions about the replies that do not count wait for review again",
    )


def _read(file: SourceFile, problems: Collector) -> Mapping[str, Reply]:
    if os.path.basename(file.path) != f"{_sha256(file.text)[:DIGEST_HEX]}.jsonl":
        problems.found.append(edited(file.path))
        return {}
    if not file.text.endswith("\n"):
        problems.found.append(_no_segment(file, 1, "its last line has no end"))
        return {}
    lines = file.text[:-1].split("\n")
    found: dict[str, Reply] = {}
    last = ""
    at = 0
    try:
        version, count = _header(read_json(lines[0]))
        if version > TAPE_VERSION:
            problems.add("T703", f"`{file.path}` was written by a newer evalspec", path=file.path, hint="upgrade")
            return {}
        if len(lines) - 1 != count:
            raise _Wrong(f"it says {count:,} replies and holds {len(lines) - 1:,}")
        for at in range(1, len(lines)):
            if len(lines[at].encode("utf-8", "surrogatepass")) > MAX_LINE_BYTES:
                raise _Wrong(f"a reply of over {MAX_LINE_BYTES:,} bytes")
            key, reply = _reply(read_json(lines[at]))
            if key <= last:
                raise _Wrong("a key that is not after the one before")
            found[key], last = reply, key
    except (_Wrong, JsonProblem) as error:
        problems.found.append(_no_segment(file, at + 1, str(error)))
        return {}
    return found


class _Wrong(Exception):
    """What is not as evalspec writes it."""


def _no_segment(file: SourceFile, line: int, why: str) -> Diagnostic:
    return Diagnostic(
        code="T702",
        severity="error",
        message=f"not a segment of a tape as evalspec writes it: {why}",
        span=Span(file.path, line, 1, line, 2),
        hint="restore it from git, or take the file out and build again to ask for its replies",
        exit=Exit.INTEGRITY,
    )


def _header(data: object) -> tuple[int, int]:
    if not isinstance(data, dict):
        raise _Wrong("it does not begin with its header")
    version, count = data.get("tape_version"), data.get("replies")
    if not _is_count(version) or version < 1:
        raise _Wrong("it does not begin with its header")
    if version == TAPE_VERSION and (set(data) != {"tape_version", "replies"} or not _is_count(count)):
        raise _Wrong("its header is another")
    return version, count if _is_count(count) else 0


def _data(key: str, reply: Reply) -> dict[str, object]:
    data: dict[str, object] = {"key": key, "served": reply.served}
    if reply.finish != "stop":
        data["finish"] = reply.finish
    if reply.problem is not None:
        data["problem"] = reply.problem
    return data | {"usage": [reply.usage.prompt, reply.usage.completion], "text": reply.text}


def _reply(row: object) -> tuple[str, Reply]:
    if not isinstance(row, dict) or not {"key", "served", "usage", "text"} <= set(row) <= _FIELDS:
        raise _Wrong("a line with other fields than a reply's")
    key, served, text = row["key"], row["served"], row["text"]
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise _Wrong("a `key` that is no digest")
    if not isinstance(served, str) or not isinstance(text, str):
        raise _Wrong("`served` or `text` is no string")
    finish, problem, usage = row.get("finish", "stop"), row.get("problem"), row["usage"]
    if not isinstance(finish, str) or finish not in _FINISHES or ("finish" in row and finish == "stop"):
        raise _Wrong("a `finish` that there is not")
    if "problem" in row and not (isinstance(problem, str) and _PROBLEM.fullmatch(problem)):
        raise _Wrong("a `problem` that there is not")
    if isinstance(problem, str) and problem.startswith(WITHHELD) and not _SHA256.fullmatch(text):
        raise _Wrong("a withheld reply with its text")
    if not isinstance(usage, list) or len(usage) != 2 or not all(_is_count(one) for one in usage):
        raise _Wrong("a `usage` that is not two numbers of tokens")
    prompt, completion = usage
    return key, Reply(
        text=text,
        served=served,
        finish=_FINISHES[finish],
        usage=Usage(prompt=prompt, completion=completion),
        problem=problem,
    )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS


def _is_over(reply: Reply) -> bool:
    """Tell whether a reply's line would be over its size; an escape is at most twelve bytes for one character."""
    return len(reply.text) * 12 > MAX_LINE_BYTES - 4_096 and len(json_line(_data("0" * DIGEST_HEX, reply)).encode()) > (
        MAX_LINE_BYTES
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
