"""The rest of the report: mix, cells, survival, drops, measures beside the seeds, gates, independence, sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from evalspec.model.build import Build
from evalspec.model.outcome import Measurement, Verdict
from evalspec.stages.reporting.figures import named, number, plain_text, table
from evalspec.stages.reporting.instruments import instruments
from evalspec.text.patterns import lazy_pattern

_UNLABELLED = ("training", "traffic", "document", "known")  # kinds of source whose rows carry no label
LISTED_DROPS = 12  # examples of drops with their reasons; the lock lists all of them


def mix_table(build: Build) -> list[str]:
    """Show what was declared and what was achieved, by pool and by track."""
    assert build.evalset is not None
    total = len(build.evalset.cases)
    pools = Counter(case.pool for case in build.evalset.cases)
    spares = Counter(one.pool for one in build.evalset.spares)
    drops = Counter(one.pool for one in build.evalset.drops)
    declared = dict(build.spec.mix.shares)
    rows = [
        (
            pool,
            declared.get(pool, "–"),
            f"{pools[pool] / total:.3f}" if total else "–",
            str(count),
            str(pools[pool]),
            str(drops[pool]),
            str(spares[pool]),
        )
        for pool, count in build.spec.mix.counts
    ]
    head = ("Pool", "Declared", "Achieved", "Owed", "Cases", "Dropped", "Spare")
    tracks = Counter(case.candidate.track for case in build.evalset.cases)
    lines = ["## Mix", "", *table(head, rows)]
    lines += table(
        ("Track", "Cases", "Share"), [(t, str(tracks[t]), f"{tracks[t] / total:.2f}") for t in sorted(tracks)]
    )
    happy, hostile = tracks["happy"], tracks["adversarial"]
    lines += [f"Happy to adversarial: {happy} to {hostile}.", ""] if hostile else []
    return lines


def cell_tables(build: Build) -> list[str]:
    """Show each grid pool's cells: cases, and how many seeds already stand there."""
    assert build.evalset is not None and build.plan is not None
    picked = Counter((case.pool, case.candidate.stratum) for case in build.evalset.cases)
    dropped = Counter((drop.pool, drop.stratum) for drop in build.evalset.drops)
    lines: list[str] = []
    for pool in build.spec.pools:
        strata = [one for one in build.plan.strata if one.pool == pool.name]
        if not strata:
            continue
        kind = "cell" if pool.axes else "part"
        rows = [
            (
                one.name,
                str(picked[pool.name, one.name]),
                str(dropped[pool.name, one.name]),
                str(one.held) if pool.axes else "–",
            )
            for one in strata
        ]
        lines += [f"<details><summary>{pool.name}: {len(rows)} {kind if len(rows) == 1 else f'{kind}s'}</summary>", ""]
        lines += table((kind.capitalize(), "Cases", "Dropped", "Seeds there"), rows)
        lines += ["</details>", ""]
    return ["## Cells", "", *lines]


def survival_table(build: Build) -> list[str]:
    """Show how many of the decided candidates people kept, by slice, with Wilson intervals."""
    rows = [row for row in (build.reviewed.survival if build.reviewed else ()) if row.decided]
    if not rows:
        return ["## Survival", "", "Nobody has decided about a candidate yet.", ""]
    body = [
        (
            f"{row.slice} = {row.level}" if row.slice else "all generated",
            str(row.kept),
            str(row.fixed),
            str(row.dropped),
            f"{row.rate:.2f}",
            f"{row.interval[0]:.2f}–{row.interval[1]:.2f}" if row.interval else "–",
        )
        for row in rows
    ]
    healthy = "Healthy: 0.65–0.85. Below 0.40 the texts are caricatures; above 0.85 they may be too easy."
    return ["## Survival", "", healthy, "", *table(("Slice", "Kept", "Fixed", "Dropped", "Rate", "95 %"), body)]


def drop_table(build: Build) -> list[str]:
    """Show why candidates were dropped, by pool, and some of them."""
    assert build.evalset is not None
    drops = build.evalset.drops
    lines = ["## Drops", "", f"{len(drops):,} of {build.opened:,} candidates dropped; the lock lists each.", ""]
    if not drops:
        return lines
    counts = Counter((drop.stage, drop.reason, drop.pool) for drop in drops)
    rows = [(stage, plain_text(reason), pool, str(count)) for (stage, reason, pool), count in sorted(counts.items())]
    lines += table(("Stage", "Reason", "Pool", "Dropped"), rows)
    shown = [drop for drop in drops if drop.reason != "no_op"][:LISTED_DROPS]
    if shown:
        lines += table(
            ("Candidate", "Reason", "Against", "Value"),
            [
                (
                    f"`{drop.id}`",
                    plain_text(drop.reason),
                    f"`{drop.other}`" if drop.other else plain_text(drop.detail or "–"),
                    number(drop.value),
                )
                for drop in shown
            ],
        )
    return lines


_NEEDED = lazy_pattern(r"(?:at least|needs) (\d+)")
# Shown elsewhere in the report, or counts that no seed stands beside.
_ELSEWHERE = frozenset({"cases", "share", "survival", "seeds", "related_judges", "real_share", "golden_share"})


