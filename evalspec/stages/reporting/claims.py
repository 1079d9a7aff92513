"""The first screen: what this set can and cannot claim, two questions and five questions, each with its figure."""

from __future__ import annotations

from collections import Counter

from evalspec.model.build import Build
from evalspec.model.case import Case
from evalspec.model.outcome import Measurement
from evalspec.stages.reporting.figures import find, number, percent, share
from evalspec.stats.tests import DISCORDANCE, smallest_difference

ENTROPY_WITHIN = 0.15  # of the seeds' key-term entropy: 6-measures, question four

_CAN = {
    "launch": "This set may take part in a launch decision: the verdict follows its real cases, the rest widens what "
    "is looked at.",
    "smoke": "This is a smoke set. It can show that something broke; **no launch may rest on it**.",
    "bootstrap": "This set was made before there was traffic. It can compare versions on questions that experts "
    "thought of; **what users will really ask is not known**.",
}
_TRIAL = (
    "This is a trial of what has been approved so far, not the set that the spec describes: **no decision may rest on "
    "it**."
)


def claims(build: Build) -> list[str]:
    """Say what the set can and cannot show."""
    real = real_cases(build)
    smallest = smallest_difference(real, DISCORDANCE) if real else None
    is_trial = build.lock is not None and "partial" in build.lock.header
    lines = [_TRIAL if is_trial else _CAN[build.spec.purpose], ""]
    if real == 0:
        lines.append("- It cannot say how often anything happens in production: no case is from a real user.")
    elif smallest is None:
        lines.append(
            f"- {real} real cases are too few to show any difference between two models "
            f"at 80 % power when {percent(DISCORDANCE)} of cases change."
        )
    else:
        lines.append(
            f"- The smallest difference that its {real} real cases can show between two models is "
            f"**{100 * smallest:.0f} points** (exact McNemar, 80 % power, {percent(DISCORDANCE)} of cases changing)."
        )
    synthetic = len(_cases(build)) - real - Counter(case.candidate.technique for case in _cases(build))["golden"]
    if synthetic:
        lines.append(
            f"- Its {synthetic} synthetic cases say where a model breaks, not how often: their shares were chosen, "
            "not observed."
        )
    unverified = sum(1 for case in _cases(build) if (case.candidate.expected_by or "").startswith("unverified:"))
    by_model = sum(1 for case in _cases(build) if (case.candidate.expected_by or "").startswith("model:"))
    if by_model:
        lines.append(f"- {by_model} labels were given by the model that wrote the text, and verified by nobody.")
    if unverified:
        heirs = _heirs_of_unverified(build)
        more = f", and {heirs} more are inherited from them" if heirs else ""
        lines.append(f"- {unverified} labels were verified by nobody{more}.")
    return [*lines, ""]


def _heirs_of_unverified(build: Build) -> int:
    """Count the children whose label comes from a parent that nobody verified."""
    unverified = {case.id for case in _cases(build) if (case.candidate.expected_by or "").startswith("unverified:")}
    said = ((case.candidate.expected_by or "").partition(":") for case in _cases(build))
    return sum(1 for how, _, parent in said if how == "inherited" and parent in unverified)


def two_questions(build: Build) -> list[str]:
    """Answer: how much of it is from real users, and how many judges are related to generator or subject."""
    total = len(_cases(build))
    jury = find(build.measurements or (), "related_judges")
    judges = "no jury" if not build.spec.roles.jury else number(jury.value if jury else None)
    if build.spec.roles.jury:
        count = len(build.spec.roles.jury)
        related = round((jury.value or 0) * count) if jury else 0
        judges = share(related, count)
    return [
        "| Two questions | |",
        "|---|---|",
        f"| Share of cases from real users | **{share(real_cases(build), total)}** |",
        f"| Share of judges related to generator or subject | **{judges}** |",
        "",
    ]


def five_questions(build: Build) -> list[str]:
    """Answer yes, no or not yet known, each with the figure behind it."""
    rows = [
        ("Is there provenance on every case?", *_provenance(build)),
        ("Do seed and synthetic pass rates move together?", "not yet known", "no results have been imported"),
        ("Is survival in its band (65–85 %)?", *_survival(build)),
        ("Is key-term entropy within 15 % of the seeds?", *_entropy(build)),
        ("Are generator and judges of different families?", *_families(build)),
    ]
    lines = ["| Five questions | | |", "|---|---|---|"]
    lines += [f"| {question} | **{answer}** | {figure} |" for question, answer, figure in rows]
    return [*lines, ""]


def real_cases(build: Build) -> int:
    """Count the production cases whose text nobody edited."""
    return sum(1 for case in _cases(build) if case.candidate.technique == "seed" and not case.candidate.edited)


def _cases(build: Build) -> tuple[Case, ...]:
    return build.evalset.cases if build.evalset else ()


def _provenance(build: Build) -> tuple[str, str]:
    total = len(_cases(build))
    tagged = sum(1 for case in _cases(build) if case.candidate.provenance and case.candidate.lineage.pool)
    return ("yes" if tagged == total else "no"), f"{tagged} of {total}"


def _survival(build: Build) -> tuple[str, str]:
    rows = build.reviewed.survival if build.reviewed else ()
    whole = next((row for row in rows if row.slice == ""), None)
    if whole is None or not whole.decided:
        return "not yet known", "no generated candidate has been decided"
    low, high = whole.interval or (0.0, 1.0)
    answer = "no" if high < 0.65 or low > 0.85 else "yes" if 0.65 <= whole.rate <= 0.85 else "not yet known"
    return answer, f"{share(whole.kept + whole.fixed, whole.decided)}, 95 % interval {low:.2f}–{high:.2f}"


def _entropy(build: Build) -> tuple[str, str]:
    written = {f"pool={pool.name}" for pool in build.spec.pools if pool.kind in ("prompted", "persona", "document")}
    found = [one for one in build.measurements or () if one.measure == "entropy" and one.slice in written]
    if not found:
        return "not yet known", "no key terms, or no generated pool"
    spelled = "; ".join(f"{one.slice.removeprefix('pool=')} {_relative(one)}" for one in found)
    known = [one for one in found if one.value is not None and one.p is not None]  # no p: too few hits to say
    outside = [one for one in known if abs(one.value or 0.0) > ENTROPY_WITHIN]
    if any(one.p is not None and one.p <= 0.05 for one in outside):
        return "no", spelled
    return ("not yet known" if outside or len(known) < len(found) else "yes"), spelled


def _relative(one: Measurement) -> str:
    if one.value is None:
        return one.note or "not evaluable"
    return f"{100 * one.value:+.0f} % ({f'p {one.p:.3f}' if one.p is not None else one.note})"


def _families(build: Build) -> tuple[str, str]:
    if not build.spec.roles.jury:
        return "not yet known", "the spec names no jury"
    if not build.related:
        families = dict(build.families)
        names = {families.get(alias, "?") for alias in build.spec.roles.jury}
        return "yes", f"judges: {', '.join(sorted(names))}"
    pairs = "; ".join(f"{one.left} and {one.right}: {one.how}" for one in build.related)
    return "no", pairs
