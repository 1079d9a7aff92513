"""What a stranger's checkout can try, each row of docs/security-tests.md that has no better place for its test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evalspec.cli import run
from evalspec.diagnostics import EvalspecError
from evalspec.digests import digest
from evalspec.edges.files import append_lines, list_files, read_text, write_atomic
from evalspec.edges.package import fingerprint
from evalspec.edges.project_folder import root_of
from evalspec.edges.shadow import DEPENDENCIES, shadowing
from evalspec.edges.terminal import safe_json, unread
from tests.small_specs import rows, small_spec, write_project
from tests.torture.hostile_attacks import write_outside
from tests.torture.hostile_setting import FORBIDDEN, MARK, SPEC, command, obeyed, tree, write_checkout

ROOT = Path(__file__).parents[1]
HOSTILE_REFS = (
    *(
        "--upload-pack=touch PWNED",
        "-c",
        "--exec=touch PWNED",
        "--output=PWNED",
        "-",
        "--",
        "--help",
        "-oProxyCommand=x",
    ),
    *("ext::sh -c touch% PWNED", "file:///etc/passwd", "https://127.0.0.1:9/x.git", "git@127.0.0.1:x", "HEAD:../x"),
    *(
        "HEAD;touch PWNED",
        "HEAD|touch PWNED",
        "$(touch PWNED)",
        "`touch PWNED`",
        "HEAD\ntouch PWNED",
        "HEAD\0x",
        "HEAD PWNED",
    ),
    *(
        "a..b",
        "a...b",
        "HEAD..",
        "refs/../../x",
        ":/fix",
        ":0:x",
        "HEAD^{/x y}",
        "^HEAD",
        "*",
        "[a]",
        "?",
        "\u202eHEAD",
        "~",
    ),
    *("", "é", "HEAD\x1b[2J", "@{-1 }", "x" * 101),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A built and committed checkout with a folder outside that holds canaries."""
    write_outside(tmp_path / "outside")
    return write_checkout(tmp_path / "checkout")


@pytest.fixture
def fake_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `git` on the path that writes its arguments and environment down and finds nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = folder / "log"
    script = folder / "git"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(log)!r}, 'a') as file:\n    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + '\\n')\n"
        "sys.exit(1)\n",
        "utf-8",
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OPENAI_API_KEY", "canary-c0ffee-deadbeef-77")
    return log


@pytest.mark.parametrize("ref", HOSTILE_REFS, ids=range(len(HOSTILE_REFS)))
def test_a_hostile_ref_never_reaches_git(ref: str, checkout: Path, fake_git: Path) -> None:
    """P07: what is no plain name of a commit is refused as usage, before git is started."""
    for arguments in (("verify", SPEC), ("diff", SPEC), ("why", SPEC, "seed.x"), ("build", SPEC)):
        fake_git.unlink(missing_ok=True)
        ran = command(checkout, *arguments, f"--base={ref}")

        started = (
            [json.loads(line)[0] for line in fake_git.read_text("utf-8").splitlines()] if fake_git.exists() else []
        )
        assert not [argv for argv in started if any(ref and ref in one for one in argv if not one.startswith("HEAD"))]
        assert ran.code in (2, 3), ran.shown
        assert not list(checkout.rglob("PWNED"))


def test_git_is_run_with_every_guard_and_no_key(checkout: Path, fake_git: Path) -> None:
    """P07: an argument list, no configuration of the system, no transport, no hook, nothing of the environment."""
    for arguments in (("verify", SPEC, "--base", "origin/main"), ("diff", SPEC, "a...b"), ("build", SPEC, "--locked")):
        command(checkout, *arguments)

    calls = [json.loads(line) for line in fake_git.read_text("utf-8").splitlines()]
    assert calls
    for argv, environment in calls:
        guards = [argv[at + 1] for at, one in enumerate(argv) if one == "-c"]
        assert guards == [
            "core.fsmonitor=",
            f"core.hooksPath={os.devnull}",
            "protocol.allow=never",
            "safe.bareRepository=explicit",
        ]
        assert environment["GIT_CONFIG_NOSYSTEM"] == "1" and environment["GIT_ALLOW_PROTOCOL"] == "none"
        assert environment.keys() & {"OPENAI_API_KEY", "HOME", "GIT_SSH_COMMAND", "GIT_DIR"} == set()


