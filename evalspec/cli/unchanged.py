"""The answer of the last build, given again when nothing that it hung on has changed.

Not a cache of results: an entry holds digests, and what was printed. It says that with these files, this code and this
base the lock and the report came out as they stand now. Anything else is a miss, and the build is made. `verify` and
`build --locked` never look here. An entry that a commit brings is a miss too: it has to name this very spec's lock and
report with the inode and change time that they have here, and those are known to nobody before they are checked out.
That is asked first, so that nothing else of a forged entry is looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evalspec.cli.console import emit_json, print_diagnostics, say, shown
from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Note, Span
from evalspec.digests import digest
from evalspec.edges.files import list_files, read_bytes, write_atomic
from evalspec.edges.git import text_at
from evalspec.edges.package import fingerprint
from evalspec.edges.project_folder import project_folder
from evalspec.edges.replacing import remove_leftovers

LOOKING = frozenset({"--locked", "--frozen", "--partial", "--until"})  # builds that prove something, or write nothing
LONGEST_ENTRY = 4_000_000  # bytes; longer ones are not worth it
OUTPUTS = 2  # a lock and a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a build printed: the same command line prints it again."""

    how: str
    quiet: bool
    data: object
    warnings: tuple[Diagnostic, ...]
    problems: tuple[Diagnostic, ...]
    said: str


def recall(arguments: Sequence[str]) -> int | None:
    """Print the last build's answer when it still holds, and return its exit code; None: build."""
    if LOOKING & {one.partition("=")[0] for one in arguments}:
        return None
    try:
        root = project_folder("") or os.curdir
        entry = json.loads(read_bytes(_place(arguments), root=root, limit=LONGEST_ENTRY))
        body = entry["body"]
        if entry["digest"] != digest(body) or not _is_own(body, arguments) or not _holds(body):
            return None
        answer = _answer(body["answer"])
        for folder in body["own"]:
            remove_leftovers(folder)
    except (EvalspecError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if answer.how == "json":
        emit_json(answer.data)
        return Exit.OK
    print_diagnostics(answer.warnings, answer.how)
    print_diagnostics(shown(answer.problems, answer.how), answer.how)
    if not answer.quiet:
        say(answer.said)
    return Exit.OK


def remember(
    arguments: Sequence[str],
    answer: Answer,
    *,
    read: Mapping[str, bytes],
    written: Mapping[str, str],
    folders: Sequence[str],
    own: Sequence[str],
    base: tuple[str, str],
) -> None:
    """Keep a build's answer with what it hung on; a folder that cannot be written costs time and nothing else.

    `read` maps files to the sha256 of what the build read, `written` its lock and report to their texts. The very
    names in `folders` are an input; from `own` a build clears what killed ones left. `base` is the commit and the path
    of the lock that change gates compare with.
    """
    try:
        body = {
            "code": fingerprint(),
            "files": {path: found.hex() for path, found in read.items()},
            "written": {
                path: [hashlib.sha256(text.encode("utf-8")).hexdigest(), *_born(path)] for path, text in written.items()
            },
            "own": list(own),
            "folders": {folder: _names(folder) for folder in folders},
            "base": [*base, _base(*base)],
            "answer": json.loads(json.dumps(asdict(answer))),
        }
        text = json.dumps({"digest": digest(body), "body": body}) + "\n"
        if len(text) <= LONGEST_ENTRY:
            place = _place(arguments)
            write_atomic(place, text, root=project_folder("") or os.curdir)
    except (EvalspecError, OSError):
        return


def _is_own(body: Mapping[str, Any], arguments: Sequence[str]) -> bool:
    """Tell whether a build here wrote the entry: it names lock and report of the spec as they stand on this disk."""
    specs = [one for one in arguments if one.endswith((".yaml", ".yml"))]
    if len(specs) != 1:
        return False
    stem = os.path.splitext(specs[0])[0]
    named: Mapping[str, Any] = body["written"]
    return named.keys() == {f"{stem}.lock.json", f"{stem}.report.md"} and all(
        list(named[path][1:]) == list(_born(path)) for path in named
    )


def _holds(body: Mapping[str, Any]) -> bool:
    checks: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("files", _file),
        ("written", _written),
        ("folders", _names),
    )
    if any(now(name) != before for kind, now in checks for name, before in body[kind].items()):
        return False
    ref, path, before = body["base"]
    return bool(body["code"] == fingerprint() and _base(ref, path) == before)


def _place(arguments: Sequence[str]) -> str:
    name = digest([os.getcwd(), list(arguments)])
    return os.path.join(project_folder(""), ".evalspec", "cache", f"unchanged-{name}.json")


def _file(path: str) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()


def _written(path: str) -> list[object]:
    return [_file(path), *_born(path)]


def _born(path: str) -> tuple[int, int]:
    status = os.lstat(path)
    return status.st_ino, status.st_ctime_ns


def _names(folder: str) -> list[str] | None:
    return list(list_files(os.path.join(folder, "*"))) if os.path.isdir(folder) else None


def _base(ref: str, path: str) -> str:
    return digest(text_at(ref, path))


def _answer(data: Mapping[str, Any]) -> Answer:
    return Answer(
        how=str(data["how"]),
        quiet=bool(data["quiet"]),
        data=data["data"],
        warnings=tuple(_diagnostic(one) for one in data["warnings"]),
        problems=tuple(_diagnostic(one) for one in data["problems"]),
        said=str(data["said"]),
    )


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    notes = tuple(Note(message=one["message"], span=_span(one["span"])) for one in data["notes"])
    return Diagnostic(**{**data, "span": _span(data["span"]), "notes": notes, "exit": Exit(data["exit"])})


def _span(data: Mapping[str, Any] | None) -> Span | None:
    return None if data is None else Span(**data)
