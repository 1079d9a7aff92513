"""The workflows of `init --ci`, the action and the hooks: what is written, and every step's shell in a bare checkout.

The `run:` blocks are read from the YAML and run by bash as a runner would, with an empty environment, and without a
network where the kernel lets us take it away. What they install is installed already, so pip finds it satisfied.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import checkout, commit, edit_spec

from evalspec import __version__
from evalspec.cli import run
from evalspec.diagnostics import Exit

ROOT = Path(__file__).parents[2]
CHECK = Path(".github/workflows/evalspec-check.yml")
BUILD = Path(".github/workflows/evalspec-build.yml")
PINS = Path(".github/evalspec-requirements.txt")
SHIPPED = [*sorted((ROOT / "evalspec" / "ci").glob("*.yml")), *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
WORKFLOWS = [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in SHIPPED]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
USES = re.compile(r"uses: (?P<action>\S+)@(?P<ref>[0-9a-f]{40}) # v\d+\.\d+\.\d+$")
PATH = os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"])
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def no_network() -> list[str]:
    """What to put before a command so that it has no network; nothing where the kernel does not allow it."""
    command = ["unshare", "--map-root-user", "--net"]
    found = shutil.which("unshare")
    return command if found and subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []


def steps(workflow: Any) -> list[dict[str, Any]]:
    """Every step of a workflow or of a composite action."""
    if "jobs" in workflow:
        return [step for job in workflow["jobs"].values() for step in job["steps"]]
    found: list[dict[str, Any]] = workflow["runs"]["steps"]
    return found


def shell(step: dict[str, Any], no_network: list[str], folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step's shell as a runner does, with nothing in the environment but what a runner sets."""
    temporary = folder.parent / "runner"
    temporary.mkdir(exist_ok=True)
    environment = {"PATH": PATH, "RUNNER_TEMP": str(temporary), **given}
    command = [*no_network, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def named(workflow: Any, name: str) -> dict[str, Any]:
    """The step of that name."""
    return next(step for step in steps(workflow) if step.get("name") == name)


@pytest.fixture
def pull_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A checkout as CI has it: the base branch with the workflows, and one commit on top; returns the spec's path."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    spec = checkout(folder, gates={"enough": {"measure": "cases", "min": 5}})
    assert run(["init", "--ci", "--yes"]) == Exit.OK
    commit(folder)
    commit(folder)
    return spec


# What is written


def test_init_ci_writes_workflows_that_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Two workflows and what they install; the advice for .gitattributes is shown, and written with --yes."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--ci"]) == Exit.OK

    said = capsys.readouterr().err
    for path in (CHECK, BUILD):
        assert f"wrote {path}" in said
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}
    assert PINS.read_text("utf-8").splitlines()[-1] == f"evalspec=={__version__}"
    assert "add to .gitattributes:" in said
    assert not Path(".gitattributes").exists()

    assert run(["init", "--ci", "--yes"]) == Exit.OK
    attributes = Path(".gitattributes").read_text("utf-8")
    assert "specs/*.lock.json text eol=lf diff -linguist-generated" in attributes
    assert all(line in said for line in attributes.splitlines())


