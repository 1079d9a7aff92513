"""Real texts on the two sides of the product: what measures, gates and report say of them, nothing computed anew.

A pool of texts is put where a generator's would stand, beside production rows, and goes through the stages of a
build: `measure`, `gate`, `lock`, `report`. The texts come from files; only how they got there is skipped.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import yaml

from evalspec.digests import digest
from evalspec.model.build import Build, Inputs
from evalspec.model.case import Candidate, Case, EvalSet, Lineage, Seed
from evalspec.model.outcome import Measurement, Verdict
from evalspec.model.plan import Plan
from evalspec.model.training import TrainingDigest
from evalspec.project import Loaded, load_spec
from evalspec.stages.content import content_digest
from evalspec.stages.gate import gate
from evalspec.stages.lock import lock
from evalspec.stages.measure import measure
from evalspec.stages.measuring.frame import Frame
from evalspec.stages.report import report
from evalspec.stages.resolve import spec_digest
from evalspec.stages.training import Firewall, digest_training
from evalspec.stats.comparison import Comparison
from evalspec.stats.scope import MeasureFacts
from evalspec.text.meaning import Embed

POOL = "prompted"


def spec_of(
    *, key_terms: Sequence[str] = (), training_cosine: float | None = None, embedder: str = "lexical", size: int = 2
) -> Loaded:
    """Load a spec of real rows beside a pool that a generator writes, with every default and its gates."""
    task: dict[str, object] = {"expected": ["any"], "languages": ["en"]}
    if key_terms:
        task["key_terms"] = {"ask": list(key_terms)}
    body: dict[str, object] = {
        "version": 1,
        "purpose": "launch",
        "task": task,
        "sources": {"production": {"pii": "allow", "verified_by": "publisher"}, "training": {}},
        "axes": {"kind": {"any": {"expected": "any"}}},
        "models": {"writer": {"model": "builtin/grammar", "grammar": "none.yaml"}},
        "roles": {"generator": "writer"},
        "pools": {"seed": {"from": "production"}, POOL: {"axes": ["kind"]}},
        "mix": {"size": size, "shares": {"seed": 0.5, POOL: 0.5}},
    }
    screen: dict[str, object] = {"embedder": embedder}
    if training_cosine is not None:
        screen["training_overlap"] = {"cosine": training_cosine}
    body["screen"] = screen
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged.yaml"
        path.write_text(yaml.safe_dump(body), encoding="utf-8")
        return load_spec(str(path))


def seed_of(text: str, source: str = "production") -> Seed:
    """Make one row of a source: its key and digest follow from the text."""
    found = digest([source, text])
    return Seed(key=found[:12], row=found[:16], source=source, input=text, expected="any", language="en", digest=found)


def case_of(text: str, *, family: str | None = None, row: Seed | None = None, pool: str = POOL) -> Case:
    """Make a case: of a row of production, or of a pool; texts of one family move together."""
    key = row.key if row is not None else digest(["case", text])[:12]
    pool = "seed" if row is not None else pool
    found = Candidate(
        id=f"{pool}.any.{key}",
        pool=pool,
        technique=pool,
        stratum="any",
        input=text,
        provenance="prod" if row is not None else "synth-any",
        track="wild" if row is not None else "happy",
        language="en",
        expected="any",
        expected_by="verified:publisher" if row is not None else "rule:any",
        lineage=Lineage(
            pool=pool,
            source="production" if row is not None else None,
            parents=(f"family.{digest(family)[:12]}",) if family is not None else (),
        ),
    )
    return Case(candidate=found, digest=content_digest(found))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the product says of a pool beside seeds; not slotted, for the caches."""

    loaded: Loaded
    seeds: tuple[Seed, ...]
    evalset: EvalSet
    training: tuple[TrainingDigest, ...] = ()
    given: MeasureFacts = field(default_factory=MeasureFacts)  # what people and models decided

    @cached_property
    def facts(self) -> MeasureFacts:
        """What was decided, and the firewall, where there is something to keep out."""
        return replace(self.given, firewall=Firewall.of({"training": self.training}, self.loaded.spec))

    def take(self, *names: str) -> tuple[Measurement, ...]:
        """Take some measures; all without a name."""
        rows = {"production": self.seeds}
        found = self.loaded
        return measure(self.evalset, rows, found.spec, found.catalog, self.facts, only=names or None)

    def one(self, name: str, *, space: str | None = None, of: str | None = None) -> Measurement:
        """Take one measure of the pool."""
        found = [
            row
            for row in self.take(name)
            if row.measure == name
            and row.slice in (f"pool={POOL}", "all")
            and row.space == space
            and of in (None, row.of)
        ]
        return next((row for row in found if row.slice != "all"), found[0])

    def comparison(self) -> Comparison:
        """Return the two sides of the pool, as its measures see them."""
        frame = Frame(
            evalset=self.evalset, seeds={"production": self.seeds}, spec=self.loaded.spec, embed=self.given.embed
        )
        return frame.comparison(f"pool={POOL}", (("pool", (POOL,)),))

    @cached_property
    def everything(self) -> tuple[Measurement, ...]:
        """Every measure of the catalogue."""
        return self.take()

    def gates(self, *names: str) -> dict[str, Verdict]:
        """Judge the default gates that look at the pool, by name; all without a name."""
        rows = self.take(*names) if names else self.everything
        judged = gate(rows, self.loaded.spec, None)
        return {one.gate: one for one in judged if not names or (one.measurement and one.measurement.measure in names)}

    def report(self) -> str:
        """Write the mix report of this set."""
        done = Build(
            inputs=Inputs(spec=self.loaded.spec, seeds={"production": self.seeds}),
            plan=Plan(strata=(), slots_by_id={}),
            evalset=self.evalset,
            measurements=self.everything,
            verdicts=gate(self.everything, self.loaded.spec, None),
        )
        spec = self.loaded.spec
        facts = {"name": spec.name, "purpose": spec.purpose, "spec": spec_digest(spec)}
        return report(replace(done, lock=lock(self.evalset, facts)))


def judged(
    seeds: Sequence[str],
    pool: Sequence[str],
    *,
    in_set: Sequence[str] = (),
    families: Sequence[str] | None = None,
    key_terms: Sequence[str] = (),
    training: Sequence[str] = (),
    training_cosine: float | None = None,
    embed: Embed | None = None,
) -> Judged:
    """Put a pool beside production texts; `in_set` are production texts that are cases themselves.

    `embed` is what reads meaning: the packaged model's.
    """
    loaded = spec_of(
        key_terms=key_terms,
        training_cosine=training_cosine,
        embedder="minilm" if embed is not None else "lexical",
        size=len(pool) + len(in_set) or 1,
    )
    rows = [seed_of(text) for text in in_set]
    families = families if families is not None else [None] * len(pool)  # type: ignore[list-item]
    cases = [
        *(case_of(row.input, row=row) for row in rows),  # type: ignore[arg-type]
        *(case_of(text, family=family) for text, family in zip(pool, families, strict=True)),
    ]
    return Judged(
        loaded=loaded,
        seeds=(*rows, *(seed_of(text) for text in seeds)),
        evalset=EvalSet(cases=tuple(sorted(cases, key=lambda one: one.id)), drops=()),
        training=tuple(digest_training(text, loaded.spec.screen.training_ngram) for text in training),
        given=MeasureFacts(embed=embed),
    )
