"""The house rules that a reviewer would otherwise have to remember: layers, banned names, sizes, one list of stages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import evalspec.catalog
from evalspec.catalog import FOLDERS, load_catalog
from evalspec.pipeline import STAGES
from evalspec.registry import CATALOG, Kind

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "evalspec"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 60

# Which parts each part may import, itself included; data flows one way.
GROUND = frozenset({"model", "diagnostics", "digests", "stream", "later", "text", "stats"})
TABLES = frozenset(
    {
        *("codes", "codes_of_audit", "codes_of_build", "codes_of_import", "codes_of_models", "codes_of_resolve"),
        "codes_of_results",
    }
)
ARROWS: dict[str, frozenset[str]] = {
    "digests": frozenset(),
    "stream": frozenset(),
    "later": frozenset(),
    "diagnostics": frozenset(),
    **dict.fromkeys(TABLES, TABLES),
    "model": frozenset({"model", "diagnostics"}),
    "text": frozenset({"text", "model", "digests", "stream", "later"}),
    "stats": frozenset({"stats", "text", "model", "digests", "stream", "later"}),
    "row_problems": frozenset({"diagnostics"}),
    "registry": GROUND,
    "ports": GROUND,
    "stages": GROUND | {"stages", "registry", "ports", "row_problems"},
    "catalog": GROUND | {"catalog", "registry", "ports"},
    "edges": frozenset({"edges", "diagnostics", "model", "text", "digests", "ports", "row_problems", "codes"}),
    "scoring": GROUND | {"scoring", "stages"},
    "planning": GROUND | {"stages", "registry"},
    "pipeline": GROUND | {"stages", "registry", "ports", "planning"},
    "after": GROUND | {"after", "stages"},
    "auditing": GROUND | {"auditing", "stages", "registry", "row_problems"},
}
# The outside: these know everything. Each command is a line of `cli` over one of the drivers, which bring the files of
# a spec to the pure stages and write what comes out.
DRIVERS = frozenset(
    {
        *("asking", "audit_files", "audit_forms", "base", "comparing", "embedding", "exporting", "importing", "live"),
        *(
            "batching",
            "costing",
            "forgetting",
            "loading",
            "pinging",
            "pricing",
            "project",
            "reaching",
            "reviewing",
            "run_log",
            "swap",
            "tape_use",
            "taping",
            "twins",
            "tracing",
            "verification",
            "writing",
        ),
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
# Nowhere at all: what runs what it reads, what loads settings of the folder it stands in, what depends on the user's
# language settings.
EVERYWHERE = frozenset(
    {"pickle", "marshal", "shelve", "joblib", "dill", "cloudpickle", "diskcache", "dotenv", "locale", "code", "codeop"}
)
RUNNING = frozenset(
    {
        *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.startfile", "pty.spawn", "os.execvp"),
        *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "torch.load", "numpy.load", "np.load", "joblib.load"),
        *("runpy.run_path", "runpy.run_module", "importlib.util.spec_from_file_location", "jinja2.Environment"),
        *("jinja2.Template", "Environment", "NativeEnvironment", "asyncio.create_subprocess_shell"),
    }
)
# Files are written by one module, which replaces them whole and searches them for keys; the state and the crash notes
# of the user are no files of a project.
WRITERS = frozenset({"edges/files.py", "edges/replacing.py", "edges/busy.py", "edges/streams.py", "edges/crash.py"})
STATE = frozenset({"edges/models"})
PROCESSES = frozenset({"edges/git.py"})


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
    """No pickle, no eval or exec, no shell, no YAML that builds objects, no template engine without a sandbox."""
    found = []
    for path in FILES:
        found += [f"{where(path, n)}: import {m}" for n, m in imports(path) if m.split(".")[0] in EVERYWHERE]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                shell = [one for one in node.keywords if one.arg == "shell"]
                name = dotted(node.func)
                if shell or name in RUNNING:
                    found.append(f"{where(path, node)}: {name}()")

    assert found == []


def _writes(node: ast.Call) -> bool:
    """Tell whether a call opens a file to write it, or changes what stands in a folder."""
    name = dotted(node.func)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in ("open", "io.open", "os.fdopen") or (method == "open" and name not in ("os.open", "webbrowser.open")):
        modes = [one for one in (*node.args, *(one.value for one in node.keywords)) if isinstance(one, ast.Constant)]
        return any(
            isinstance(one.value, str) and set(one.value) <= set("rwaxbt+") and set(one.value) & set("wax+")
            for one in modes
        )
    flags = {dotted(one) for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    if name == "os.open":
        return bool(flags & {"os.O_WRONLY", "os.O_RDWR", "os.O_CREAT", "os.O_APPEND", "os.O_TRUNC"})
    changing = {"os.rename", "os.replace", "os.unlink", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate"}
    changing |= {
        "os.chmod",
        "os.makedirs",
        "os.mkdir",
        "shutil.rmtree",
        "shutil.copy",
        "shutil.copytree",
        "shutil.move",
    }
    return name in changing or method in ("write_text", "write_bytes", "symlink_to", "hardlink_to", "touch")


def test_files_are_written_in_one_place() -> None:
    """No write goes around what replaces files whole, follows no link and searches for keys."""
    found = []
    for path in FILES:
        own = str(path.relative_to(PACKAGE))
        if own in WRITERS or any(own.startswith(f"{one}/") for one in STATE):
            continue
        found += [
            f"{where(path, node)}: {dotted(node.func)}()"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call) and _writes(node)
        ]

    assert found == []


def test_what_counts_as_a_write() -> None:
    """The test above can fail: these are writes, and those are none."""
    writes = (
        'open(p, "w")',
        'open(p, mode="ab")',
        "p.write_text(x)",
        "os.replace(a, b)",
        "os.open(p, os.O_RDWR | os.O_CREAT)",
    )
    reads = ("open(p)", 'open(p, "rb")', "os.open(p, os.O_RDONLY)", "text.replace(a, b)", 'open(p, encoding="utf-8")')

    for line, is_write in (*((one, True) for one in writes), *((one, False) for one in reads)):
        call = ast.parse(line, mode="eval").body
        assert isinstance(call, ast.Call) and _writes(call) is is_write, line


def test_processes_are_started_in_one_place() -> None:
    """Git alone is started, by the module that guards it."""
    found = [
        f"{where(path, node)}: import {module}"
        for path in FILES
        if str(path.relative_to(PACKAGE)) not in PROCESSES
        for node, module in imports(path)
        if module.split(".")[0] in ("subprocess", "multiprocessing", "pty")
    ]

    assert found == []


# What `.format` may be called on besides a literal and a constant: all of it words of ours, with data as arguments.
OUR_FORMATS = frozenset(
    {"said.words", "sentence.words", "one.said.words", "self.words", "words", "lead", "marks[one.how]"}
)


def test_data_is_never_a_format() -> None:
    """`str.format` runs on words of ours; on a text of a case it would look attributes up."""
    found = []
    for path in FILES:
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in ("format", "format_map", "vformat"):
                continue
            spelled = ast.unparse(node.func.value)
            is_constant = isinstance(node.func.value, ast.Constant) or re.match(r"[A-Z_]+(\[|$)", spelled)
            if not is_constant and spelled not in OUR_FORMATS:
                found.append(f"{where(path, node)}: {spelled}.{node.func.attr}()")

    assert found == []


def test_only_the_console_prints() -> None:
    """What is shown goes through one module, which escapes it and blots out keys."""
    found = []
    for path in FILES:
        if str(path.relative_to(PACKAGE)) == "cli/console.py":
            continue
        for node in ast.walk(tree(path)):
            name = dotted(node.func) if isinstance(node, ast.Call) else ""
            if name in ("print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"):
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


def test_members_of_a_kind_stand_in_its_folder() -> None:
    """A command imports the folders of the kinds that it asks for; one that stands elsewhere would not be found."""
    load_catalog()
    for folder in sorted(set(FOLDERS.values())):
        assert (PACKAGE / "catalog" / folder).is_dir()
    for module in pkgutil.walk_packages(evalspec.catalog.__path__, "evalspec.catalog."):
        importlib.import_module(module.name)
    for kind in get_args(Kind):
        for member in CATALOG.all(kind):
            place = member.function.__module__.split(".")[2]
            assert place == FOLDERS.get(kind, place), f"{kind} `{member.name}` stands in {place}"
