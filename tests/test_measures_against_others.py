"""Every registered measure beside an independent one on random data: scipy, scikit-learn, or plain loops over NumPy.

A measure that is added to the catalogue fails here by name until it has a line in `SIDES`, in `SETS` or in `MANY`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import other_measures as other
import pytest
from builders import make_case, make_seed, make_spec
from scipy.stats import binomtest, fisher_exact, hypergeom
from sides import make_scope, run, seed_case
from sklearn.metrics import cohen_kappa_score

from evalspec.catalog import load_catalog
from evalspec.catalog.measures.rawness import HASTE
from evalspec.catalog.measures.signature_words import SIGNATURE_WORDS
from evalspec.model.case import Case, Lineage
from evalspec.model.ledger import Decision, Ledger, Reviewed, Survival
from evalspec.model.outcome import Measurement, Related
from evalspec.model.spec import Roles, Screening, Source
from evalspec.model.vocabulary import MEANING
from evalspec.stages.training import Firewall, digest_training
from evalspec.stats.digested import Digested
from evalspec.stats.regions import regions
from evalspec.stats.scope import MeasureFacts, Scope
from evalspec.text.function_words import FUNCTION_WORDS

CATALOG = load_catalog()
TERMS = ("refund", "money back", "charge", "charge back", "cancel")
COMMON = ("where", "is", "my", "the", "refund", "refunds", "money", "back", "charge", "charged", "order", "please")
RARE = ("don't", "kindly", "utilize", "soooo", "pls", "u", "4481", "a1b2", "l'été", "हिन्दी", "天気", "naïve", "xxxx")
SIX_DIGITS, FOUR_DIGITS = 5e-6, 5e-4  # what a report keeps, of words and of meaning
DRAWS, TOLERANCE = 199, 0.15  # of two p from 199 draws: four standard deviations of their difference at one half
Texts = Sequence[str]


def drawn(seed: int, count: int, openers: Texts = ("", "Hello, ", "can i ", "I want to ")) -> list[str]:
    """Texts of random words, casing, digits and marks; a few words and openings are common, so that there are ties."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        words = [str(rng.choice(COMMON if rng.random() < 0.8 else RARE)) for _ in range(int(rng.integers(3, 12)))]
        text = str(rng.choice(openers)) + " ".join(words)
        text = text.capitalize() if rng.random() < 0.4 else text
        found.append(text + str(rng.choice(["", "", ".", "?", "!!", "...", " :)", "?)", "…"])))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What a comparison should give: its value, that of the seeds where one is shown, and a statistic for its p."""

    value: Callable[[Texts, Texts], float]
    seeds: Callable[[Texts, Texts], float] | None = None
    statistic: Callable[[Texts, Texts], float] | None = None


def _difference(one: Callable[[Texts], float]) -> Callable[[Texts, Texts], float]:
    return lambda pool, seeds: one(pool) - one(seeds)


def _gap(one: Callable[[Texts], float]) -> Callable[[Texts, Texts], float]:
    return lambda pool, seeds: abs(one(pool) - one(seeds))


def _lower(texts: Texts) -> float:
    return other.rate(texts, other.starts_small)


def _open(texts: Texts) -> float:
    return other.rate(texts, other.lacks_end)


def _noise(texts: Texts) -> float:
    return other.noisy(texts, HASTE)


def _signature(texts: Texts) -> float:
    return other.word_rate(texts, SIGNATURE_WORDS)


def _mention(texts: Texts) -> float:
    return other.mentions(texts, TERMS)


def _distinct(size: int) -> Sides:
    return Sides(
        value=lambda pool, seeds: other.rarefied(pool, seeds, size),
        seeds=lambda pool, seeds: other.rarefied(seeds, pool, size),
    )


def meant(texts: Texts) -> np.ndarray:
    """Rows of whole numbers that stand for an embedding: the sum of one random row a word."""
    rows = []
    for text in texts:
        words = [np.random.default_rng([len(word), *word.encode()]).normal(size=48) for word in other.words_of(text)]
        total = np.sum(words or [np.ones(48)], axis=0)
        rows.append(np.rint(127 * total / np.linalg.norm(total)))
    return np.array(rows, dtype=np.int8)


def _vectors(space: str, texts: Texts) -> np.ndarray:
    return other.hashed(texts) if space == "lexical" else other.unit(meant(texts).astype(np.float64))


def _spread(space: str) -> Sides:
    def value(pool: Texts, seeds: Texts) -> float:
        return other.mean_distance(_vectors(space, pool)) / other.mean_distance(_vectors(space, seeds))

    return Sides(value=value)


def _coverage(space: str) -> Sides:
    return Sides(
        value=lambda pool, seeds: other.reached(_vectors(space, seeds), _vectors(space, pool))[0],
        seeds=lambda pool, seeds: other.reached(_vectors(space, seeds), _vectors(space, pool))[1],
    )


def _far(space: str) -> Sides:
    return Sides(value=lambda pool, seeds: other.far(_vectors(space, pool), _vectors(space, seeds)))


def _shift(space: str) -> Sides:
    return Sides(value=lambda pool, seeds: other.mmd(_vectors(space, pool), _vectors(space, seeds)))


def tagged(text: str) -> list[str]:
    """Stand for a tagger: a word's tag is its length and last letter."""
    return [f"{len(word)}{word[-1]}" for word in other.words_of(text)]