def test_a_second_run_overwrites_nothing_without_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A workflow that a team has edited stays as it is; --yes takes ours. .gitattributes is never replaced."""
    monkeypatch.chdir(tmp_path)
    run(["init", "--ci"])
    CHECK.write_text("name: ours\n", "utf-8")
    Path(".gitattributes").write_text("*.png binary\n", "utf-8")
    capsys.readouterr()

    assert run(["init", "--ci", "--json"]) == Exit.OK
    states = {one["path"]: one["state"] for one in json.loads(capsys.readouterr().out)["files"]}
    assert states == {str(CHECK): "kept", str(BUILD): "unchanged", str(PINS): "unchanged", ".gitattributes": "advised"}
    assert CHECK.read_text("utf-8") == "name: ours\n"

    assert run(["init", "--ci", "--yes"]) == Exit.OK
    assert CHECK.read_text("utf-8") == (ROOT / "evalspec" / "ci" / CHECK.name).read_text("utf-8")
    assert Path(".gitattributes").read_text("utf-8") == "*.png binary\n"


def test_init_ci_beside_a_first_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With FILE both are made; a file that cannot be read leaves no workflow behind."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "missing.jsonl", "--yes", "--ci"]) != Exit.OK
    assert not CHECK.exists()

    rows = [json.dumps({"id": at, "message": f"my parcel number {at} is {word}"}) for at, word in enumerate(WORDS)]
    Path("messages.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    assert run(["init", "messages.jsonl", "--yes", "--ci", "--requirement", "evalspec==9.9"]) == Exit.OK
    assert Path("specs/messages.yaml").exists()
    assert PINS.read_text("utf-8").splitlines()[-1] == "evalspec==9.9"


WORDS = (
    *("late again", "wet", "gone", "at my neighbour's door", "still in Leeds", "open and half empty", "the wrong one"),
    *("torn at one side", "too heavy for me", "twice on my bill", "not what I paid for", "in the rain since noon"),
)


@pytest.mark.parametrize("requirement", ["", "  ", "evalspec\n--index-url https://example.org"])
def test_a_requirement_is_one_line(requirement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip is told cannot smuggle an option in on a second line."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--ci", "--requirement", requirement]) == Exit.USAGE
    assert not PINS.exists()


# What the workflows may do


@pytest.mark.parametrize(("name", "workflow"), WORKFLOWS, ids=[name for name, _ in WORKFLOWS])
def test_workflows_have_no_rights_and_no_secrets(name: str, workflow: Any) -> None:
    """Nothing by default, reading the checkout in each job, no credential kept, no trigger with a stranger's rights."""
    assert workflow["permissions"] == {}
    triggers = workflow[True] if True in workflow else workflow["on"]  # YAML 1.1 reads `on` as a truth value
    assert "pull_request_target" not in triggers
    assert "workflow_run" not in triggers
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["timeout-minutes"] <= 30
    for step in steps(workflow):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    assert "secrets." not in json.dumps(workflow)


@pytest.mark.parametrize("path", [*SHIPPED, ROOT / "action.yml"], ids=lambda path: path.name)
def test_actions_are_pinned_and_no_shell_holds_a_template(path: Path) -> None:
    """Every foreign action by its full hash with the version beside it; values reach a shell through `env` alone."""
    for line in path.read_text("utf-8").splitlines():
        if "uses:" in line:
            assert USES.search(line), line
    for step in steps(yaml.safe_load(path.read_text("utf-8"))):
        assert "${{" not in step.get("run", "")


# What each step's shell does


def test_the_pins_are_those_of_the_base_branch(pull_request: str, no_network: list[str]) -> None:
    """A pull request cannot choose what is installed; the one that brings the file uses its own."""
    workflow = yaml.safe_load(CHECK.read_text("utf-8"))
    pins = Path("../runner/requirements.txt")
    PINS.write_text("something-else==1.0\n", "utf-8")
    commit(Path())

    assert shell(named(workflow, "Read the pinned requirements"), no_network, Path.cwd()).returncode == 0
    assert pins.read_text("utf-8").splitlines()[-1] == f"evalspec=={__version__}"
    installed = shell(named(workflow, "Install evalspec"), no_network, Path.cwd())
    assert installed.returncode == 0, installed.stderr

    PINS.unlink()
    commit(Path())
    PINS.write_text("evalspec==0.1.0\n", "utf-8")
    commit(Path())
    assert shell(named(workflow, "Read the pinned requirements"), no_network, Path.cwd()).returncode == 0
    assert pins.read_text("utf-8") == "evalspec==0.1.0\n"


