"""Measures of a pool beside the seeds: definitions, independent references, and what each is blind to."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import comb
from scipy.stats import binomtest
from sides import make_scope, plain_texts, run

from evalspec.catalog import load_catalog
from evalspec.catalog.measures.rawness import is_open_ended, starts_lower
from evalspec.stats.neighbours import covered, neighbour_rank
from evalspec.stats.richness import collision, expected_distinct, term_hits
from evalspec.stats.spaces import apart, mmd_interval, moved
from evalspec.text.tokens import tokens
from evalspec.text.vectors import cosine_matrix, vectorize

SEEDS = plain_texts(40, "seeds")
CASES = plain_texts(36, "cases")
GREETED = [f"Hello! I would like assistance with {text}." for text in CASES]
MEASURES = [
    member.name
    for member in load_catalog().all("measure")
    if member.traits.get("per") in ("comparison", "terms", "source")
]


@pytest.mark.parametrize("name", MEASURES)
def test_the_order_of_texts_changes_no_value(name: str) -> None:
    terms = ("refund", "money back")
    there = run(name, make_scope(CASES, SEEDS, terms=terms, space="lexical"))
    back = run(name, make_scope(CASES[::-1], SEEDS[::-1], terms=terms, space="lexical"))

    assert there.value == back.value
    assert there.baseline == back.baseline


@given(st.lists(st.integers(1, 8), min_size=1, max_size=10), st.data())
def test_rarefaction_is_the_expectation_over_all_draws(counts: list[int], data: st.DataObject) -> None:
    total = sum(counts)
    size = data.draw(st.integers(0, total))
    expected = sum(1 - comb(total - count, size, exact=True) / comb(total, size, exact=True) for count in counts)

    assert expected_distinct(counts, size) == pytest.approx(expected, abs=1e-9)


def test_distinct_words_are_compared_at_equal_totals() -> None:
    found = run("distinct_1", make_scope(["a b c d"], ["a a a a a a a a"]))

    assert (found.value, found.baseline, found.detail["at"]) == (1.0, 0.25, 4)


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=12))
def test_collision_is_the_share_of_equal_pairs(things: list[str]) -> None:
    pairs = [left == right for left, right in combinations(things, 2)]

    assert collision(things) == pytest.approx(sum(pairs) / len(pairs))


def test_spread_is_the_ratio_of_mean_pairwise_distances() -> None:
    both = make_scope(CASES, SEEDS).comparison

    def mean(texts: list[str]) -> float:
        vectors = vectorize(texts)
        cosines = cosine_matrix(vectors, vectors)
        return float(1 - (cosines.sum() - len(texts)) / (len(texts) * (len(texts) - 1)))

    assert run("spread", make_scope(CASES, SEEDS)).value == pytest.approx(mean(CASES) / mean(SEEDS), abs=1e-6)
    assert apart(both.vectors, both.truth)[0].pool == pytest.approx(mean(CASES))


def test_a_writer_that_repeats_itself_has_little_spread() -> None:
    collapsed = [CASES[at % 3] + f" {at}" for at in range(36)]

    assert (run("spread", make_scope(collapsed, SEEDS)).value or 1) < 0.85


def test_shift_is_the_unbiased_squared_distance_with_its_p() -> None:
    vectors = vectorize([*CASES, *SEEDS])
    cosines, split = cosine_matrix(vectors, vectors), len(CASES)
    inside = [cosines[:split, :split], cosines[split:, split:]]
    means = [(block.sum() - len(block)) / (len(block) * (len(block) - 1)) for block in inside]
    found = run("shift", make_scope(CASES, SEEDS, space="lexical"))

    assert found.value == pytest.approx(sum(means) - 2 * cosines[:split, split:].mean(), abs=1e-6)
    assert found.p is not None and found.p > 0.05


def test_shift_sees_another_writer() -> None:
    lexical, js = (run("shift", make_scope(GREETED, SEEDS, space=space)) for space in ("lexical", "js"))

    assert lexical.p == js.p == 0.005
    assert lexical.detail["effect"] > 0.01  # type: ignore[operator]


def test_the_interval_of_shift_is_the_jackknife() -> None:
    """Leaving out each text in turn and measuring anew."""
    both = make_scope(CASES[:8], SEEDS[:9]).comparison

    def mmd(cases: list[str], seeds: list[str]) -> float:
        left = make_scope(cases, seeds).comparison
        return apart(left.vectors, left.truth)[0].mmd

    values = [mmd(CASES[:8][:at] + CASES[:8][at + 1 :], SEEDS[:9]) for at in range(8)]
    values += [mmd(CASES[:8], SEEDS[:9][:at] + SEEDS[:9][at + 1 :]) for at in range(9)]
    error = math.sqrt(16 / 17 * sum((one - np.mean(values)) ** 2 for one in values))
    seen = mmd(CASES[:8], SEEDS[:9])

    assert mmd_interval(both, both.vectors) == pytest.approx(
        (seen - 1.959964 * error, seen + 1.959964 * error), abs=1e-6
    )


def test_what_moved_since_the_base_is_the_difference_of_two_shifts() -> None:
    old, new, seeds = SEEDS[:15], GREETED[:12], SEEDS[15:]

    def mmd(cases: list[str]) -> float:
        both = make_scope(cases, seeds).comparison
        return apart(both.vectors, both.truth)[0].mmd

    vectors = vectorize([*new, *old])
    labels = (np.arange(27) < 12)[None, :]

    assert moved(vectors, labels, vectorize(seeds))[0] == pytest.approx(mmd(new) - mmd(old), abs=1e-9)


def test_jensen_shannon_is_that_of_scipy() -> None:
    counts = [Counter(word for text in texts for word in tokens(text)) for texts in (CASES, SEEDS)]
    names = sorted(counts[0] | counts[1])
    left, right = ([side[name] for name in names] for side in counts)

    assert run("shift", make_scope(CASES, SEEDS, space="js")).value == pytest.approx(
        jensenshannon(left, right, base=2) ** 2, abs=1e-6
    )


@pytest.mark.parametrize(
    ("n", "m", "rank"),
    [(50, 50, 5), (50, 200, 2), (184, 40, 15), (184, 60, 11), (184, 200, 5), (1000, 200, 17), (10000, 10000, 5)],
)
def test_the_neighbour_rank_is_the_least_that_misses_a_twentieth(n: int, m: int, rank: int) -> None:
    found, expected = neighbour_rank(n, m)
    miss = comb(n - 1, rank, exact=True) / comb(n - 1 + m, rank, exact=True)

    assert found == rank
    assert expected == pytest.approx(1 - miss)
    assert miss <= 0.05 < comb(n - 1, rank - 1, exact=True) / comb(n - 1 + m, rank - 1, exact=True)


def test_coverage_is_that_of_brute_force() -> None:
    source, cases = vectorize(SEEDS), vectorize(GREETED)
    flags, rank, _ = covered(source, cases)
    inside, across = cosine_matrix(source, source), cosine_matrix(source, cases)
    for row in range(len(SEEDS)):
        others = sorted((inside[row, at] for at in range(len(SEEDS)) if at != row), reverse=True)
        assert bool(flags[row]) == (across[row].max() >= others[rank - 1] - 1e-12)


def test_a_pool_that_holds_the_source_covers_it() -> None:
    assert run("coverage", make_scope(SEEDS, SEEDS, space="lexical")).value == 1.0


def test_far_cases_lie_beyond_what_seeds_are_from_each_other() -> None:
    found = run("seed_distance", make_scope([*SEEDS[:30], "zzz qqq xxx"], SEEDS))

    assert found.detail["cases"] == ["c30"]
    assert found.value == pytest.approx(1 / 31, abs=1e-6)


def test_the_top_term_is_the_word_with_the_largest_lead() -> None:
    found = run("top_term_excess", make_scope(GREETED, SEEDS))

    assert found.value == 1.0
    assert found.p == 0.005
    assert found.detail["term"] == "assistance"  # of several that all cases share, the first by name


def test_masks_are_no_words() -> None:
    found = run("top_term_excess", make_scope([f"XXXX {text}" for text in CASES], SEEDS))

    assert found.detail["term"] != "xxxx"


def test_rates_over_seeds_use_their_weights() -> None:
    scope = make_scope(["a"], ["b", "c"])
    heavy = replace(scope.comparison, seeds=(scope.comparison.seeds[0], replace(scope.comparison.seeds[1], weight=3.0)))
    found = run("mention", replace(scope, comparison=heavy, terms=("c",)))

    assert found.baseline == 0.75


def test_openings_are_counted_on_the_first_turn() -> None:
    found = run("opening_share", make_scope(GREETED, SEEDS))

    assert (found.value, found.detail["opening"], found.p) == (1.0, "hello i would", 0.005)
    assert found.baseline is not None and found.baseline < 0.3


def test_tell_tale_words_name_the_writer_and_spare_the_same_source() -> None:
    assert "assistance" in run("tell_tale", make_scope(GREETED, SEEDS)).detail["words"]  # type: ignore[operator]
    assert run("tell_tale", make_scope(CASES, SEEDS)).value == 0


def test_the_signature_rate_is_a_difference_of_rates() -> None:
    found = run("signature_rate", make_scope(["kindly help"] * 4, ["please help"] * 4))

    assert (found.value, found.baseline) == (500.0, 0.0)


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("refunds were refunded", {0}),
        ("i want my money back", {1}),
        ("money backing", {1}),  # the last word of a term is a prefix
        ("back my money", set()),
        ("charge back the refund", {0, 2}),
        ("a chargeback", {3}),
    ],
)
def test_terms_are_found_longest_first_and_once(text: str, hits: set[int]) -> None:
    terms = [tokens(term) for term in ("refund", "money back", "charge back", "chargeback")]

    assert term_hits(tokens(text), terms) == hits


def test_entropy_is_relative_and_needs_twenty_hits() -> None:
    seeds = ["refund"] * 20 + ["cancel"] * 20
    many = run("entropy", make_scope(["refund"] * 40, seeds, terms=("refund", "cancel")))
    few = run("entropy", make_scope(["refund"] * 10, seeds, terms=("refund", "cancel")))

    assert many.value == -1.0 and many.p == 0.005
    assert few.value == -1.0 and few.p is None and "not known" in (few.note or "")


def test_term_mix_sees_which_term_and_entropy_does_not() -> None:
    """Terms that change places: the entropy stays, the mix does not."""
    seeds, swapped = ["refund"] * 30 + ["cancel"] * 10, ["refund"] * 10 + ["cancel"] * 30
    scope = make_scope(swapped, seeds, terms=("refund", "cancel"))

    assert run("entropy", scope).value == 0.0
    assert run("term_mix", scope).value == 0.5
    assert run("term_mix", scope).p == 0.005


@pytest.mark.parametrize(
    ("text", "lower", "open_end"),
    [
        ("where is it", True, True),
        ("Where is it?", False, False),
        ("4481 is late", True, True),
        ('"Late."', False, False),
        ("late...", True, False),
        ("late :(", True, True),
        ("late. :(", True, False),
        ("明日の天気は？", False, False),
        ("", False, True),
    ],
)
def test_raw_forms_by_example(text: str, lower: bool, open_end: bool) -> None:
    assert (starts_lower(text), is_open_ended(text)) == (lower, open_end)


def test_rawness_is_the_difference_to_the_seeds() -> None:
    found = run("rawness_lower", make_scope(GREETED, SEEDS))

    assert (found.value, found.baseline, found.p) == (-1.0, 1.0, 0.005)
    assert (run("rawness_noise", make_scope(["pls help u"], ["help now please"])).value or 0) > 600


def test_compression_is_told_at_equal_bytes() -> None:
    found = run("compression_ratio", make_scope(["same words again"] * 40, SEEDS))

    assert found.value is not None and found.baseline is not None and found.value > 2 * found.baseline


@given(
    st.lists(st.sampled_from(CASES), min_size=3, max_size=6), st.lists(st.sampled_from(SEEDS), min_size=3, max_size=6)
)
@settings(max_examples=25)
def test_no_measure_falls_over_on_few_or_equal_texts(pool: list[str], seeds: list[str]) -> None:
    for name in MEASURES:
        found = run(name, make_scope(pool, seeds, terms=("refund",), space="lexical"))
        assert found.value is None or math.isfinite(found.value)


def test_a_classifier_cannot_tell_one_source_and_tells_another_writer_by_words() -> None:
    seeds, same = plain_texts(70, "seeds"), plain_texts(140, "cases")[70:]
    alike = run("shift", make_scope(same, seeds, space="c2st"))
    other = run("shift", make_scope([f"Hello! I need assistance: {text}." for text in same], seeds, space="c2st"))

    assert alike.value is not None and 0.3 < alike.value < 0.7
    assert other.value == other.detail["surface_only"] == 1.0
    assert "assistance" in other.detail["words"]  # type: ignore[operator]
    assert run("shift", make_scope(same[:49], seeds, space="c2st")).value is None


def test_a_classifier_of_many_texts_looks_at_those_of_lowest_digest() -> None:
    seeds, cases = plain_texts(520, "seeds"), plain_texts(1030, "cases")[510:]

    assert run("shift", make_scope(cases, seeds, space="c2st")).detail["texts"] == [500, 500]


def test_syntax_is_counted_by_the_frame_of_sentences() -> None:
    """The same frame with other words has no variety; what is not English is not looked at."""
    framed = [f"where is my {text.split()[-1]}{at} for the {at}" for at, text in enumerate(CASES)]
    found = run("syntactic_variety", make_scope(framed, SEEDS, space="shapes"))
    foreign = run("syntactic_variety", make_scope([f"où est {text}" for text in CASES], SEEDS, space="shapes"))

    assert found.value is not None and found.baseline is not None and found.value < 0.1 < found.baseline
    assert found.detail["tagger"] == "function words 1"
    assert foreign.value is None and "English" in (foreign.note or "")


def test_parts_of_speech_are_never_missing_in_silence() -> None:
    found = run("syntactic_variety", make_scope(CASES, SEEDS, space="pattern"))

    assert found.value is None and "evalspec[lang]" in (found.note or "")


def test_a_further_case_is_held_against_what_as_many_seeds_hold() -> None:
    parrot = [f"where is my parcel number {at}" for at in range(12)]
    scope = make_scope(parrot, SEEDS)
    member = load_catalog().get("measure", "saturation")
    (found,) = member.function(replace(scope, measure="saturation"))

    assert found.value > 0.75 > 0.6 > found.baseline > 0.4
    assert found.interval is None  # of twelve cases it would hold too few truths
    assert found.detail["new_pairs"] == pytest.approx((1 - found.value) * 5, abs=1e-4)


def test_the_interval_of_entropy_leaves_out_one_family_at_a_time() -> None:
    terms = ("refund", "cancel", "return")
    pool, seeds = ["refund"] * 9 + ["cancel"] * 4 + ["return"], ["refund"] * 6 + ["cancel"] * 5 + ["return"] * 3
    found = run("entropy", make_scope(pool, seeds, terms=terms))

    def bits(texts: list[str]) -> float:
        return -sum(count / len(texts) * math.log2(count / len(texts)) for count in Counter(texts).values())

    spread = 0.0
    for side in (pool, seeds):
        logs = [math.log(bits(side[:at] + side[at + 1 :])) for at in range(len(side))]
        mean = sum(logs) / len(logs)
        spread += (len(logs) - 1) / len(logs) * sum((one - mean) ** 2 for one in logs)
    ratio, width = bits(pool) / bits(seeds), math.exp(1.959964 * math.sqrt(spread))

    assert found.interval == pytest.approx((ratio / width - 1, ratio * width - 1), abs=1e-5)


def test_the_interval_of_a_weighted_rate_is_around_that_rate() -> None:
    """Thirty cases that stand for five times as many rows: ten of weight nine ask, the others of weight one do not."""
    scope = make_scope(["refund please"] * 10 + ["where is it"] * 20, SEEDS, terms=("refund",))
    pool = tuple(replace(one, weight=9.0 if at < 10 else 1.0) for at, one in enumerate(scope.comparison.pool))
    weighed = run("mention", replace(scope, comparison=replace(scope.comparison, pool=pool)))
    plain = run("mention", scope)

    assert plain.interval == pytest.approx(tuple(binomtest(10, 30).proportion_ci(method="wilson")), abs=1e-5)
    assert weighed.value == pytest.approx(90 / 110, abs=1e-5) and weighed.interval is not None
    low, high = weighed.interval
    size, z2 = 110**2 / (10 * 81 + 20), 1.959964**2  # Kish; both ends solve Wilson's equation at that size
    for end in (low, high):
        assert (90 / 110 - end) ** 2 == pytest.approx(z2 * end * (1 - end) / size, rel=1e-4)
    assert low < 90 / 110 < high < 1


def test_leads_and_openings_are_told_with_their_shares() -> None:
    words = run("top_term_excess", make_scope(GREETED, SEEDS)).detail["leads"]
    openings = run("opening_share", make_scope(GREETED, SEEDS)).detail["openings"]

    assert words["assistance"] == [1.0, 0.0]  # type: ignore[index, call-overload]
    assert openings == {"hello i would": [1.0, 0.0]}
    assert run("signature_rate", make_scope(GREETED, SEEDS)).detail["learned"]
