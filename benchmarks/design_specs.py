"""Check the ten design specs: with their few raw rows, and with the rows grown until every pool can be filled.

Run: EVALSPEC_SHARED=... python benchmarks/design_specs.py. Each spec must pass `check` with grown rows, or be refused
by a rule that the language states; the table says which.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

GROWN_ROWS = 1_000
# Files that the specs name and the design folder does not hold; their content decides nothing in `check`.
MISSING = {
    "code_review": ("system.md", "guidelines.md"),
    "helpdesk": ("system.md",),
    "refund": ("guidelines.md",),
    "refund_chat": ("system.md", "guidelines.md"),
    "sql_copilot": ("system.md",),
    "triage": ("guidelines.md",),
}
SPECS = (
    ("code_review", "production"),
    ("faq", "production"),
    ("helpdesk", "production traffic"),
    ("onboarding", ""),
    ("refund", "production training"),
    ("refund_chat", "production training"),
    ("refund_swap", ""),
    ("sql_copilot", "production"),
    ("triage", "production"),
    ("week6/onboarding", "production"),
)


def main() -> int:
    """Print one row a spec: its own rows, grown rows, the first message of a refusal."""
    source = Path(os.environ["EVALSPEC_SHARED"]) / "design" / "specs"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "specs"
        shutil.copytree(source, folder, copy_function=shutil.copyfile)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        _write_missing(folder)
        for grown in (False, True):
            print(f"\n{'grown to ' + format(GROWN_ROWS, ',') + ' rows' if grown else 'the rows as they are'}")
            for name, sources in SPECS:
                for one in sources.split():
                    _import(folder, name, one, grown)
                if grown:
                    _grow_golden(folder, name)
                print(f"  {name:<18} {_check(folder, name)}")
    return 0


def _write_missing(folder: Path) -> None:
    for name, files in MISSING.items():
        for file in files:
            (folder / name / file).parent.mkdir(exist_ok=True)
            (folder / name / file).write_text("Written for the check.\n")
    (folder / "refund_chat" / "tools.json").write_text("[]\n")
    (folder / "sql_copilot" / "prompts").mkdir()
    (folder / "sql_copilot" / "prompts" / "question.j2").write_text("Ask about {{ cell.construct }}.\n")


def _import(folder: Path, name: str, source: str, grown: bool) -> None:
    spec = folder / f"{name}.yaml"
    raw = spec.parent / "raw" / spec.stem / f"{source}.jsonl"
    rows = [json.loads(line) for line in raw.read_text().split("\n") if line.strip()]
    if grown:
        rows = [_varied(rows[at % len(rows)], at) for at in range(GROWN_ROWS)]
    file = folder / "raw.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    done = _run("import", str(spec), source, "--from", str(file))
    if done.returncode:
        print(f"  {name:<18} import of {source}: {done.stderr.splitlines()[0]}")


def _varied(row: dict[str, object], at: int) -> dict[str, object]:
    """Give a copy its own id and text; everything else, labels among it, stays."""
    varied = dict(row)
    for column in ("ticket", "chat_id", "msg", "qid", "pull", "id"):
        if column in varied:
            varied[column] = f"{varied[column]}-{at}"
    for column in ("message", "question", "query", "diff", "input", "y"):
        if isinstance(varied.get(column), str):
            varied[column] = f"{varied[column]} ({at})"
    if isinstance(varied.get("turns"), list):
        varied["turns"] = [{**turn, "text": f"{turn['text']} ({at})"} for turn in varied["turns"]]  # type: ignore[union-attr]
    return varied


def _grow_golden(folder: Path, name: str) -> None:
    file = (folder / f"{name}.yaml").with_suffix("") / "golden.jsonl"
    if file.exists():
        row = json.loads(file.read_text().split("\n")[0])
        rows = [_varied(row, at) for at in range(GROWN_ROWS)]
        for at, one in enumerate(rows):
            if isinstance(one.get("input"), list):
                one["input"] = [{**turn, "content": f"{turn['content']} ({at})"} for turn in one["input"]]
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows))


def _check(folder: Path, name: str) -> str:
    done = _run("check", str(folder / f"{name}.yaml"), "--json")
    answer = json.loads(done.stdout)
    errors = [one for one in answer["diagnostics"] if one["severity"] == "error"]
    return "ok" if done.returncode == 0 else "; ".join(f"{one['code']} {one['message']}" for one in errors[:3])


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "evalspec", *arguments], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
