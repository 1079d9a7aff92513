"""Two runs to changes: pairs that both scored, exact where cases stand alone, over families where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalspec.model.scorecard import Change, Divergence, ScoredCase
from evalspec.scoring.tally import Outcomes, groups, parts
from evalspec.stats.clusters import Family, bootstrap, families_of, family_test, mean_of, welch
from evalspec.stats.intervals import tango
from evalspec.stats.tests import DISCORDANCE, holm, mcnemar, smallest_difference


def compare_parts(
    cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes, key: str
) -> Mapping[str, Change]:
    """Compare seed, golden, synthetic and all, with the bootstrap interval and the power; `key` fixes the draws."""
    found = {}
    for part, members in parts(cases).items():
        one = change(part, members, baseline, contender)
        seen = (one.gain + one.loss) / one.pairs if one.pairs else None
        found[part] = replace(
            one,
            discordance=seen,
            smallest=smallest_difference(one.families, seen or DISCORDANCE) if one.families else None,
            planned=smallest_difference(one.families, DISCORDANCE) if one.families else None,
            bootstrap=bootstrap(differences(members, baseline, contender), f"{key} {part}"),
        )
    return found


def compare_slices(cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes) -> tuple[Change, ...]:
    """Compare every slice that is no part under another name; p-values are adjusted over all of them (Holm)."""
    named = parts(cases)
    seen = {frozenset(case.id for case in members) for members in named.values()}
    found: list[Change] = []
    for name, members in groups(cases).items():
        same = frozenset(case.id for case in members)
        if name not in named and same not in seen:
            seen.add(same)
            found.append(change(name, members, baseline, contender))
    tested = [one for one in found if one.p is not None]
    adjusted = dict(zip((one.slice for one in tested), holm([one.p or 0.0 for one in tested]), strict=True))
    return tuple(replace(one, adjusted=adjusted.get(one.slice)) for one in found)


def change(name: str, cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes) -> Change:
    """Compare two runs on the cases of a slice that both scored.

    Where every case stands alone, with one answer a run and one weight: McNemar's exact p and Tango's interval.
    Else the t-test over families, since siblings repeat each other and reruns average.
    """
    pairs = _pairs(cases, baseline, contender)
    families = differences(cases, baseline, contender)
    gain = sum(after > before for _, before, after in pairs)
    loss = sum(after < before for _, before, after in pairs)
    n = len(pairs)
    is_exact = (
        len(families) == n
        and len({case.weight for case, _, _ in pairs}) <= 1
        and all(value in (0.0, 1.0) for _, before, after in pairs for value in (before, after))
    )
    delta = mean_of(families).value if families else None
    p, interval = (mcnemar(gain, loss) if n else None, tango(gain, loss, n)) if is_exact else family_test(families)
    return Change(
        slice=name,
        cases=len(cases),
        pairs=n,
        families=len(families),
        gain=gain,
        loss=loss,
        baseline=_mean(pairs, 1),
        contender=_mean(pairs, 2),
        delta=delta,
        p=p,
        interval=interval,
        method="exact" if is_exact else "families",
    )


def differences(cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes) -> tuple[Family, ...]:
    """Return the families of paired differences, contender minus baseline."""
    pairs = _pairs(cases, baseline, contender)
    return families_of(
        [case.family for case, _, _ in pairs],
        [after - before for _, before, after in pairs],
        [case.weight for case, _, _ in pairs],
    )


def divergence(
    cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes, margin: float
) -> Divergence | None:
    """Return synthetic change minus seed change: together when its interval lies within the margin, apart beyond 0.

    Signs are not asked: they differ in 4 to 10 % of equal parts.
    """
    named = parts(cases)
    found = welch(
        differences(named.get("seed", ()), baseline, contender),
        differences(named.get("synthetic", ()), baseline, contender),
    )
    if found is None:
        return None
    value, (low, high) = found
    if -margin <= low and high <= margin:
        return Divergence(value=value, interval=(low, high), together="yes")
    return Divergence(value=value, interval=(low, high), together="no" if low > 0 or high < 0 else "not known")


def _pairs(
    cases: Sequence[ScoredCase], baseline: Outcomes, contender: Outcomes
) -> list[tuple[ScoredCase, float, float]]:
    found = []
    for case in cases:
        one, other = baseline.get(case.id), contender.get(case.id)
        before, after = one.value if one else None, other.value if other else None
        if before is not None and after is not None:
            found.append((case, before, after))
    return found


def _mean(pairs: Sequence[tuple[ScoredCase, float, float]], at: int) -> float | None:
    if not pairs:
        return None
    whole = sum(case.weight for case, _, _ in pairs)
    return sum(pair[0].weight * (pair[1] if at == 1 else pair[2]) for pair in pairs) / whole
