"""What removes a candidate, always with a reason: equal, near or far texts, training overlap, signature words, PII.

A candidate answers only to what stands above it and stays: golden, production, reviewed, then by ordinal. Lineage is
never compared: parent and child, siblings, and an attack with its carrier; but what a runner would be given twice
counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evalspec.diagnostics import BuildError, Collector
from evalspec.digests import digest
from evalspec.model.case import Candidate, Drop, Seed, measured_text, user_texts
from evalspec.model.spec import Spec
from evalspec.registry import Catalog
from evalspec.stages.content import content_digest, plain
from evalspec.stages.meaning import REASON, SameMeaning
from evalspec.stages.scrub import find_hidden, find_personal
from evalspec.stages.training import Firewall
from evalspec.text.distance import Reach, reach
from evalspec.text.json_text import json_line
from evalspec.text.nearness import NearIndex
from evalspec.text.tokens import tokens
from evalspec.text.vectors import padded

FAR_POOLS = frozenset({"prompted", "persona", "document"})  # what a generator wrote from nothing
LISTED_CASES = 6  # of one text with several labels
SHOWN_CHARS = 60  # of the text itself
REAL = frozenset({"seed", "golden"})


@dataclass(slots=True)
class Screener:
    """The texts that stay so far; a class because each candidate is judged against those before it."""

    spec: Spec
    near: NearIndex
    reach: Reach | None
    firewall: Firewall
    catalog: Catalog
    kept_types: frozenset[str]  # personal types that some source keeps because they decide a label
    open_pools: frozenset[str]  # pools whose parents come from a source with `pii: allow`
    same_meaning: SameMeaning | None = None
    families: dict[str, set[str]] = field(default_factory=dict)  # parent id to parent and children
    real: dict[tuple[str, ...], Candidate] = field(default_factory=dict)  # golden and production cases, folded
    made: dict[str, str] = field(default_factory=dict)  # content digest of the others to their id
    conflicts: dict[str, list[Candidate]] = field(default_factory=dict)  # first case of a text to all that share it

    def check(self, candidate: Candidate) -> Drop | None:
        """Return why the candidate may not stay, or None."""
        if candidate.technique in REAL:
            return self._check_real(candidate)
        for screen in (self._unclean, self._trained_on, self._signed, self._far, self._near, self._equal):
            found = screen(candidate)
            if found is not None:
                return found
        return None

    def keep(self, candidate: Candidate) -> None:
        """Let the candidate stay: later ones are compared with it."""
        if candidate.technique in REAL:
            self.real.setdefault(_key(candidate), candidate)
        else:
            self.near.add(candidate.id, measured_text(candidate.input))
            self.made.setdefault(content_digest(candidate), candidate.id)
        for parent in candidate.lineage.parents:
            self.families.setdefault(parent, {parent}).add(candidate.id)

    def _check_real(self, candidate: Candidate) -> Drop | None:
        twin = self.real.get(_key(candidate))
        if twin is None:
            return None
        if _answer(twin) == _answer(candidate):
            is_real_twice = twin.technique == candidate.technique == "seed"  # users do repeat each other
            return None if is_real_twice else _drop(candidate, "equal", other=twin.id)
        self.conflicts.setdefault(twin.id, [twin]).append(candidate)
        return None

    def refuse_conflicts(self) -> None:
        """Raise where one input expects different things: one diagnostic a text, with what each row expects."""
        problems = Collector()
        for first, cases in self.conflicts.items():
            shown = _cut(measured_text(cases[0].input))
            problems.add(
                "X510",
                f"{len(cases)} cases have the same input and expect different things: `{shown}`",
                path=self.spec.path,
                notes=[f"`{one.id}` expects {_spelled(one)}" for one in cases[:LISTED_CASES]],
                hint="correct the label at its source and import again, or drop all but one: "
                f"evalspec review record {self.spec.path} {first} drop --reason wrong_label --reviewer YOU",
            )
        problems.raise_errors(BuildError)

    def _unclean(self, candidate: Candidate) -> Drop | None:
        for text in _written_texts(candidate):
            if hidden := find_hidden(text):
                return _drop(candidate, "hidden_characters", detail=hidden[0])
            personal = [kind for kind, _, _ in find_personal(text, self.catalog) if kind not in self.kept_types]
            if personal and candidate.pool not in self.open_pools:
                return _drop(candidate, "personal_data", detail=personal[0])
        return None

    def _trained_on(self, candidate: Candidate) -> Drop | None:
        found = self.firewall.overlap(measured_text(candidate.input))
        return _drop(candidate, "training_overlap", value=found.value, detail=found.rule) if found else None

    def _signed(self, candidate: Candidate) -> Drop | None:
        if not self.spec.screen.signature_words:
            return None
        words = tokens(measured_text(candidate.input))
        found = [phrase for phrase in self.spec.screen.signature_words if _stands_in(tokens(phrase), words)]
        return _drop(candidate, "signature_word", detail=found[0]) if found else None

    def _far(self, candidate: Candidate) -> Drop | None:
        if self.reach is None or candidate.technique not in FAR_POOLS:
            return None
        distance = self.reach.distance(measured_text(candidate.input))
        return _drop(candidate, "far_from_seeds", value=distance) if distance > self.reach.limit else None

    def _near(self, candidate: Candidate) -> Drop | None:
        exempt = {one for parent in candidate.lineage.parents for one in self.families.get(parent, {parent})}
        text = measured_text(candidate.input)
        found = self.near.find(text, exempt)
        if found:
            return _drop(candidate, "near_duplicate", other=found[0], value=round(found[1], 6))
        # After all that the core can decide, so that a replay without a model decides that part for itself.
        alike = self.near.alike(text, exempt) if self.same_meaning else ()
        same = self.same_meaning(candidate.id, text, alike) if self.same_meaning and alike else None
        return _drop(candidate, REASON, other=same[0], value=same[1]) if same else None

    def _equal(self, candidate: Candidate) -> Drop | None:
        other = self.made.get(content_digest(candidate))
        return _drop(candidate, "equal", other=other) if other is not None else None


def screener(
    spec: Spec,
    seeds: Mapping[str, Sequence[Seed]],
    firewall: Firewall,
    catalog: Catalog,
    ids: Mapping[str, str],
    same_meaning: SameMeaning | None = None,
) -> Screener:
    """Set up the screens of one build. `ids` maps a row's key to the case id that stands for it.

    `same_meaning` decides between texts that differ by noise and are not near enough in letters; None: nothing does.
    """
    rows = [seed for name in sorted(seeds) for seed in seeds[name] if seed.key in ids]
    production = {source.name for source in spec.sources_of("production")}
    corpus = {ids[seed.key]: measured_text(seed.input) for seed in rows}
    # Judges see the answers of anchors: nothing near one may enter.
    corpus |= {
        f"{source.name}.{seed.key}": measured_text(seed.input)
        for source in spec.sources_of("anchor")
        for seed in seeds.get(source.name, ())
    }
    near = NearIndex(corpus, cosine=spec.screen.near_lexical)
    for case, text in corpus.items():
        near.add(case, text)
    texts = [measured_text(seed.input) for seed in rows if seed.source in production]
    return Screener(
        spec=spec,
        near=near,
        reach=reach(texts, spec.screen.seed_far) if any(one.kind in FAR_POOLS for one in spec.pools) else None,
        firewall=firewall,
        catalog=catalog,
        kept_types=kept_types(spec),
        open_pools=open_pools(spec),
        same_meaning=same_meaning,
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARS else line[: SHOWN_CHARS - 1] + "…"


def _drop(
    candidate: Candidate,
    reason: str,
    *,
    other: str | None = None,
    value: float | None = None,
    detail: str | None = None,
) -> Drop:
    return Drop(
        id=candidate.id,
        stage="screen",
        reason=reason,
        pool=candidate.pool,
        stratum=candidate.stratum,
        other=other,
        value=value,
        detail=detail,
    )


def _key(candidate: Candidate) -> tuple[str, ...]:
    """Fold what the subject sees: NFC, lower case, one space between words, role by role, and the context."""
    context = digest(plain(candidate.context))
    if isinstance(candidate.input, str):
        return (context, padded(candidate.input))
    return (
        context,
        *(
            part
            for one in candidate.input
            for part in (one.role, padded(one.content), *(digest(plain(call)) for call in one.tool_calls))
        ),
    )


def _answer(candidate: Candidate) -> tuple[object, ...]:
    return (plain(candidate.expected), candidate.behaviour, candidate.premise)


def _spelled(candidate: Candidate) -> str:
    """Spell what is expected, with the behaviour where it is not simply an answer."""
    said = "nothing" if candidate.expected is None else f"`{json_line(candidate.expected)}`"
    if isinstance(candidate.expected, str):
        said = f"`{candidate.expected}`"
    return said if candidate.behaviour == "answer" else f"{said} ({candidate.behaviour})"


def _stands_in(phrase: Sequence[str], words: Sequence[str]) -> bool:
    size = len(phrase)
    return size > 0 and any(tuple(words[at : at + size]) == tuple(phrase) for at in range(len(words) - size + 1))


def _written_texts(candidate: Candidate) -> tuple[str, ...]:
    """Return what was written for this candidate: both sides of a generated chat, else the user's side alone."""
    if candidate.technique in FAR_POOLS and not isinstance(candidate.input, str):
        return tuple(one.content for one in candidate.input)
    return user_texts(candidate.input)


def kept_types(spec: Spec) -> frozenset[str]:
    """Return the personal types that some source keeps because they decide a label."""
    return frozenset(name for source in spec.sources for name in source.pii.keep)


def open_pools(spec: Spec) -> frozenset[str]:
    """Return the pools that may hold personal data: their rows come from a source with `pii: allow`."""
    allowed = {source.name for source in spec.sources if source.pii.mode == "allow"}
    production = {source.name for source in spec.sources_of("production")}
    return frozenset(
        pool.name
        for pool in spec.pools
        if pool.source in allowed or (pool.kind == "redteam" and pool.source is None and production & allowed)
    )
