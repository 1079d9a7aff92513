"""What goes into a build and what comes out of it, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from evalspec.diagnostics import Diagnostic
from evalspec.model.asking import Reply
from evalspec.model.case import Anchor, Candidate, Drop, EvalSet, Seed
from evalspec.model.embedders import Spoken
from evalspec.model.jury import Jury
from evalspec.model.ledger import Ledger, LedgerView, Reviewed
from evalspec.model.outcome import Lock, Measurement, Related, Served, Verdict
from evalspec.model.plan import Plan
from evalspec.model.row import Header
from evalspec.model.spec import Spec
from evalspec.model.training import TrainingDigest


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that a build reads, read once."""

    spec: Spec
    seeds: Mapping[str, tuple[Seed, ...]]  # by source; the rows of an anchor are exemplars and never cases
    headers: Mapping[str, Header] = field(default_factory=dict)  # of the snapshots that have one
    anchors: Mapping[str, tuple[Anchor, ...]] = field(default_factory=dict)
    training: Mapping[str, tuple[TrainingDigest, ...]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    texts: Mapping[str, str] = field(default_factory=dict)  # other input files, by the path the spec gives
    data: Mapping[str, object] = field(default_factory=dict)  # the YAML and JSON ones among them, parsed
    tape: Mapping[str, Reply] = field(default_factory=dict)  # published replies, by the key of their question
    families: object = None  # the registry of model families, as data
    warnings: tuple[Diagnostic, ...] = ()  # about the files that were read
    base: Lock | None = None  # the lock that change gates compare with


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One compiled spec. A stage that was not asked for, or that a failure kept from running, left its field None."""

    inputs: Inputs
    plan: Plan | None = None
    candidates: tuple[Candidate, ...] | None = None  # live, in order of standing
    drops: tuple[Drop, ...] = ()
    opened: int = 0
    short: tuple[Diagnostic, ...] = ()  # strata that hold less than they owe; a lock is never written with any
    view: LedgerView | None = None
    jury: Jury = field(default_factory=Jury)  # empty where no live model wrote anything, or nobody judges
    reviewed: Reviewed | None = None
    evalset: EvalSet | None = None
    waiting: Mapping[str, str] = field(default_factory=dict)  # picked cases that wait for a person, and why
    families: tuple[tuple[str, str], ...] = ()  # alias to family
    related: tuple[Related, ...] = ()
    measurements: tuple[Measurement, ...] | None = None
    verdicts: tuple[Verdict, ...] | None = None
    lock: Lock | None = None
    report: str | None = None
    replies: Mapping[str, Reply] = field(default_factory=dict)  # every reply that was used, by the key of its question
    served: tuple[Served, ...] = ()  # the models that wrote those replies, by the model that was asked
    spoken: Spoken | None = None  # what the spec's own embedding model is; None too where nobody asked it
    today: str | None = None  # YYYY-MM-DD; None: the day was not asked about
    warnings: tuple[Diagnostic, ...] = ()
    read: Mapping[str, bytes] = field(default_factory=dict)  # digest of every file that was read, by path

    @property
    def spec(self) -> Spec:
        """The spec that was compiled."""
        return self.inputs.spec

    @property
    def failed_gates(self) -> tuple[Verdict, ...]:
        """The verdicts that keep the lock from being written."""
        return tuple(one for one in self.verdicts or () if one.blocks)

    def without_changes(self) -> Build:
        """Return the build without what was compared with a base: a lock and its report hold no history."""
        return replace(
            self,
            measurements=tuple(one for one in self.measurements or () if not one.is_change),
            verdicts=tuple(one for one in self.verdicts or () if not (one.measurement and one.measurement.is_change)),
        )
