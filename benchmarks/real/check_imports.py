"""Checks 10 and 13: raw rows through `import`, `build` and the lock, with the commands that a user has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import yaml

from benchmarks.measures.samples import rows

PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_\d+>")
KEPT = 300  # rows of each set that go through
# Set, its file and its text column.
RAW: Mapping[str, tuple[str, str]] = {
    "hint3": ("hint3/messages", "sentence"),
    "cfpb": ("cfpb_complaints/complaints", "narrative"),
    "hinglish": ("hinglish_top/pairs", "cs_query"),
    "xsid": ("xsid/utterances", "text"),
}
Fields = dict[str, object]


def _spec(folder: Path, column: str, pii: str, size: int) -> Path:
    body = {
        "version": 1,
        "purpose": "smoke",
        "sources": {"production": {"fields": {"input": column}, "pii": pii, "sample": {"size": size}}},
        "mix": {"size": size, "shares": {"seed": 1.0}},
    }
    path = folder / "set.yaml"
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path


def _run(folder: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "evalspec", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"evalspec {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def _texts(value: object) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)


def locked(data: Path, name: str, pii: str) -> tuple[list[str], list[str]]:
    """Take the first rows of a set into a lock; return the raw texts and those of the lock."""
    file, column = RAW[name]
    raw = [row for row in rows(data, file) if str(row.get(column) or "").strip()]
    raw = sorted(raw, key=lambda row: sha256(str(row[column]).encode("utf-8")).hexdigest())[:KEPT]
    size = len({" ".join(str(row[column]).lower().split()) for row in raw}) * 9 // 10
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = (json.dumps({column: row[column]}, ensure_ascii=False) + "\n" for row in raw)
        (folder / "raw.jsonl").write_text("".join(lines), encoding="utf-8")
        _spec(folder, column, pii, size)
        _run(folder, "import", "set.yaml", "production", "--from", "raw.jsonl", "--format", "json")
        _run(folder, "build", "set.yaml", "--format", "json")
        cases = json.loads((folder / "set.lock.json").read_text(encoding="utf-8"))["cases"]
    return [str(row[column]) for row in raw], [_texts(case["input"]) for case in cases]


def of_raw_texts(data: Path) -> Iterator[Fields]:
    """Return the rows of check 10: bytes with `pii: allow`, spans alone with `pii: redact`."""
    for name in RAW:
        raw, out = locked(data, name, "allow")
        known = {sha256(text.encode("utf-8")).digest() for text in raw}
        other = sum(sha256(text.encode("utf-8")).digest() not in known for text in out)
        yield {
            "what": f"{name}: texts of the lock whose sha256 is not one of the raw file's, of {len(out)}",
            "measured": other,
            "expected": "0",
            "passes": other == 0 and len(out) > 0,
        }
        raw, out = locked(data, name, "redact")
        changed = [text for text in out if text not in set(raw)]
        wrong = [text for text in changed if not _is_redacted(text, raw)]
        yield {
            "what": f"{name}, redacted: texts that differ by more than replaced spans; {len(changed)} have any",
            "measured": len(wrong),
            "expected": "0",
            "passes": not wrong and len(out) > 0,
        }


def _is_redacted(text: str, raw: list[str]) -> bool:
    parts = PLACEHOLDER.split(text)
    if len(parts) == 1:
        return False
    fits = re.compile(".+?".join(map(re.escape, parts)), re.S)
    return any(one.startswith(parts[0]) and fits.fullmatch(one) for one in raw)


def of_repeats(data: Path) -> Iterator[Fields]:
    """Return the rows of check 13: every repeat is collapsed, counted, and still weighs."""
    column = "first_request"
    raw = [row for row in rows(data, "multidogo/openings") if str(row.get(column) or "").strip()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = (json.dumps({column: row[column]}, ensure_ascii=False) + "\n" for row in raw)
        (folder / "raw.jsonl").write_text("".join(lines), encoding="utf-8")
        _spec(folder, column, "allow", 500)
        header = _run(folder, "import", "set.yaml", "production", "--from", "raw.jsonl", "--format", "json")["header"]
        said = subprocess.run(
            [sys.executable, "-m", "evalspec", "import", "set.yaml", "production", "--from", "raw.jsonl", "--dry-run"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        snapshot = (folder / "set" / "production.jsonl").read_text(encoding="utf-8")
    assert isinstance(header, dict)
    distinct = len({" ".join(str(row[column]).lower().split()) for row in raw})
    yield {
        "what": f"MultiDoGO openings, {len(raw):,} rows: collapsed into an earlier one",
        "measured": header["duplicates"],
        "expected": f"{len(raw) - distinct:,}, {100 * (len(raw) - distinct) / len(raw):.0f} %",
        "passes": header["duplicates"] == len(raw) - distinct,
    }
    words = f"{header['duplicates']:,} collapsed"
    told = words in said.stdout + said.stderr
    yield {"what": "import says so for the source", "measured": words, "expected": "said", "passes": told}
    texts = [json.loads(line).get("input") for line in snapshot.splitlines()]
    most = Counter(" ".join(_texts(text).lower().split()) for text in texts if text).most_common(1)
    yield {
        "what": "texts that stand twice in the snapshot",
        "measured": most[0][1] - 1 if most else None,
        "expected": "0",
        "passes": bool(most) and most[0][1] == 1,
    }