def measure_tables(build: Build) -> list[str]:
    """Show each measure, pool by pool, beside the same figure of the seeds; what could not be measured in one list."""
    shown = [one for one in build.measurements or () if one.measure not in _ELSEWHERE and ",cell=" not in one.slice]
    groups: dict[str, list[Measurement]] = defaultdict(list)
    silent: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in shown:
        if one.value is None and one.p is None:
            silent[_reason(one)][named(one)].append(one.slice.removeprefix("pool="))
        else:
            groups[named(one)].append(one)
    rows = [
        (
            name if at == 0 else "",
            one.slice.removeprefix("pool="),
            number(one.value),
            number(one.baseline),
            str(one.n),
            f"{one.p:.3f}" if one.p is not None else "–",
            plain_text(one.note) if one.note else "",
        )
        for name, group in groups.items()
        for at, one in enumerate(group)
    ]
    text = (
        "Each generated pool stands against the seeds that are not in the set and not its ancestors. "
        "A small p says that the texts differ from the seeds', not that they are bad."
    )
    body = table(("Measure", "Pool", "Value", "Seeds", "n", "p", ""), rows)
    summary = f"<details><summary>All {len(rows)} figures, by measure and pool</summary>"
    lines = ["## Measures", "", text, "", *instruments(build), summary, "", *body, "</details>", ""]
    if silent:
        lines += ["<details><summary>Not measured, and why</summary>", ""]
        lines += [f"- {plain_text(why, 200)}: {_listed(names)}" for why, names in sorted(silent.items())]
        lines += ["", "</details>", ""]
    return lines


def _listed(names: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} ({', '.join(dict.fromkeys(names[name]))})" for name in sorted(names))


def _reason(one: Measurement) -> str:
    """Fold the reasons that differ by a count only: too few texts for what needs so many."""
    note = one.note or "no value"
    needed = _NEEDED.search(note) if note.startswith("not evaluable") else None
    return f"fewer than {needed[1]} texts on a side" if needed else note


def gate_table(build: Build) -> list[str]:
    """Show every gate with its answer, the bound, and what to do."""
    shown = [one for one in build.verdicts or () if one.status != "off"]
    if not shown:
        return []
    rows = [(f"`{one.gate}`", _slice(one), _status(one), one.bound, _said(one)) for one in _worst_first(shown)]
    return ["## Gates", "", *table(("Gate", "Slice", "Answer", "Bound", "What it says"), rows)]


def _slice(one: Verdict) -> str:
    return one.measurement.slice if one.measurement else "–"


def _status(one: Verdict) -> str:
    if one.status == "fail":
        return f"waived until {one.waived_until}" if one.waived_until else ("**fail**" if one.blocks else "warning")
    return one.status


def _said(one: Verdict) -> str:
    message = one.message.replace(f"; bound: {one.bound}", "")  # the table has a column for it
    return "; ".join(plain_text(part, 300) for part in (message, one.advice) if part)


def _worst_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    rank = {"fail": 0, "not known": 2, "pass": 3}
    return sorted(verdicts, key=lambda one: (0 if one.blocks else rank.get(one.status, 1), one.gate, _slice(one)))


def independence_table(build: Build) -> list[str]:
    """Show the roles, their models and families, and every related pair."""
    spec, families = build.spec, dict(build.families)
    roles = [
        *(("subject", alias) for alias in spec.roles.subject),
        *(("generator", alias) for alias, _ in spec.roles.generator),
        *(("judge", alias) for alias in spec.roles.jury),
    ]
    if not roles:
        return ["## Independence", "", "The spec names no models.", ""]
    rows = [
        (role, alias, plain_text(f"`{spec.model(alias).model}`"), families.get(alias, "?")) for role, alias in roles
    ]
    lines = ["## Independence", "", *table(("Role", "Alias", "Model", "Family"), rows), *_served_table(build)]
    if not build.related:
        return [*lines, "No two of them are related.", ""]
    pairs = [
        (
            one.left,
            one.right,
            one.how,
            f"waived until {one.waived_until}: {plain_text(one.reason or '')}" if one.waived_until else "",
        )
        for one in build.related
    ]
    return [*lines, *table(("One", "Other", "How related", "Waiver"), pairs)]


def _served_table(build: Build) -> list[str]:
    """Show which models wrote the replies, as the endpoints say; nothing where no reply was used."""
    if not build.served:
        return []
    rows = [
        (
            plain_text(f"`{one.asked}`"),
            plain_text(f"`{one.name}`"),
            one.family or "not known",
            str(one.replies),
            one.how
            + (f", waived until {one.waived_until}: {plain_text(one.reason or '')}" if one.waived_until else ""),
        )
        for one in build.served
    ]
    return table(("Asked", "Answered by", "Family", "Replies", ""), rows)


def source_table(build: Build) -> list[str]:
    """Show where the rows came from, how many were sampled, and who vouched for the labels."""
    rows = []
    for source in build.spec.sources:
        header = build.inputs.headers.get(source.name)
        held = len(build.inputs.seeds.get(source.name, ())) or len(build.inputs.training.get(source.name, ()))
        rows.append(
            (
                source.name,
                source.kind,
                f"{header.rows:,}" if header else "–",
                f"{held:,}",
                str(header.duplicates) if header else "–",
                plain_text(f"{header.oldest} to {header.newest}") if header and header.oldest else "–",
                plain_text(source.verified_by or ("–" if source.kind in _UNLABELLED else "nobody")),
            )
        )
    lines = ["## Sources", ""]
    lines += table(("Source", "Kind", "Raw rows", "Held", "Duplicates", "Dates", "Labels verified by"), rows)
    assert build.evalset is not None
    said = Counter((case.candidate.expected_by or "nothing expected").split(":")[0] for case in build.evalset.cases)
    labels = ", ".join(f"{said[name]} {plain_text(name)}" for name in sorted(said))
    return [*lines, f"Labels of the set: {labels}.", ""]
