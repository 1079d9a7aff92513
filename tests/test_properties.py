"""Laws of the whole build, on small specs drawn by hypothesis and built through the library."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_specs import OPERATORS, rows, small_spec, spec_text, write_project

from evalspec.diagnostics import Exit
from evalspec.importing import import_source
from evalspec.model.build import Build
from evalspec.model.case import Candidate, EvalSet
from evalspec.model.source import SourceFile
from evalspec.planning import plan
from evalspec.project import load_spec, read_inputs, run, tools_for
from evalspec.reviewing import record
from evalspec.stages.generate import generate
from evalspec.stages.lock import dump
from evalspec.verification import verify_spec
from evalspec.writing import write_outputs

LAW = settings(max_examples=8, deadline=None, derandomize=True)
SLOW_LAW = settings(LAW, max_examples=4)  # builds several times an example
VOICES = ((), ("brisk",), ("brisk", "exact"), ("exact", "loud"))
ROUNDS = 12  # of review until nothing waits: a drop opens another slot, which waits in the next round


@st.composite
def specs(draw: st.DrawFn, *, require: tuple[float, ...] = (0.0,)) -> dict[str, Any]:
    """A spec that its twelve rows can meet."""
    operators = draw(st.lists(st.sampled_from(OPERATORS), min_size=1, max_size=3, unique=True))
    return small_spec(
        seeds=draw(st.integers(4, 10)),
        children=draw(st.integers(1, 4)),
        prompted=draw(st.integers(2, 5)),
        personas=draw(st.sampled_from(VOICES)),
        operators=operators,
        require=draw(st.sampled_from(require)),
        random_state=draw(st.integers(0, 10_000)),
    )


def lock_of(spec: Mapping[str, Any], raw: list[dict[str, Any]] | None = None, *, wave: int = 1) -> str:
    """Build a spec in a folder of its own and return the lock's text."""
    with TemporaryDirectory() as name:
        done = run(write_project(Path(name), spec, raw), wave=wave)
    return text_of(done)


def text_of(done: Build) -> str:
    """The bytes of a build's lock."""
    assert done.lock is not None
    return dump(done.lock)


