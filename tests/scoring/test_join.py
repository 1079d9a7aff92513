"""Rows find their case by id and digest, or by position; what does not fit is said, all at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from swaps import case, lock_of, worked_table

from evalspec.diagnostics import Collector, Diagnostic, EvalspecError, Exit
from evalspec.model.result import ExportIndex, RawResult, RawResults, Unreadable
from evalspec.scoring.files import dump_run, dump_swap, faults_of, file_name, load_history, load_index, load_run
from evalspec.scoring.join import Joined, Wanted, join
from evalspec.scoring.score import score, swap_of

LOCK = lock_of([case(f"seed.{at}") for at in range(4)])
DIGESTS = {str(one["id"]): str(one["digest"]) for one in LOCK.cases}
INDEX = ExportIndex(
    root=LOCK.root,
    places={("cases.jsonl", at): f"seed.{at}" for at in range(4)},
    digests=DIGESTS,
    files=("cases.jsonl",),
)


def row(at: int, **fields: object) -> RawResult:
    """A passed row of one case, by id and digest."""
    given: dict[str, object] = {"place": f"line {at + 1}", "id": f"seed.{at}", "digest": DIGESTS.get(f"seed.{at}")}
    return RawResult(**{**given, "passed": True, **fields})  # type: ignore[arg-type]


def joined(
    *rows: RawResult, wanted: Wanted | None = None, index: ExportIndex | None = None
) -> tuple[Joined, list[str]]:
    problems = Collector()
    found = join([("r.jsonl", RawResults(rows=rows))], LOCK, wanted or Wanted(model="m"), index, problems)
    return found, sorted(one.code for one in problems.found)


def test_rows_are_sorted_by_case_and_epoch() -> None:
    """In whatever order a runner wrote them."""
    found, codes = joined(row(2), row(0, epoch=2), row(0), row(1), row(3))

    assert [(one.case, one.epoch) for one in found.run.results] == [
        ("seed.0", 1),
        ("seed.0", 2),
        ("seed.1", 1),
        ("seed.2", 1),
        ("seed.3", 1),
    ]
    assert (codes, found.missing, found.run.lock) == ([], (), LOCK.root)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (row(0, id=None, digest=None), "R702"),
        (row(0, id="seed.99"), "R703"),
        (row(0, digest="0" * 32), "R704"),
        (row(1), "R705"),
        (row(0, passed=None, score=0.7), "R706"),
        (row(0, digest=None), "R713"),
    ],
)
def test_what_does_not_fit_is_refused(bad: RawResult, code: str) -> None:
    """Each with its own code; the other rows are joined all the same, so that all problems come at once."""
    found, codes = joined(row(1), bad)

    assert code in codes
    assert [one.case for one in found.run.results] == ["seed.1"]


def test_all_problems_come_at_once_with_their_places() -> None:
    """Three bad rows and an unreadable line are four diagnostics; a changed case makes the whole stale."""
    problems = Collector()
    raw = RawResults(
        rows=(row(0, id="seed.77"), row(1, digest="0" * 32), row(2), row(2)),
        unreadable=(Unreadable(place="line 9", message="not JSON"),),
    )
    join([("r.jsonl", raw)], LOCK, Wanted(model="m"), None, problems)

    assert sorted((one.code, one.span.line if one.span else 0) for one in problems.found) == [
        ("R701", 9),
        ("R703", 1),
        ("R704", 2),
        ("R705", 3),
    ]
    with pytest.raises(EvalspecError) as raised:
        problems.raise_errors(EvalspecError)
    assert raised.value.exit is Exit.INVALID


def test_positions_are_looked_up_in_the_export() -> None:
    """Rows without ids join by place, and the index brings the digest that was exported."""
    rows = [row(at, id=None, digest=None, position=at) for at in (3, 1)]

    found, _ = joined(*rows, index=INDEX)

    assert [one.case for one in found.run.results] == ["seed.1", "seed.3"]
    stale = ExportIndex(root="old", places=INDEX.places, digests={**DIGESTS, "seed.1": "0"}, files=INDEX.files)
    _, codes = joined(*rows, index=stale)
    assert "R704" in codes and "R709" in codes


def test_cases_without_a_result_are_a_warning() -> None:
    """Nothing is refused for what a runner left out, and it is named."""
    problems = Collector()
    found = join([("r", RawResults(rows=(row(0),)))], LOCK, Wanted(model="m"), None, problems)

    assert found.missing == ("seed.1", "seed.2", "seed.3")
    assert [(one.code, one.severity) for one in problems.found] == [("R710", "warning")]


@pytest.mark.parametrize(
    ("fields", "threshold", "status", "passed"),
    [
        ({"passed": True}, None, "ok", True),
        ({"passed": False}, None, "ok", False),
        ({"passed": None, "score": 1.0}, None, "ok", True),
        ({"passed": None, "score": 0.0}, None, "ok", False),
        ({"passed": None, "score": 0.8}, 0.8, "ok", True),
        ({"passed": True, "score": 0.7}, 0.8, "ok", False),
        ({"passed": False, "error": "timeout"}, None, "error", None),
        ({"passed": None, "score": 0.4, "error": "timeout"}, None, "error", None),
        ({"passed": None}, None, "unscored", None),
    ],
)
def test_errors_and_unscored_rows_are_no_failures(
    fields: dict[str, object], threshold: float | None, status: str, passed: bool | None
) -> None:
    """A threshold decides about scores; an error decides about nothing."""
    found, _ = joined(row(0, **fields), wanted=Wanted(model="m", threshold=threshold))

    assert [(one.status, one.passed) for one in found.run.results] == [(status, passed)]


def test_rows_of_other_models_are_left_out_or_refused() -> None:
    """A file of two models gives the one that was asked for; a file of another model gives nothing."""
    found, codes = joined(row(0, model="m"), row(1, model="other"), row(2))
    assert (found.left_out, [one.case for one in found.run.results]) == (1, ["seed.0", "seed.2"])
    assert codes == ["R710"]

    _, codes = joined(row(0, model="other"))
    assert codes == ["R708"]


def test_variants_are_no_reruns() -> None:
    """Several providers need a choice."""
    rows = (row(0, variant="p1"), row(0, variant="p2"))

    assert "R707" in joined(*rows)[1]
    assert joined(*rows, wanted=Wanted(model="m", variant="p2"))[1] == ["R710"]
    assert "R707" in joined(*rows, wanted=Wanted(model="m", variant="p3"))[1]


def test_later_files_hold_later_epochs() -> None:
    """Two files of a rerun; a runner whose rows repeat numbers them itself."""
    problems = Collector()
    files = [("a", RawResults(rows=(row(0), row(1)))), ("b", RawResults(rows=(row(0),)))]
    found = join(files, LOCK, Wanted(model="m"), None, problems)
    assert [(one.case, one.epoch) for one in found.run.results] == [("seed.0", 1), ("seed.0", 2), ("seed.1", 1)]

    repeated = join([("a", RawResults(rows=(row(0), row(0)), repeats=True))], LOCK, Wanted(model="m"), None, problems)
    assert [one.epoch for one in repeated.run.results] == [1, 2]
    assert not problems.failed


@given(st.text(max_size=30), st.none() | st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30))
def test_a_run_is_read_as_it_was_written(model: str, score_: float | None, output: str) -> None:
    """Whatever model, score and output hold."""
    found, _ = joined(row(0, score=score_, output=output), row(1, error=output or "e"), wanted=Wanted(model=model))

    assert load_run(dump_run(found.run), "x") == found.run


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"results": 1', '"results": 2'),
        lambda text: text + text.splitlines()[1] + "\n",
        lambda text: text.replace('"status": "ok"', '"status": "fine"'),
        lambda text: text.replace('"pass": true', '"pass": 1'),
        lambda text: text[:-20],
        lambda text: "",
    ],
)
def test_a_damaged_file_is_refused(edit: object) -> None:
    """With the code that says to import again."""
    text = dump_run(joined(row(0), row(1))[0].run)
    with pytest.raises(EvalspecError, match="R714"):
        load_run(edit(text), "x")  # type: ignore[operator]


def test_results_are_held_against_the_lock_that_they_name() -> None:
    """A digest that somebody edited is found."""
    run = joined(row(0), row(1))[0].run
    text = dump_run(run).replace(DIGESTS["seed.1"], "0" * 32)

    assert faults_of(run, LOCK, "x") == ()
    assert [one.exit for one in faults_of(load_run(text, "x"), LOCK, "x")] == [Exit.INTEGRITY]


def test_the_index_of_an_export_is_read() -> None:
    """As `evalspec export` writes it; anything else is refused."""
    text = '{"root": "r", "index": [{"file": "a", "position": 1, "id": "c", "digest": "d"}]}'

    found = load_index(text, "evalspec.json")

    assert (found.places, found.digests, found.files) == ({("a", 1): "c"}, {"c": "d"}, ("a",))
    for bad in ("[]", "{", '{"root": "r"}', '{"root": "r", "index": [1]}'):
        with pytest.raises(EvalspecError, match="R714"):
            load_index(bad, "evalspec.json")


def test_the_history_is_read_as_it_was_written() -> None:
    """One line a swap, and a line of something else is refused."""
    swap = swap_of(score(*worked_table(2, 10)), "2026-11-20")
    text = dump_swap(swap) + "\n"

    assert load_history(text * 2, "h") == (swap, swap)
    for bad in ("{}", text.replace('"block"', '"maybe"'), text.replace("0.02", '"x"')):
        with pytest.raises(EvalspecError, match="R714"):
            load_history(bad, "h")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-b", "gpt-b.jsonl"),
        ("anthropic/claude@2026", "anthropic-claude-2026.jsonl"),
        ("../../etc/passwd", "etc-passwd.jsonl"),
        ("..", "model.jsonl"),
        ("x" * 300, "x" * 80 + ".jsonl"),
    ],
)
def test_a_models_name_is_no_path(model: str, name: str) -> None:
    """Nothing leaves the folder."""
    assert file_name(model) == name


def refused(*rows: RawResult, lock: str | None = None, index: ExportIndex | None = None) -> list[Diagnostic]:
    problems = Collector()
    join([("r.jsonl", RawResults(rows=rows, lock=lock))], LOCK, Wanted(model="m"), index, problems)
    return list(problems.found)


@pytest.mark.parametrize(("here", "words"), [(0, "none of the 40 cases"), (1, "only 1 of the 41 cases")])
def test_a_file_of_another_lock_is_refused_in_one_sentence(here: int, words: str) -> None:
    """Not row by row, and no other case is suggested: the lock that it is of is named."""
    rows = [row(0, id=f"prompted.{at}") for at in range(40)] + [row(at) for at in range(here)]
    theirs = ExportIndex(root="f" * 32, places={}, digests={}, files=(), name="library")

    (bare,) = refused(*rows)
    (rooted,) = refused(*rows, lock="e" * 32)
    (named,) = refused(*rows, lock="f" * 32, index=theirs)

    assert {one.code for one in (bare, rooted, named)} == {"R703"}
    assert f"{words} that the file names" in bare.message and f"the lock of `desk`, {LOCK.root}" in bare.message
    assert rooted.message.endswith(f"; the file is of lock {'e' * 32}")
    assert named.message.endswith(f"; the file is of lock `library`, {'f' * 32}")
    assert all("did you mean" not in (one.hint or "") and "seed." not in one.message for one in (bare, rooted, named))


def test_a_case_that_left_is_named_and_no_other_is_suggested() -> None:
    """Ids end in a digest: the nearest one is another case, not a slip of the pen."""
    found = refused(row(0), row(1), row(2, id="seed.22"), lock="f" * 32)

    assert [one.code for one in found] == ["R709", "R703"]
    assert "a row of any other is refused" in (found[0].hint or "")
    assert "did you mean" not in (found[1].hint or "") and "leave the row out" in (found[1].hint or "")