@pytest.mark.parametrize("name", ["yaml.py", "click.py", "json.py", "pkgutil.py", "numpy/__init__.py", "regex.so"])
def test_python_m_refuses_a_module_in_the_way(name: str, tmp_path: Path) -> None:
    """P10: `-m` looks into the working folder first; what has the name of a module that is needed stops the program."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("open('PWNED', 'w').close()\n", "utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def started(*options: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, *options, "-m", "evalspec", "--version"]
        return subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    refused = started()
    assert refused.returncode == 3 and "error[E916]" in refused.stderr and name.split("/")[0] in refused.stderr
    assert started("-P").returncode == 0
    if name in ("yaml.py", "click.py", "json.py"):  # what nothing has imported before the first line of ours
        assert not (tmp_path / "PWNED").exists()


def test_files_that_are_in_nobodys_way_are_not_refused(tmp_path: Path) -> None:
    """P10: a spec's folders, a script and a folder without code shadow nothing."""
    for name in ("evalspec", "specs", "click", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine.py").write_text("", "utf-8")
    (tmp_path / "json.txt").write_text("", "utf-8")

    assert shadowing(str(tmp_path)) == ()


def test_every_dependency_is_known_to_be_in_the_way() -> None:
    """P10: a dependency that is added is added to the names that a checkout may not take."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[<>=\[ ;]", one)[0].lower().replace("-", "_") for one in data["dependencies"]}

    assert {"pyyaml": "yaml"}.get("pyyaml") in DEPENDENCIES
    assert names - {"pyyaml"} <= DEPENDENCIES


def test_a_spec_that_is_a_link_out_is_not_shown(checkout: Path) -> None:
    """P06: the spec is the first file that a commit can turn into a link; its target is not read into an error."""
    (checkout / SPEC).unlink()
    (checkout / SPEC).symlink_to("../../outside/small.yaml")

    ran = command(checkout, "check", SPEC)

    assert ran.code == 3 and "error[E903]" in ran.err and MARK not in ran.shown


def test_the_build_lock_is_not_written_through_a_link(checkout: Path, tmp_path: Path) -> None:
    """P06: `.evalspec` may be committed: as a link, or with a link in it, it would empty a file of the user."""
    before = tree(tmp_path / "outside")
    busy = checkout / ".evalspec/small/busy"
    busy.unlink()
    busy.symlink_to(tmp_path / "outside/secret.txt")
    assert command(checkout, "build", SPEC).code == 3
    busy.unlink()
    busy.parent.rmdir()
    busy.parent.symlink_to(tmp_path / "outside")
    assert command(checkout, "build", SPEC).code == 3

    assert tree(tmp_path / "outside") == before


def test_a_lock_names_no_file_outside(checkout: Path) -> None:
    """P06: `diff` digests the files that a lock names as its inputs; a lock is data too."""
    lock = checkout / "specs/small.lock.json"
    data = json.loads(lock.read_text("utf-8"))
    data["inputs"] = dict.fromkeys(("/etc/passwd", "../../outside/secret.txt", "a�"), data["inputs"]["production"])
    lock.write_text(json.dumps(data), "utf-8")

    ran = command(checkout, "diff", SPEC)

    assert ran.code != 70 and not [one for one in ran.opened if one.startswith("/etc/") or "outside" in one]


ODD = ("x" * 300, "\udcff", "\ud800", "\0", "-rf", "*", "$HOME", "%2e%2e", "~", "C:", "a\\b", "CON", " ", "\x1b", "é")
PARTS = st.sampled_from(("..", ".", "", "in", "deep", "file", "out", "outfile", "loop", "gone", "pipe", *ODD))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(PARTS, min_size=1, max_size=6), is_absolute=st.booleans())
def test_no_path_reads_or_writes_outside(parts: list[str], is_absolute: bool, tmp_path: Path) -> None:
    """P06: any path through links, parents and odd names ends inside the root or in a refusal; canaries stay."""
    root, beyond = tmp_path / "root", tmp_path / "beyond"
    if not root.exists():
        (root / "in" / "deep").mkdir(parents=True)
        beyond.mkdir()
        (beyond / "file").write_text(MARK, "utf-8")
        for folder in (root, root / "in", root / "in" / "deep"):
            (folder / "file").write_text("own", "utf-8")
            (folder / "out").symlink_to(beyond)
            (folder / "outfile").symlink_to(beyond / "file")
            (folder / "gone").symlink_to(beyond / "gone")
            (folder / "loop").symlink_to("loop")
            os.mkfifo(folder / "pipe")
    path = os.path.join(str(beyond if is_absolute else root), *parts)
    for act in (
        lambda: read_text(path, root=str(root)),
        lambda: "".join(list_files(os.path.join(path, "*"), root=str(root))),
        lambda: write_atomic(path, "written", root=str(root)) or "",
        lambda: append_lines(path, ["line"], root=str(root)) or "",
    ):
        try:
            assert MARK not in act()
        except EvalspecError:
            continue

    assert {one.name: one.read_text("utf-8") for one in beyond.iterdir()} == {"file": MARK}


def test_a_root_is_the_checkout_by_the_names_that_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P06: a folder of the checkout that is a link out does not make its target the root."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "specs").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "project")

    assert root_of("specs/a.yaml") == "."
    assert root_of(str(tmp_path / "elsewhere" / "a.yaml")) is None


ACTING = st.lists(
    st.one_of(
        st.characters(), st.sampled_from(["::", "##[", "error]", "\x1b", "\x9b", "\x85", "\u2028", "\u202e", "\n", " "])
    )
).map("".join)


@given(ACTING)
def test_json_says_the_same_and_acts_on_nothing(text: str) -> None:
    """G04, G05: a JSON document with any text in it holds no forbidden character and no command, and reads back."""
    shown = safe_json(json.dumps({"a": text, text: [text]}, ensure_ascii=False, indent=2))

    assert not FORBIDDEN.search(shown) and not obeyed(shown)
    assert json.loads(shown) == {"a": text, text: [text]}


@given(ACTING)
def test_a_line_is_no_command_to_the_runner(text: str) -> None:
    """G05: after escaping no line is parsed as a command by either rule; a line that is none stays as it is."""
    for line in re.split("\r\n|\r|\n", text):
        assert not obeyed(unread(line))
        if not line.lstrip().startswith("::") and "##[" not in line:
            assert unread(line) == line


def test_text_of_a_message_is_no_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G02: what reads as a template, a format or a lookup in a seed comes out of a build letter by letter."""
    text = "{{ 7*7 }} ${jndi:ldap://127.0.0.1:9/a} %s {0.__class__} {} %(x)s $(touch PWNED) is my order"
    rows = [{"id": f"r{at}", "input": f"{text} {at}", "expected": "track"} for at in range(12)]
    write_project(tmp_path, raw=rows)
    monkeypatch.chdir(tmp_path)

    run(["build", "small.yaml", "--until", "mix"])

    snapshot = (tmp_path / "small" / "production.jsonl").read_text("utf-8").split("\n")[1:-1]
    assert {json.loads(line)["input"] for line in snapshot} == {row["input"] for row in rows}


READER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
WORDS = (
    "<img src=x onerror=zqx> ![zqx](http://127.0.0.1:9/a.png) [zqx](javascript:zqx) @zqx | `zqx` ``` zqx",
    "</details><script>zqx</script> <!-- zqx",
    "zqx --> http://zqx.example/ | zqx | [zqx]: http://127.0.0.1:9/",
)


@pytest.mark.parametrize("words", WORDS)
def test_a_report_shows_words_of_a_spec_as_words(words: str, checkout: Path) -> None:
    """P22, G03: labels, models, waivers and names of people bring no markup, picture or link into the mix report."""
    spec = small_spec()
    spec["task"]["expected"] = ["refund", "replace", words]
    spec["axes"]["item"] = {"table": {"expected": "replace", "description": words}, "clock": {"expected": words}}
    spec["sources"]["production"]["verified_by"] = words
    spec["models"]["other"] = {"model": f"openai/{words}", "family": "llama"}
    spec["roles"]["subject"] = "other"
    spec["gates"] = {"real_share": {"min": 0.99}}
    spec["waivers"] = [{"gate": "real_share", "until": "2099-01-01", "reason": words}]
    (checkout / SPEC).write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    raw = [{**row, "expected": words if row["expected"] == "track" else row["expected"]} for row in rows()]
    (checkout / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in raw), "utf-8")
    for arguments in (("import", SPEC, "production", "--from", "raw.jsonl"), ("build", SPEC)):
        ran = command(checkout, *arguments)
        assert ran.code == 0, ran.err

    report = (checkout / "specs/small.report.md").read_text("utf-8")
    tokens = [inner for token in READER.parse(report) for inner in (token, *(token.children or ()))]
    markup = {one.content.strip() for one in tokens if one.type in ("html_block", "html_inline")}

    assert report.count("zqx") >= 3
    assert not [one for one in tokens if one.type in ("image", "link_open")]
    assert not [one for one in markup if not re.fullmatch(r"<details><summary>[^<>]*</summary>|</details>", one)]
    assert "http://" not in report and not re.search(r"(?<!\\)@zqx", report.replace("`", ""))


