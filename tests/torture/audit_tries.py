"""What the audit is given to read: sets of every form, broken ones, texts that act, personal data, and no files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pickle
import random
import socket
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.torture.hostile_texts import LABELS, WORDS, hostile_text
from tests.torture.mutations import Stock, mutate, odd_values

ROWS = 40  # of a set: enough for every comparison
OUTPUTS = ((), ("--json",), ("-o", "report.md"), ("--format", "github"))
ROLES = ("set", "seeds", "training")
REAL = "real.jsonl"  # a valid set to hold others against
# Personal data that its detectors know, and keys.
SECRETS = (
    "rosa.winter@example.org",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "sk-proj-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0",
    "https://rosa:hunter2hunter2@example.org/inbox",
)
Dice = random.Random


@dataclass
class Try:
    """Files of a folder, a command line about them, and what no output may hold."""

    name: str
    files: Mapping[str, bytes]
    line: list[str]
    secrets: Sequence[str] = ()
    make: Callable[[], None] = field(default=lambda: None)  # what is no plain file


def rows(start: int = 0, count: int = ROWS) -> list[dict[str, Any]]:
    """Rows of a plain set; some repeat, so that examples are shown."""
    return [
        {
            "id": f"r{start + at}",
            "question": f"Where is the {WORDS[at % len(WORDS)]} that I sent back in week {at % 30}?",
            "choices": ["x", "y", "z"],
            "answer": "ABC"[at % 3],
            "source": "human" if at % 4 else "gpt-4o",
            "by": {"checked": at % 2},
        }
        for at in range(start, start + count)
    ]


def table(values: Sequence[Mapping[str, Any]], delimiter: str = ",") -> bytes:
    """The rows as a table, objects as JSON."""
    out = io.StringIO()
    written = csv.DictWriter(out, list(values[0]), delimiter=delimiter)
    written.writeheader()
    for row in values:
        written.writerow({name: one if isinstance(one, str) else json.dumps(one) for name, one in row.items()})
    return out.getvalue().encode("utf-8", "surrogatepass")


def lines(values: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as JSONL."""
    return "".join(json.dumps(row) + "\n" for row in values).encode()


def parquet(values: Sequence[Mapping[str, Any]]) -> bytes | None:
    """The rows as Parquet, or None where nothing here writes it."""
    try:
        import duckdb
    except ImportError:
        return None
    Path("made.jsonl").write_bytes(lines(values))
    duckdb.sql("COPY (SELECT * FROM 'made.jsonl') TO 'made.parquet' (FORMAT parquet)")
    return Path("made.parquet").read_bytes()


def forms() -> dict[str, bytes]:
    """A valid file of every form that the audit reads."""
    plain = rows()
    tests = [{"vars": {"message": row["question"]}, "assert": [{"type": "equals", "value": "a"}]} for row in plain]
    chats = [{"conversations": [{"from": "human", "value": row["question"]}], "label": "x"} for row in plain]
    documents: dict[str, Any] = {
        "set.json": plain,
        "wrapped.json": {"version": 1, "data": plain},
        "tests.yaml": {"prompts": ["{{message}}"], "tests": tests},
        "results.json": {"results": {"results": [{"success": True, "testCase": one} for one in tests]}},
        "goldens.json": [{"input": row["question"], "expected_output": "a"} for row in plain],
        "run.json": {"testCases": [{"name": row["id"], "input": row["question"]} for row in plain]},
        "log.json": {"eval": {}, "samples": [{"id": 1, "input": row["question"], "target": "A"} for row in plain]},
    }
    samples = [{"doc_id": row["id"], "doc": row, "target": "A", "resps": [["A"]]} for row in plain]
    made = {name: json.dumps(value, indent=1).encode() for name, value in documents.items()} | {
        "set.jsonl": lines(plain),
        "chats.jsonl": lines(chats),
        "samples.jsonl": lines(samples),
        "set.csv": table(plain),
        "europe.csv": table(plain, ";"),
        "set.tsv": table(plain, "\t"),
        "promptfoo.csv": table([{"message": row["question"], "__expected": "equals: a"} for row in plain]),
        "set.txt": "\n".join(row["question"] for row in plain).encode(),
    }
    packed = parquet(plain)
    return made if packed is None else made | {"set.parquet": packed}