def evalset_of(done: Build) -> EvalSet:
    """What a build picked, spared and dropped."""
    assert done.evalset is not None
    return done.evalset


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same data with the keys of every mapping in another order; lists stay."""
    if isinstance(value, dict):
        items = [(name, shuffled(one, rng)) for name, one in value.items()]
        rng.shuffle(items)
        return dict(items)
    return [shuffled(one, rng) for one in value] if isinstance(value, list) else value


def reviewed(path: str, rng: random.Random) -> Build:
    """Let two people decide on what waits, round by round, dropping a few, until nothing waits."""
    drops = 2
    for at in range(ROUNDS):
        done = run(path, until="mix")
        if not done.waiting:
            return run(path)
        drafts = []
        for case in sorted(done.waiting):
            is_dropped = drops > 0 and rng.random() < 0.2
            drops -= is_dropped
            verdict = {"verdict": "drop", "reason": "unnatural"} if is_dropped else {"verdict": "keep"}
            drafts.append(json.dumps({"case": case, **verdict}))
        source = SourceFile(path="drafts", text="\n".join(drafts))
        record(path, source, reviewer=("ann", "bob")[at % 2], date="2026-03-02")
    raise AssertionError(f"something still waits after {ROUNDS} rounds")


@given(spec=specs())
@LAW
def test_the_size_of_a_wave_does_not_show_in_the_lock(spec: dict[str, Any]) -> None:
    """One candidate at a time, seven, or all of a cell at once: the same bytes; and so for the same spec twice."""
    with TemporaryDirectory() as name:
        path = write_project(Path(name), spec)
        locks = [text_of(run(path, wave=wave)) for wave in (1, 7, 0, 1)]

    assert len(set(locks)) == 1


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "77", "TZ": "UTC-9"}]
)
def test_the_machine_does_not_show_in_the_lock(tmp_path: Path, environment: dict[str, str]) -> None:
    """Hash seed, locale, time zone and folder are not in the bytes."""
    spec = small_spec(personas=("brisk", "exact"))
    path = write_project(tmp_path / "other place", spec)
    command = [sys.executable, "-m", "evalspec", "build", path, "-q"]

    subprocess.run(command, check=True, env={**os.environ, **environment}, capture_output=True)

    assert (tmp_path / "other place" / "small.lock.json").read_text("utf-8") == lock_of(spec)


@given(spec=specs(), rng=st.randoms(use_true_random=False))
@LAW
def test_the_order_of_keys_changes_nothing(spec: dict[str, Any], rng: random.Random) -> None:
    """A mapping has no order: written in any, a spec gives the same lock."""
    assert lock_of(shuffled(spec, rng)) == lock_of(spec)


@given(spec=specs())
@LAW
def test_what_decides_nothing_changes_nothing(spec: dict[str, Any]) -> None:
    """Comments, description and budget are not in the lock, nor in the digest of the spec."""
    with TemporaryDirectory() as name:
        path = Path(write_project(Path(name), spec))
        before = text_of(run(str(path)))
        more = {"budget": {"usd": 3, "hours": 40}, "description": "Something else.", **spec}
        path.write_text("# a remark\n" + spec_text(more).replace("mix:\n", "mix:  # and another\n"), "utf-8")
        after = text_of(run(str(path)))

    assert after == before


@given(spec=specs(), rng=st.randoms(use_true_random=False))
@LAW
def test_the_order_of_rows_changes_nothing(spec: dict[str, Any], rng: random.Random) -> None:
    """Raw rows in another order give the same snapshot, and snapshot rows in another order the same lock."""
    raw = rows()
    rng.shuffle(raw)
    with TemporaryDirectory() as name:
        path = write_project(Path(name), spec)
        snapshot = Path(name) / "small" / "production.jsonl"
        before, made = text_of(run(path)), snapshot.read_text("utf-8")
        again = Path(name) / "again.jsonl"
        again.write_text("".join(json.dumps(row) + "\n" for row in raw), "utf-8")
        loaded = load_spec(path)
        import_source(loaded.spec, "production", str(again), loaded.catalog)
        assert snapshot.read_text("utf-8") == made
        header, *lines = made.splitlines()
        rng.shuffle(lines)
        snapshot.write_text("\n".join([header, *lines]) + "\n", "utf-8")
        after = text_of(run(path))

    assert after == before


def written(spec: dict[str, Any]) -> dict[str, str]:
    """Every slot that a build could open, to the text it would have or the reason why it has none."""
    with TemporaryDirectory() as name:
        loaded = load_spec(write_project(Path(name), spec))
        inputs = read_inputs(loaded)
        with tools_for(loaded, inputs) as tools:
            made = {
                slot.id: generate(slot, inputs.spec, loaded.catalog, tools)
                for slot in plan(inputs, loaded.catalog).slots_by_id.values()
            }
    return {case: str(one.input) if isinstance(one, Candidate) else one.reason for case, one in made.items()}


@given(state=st.integers(0, 10_000), voices=st.permutations(("brisk", "exact", "loud")))
@LAW
def test_another_persona_changes_no_other_candidate(state: int, voices: list[str]) -> None:
    """A new voice takes slots of its own; what was there keeps its words."""
    before = written(small_spec(personas=voices[:2], random_state=state))
    after = written(small_spec(personas=voices, random_state=state))

    kept = before.keys() & after.keys()
    assert {case for case in before if not case.startswith("persona.")} <= kept
    assert any(case.startswith("persona.") for case in kept)
    assert {case: after[case] for case in kept} == {case: before[case] for case in kept}


@given(spec=specs(require=(0.0, 0.5, 1.0)), rng=st.randoms(use_true_random=False))
@SLOW_LAW
def test_every_candidate_ends_in_one_place(spec: dict[str, Any], rng: random.Random) -> None:
    """Before and after review: what was opened is a case, a spare or one drop; what waits is a case without a lock."""
    with TemporaryDirectory() as name:
        path = write_project(Path(name), spec)
        for done in (run(path), reviewed(path, rng)):
            found = evalset_of(done)
            cases = {case.id for case in found.cases}
            ends = Counter([*cases, *(one.id for one in found.spares), *(one.id for one in found.drops)])
            assert set(ends.values()) == {1}
            assert len(ends) == done.opened
            assert done.plan is not None and ends.keys() <= done.plan.slots_by_id.keys()
            assert done.waiting.keys() <= cases
            assert (done.lock is None) == bool(done.waiting)
            assert all(case.candidate.provenance for case in found.cases)


@given(spec=specs())
@LAW
def test_counts_are_those_of_the_mix(spec: dict[str, Any]) -> None:
    """Each pool has the count that the mix gives it."""
    with TemporaryDirectory() as name:
        done = run(write_project(Path(name), spec))

    assert Counter(case.pool for case in evalset_of(done).cases) == Counter(spec["mix"]["cases"])


@given(size=st.integers(6, 15), share=st.integers(50, 80))
@LAW
def test_shares_are_met_within_one_case(size: int, share: int) -> None:
    """The counts of the pools sum to the size, and each is less than one case from its share of it."""
    shares = {"seed": share / 100, "mutation": (100 - share) / 100}
    spec = {name: value for name, value in small_spec().items() if name not in ("axes", "models", "roles")}
    spec["pools"] = {"seed": {}, "mutation": spec["pools"]["mutation"]}
    spec["review"] = {"require": {"mutation": 0}, "overlap": 0}
    spec["mix"] = {"size": size, "shares": shares}
    with TemporaryDirectory() as name:
        done = run(write_project(Path(name), spec))

    pools = Counter(case.pool for case in evalset_of(done).cases)
    assert pools.total() == size
    assert all(abs(pools[pool] - part * size) < 1 for pool, part in shares.items())


@given(spec=specs(require=(0.0, 1.0)), rng=st.randoms(use_true_random=False))
@SLOW_LAW
def test_what_was_built_verifies(spec: dict[str, Any], rng: random.Random) -> None:
    """A lock and report that a build has just written follow from their inputs."""
    with TemporaryDirectory() as name:
        path = write_project(Path(name), spec)
        done = reviewed(path, rng)
        assert done.failed_gates == ()
        write_outputs(done)
        found = verify_spec(path)

    assert found.exit is Exit.OK, [one.message for one in found.diagnostics]
    assert found.cases == sum(spec["mix"]["cases"].values())
