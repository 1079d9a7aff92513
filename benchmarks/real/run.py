"""The main job on real data: every spec in `specs/` imported, checked, built, verified and built again.

EVALSPEC_SHARED=... python benchmarks/real/run.py [--json] [--only NAME | --whole] [--keep FOLDER]

Exits 0 when every set ends in a lock that verifies, comes out the same twice, and holds the texts of its seeds as they
stand in the raw file. `--whole` takes the two large ones instead.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")
Record = dict[str, Any]
Prepare = Callable[[list[Record], Mapping[str, Any]], list[Record]]


def known_labels_only(rows: list[Record], spec: Mapping[str, Any]) -> list[Record]:
    """Leave out rows whose label is none of the task's: some of MultiDoGO's hold several, or slot tags by mistake."""
    column = spec["sources"]["production"]["fields"]["expected"]
    return [row for row in rows if row[column] in spec["task"]["expected"]]


def one_label_a_text(rows: list[Record], spec: Mapping[str, Any]) -> list[Record]:
    """Leave out texts that stand under several labels as well: `build` refuses them by id (X510)."""
    fields = spec["sources"]["production"]["fields"]
    kept, labels = known_labels_only(rows, spec), defaultdict(set)
    for row in kept:
        labels[_folded(row[fields["input"]])].add(row[fields["expected"]])
    return [row for row in kept if len(labels[_folded(row[fields["input"]])]) == 1]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def customer_turns(rows: list[Record], spec: Mapping[str, Any]) -> list[Record]:
    """Put the speaker where MultiDoGO has the number of the turn: messages are `[speaker, text, ...]`."""
    return [{**row, "turns": [["customer", text] for _, text, *_ in row["customer_turns"]]} for row in rows]


def without_id(rows: list[Record], spec: Mapping[str, Any]) -> list[Record]:
    """Leave out xSID's ids: they repeat in every language and split, and 538 rows have none."""
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSet:
    """One spec and the raw file it is built from; `prepare` is what a user would do to the file before."""

    raw: str
    prepare: Prepare | None = None
    is_whole: bool = False