class Maker:
    """Makes tries by number; a class because all of them start from the same files."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.forms = forms()
        self.stock = Stock(odd_values(seed), {})
        self.real = lines([{"message": row["question"], "label": row["answer"]} for row in rows(7)])

    def make(self, kind: str, number: int) -> Try:
        """Make one try; the same for the same seed, kind and number."""
        dice = random.Random(f"{self.seed}/audit/{kind}/{number}")
        made: dict[str, Callable[[Dice, int], Try]] = {
            "broken": self._broken,
            "acting": self._acting,
            "personal": self._personal,
            "places": self._place,
        }
        return made[kind](dice, number)

    def _line(self, dice: Dice, name: str, role: str | None = None) -> list[str]:
        """Audit a file as the set, as real texts or as training texts, in one of the outputs."""
        role = role or dice.choices(ROLES, (6, 3, 1))[0]
        if role != "set":
            return ["audit", REAL, f"--{role}", name, *dice.choice(OUTPUTS)]
        beside = dice.choice(((), ("--seeds", REAL), ("--seeds", REAL, "--training", REAL)))
        return ["audit", name, *beside, *dice.choice(OUTPUTS)]

    def _broken(self, dice: Dice, number: int) -> Try:
        name = dice.choice(sorted(self.forms))
        kind = name.rpartition(".")[2]
        raw, others = self.forms[name], [self.forms[one] for one in sorted(self.forms) if one != "set.parquet"]
        if kind == "parquet":
            at = dice.randrange(len(raw))
            raw = raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]
            raw = raw[: dice.randrange(len(raw))] if dice.random() < 0.2 else raw
        else:
            raw = mutate(dice, raw, {"tsv": "csv", "txt": "csv"}.get(kind, kind), self.stock, others)
        if dice.random() < 0.1:  # a file under a wrong name
            name = f"set.{dice.choice(('jsonl', 'json', 'csv', 'tsv', 'yaml', 'txt', 'parquet'))}"
        return Try(name, {name: raw, REAL: self.real}, self._line(dice, name))

    def _acting(self, dice: Dice, number: int) -> Try:
        """Columns, texts, labels and origins that act on a terminal, in Markdown, in HTML or in a log."""
        said = hostile_text(dice)
        text, label, who, extra = (
            hostile_text(dice) if dice.random() < 0.5 else one for one in ("text", "l", "w", "e")
        )
        values = [
            {
                text or "text": said if at % 5 == 0 else f"{said} {WORDS[at % 12]} {at}",
                "label": said[:40] if dice.random() < 0.2 else LABELS[at % 3] + label[: at % 2 * 9],
                "source": f"human {who}" if at % 2 else f"gpt-4o {who}",
                extra or "extra": said,
            }
            for at in range(ROWS)
        ]
        name = dice.choice(("set.jsonl", "set.json", "set.csv", "set.tsv"))
        raw = {"jsonl": lines, "json": lambda one: json.dumps(one).encode(), "csv": table}.get(
            name.rpartition(".")[2], lambda one: table(one, "\t")
        )(values)
        seeds = lines([{"message": row[text or "text"], "label": hostile_text(dice)} for row in values[:35]])
        flags = ["--text", text, "--origin", "source"] if dice.random() < 0.5 and text else []
        return Try(name, {name: raw, REAL: seeds}, [*self._line(dice, name, "set"), *flags])

    def _personal(self, dice: Dice, number: int) -> Try:
        """One piece of personal data wherever an example could come from: text, opening, label, origin, column."""
        secret, where = SECRETS[number % len(SECRETS)], number // len(SECRETS) % 6
        column = secret if where == 5 else "question"

        def row(at: int) -> dict[str, Any]:
            thing = WORDS[at % 12]
            text = (f"{secret} the {thing}", f"The {thing} of {secret}", f"{secret}")[where % 3] if where < 3 else thing
            return {
                column: f"{text} is late {at if at % 3 else ''}",
                "label": secret if where == 3 else LABELS[at % 3],
                "source": f"human {secret}" if where == 4 else "human",
            }

        values = [row(at) for at in range(ROWS)]
        name = dice.choice(("set.jsonl", "set.csv"))
        raw = lines(values) if name == "set.jsonl" else table(values)
        seeds = [{"message": f"{secret} my {WORDS[at % 12]} is broken", "label": secret} for at in range(35)]
        line = self._line(dice, name, "set") + (["--label", "nothing"] if dice.random() < 0.1 else [])
        return Try(name, {name: raw, REAL: lines(seeds)}, line, secrets=(secret,))

    def _place(self, dice: Dice, number: int) -> Try:
        kinds = list(PLACES)
        name = kinds[number % len(kinds)]
        files: dict[str, bytes] = {REAL: self.real}
        line = self._line(dice, name, ROLES[number // len(kinds)])
        return Try(name, files, line, make=lambda: PLACES[name](Path(name)))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one, suppress(OSError):
        one.bind(path.name)


def _zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50_000_000)


def _written(raw: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(raw)

    return write


def _linked(target: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.symlink_to(target)

    return link


def _packed(path: Path) -> None:
    """Parquet of few bytes that unpacks to half a gigabyte of text."""
    try:
        import duckdb
    except ImportError:
        path.write_bytes(b"PAR1")
        return
    text = "repeat('where is my parcel ', 5000)"
    duckdb.sql(f"COPY (SELECT {text} AS text FROM range(5000)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{','.join([f'*{chr(97 + at)}'] * 9)}]\n" for at in range(9)
)
PLACES: Mapping[str, Callable[[Path], None]] = {
    "folder.jsonl": Path.mkdir,
    "pipe.jsonl": lambda path: os.mkfifo(path),
    "socket.jsonl": _socket,
    "zero.jsonl": _linked("/dev/zero"),
    "random.csv": _linked("/dev/urandom"),
    "full.json": _linked("/dev/full"),
    "null.jsonl": _linked("/dev/null"),
    "terminal.csv": _linked("/dev/tty"),
    "nowhere.jsonl": _linked("not-there.jsonl"),
    "loop.jsonl": _linked("loop.jsonl"),
    "memory.jsonl": _linked("/proc/self/mem"),
    "environ.txt": _linked("/proc/self/environ"),
    "endless.yaml": _sparse,
    "endless.parquet": _sparse,
    "zip.jsonl": _zipped,
    "gzip.csv": _written(gzip.compress(b"\0" * 50_000_000)),
    "gzip.parquet": _written(gzip.compress(b"\0" * 50_000_000)),
    "pickle.parquet": _written(pickle.dumps({"text": ["a"] * 40}, protocol=4)),
    "pickle.jsonl": _written(pickle.dumps({"text": ["a"] * 40}, protocol=4)),
    "bomb.yaml": _written((_BOMB + "tests: [*i]\n").encode()),
    "tag.yaml": _written(b"tests: !!python/object/apply:os.system ['touch PWNED']\n"),
    "deep.json": _written(b"[" * 1_000_000),
    "deep.jsonl": _written(b'{"text": ' + b"[" * 100_000 + b"\n"),
    "deep.yaml": _written(b"tests: " + b"[" * 100_000),
    "twice.jsonl": _written(b'{"text": "a b", "text": "c d"}\n' * 40),
    "numbers.jsonl": _written(b'{"text": "a b", "label": NaN, "n": 1e999, "m": -Infinity}\n' * 40),
    "digits.json": _written(b'[{"text": "a b", "n": ' + b"9" * 1_000_000 + b"}]"),
    "field.csv": _written(b'text,label\n"' + b"a" * 30_000_000),
    "cells.csv": _written(b"a," * 200_000 + b"b\n" + b"1," * 200_000 + b"2\n"),
    "quotes.csv": _written(b"text,label\n" + b'"a\n' * 200_000),
    "line.txt": _written(b"where is my parcel " * 200_000),
    "nuls.csv": _written(b"text,label\n" + b"\0,\0\n" * 1000),
    "encoded.csv": _written("text,label\nhello there,x\n".encode("utf-32")),
    "latin.jsonl": _written('{"text": "Grüße aus Köln"}\n'.encode("latin-1") * 40),
    "marks.csv": _written(("e" + "\u0301" * 200_000 + ",label\nx,y\n").encode()),
    "formula.csv": _written(("text,label\n" + "=cmd|' /C calc'!A1,+1\n" * 40).encode()),
    "run.eval": _zipped,
    "set.pkl": _written(pickle.dumps([1])),
    # These take seconds, and are tried in full only.
    "endless.jsonl": _sparse,
    "endless.json": _sparse,
    "endless.txt": _sparse,
    "endless.csv": _sparse,
    "bomb.parquet": _packed,
    "keys.json": _written(json.dumps([{f"k{at}": "a b c" for at in range(50_000)}] * 2).encode()),
    "words.jsonl": _written(lines([{"text": "word " * 50_000, "label": "x"}] * 40)),
    "many.txt": _written(b"a\n" * 500_000),
}
SLOW = 8