def test_the_check_passes_an_honest_pull_request(pull_request: str, no_network: list[str]) -> None:
    """Check, verify, build and report of a set that follows from its inputs: all four say yes."""
    workflow, trusted = (yaml.safe_load(path.read_text("utf-8")) for path in (CHECK, BUILD))
    for step in (named(workflow, "Check the specs"), named(workflow, "Verify the locks")):
        done = shell(step, no_network, Path.cwd())
        assert done.returncode == 0, done.stderr + done.stdout
    assert "verified, 14 cases" in done.stderr

    for step in (named(trusted, "Build every set as it is locked"), named(trusted, "Write the reports")):
        done = shell(step, no_network, Path.cwd())
        assert done.returncode == 0, done.stderr + done.stdout
    assert "# Mix report of `small`" in Path("../runner/reports/small.md").read_text("utf-8")


def test_the_check_stops_an_edited_lock_and_a_lost_decision(pull_request: str, no_network: list[str]) -> None:
    """The steps leave with the command's own exit code, and with annotations on stdout."""
    verify = named(yaml.safe_load(CHECK.read_text("utf-8")), "Verify the locks")
    ledger = Path("specs/small/ledger/ann.jsonl")
    lines = ledger.read_text("utf-8").splitlines()
    ledger.write_text("\n".join(lines[1:]) + "\n", "utf-8")
    commit(Path())

    done = shell(verify, no_network, Path.cwd())
    assert done.returncode == Exit.INTEGRITY
    assert "::error file=specs/small/ledger/ann.jsonl,title=L608::" in done.stdout

    ledger.write_text("\n".join(lines) + "\n", "utf-8")
    lock = Path("specs/small.lock.json")
    text = lock.read_text("utf-8")
    assert text.count('"expected": "replace"')
    lock.write_text(text.replace('"expected": "replace"', '"expected": "refund"', 1), "utf-8")
    commit(Path())
    assert shell(verify, no_network, Path.cwd()).returncode == Exit.INTEGRITY


def test_the_summary_shows_the_change(pull_request: str, no_network: list[str]) -> None:
    """What lowers the guard stands in the job's summary, for whoever reviews."""
    edit_spec(pull_request, lambda data: data["gates"]["enough"].update(min=2))
    assert run(["build", pull_request, "-q"]) == Exit.OK
    commit(Path())
    step = named(yaml.safe_load(CHECK.read_text("utf-8")), "Show the change")

    assert shell(step, no_network, Path.cwd(), GITHUB_STEP_SUMMARY="../runner/summary.md").returncode == 0
    summary = Path("../runner/summary.md").read_text("utf-8")
    assert "enough" in summary and "min" in summary


def test_the_trusted_build_fails_on_a_lock_that_is_out_of_date(pull_request: str, no_network: list[str]) -> None:
    """A spec that was merged without its lock: exit 4, and the lock stays as it was."""
    edit_spec(pull_request, lambda data: data["mix"]["cases"].update(seed=5))
    before = Path("specs/small.lock.json").read_bytes()
    build = named(yaml.safe_load(BUILD.read_text("utf-8")), "Build every set as it is locked")

    assert shell(build, no_network, Path.cwd()).returncode == Exit.STALE
    assert Path("specs/small.lock.json").read_bytes() == before


