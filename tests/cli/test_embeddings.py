"""A spec that names `minilm`, through the command line: with the model where it is installed, and without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkouts import git
from embedded import AGAIN, OTHERWISE, project, with_model
from small_specs import spec_text

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.edges.meaning import minilm
from evalspec.model.embedders import EMBEDDERS
from evalspec.model.outcome import Lock
from evalspec.stages.lock import dump, load
from tests.torture.verify_forger import sealed

Capture = pytest.CaptureFixture[str]
DROPPED = "prompted.clock.02"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The spec of a project in the working folder, not built yet."""
    monkeypatch.chdir(tmp_path)
    return project(Path())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the extra is not installed: nothing of it is found, and nothing of it can be imported."""
    monkeypatch.setattr(minilm, "NEEDED", ("a_module_that_nobody_has",))
    for name in ("tokenizers", "safetensors", "safetensors.numpy", "threadpoolctl", minilm.PACKAGE):
        monkeypatch.setitem(sys.modules, name, None)


def answer(capsys: Capture, *line: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and diagnostics of a command, but for gates that lack evidence in so small a set."""
    capsys.readouterr()
    code = run([*line, "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, [one for one in found["diagnostics"] if one["code"] != "G402"]


def lock_of(spec: str) -> Lock:
    """The lock beside a spec."""
    path = Path(spec).with_suffix(".lock.json")
    return load(path.read_text("utf-8"), str(path))


def forge(spec: str, lock: Lock) -> None:
    """Put another lock in the place, with its own digests, and its root into the report."""
    forged, before = sealed(lock), lock_of(spec).root
    Path(spec).with_suffix(".lock.json").write_text(dump(forged), "utf-8")
    report = Path(spec).with_suffix(".report.md")
    report.write_text(report.read_text("utf-8").replace(before, str(forged.header["root"])), "utf-8")


# Without the extra


def test_a_build_without_the_extra_says_how_to_install_it(spec: str, bare: None, capsys: Capture) -> None:
    """Exit 10 before any work, with the way out; nothing is put in the embedder's place, and nothing is written."""
    for flag in ((), ("--locked",)):
        code, found = answer(capsys, "build", spec, *flag)

        assert (code, [one["code"] for one in found]) == (Exit.ENVIRONMENT, ["X503"])
        assert "pip install 'evalspec[semantic]'" in found[0]["hint"] and found[0]["path"] == spec
    assert not Path("small.lock.json").exists()


def test_what_needs_no_vectors_needs_no_extra(spec: str, bare: None) -> None:
    """A spec that names `minilm` is checked and planned on any machine."""
    assert run(["check", spec]) == Exit.OK
    assert run(["plan", spec]) == Exit.OK


def test_a_lexical_spec_asks_nothing_of_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: None) -> None:
    """Without the name in the spec, nothing of the model is looked for."""
    monkeypatch.chdir(tmp_path)
    spec = project(tmp_path, screen={"embedder": "lexical"})

    assert run(["build", spec, "-q"]) == Exit.OK
    assert lock_of(spec).header["embedder"] == "lexical@1"
    assert "It sees spelling, not meaning" in Path("small.report.md").read_text("utf-8")


def test_a_gate_over_a_space_that_is_not_measured_is_refused(spec: str, capsys: Capture) -> None:
    """A bound that nothing would ever be held against is no guard."""
    data = {"embedder": "lexical"}
    text = Path(spec).read_text("utf-8").replace("embedder: minilm", f"embedder: {data['embedder']}")
    Path(spec).write_text(text + spec_text({"gates": {"spread": {"space": "minilm", "min": 0.8}}}), "utf-8")

    code, found = answer(capsys, "check", spec)

    assert (code, [one["code"] for one in found]) == (Exit.INVALID, ["C204"])


# With the model


@pytest.fixture
def built(spec: str) -> str:
    """The spec, built with the model."""
    assert run(["build", spec, "-q"]) == Exit.OK
    return spec


@with_model
def test_a_near_duplicate_by_meaning_is_dropped_and_recorded(built: str) -> None:
    """Stage, reason, partner and cosine stand in the lock; the text that it says again stays."""
    (drop,) = lock_of(built).drops

    assert (drop["id"], drop["stage"], drop["reason"]) == (DROPPED, "screen", "near_duplicate_semantic")
    assert str(drop["other"]).startswith("seed.") and float(str(drop["value"])) == pytest.approx(0.95, abs=0.01)
    assert all(case["input"] != AGAIN for case in lock_of(built).cases)
    assert lock_of(built).header["embedder"] == "minilm@1"


@with_model
def test_the_report_says_who_spoke_and_what_it_cannot_see(built: str) -> None:
    """Name, revision and weights of the model, its limits, and its figures beside the lexical ones."""
    text = Path("small.report.md").read_text("utf-8")

    assert all(word in text for word in ("all-MiniLM-L6-v2", "0.1.0", EMBEDDERS["minilm"].weights[:16]))
    assert EMBEDDERS["minilm"].blind in text
    assert '"measure": "same_meaning", "slice": "all", "value": 1' in text
    assert "## The same in other words" in text and all(said in text for said in OTHERWISE)


@with_model
def test_a_reader_sees_what_else_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """`review list` names the other text beside one that waits; where the model is not installed it lists without."""
    monkeypatch.chdir(tmp_path)
    spec = project(Path(), require=1)

    def listed() -> dict[str, list[dict[str, Any]]]:
        capsys.readouterr()
        assert run(["review", "list", spec, "--json"]) == Exit.OK
        queue = json.loads(capsys.readouterr().out)["queue"]
        return {one["input"]: one.get("same_meaning", []) for one in queue if one["pool"] == "prompted"}

    one, other = OTHERWISE
    assert [found["text"] for found in listed()[one]] == [other]
    assert [found["cosine"] for found in listed()[other]] == [0.96]
    assert run(["review", "list", spec]) == Exit.OK
    assert f"(0.96): {other}" in capsys.readouterr().out
    monkeypatch.setattr(minilm, "NEEDED", ("a_module_that_nobody_has",))
    assert listed()[one] == []


@with_model
def test_why_names_the_bound_of_a_drop_by_meaning(built: str, capsys: Capture) -> None:
    """`why` says what the candidate says again, and the bound."""
    assert run(["why", built, DROPPED]) == Exit.OK
    shown = capsys.readouterr().out

    assert "in words that differ by noise" in shown and "0.92" in shown


@with_model
def test_verify_replays_the_drop_with_the_core_alone(built: str, bare: None, capsys: Capture) -> None:
    """The set is verified without the extra; drops and figures of meaning are listed, the drops first."""
    code, found = answer(capsys, "verify", built)

    assert (code, [one["code"] for one in found]) == (Exit.OK, ["L615", "L616"])
    assert DROPPED in found[0]["message"] and "same_meaning" in found[1]["message"]


@with_model
def test_verify_runs_in_a_process_without_the_extra(built: str) -> None:
    """No import of the model's packages is even tried, and the cache may be gone."""
    names = ("tokenizers", "safetensors", "threadpoolctl", minilm.PACKAGE)
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({names!r})); "
        "from evalspec.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(Path.cwd())}

    done = subprocess.run([sys.executable, "-c", code, "verify", built], capture_output=True, text=True, env=env)

    assert done.returncode == Exit.OK, done.stderr


