"""What the columns of a file that nobody described are taken for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from evalspec.auditing.fields import NoColumn, Told, classifier, guess_fields
from evalspec.auditing.origins import says_verified
from evalspec.model.audit import AuditFields, Origin
from evalspec.model.row import RawRow

TEXTS = [f"Where is parcel {n}, it was due on day {n}?" for n in range(40)]
MODELS = frozenset({"gpt-4o", "claude-sonnet-4"})


NOTHING = Told()


def classify(told: Told = NOTHING) -> Callable[[str, str], Origin]:
    return classifier(told, lambda name: name in MODELS)


def guessed(columns: Mapping[str, object], told: Told = NOTHING) -> AuditFields | None:
    """Guess from rows in which each column holds its value, or what a function of the row's number gives."""
    rows = [
        RawRow(
            line=n + 1,
            values={"question": text, **{k: v(n) if callable(v) else v for k, v in columns.items()}},
        )
        for n, text in enumerate(TEXTS)
    ]
    return guess_fields(rows, told, classify(told))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"expected": "late", "intent": "x"}, {"label": "expected"}),
        ({"intent": "late"}, {"label": "intent"}),
        ({"expected_output": "It is late."}, {"label": "expected_output"}),
        ({"target": ["late"]}, {"label": "target"}),
        ({"metadata": {"label": "late"}}, {"label": "metadata.label"}),
        ({"answer": {"value": 1}}, {"label": None}),
        ({"provenance": "synthetic"}, {"origin": "provenance"}),
        ({"source": "email", "author": "human"}, {"origin": "author"}),
        ({"source": lambda n: "human" if n % 2 else "gpt-4o"}, {"origin": "source"}),
        ({"source": "zendesk"}, {"origin": None}),
        ({"model": "gpt-4o"}, {"origin": "model"}),
        ({"model": "gpt-4o", "completion": "Sorry."}, {"origin": None}),
        ({"metadata": {"is_synthetic": True}}, {"origin": "metadata.is_synthetic"}),
        ({"author": lambda n: f"human {n} of many"} | {"note": "a"}, {"origin": "author"}),
        ({"verified_by": "ann"}, {"verified": "verified_by"}),
        ({"choices": ["yes", "no"], "answer": 1}, {"choices": "choices", "label": "answer"}),
        ({"options": "yes"}, {"choices": None}),
    ],
)
def test_columns_are_taken_for_what_their_names_and_values_say(
    columns: Mapping[str, object], found: Mapping[str, object]
) -> None:
    """A name alone is not enough: an origin has to say people or a generator, choices have to be a list."""
    fields = guessed(columns)

    assert fields is not None
    assert fields.text == "question"
    assert {name: getattr(fields, name) for name in found} == found


def test_a_flag_beats_every_guess_and_says_so() -> None:
    """`none` says that there is no such column; what was told is listed."""
    told = Told(text="metadata.ask", label="none", origin="metadata.who")
    fields = guessed({"label": "x", "metadata": {"ask": "Where is it now?", "who": "zendesk"}}, told)

    assert fields is not None
    assert (fields.text, fields.label, fields.origin) == ("metadata.ask", None, "metadata.who")
    assert fields.told == ("text", "label", "origin")


def test_a_flag_that_names_no_column_is_refused_with_those_there_are() -> None:
    """The flag, the name and the columns are what a message needs."""
    with pytest.raises(NoColumn) as caught:
        guessed({"label": "x"}, Told(origin="athor"))

    assert (caught.value.flag, caught.value.column) == ("--origin", "athor")
    assert "label" in caught.value.known


def test_other_prose_is_the_context_of_a_case() -> None:
    """Passages and answers beside a question are named; classes and ids are not."""
    fields = guessed(
        {"passage": lambda n: f"A long passage number {n}.", "kind": "two words", "code": lambda n: f"c{n}"}
    )

    assert fields is not None
    assert fields.context == ("passage",)


def test_a_column_without_a_known_name_has_to_hold_prose() -> None:
    """The longest texts are taken, not the longest class, and a code is no text."""
    rows = [
        RawRow(
            line=n,
            values={"kind": "a rather long name of a class", "ask_a": f"Is {n} late?", "ask_b": f"Is it {n}, or not?"},
        )
        for n in range(40)
    ]
    fields = guess_fields(rows, Told(), classify())

    assert fields is not None
    assert fields.text == "ask_b"


def test_nothing_is_taken_for_a_text_that_does_not_look_like_one() -> None:
    """Numbers and short codes are no requests."""
    rows = [RawRow(line=n, values={"a": n, "b": f"x{n}"}) for n in range(40)]

    assert guess_fields(rows, Told(), classify()) is None
    longer = [RawRow(line=n, values={"id": n, "correct": "01" * 9 + str(n)}) for n in range(40)]
    assert guess_fields(longer, Told(), classify()) is None


