"""Snapshots: the same from any order, stable under growth, true to the source's rates, read back as written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalspec.catalog.detectors  # noqa: F401  (registers them)
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.model.case import Message, Seed
from evalspec.model.row import RawRow
from evalspec.model.spec import Fact, Fields, Mix, Part, Pii, Sample, Source, Spec, Task
from evalspec.registry import CATALOG
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows
from evalspec.stages.sampling import allocate
from evalspec.stages.seeds import SourceRows, read_source
from evalspec.stages.snapshot import Snapshot, snapshot

LABELS = Part(name="expected", values=("deny", "escalate", "refund"))
TASK = Task(expected=(LABELS,), short_expected=True, languages=("en",))
SOURCE = Source(
    name="production",
    kind="production",
    path="s/production.jsonl",
    fields=Fields(columns=(("time", "at"),), metadata=(("channel", "channel"),)),
    pii=Pii(mode="redact"),
)
PLAIN = replace(SOURCE, fields=Fields(columns=(("time", "at"),)))
BARE = replace(SOURCE, fields=Fields())


def spec_of(source: Source, task: Task = TASK) -> Spec:
    return Spec(
        name="s", path="s.yaml", folder=".", task=task, sources=(source,), mix=Mix(size=1, counts=(("seed", 1),))
    )


def taken(rows: Sequence[Mapping[str, object]], source: Source = SOURCE, task: Task = TASK) -> Snapshot:
    problems, reading = RowProblems("raw.jsonl"), Reading()
    raws = [RawRow(line=line, values=values) for line, values in enumerate(rows, start=1)]
    made = snapshot(
        map_rows(raws, source, task, problems, reading), reading, source, spec_of(source, task), CATALOG, problems
    )
    problems.raise_errors()
    return made


def read(text: str, source: Source = SOURCE, task: Task = TASK) -> SourceRows:
    return read_source(text, source, spec_of(source, task), CATALOG, "s/production.jsonl")


def told(text: str, source: Source = SOURCE, task: Task = TASK) -> list[str]:
    with pytest.raises(EvalspecError) as caught:
        read(text, source, task)
    return [f"{one.span.line if one.span else 0} {one.code} {one.message}" for one in caught.value.diagnostics]


def log(count: int, start: int = 0) -> list[dict[str, object]]:
    """Rows as a shop might have: three labels at 6:3:1, two channels, each text its own."""
    labels = ["refund"] * 6 + ["deny"] * 3 + ["escalate"]
    return [
        {
            "id": f"t{n}",
            "input": f"message number {n} about a parcel",
            "expected": labels[n % 10],
            "at": f"2026-01-{n % 28 + 1:02d}",
            "channel": "web" if n % 3 else "app",
        }
        for n in range(start, start + count)
    ]


def ids(made: Snapshot) -> set[str]:
    return {json.loads(line)["id"] for line in made.text.split("\n")[1:-1]}


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_changes_no_byte(shuffle: object) -> None:
    """A file exported in another order gives the same snapshot."""
    copy = {"id": "copy", "input": "message number 7 about a parcel", "expected": "deny", "at": "2026-02-01"}
    rows = [*log(60), copy]
    source = replace(SOURCE, sample=Sample(size=20, by=("expected", "channel")))
    expected = taken(rows, source).text

    shuffle.shuffle(rows)  # type: ignore[attr-defined]

    assert taken(rows, source).text == expected


@pytest.mark.parametrize("allocate_by", ["proportional", "equal"])
def test_one_percent_more_rows_moves_about_one_percent_of_the_picks(allocate_by: str) -> None:
    """Growth moves few picks: of 300 from 3,000, 30 new rows displace about three, and never more than nine."""
    by = replace(SOURCE, sample=Sample(size=300, by=("expected",), allocate=allocate_by))  # type: ignore[arg-type]

    moved = [
        len(ids(taken(log(3000), by)) - ids(taken(log(3000) + log(30, start=start), by)))
        for start in (3000, 5000, 9000)
    ]

    assert max(moved) <= 9
    assert 0 < sum(moved) / 3 <= 6


def test_strata_follow_the_source() -> None:
    """A proportional sample has the labels of the source to within one row."""
    made = taken(log(1000), replace(SOURCE, sample=Sample(size=100, by=("expected",))))

    assert dict(made.strata) == {
        "expected=deny": (300, 30),
        "expected=escalate": (100, 10),
        "expected=refund": (600, 60),
    }


def test_equal_strata_carry_weights_that_give_back_the_rates() -> None:
    """With `allocate: equal` weighted label rates over the picks are those of the source."""
    source = replace(SOURCE, sample=Sample(size=90, by=("expected",), allocate="equal"))

    seeds = read(taken(log(1000), source).text, source).seeds

    assert Counter(seed.expected for seed in seeds) == {"deny": 30, "escalate": 30, "refund": 30}
    total = sum(seed.weight for seed in seeds)
    rates = {label: sum(one.weight for one in seeds if one.expected == label) / total for label in LABELS.values}
    assert rates == pytest.approx({"deny": 0.3, "escalate": 0.1, "refund": 0.6}, abs=1e-5)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 50), min_size=1),
    st.integers(0, 80),
    st.booleans(),
)
def test_places_stay_in_their_bounds_and_more_places_take_none_away(
    sizes: dict[str, int], wanted: int, equal: bool
) -> None:
    """Quotas sum to what is wanted or there is, none passes its stratum, and one more place is one more somewhere."""
    fewer, more = (allocate(sizes, sizes, size, equal=equal) for size in (wanted, wanted + 1))

    assert sum(fewer.values()) == min(wanted, sum(sizes.values()))
    assert all(quota <= sizes[name] for name, quota in fewer.items())
    assert all(fewer[name] <= more[name] for name in sizes)


def test_exact_duplicates_collapse_to_the_oldest_with_their_count() -> None:
    """Copies of one input and label are one row; the same input with another label is another."""
    rows = [
        {"id": "b", "input": "hi", "expected": "deny", "at": "2026-01-02"},
        {"id": "a", "input": "hi", "expected": "deny", "at": "2026-01-01"},
        {"id": "c", "input": "hi", "expected": "refund"},
        {"id": "d", "input": "hi", "expected": "deny"},
    ]

    made = taken(rows, PLAIN)

    assert (made.header.rows, made.header.duplicates, made.header.sampled) == (4, 2, 2)
    assert [(seed.row, seed.copies) for seed in read(made.text, PLAIN).seeds] == [("a", 3), ("c", 1)]


def test_the_walk_goes_on_until_enough_rows_may_enter() -> None:
    """Rows that are blocked are counted by type and replaced by the next ones of their stratum."""
    rows = log(40) + [{"id": f"p{n}", "input": f"write to user{n}@example.org", "expected": "deny"} for n in range(40)]
    source = replace(SOURCE, pii=Pii(mode="block"), sample=Sample(size=30, by=("expected",)))

    made = taken(rows, source)

    assert made.header.sampled == 30
    assert made.header.blocked["email"] > 0
    assert not any(name.startswith("p") for name in ids(made))


def test_a_stratum_that_runs_out_leaves_its_places_to_the_others() -> None:
    """When personal data blocks a whole stratum the sample is filled from the rest."""
    rows = log(40) + [
        {"id": f"p{n}", "input": f"write to user{n}@example.org", "expected": "deny", "channel": "mail"}
        for n in range(40)
    ]
    source = replace(SOURCE, pii=Pii(mode="block"), sample=Sample(size=30, by=("channel",)))

    made = taken(rows, source)

    assert made.strata["channel=mail"] == (40, 0)
    assert sum(picked for _, picked in made.strata.values()) == 30


def test_rows_that_only_personal_data_told_apart_become_one() -> None:
    """After redaction two equal rows are one with two copies."""
    rows = [{"input": f"mail me at {name}@example.org", "expected": "deny"} for name in ("ann", "bob")]

    (seed,) = read(taken(rows, BARE).text, BARE).seeds

    assert (seed.input, seed.copies, seed.redacted) == ("mail me at <EMAIL_1>", 2, ("email",))


def test_allowed_texts_survive_byte_for_byte() -> None:
    """With `pii: allow` whatever a user wrote stands in the seed as it was, and the file shows what would deceive."""
    texts = [
        "a\u2028b\u0085c",
        "x \u202e evil",
        "tab\tand\r\nline",
        "é e\u0301 👩‍👩‍👧",
        "call +1 650 253 0000",
        "\u200b",
        '\\u0041 "q"',
    ]
    source = replace(SOURCE, pii=Pii(mode="allow"), fields=Fields())

    made = taken([{"id": str(n), "input": text + " x"} for n, text in enumerate(texts)], source)

    assert [seed.input for seed in read(made.text, source).seeds] == [text + " x" for text in texts]
    assert not set(made.text) & set("\u2028\u2029\u0085\u202e\r\t")
    assert "é e\u0301 👩‍👩‍👧" in made.text


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), min_size=1, max_size=6, unique=True
    )
)
def test_any_text_comes_back(texts: list[str]) -> None:
    """Reading a snapshot gives the very texts that were imported, whatever characters they hold."""
    source = replace(SOURCE, pii=Pii(mode="allow"), fields=Fields())

    made = taken([{"id": str(n), "input": text + "."} for n, text in enumerate(texts)], source)

    assert {seed.row: seed.input for seed in read(made.text, source).seeds} == {
        str(n): t + "." for n, t in enumerate(texts)
    }


def test_a_conversation_comes_back_with_calls_and_context() -> None:
    """Chats of many turns, calls, context, facts, votes and metadata are read as they were written."""
    task = replace(
        TASK,
        turns="conversation",
        short_expected=False,
        expected=(Part(name="decision", values=("refund",)), Part(name="calls", kind="tool_calls")),
        facts=(Fact(name="days", range=(0.0, 9.0)), Fact(name="order", pattern="[0-9]{4}")),
    )
    source = replace(SOURCE, fields=Fields(metadata=(("channel", "channel"),)), verified_by="leads")
    call = {"name": "pay", "arguments": {"id": "1", "sum": 4.5}}
    row = {
        "id": "c1",
        "input": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "{}"},
            {"role": "user", "content": "order 4481"},
        ],
        "context": {"order": {"total": 3}},
        "expected": {"decision": "refund", "calls": [call]},
        "facts": {"days": 3},
        "votes": [],
        "channel": "web",
    }

    (seed,) = read(taken([row], source, task).text, source, task).seeds

    assert seed == Seed(
        key=seed.key,
        row="c1",
        source="production",
        input=(
            Message(role="user", content="hi"),
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="{}"),
            Message(role="user", content="order 4481"),
        ),
        expected={"decision": "refund", "calls": [call]},
        context={"order": {"total": 3}},
        language="en",
        facts={"order": "4481", "days": 3},
        verified_by="leads",
        metadata={"channel": "web"},
        digest=seed.digest,
    )
    assert len(seed.key) == 12 and set(seed.key) <= set("0123456789abcdef")


def test_another_rule_makes_the_snapshot_stale() -> None:
    """Changing fields, speakers, sample or pii asks for another import; who verified does not."""
    made = taken(log(5))

    for changed in (
        replace(SOURCE, pii=Pii(mode="redact", keep=("name",))),
        replace(SOURCE, sample=Sample(size=3)),
        replace(SOURCE, speakers=(("x", "user"),)),
        replace(SOURCE, fields=Fields()),
    ):
        with pytest.raises(EvalspecError) as caught:
            read(made.text, changed)
        assert caught.value.exit is Exit.STALE
        assert [one.code for one in caught.value.diagnostics] == ["I322"]
    assert len(read(made.text, replace(SOURCE, verified_by="legal")).seeds) == 5


def test_two_contents_under_one_mapped_id_are_told() -> None:
    """A mapped id names one row, also when Unicode spells it two ways."""
    rows = [{"t": "caf\u00e9", "input": "a"}, {"t": "b", "input": "b"}, {"t": "cafe\u0301", "input": "c"}]

    with pytest.raises(EvalspecError) as caught:
        taken(rows, replace(SOURCE, fields=Fields(columns=(("id", "t"),))))

    assert [(one.code, one.span.line if one.span else 0) for one in caught.value.diagnostics] == [("I311", 3)]


def test_an_unmapped_id_that_repeats_is_left_out() -> None:
    """A column that happens to be called `id` and names several rows names none."""
    rows = [{"id": 1, "input": "a"}, {"id": 2, "input": "b"}, {"id": 1, "input": "c"}]

    seeds = read(taken(rows, BARE).text, BARE).seeds

    assert sorted(str(seed.input) for seed in seeds) == ["a", "b", "c"]
    assert all(seed.row == seed.key for seed in seeds)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["0 I308 the file holds no rows"]),
        ('{"id": "a", "input": "x"}\n', ["1 I320 this is no snapshot: `production` is of kind production"]),
        ('{"snapshot": 9}\n', ["1 I321 the header is not that of a snapshot of version 1"]),
        (
            '{"a": NaN}\n[]\n{"a": 1, "a": 2}\n{"a": "\\ud800"}\n{"a"\n<<<<<<< HEAD\n',
            [
                "1 I303 NaN is not JSON",
                "2 I304 expected one object a line",
                "3 I303 the key `a` stands twice in one object",
                "4 I303 half of a surrogate pair, which is no character",
                "5 I303 not JSON: Expecting ':' delimiter",
                "6 I303 a merge conflict stands here",
            ],
        ),
        ('{"a": ' + "[" * 100_000 + "\n", ["1 I303 nested too deep"]),
        ('{"a": ' + "1" * 5000 + "}\n", ["1 I303 a number of 5,000 digits; quote it if it is a name"]),
    ],
)
def test_what_is_no_snapshot_says_why(text: str, found: list[str]) -> None:
    """Each line that cannot be read has its place and reason, all at once."""
    assert told(text) == found


def test_edited_rows_of_a_snapshot_are_told() -> None:
    """Unknown keys, labels outside the task, bad counts and personal data each name their line."""
    lines = taken(log(5)).text.split("\n")
    for at, (key, value) in enumerate(
        [("colour", "red"), ("expected", "pay"), ("copies", 0), ("input", "mail a.b@example.org"), ("input", "  ")],
        start=1,
    ):
        lines[at] = json.dumps(json.loads(lines[at]) | {key: value})

    assert told("\n".join(lines)) == [
        "2 I313 `colour` is no key of a snapshot",
        "3 I310 `pay` is no value of `expected` (known: `deny`, `escalate`, `refund`)",
        "4 I310 `copies` is no whole number from 1",
        "5 I330 personal data of type email in this row",
    ]


def test_a_golden_file_is_read_through_its_fields_and_warned_of_spare_columns() -> None:
    """A plain file needs no import; what its fields do not map is named once."""
    source = replace(
        SOURCE, name="golden", kind="golden", fields=Fields(columns=(("input", "message"),)), verified_by="legal"
    )
    text = '{"id": "g1", "message": "I was charged twice.", "expected": "refund", "colour": 1}\n' * 1

    found = read(text, source)

    assert [(seed.row, seed.input, seed.expected, seed.verified_by) for seed in found.seeds] == [
        ("g1", "I was charged twice.", "refund", "legal")
    ]
    assert [one.message for one in found.warnings] == ["the column `colour` is not mapped and not read"]
    assert told('{"id": "g", "message": " "}\n{"id": "g", "message": "x"}\n', source) == [
        "1 I312 the row has no text of a user"
    ]


def test_anchors_are_read_with_their_critiques() -> None:
    """An anchor row calibrates judges, and stands in a prompt like any other row."""
    source = replace(SOURCE, name="anchor", kind="anchor", fields=Fields())

    found = read('{"id":"a1","input":"q","output":"o","verdict":"fail","critique":"c"}\n', source)

    assert [(one.row, one.input) for one in found.seeds] == [("a1", "q")]
    assert [(one.row, one.verdict, one.critique) for one in found.anchors] == [("a1", "fail", "c")]


def test_rows_without_ids_are_known_by_what_they_say() -> None:
    """A key hangs on the row's content, not on its place or its copies."""
    one, two = ({"input": "first", "expected": "deny"}, {"input": "second", "expected": "deny"})

    keys = [
        {seed.input: seed.key for seed in read(taken(rows, BARE).text, BARE).seeds}
        for rows in ([one, two], [two, one, one])
    ]

    assert keys[0] == keys[1]
    assert len(set(keys[0].values())) == 2


@pytest.mark.parametrize("equal", [False, True])
def test_places_go_one_by_one_to_the_stratum_furthest_below_its_due(equal: bool) -> None:
    """Against the plain loop over all strata, with a stratum that runs out."""
    sizes, ceilings = {"c": 900, "a": 50, "b": 50, "d": 7}, {"c": 300, "a": 50, "b": 9, "d": 7}
    plain = dict.fromkeys(sizes, 0)
    for _ in range(250):
        rest = [name for name in plain if plain[name] < ceilings[name]]
        chosen = min(rest, key=lambda name: (plain[name] if equal else (2 * plain[name] + 1) / sizes[name], name))
        plain[chosen] += 1

    assert allocate(sizes, ceilings, 250, equal=equal) == plain
