"""Two specs to what the second one lets through that the first one did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from evalspec.after.guard_made import made_since
from evalspec.model.diff import Lowered, Said, said
from evalspec.model.embedders import OwnModel
from evalspec.model.spec import GateRule, Source, Spec

_SEVERITY: Mapping[str, int] = MappingProxyType({"off": 0, "warning": 1, "error": 2})
_PII: Mapping[str, int] = MappingProxyType({"allow": 0, "redact": 1, "block": 2})  # the higher, the less passes
# A launch set is held to all default gates, a smoke set to few.
_PURPOSE: Mapping[str, int] = MappingProxyType({"smoke": 0, "bootstrap": 1, "launch": 2})
_UPPER_BOUNDS = ("max", "within", "change")
# What a gate looks at; another one is another gate under an old name.
_SUBJECT = ("measure", "of", "space", "where", "by")

WaiverKey = tuple[str, str, str]  # rule, last day, reason


def guard(before: Spec, after: Spec) -> tuple[Lowered, ...]:
    """Return everything in the second spec that holds a set to less than the first one did."""
    found: list[Lowered] = []
    for check in (_gates, _purpose, _independence, _roles, _waivers, _sources, _review, _screen, _random_state):
        found += check(before, after)
    return (*found, *made_since(before, after))


def waivers_since(before: Iterable[WaiverKey], after: Iterable[WaiverKey]) -> tuple[Lowered, ...]:
    """Return the waivers that are new, reach further or have another reason."""
    old = {rule: (until, reason) for rule, until, reason in before}
    found = []
    for rule, until, reason in after:
        was = old.get(rule)
        if was is None:
            words = said("new waiver of {} until {}: {}", rule, until, reason)
        elif until > was[0]:
            words = said("the waiver of {} is extended from {} to {}: {}", rule, was[0], until, reason)
        elif reason != was[1]:
            words = said("the waiver of {} has another reason: {} (was {})", rule, reason, was[1])
        else:
            continue
        found.append(Lowered(kind="waiver", name=rule, said=words))
    return tuple(found)


def _gates(before: Spec, after: Spec) -> list[Lowered]:
    now = {one.name: one for one in after.gates}
    found = []
    for gate in before.gates:
        held = now.get(gate.name)
        if held is None:
            if gate.severity != "off":
                words = said("gate {} is gone (it was {}, {})", gate.name, _bounds(gate), gate.severity)
                found.append(Lowered(kind="gate", name=gate.name, said=words))
            continue
        found += [Lowered(kind="gate", name=gate.name, said=one) for one in _loosened(gate, held)]
    return found


def _loosened(before: GateRule, after: GateRule) -> list[Said]:
    name, found = before.name, []
    if _SEVERITY[after.severity] < _SEVERITY[before.severity]:
        found.append(said("gate {}: severity {} is now {}", name, before.severity, after.severity))
    if before.min is not None and (after.min is None or after.min < before.min):
        found.append(said("gate {}: min {} is now {}", name, before.min, _bound(after.min)))
    for bound in _UPPER_BOUNDS:
        was, now = getattr(before, bound), getattr(after, bound)
        if was is not None and (now is None or now > was):
            found.append(said(f"gate {{}}: {bound} {{}} is now {{}}", name, was, _bound(now)))
    for part in _SUBJECT:
        was, now = getattr(before, part), getattr(after, part)
        if was != now:
            found.append(said(f"gate {{}} looks at something else: {part} {{}} is now {{}}", name, _is(was), _is(now)))
    return found


def _bound(value: float | None) -> str:
    return "no bound" if value is None else str(value)


def _is(value: object) -> str:
    if isinstance(value, tuple):
        return " and ".join(f"{key}: {', '.join(map(str, values))}" for key, values in value) or "every case"
    return "not given" if value is None else str(value)


def _bounds(gate: GateRule) -> str:
    given = [f"{name} {value}" for name in ("min", *_UPPER_BOUNDS) if (value := getattr(gate, name)) is not None]
    return ", ".join(given) or "no bound"


def _purpose(before: Spec, after: Spec) -> list[Lowered]:
    if _PURPOSE[after.purpose] >= _PURPOSE[before.purpose]:
        return []
    words = said("purpose {} is now {}, which brings fewer gates", before.purpose, after.purpose)
    return [Lowered(kind="purpose", name="purpose", said=words)]


def _independence(before: Spec, after: Spec) -> list[Lowered]:
    if (before.independence, after.independence) != ("strict", "warn"):
        return []
    words = said("independence {} is now {}: related models no longer stop a build", "strict", "warn")
    return [Lowered(kind="independence", name="independence", said=words)]


def roles_of(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the models behind each role, and behind the pools that bring their own."""
    generators = [*spec.roles.generator, *(one for pool in spec.pools for one in pool.generator)]
    roles: dict[str, Sequence[str]] = {
        "subject": spec.roles.subject,
        "generator": [alias for alias, _ in generators],
        "jury": spec.roles.jury,
    }
    return {role: tuple(sorted({_model(spec, alias) for alias in aliases})) for role, aliases in roles.items()}


def _model(spec: Spec, alias: str) -> str:
    model = spec.model(alias)
    return f"{model.model} (family {model.family} as stated)" if model.family else model.model


