"""A lock that was edited: every byte, line, digest, order and version that is not as it was written is noticed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from locks import small_lock

from evalspec.diagnostics import EvalspecError, Exit
from evalspec.model.outcome import Lock
from evalspec.stages.lock import dump, faults, load, root_of

# What contradicts itself


def verdict_on(raw: bytes) -> str:
    """How a reader ends: unreadable bytes, a refused lock, a fault, or sound."""
    try:
        text = raw.decode("utf-8")
        found = load(text, "s.lock.json")
    except UnicodeDecodeError:
        return "not UTF-8"
    except EvalspecError:
        return "refused"
    return "fault" if faults(found, text, "s.lock.json") else "sound"


def test_every_single_edit_of_a_byte_is_caught() -> None:
    """Three hundred drawn edits (a byte changed, taken out, put in) are all refused or faults, none a traceback."""
    raw, rng = dump(small_lock()).encode(), random.Random(4)
    assert verdict_on(raw) == "sound"

    for _ in range(300):
        at, byte = rng.randrange(len(raw)), bytes([rng.choice([rng.randrange(256), *b'0123456789{}[],:" \n'])])
        edited = rng.choice([raw[:at] + byte + raw[at + 1 :], raw[:at] + raw[at + 1 :], raw[:at] + byte + raw[at:]])
        assert edited == raw or verdict_on(edited) != "sound", (at, byte)


def test_every_line_that_is_lost_doubled_or_swapped_is_caught() -> None:
    """A merge that went wrong does not pass: every line, once each."""
    lines = dump(small_lock()).split("\n")

    for at in range(len(lines) - 1):
        for edited in (
            [*lines[:at], *lines[at + 1 :]],
            [*lines[: at + 1], *lines[at:]],
            [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        ):
            assert edited == lines or verdict_on("\n".join(edited).encode()) != "sound", (at, lines[at])


def _resealed(made: Lock) -> Lock:
    """The lock with its root computed again, as an editor with a script would."""
    return replace(made, header={**made.header, "root": root_of(made.header, made.cases, made.drops)})


def _said(made: Lock) -> list[str]:
    text = dump(made)
    return [one.message for one in faults(load(text, "s"), text, "s")]


def test_what_a_lock_says_of_itself_is_checked_one_by_one() -> None:
    """A root that was computed again hides neither an edited case, nor another order, nor another number."""
    made = small_lock()
    first, second = made.cases

    assert _said(replace(made, header={**made.header, "root": "0" * 32})) == [
        "the root does not match the cases, drops and header"
    ]
    assert _said(_resealed(replace(made, cases=({**first, "input": "another"}, second)))) == [
        "the digest of case `prompted.new.delay.01` does not match its content"
    ]
    assert _said(_resealed(replace(made, cases=(second, first)))) == [
        "the cases are not sorted by id, or their number is not the one stated"
    ]
    assert _said(_resealed(replace(made, cases=(first, first)))) == [
        "the cases are not sorted by id, or their number is not the one stated"
    ]
    assert _said(_resealed(replace(made, cases=(first,)))) == [
        "the cases are not sorted by id, or their number is not the one stated"
    ]
    assert _said(_resealed(replace(made, drops=made.drops[::-1]))) == [
        "the drops are not sorted by id, or one stands there twice"
    ]


@pytest.mark.parametrize("place", ["header", "case", "lineage", "drop"])
def test_keys_out_of_declared_order_are_a_fault(place: str) -> None:
    """Digests do not see the order of keys, a reader does."""
    made = small_lock()
    cases, drops, header = list(made.cases), list(made.drops), made.header
    if place == "header":
        header = dict(reversed(header.items()))
    elif place == "case":
        cases[1] = dict(reversed(cases[1].items()))
    elif place == "lineage":
        cases[1] = {**cases[1], "lineage": dict(reversed(cases[1]["lineage"].items()))}  # type: ignore[attr-defined]
    else:
        drops[0] = dict(reversed(drops[0].items()))

    assert _said(replace(made, header=header, cases=tuple(cases), drops=tuple(drops))) == [
        "the file is not laid out as evalspec writes it"
    ]


def test_faults_are_integrity_and_name_the_file() -> None:
    """Exit 5, never stale: nobody writes such a lock."""
    text = dump(small_lock()).replace("where is it????", "where is it???")

    found = faults(load(text, "specs/s.lock.json"), text, "specs/s.lock.json")

    assert [one.code for one in found] == ["L603", "L603"]
    assert {one.exit for one in found} == {Exit.INTEGRITY}
    line = 1 + text[: text.index("where is it???")].count("\n")
    assert found[0].span is not None and found[0].span.path == "specs/s.lock.json"
    assert text.split("\n")[found[0].span.line - 1].startswith('{"id": ') and found[0].span.line < line
    assert (found[1].span, found[1].path) == (None, "specs/s.lock.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`s` is not a lock: not JSON: Expecting value"),
        ("{", "`s` is not a lock: not JSON: Expecting property name enclosed in double quotes"),
        ('{"a": 1,\n"a": 2}', "`s` is not a lock: the key `a` stands twice in one object"),
        ('{"lock_version": NaN}', "`s` is not a lock: NaN is not JSON"),
        ("[]", "`s` is not a lock: it has no `lock_version`"),
        ('{"lock_version": "1"}', "`s` is not a lock: it has no `lock_version`"),
        ('{"lock_version": true}', "`s` is not a lock: it has no `lock_version`"),
        ('{"lock_version": 1}', "`s` is not a lock: cases, drops and root must be there"),
        ('{"lock_version": 1, "root": "", "cases": [], "drops": [1]}',
         "`s` is not a lock: cases, drops and root must be there"),
        ('{"lock_version": 1, "root": "", "cases": [{}], "drops": []}',
         "`s` is not a lock: a case has no readable input"),
        ('{"lock_version": 1, "root": "", "cases": [{"input": 5}], "drops": []}',
         "`s` is not a lock: a case has no readable input"),
        ('{"lock_version": 1, "root": "", "cases": [{"input": ["a", 5]}], "drops": []}',
         "`s` is not a lock: a case has no readable input"),
        ('{"lock_version": 1, "root": "", "cases": [{"input": [{"content": [5]}]}], "drops": []}',
         "`s` is not a lock: a case has no readable input"),
        ("[" * 100_000, "`s` is not a lock: nested too deep"),
    ],
)  # fmt: skip
def test_what_is_no_lock_is_refused_with_its_line(text: str, message: str) -> None:
    """Whatever is in the file, the reader says what is wrong and ends with exit 5."""
    with pytest.raises(EvalspecError) as caught:
        load(text, "s")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == ("L601", message)
    assert caught.value.exit is Exit.INTEGRITY


def test_a_lock_that_was_cut_is_refused_at_its_place() -> None:
    """Line and column of what cannot be read on; a pointer or a conflict of git has its line as well."""
    text = dump(small_lock())
    places = []
    for broken in (text[: text.index('"provenance"') + 5], text.replace('"cases": [', '<<<<<<< HEAD\n"cases": [')):
        with pytest.raises(EvalspecError) as caught:
            load(broken, "s")
        places += [(one.code, one.span.line, one.span.col) for one in caught.value.diagnostics if one.span]

    lines = text.split("\n")
    first = next(at for at, line in enumerate(lines, 1) if line.startswith('{"id"'))
    column = lines[first - 1].index('"provenance"') + 1
    assert places == [("L601", first, column), ("Y023", lines.index('"cases": [') + 1, 1)]


# Other versions


def test_a_higher_lock_version_is_refused_by_name() -> None:
    """A reader never guesses at a format that it does not know: exit 3, not an integrity error."""
    text = dump(small_lock()).replace('"lock_version": 1', '"lock_version": 2')

    with pytest.raises(EvalspecError) as caught:
        load(text, "s")

    (problem,) = caught.value.diagnostics
    assert problem.code == "L602"
    assert problem.message == "`s` has lock_version 2; this evalspec reads up to 1"
    assert problem.hint == "upgrade evalspec"
    assert caught.value.exit is Exit.INVALID


def test_a_higher_revision_is_read_with_what_it_adds() -> None:
    """Later revisions only add fields: header, cases and drops may hold keys that this version does not know."""
    made = small_lock()
    later = _resealed(
        Lock(
            header={"lock_version": 1, "new_fact": {"a": 1}, **made.header, "revision": 7},
            cases=tuple({**case, "audio": ["x"]} for case in made.cases),
            drops=tuple({**drop, "by": "someone"} for drop in made.drops),
        )
    )

    text = dump(later)

    assert load(text, "s") == later
    assert faults(load(text, "s"), text, "s") == ()
