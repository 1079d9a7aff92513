"""Vectors beside the digests of training texts: opt-in, without a word of the text, and never silently of no use."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import chat
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evalspec.diagnostics import EvalspecError
from evalspec.model.case import Message, measured_text
from evalspec.model.row import RawRow
from evalspec.model.spec import Mix, Screening, Source, Spec, Task
from evalspec.registry import CATALOG
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows
from evalspec.stages.seeds import SourceRows, read_source
from evalspec.stages.snapshot import snapshot
from evalspec.stages.training_vectors import digested
from evalspec.stats.digested import Digested
from evalspec.text.meaning import Embed

TUNED = Source(name="tuned", kind="training", path="t.jsonl")
OLDER = Source(name="older", kind="training", path="o.jsonl")
LISTS = Source(name="lists", kind="known", path="l.jsonl")
SPEC = Spec(
    name="s",
    path="s.yaml",
    folder=".",
    sources=(TUNED, OLDER, LISTS),
    screen=Screening(embedder="minilm"),
    mix=Mix(size=1, counts=(("seed", 1),)),
)
TEXTS = ("where is my parcel", "the lamp is broken", "WHERE is my parcel", "ein Wort: 荷物はどこ")


def letters(texts: Sequence[str]) -> NDArray[np.int8]:
    """One dimension a letter: an embedder that needs no model."""
    rows = [[min(127, 20 * text.lower().count(chr(97 + at))) for at in range(26)] for text in texts]
    return np.array(rows, dtype=np.int8).reshape(len(texts), 26)


def imported(
    rows: Sequence[object] = TEXTS, *, source: Source = TUNED, embed: Embed | None = letters, spec: Spec = SPEC
) -> str:
    """The text of a snapshot of some rows."""
    problems, reading = RowProblems("raw.jsonl"), Reading()
    raws = [RawRow(line=line, values={"input": one}) for line, one in enumerate(rows, start=1)]
    mapped = map_rows(raws, source, spec.task, problems, reading)
    made = snapshot(mapped, reading, source, spec, CATALOG, problems, embed)
    problems.raise_errors()
    return made.text


def read(text: str, source: Source = TUNED) -> SourceRows:
    """What a build reads of it."""
    return read_source(text, source, SPEC, CATALOG, source.path)


def held(*texts: tuple[Source, str], spec: Spec = SPEC) -> Mapping[str, Digested]:
    """What measures are handed of some snapshots."""
    found = {source.name: read(text, source) for source, text in texts}
    headers = {name: one.header for name, one in found.items() if one.header is not None}
    return digested({name: one.training for name, one in found.items()}, headers, spec)


ALL = ((TUNED, imported()), (OLDER, imported(["an old text"], source=OLDER)), (LISTS, imported(source=LISTS)))


def test_vectors_stand_beside_the_digests_and_come_back() -> None:
    """Row by row what the embedder gave, by the digest of the words; what is equal in both stands once."""
    found = held(*ALL)["training"]

    assert found.why_not is None and found.rows is not None
    assert sorted(map(bytes, found.rows)) == sorted({row.tobytes() for row in letters([*TEXTS, "an old text"])})
    assert list(found.names) == sorted(set(found.names)) and len(found.names) == 4
    assert found.near(["where's my parcel!"], letters)["where's my parcel!"].cosine > 0.92


def test_known_attacks_are_apart_from_training_texts() -> None:
    assert len(held(*ALL)["known"].names) == 3


def test_a_spec_without_an_embedder_lays_nothing_out() -> None:
    assert held(*ALL, spec=replace(SPEC, screen=Screening())) == {}


@pytest.mark.parametrize("embed", [letters, None])
def test_no_text_of_a_training_row_stands_in_the_file(embed: Embed | None) -> None:
    """No word of any row, in letters or escaped; and without being told to, no vector."""
    raw = imported(embed=embed)
    shown = raw.encode() + json.dumps([json.loads(line) for line in raw.splitlines()]).encode()

    for text in TEXTS:
        for word in (one for one in text.split() if len(one) > 3):
            assert word.encode() not in shown and json.dumps(word)[1:-1].encode() not in shown
            assert base64.b64encode(word.encode())[:-2] not in shown
    assert ("embedding" in raw) is (embed is not None) and ("vectors" in raw) is (embed is not None)


def test_without_the_option_the_file_is_what_it_was() -> None:
    """Not a byte differs but for the vectors and what the header says of them."""
    lines = [json.loads(line) for line in imported().splitlines()]
    for line in lines:
        line.pop("vectors", None)
        line.pop("embedding", None)
    bare = [json.loads(line) for line in imported(embed=None).splitlines()]

    assert lines[0] == bare[0]
    assert {json.dumps(line) for line in lines[1:]} == {json.dumps(line) for line in bare[1:]}


Edit = Callable[[list[dict[str, Any]]], object]


def _flip(rows: list[dict[str, Any]]) -> None:
    raw = bytearray(base64.b64decode(rows[1]["embedding"]))
    raw[0] ^= 1
    rows[1]["embedding"] = base64.b64encode(bytes(raw)).decode()


def _swap(rows: list[dict[str, Any]]) -> None:
    rows[1]["embedding"], rows[2]["embedding"] = rows[2]["embedding"], rows[1]["embedding"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_flip, "the vectors are not those that were imported"),
        (_swap, "the vectors are not those that were imported"),
        (lambda rows: rows.pop(), "the vectors are not those that were imported"),
        (lambda rows: rows[0].pop("vectors"), "its header tells of no vectors"),
        (lambda rows: rows[1].pop("embedding"), "not every row has a vector of 26 dimensions"),
        (lambda rows: rows[1].update(embedding="AAAA"), "not every row has a vector of 26 dimensions"),
        (lambda rows: rows[1].update(embedding="%%"), "not a row of a training snapshot"),
        (lambda rows: rows[1].update(embedding=""), "not a row of a training snapshot"),
        (lambda rows: rows[1].update(embedding=None), "not a row of a training snapshot"),
        (lambda rows: rows[0].update(vectors=[1]), "`vectors` of the header is no object"),
        (lambda rows: rows[0].update(vectors={}), "not every row has a vector of None dimensions"),
        (lambda rows: rows[0]["vectors"].update(dimensions=27), "not every row has a vector of 27 dimensions"),
        (lambda rows: rows[0]["vectors"].update(digest=7), "the vectors are not those that were imported"),
    ],
)
def test_vectors_that_are_not_as_they_were_written_are_refused(edit: Edit, said: str) -> None:
    """A count over them would look like any other."""
    rows = [json.loads(line) for line in imported().splitlines()]
    edit(rows)

    with pytest.raises(EvalspecError) as raised:
        read("".join(json.dumps(row) + "\n" for row in rows))

    assert [one.code for one in raised.value.diagnostics] in (["I323"], ["I321"])
    assert said in raised.value.diagnostics[0].message


WHOLE = imported()


@given(st.integers(0, len(WHOLE) - 1), st.sampled_from('{}[]",:019afAF/+=\n -'), st.integers(0, 2))
def test_one_character_changed_gives_no_other_vectors(at: int, sign: str, cut: int) -> None:
    """Wherever it is, put in or in the place of others: the file is refused, not measured, or means what it meant."""
    try:
        found = held((TUNED, WHOLE[:at] + sign + WHOLE[at + cut :]), *ALL[1:])["training"]
    except EvalspecError:
        return

    assert (found.why_not is None) == (found.rows is not None)
    if found.rows is not None:
        assert sorted(map(bytes, found.rows)) == sorted({row.tobytes() for row in letters([*TEXTS, "an old text"])})


def restated(text: str, **facts: object) -> str:
    """A snapshot whose header says other things of the embedder."""
    head, _, rest = text.partition("\n")
    header = json.loads(head)
    header["vectors"] |= facts
    return json.dumps(header) + "\n" + rest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (imported(embed=None), "`tuned` was imported without vectors of minilm"),
        (restated(imported(), weights="0" * 64), "of another version of minilm"),
        (restated(imported(), version=99), "of another version of minilm"),
        (restated(imported(), embedder="gte"), "of `gte`"),
        (restated(imported(), embedder="<script>"), "of another model"),
        (restated(imported(), embedder=["x"]), "of another model"),
    ],
)
def test_vectors_of_nobody_or_of_somebody_else_are_not_measured(text: str, said: str) -> None:
    """One such source of two is enough, since half a count is a wrong one; the message has the command."""
    found = held((TUNED, text), *ALL[1:])

    why = found["training"].why_not or ""
    assert why.startswith("not measured: ") and said in why
    assert "`evalspec import SPEC tuned --from FILE --embedder minilm`" in why
    assert found["training"].rows is None and found["known"].why_not is None


TURNS = st.lists(
    st.tuples(st.sampled_from(["user", "assistant", "system"]), st.text("abcxyz ", min_size=1, max_size=12)),
    min_size=1,
    max_size=6,
)


@given(TURNS, st.text("abcxyz ", min_size=1, max_size=30))
def test_of_a_chat_the_users_turns_are_looked_up(turns: list[tuple[str, str]], other: str) -> None:
    """Whatever anybody else says, a training chat is found by the user's turns, and by nothing but them."""
    turns = [*turns, ("user", "where is it")]
    spec = replace(SPEC, task=Task(turns="conversation"))
    spoken = [{"role": role, "content": text} for role, text in turns]
    others = [{"role": role, "content": text if role == "user" else other} for role, text in turns]
    user = "\n".join(text for role, text in turns if role == "user")

    one, two = (imported([rows], spec=spec).splitlines()[1] for rows in (spoken, others))

    assert one == two
    made = np.frombuffer(base64.b64decode(json.loads(one)["embedding"]), dtype=np.int8)
    assert made.tolist() == letters([user])[0].tolist()


def test_a_case_is_held_against_them_by_its_users_turns() -> None:
    """The text that is looked up is the one that was embedded at import."""
    found = held(*ALL)["training"]
    case = (*chat("my parcel", "where is"), Message(role="assistant", content="zzz zzz"))

    assert measured_text(case) == "where is\nmy parcel"
    assert [*found.near([measured_text(case)], letters)] == ["where is\nmy parcel"]
