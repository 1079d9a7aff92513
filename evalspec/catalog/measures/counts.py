"""What the set is made of: seeds, shares of pools, edited and verified cases."""

from __future__ import annotations

from collections import Counter

from evalspec.model.case import Case, Seed, measured_text
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.intervals import wilson
from evalspec.stats.scope import Scope
from evalspec.stats.tests import DISCORDANCE, smallest_difference
from evalspec.text.vectors import padded


@measure("seeds", version=1, unit="texts", low=0, high=None, better="higher", source="measures.md, B")
def seeds(scope: Scope) -> Measurement:
    """Count distinct production texts in the set, and say the smallest difference that this many pairs can show."""
    # Not the rows of the snapshot: what was not picked decides nothing.
    distinct = len({padded(measured_text(case.candidate.input)) for case in scope.production})
    shown = smallest_difference(distinct) if distinct else None
    return scope.result(
        distinct,
        n=len(scope.production),
        detail={"discordance": DISCORDANCE, "smallest_difference": shown},
    )


@measure("cases", version=1, unit="cases", low=0, high=None, better="higher", source="2-spec-language.md", per="slice")
def cases(scope: Scope) -> Measurement:
    """Count the cases of a slice, and the families they come from."""
    return scope.result(len(scope.cases), detail={"families": len({scope.families[case.id] for case in scope.cases})})


@measure("share", version=1, unit="share", low=0, high=1, better="declared", source="measures.md, B", per="pools")
def share(scope: Scope) -> Measurement:
    """Return a pool's cases over all cases; the mix declares how many there should be."""
    total = len(scope.all_cases)
    pool = scope.slice.removeprefix("pool=")
    detail = {"cases": len(scope.cases), "declared": dict(scope.spec.mix.counts).get(pool), "total": total}
    return scope.result(len(scope.cases) / total if total else None, n=total, detail=detail)


def is_unchanged(case: Case, rows: dict[str, Seed]) -> bool:
    """Return True when a production case says what its row says; redaction is done before a row becomes a seed."""
    row = rows.get(case.id.rpartition(".")[2])
    return not case.candidate.edited and (row is None or row.input == case.candidate.input)


@measure("real_share", version=1, unit="share", low=0, high=1, better="higher", source="measures.md, B")
def real_share(scope: Scope) -> Measurement:
    """Return the share of cases that are production text, unchanged but for redaction."""
    rows = {seed.key: seed for seed in scope.seeds}
    real = sum(is_unchanged(case, rows) for case in scope.production)
    return _share(scope, real, len(scope.cases))


@measure("golden_share", version=1, unit="share", low=0, high=1, better="none", source="measures.md, B")
def golden_share(scope: Scope) -> Measurement:
    """Return the share of cases that an expert wrote."""
    return _share(scope, sum(case.candidate.technique == "golden" for case in scope.cases), len(scope.cases))


@measure("edited_seeds", version=1, unit="cases", low=0, high=None, better="lower", source="measures.md, B")
def edited_seeds(scope: Scope) -> Measurement:
    """Count production cases of the wild track whose text differs from its source outside redaction spans."""
    rows = {seed.key: seed for seed in scope.seeds}
    wild = [case for case in scope.production if case.candidate.track == "wild"]
    edited = [case.id for case in wild if not is_unchanged(case, rows)]
    return scope.result(len(edited), n=len(wild), detail={"cases": edited[:20]})


@measure(
    "verified_share", version=1, unit="share", low=0, high=1, better="higher", source="measures.md, B", per="slice"
)
def verified_share(scope: Scope) -> Measurement:
    """Return the share of cases with an expected answer that a person vouched for; inherited and rules are apart."""
    given = [case for case in scope.cases if case.candidate.expected is not None]
    by = Counter((case.candidate.expected_by or "nobody").partition(":")[0] for case in given)
    if not given:
        return scope.silent("not applicable: no case has an expected answer", n=0)
    return _share(scope, by["verified"], len(given), {"by": dict(sorted(by.items()))})


def _share(scope: Scope, hits: int, n: int, detail: dict[str, object] | None = None) -> Measurement:
    if n == 0:
        return scope.silent("not evaluable: no cases", n=0)
    return scope.result(hits / n, n=n, interval=wilson(hits, n), detail={"count": hits, **(detail or {})})
