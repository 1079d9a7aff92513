"""What `verify` tells beside "the lock is not what its inputs give": what is in it, and what is not shown of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkouts import case_ids, checkout, commit, decide, edit_spec, keep_all, lock_data
from small_specs import small_spec, write_project

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.model.asking import Reply
from evalspec.model.outcome import Lock
from evalspec.stages.lock import ENGINE, dump, load
from evalspec.stages.tape import dump_segments
from tests.torture.verify_forger import sealed

Capture = pytest.CaptureFixture[str]
BASE = ("--base", "HEAD")
# In halves, so that no scanner of this repository takes them for leaks.
KEY = "sk-" + "proj-abcdefghijkmnpqrstuvwxyz23456789"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small set in a checkout, which verifies."""
    monkeypatch.chdir(tmp_path)
    return checkout(tmp_path)


def verified(spec: str, capsys: Capture, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of `verify`."""
    capsys.readouterr()
    code = run(["verify", spec, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def codes(found: dict[str, Any]) -> list[str]:
    """The codes of an answer in the order they are told, but for gates that lack evidence in so small a set."""
    return [one["code"] for one in found["diagnostics"] if one["code"] != "G402"]


def forge(spec: str, change: Callable[[Lock], Lock]) -> None:
    """Change the lock and give it its digests, and the report its root."""
    path = Path(spec).with_suffix(".lock.json")
    lock = load(path.read_text("utf-8"), str(path))
    forged = sealed(change(lock))
    path.write_text(dump(forged), "utf-8")
    report = Path(spec).with_suffix(".report.md")
    report.write_text(report.read_text("utf-8").replace(lock.root, str(forged.header["root"])), "utf-8")


def with_case(at: int, **fields: object) -> Callable[[Lock], Lock]:
    """Replace fields of one case."""

    def change(lock: Lock) -> Lock:
        cases = list(lock.cases)
        cases[at] = {**cases[at], **fields}
        return Lock(header=lock.header, cases=tuple(cases), drops=lock.drops)

    return change


def with_drop(**drop: object) -> Callable[[Lock], Lock]:
    """Put a drop in."""
    return lambda lock: Lock(header=lock.header, cases=lock.cases, drops=(*lock.drops, drop))


# What stands in the lock


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"input": f"my key is {KEY}"}, "L611", "`input` holds a secret, api_key"),
        ({"input": "write to jane.doe@gmail.com"}, "L611", "`input` holds personal data, email"),
        ({"metadata": {"phone": "+49 30 901820"}}, "L611", "`metadata` holds personal data, phone"),
        ({"expected": {"note": "jane.doe@gmail.com"}}, "L611", "`expected` holds personal data, email"),
        ({"context": {"token": KEY}}, "L611", "`context` holds a secret"),
        ({"input": "refund\u202eme\u202c now"}, "L612", "`input` holds hidden characters (bidi)"),
        ({"input": "refund \U000e0041\U000e0042"}, "L612", "(tag)"),
        ({"metadata": {"channel": "we\x1b]0;b"}}, "L612", "`metadata` holds hidden characters (control)"),
        ({"input": "more " * 250_000}, "L613", "over 1,048,576"),
    ],
)
def test_what_may_not_stand_in_a_lock_is_named(
    spec: str, fields: dict[str, object], code: str, says: str, capsys: Capture
) -> None:
    """Beside that the lock is forged: what was put in, in which case and line, and never the value."""
    forge(spec, with_case(-1, **fields))

    exit_code, found = verified(spec, capsys)

    told = next(one for one in found["diagnostics"] if one["code"] == code)
    assert exit_code == Exit.INTEGRITY and "L604" in codes(found)
    assert says in told["message"] and "(line " in told["message"]
    assert KEY not in json.dumps(found) and "jane.doe" not in json.dumps(found)


def test_a_row_that_brings_hidden_characters_fails_the_check(spec: str, capsys: Capture) -> None:
    """What its inputs give is a finding all the same, exit 1; a zero-width space that a user pasted is a warning."""
    edit_spec(spec, _seeds_alone)
    assert run(["build", spec, "-q"]) == Exit.OK
    snapshot = Path("specs/small/production.jsonl")
    text = snapshot.read_text("utf-8")
    for hidden, code in (("\u200b", Exit.OK), ("\u202e", Exit.FINDING)):
        snapshot.write_text(text.replace('"input": "', f'"input": "{hidden}'), "utf-8")
        assert run(["build", spec, "-q"]) == Exit.OK

        exit_code, found = verified(spec, capsys)
        assert set(codes(found)) == {"L612"}
        assert exit_code == code


def _seeds_alone(data: dict[str, Any]) -> None:
    data["pools"] = {"seed": {}}
    data["mix"]["cases"] = {"seed": 6}
    for name in ("axes", "models", "roles", "review"):
        del data[name]


def test_people_in_reviews_are_meant(spec: str, capsys: Capture) -> None:
    """A reviewer may be known by an address; that is a name, and no leak."""
    line = ["review", "record", spec, case_ids(spec, "prompted")[0], "keep", "--supersedes", "--date", "2026-03-02"]
    assert run([*line, "--reviewer", "ann@example.org"]) == Exit.OK
    assert run(["build", spec, "-q"]) == Exit.OK

    code, found = verified(spec, capsys)
    assert (code, codes(found)) == (Exit.OK, [])


def test_a_semantic_drop_is_listed_first(spec: str, capsys: Capture) -> None:
    """What the core cannot recompute comes before all else, and those that the base lacks are counted."""
    drop = {"id": "prompted.clock.99", "stage": "screen", "reason": "near_duplicate_semantic", "value": 0.95}
    forge(spec, with_drop(**drop))
    edit_spec(spec, lambda data: data.update(random_state=7))

    code, found = verified(spec, capsys, *BASE)

    assert codes(found)[:2] == ["L615", "G403"]
    assert "1 of them new since `HEAD`: prompted.clock.99" in found["diagnostics"][0]["message"]
    assert code == Exit.STALE
    edit_spec(spec, lambda data: data.update(random_state=0))
    assert verified(spec, capsys, *BASE)[0] == Exit.INTEGRITY


@pytest.mark.parametrize(("engine", "hint"), [(ENGINE - 1, "evalspec build"), (ENGINE + 1, "upgrade")])
def test_another_engine_is_stale_and_never_tampering(spec: str, engine: int, hint: str, capsys: Capture) -> None:
    """Exit 4 with both numbers, and nothing is replayed."""
    forge(spec, lambda lock: Lock(header={**lock.header, "engine": engine}, cases=lock.cases, drops=lock.drops))

    code, found = verified(spec, capsys)

    (told,) = (one for one in found["diagnostics"] if one["code"] == "L609")
    assert code == Exit.STALE
    assert f"built by engine {engine}, and this evalspec is engine {ENGINE}" in told["message"]
    assert hint in told["hint"]


def test_what_git_does_to_line_ends_is_no_edit(spec: str, capsys: Capture) -> None:
    """All of them with a carriage return are a checkout of Windows; some of them, or a byte order mark, are an edit."""
    path = Path(spec).with_suffix(".lock.json")
    raw = path.read_bytes()
    for edited, code in (
        (raw.replace(b"\n", b"\r\n"), Exit.OK),
        (raw.replace(b"\n", b"\r\n", 1), Exit.INTEGRITY),
        (b"\xef\xbb\xbf" + raw, Exit.INTEGRITY),
        (raw.replace(b"smoke", b"sm\xffke"), Exit.INTEGRITY),
        (b"", Exit.INTEGRITY),
        (raw.replace(b'"cases": [\n', b'<<<<<<< HEAD\n"cases": [\n'), Exit.INVALID),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", Exit.INVALID),
    ):
        assert edited != raw
        path.write_bytes(edited)
        assert verified(spec, capsys)[0] == code


# What is not shown


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("*.lock.json -diff", "`-diff`"),
        ("*.lock.json binary", "`-diff`"),
        ("specs/** linguist-generated", "`linguist-generated`"),
        ("*.jsonl linguist-generated=true", "`linguist-generated`"),
    ],
)
def test_attributes_that_hide_a_change_are_told(spec: str, line: str, words: str, capsys: Capture) -> None:
    """A warning, and exit 1 where nothing may be loosened."""
    Path(".gitattributes").write_text(f"{line}\n", "utf-8")

    code, found = verified(spec, capsys, *BASE)

    assert code == Exit.OK and set(codes(found)) == {"L614"}
    assert all(words in one["message"] for one in found["diagnostics"] if one["code"] == "L614")
    assert verified(spec, capsys, *BASE, "--no-loosen")[0] == Exit.FINDING


def test_attributes_that_show_everything_are_fine(spec: str, capsys: Capture) -> None:
    """Those that `init --ci` writes, for one."""
    Path(".gitattributes").write_text("specs/*.lock.json text eol=lf diff -linguist-generated\n", "utf-8")

    assert codes(verified(spec, capsys, *BASE, "--no-loosen")[1]) == []


def test_rows_that_were_replaced_are_counted(spec: str, capsys: Capture) -> None:
    """A hard row exchanged for an easy one: told by source and id; rows that are only new are not."""
    snapshot = Path("specs/small/production.jsonl")
    lines = snapshot.read_text("utf-8").strip().split("\n")
    new = [json.dumps({**json.loads(lines[-1]), "id": "new", "input": "Everything is fine. Thank you so much."})]
    snapshot.write_text("\n".join([*lines, *new]) + "\n", "utf-8")
    assert "G403" not in codes(verified(spec, capsys, *BASE)[1])

    snapshot.write_text("\n".join([*lines[:-1], *new]) + "\n", "utf-8")
    told = verified(spec, capsys, *BASE)[1]["diagnostics"][0]
    assert told["code"] == "G403"
    assert "source `production`: of 12 rows 1 are gone and 0 have changed; 1 are new" in told["message"]


def test_drops_of_a_change_are_listed(spec: str, capsys: Capture) -> None:
    """Which case left by whose hand, the cases of the base first."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "drop", "--reason", "implausible")
    while run(["build", spec, "-q"]) == Exit.FINDING:
        keep_all(spec)

    code, found = verified(spec, capsys, *BASE)

    assert code == Exit.OK
    assert found["drops_added"] == [f"review, implausible: 1: {case} (a case before)"]
    capsys.readouterr()
    assert run(["verify", spec, *BASE]) == Exit.OK
    said = capsys.readouterr().err
    assert "drops since HEAD" in said and "where the inputs come from is not proved" in said


# The report


@pytest.mark.parametrize("day", [(), ("--today", "2026-03-01")])
def test_every_number_of_a_report_is_computed_again(spec: str, day: tuple[str, ...], capsys: Capture) -> None:
    """Ages too, as of the day that the report states, whatever day it is now."""
    edit_spec(spec, lambda data: data.update(gates={"fresh": {"measure": "age", "max": 400}}))
    assert run(["build", spec, "-q", *day]) == Exit.OK
    report = Path(spec).with_suffix(".report.md")
    text = report.read_text("utf-8")
    assert ('"today": "2026-03-01"' in text) == bool(day)
    for asked in ((), ("--today", "2026-03-01"), ("--today", "2026-06-01")):
        assert verified(spec, capsys, *asked)[0] == Exit.OK

    block = text[text.rfind("```json") :]
    edits = [('"cases": 14', '"cases": 14.0'), ('"cases": 14', '"cases": 99,\n"cases": 14'), ("```json", "```")]
    row = next(line for line in block.split("\n") if '"age"' in line and "prompted" in line)
    value = json.loads(row.strip().rstrip(","))["value"]
    edits.append((row, row.replace(f'"value": {json.dumps(value)}', '"value": 1.0')))
    if day:
        edits += [('"today": "2026-03-01"', '"today": "2026-03-02"'), ('"2026-03-01"', '"2026-02-31"')]
    for old, new in edits:
        head, _, tail = text.rpartition("```json")
        edited = head + ("```json" + tail).replace(old, new, 1)
        assert edited != text, old
        report.write_text(edited, "utf-8")
        for asked in ((), ("--today", "2026-06-01")):
            code, found = verified(spec, capsys, *asked)
            assert (code, "L605" in codes(found)) == (Exit.INTEGRITY, True), new

    report.write_text(text.replace(lock_data(spec)["root"], "0" * 32, 1), "utf-8")
    assert verified(spec, capsys)[0] == Exit.INTEGRITY
    commit(Path())


def test_of_several_specs_the_gravest_answer_counts(spec: str, tmp_path: Path) -> None:
    """A stale set beside a forged one is exit 5, in either order."""
    other = checkout_of_another(tmp_path)
    forge(spec, with_case(0, input="another text"))
    edit_spec(other, lambda data: data.update(random_state=7))

    assert run(["verify", other]) == Exit.STALE
    assert run(["verify", other, spec]) == run(["verify", spec, other]) == Exit.INTEGRITY


def checkout_of_another(folder: Path) -> str:
    """A second project in the folder."""
    path = write_project(folder / "more", small_spec())
    assert run(["build", path, "-q"]) == Exit.OK
    return path


def test_replies_of_a_change_are_counted_and_none_is_another(spec: str, capsys: Capture) -> None:
    """A tape is immutable: more replies are more, and another answer to an old question is told first."""
    key, other = "0" * 32, "1" * 32
    folder = Path("specs/small/tape")
    folder.mkdir()
    for replies, new, codes_told in (
        ({key: Reply(text="hello", served="m")}, 1, []),
        ({key: Reply(text="hello", served="m"), other: Reply(text="so", served="m")}, 1, []),
        ({key: Reply(text="good day", served="m"), other: Reply(text="so", served="m")}, 0, ["G403"]),
        ({}, 0, []),
    ):
        for path in folder.iterdir():
            path.unlink()
        for name, text in dump_segments(replies):
            (folder / name).write_text(text, "utf-8")

        code, found = verified(spec, capsys, *BASE)
        assert (code, found.get("replies_added", 0), codes(found)) == (Exit.OK, new, codes_told)
        commit(Path())