def test_a_repository_without_specs_passes(tmp_path: Path, no_network: list[str]) -> None:
    """Nothing to check is said, and is no failure."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    workflow = dict(WORKFLOWS)[CHECK.name]
    for step in (named(workflow, "Check the specs"), named(workflow, "Verify the locks")):
        assert shell(step, no_network, folder).returncode == 0


def test_the_action_checks_and_verifies(pull_request: str, no_network: list[str]) -> None:
    """The composite action's steps after its install: version, check, verify; inputs arrive through `env` alone."""
    defaults = {name: one["default"] for name, one in ACTION["inputs"].items()}
    version, check, verify = steps(ACTION)[1:]
    given = {"SPECS": defaults["specs"], "BASE": "HEAD^1", "NO_LOOSEN": "true"}

    assert shell(version, no_network, Path.cwd(), WANTED=__version__).returncode == 0
    assert shell(version, no_network, Path.cwd(), WANTED="0.0.1").returncode == Exit.USAGE
    assert shell(check, no_network, Path.cwd(), **given).returncode == 0
    assert shell(verify, no_network, Path.cwd(), **given).returncode == 0
    assert shell(check, no_network, Path.cwd(), SPECS="nothing/*.yaml").returncode == Exit.USAGE
    hostile = shell(check, no_network, Path.cwd(), SPECS="$(touch owned) ; touch owned")
    assert hostile.returncode == Exit.INVALID
    assert not Path("owned").exists()


def test_the_hooks_run_what_they_say(pull_request: str, no_network: list[str]) -> None:
    """Both pre-commit entries, split as pre-commit splits them: check by file name, verify over all specs."""
    hooks = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert {one["language"] for one in hooks.values()} == {"python"}
    assert re.search(hooks["evalspec-check"]["files"], pull_request)
    assert re.search(hooks["evalspec-verify"]["files"], "specs/small/ledger/ann.jsonl")

    check = shlex.join([*shlex.split(hooks["evalspec-check"]["entry"]), pull_request])
    verify = shlex.join(shlex.split(hooks["evalspec-verify"]["entry"]))
    for line in (check, verify, f"{verify} {pull_request}"):
        done = shell({"run": line}, no_network, Path.cwd())
        assert done.returncode == 0, done.stderr
    Path("specs/small.lock.json").write_text("{}\n", "utf-8")
    assert shell({"run": verify}, no_network, Path.cwd()).returncode == Exit.INTEGRITY


def test_where_there_is_sudo_the_check_has_no_network(pull_request: str, tmp_path: Path) -> None:
    """Both commands run behind `sudo unshare --net`: no interface but the loopback, nothing inherited, the same exit.

    `sudo` is a stand-in that drops its flags, since not every machine has one; `unshare` and evalspec are real.
    """
    inside = ["unshare", "--map-root-user", "unshare", "--net", "true"]
    if shutil.which("unshare") is None or subprocess.run(inside, capture_output=True).returncode:
        pytest.skip("this kernel lets nobody take the network away")
    tools, seen = tmp_path / "tools", tmp_path / "seen"
    tools.mkdir()
    real = shutil.which("evalspec", path=PATH)
    assert real is not None
    scripts = {
        "sudo": '[ "$1" = -n ] && shift\n[ "$1" = -u ] && shift 2\n'
        'if [ "$1" = unshare ]; then exec unshare --map-root-user "$@"; fi\nexec "$@"\n',
        "evalspec": f'{{ echo "run $1"; cut -d: -f1 -s /proc/net/dev; env; }} >> {shlex.quote(str(seen))}\n'
        f'exec {shlex.quote(real)} "$@"\n',
    }
    for name, text in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}", "utf-8")
        (tools / name).chmod(0o755)
    given = {"PATH": f"{tools}{os.pathsep}{PATH}", "SECRET": "leaked"}
    workflow = yaml.safe_load(CHECK.read_text("utf-8"))
    check, verify = named(workflow, "Check the specs"), named(workflow, "Verify the locks")

    for step in (check, verify):
        done = shell(step, [], Path(), **given)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = seen.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("run ")] == ["run check", "run verify"]
    assert {line.strip() for line in lines if "=" not in line and not line.startswith("run ")} == {"lo"}
    assert {line.partition("=")[0] for line in lines if "=" in line} <= {"PATH", "PWD", "SHLVL", "_"}

    edit_spec(pull_request, lambda data: data["axes"]["item"]["table"].update(expected="refund"))
    assert shell(verify, [], Path(), **given).returncode == Exit.STALE
