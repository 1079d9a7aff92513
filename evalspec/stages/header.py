"""The header of a lock: which inputs, operators, measures and models decided it; no number, no time, no host."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.digests import digest, digest_text
from evalspec.model.asking import Reply
from evalspec.model.build import Build
from evalspec.model.embedders import OwnModel
from evalspec.model.spec import Spec
from evalspec.model.vocabulary import MEANING
from evalspec.registry import Catalog
from evalspec.stages.resolve import spec_digest
from evalspec.text.meaning import MEANING_VERSION
from evalspec.text.vectors import SPACE_VERSION

CANARY_PREFIX = "evalspec-canary"
OWN_DIGITS = 16  # of the digest over a model of a spec's own; the spec holds the digests whole


def header(build: Build, catalog: Catalog, *, partial: bool) -> dict[str, object]:
    """Return what the lock says about how it was made."""
    spec = build.spec
    facts: dict[str, object] = {"name": spec.name, "purpose": spec.purpose}
    if partial:
        facts["partial"] = True
    facts |= {
        "canary": canary(spec),
        "spec": spec_digest(spec),
        "inputs": _inputs(build),
        "operators": _operators(build),
        "measures": sorted({f"{one.measure}@{one.version}" for one in build.measurements or ()}),
        "embedder": embedder_tag(spec.screen.embedder, spec.screen.own),
    }
    models = _models(build)
    if models:
        facts["models"] = models
    if spec.waivers:
        facts["waivers"] = [
            {
                "rule": f"gate {one.gate}" if one.gate else f"independence {' and '.join(one.independence or ())}",
                "reason": one.reason,
                "until": one.until,
            }
            for one in spec.waivers
        ]
    return facts


def embedder_tag(embedder: str, own: OwnModel | None = None) -> str:
    """Return an embedder with the version of its space, as a lock names it; of a spec's own model with what it is."""
    tag = f"{embedder}@{MEANING_VERSION if embedder in MEANING else SPACE_VERSION}"
    return f"{tag}+{digest([own.weights, own.settings])[:OWN_DIGITS]}" if own else tag


def canary(spec: Spec) -> str:
    """Return the string that marks this set in training corpora: constant over its locks, carried by exports."""
    hexes = digest([CANARY_PREFIX, spec.name, spec.random_state])
    return f"{CANARY_PREFIX} {hexes[:8]}-{hexes[8:12]}-{hexes[12:16]}-{hexes[16:20]}-{hexes[20:32]}"


def _inputs(build: Build) -> dict[str, object]:
    """Name each input with the digest of what was used of it: a row that decided nothing makes nothing stale."""
    spec, used = build.spec, _used_rows(build)
    found: dict[str, object] = {}
    for name in sorted(build.inputs.seeds):
        rows = {seed.key: seed.digest for seed in build.inputs.seeds[name] if seed.key in used}
        if rows:
            found[name] = {"rows": len(rows), "digest": digest(rows)}
    for name in sorted(build.inputs.training):
        rows_digest = digest(sorted(digest(one.record()) for one in build.inputs.training[name]))
        found[name] = {"rows": len(build.inputs.training[name]), "digest": rows_digest}
    applied = build.view.applied if build.view else ()
    if applied:
        found["ledger"] = {"decisions": len(applied), "digest": digest(list(applied))}
    if build.replies:
        found["tape"] = {"replies": len(build.replies), "digest": replies_digest(build.replies)}
    for path in sorted(build.inputs.texts):
        if path != spec.review.guidelines:
            found[path] = {"digest": digest_text(build.inputs.texts[path])}
    return found


def replies_digest(replies: Mapping[str, Reply]) -> str:
    """Return the digest of the replies that a build used, by the keys of their questions."""
    return digest({key: [one.text, one.served, one.finish, one.problem] for key, one in replies.items()})


def _used_rows(build: Build) -> frozenset[str]:
    """Return the keys of the rows that are cases, parents, carriers or exemplars of cases."""
    slots = build.plan.slots_by_id if build.plan else {}
    used: set[str] = set()
    for case in build.evalset.cases if build.evalset else ():
        slot = slots[case.id]
        used |= {seed.key for seed in (slot.parent, slot.partner, *slot.exemplars) if seed is not None}
    return frozenset(used)


def _operators(build: Build) -> list[str]:
    tags: set[str] = set()
    for case in build.evalset.cases if build.evalset else ():
        tags |= set(case.candidate.lineage.operators)
        if case.candidate.lineage.attack_version:
            tags.add(case.candidate.lineage.attack_version)
    return sorted(tags)


def _models(build: Build) -> list[Mapping[str, object]]:
    spec = build.spec
    generators = [*spec.roles.generator, *(pair for pool in spec.pools for pair in pool.generator)]
    roles = [
        *(("subject", alias) for alias in spec.roles.subject),
        *(("generator", alias) for alias in dict.fromkeys(alias for alias, _ in generators)),
        *(("jury", alias) for alias in spec.roles.jury),
    ]
    families = dict(build.families)
    return [
        {
            "role": role,
            "model": (model := spec.model(alias).model),
            "family": families.get(alias, "unknown"),
            **_served(build, model if role != "subject" else None),
        }
        for role, alias in roles
    ]


def _served(build: Build, model: str | None) -> Mapping[str, object]:
    """Name the models that wrote the replies of one that was asked, with their families; a subject is not asked."""
    found = {one.name: one.family or "unknown" for one in build.served if one.asked == model}
    return {"served": found} if found else {}
