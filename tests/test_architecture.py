"""The house rules that a reviewer would otherwise have to remember: layers, banned names, sizes, one list of stages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from evalspec.pipeline import STAGES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "evalspec"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 60

# Which parts each part may import, itself included; data flows one way.
GROUND = frozenset({"model", "diagnostics", "digests", "stream", "text", "stats"})
TABLES = frozenset({"codes", "codes_of_build", "codes_of_models", "codes_of_resolve", "codes_of_results"})
ARROWS: dict[str, frozenset[str]] = {
    "digests": frozenset(),
    "stream": frozenset(),
    "diagnostics": frozenset(),
    **dict.fromkeys(TABLES, TABLES),
    "model": frozenset({"model", "diagnostics"}),
    "text": frozenset({"text", "model", "digests", "stream"}),
    "stats": frozenset({"stats", "text", "model", "digests", "stream"}),
    "row_problems": frozenset({"diagnostics"}),
    "registry": GROUND,
    "ports": GROUND,
    "stages": GROUND | {"stages", "registry", "ports", "row_problems"},
    "catalog": GROUND | {"catalog", "registry", "ports"},
    "edges": frozenset({"edges", "diagnostics", "model", "text", "digests", "ports", "row_problems", "codes"}),
    "scoring": GROUND | {"scoring", "stages"},
    "pipeline": GROUND | {"stages", "registry", "ports"},
    "after": GROUND | {"after", "stages"},
}
# The outside: these know everything. Each command is a line of `cli` over one of the drivers, which bring the files of
# a spec to the pure stages and write what comes out.
DRIVERS = frozenset(
    {
        *("asking", "base", "comparing", "exporting", "importing", "live"),
        *("project", "reviewing", "swap", "tracing", "verification", "writing"),
    }
)
OUTSIDE = DRIVERS | {"cli", "__main__", "__init__"}
# An import against the arrows that has a reason: "file: imported module" to why.
ALLOWED: dict[str, str] = {}

# A read of a file inside that has a reason: "file: call" to why.
OWN_DATA: dict[str, str] = {
    "evalspec/catalog/prompts/__init__.py: read_text()": "the package's own templates: code, no input of a spec",
    "evalspec/catalog/stubs/__init__.py: read_text()": "the package's own stubs: code, no input of a spec",
    "evalspec/catalog/words/__init__.py: read_text()": "the package's own word lists: code, no input of a spec",
}

# What only the outside may do: disk, clock, environment, screen, a shared random generator, code from data.
CALLS = frozenset(
    {
        *("open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint", "hash"),
        *("datetime.now", "datetime.datetime.now", "datetime.utcnow", "date.today", "datetime.date.today"),
        *("time.time", "time.monotonic", "time.perf_counter", "time.sleep", "os.getenv", "random.random"),
        *("Path.open", "os.system", "os.popen"),
    }
)
METHODS = frozenset({"read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink", "iterdir", "rglob"})
NAMES = frozenset({"os.environ", "sys.stdout", "sys.stderr", "sys.stdin", "sys.argv"})
MODULES = frozenset(
    {
        *("random", "pickle", "marshal", "shelve", "subprocess", "socket", "logging", "time", "secrets", "uuid"),
        *("litellm", "sentence_transformers", "torch", "diskcache", "duckdb", "rich", "click", "sklearn", "requests"),
    }
)
EVERYWHERE = frozenset({"pickle", "marshal", "shelve"})  # nowhere at all: they run what they read


@cache
def tree(path: Path) -> ast.Module:
    """One parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def part_of(path: Path) -> str:
    """The layer that a file belongs to: its folder or module under `evalspec/`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def where(path: Path, node: ast.AST) -> str:
    """File and line, as an editor opens them."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imports(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{where(path, node)}: imports are absolute"
            yield node, node.module or ""
            if node.module == "evalspec":
                yield from ((node, f"evalspec.{name.name}") for name in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def test_every_part_has_a_place() -> None:
    """A new folder or module under `evalspec/` is put into the table of arrows first."""
    assert {part_of(path) for path in FILES} <= ARROWS.keys() | OUTSIDE


def test_imports_follow_the_arrows() -> None:
    """Stages never import catalog, edges or cli; the catalogue never stages or edges; the ground nothing above."""
    against = []
    for path in FILES:
        part = part_of(path)
        for node, module in imports(path):
            target = module.split(".")[1] if module.startswith("evalspec.") else part
            key = f"{path.relative_to(ROOT)}: {module}"
            if part not in OUTSIDE and target != part and target not in ARROWS[part] and key not in ALLOWED:
                against.append(f"{where(path, node)}: {part} may not import {target}")

    assert against == []


def test_allowed_exceptions_are_still_there() -> None:
    """An exception that nobody needs any more is taken out of the list."""
    found = {f"{path.relative_to(ROOT)}: {module}" for path in FILES for _, module in imports(path)}

    assert ALLOWED.keys() <= found
    for key in OWN_DATA:
        path, _, call = key.partition(": ")
        assert call.removesuffix("()") in (ROOT / path).read_text(encoding="utf-8")


def test_modules_import_each_other_in_no_circle() -> None:
    """Imports at the top of a module are acyclic, so that any module can be imported first."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    above = {
        name: {
            module
            for node in tree(path).body
            if isinstance(node, ast.ImportFrom)
            for module in (node.module or "", *(f"{node.module}.{one.name}" for one in node.names))
            if module in names and module != name
        }
        for name, path in names.items()
    }
    while leaves := [name for name, targets in above.items() if not targets & above.keys()]:
        for name in leaves:
            del above[name]

    assert above == {}


@pytest.mark.parametrize("part", sorted(ARROWS.keys() - {"edges"}))
def test_only_the_outside_touches_the_outside(part: str) -> None:
    """No disk, clock, environment, screen, shared random generator or process inside: arguments bring it."""
    found = []
    for path in (path for path in FILES if part_of(path) == part):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = dotted(node.func)
                method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                is_banned = name in CALLS or method in METHODS
                if is_banned and f"{path.relative_to(ROOT)}: {name or method}()" not in OWN_DATA:
                    found.append(f"{where(path, node)}: {name or method}()")
            elif isinstance(node, ast.Attribute) and dotted(node) in NAMES:
                found.append(f"{where(path, node)}: {dotted(node)}")
        found += [
            f"{where(path, node)}: import {module}" for node, module in imports(path) if module.split(".")[0] in MODULES
        ]

    assert found == []


def test_nothing_anywhere_runs_what_it_reads() -> None:
    """No pickle, no eval or exec, no shell, no YAML loader that builds objects, at the edges neither."""
    found = []
    for path in FILES:
        found += [f"{where(path, n)}: import {m}" for n, m in imports(path) if m.split(".")[0] in EVERYWHERE]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                shell = [one for one in node.keywords if one.arg == "shell"]
                name = dotted(node.func)
                if shell or name in ("eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"):
                    found.append(f"{where(path, node)}: {name}()")

    assert found == []


def test_files_and_functions_are_short() -> None:
    """A file has at most 400 lines and a function 60: at the limit it is split by idea."""
    found = []
    for path in FILES:
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES:
            found.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{where(path, node)}: `{node.name}` has {length} lines")

    assert found == []


def test_every_module_and_public_function_says_what_it_does() -> None:
    """Modules, public functions and classes have a docstring; so have public methods."""
    found = []
    for path in FILES:
        module = tree(path)
        if path.stat().st_size and not ast.get_docstring(module):
            found.append(f"{where(path, module)}: the module")
        for node in ast.walk(module):
            bodies = [node.body] if isinstance(node, ast.Module | ast.ClassDef) else []
            if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
                continue
            for one in (one for body in bodies for one in body):
                is_named = isinstance(one, ast.FunctionDef | ast.ClassDef) and not one.name.startswith("_")
                if is_named and not ast.get_docstring(one):  # type: ignore[arg-type]
                    found.append(f"{where(path, one)}: `{one.name}`")  # type: ignore[attr-defined]

    assert found == []


def test_records_are_frozen() -> None:
    """Every dataclass of the model is frozen, slotted and made by keyword; a lock cannot change under a reader."""
    found = []
    for path in (path for path in FILES if part_of(path) == "model"):
        for node in (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)):
            for call in (one for one in node.decorator_list if dotted(getattr(one, "func", one)) == "dataclass"):
                given = {one.arg for one in call.keywords} if isinstance(call, ast.Call) else set()
                if given != {"frozen", "slots", "kw_only"}:
                    found.append(f"{where(path, node)}: `{node.name}`")

    assert found == []


def test_each_stage_is_a_file_with_a_function_of_its_name() -> None:
    """The pipeline is visible in the file names; `screen` hands out the screener that `fill` drives."""
    for stage in STAGES:
        path = PACKAGE / "stages" / f"{stage}.py"
        names = {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}
        assert {"screen": "screener"}.get(stage, stage) in names


def test_unfinished_work_is_not_left_in_the_code() -> None:
    """No marks of work to come, and nothing commented out by a mark."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK")

    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)
        if any(mark in line for mark in marks)
    ] == []