@pytest.mark.parametrize(
    ("column", "value", "origin"),
    [
        ("origin", "human", "people"),
        ("origin", "Production", "people"),
        ("origin", "prod-2024", "people"),
        ("origin", "synthetic", "generated"),
        ("origin", "human_augmented", "generated"),
        ("origin", "gpt-4o", "generated"),
        ("origin", "template-7", "generated"),
        ("origin", "zendesk", "unsaid"),
        ("origin", "", "unsaid"),
        ("is_synthetic", "true", "generated"),
        ("is_synthetic", "False", "people"),
        ("is_human", "1", "people"),
        ("is_human", "perhaps", "unsaid"),
        ("synthesizer_name", "single_hop_specific", "generated"),
    ],
)
def test_a_value_says_people_a_generator_or_nothing(column: str, value: str, origin: Origin) -> None:
    """What neither list nor registry knows stays unsaid; a machine's hand in it makes it generated."""
    assert classify()(column, value) == origin


def test_flags_say_what_values_mean() -> None:
    """A star stands for every value that the other flag does not name."""
    told = classify(Told(people=("Zendesk",), generated=("*",)))

    assert (told("source", "zendesk"), told("source", "bulk")) == ("people", "generated")


@pytest.mark.parametrize(
    ("column", "value", "yes"),
    [
        ("verified", True, True),
        ("verified", "yes", True),
        ("verified", "no", False),
        ("verified", "", False),
        ("verified", None, False),
        ("verified", "perhaps", False),
        ("verified_by", "ann", True),
        ("verified_by", "nobody", False),
        ("expected_by", "verified:ann", True),
        ("expected_by", "rule:damaged", False),
        ("expected_by", "inherited:seed", False),
        ("reviewed", 1, True),
        ("reviewed", 0, False),
    ],
)
def test_an_answer_is_verified_when_a_person_is_named_or_said_to_have_looked(
    column: str, value: object, yes: bool
) -> None:
    """What a rule or a parent gave is not verified; a word that nobody knows is no yes."""
    assert says_verified(column, value) is yes


def rows_of(**columns: Callable[[int], object]) -> list[RawRow]:
    return [RawRow(line=n, values={name: one(n) for name, one in columns.items()}) for n in range(40)]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (
            rows_of(
                instruction=lambda n: f"Say it {n}.", input=lambda n: "x y" if n % 3 else "", output=lambda n: "No."
            ),
            {"text": "instruction", "label": "output", "context": ("input",)},
        ),
        (
            rows_of(question=lambda n: f"Is it {n}?" if n < 5 else None, sentence=lambda n: f"It is late, {n}."),
            {"text": "sentence"},
        ),
        (
            rows_of(问题=lambda n: f"我的银行卡第{n}天还没有寄到", 标签=lambda n: "卡片"),
            {"text": "问题"},
        ),
        (
            rows_of(question=lambda n: f"Is it {n}?", answer=lambda n: "yes" if n < 4 else None, topic=lambda n: "a"),
            {"label": "answer"},
        ),
        (rows_of(question=lambda n: f"Is it {n}?", answer=lambda n: ""), {"label": "answer"}),
        (rows_of(text=lambda n: f"Is it {n}?", intents=lambda n: ["a", "b"]), {"label": "intents"}),
        (
            rows_of(question=lambda n: f"Is it {n}?", answers=lambda n: {"text": ["x", "y"], "answer_start": [1]}),
            {"label": "answers.text"},
        ),
        (
            rows_of(question=lambda n: f"Is it {n}?", choices=lambda n: {"text": ["x", "y"], "label": ["A", "B"]}),
            {"choices": "choices"},
        ),
        (
            rows_of(question=lambda n: f"{n}?", **dict.fromkeys("ABC", lambda n: "x"), answer=lambda n: "B"),
            {"spread": ("A", "B", "C"), "choices": None},
        ),
        (
            rows_of(question=lambda n: f"{n}?", option_1=str, option_2=str, label=str),
            {"spread": ("option_1", "option_2")},
        ),
        (rows_of(question=lambda n: f"{n}?", A=str, C=str, label=str), {"spread": ()}),
    ],
)
def test_sets_as_others_publish_them(rows: list[RawRow], found: Mapping[str, object]) -> None:
    """Sets for tuning, several tasks in one file, no spaces between words, answers that are few, none or several."""
    fields = guess_fields(rows, Told(), classify())

    assert fields is not None
    assert {name: getattr(fields, name) for name in found} == found
