"""The catalogue of bad inputs: rows of `bad_inputs/*.yaml` as projects on disk, and what a command must say of them.

A row changes the base project of `bad_inputs/base/` and names a command, its exit code and every diagnostic of it:

    - id: Y05
      what: a tab indents a line
      find: "  item:"             # in `file`, which is shop.yaml where nothing else is said
      put: "§\\titem:"
      expect: [Y004]
      exit: 3
      origin: Y05

The § stands where the diagnostic points and is taken out; several of them serve `expect` in order. An expectation may
name its place instead: `S104 1:1`, `I303 shop/golden.jsonl:2:1`, `L601 shop.lock.json` for a whole file, `C201 -` for
no place. One that starts with `warning` is one. Nothing but what is expected may be said.

`whole` replaces a file, `add` appends to it, `hex` gives its bytes, `edits` is a list of such changes, and `do` names
recipes of `bad_recipes.py` for what no text can hold. `run` is the command line (`check shop.yaml`), `says` what its
words must hold, `hide` what no output may hold, `writes` the paths it may touch, `env` its environment; `process: true`
gives it an interpreter of its own. `origin` names rows of the design's catalogue, whose other rows stand in
`mapping.yaml` with what became of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evalspec.cli import run as run_cli
from evalspec.edges.terminal import LIMIT, safe
from tests.bad_recipes import RECIPES

FOLDER = Path(__file__).parent / "bad_inputs"
BASE = FOLDER / "base"
MAPPING = FOLDER / "mapping.yaml"
SPEC = "shop.yaml"
MARK = "§"
FORMATS = ("text", "json", "github")
USAGE = 2

_EXPECTED = re.compile(r"(?:(?P<severity>warning) )?(?P<code>[A-Z]\d{3})(?: (?P<place>.+))?")
_PLACE = re.compile(r"(?:(?P<path>.+?):)?(?P<line>\d+):(?P<col>\d+)")
_HEAD = re.compile(r"^(?:.*: )?(?:error|warning)\[[A-Z]\d{3}\]: .*$", re.MULTILINE)
_ANNOTATION = re.compile(r"^::(?P<severity>error|warning) (?P<properties>[^:]*)::(?P<data>.*)$", re.MULTILINE)
_KEYS = frozenset(
    {"id", "what", "file", "find", "put", "whole", "add", "hex", "edits", "do", "run", "expect", "exit", "says", "hide"}
    | {"writes", "env", "process", "formats", "origin"}
)


@dataclass(frozen=True)
class Row:
    """One bad input, and what must be said about it."""

    id: str
    what: str
    edits: tuple[Mapping[str, str], ...]
    recipes: tuple[str, ...]
    arguments: tuple[str, ...]
    expect: tuple[str, ...]
    exit: int
    says: tuple[str, ...]
    hide: tuple[str, ...]
    writes: tuple[str, ...]
    env: Mapping[str, str]
    process: bool  # needs an interpreter of its own
    formats: tuple[str, ...]
    origin: tuple[str, ...]


@dataclass(frozen=True)
class Ran:
    """One run of a command."""

    exit: int
    out: str
    err: str
    seconds: float = 0.0  # of processor time
    megabytes: float = 0.0


Runner = Callable[[Sequence[str], Path, Mapping[str, str]], Ran]


@dataclass
class Fact:
    """One diagnostic: what every format must say of it alike."""

    severity: str
    code: str
    path: str | None
    line: int | None
    col: int | None
    message: str = field(default="", compare=False)

    def spelled(self) -> str:
        """The fact as a row spells it."""
        where = self.path or "-"
        place = where if self.line is None else f"{where}:{self.line}:{self.col}"
        return f"{'warning ' if self.severity == 'warning' else ''}{self.code} {place}"


def load_rows() -> tuple[Row, ...]:
    """Return every row, in the order of the files' names."""
    found: list[Row] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        if file != MAPPING:
            found += [_row(one, file.name) for one in yaml.safe_load(file.read_text("utf-8"))]
    return tuple(found)


def load_mapping() -> Mapping[str, Mapping[str, str]]:
    """Return, for each row of the design's catalogue that has no row here, what took its place or what it waits for."""
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(MAPPING.read_text("utf-8"))
    return found


