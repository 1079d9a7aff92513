"""A broken file of any form ends in a stated exit code, and nothing of it acts on a terminal."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.stream import Stream

TRIES = 25  # of each form; benchmarks try as many as there is time for
JUNK = (
    b"\x00",
    b"\xff",
    b"{",
    b"]",
    b'"',
    b"\n",
    b"\xe2\x80\xae",
    b"null",
    b"1e999",
    b"NaN",
    b"\x1b[2J",
    b"&a ",
    b"!!x ",
)
ROWS = [
    {
        "question": f"Where is parcel {n}?",
        "answer": "AB"[n % 2],
        "choices": ["x", "y"],
        "author": "human",
        "by": {"a": n},
    }
    for n in range(40)
]
FORMS = {
    "set.jsonl": "\n".join(json.dumps(row) for row in ROWS),
    "set.json": json.dumps(ROWS),
    "set.csv": "message,label\n" + "".join(f"Where is parcel {n}?,late\n" for n in range(40)),
    "tests.yaml": json.dumps({"tests": [{"vars": {"message": f"Where is parcel {n}?"}} for n in range(20)]}),
    "log.json": json.dumps(
        {"eval": {}, "samples": [{"id": n, "input": f"Hello {n}", "target": "x"} for n in range(20)]}
    ),
}
STATED = {Exit.OK, Exit.INVALID}


def broken(text: str, rng: Stream) -> bytes:
    """Put junk in, take stretches out, turn bytes and repeat parts."""
    found = bytearray(text.encode())
    for _ in range(rng.between(1, 5)):
        at, how = rng.below(len(found) + 1), rng.below(4)
        if how == 0:
            found[at:at] = rng.choice(JUNK)
        elif how == 1:
            del found[at : at + rng.between(1, 30)]
        elif how == 2 and found:
            found[min(at, len(found) - 1)] = rng.below(256)
        else:
            start = rng.below(len(found) + 1)
            found[at:at] = found[start : start + rng.between(1, 100)]
    return bytes(found)


def test_a_broken_file_ends_in_a_stated_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither a bug nor an escape sequence, on the screen, in Markdown and in JSON."""
    monkeypatch.chdir(tmp_path)
    left = set()
    for name, at in product(FORMS, range(TRIES)):
        Path(name).write_bytes(broken(FORMS[name], Stream("audit", name, str(at))))
        how = ["--json"] if at % 3 == 0 else ["-o", "report.md"]
        code = run(["audit", name, *(["--seeds", name] if at % 5 == 0 else []), *how])
        left.add(code)
        said = capfd.readouterr()
        assert code in STATED, f"{name}, try {at}: exit {code}\n{said.err}"
        assert "\x1b" not in said.out + said.err and "\x00" not in said.out + said.err

    assert left == STATED  # or nothing was broken, or everything