SETS: Mapping[str, RealSet] = {
    "abcd": RealSet(raw="abcd/customer_utterances.jsonl"),
    "banking77": RealSet(raw="banking77/messages.jsonl", prepare=known_labels_only),
    "hinglish_top": RealSet(raw="hinglish_top/pairs.jsonl"),
    "hint3": RealSet(raw="hint3/messages.jsonl"),
    "multidogo": RealSet(raw="multidogo/openings.jsonl", prepare=known_labels_only),
    "multidogo_chat": RealSet(raw="multidogo/customer_conversations.jsonl", prepare=customer_turns),
    "star_chat": RealSet(raw="star/conversations.jsonl"),
    "xsid": RealSet(raw="xsid/utterances.jsonl", prepare=without_id),
    "banking77_whole": RealSet(raw="banking77/messages.jsonl", is_whole=True),
    "multidogo_whole": RealSet(raw="multidogo/openings.jsonl", prepare=one_label_a_text, is_whole=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command came to."""

    exit: int
    out: str
    seconds: float
    megabytes: float  # most memory that it held


class Failed(Exception):
    """A command of a set failed, or its outcome breaks a promise."""


def evalspec(folder: Path, *words: str, fine: Sequence[int] = (0,)) -> Ran:
    """Run one command in a folder and measure it by itself."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = subprocess.Popen([sys.executable, "-m", "evalspec", *words], cwd=folder, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, said = out.read().decode(), err.read().decode()
    if child.returncode not in fine:
        raise Failed(f"evalspec {' '.join(words)} ended with {child.returncode}\n{_problems(text) or said[-4000:]}")
    return Ran(exit=child.returncode, out=text, seconds=seconds, megabytes=_megabytes(usage))


def _problems(text: str) -> str:
    """Return a command's diagnostics as lines; empty when it printed no JSON."""
    try:
        found = json.loads(text)["diagnostics"]
    except ValueError:
        return ""
    return "\n".join(f"  {one['code']} {one['message']}" for one in found)


def _megabytes(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return usage.ru_maxrss * unit / 1e6


def run_set(name: str, one: RealSet, data: Path, folder: Path) -> Record:
    """Take one spec from raw rows to a lock that verifies; return the figures of the table."""
    spec_path = f"{name}.yaml"
    shutil.copy(HERE / "specs" / spec_path, folder)
    shutil.copytree(HERE / "grammars", folder / "grammars", dirs_exist_ok=True)
    spec = yaml.safe_load((folder / spec_path).read_text(encoding="utf-8"))
    raw, left_out = _raw_file(name, one, data, spec, folder)
    imported = evalspec(folder, "import", spec_path, "production", "--from", str(raw), "--format", "json")
    checked = evalspec(folder, "check", spec_path)
    built = evalspec(folder, "build", spec_path, "--json")
    lock, report = folder / f"{name}.lock.json", folder / f"{name}.report.md"
    before = [path.read_bytes() for path in (lock, report)]
    verified = evalspec(folder, "verify", spec_path)
    evalspec(folder, "build", spec_path, "--quiet")
    if before != [path.read_bytes() for path in (lock, report)]:
        raise Failed("the second build gave other bytes")
    came_in, came_out = json.loads(imported.out), json.loads(built.out)
    header = came_in["header"]
    return {
        "set": name,
        "rows": header["rows"] + left_out,
        "left_out": left_out,
        "blank": came_in["blank"],
        "sampled": header["sampled"],
        "duplicates": header["duplicates"],
        "pii": spec["sources"]["production"]["pii"],
        "personal": header.get("blocked") or header.get("redacted") or {},
        "opened": came_out["opened"],
        "drops": came_out["drops"],
        "gates": came_out["gates"],
        "cases": came_out["cases"],
        "pools": came_out["pools"],
        "import_s": round(imported.seconds, 1),
        "check_s": round(checked.seconds, 1),
        "build_s": round(built.seconds, 1),
        "verify_s": round(verified.seconds, 1),
        "megabytes": round(max(ran.megabytes for ran in (imported, checked, built, verified))),
        **survival_of_bytes(lock, raw, spec),
    }


def _raw_file(name: str, one: RealSet, data: Path, spec: Mapping[str, Any], folder: Path) -> tuple[Path, int]:
    """Return the raw file, prepared where the set asks for it, and how many rows preparing left out."""
    raw = data / one.raw
    if one.prepare is None:
        return raw, 0
    rows = list(_rows(raw))
    kept = one.prepare(rows, spec)
    prepared = folder / f"{name}.raw.jsonl"
    prepared.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
    return prepared, len(rows) - len(kept)


def survival_of_bytes(lock: Path, raw: Path, spec: Mapping[str, Any]) -> Record:
    """Compare the sha256 of every production text in the lock with those of the raw file.

    A text with a placeholder was redacted and is counted apart; any other must be there byte for byte.
    """
    column = spec["sources"]["production"]["fields"]["input"]
    known = {_sha(text) for row in _rows(raw) for text in _texts(row[column])}
    found = Counter(
        "same" if _sha(text) in known else "redacted" if PLACEHOLDER.search(text) else "other"
        for case in json.loads(lock.read_text(encoding="utf-8"))["cases"]
        if case["provenance"] == "prod"
        for text in _texts_of_case(case["input"])
    )
    if found["other"]:
        raise Failed(f"{found['other']} production texts of the lock are not in the raw file")
    if found["redacted"] and spec["sources"]["production"]["pii"] != "redact":
        raise Failed(f"{found['redacted']} production texts were redacted, which the spec does not ask for")
    return {"texts_same": found["same"], "texts_redacted": found["redacted"]}


def _texts_of_case(value: Any) -> list[str]:
    """Return the texts of a case's input: a list of lines is one text, a list of messages one for each."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [text for message in value for text in _texts_of_case(message["content"])]
    return ["\n".join(value)] if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    return [turn[1] for turn in value] if isinstance(value, list) else [value]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _rows(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


COLUMNS: Mapping[str, Callable[[Record], str]] = {
    "set": lambda one: one["set"],
    "rows in": lambda one: (
        f"{one['rows']:,}" + (f" (-{one['left_out'] + one['blank']})" if one["left_out"] + one["blank"] else "")
    ),
    "duplicates": lambda one: f"{one['duplicates']:,}",
    "sampled": lambda one: f"{one['sampled']:,}",
    "pii": lambda one: f"{one['pii']} {sum(one['personal'].values()) or ''}".strip(),
    "opened": lambda one: f"{one['opened']:,}",
    "drops": lambda one: _counts(one["drops"]),
    "gates p/f/?": lambda one: "/".join(str(one["gates"].get(word, 0)) for word in ("pass", "fail", "not known")),
    "cases": lambda one: f"{one['cases']:,}",
    "import s": lambda one: f"{one['import_s']}",
    "build s": lambda one: f"{one['build_s']}",
    "verify s": lambda one: f"{one['verify_s']}",
    "peak MB": lambda one: f"{one['megabytes']}",
    "bytes kept": lambda one: (
        f"{one['texts_same']:,}" + (f" + {one['texts_redacted']} redacted" if one["texts_redacted"] else "")
    ),
}


def table(found: Sequence[Record]) -> str:
    """Lay the figures out as Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(show(one) for show in COLUMNS.values()) + " |" for one in found]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.items()) or "none"


def main() -> int:
    """Run the sets and print the table; return 1 when one of them breaks a promise."""
    parser = argparse.ArgumentParser(description="Build the specs over real data and say what came of it.")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--only", choices=sorted(SETS), help="one set")
    parser.add_argument("--whole", action="store_true", help="the two large sets")
    parser.add_argument("--keep", type=Path, help="leave specs, snapshots, locks and reports in this folder")
    args = parser.parse_args()
    if "EVALSPEC_SHARED" not in os.environ:
        parser.error("EVALSPEC_SHARED names the folder that holds data/")
    data = Path(os.environ["EVALSPEC_SHARED"]).resolve() / "data"
    names = [args.only] if args.only else [name for name, one in SETS.items() if one.is_whole == args.whole]
    found: list[Record] = []
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep.resolve() if args.keep else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                found.append(run_set(name, SETS[name], data, folder))
            except Failed as problem:
                failed = True
                print(f"{name}: {problem}", file=sys.stderr)
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else table(found))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
