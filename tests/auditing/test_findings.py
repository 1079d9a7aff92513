"""What an audit finds: each figure on a set in which it can be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.auditing.balance import labels, places
from evalspec.auditing.copies import copied, copies
from evalspec.auditing.fields import Told, classifier
from evalspec.auditing.people import answered, percent, pools_of, said_origin, verified
from evalspec.auditing.repeats import contradictions, duplicates, lowest
from evalspec.model.audit import AuditFields, AuditFile, AuditPool, AuditRow, Origin

CLASSIFY = classifier(Told(), lambda name: False)


def quiet(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def shown(text: str, among: Sequence[AuditRow]) -> bool:
    """Show every text."""
    return True


def row(line: int, text: str = "", **more: object) -> AuditRow:
    return AuditRow(line=line, turns=(text or f"Request number {line} about parcel {line}",), **more)  # type: ignore[arg-type]


def file(rows: Sequence[AuditRow], **columns: str) -> AuditFile:
    return AuditFile(
        name="set.jsonl",
        form="JSONL",
        fields=AuditFields(text="ask", **columns),  # type: ignore[arg-type]  # columns are texts here
        rows=tuple(rows),
    )


def test_nobody_said_is_not_called_synthetic() -> None:
    """Without a column that says it, the share of people is open, whatever the texts look like."""
    found = said_origin(file([row(1, "As an AI language model I delve into it."), row(2)]), CLASSIFY, None)

    assert found.status == "warning"
    assert found.words.startswith("nobody said")
    assert found.figures["value"] is None
    assert "synth" not in found.words and "generat" not in found.words


def test_who_wrote_the_cases_is_what_the_column_says() -> None:
    """People, generators and rows that say neither are counted apart."""
    rows = [row(n, origin=("human", "human", "synthetic", None)[n % 4]) for n in range(8)]
    found = said_origin(file(rows, origin="who"), CLASSIFY, None)

    assert found.words == "50 % (4 of 8), says `who`; 25 % generated; 2 unsaid"
    assert (found.figures["people"], found.figures["generated"], found.figures["unsaid"]) == (4, 2, 2)
    assert found.status == "warning"


def test_pools_are_the_values_of_the_origin_when_they_are_few_and_large() -> None:
    """Three large values are three pools; with a small one among them rows are put together by what they say."""
    large = [row(n, origin=("human", "gpt_llm", "llama_llm")[n % 3]) for n in range(120)]
    small = [*large, row(121, origin="crowd")]

    assert [(one.name, len(one.rows)) for one in pools_of(file(large, origin="who"), CLASSIFY)] == [
        ("gpt_llm", 40),
        ("human", 40),
        ("llama_llm", 40),
    ]
    assert [(one.name, one.origin, len(one.rows)) for one in pools_of(file(small, origin="who"), CLASSIFY)] == [
        ("generated", "generated", 80),
        ("by people", "people", 41),
    ]
    assert [one.name for one in pools_of(file([row(1)]), CLASSIFY)] == ["this set"]


def test_verified_counts_expected_answers_only() -> None:
    """A row without an expected answer has nothing to verify."""
    rows = [row(1, expected="a", verified=True), row(2, expected="b", verified=False), row(3, verified=True)]

    assert verified(file(rows, verified="by", label="y")).words == "50 % of the expected answers (1 of 2), says `by`"
    assert verified(file([row(1)])).status == "report"
    assert verified(file([row(1, expected="a")], label="y")).status == "warning"


def test_duplicates_are_repeats_but_for_noise_and_never_contrasts() -> None:
    """Case, marks and courtesy are noise; another fact is another request."""
    rows = [
        row(1, "I want my money back for the broken kettle"),
        row(2, "i want my money back for the broken kettle!!"),
        row(3, "Please, I want my money back for the broken kettle"),
        row(4, "I want my money back for the broken lamp"),
        row(5, "Cancel the order before Friday"),
        row(6, "Cancel the order after Friday"),
    ]
    found = duplicates(file(rows), (), quiet, shown)

    assert found.figures["lines"] == [[2, 1], [3, 1]]
    assert (found.figures["count"], found.figures["equal"], found.n) == (2, 1, 6)
    assert found.status == "warning"


def test_one_question_about_many_passages_is_no_repeat_to_drop() -> None:
    """Repeats beside another context are counted and said, and no warning."""
    rows = [row(n, "What does it say?", context=str(n)) for n in range(10)]
    found = duplicates(file(rows, context=("passage",)), (), quiet, shown)  # type: ignore[arg-type]  # a tuple of columns

    assert (found.status, found.figures["beside_other_context"]) == ("report", 9)
    assert found.words.endswith("9 beside another `passage`")


def test_as_many_repeats_as_people_make_are_natural() -> None:
    """Beside real texts that repeat themselves as often, at one size, repeats are a figure and no warning."""
    rows = [row(n, f"Where is parcel {n // 2}?") for n in range(40)]

    alone, beside = duplicates(file(rows), (), quiet, shown), duplicates(file(rows), rows, quiet, shown)

    assert (alone.status, beside.status) == ("warning", "report")
    assert beside.figures["at_size"] == beside.figures["seeds"] == 0.5


def test_one_text_with_two_answers_is_a_contradiction_unless_its_context_differs() -> None:
    """Equal but for case and marks counts as one text; the same question about another passage is another case."""
    rows = [row(1, "Is it late?", expected="yes"), row(2, "is it late", expected="no"), row(3, expected="yes")]
    found = contradictions(file(rows, label="y"))

    assert found is not None
    apart = contradictions(file([row(1, "Why?", expected="a", context="x"), row(2, "Why?", expected="b", context="y")]))
    assert (found.status, found.figures["lines"]) == ("warning", [[1, 2]])
    assert apart is not None and apart.status == "ok"
    assert contradictions(file([row(1)])) is None


def test_what_people_send_again_and_again_is_copied_from_nobody() -> None:
    """A greeting that stands twice in the real texts stays on both sides; a text that stands there once goes."""
    real = [row(1, "hello"), row(2, "Hello!"), *(row(n) for n in range(3, 80))]
    lines = copied([row(1, "hello"), row(2, real[10].text), row(3, "My parcel")], real, quiet)

    assert (sorted(lines.lines), set(lines.common), set(lines.taken)) == ([1, 2], {1}, {2})
    assert lines.left(real) == tuple(one for one in real if one.line != real[10].line)


def test_a_set_of_most_real_texts_is_held_against_all_of_them() -> None:
    """What is left of the real texts would be no traffic any more."""
    real = [row(n) for n in range(80)]

    assert copied(real[:60], real, quiet).left(real) == tuple(real)
    assert copied(real[:30], real, quiet).left(real) == tuple(real[30:])
    assert copied(real[:30], real, quiet).left(real, frozenset(range(30))) == tuple(real)


def test_a_set_that_is_the_real_texts_has_nothing_to_be_held_against() -> None:
    """Not even by what people say again and again, of which the real texts may be full."""
    real = [row(n, "hello" if n % 2 else "") for n in range(80)]
    found = copied(real, real, quiet)

    assert found.is_whole and len(found.taken) == 80
    assert copies(file(real), found, real, lambda one: "unsaid").status == "warning"


def test_a_label_that_is_missing_by_chance_is_none_that_is_missing() -> None:
    """Six real texts of two hundred may well have no case; thirty may not, and are named."""
    real = file([row(n, expected="rare" if n < 6 else "often" if n < 36 else "abc"[n % 3]) for n in range(200)])
    set_ = [row(n, expected="abc"[n % 3]) for n in range(200)]
    mix = [one for one in labels(file(set_, label="answer"), real) if one.key == "label_mix"]
    plain = file([one for one in real.rows if one.expected != "often"])
    fewer = [one for one in labels(file(set_, label="answer"), plain) if one.key == "label_mix"]

    assert [(one.status, "`often`" in one.words) for one in mix] == [("warning", True)]
    assert [(one.status, "`rare`" in one.words) for one in fewer] == [("report", True)]


def test_one_answer_for_all_cases_is_named() -> None:
    """Whoever says it always scores 100 %; few cases say nothing yet."""
    found = labels(file([row(n, expected="B") for n in range(30)], label="answer"), None)

    assert [(one.key, one.status) for one in found] == [("label_balance", "warning")] and "`B`" in found[0].words
    assert labels(file([row(n, expected="B") for n in range(5)], label="answer"), None) == ()


def test_answers_that_only_some_cases_have_are_counted() -> None:
    """None and all are said elsewhere."""
    some = answered(file([row(n, expected="x" if n < 3 else None) for n in range(10)], label="answer"))

    assert [(one.status, one.figures["count"]) for one in some] == [("warning", 3)]
    assert answered(file([row(1, expected="x")], label="answer")) == answered(file([row(1)])) == ()


def test_copies_of_real_texts_are_found_noise_aside() -> None:
    """What is said to be generated and stands in the real texts is a warning."""
    real = [
        row(1, "Where is my parcel? It was due on Monday"),
        row(2, "I never got the invoice for the lamp and the kettle"),
    ]
    rows = [
        row(7, "where is my parcel it was due on monday", origin="synthetic"),
        row(8, "Where is my parcel? It was due on Sunday"),
        row(9, "I never got the invoice for the lamp and the kettle, thanks"),
    ]
    lines = copied(rows, real, quiet)
    found = copies(file(rows, origin="who"), lines, real, lambda one: CLASSIFY("who", one.origin or ""))

    assert (dict(lines.lines), set(lines.taken)) == ({7: 1, 9: 2}, {7, 9})
    assert (found.status, found.figures["said_generated"]) == ("warning", 1)


def test_labels_beside_those_of_the_real_texts() -> None:
    """A label of the real texts without a case is a warning with its share."""
    rows = [row(n, expected=("a", "b")[n % 2]) for n in range(40)]
    real = [row(n, expected=("a", "b", "c", "c")[n % 4]) for n in range(40)]
    balance, mix = labels(file(rows, label="y"), file(real, label="y"))

    assert balance.figures["value"] == pytest.approx(1.0)
    assert (mix.status, mix.figures["missing"], mix.figures["missing_share"]) == ("warning", ["c"], 0.5)
    assert mix.figures["value"] == pytest.approx(0.5)
    assert mix.p is not None and mix.p < 1e-5


def test_answers_that_are_texts_are_no_labels() -> None:
    """Nothing is said of the balance of answers that are all different."""
    assert labels(file([row(n, expected=f"answer {n}") for n in range(40)], label="y"), None) == ()


def pool(name: str, answers: Sequence[int], choices: int = 4, origin: Origin = "generated") -> AuditPool:
    return AuditPool(
        name=name, origin=origin, rows=tuple(row(n, place=at, choices=choices) for n, at in enumerate(answers))
    )


def test_answers_that_stand_in_one_place_are_found_in_the_pool_where_they_do() -> None:
    """Pools are tested one by one, with Holm's correction; 60 % of (B) among four choices is no chance."""
    (found,) = places((pool("even", [0, 1, 2, 3] * 25), pool("off", [1] * 60 + [0, 2, 3, 0] * 10)))

    assert found.status == "warning"
    pools = found.figures["pools"]
    assert isinstance(pools, list)
    by_name = {one["pool"]: one for one in pools}
    assert by_name["even"]["p"] == 1.0
    assert by_name["off"]["place"] == "B" and by_name["off"]["share"] == 0.6 and by_name["off"]["p"] < 1e-6
    assert by_name["off"]["chi_square"] == pytest.approx((35**2 + 5**2 + 15**2 + 15**2) / 25)


