"""The audit: a set, and what stands beside it, to findings in the order of a screen and what to do first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from evalspec.auditing.actions import first_actions
from evalspec.auditing.balance import labels, places
from evalspec.auditing.beside import Beside, Step, compare
from evalspec.auditing.copies import NO_COPIES, Copies, copied, copies
from evalspec.auditing.examples import Examples, opening_of_nobody
from evalspec.auditing.look import COSTUME, LIKE, lines, spelled
from evalspec.auditing.people import Classify, answered, origin_of, percent, pools_of, said_origin, verified
from evalspec.auditing.repeats import contradictions, duplicates, training
from evalspec.auditing.scrubbed import Scrub, scrubbed_detail
from evalspec.auditing.seen import novelty, novelty_in_meaning, rules_of, trained_in_meaning
from evalspec.model.audit import Audit, AuditFile, AuditPool, AuditRow, Finding, Origin
from evalspec.model.defaults import MIN_SIDE
from evalspec.model.outcome import Measurement
from evalspec.registry import Catalog
from evalspec.stats.scope import Training
from evalspec.text.meaning import Embed
from evalspec.text.tokens import opening_of, tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneath:
    """What an audit is given beside the set."""

    seeds: AuditFile | None = None
    training: AuditFile | None = None
    firewall: Training | None = None
    known: AuditFile | None = None
    attacks: Training | None = None  # the digests of what is known
    classify: Classify
    scrub: Scrub
    catalog: Catalog
    embed: Embed | None = None
    embedder: str = "lexical"


def audit(file: AuditFile, given: Beneath, step: Step) -> Audit:
    """Say what can be said of a set; without real texts its own rows by people stand in for them."""
    pools = tuple(replace(one, name=_clip(given.scrub(one.name))) for one in pools_of(file, given.classify))
    real, beside = _real(file, pools, given)
    lined = copied(file.rows, given.seeds.rows, step) if given.seeds is not None else NO_COPIES
    origin = _origins(file, given.classify)
    real = lined.left(real, frozenset(row.line for row in file.rows if origin(row) == "people"))
    held = tuple(one for one in pools if one.origin != "people") if given.seeds is None else pools
    compared = None
    examples = Examples.of(real, given.scrub, file.rows)
    if real:
        compared = compare(held, real, lined.taken, given.catalog, step, given.embed, given.embedder)
        measured = tuple(examples.cleaned(one) for one in compared.measurements)
        compared = replace(compared, measurements=measured)
    findings = [
        said_origin(file, given.classify, len(lined.lines) if given.seeds else None),
        *answered(file),
        verified(file),
    ]
    findings += _repeats(file, given, lined, origin, step)
    if compared is not None and compared.why_not is None:
        findings += lines(compared, given.scrub)
    elif compared is not None:
        findings.append(_not_evaluable(compared))
    else:
        findings += _alone(file, given.scrub)
    findings += [*labels(file, given.seeds), *places(pools)]
    findings = [_shown(one, given.scrub) for one in findings]
    missed = examples.missed(compared.measurements) if compared is not None else ()
    sizes = compared.sizes if compared is not None else {}
    file = _nameless(file, given.scrub)
    seeds = given.seeds and _nameless(given.seeds, given.scrub)
    trained = given.training and _nameless(given.training, given.scrub)
    return Audit(
        file=file,
        seeds=seeds,
        training=trained,
        known=given.known and _nameless(given.known, given.scrub),
        beside=beside,
        beside_size=compared.seeds if compared is not None else 0,
        pools=tuple(replace(one, measured=sizes.get(one.name, 0)) for one in pools),
        findings=tuple(findings),
        actions=first_actions(findings, missed, file),
        open=_open(given, beside),
        measurements=_named(compared),
    )


def _nameless(file: AuditFile, scrub: Scrub) -> AuditFile:
    """Take personal data out of the names of columns: without a line of names the first case is taken for one."""
    one = file.fields

    def name(column: str | None) -> str | None:
        return None if column is None else scrub(column)

    fields = replace(
        one,
        text=scrub(one.text),
        label=name(one.label),
        origin=name(one.origin),
        verified=name(one.verified),
        choices=name(one.choices),
        id=name(one.id),
        parent=name(one.parent),
        spread=tuple(map(scrub, one.spread)),
        context=tuple(map(scrub, one.context)),
    )
    return replace(file, fields=fields)


def _clip(name: str, limit: int = 24) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _real(file: AuditFile, pools: Sequence[AuditPool], given: Beneath) -> tuple[tuple[AuditRow, ...], str]:
    if given.seeds is not None:
        return given.seeds.rows, given.seeds.name
    own = tuple(row for one in pools if one.origin == "people" for row in one.rows)
    if len(own) >= MIN_SIDE and any(one.origin != "people" and len(one.rows) >= MIN_SIDE for one in pools):
        return own, "its own cases by people"
    return (), ""


def _origins(file: AuditFile, classify: Classify) -> Callable[[AuditRow], Origin]:
    return lambda row: origin_of(row, file, classify)


def _repeats(
    file: AuditFile,
    given: Beneath,
    copied_lines: Copies,
    origin: Callable[[AuditRow], Origin],
    step: Step,
) -> list[Finding]:
    found = [duplicates(file, given.seeds.rows if given.seeds else (), step, _shows(given.scrub))]
    against = contradictions(file)
    found += [against] if against is not None else []
    if given.seeds is not None:
        found.append(copies(file, copied_lines, given.seeds.rows, origin))
    return [*found, *_seen(file, given, origin, step)]


def _seen(file: AuditFile, given: Beneath, origin: Callable[[AuditRow], Origin], step: Step) -> list[Finding]:
    found: list[Finding] = []
    if given.firewall is not None and given.training is not None:
        rules = rules_of(file.rows, given.firewall, "training", step)
        found.append(training(file, rules, len(given.training.rows), origin))
        if given.embed is not None:
            real = given.seeds.rows if given.seeds is not None else ()
            found.append(trained_in_meaning(file, given.training, given.embed, rules, origin, real))
    if given.attacks is not None and given.known is not None:
        found.append(novelty(file, given.known, rules_of(file.rows, given.attacks, "known", step)))
        if given.embed is not None:
            found.append(novelty_in_meaning(file, given.known, given.embed))
    return found


def _shows(scrub: Scrub) -> Callable[[str, Sequence[AuditRow]], bool]:
    return lambda text, among: Examples.of(among, scrub).is_showable(text)


def _not_evaluable(compared: Beside) -> Finding:
    words = (compared.why_not or "").removeprefix("not evaluable: ")
    words = words.replace(" cases", " cases that are no copies of real texts")
    words = words.replace("seeds that are not in the set or its parents", "real texts")
    return Finding(key="shift", section=LIKE, title="shift", status="unknown", words=f"not evaluable: {words}")


def _alone(file: AuditFile, scrub: Scrub) -> list[Finding]:
    """Say what needs no real texts beside it: lengths and the commonest opening."""
    openings = Counter(opening_of(tokens(row.turns[0])) for row in file.rows if row.turns)
    opening, count = min(openings.items(), key=lambda one: (-one[1], one[0]))
    shown = opening_of_nobody(" ".join(opening), file.rows, scrub)
    n = len(file.rows)
    size = median(len(tokens(row.text)) for row in file.rows)
    return [
        Finding(
            key="length",
            section=COSTUME,
            title="words a case",
            status="report",
            words=f"{size:g}, median",
            unit="words",
            n=n,
            figures={"value": size},
        ),
        Finding(
            key="opening_share",
            section=COSTUME,
            title="commonest opening",
            status="report",
            words=f"{percent(count / n)} open with {spelled(shown)}",
            unit="share",
            n=n,
            figures={"value": count / n, "opening": shown},
        ),
    ]


def _shown(one: Finding, scrub: Scrub) -> Finding:
    """Take personal data out of everything that a finding shows."""
    figures = scrubbed_detail(one.figures, scrub)
    assert isinstance(figures, Mapping)
    return replace(one, words=scrub(one.words), figures=figures)


def _named(compared: Beside | None) -> tuple[Measurement, ...]:
    """Return the measurements with the pools' names in the place of their slices."""
    if compared is None:
        return ()
    return tuple(replace(one, slice=compared.names.get(one.slice, one.slice)) for one in compared.measurements)


def _open(given: Beneath, beside: str) -> tuple[str, ...]:
    found = []
    if not beside:
        found.append("is it like what your users send? --seeds FILE, with real requests, answers")
    elif given.seeds is None:
        found.append("is it like what your users send? --seeds FILE answers; its own cases by people stand in here")
    if given.training is None:
        found.append("has the model seen it? --training FILE answers")
    return tuple(found)
