"""The p of a shift in single precision is the one of double precision, and sums of rows are those of dense rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sides import plain_texts

from evalspec.stats import exchange, spaces
from evalspec.stats.comparison import Comparison, Item
from evalspec.stats.exchange import exchange_p
from evalspec.stats.neighbours import Neighbours, covered
from evalspec.stats.permutation import p_value
from evalspec.stats.spaces import apart, mmd_interval
from evalspec.text.meaning import meanings
from evalspec.text.rows import Rows, steps_of
from evalspec.text.vectors import best_cosines, best_of_both, nearest_others, vectorize

LINES = st.lists(st.text("ab cd", max_size=14), min_size=3, max_size=12)


def sides(pool: list[str], seeds: list[str], families: list[str] | None = None, draws: int = 199) -> Comparison:
    names = families or [f"c{at}" for at in range(len(pool))]
    return Comparison(
        pool=tuple(
            Item(id=f"c{at}", turns=(text,), family=name)
            for at, (text, name) in enumerate(zip(pool, names, strict=True))
        ),
        seeds=tuple(Item(id=f"s{at}", turns=(text,), family=f"s{at}") for at, text in enumerate(seeds)),
        key="sides",
        draws=draws,
    )


def in_double(both: Comparison, vectors: Rows, seen: float) -> float:
    drawn = [one.mmd for block in both.labels for one in apart(vectors, block)]
    return p_value(seen, np.array(drawn))


def summed_again(both: Comparison, vectors: Rows, seen: float, monkeypatch: pytest.MonkeyPatch) -> tuple[float, int]:
    counted = []

    def counting(rows: Rows, labels: np.ndarray) -> object:
        counted.append(len(labels))
        return apart(rows, labels)

    monkeypatch.setattr(exchange, "apart", counting)
    return exchange_p(both, vectors, seen), sum(counted)


@pytest.fixture(params=[2, 10**9], ids=["products", "sums"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to the distances, whatever the number of texts."""
    monkeypatch.setattr(exchange, "_FEW", request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("quantile", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_p_is_that_of_double_precision_wherever_the_figure_lies(quantile: float) -> None:
    """Also when what was seen is a draw's own figure, so that equal and larger must be told apart."""
    both = sides(plain_texts(90, "left"), plain_texts(70, "right"))
    drawn = sorted(one.mmd for block in both.labels for one in apart(both.vectors, block))
    seen = drawn[int(quantile * (len(drawn) - 1))]

    assert exchange_p(both, both.vectors, seen) == in_double(both, both.vectors, seen)


@pytest.mark.usefixtures("way")
@given(LINES, LINES, st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_p_is_that_of_double_precision_for_any_texts_and_families(
    pool: list[str], seeds: list[str], data: st.DataObject
) -> None:
    """Texts without n-grams, equal texts, and draws that leave one text on a side."""
    both = sides(pool, seeds, data.draw(st.lists(st.sampled_from("xyz"), min_size=len(pool), max_size=len(pool))), 64)
    seen = apart(both.vectors, both.truth)[0].mmd

    assert exchange_p(both, both.vectors, seen) == in_double(both, both.vectors, seen)


@pytest.mark.usefixtures("way")
def test_few_draws_are_summed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a quick look would buy nothing."""
    left, right = plain_texts(300, "left"), [f"Dear team, {text}" for text in plain_texts(300, "right")]
    both = sides(left, right)
    seen = apart(both.vectors, both.truth)[0].mmd
    p, again = summed_again(both, both.vectors, seen, monkeypatch)

    assert (p, again) == (0.005, 0)
    assert summed_again(both, both.vectors, 0.0, monkeypatch)[1] < 20


def test_p_in_a_space_of_meaning_is_that_of_double_precision() -> None:
    rows = np.random.Generator(np.random.PCG64(3)).integers(-60, 60, size=(70, 24)).astype(np.int8)
    both = sides(plain_texts(40, "left"), plain_texts(30, "right"))
    seen = apart(meanings(rows), both.truth)[0].mmd

    assert exchange_p(both, meanings(rows), seen) == in_double(both, meanings(rows), seen)


@given(LINES, st.data())
@settings(deadline=None, max_examples=40)
def test_sums_of_rows_are_those_of_dense_rows(texts: list[str], data: st.DataObject) -> None:
    lexical = vectorize(texts)
    whole = np.array(data.draw(st.lists(st.lists(st.integers(-9, 9), min_size=5, max_size=5), min_size=1)))
    for rows in (lexical, meanings(whole.astype(np.int8))):
        unit = rows.unit()
        weights, direction = np.linspace(-1, 2, len(rows)), np.linspace(1, 3, rows.width)

        assert rows.weighted(weights) == pytest.approx(weights @ unit, abs=1e-12)
        assert rows.along(direction) == pytest.approx(unit @ direction, abs=1e-11)


@given(LINES, st.data(), st.sampled_from([100, 2**12, 2**24 - 2048]))
@settings(deadline=None, max_examples=40)
def test_sums_on_a_grid_are_exact_in_single_precision_and_off_by_what_is_said(
    texts: list[str], data: st.DataObject, most: int
) -> None:
    whole = np.array(data.draw(st.lists(st.lists(st.integers(-9, 9), min_size=5, max_size=5), min_size=1)))
    for rows in (vectorize(texts), meanings(whole.astype(np.int8))):
        near, moved = rows.on_grid(most)
        unit, chosen = rows.unit(), np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
        counts = near / steps_of(np.abs(unit).sum(axis=0), most)  # by powers of two: exact

        assert (counts == np.rint(counts)).all()
        assert (np.abs(counts).sum(axis=0) < 2**24).all()
        assert (np.abs(chosen @ unit - chosen @ near.astype(np.float64)) <= moved + 1e-14).all()


def test_sums_in_single_precision_are_those_of_double_to_the_last_bit() -> None:
    """In blocks of two thousand texts, with whatever BLAS: what the p's exactness rests on."""
    texts = [f"{one} {at}" for at, one in enumerate(plain_texts(2500, "many"))]
    rows = vectorize(texts).take(range(2048))
    near, _ = rows.on_grid((1 << 24) - 2048)
    labels = np.random.Generator(np.random.PCG64(4)).integers(0, 2, size=(40, 2048))

    assert (labels.astype(np.float32) @ near == labels.astype(np.float64) @ near.astype(np.float64)).all()


@given(LINES, st.data())
@settings(deadline=None, max_examples=40)
def test_the_interval_leaves_out_one_family_at_a_time(texts: list[str], data: st.DataObject) -> None:
    """Against the definition: the figure itself without each family's texts."""
    names = data.draw(st.lists(st.sampled_from("vwxyz"), min_size=len(texts), max_size=len(texts)))
    both = sides(texts, plain_texts(6, "seeds"), names)
    found = mmd_interval(both, both.vectors)
    families = [(True, name) for name in sorted(set(names))] + [(False, f"s{at}") for at in range(6)]
    if len(set(names)) < 3 or max(names.count(name) for name in names) > len(texts) - 2:
        return
    without = []
    for in_pool, name in families:
        kept = [at for at, family in enumerate(both.families) if (at < len(texts)) is not in_pool or family != name]
        labels = np.array([[at < len(texts) for at in kept]])
        without.append(apart(both.vectors.take(kept), labels)[0].mmd)
    spread = np.array(without)
    error = 1.959963984540054 * np.sqrt((len(spread) - 1) / len(spread) * ((spread - spread.mean()) ** 2).sum())
    seen = apart(both.vectors, both.truth)[0].mmd

    assert found == pytest.approx((seen - error, seen + error), abs=1e-9)


def test_many_large_families_are_left_out_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = plain_texts(60, "many")
    both = sides(texts, plain_texts(30, "seeds"), [f"f{at % 17}" for at in range(60)])
    whole = mmd_interval(both, both.vectors)
    monkeypatch.setattr(spaces, "_ROWS", 5)

    assert mmd_interval(both, both.vectors) == pytest.approx(whole, abs=1e-12)


@given(LINES, LINES)
@settings(deadline=None, max_examples=40)
def test_best_of_both_is_what_each_side_gives_to_the_last_bit(left: list[str], right: list[str]) -> None:
    lefts, rights = vectorize(left), vectorize(right)
    forth, back = best_of_both(lefts, rights)

    assert (forth == best_cosines(lefts, rights)).all()
    assert (back == best_cosines(rights, lefts)).all()


def test_neighbours_are_the_same_asked_once_or_often(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = tuple(plain_texts(50, "own"))
    vectors, neighbours = vectorize(texts), Neighbours()
    nearest = neighbours.own(("lexical", texts), vectors, 1)

    assert (nearest == nearest_others(vectors)).all()
    monkeypatch.setattr("evalspec.stats.neighbours.KEPT", 3)
    for rank in (1, 2, 3, 4, 49):
        fresh = Neighbours().own(("lexical", texts), vectors, rank)
        assert (fresh == neighbours.own(("lexical", texts), vectors, rank)).all()
    cases = vectorize(plain_texts(40, "cases"))
    assert covered(vectors, cases)[0].tolist() == covered(vectors, cases.take(range(39, -1, -1)))[0].tolist()
