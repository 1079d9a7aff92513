"""What a spec resolves to can be printed, read again and digested; only meaning changes the digest."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from desk_spec import DESK
from hypothesis import given, settings
from hypothesis import strategies as st
from resolving import SMALLEST, document_of, problems_of, spec_of

from evalspec.codes import CODES
from evalspec.diagnostics import SpecError
from evalspec.stages.resolve import referenced_files, resolved_data, spec_digest

DATA: Any = document_of(DESK).data


def text_of(data: object) -> str:
    """Spell data as YAML."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize("text", [SMALLEST, DESK])
def test_the_resolved_spec_resolves_to_itself(text: str) -> None:
    spec = spec_of(text)
    again = spec_of(text_of(resolved_data(spec)))

    assert again == spec
    assert spec_digest(again) == spec_digest(spec)


def test_the_resolved_spec_is_plain_data_in_the_order_of_the_language() -> None:
    order = [
        "version",
        "name",
        "description",
        "purpose",
        "random_state",
        "task",
        "sources",
        "axes",
        "personas",
        "models",
    ]
    order += ["roles", "independence", "pools", "screen", "review", "mix", "gates", "waivers", "budget"]

    assert list(resolved_data(spec_of(DESK))) == order


@st.composite
def _shuffled(draw: st.DrawFn, value: Any = None) -> Any:
    value = DATA if value is None else value
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: draw(_shuffled(value[key])) if value[key] is not None else None for key in keys}
    return value


@settings(max_examples=25, deadline=None)
@given(_shuffled())
def test_the_order_of_keys_changes_nothing(data: Any) -> None:
    assert spec_of(text_of(data)) == spec_of(DESK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("operators: [filler]", "operators: {filler: {}}"),
        ("reader: [pupil, teacher]", "reader: {teacher: , pupil: }"),
        ("reader: [pupil, teacher]", "reader: [teacher, pupil]"),
        ("days_late: {range", "days_late: {'range'"),
        ("seed: {from: production}", "seed: "),
        ("jury: judge", "jury: [judge]"),
        ("seed: 0.4,", "seed: 0.40,"),
        ("description: The desk of a library.", "description: A desk."),
        ("budget: {usd: 5, hours: 9}", "budget: {usd: 9}"),
        ("temperature: 0", "temperature: 0, price: {prompt: 1, completion: 2}"),
        ("random_state: 7", "random_state: 7  # why not"),
    ],
)
def test_what_means_the_same_has_the_same_digest(old: str, new: str) -> None:
    assert DESK.count(old) == 1
    assert spec_digest(spec_of(DESK.replace(old, new))) == spec_digest(spec_of(DESK))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("random_state: 7", "random_state: 8"),
        ("Writes in capitals.", "Writes in capitals!"),
        ("rate: 0.1", "rate: 0.2"),
        ("[lowercase, no_punctuation]", "[no_punctuation, lowercase]"),
        ("axes: [topic, reader]", "axes: [reader, topic]"),
        ("expected: [lend, refuse, ask]", "expected: [lend, ask, refuse]"),  # an ordered part reads from low to high
        ("min: 0.8}", "min: 0.81}"),
        ("temperature: 0", "temperature: 1"),
        ("The first month.", "A first month."),
        ("desk/system.md", "desk/other.md"),
    ],
)
def test_what_means_another_thing_has_another_digest(old: str, new: str) -> None:
    assert DESK.count(old) == 1
    assert spec_digest(spec_of(DESK.replace(old, new))) != spec_digest(spec_of(DESK))


BASE = DESK.replace("name: desk", "name: base")
MORE = """\
version: 1
extends: base.yaml
axes:
  reader: [pupil, teacher, parent]
pools:
  redteam:
  tried:
mix:
  size: 200
  shares: {seed: 0.4, golden: 0.1, prompted: 0.2, persona: 0.1, mutation: 0.2}
"""


def test_an_extending_spec_replaces_entries_whole_and_keeps_the_rest() -> None:
    base, spec = spec_of(BASE, "specs/base.yaml"), spec_of(MORE, base=BASE)

    assert [level.name for level in spec.axis("reader").levels] == ["parent", "pupil", "teacher"]
    assert spec.axis("topic") == base.axis("topic")
    assert {pool.name for pool in base.pools} - {pool.name for pool in spec.pools} == {"redteam", "tried"}
    assert spec.mix.size == 200 and dict(spec.mix.counts)["prompted"] == 40
    assert (spec.name, spec.base, spec.waivers, spec.description) == ("desk", "base.yaml", (), None)