@pytest.mark.parametrize("more", [(), ("--locked",), ("--json",)], ids=["build", "locked", "json"])
def test_a_committed_answer_of_an_earlier_build_is_not_given(more: tuple[str, ...], checkout: Path) -> None:
    """P12, P21: `.evalspec/` may be committed; an entry that names no lock, or none that stands here, says nothing."""
    arguments = ["build", SPEC, *more]
    lock = checkout / "specs/small.lock.json"
    lock.write_text(lock.read_text("utf-8").replace('"input": "', '"input": "Not ', 1), "utf-8")
    here = os.getcwd()
    os.chdir(checkout)
    try:
        answer = {
            "how": "text",
            "quiet": False,
            "data": {},
            "warnings": [],
            "problems": [],
            "said": "nothing has changed",
        }
        empty: dict[str, object] = {
            "files": {},
            "written": {},
            "folders": {},
            "own": [str(checkout.parent / "outside")],
        }
        body = {"code": fingerprint(), **empty, "base": ["HEAD", "x", digest(None)], "answer": answer}
        place = Path(".evalspec/cache") / f"unchanged-{digest([os.getcwd(), arguments])}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"digest": digest(body), "body": body}), "utf-8")
    finally:
        os.chdir(here)
    leftover = checkout.parent / "outside" / ".secret.txt.evalspec.tmp"
    leftover.write_text("another program's", "utf-8")

    ran = command(checkout, *arguments)

    assert "nothing has changed" not in ran.shown
    assert ran.code in ((4, 5) if "--locked" in more else (0,)), ran.shown
    assert leftover.exists()