def _roles(before: Spec, after: Spec) -> list[Lowered]:
    old, new = roles_of(before), roles_of(after)
    return [
        Lowered(
            kind="family",
            name=role,
            said=said(f"{role}: {{}} is now {{}}", ", ".join(old[role]) or "nobody", ", ".join(new[role]) or "nobody"),
        )
        for role in old
        if old[role] != new[role]
    ]


def _waivers(before: Spec, after: Spec) -> list[Lowered]:
    return list(waivers_since(_waiver_keys(before), _waiver_keys(after)))


def _waiver_keys(spec: Spec) -> list[WaiverKey]:
    # The rule as the header of a lock spells it, so that both sources of waivers read the same.
    return [
        (
            f"gate {one.gate}" if one.gate else f"independence {' and '.join(one.independence or ())}",
            one.until,
            one.reason,
        )
        for one in spec.waivers
    ]


def _sources(before: Spec, after: Spec) -> list[Lowered]:
    old = {one.name: one for one in before.sources}
    found: list[Lowered] = []
    for source in after.sources:
        was = old.get(source.name)
        found += _labels_since(was, source) if was else []
        found += _pii_since(was, source)
    now = {one.name for one in after.sources}
    for source in before.sources:
        if source.kind == "training" and source.name not in now:
            words = said("training source {} is gone: nothing keeps its texts out of the set", source.name)
            found.append(Lowered(kind="screen", name=source.name, said=words))
    return found


def _labels_since(before: Source, after: Source) -> list[Lowered]:
    found = []
    if before.verified_by is not None and after.verified_by is None:
        found.append(said("labels of {} are no longer verified (by {} before)", after.name, before.verified_by))
    elif before.verified_by is not None and after.verified_by != before.verified_by:
        found.append(said("labels of {}: verified by {}, now {}", after.name, before.verified_by, after.verified_by))
    if after.generated_by is not None and before.generated_by != after.generated_by:
        found.append(said("{} was written by a model: {}", after.name, after.generated_by))
    return [Lowered(kind="label", name=after.name, said=one) for one in found]


def _pii_since(before: Source | None, after: Source) -> list[Lowered]:
    mode, kept = (before.pii.mode, set(before.pii.keep)) if before else ("block", set[str]())
    words = []
    # `redact` replaces what it finds; of a new source only `allow` lets personal data in.
    if _PII[after.pii.mode] < _PII[mode] and (before is not None or after.pii.mode == "allow"):
        words.append(said("personal data of {}: {} is now {}", after.name, mode if before else "new", after.pii.mode))
    more = sorted(set(after.pii.keep) - kept)
    if more:
        words.append(said("personal data of {} that is kept as it is: {}", after.name, ", ".join(more)))
    return [Lowered(kind="pii", name=after.name, said=one) for one in words]


def _review(before: Spec, after: Spec) -> list[Lowered]:
    now = dict(after.review.require)
    found = [
        Lowered(
            kind="review",
            name=pool,
            said=said("people decide less of pool {}: {} is now {}", pool, share, now[pool]),
        )
        for pool, share in before.review.require
        if pool in now and now[pool] < share
    ]
    if before.review.guidelines is not None and after.review.guidelines is None:
        words = said("people decide without guidelines: {} is no longer named", before.review.guidelines)
        found.append(Lowered(kind="review", name="guidelines", said=words))
    if after.review.overlap < before.review.overlap:
        words = said("fewer cases are read by two: {} is now {}", before.review.overlap, after.review.overlap)
        found.append(Lowered(kind="review", name="overlap", said=words))
    kept = {(part.name, value) for part in after.task.label_parts for value in part.high_stakes}
    for part in before.task.label_parts:
        for value in part.high_stakes:
            if (part.name, value) not in kept:
                words = said("label {} is no longer high stakes: one reader is enough", value)
                found.append(Lowered(kind="review", name=value, said=words))
    return found


# The bounds of the screens; of each a higher value drops less.
_SCREEN_BOUNDS = ("near_lexical", "near_semantic", "seed_far", "training_cosine", "training_ngram")


def _screen(before: Spec, after: Spec) -> list[Lowered]:
    found = []
    for name in _SCREEN_BOUNDS:
        was, now = getattr(before.screen, name), getattr(after.screen, name)
        if now > was:
            found.append(Lowered(kind="screen", name=name, said=said("screen {}: {} is now {}", name, was, now)))
    if before.screen.embedder != after.screen.embedder:
        words = said("screen: embedder {} is now {}", before.screen.embedder, after.screen.embedder)
        found.append(Lowered(kind="screen", name="embedder", said=words))
    elif _bytes_of(before.screen.own) != _bytes_of(after.screen.own):
        words = said("screen: embedder {} is another model than it was", after.screen.embedder)
        found.append(Lowered(kind="screen", name="embedder", said=words))
    lost = sorted(set(before.screen.signature_words) - set(after.screen.signature_words))
    if lost:
        words = said("no longer looked for as a signature: {}", ", ".join(lost))
        found.append(Lowered(kind="screen", name="signature_words", said=words))
    return found


def _bytes_of(own: OwnModel | None) -> tuple[str, str] | None:
    return (own.weights, own.settings) if own else None


def _random_state(before: Spec, after: Spec) -> list[Lowered]:
    if before.random_state == after.random_state:
        return []
    words = said("random_state {} is now {}: every draw is made again", before.random_state, after.random_state)
    return [Lowered(kind="random_state", name="random_state", said=words)]