def test_an_inherited_source_keeps_the_snapshot_of_the_spec_that_declares_it() -> None:
    spec = spec_of(MORE + "sources: {golden: {verified_by: head}}\n", base=BASE)

    assert spec.source("production").path == "base/production.jsonl"
    assert spec.source("golden").path == "desk/golden.jsonl"


def test_what_is_inherited_may_go_unused() -> None:
    more = MORE.replace("  tried:\n", "  tried:\n  persona:\n").replace("persona: 0.1, ", "").replace("0.2}", "0.3}")

    assert problems_of(more, base=BASE) == []
    assert problems_of(more + "personas: {shy: {description: Says little.}}\n", base=BASE) == [
        "C208 persona `shy` has no effect: nothing uses it"
    ]


def test_counts_give_way_to_shares_and_shares_to_counts() -> None:
    counts = "version: 1\nextends: base.yaml\nmix: {cases: {seed: 3, mutation: 2}}\n"
    shares = "version: 1\nextends: base.yaml\nmix: {size: 10, shares: {seed: 0.5, mutation: 0.5}}\n"

    assert spec_of(counts, base=SMALLEST).mix.size == 5
    assert (
        spec_of(
            shares, base=SMALLEST.replace("{size: 100, shares: {seed: 0.5", "{cases: {seed: 4").replace("0.5}}", "3}}")
        ).mix.size
        == 10
    )


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("../base.yaml", "leaves the spec's folder"),
        ("/base.yaml", "is absolute; paths start at the spec's folder"),
        ("more/base.yaml", "has a folder in it"),
    ],
)
def test_an_extended_spec_stands_beside_the_spec(path: str, problem: str) -> None:
    text = MORE.replace("extends: base.yaml", f"extends: {path}")

    assert problems_of(text, base=BASE) == [f"C231 `extends` names a spec in the same folder, and `{path}` {problem}"]


def test_a_spec_does_not_extend_itself_nor_one_that_extends() -> None:
    assert problems_of(MORE, "specs/base.yaml", base=BASE) == ["C231 the spec extends itself"]
    assert problems_of(MORE, base=MORE) == ["C231 `base.yaml` itself extends a spec"]
    assert problems_of(MORE) == ["C231 `base.yaml`, which this spec extends, was not read"]


def test_every_file_that_a_spec_names_is_listed_with_its_place() -> None:
    found = referenced_files(document_of(DESK))

    assert [(one.path, one.kind) for one in found] == [
        ("desk/golden.jsonl", "source"),
        ("desk/production.jsonl", "source"),
        ("desk/training.jsonl", "source"),
        ("desk/system.md", "text"),
        ("desk/grammar.yaml", "grammar"),
        ("desk/guidelines.md", "guidelines"),
    ]
    lines = DESK.split("\n")
    assert all(one.at is not None for one in found)
    assert "instructions" in lines[found[3].at.line - 1]  # type: ignore[union-attr]  # asserted above


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += _places(one, (*path, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            found += _places(one, (*path, at))
    return found


PLACES = _places(DATA)
VALUES = [DATA[key] for key in DATA] + [None, 0, 1, -1, 0.5, 99, True, "", "seed", "typo", "topic", "golden", [], {}]
VALUES += [["typo"], ["seed", "golden"], {"kind": "mutation"}, {"from": "golden"}, {"path": "../x"}, {"min": 2}]


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(["drop", "put"]), st.sampled_from(VALUES)), max_size=3)
)
def test_whatever_is_changed_in_a_spec_it_resolves_or_is_refused_with_known_codes(
    edits: list[tuple[tuple[Any, ...], str, Any]],
) -> None:
    data = copy.deepcopy(DATA)
    for path, how, value in edits:
        holder: Any = data
        for key in path[:-1]:
            holder = holder[key] if _has(holder, key) else None
        if not _has(holder, path[-1]):
            continue
        if how == "put":
            holder[path[-1]] = copy.deepcopy(value)
        else:
            del holder[path[-1]]
    try:
        spec = spec_of(text_of(data))
    except SpecError as error:
        assert {one.code for one in error.diagnostics} <= set(CODES)
        return
    assert sum(dict(spec.mix.counts).values()) == spec.mix.size
    assert spec_of(text_of(resolved_data(spec))) == spec


def _has(holder: Any, key: Any) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and key < len(holder)