def test_an_even_spread_over_different_numbers_of_choices_is_in_order() -> None:
    """Two and four choices are tested apart: (A) is commoner among two without being preferred."""
    mixed = AuditPool(
        name="mixed",
        origin="unsaid",
        rows=(*pool("two", [0, 1] * 40, 2).rows, *pool("four", [0, 1, 2, 3] * 20, 4).rows),
    )
    (found,) = places((mixed,))

    assert (found.status, found.p) == ("ok", 1.0)


def test_places_of_no_answer_are_not_tested() -> None:
    """A set without choices has no such line."""
    assert places((AuditPool(name="p", origin="unsaid", rows=(row(1), row(2))),)) == ()


@given(st.floats(0, 1))
def test_a_share_is_never_spelled_as_nothing_or_all_when_it_is_not(share: float) -> None:
    """0 % and 100 % are said of exactly these."""
    spelled = percent(share)

    assert (spelled == "0 %") == (share == 0)
    assert (spelled == "100 %") == (share == 1)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=30), st.integers(1, 30), st.randoms())
def test_a_sample_does_not_depend_on_the_order_of_the_rows(texts: list[str], size: int, random: object) -> None:
    """The same texts stand for all, however the file is sorted."""
    rows = [row(n, text) for n, text in enumerate(texts)]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    taken = sorted(one.text for one in lowest(rows, size))

    assert taken == sorted(one.text for one in lowest(shuffled, size))
    assert len(taken) == min(size, len(rows))


def test_duplicates_do_not_depend_on_the_order_of_the_rows() -> None:
    """How many rows repeat another is a fact about the set."""
    rows = [row(n, f"Where is parcel {n % 7}{'?' * (n % 3)}") for n in range(30)]

    counts = {duplicates(file(order), (), quiet, shown).figures["count"] for order in (rows, rows[::-1])}

    assert counts == {23}