def shaped(text: str) -> list[str]:
    """Function words stay, digits are `#`, and all else is `W`."""
    return [
        word if word in FUNCTION_WORDS else "#" if any(sign.isdigit() for sign in word) else "W"
        for word in other.words_of(text)
    ]


def _variety(tag: Callable[[str], Sequence[str]]) -> Sides:
    return Sides(
        value=lambda pool, seeds: other.tag_variety(english(pool), english(seeds), tag),
        seeds=lambda pool, seeds: other.tag_variety(english(seeds), english(pool), tag),
    )


def english(texts: Texts) -> list[str]:
    """The texts that count as English where nobody says a language."""
    return [text for text in texts if all(ord(sign) < 128 for sign in text)]


def beside(pool: Texts, seeds: Texts, space: str | None) -> Scope:
    """Put two sides into a scope, with what reads meaning or tags words where the space asks for it."""
    scope = make_scope(pool, seeds, terms=TERMS, space=space)
    if space == "pattern":
        return replace(scope, facts=MeasureFacts(tag=tagged))
    if space not in MEANING:
        return scope
    return replace(scope, facts=MeasureFacts(embed=meant), comparison=replace(scope.comparison, embed=meant))


# One line a measure that compares a pool with seeds, and a space where it has several.
SIDES: dict[tuple[str, str | None], Sides] = {
    ("compression_ratio", None): Sides(value=other.packed, seeds=lambda pool, seeds: other.packed(seeds, pool)),
    **{("coverage", space): _coverage(space) for space in ("lexical", "minilm")},
    ("distinct_1", None): _distinct(1),
    ("distinct_2", None): _distinct(2),
    ("entropy", None): Sides(
        value=lambda pool, seeds: other.entropy_ratio(pool, seeds, TERMS),
        statistic=lambda pool, seeds: abs(other.entropy_ratio(pool, seeds, TERMS)),
    ),
    ("mention", None): Sides(
        value=lambda pool, seeds: _mention(pool), seeds=lambda pool, seeds: _mention(seeds), statistic=_gap(_mention)
    ),
    ("opening_collision", None): Sides(
        value=lambda pool, seeds: other.colliding(pool), seeds=lambda pool, seeds: other.colliding(seeds)
    ),
    ("opening_share", None): Sides(
        value=lambda pool, seeds: other.common_opening(pool),
        seeds=lambda pool, seeds: other.common_opening(seeds),
        statistic=lambda pool, seeds: other.common_opening(pool) - other.common_opening(seeds),
    ),
    ("rawness_lower", None): Sides(
        value=_difference(_lower), seeds=lambda pool, seeds: _lower(seeds), statistic=_gap(_lower)
    ),
    ("rawness_noise", None): Sides(
        value=_difference(_noise), seeds=lambda pool, seeds: _noise(seeds), statistic=_gap(_noise)
    ),
    ("rawness_open_end", None): Sides(
        value=_difference(_open), seeds=lambda pool, seeds: _open(seeds), statistic=_gap(_open)
    ),
    **{("seed_distance", space): _far(space) for space in ("lexical", "minilm")},
    ("shift", "c2st"): Sides(value=other.told_apart),
    ("shift", "js"): Sides(value=other.divergence, statistic=other.divergence),
    **{("shift", space): _shift(space) for space in ("lexical", "minilm")},
    ("signature_rate", None): Sides(
        value=_difference(_signature), seeds=lambda pool, seeds: _signature(seeds), statistic=_difference(_signature)
    ),
    **{("spread", space): _spread(space) for space in ("lexical", "minilm")},
    ("syntactic_variety", "pattern"): _variety(tagged),
    ("syntactic_variety", "shapes"): _variety(shaped),
    ("term_mix", None): Sides(
        value=lambda pool, seeds: other.mixed(pool, seeds, TERMS),
        statistic=lambda pool, seeds: other.mixed(pool, seeds, TERMS),
    ),
    ("top_term_excess", None): Sides(value=other.largest_lead, statistic=other.largest_lead),
}
POOLS = ("greeted", "same")


