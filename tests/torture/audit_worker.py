"""Runs tries of the audit in this process, one after the other, and says before and after each what it does.

A process of its own, so that a death or an endless run costs one try. `python -m tests.torture.audit_worker show KIND
NUMBER SEED FOLDER` writes one try's files into a folder and shows what it came to.
"""

from __future__ import annotations

import faulthandler
import io
import json
import os
import re
import resource
import shutil
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.torture.audit_tries import REAL, Maker, Try
from tests.torture.fuzz_worker import DIAGNOSTIC, _last, _measured

ADDRESS_SPACE = 4 << 30  # bytes; DuckDB keeps what it has reserved, and each try may hold a quarter of it
STATED = frozenset({0, 1, 2, 3, 10})
# What moves a cursor, reorders or hides what stands on a screen; a line end is the only control that may.
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2061-\u206f\ufeff\U000e0000-\U000e0fff]")
# What a renderer of Markdown would run, load or follow.
MARKUP = re.compile(r"(?<!\\)<[a-zA-Z/!]|(?<!\\)\]\(|(?<!\\)!\[|^\s*(?:```|~~~)|(?<![\\`\w])@everyone", re.MULTILINE)
COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)
SQUASHED = 12  # letters and digits of a piece of personal data that may not stand in a row


def run_try(one: Try) -> dict[str, Any]:
    """Run a try and say what is wrong with what it did."""
    for name, raw in one.files.items():
        Path(name).write_bytes(raw)
    one.make()
    Path("report.md").unlink(missing_ok=True)
    os.environ["GITHUB_ACTIONS"] = "true"
    try:
        return _measured(lambda: _run(one))
    finally:
        _tidy({one.name, REAL, "report.md"})


def _run(one: Try) -> dict[str, Any]:
    from evalspec.cli import run

    raw_out, raw_err = io.BytesIO(), io.BytesIO()
    out = io.TextIOWrapper(raw_out, encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(raw_err, encoding="utf-8", errors="backslashreplace", write_through=True)
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = run(one.line)
        except BaseException as error:  # nothing may get past `run`
            traceback.print_exception(error)
            code = -1
    shown, said = raw_out.getvalue().decode(), raw_err.getvalue().decode()
    report = Path("report.md")
    page = report.read_text("utf-8") if report.exists() else ""
    return {"exit": code, "wrong": list(_wrong(one, code, shown, said, page))}


def _wrong(one: Try, code: int, shown: str, said: str, page: str) -> Iterator[str]:
    if code not in STATED:
        yield f"exit {code}: {_last(said)}"
    if "Traceback (most recent" in said + shown:
        yield f"a traceback: {_last(said)}"
    if code not in (0, 1, 2) and not DIAGNOSTIC.search(said + shown):
        yield f"exit {code} without a code: {_last(said)}"
    for where, text in (("stdout", shown), ("stderr", said), ("the page", page)):
        if found := RAW.search(text):
            yield f"U+{ord(found[0]):04X} in {where}"
        if "github" not in one.line and where != "the page" and COMMAND.search(text):
            yield f"a command of GitHub in {where}"
        if any(_squashed(secret)[:SQUASHED] in _squashed(text) for secret in one.secrets):
            yield f"personal data in {where}"
    if found := MARKUP.search(page):
        yield f"markup in the page: {page[max(found.start() - 20, 0) : found.end() + 20]!r}"
    if "--json" in one.line and code in STATED - {2}:
        try:
            json.loads(shown)
        except ValueError as error:
            yield f"--json is not JSON: {error}"
    if Path("PWNED").exists():
        yield "something was run"


def _squashed(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _tidy(names: set[str]) -> None:
    for name in names | {"PWNED", "made.jsonl", "made.parquet"}:
        path = Path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _prepare(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    os.chdir(folder)


def serve(folder: str, seed: int, kind: str, first: int, last: int) -> None:
    """Run the tries from `first` to before `last` and write a line before and after each to stdout."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    faulthandler.enable()
    _prepare(folder)
    maker = Maker(seed)
    run_try(Try(REAL, {REAL: maker.real}, ["audit", REAL, "--seeds", REAL]))  # what is loaded once counts in no try
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in range(first, last):
        protocol.write(json.dumps({"begin": number}) + "\n")
        protocol.flush()
        said = run_try(maker.make(kind, number))
        protocol.write(json.dumps({"end": number, **said}) + "\n")
        protocol.flush()
    protocol.close()


def show(kind: str, number: int, seed: int, folder: str) -> None:
    """Run one try and leave its files."""
    _prepare(folder)
    one = Maker(seed).make(kind, number)
    sys.stdout.write(json.dumps({"line": one.line, **run_try(one)}, indent=1) + "\n")
    for name, raw in one.files.items():
        Path(name).write_bytes(raw)


if __name__ == "__main__":
    if sys.argv[1] == "show":
        show(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        serve(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