def _row(data: Mapping[str, Any], file: str) -> Row:
    odd = data.keys() - _KEYS
    assert not odd, f"{file}, {data.get('id')}: unknown keys {sorted(odd)}"
    change = {key: data[key] for key in ("file", "find", "put", "whole", "add", "hex") if key in data}
    edits = (*([change] if change else []), *data.get("edits", []))
    arguments = shlex.split(data.get("run", f"check {SPEC}"))
    return Row(
        id=data["id"],
        what=data["what"],
        edits=tuple(edits),
        recipes=_texts(data.get("do")),
        arguments=tuple(arguments),
        expect=_texts(data.get("expect")),
        exit=data["exit"],
        says=_texts(data.get("says")),
        hide=_texts(data.get("hide")),
        writes=_texts(data.get("writes")),
        env=data.get("env", {}),
        process=data.get("process", False),
        formats=_texts(data.get("formats")) or FORMATS,
        origin=_texts(data.get("origin")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def make_base(folder: Path) -> None:
    """Make the base project with all that its commands write: snapshots, a ledger, lock, report, results, an export."""
    shutil.copytree(BASE, folder, dirs_exist_ok=True)
    for line in (
        "import shop.yaml production --from raw/production.jsonl",
        "import shop.yaml training --from raw/training.jsonl",
        "review record shop.yaml prompted.table.01 keep --reviewer ann --date 2026-11-02",
        "review record shop.yaml prompted.clock.01 keep --reviewer ann --date 2026-11-02",
        "build shop.yaml",
        "export shop.yaml --to jsonl --out out",
    ):
        _must(line, folder)
    cases = [json.loads(line) for line in (folder / "out/cases.jsonl").read_text("utf-8").split("\n") if line]
    for model in ("old", "new"):
        answers = [{"id": one["id"], "digest": one["digest"], "pass": True} for one in cases]
        text = "".join(json.dumps(one) + "\n" for one in answers)
        (folder / f"raw/{model}.jsonl").write_text(text, "utf-8")
        _must(f"results import shop.yaml raw/{model}.jsonl --model {model}", folder)
    shutil.rmtree(folder / ".evalspec")


def _must(line: str, folder: Path) -> None:
    ran = run_inside(shlex.split(line), folder, {})
    assert ran.exit == 0, f"{line}: exit {ran.exit}\n{ran.out}{ran.err}"


def stand(row: Row, base: Path, folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Copy the base project, change it as the row says, and return the marked places as (path, line, column)."""
    shutil.copytree(base, folder, symlinks=True)
    touched: list[str] = []
    for edit in row.edits:
        name = edit.get("file", SPEC)
        touched += [name] if name not in touched else []
        _apply(edit, folder / name, row.id)
    marks = [mark for name in touched for mark in _take_marks(folder / name, name)]
    for name in row.recipes:
        RECIPES[name](folder)
    return tuple(marks)


def _apply(edit: Mapping[str, str], path: Path, row: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if "hex" in edit:
        path.write_bytes(bytes.fromhex(edit["hex"]))
    elif "whole" in edit:
        _write(path, edit["whole"])
    elif "add" in edit:
        _write(path, _read(path) + edit["add"])
    else:
        text = _read(path)
        assert edit["find"] in text, f"{row}: `{edit['find']}` does not stand in {path.name}"
        _write(path, text.replace(edit["find"], edit["put"], 1))


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogatepass")


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def _take_marks(path: Path, name: str) -> Iterator[tuple[str, int, int]]:
    raw = path.read_bytes()
    if MARK.encode() not in raw:
        return
    text = raw.decode("utf-8", "surrogatepass")
    while (at := text.find(MARK)) >= 0:
        line = text.count("\n", 0, at) + 1
        yield name, line, at - text.rfind("\n", 0, at)
        text = text[:at] + text[at + 1 :]
    _write(path, text)


def expected_facts(row: Row, marks: Sequence[tuple[str, int, int]]) -> list[str]:
    """Return what the row expects, spelled in full."""
    left = list(marks)
    found = []
    for text in row.expect:
        parts = _EXPECTED.fullmatch(text)
        assert parts, f"{row.id}: not an expectation: {text}"
        place = parts["place"]
        if place is None:
            assert left, f"{row.id}: {text} has no place, and no {MARK} is left"
            fact = Fact(parts["severity"] or "error", parts["code"], *left.pop(0))
        elif spot := _PLACE.fullmatch(place):
            fact = Fact(
                parts["severity"] or "error", parts["code"], spot["path"] or SPEC, int(spot["line"]), int(spot["col"])
            )
        else:
            fact = Fact(parts["severity"] or "error", parts["code"], None if place == "-" else place, None, None)
        found.append(fact.spelled())
    assert not left, f"{row.id}: a {MARK} without an expectation"
    return found


def run_inside(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> Ran:
    """Run a command line in this process, in `folder`."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogatepass") for _ in range(2))
    before = os.getcwd()
    kept = {name: os.environ.get(name) for name in env}
    os.chdir(folder)
    os.environ.update(env)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_cli(arguments)
    finally:
        os.chdir(before)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8", "surrogatepass"))  # type: ignore[attr-defined]
    return Ran(int(code), *texts)


def faults(row: Row, folder: Path, marks: Sequence[tuple[str, int, int]], runner: Runner) -> list[str]:
    """Run the row in each of its formats and return what is not as it must be."""
    before = tree(folder)
    runs = {how: runner([*row.arguments, *_how(how)], folder, row.env) for how in row.formats}
    found: list[str] = []
    for how, ran in runs.items():
        found += [f"{how}: {one}" for one in _faults_of_one(row, how, ran)]
    touched = {path for path, _ in set(before.items()) ^ set(tree(folder).items())}
    found += [f"wrote {path}" for path in sorted(touched) if not path.startswith(row.writes or ("\0",))]
    if row.exit != USAGE and "json" in runs:
        found += _compare_formats(row, expected_facts(row, marks), runs)
    return found


def _how(how: str) -> tuple[str, ...]:
    return () if how == "text" else ("--json",) if how == "json" else ("--format", how)


def _faults_of_one(row: Row, how: str, ran: Ran) -> Iterator[str]:
    whole = ran.out + ran.err
    if ran.exit != row.exit:
        yield f"exit {ran.exit}, not {row.exit}\n{whole[:2000]}"
    if "Traceback" in whole or "[E999]" in whole:
        yield f"a traceback\n{whole[:2000]}"
    for one in row.hide:
        if one in whole:
            yield f"the output holds `{one}`"
    for one in row.says if how != "json" else ():
        if one not in whole and one.replace("%", "%25") not in whole:
            yield f"nothing says `{one}`\n{whole[:2000]}"


def _compare_formats(row: Row, expected: Sequence[str], runs: Mapping[str, Ran]) -> Iterator[str]:
    """Hold the JSON against what is expected, and the other formats against the JSON."""
    try:
        facts = list(_from_json(json.loads(runs["json"].out)))
    except ValueError:
        yield f"json: stdout is not JSON\n{runs['json'].out[:500]}{runs['json'].err[:500]}"
        return
    said = [one.spelled() for one in facts]
    if sorted(said) != sorted(expected):
        told = "\n".join(f"{one.spelled()}  {one.message}" for one in facts)
        yield f"said:\n{told}\nexpected:\n" + "\n".join(expected)
    if "text" in runs:
        heads = [_head(one) for one in facts][:LIMIT]
        if found := sorted(set(heads) ^ set(_HEAD.findall(runs["text"].err))):
            yield f"text and JSON differ in {found}"
    if "github" in runs:
        wanted = sorted(f"{one.spelled()} {safe(one.message)}" for one in facts[:LIMIT])
        if found := sorted(set(wanted) ^ set(_annotations(runs["github"].out))):
            yield f"github and JSON differ in {found}"


def _from_json(data: Any) -> Iterator[Fact]:
    for part in data if isinstance(data, list) else [data]:
        for one in part.get("diagnostics", []):
            yield Fact(one["severity"], one["code"], one["path"], one["line"], one["col"], one["message"])


def _head(fact: Fact) -> str:
    place = "" if fact.path is None else f"{fact.path}: " if fact.line is None else ""
    place = place or (f"{fact.path}:{fact.line}:{fact.col}: " if fact.path is not None else "")
    return f"{safe(place)}{fact.severity}[{fact.code}]: {safe(fact.message)}"


def _annotations(out: str) -> Iterator[str]:
    for found in _ANNOTATION.finditer(out):
        given = dict(one.split("=", 1) for one in found["properties"].split(","))
        given = {name: _undone(value) for name, value in given.items()}
        line, col = (int(given[name]) if name in given else None for name in ("line", "col"))
        fact = Fact(found["severity"], given["title"], given.get("file"), line, col)
        yield f"{fact.spelled()} {_undone(found['data'].split('%0A')[0])}"


def _undone(text: str) -> str:
    for spelled, char in (("%2C", ","), ("%3A", ":"), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(spelled, char)
    return text


def tree(folder: Path) -> Mapping[str, str]:
    """Return what stands in a folder: path to a digest of content, kind and mode."""
    found: dict[str, str] = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            status = path.lstat()
            content = b""
            if path.is_symlink():
                content = os.fsencode(os.readlink(path))
            elif path.is_file():
                mode = stat.S_IMODE(status.st_mode)
                os.chmod(path, mode | 0o400)
                content = path.read_bytes()
                os.chmod(path, mode)
            digest = hashlib.sha256(content).hexdigest()[:16]
            found[os.fsdecode(os.path.relpath(path, folder))] = f"{status.st_mode:o} {digest}"
    return found