def two_sides(kind: str, seed: int) -> tuple[list[str], list[str]]:
    """A pool of the same source as its seeds, or one of a writer that greets."""
    greetings = ("Hello! I would like to kindly ", "Hello! I would like a ", "I am writing to ")
    pool = drawn(10 * seed, 41, greetings) if kind == "greeted" else drawn(10 * seed, 41)
    return pool, drawn(10 * seed + 1, 37)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(("name", "space"), sorted(SIDES, key=str))
def test_a_comparison_gives_what_another_implementation_gives(
    name: str, space: str | None, kind: str, seed: int
) -> None:
    pool, seeds = two_sides(kind, seed)
    if space == "c2st":
        pool, seeds = [*pool, *drawn(100 + seed, 30)], [*seeds, *drawn(200 + seed, 30)]  # it asks for fifty a side
    if name == "syntactic_variety":
        pool, seeds = [*pool, *drawn(100 + seed, 90)], [*seeds, *drawn(200 + seed, 90)]  # not all drawn is English
    want, found = SIDES[name, space], run(name, beside(pool, seeds, space))
    kept = 1e-3 if space == "c2st" else FOUR_DIGITS if space in MEANING else SIX_DIGITS

    assert found.value == pytest.approx(want.value(pool, seeds), abs=1e-6, rel=kept)
    if want.seeds is not None:
        assert found.baseline == pytest.approx(want.seeds(pool, seeds), abs=1e-6, rel=kept)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(("name", "space"), sorted((at for at, one in SIDES.items() if one.statistic), key=str))
def test_a_p_is_that_of_other_exchanges(name: str, space: str | None, kind: str) -> None:
    """Exchanges drawn by another generator, and the statistic of the other implementation."""
    pool, seeds = two_sides(kind, 4)
    statistic = SIDES[name, space].statistic
    assert statistic is not None
    found = run(name, beside(pool, seeds, space))

    assert found.p == pytest.approx(other.p_of(statistic, pool, seeds, DRAWS, 8), abs=TOLERANCE)


def whole_set(rng: np.random.Generator) -> tuple[list[Case], list[object]]:
    """A set of seeds, golden and made cases in random numbers, some of them edited, verified or without an answer."""
    rows = [make_seed(at, input=text) for at, text in enumerate(drawn(int(rng.integers(1e6)), 30), start=1)]
    cases = [
        seed_case(
            row,
            edited=bool(rng.random() < 0.2),
            input=row.input if rng.random() < 0.8 else f"{row.input} indeed",
            track="wild" if rng.random() < 0.7 else "edge",
        )
        for row in rows[: int(rng.integers(5, 25))]
    ]
    by = ("verified:legal", "inherited:seed.x", "rule:delay", None)
    cases += [
        make_case(
            id=f"{pool}.any.{at:03}",
            pool=pool,
            technique=pool,
            input=text,
            expected=None if (who := by[int(rng.integers(4))]) is None else "refund",
            expected_by=who,
            lineage=Lineage(pool=pool),
        )
        for pool in ("golden", "prompted")
        for at, text in enumerate(drawn(int(rng.integers(1e6)), int(rng.integers(4, 20))))
    ]
    return cases, rows  # type: ignore[return-value]


def _is(case: Case, *techniques: str) -> bool:
    return case.candidate.technique in techniques


def _texts(cases: Sequence[Case]) -> list[str]:
    return [str(case.candidate.input) for case in cases]


def _unchanged(case: Case, rows: Sequence[object]) -> bool:
    same = {row.key: row.input for row in rows}  # type: ignore[attr-defined]
    return not case.candidate.edited and same[case.id.split(".")[-1]] == case.candidate.input


