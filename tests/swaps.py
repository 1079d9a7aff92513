"""Locks and runs for tests of results and scores: cases by a few words, outcomes by counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.digests import digest
from evalspec.model.outcome import Lock
from evalspec.model.result import Result, Run
from evalspec.model.scorecard import Outcome, ScoredCase
from evalspec.stages.lock import root_of


def case(identity: str, provenance: str = "prod", **fields: object) -> dict[str, object]:
    """A case of a lock whose text is its id; keyword arguments add or replace fields."""
    body = {"input": identity}
    track = {"prod": "wild", "golden": "happy"}.get(provenance, "edge")
    return {
        "id": identity,
        "digest": digest(body),
        "provenance": provenance,
        "track": track,
        "language": "en",
        **body,
        "lineage": {"pool": "seed" if provenance == "prod" else provenance.split("-")[0]},
        **fields,
    }


def lock_of(cases: Sequence[Mapping[str, object]], purpose: str = "launch") -> Lock:
    """A lock of these cases."""
    facts = {"lock_version": 1, "name": "desk", "purpose": purpose, "case_count": len(cases)}
    ordered = tuple(sorted(cases, key=lambda one: str(one["id"])))
    return Lock(header={**facts, "root": root_of(facts, ordered, ())}, cases=ordered, drops=())


def run_of(lock: Lock, model: str, passed: Mapping[str, bool | str | None]) -> Run:
    """One epoch of each named case: true and false are outcomes, None is unscored, a text is an error."""
    digests = {str(one["id"]): str(one["digest"]) for one in lock.cases}
    results = [
        Result(
            case=name,
            digest=digests[name],
            status="error" if isinstance(value, str) else "unscored" if value is None else "ok",
            passed=value if isinstance(value, bool) else None,
            error=value if isinstance(value, str) else None,
        )
        for name, value in sorted(passed.items())
    ]
    return Run(model=model, lock=lock.root, name="desk", results=tuple(results))


def pairs(prefix: str, *, both: int, gain: int, loss: int, neither: int) -> dict[str, tuple[bool, bool]]:
    """Names of cases with the outcome before and after, by counts."""
    outcomes = [(True, True)] * both + [(False, True)] * gain + [(True, False)] * loss + [(False, False)] * neither
    return {f"{prefix}.{at:03}": one for at, one in enumerate(outcomes)}


def worked_table(seed_gain: int, seed_loss: int, *, purpose: str = "launch") -> tuple[Lock, Run, Run]:
    """The worked table: synthetic 129 to 134 of 153, real 24 to 16 of 62, three real cases unscored."""
    seeds = pairs("seed", both=24 - seed_loss, gain=seed_gain, loss=seed_loss, neither=38 - seed_gain)
    synthetic = pairs("synth", both=127, gain=7, loss=2, neither=17)
    silent = [f"seed.u{at}" for at in range(3)]
    lock = lock_of(
        [case(name) for name in (*seeds, *silent)] + [case(name, "synth-delay") for name in synthetic], purpose
    )
    runs = [
        run_of(lock, model, {name: one[at] for name, one in (seeds | synthetic).items()} | dict.fromkeys(silent))
        for at, model in enumerate(("before", "after"))
    ]
    return lock, runs[0], runs[1]


def scored(identity: str, family: str | None = None, **fields: object) -> ScoredCase:
    """A case as scoring sees it; alone in its family unless one is named."""
    given: dict[str, object] = {"digest": "", "part": "seed", "track": "wild", "slices": (), **fields}
    return ScoredCase(id=identity, family=family or identity, **given)  # type: ignore[arg-type]


def outcome(*passed: bool) -> Outcome:
    """The epochs of one case."""
    return Outcome(passes=sum(passed), scored=len(passed))