@with_model
def test_a_locked_build_recomputes_the_vectors_and_reads_no_cache(built: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--locked` takes nobody's word, and agrees; without the extra it is exit 10."""
    assert run(["build", built, "--locked", "-q"]) == Exit.OK
    for path in Path(".evalspec/cache").glob("vectors-*.bin"):
        path.write_bytes(b"not vectors")
    assert run(["build", built, "--locked", "-q"]) == Exit.OK
    monkeypatch.setattr(minilm, "NEEDED", ("a_module_that_nobody_has",))
    assert run(["build", built, "--locked", "-q"]) == Exit.ENVIRONMENT


@with_model
def test_a_build_with_nothing_new_loads_no_model(built: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors come from the cache: the model's packages are installed and not imported."""
    before = Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()
    for path in Path(".evalspec/cache").glob("unchanged-*.json"):
        path.unlink()
    for name in ("tokenizers", "safetensors", "safetensors.numpy", "threadpoolctl"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(minilm, "missing", lambda: ())

    assert run(["build", built, "-q"]) == Exit.OK
    assert (Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()) == before


@with_model
def test_a_cache_that_is_damaged_costs_time_alone(built: str) -> None:
    """Vectors of a file that was changed are made again: the same lock, the same report."""
    before = Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()
    for path in Path(".evalspec/cache").glob("*"):
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.write_bytes(bytes(raw))

    assert run(["build", built, "-q"]) == Exit.OK
    assert (Path("small.lock.json").read_bytes(), Path("small.report.md").read_bytes()) == before


@with_model
def test_a_forged_drop_by_meaning_hides_no_other_case(built: str, bare: None, capsys: Capture) -> None:
    """The core checks the words: a case that differs from its partner by more than noise cannot be called the same."""
    lock = lock_of(built)
    hidden = next(case for case in lock.cases if str(case["id"]).startswith("prompted."))
    partner = next(case for case in lock.cases if str(case["id"]).startswith("seed."))
    drop = {**lock.drops[0], "id": hidden["id"], "other": partner["id"], "value": 0.97}
    kept = tuple(case for case in lock.cases if case is not hidden)
    header = {**lock.header, "case_count": len(kept)}
    forge(
        built, Lock(header=header, cases=kept, drops=tuple(sorted((*lock.drops, drop), key=lambda one: str(one["id"]))))
    )

    code, found = answer(capsys, "verify", built)

    assert code == Exit.INTEGRITY
    assert [one["code"] for one in found][:2] == ["L615", "L604"]


@with_model
def test_an_edited_lexical_figure_is_still_found(built: str, bare: None, capsys: Capture) -> None:
    """Only figures of meaning are taken from the report; any other that was changed is an edit."""
    report = Path("small.report.md")
    text = report.read_text("utf-8")
    report.write_text(
        text.replace(
            '"measure": "real_share", "slice": "all", "value": 0', '"measure": "real_share", "slice": "all", "value": 1'
        ),
        "utf-8",
    )
    assert report.read_text("utf-8") != text

    code, found = answer(capsys, "verify", built)

    assert code == Exit.INTEGRITY and "L605" in [one["code"] for one in found]


@with_model
def test_new_drops_by_meaning_are_told_against_the_base(built: str, bare: None, capsys: Capture) -> None:
    """`--base` counts the drops that the base does not have."""
    git(Path(), "init", "-q", ".")
    lock = Path("small.lock.json")
    text = lock.read_text("utf-8")
    Path(".gitignore").write_text(".evalspec/\n", "utf-8")
    lock.unlink()
    git(Path(), "add", "-A")
    git(Path(), "commit", "-q", "-m", "before")
    lock.write_text(text, "utf-8")

    code, found = answer(capsys, "verify", built, "--base", "HEAD")

    assert code == Exit.OK
    assert "1 of them new since `HEAD`" in found[0]["message"]