def _verified(cases: Sequence[Case]) -> float:
    answered = [case for case in cases if case.candidate.expected is not None]
    return sum((case.candidate.expected_by or "").startswith("verified:") for case in answered) / len(answered)


def _overlapping(cases: Sequence[Case], training: Texts, technique: str = "prompted") -> int:
    """Equal words, thirteen words in a row, or a cosine of 0.90 of clipped counts where both have eight words."""

    def grams(text: str) -> set[tuple[str, ...]]:
        words = other.words_of(text)
        return {tuple(words[at : at + 13]) for at in range(len(words) - 12)}

    long = [text for text in training if len(other.words_of(text)) >= 8]
    found = 0
    for text in _texts([case for case in cases if _is(case, technique)]):
        equal = any(other.words_of(text) == other.words_of(one) for one in training)
        shared = any(grams(text) & grams(one) for one in training)
        near = len(other.words_of(text)) >= 8 and bool((other.hashed(long) @ other.hashed([text])[0] >= 0.90).any())
        found += equal or shared or near
    return found


TRAINING = drawn(77, 20)
# One line a measure of a whole set: what it should give on cases and rows.
SETS: dict[str, Callable[[Sequence[Case], Sequence[object]], float]] = {
    "cases": lambda cases, rows: len(cases),
    "edited_seeds": lambda cases, rows: sum(
        not _unchanged(case, rows) for case in cases if _is(case, "seed") and case.candidate.track == "wild"
    ),
    "golden_share": lambda cases, rows: float(np.mean([_is(case, "golden") for case in cases])),
    "real_share": lambda cases, rows: float(np.mean([_is(case, "seed") and _unchanged(case, rows) for case in cases])),
    "seeds": lambda cases, rows: len(
        {" ".join(one.lower().split()) for one in _texts([c for c in cases if _is(c, "seed")])}
    ),
    "share": lambda cases, rows: 1.0,  # a slice that is the whole set
    "training_overlap": lambda cases, rows: _overlapping(cases, TRAINING),
    "verified_share": lambda cases, rows: _verified(cases),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", sorted(SETS))
def test_a_count_of_a_set_is_that_of_a_plain_loop(name: str, seed: int) -> None:
    cases, rows = whole_set(np.random.default_rng(seed))
    cases += [
        make_case(id=f"prompted.known.{at}", input=text.upper(), expected=None, expected_by=None)
        for at, text in enumerate(TRAINING[:3])
    ]
    spec = make_spec(sources=(*make_spec().sources, Source(name="training", kind="training", path="t.jsonl")))
    firewall = Firewall.of({"training": tuple(digest_training(text, 13) for text in TRAINING)}, spec)
    scope = make_scope(cases=cases, rows=rows, spec=spec, facts=MeasureFacts(firewall=firewall))  # type: ignore[arg-type]

    assert run(name, scope).value == pytest.approx(SETS[name](cases, rows), abs=1e-6)


def many(name: str, scope: Scope) -> tuple[Measurement, ...]:
    """Take a measure that gives several figures."""
    found = CATALOG.get("measure", name).function(scope)
    return found if isinstance(found, tuple) else (found,)


def check_survival() -> None:
    """Wilson's interval and Fisher's test by scipy, Holm's correction by its definition."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        kept, fixed, dropped = (rng.integers(1, 30, size=4) for _ in range(3))
        rows = [Survival(slice="", level="", kept=int(kept.sum()), fixed=int(fixed.sum()), dropped=int(dropped.sum()))]
        rows += [
            Survival(slice="user", level=f"l{at}", kept=int(kept[at]), fixed=int(fixed[at]), dropped=int(dropped[at]))
            for at in range(4)
        ]
        found = {
            one.slice: one
            for one in many(
                "survival", make_scope(facts=MeasureFacts(reviewed=Reviewed(approved=(), survival=tuple(rows))))
            )
        }
        live, all_ = kept + fixed, kept + fixed + dropped
        interval = binomtest(int(live.sum()), int(all_.sum())).proportion_ci(method="wilson")
        assert found["all"].value == pytest.approx(live.sum() / all_.sum(), abs=1e-6)
        assert found["all"].interval == pytest.approx((interval.low, interval.high), abs=1e-5)
        raw = [
            fisher_exact([[live[at], dropped[at]], [live.sum() - live[at], dropped.sum() - dropped[at]]]).pvalue
            for at in range(4)
        ]
        order, reached = np.argsort(raw), 0.0
        for place, at in enumerate(order):
            reached = max(reached, min(1.0, (4 - place) * raw[at]))
            assert found[f"user=l{at}"].p == pytest.approx(reached, rel=1e-5)


def check_agreement() -> None:
    """Kappa by scikit-learn; alpha from its definition, over all pairs of ratings."""
    rng = np.random.default_rng(4)
    for raters in (2, 3):
        units = [
            tuple(str(one) for one in rng.choice(["a", "b", "c"], size=raters, p=[0.6, 0.3, 0.1])) for _ in range(60)
        ]
        rows = [make_seed(at, votes=unit) for at, unit in enumerate(units, start=1)]
        found = many("agreement", make_scope(rows=rows))[0]
        same = [left == right for unit in units for left, right in combinations(unit, 2)]
        assert found.value == pytest.approx(np.mean(same), abs=1e-6)
        if raters == 2:
            want = cohen_kappa_score([unit[0] for unit in units], [unit[1] for unit in units])
            assert found.detail["kappa"] == pytest.approx(want, abs=1e-6)
        else:
            ratings = [one for unit in units for one in unit]
            chance = np.mean([left != right for left, right in combinations(ratings, 2)])
            assert found.detail["alpha"] == pytest.approx(1 - (1 - np.mean(same)) / chance, abs=1e-6)


def check_related_judges() -> None:
    """The jurors that stand in a relation with generator or subject, over all."""
    spec = make_spec(roles=Roles(jury=("one", "two", "three", "four"), subject=("bot",)))
    related = tuple(
        Related(left=left, right=right, how="same family")
        for left, right in (("jury one", "subject bot"), ("generator writer", "jury three"), ("jury two", "jury four"))
    )
    assert run("related_judges", make_scope(spec=spec, facts=MeasureFacts(related=related))).value == 2 / 4


def check_age() -> None:
    """Days by NumPy's calendar."""
    rng = np.random.default_rng(6)
    times = [str(np.datetime64("2025-01-01") + int(days)) for days in rng.integers(0, 400, size=9)]
    rows = [make_seed(at, time=time) for at, time in enumerate(times, start=1)]
    line = Decision(case="prompted.new.delay.01", digest="d", verdict="keep", reviewer="ann", date="2026-02-01")
    facts = MeasureFacts(today="2026-03-01", ledger=Ledger(decisions=(line,)))
    found = run("age", make_scope(cases=[*map(seed_case, rows), make_case()], rows=rows, facts=facts))
    days = np.sort(np.datetime64("2026-03-01") - np.array([*times, "2026-02-01"], dtype="datetime64[D]")).astype(int)
    assert (found.value, found.detail["median"]) == (days[0], days[(len(days) - 1) // 2])


def check_near_duplicates() -> None:
    """Slips made by hand among random texts are found, and no pair that a loop over all pairs does not find."""
    texts = ["where is the refund for my blue jacket", "please send the invoice for april", *drawn(9, 25)]
    slips = [texts[0].replace("refund", "refnud"), f"hi {texts[1]} thanks", texts[0].replace("blue", "green")]
    named = {f"prompted.new.delay.{at:02}": text for at, text in enumerate([*texts, *slips])}
    cases = [make_case(id=id, input=text) for id, text in named.items()]
    found = run("near_duplicates", make_scope(cases=cases))
    pairs = {tuple(pair[:2]) for pair in found.detail["pairs"]}  # type: ignore[attr-defined]
    made = {("prompted.new.delay.00", "prompted.new.delay.27"), ("prompted.new.delay.01", "prompted.new.delay.28")}
    assert made <= pairs
    cosines = other.hashed(list(named.values())) @ other.hashed(list(named.values())).T
    places = {id: at for at, id in enumerate(named)}
    for left, right in pairs:
        words = [sorted(other.words_of(named[id])) for id in (left, right)]
        assert words[0] == words[1] or cosines[places[left], places[right]] >= 0.85


def check_tell_tale() -> None:
    """The words named have the largest z, computed word by word, and none is named where there is one source."""
    assert run("tell_tale", make_scope(*two_sides("same", 4))).value == 0
    for seed in (1, 2, 3):
        pool, seeds = two_sides("greeted", seed)
        found = run("tell_tale", make_scope(pool, seeds))
        named = found.detail["words"]
        scores = other.log_odds(pool, seeds)
        largest = sorted(scores.values(), reverse=True)[: len(named)]  # type: ignore[arg-type]
        assert named == {word: pytest.approx(scores[word], rel=SIX_DIGITS) for word in named}  # type: ignore[attr-defined]
        assert sorted(scores[word] for word in named) == pytest.approx(sorted(largest))  # type: ignore[attr-defined]
        assert "would" in named  # type: ignore[operator]  # two of its three openers have it, no seed has


def check_novelty() -> None:
    """Attacks that a plain loop over the rules finds in no list, over all attacks."""
    listed = drawn(51, 20)
    texts = [*drawn(52, 25), listed[0], listed[1].upper(), *(f"{text} ok" for text in listed[2:9])]
    cases = [
        make_case(id=f"redteam.a.{at:02}", pool="redteam", technique="redteam", input=one)
        for at, one in enumerate(texts)
    ]
    spec = make_spec(sources=(*make_spec().sources, Source(name="lists", kind="known", path="k.jsonl")))
    known = Firewall.of({"lists": tuple(digest_training(text, 13) for text in listed)}, spec, known=True)
    found = run("novelty", make_scope(cases=[*cases, make_case()], spec=spec, facts=MeasureFacts(known=known)))
    assert found.value == pytest.approx(1 - _overlapping(cases, listed, "redteam") / len(cases), rel=SIX_DIGITS)
    assert 0 < (found.value or 0) < 1


def check_trained_by_meaning() -> None:
    """Cases at a cosine of 0.92 or more to a text that was trained on, or that everybody has, by all cosines."""
    texts, listed = drawn(61, 40), drawn(62, 30)
    texts = [*texts, *(" ".join(text.split()[::-1]) for text in listed[:7])]  # the same words the other way round
    rows = meant(listed)
    unit = [
        one.astype(float) / np.linalg.norm(one.astype(float), axis=1, keepdims=True) for one in (meant(texts), rows)
    ]
    near = int(((unit[0] @ unit[1].T).max(axis=1) >= 0.92).sum())
    spec = make_spec(screen=Screening(seed_far=1.0, embedder="minilm"))
    spec = replace(
        spec, sources=(*spec.sources, *(Source(name=one, kind=one, path=one) for one in ("training", "known")))
    )
    held = Digested(bound=0.92, rows=rows, names=[f"{at:016x}" for at in range(len(rows))])
    index = Firewall.of({}, spec)
    facts = MeasureFacts(embed=meant, firewall=index, known=index, digested={"training": held, "known": held})
    cases = [
        make_case(id=f"redteam.a.{at:02}", pool="redteam", technique="redteam", input=one)
        for at, one in enumerate(texts)
    ]
    scope = replace(make_scope(cases=cases, rows=[make_seed()], spec=spec, facts=facts), space="minilm")

    assert run("training_overlap", scope).value == near >= 7
    assert run("novelty", scope).value == pytest.approx(1 - near / len(cases), rel=FOUR_DIGITS)


def check_same_meaning() -> None:
    """Pairs at a cosine of 0.92 or more by a loop over all of them; as many seeds by their share of pairs."""
    made, real = drawn(21, 45), drawn(22, 38)
    # The same words the other way round mean the same to these rows, and are no noise.
    made, real = (
        [*texts, *(" ".join(text.split()[::-1]) for text in texts[:turned])] for texts, turned in ((made, 6), (real, 4))
    )
    spec = make_spec(screen=Screening(seed_far=1.0, embedder="minilm"))
    cases = [make_case(id=f"prompted.new.delay.{at:02}", input=text) for at, text in enumerate(made)]
    rows = [make_seed(at, input=text) for at, text in enumerate(real, start=1)]
    found = run("same_meaning", make_scope(cases=cases, rows=rows, spec=spec, facts=MeasureFacts(embed=meant)))

    def share(texts: Texts) -> float:
        unit = other.unit(meant(texts).astype(np.float64))
        return float(np.mean([left @ right >= 0.92 for left, right in combinations(unit, 2)]))

    pairs = len(made) * (len(made) - 1) / 2
    assert found.value == round(share(made) * pairs) and found.value > 0
    assert found.baseline == pytest.approx(share(real) * pairs, rel=FOUR_DIGITS)
    silent = run("same_meaning", make_scope(cases=cases))
    assert silent.value is None and (silent.note or "").startswith("not measured")


def check_absent_labels() -> None:
    """Labels that no case has, by a loop; the chance of it by scipy, corrected by Holm's definition."""
    rng = np.random.default_rng(8)
    for _ in range(5):
        intents = [str(one) for one in rng.choice(["a", "b", "c", "d"], size=120, p=[0.5, 0.25, 0.2, 0.05])]
        rows = [make_seed(at, expected=None, metadata={"intent": one}) for at, one in enumerate(intents, start=1)]
        cases = [seed_case(row, metadata=row.metadata, expected=None) for row in rows if row.metadata["intent"] in "ab"]
        cases = cases[: int(rng.integers(3, 40))]
        have = {case.candidate.metadata["intent"] for case in cases}
        counts = Counter(intents)
        labels = sorted(one for one, count in counts.items() if count > 1)
        raw = [1.0 if one in have else hypergeom.pmf(0, 120 + len(cases), counts[one], len(cases)) for one in labels]
        want = {f"intent={one}": p for one, p in zip(labels, other.holm_of(raw), strict=True) if one not in have}
        scope = replace(make_scope(cases=cases, rows=rows, label="all"), of="production")
        found = run("absent_labels", scope)
        assert found.value == sum(p <= 0.05 for p in want.values())
        assert {name: p for name, (_, _, p) in found.detail["labels"].items()} == pytest.approx(want, rel=1e-5)  # type: ignore[attr-defined]


def check_saturation() -> None:
    """The rule by a loop over all pairs of words, for a pool; cells are tried in tests/stages/test_gaps.py."""
    for seed in range(5):
        pool = [text for text in drawn(300 + seed, 40) if len(other.words_of(text)) > 1]
        (found,) = many("saturation", make_scope(pool, drawn(400 + seed, 30)))
        assert found.value == pytest.approx(other.held_already(pool), rel=1e-5)


def check_thin_regions() -> None:
    """Of what was clustered: counts by hand, the chance by scipy, Holm by definition; places by all cosines."""
    source, cases = drawn(31, 60), drawn(32, 70, ("Hello, ", "Hello, I want to "))
    for vectors in (other.hashed, lambda texts: other.unit(meant(texts).astype(np.float64))):
        both = vectors([*source, *cases])
        found = regions(both @ both.T, 60, [str(at) for at in range(70)])
        members = [[*one.source, *(60 + at for at in one.cases)] for one in found]
        middles = other.unit(np.array([both[rows].sum(axis=0) for rows in members]))
        for at, rows in enumerate(members):
            cosines = both[rows] @ middles.T
            assert (cosines[:, at] >= cosines.max(axis=1) - 1e-8).all()
        raw = [hypergeom.cdf(len(one.cases), 130, len(one.source) + len(one.cases), 70) for one in found]
        assert [one.p for one in found] == pytest.approx(other.holm_of(raw), rel=1e-6)
    for space in ("lexical", "minilm"):
        scope = replace(beside(cases, source, space), of="production")
        told = run("thin_regions", scope)
        assert told.value == len(told.detail["thin"])  # type: ignore[arg-type]


# One line a measure that has several figures, or facts of its own.
MANY: dict[str, Callable[[], None]] = {
    "absent_labels": check_absent_labels,
    "age": check_age,
    "agreement": check_agreement,
    "near_duplicates": check_near_duplicates,
    "novelty": check_novelty,
    "related_judges": check_related_judges,
    "same_meaning": check_same_meaning,
    "saturation": check_saturation,
    "survival": check_survival,
    "tell_tale": check_tell_tale,
    "thin_regions": check_thin_regions,
    "training_overlap": check_trained_by_meaning,
}


@pytest.mark.parametrize("name", sorted(MANY))
def test_what_people_and_models_decided_is_counted_as_elsewhere(name: str) -> None:
    MANY[name]()


@pytest.mark.parametrize("name", CATALOG.names("measure"))
def test_every_measure_has_an_independent_check(name: str) -> None:
    """Add a line above for a new measure, and for each of its spaces: its value computed in another way."""
    spaces = CATALOG.get("measure", name).traits.get("spaces") or ()
    checked = {space for one, space in SIDES if one == name}
    assert checked >= set(spaces) or name in MANY, f"`{name}` has a space without a check"
    assert name in {one for one, _ in SIDES} | SETS.keys() | MANY.keys(), f"`{name}` is checked against nothing"
