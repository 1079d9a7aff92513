"""`evalspec why`: what made a case, a drop or a cell, what judged it, and what changed since a base.

`why/NAME.txt` holds what it prints about the examples; `pytest --update-golden` rewrites them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import case_ids, checkout, commit, decide, edit_spec, keep_all

from evalspec.after.why_text import case_lines, cell_text
from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.model.why import CellWhy
from evalspec.tracing import ground_of, why

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "why"
ASKED = {
    "fixed_twice": ("refund", "prompted.angry_escalator.delay.02"),
    "dropped_by_people": ("refund", "mutation.drift.50b6a59da645.2"),
    "attack": ("refund", "redteam.override.02"),
    "persona": ("refund", "persona.retiree.outside_window.01"),
    "cell": ("refund", "enterprise_buyer.outside_window"),
    "voice": ("refund", "persona.lowercase_poweruser.outside_window"),
    "operator": ("refund", "mutation.drift"),
    "chat_turn_split": ("clinic_chat", "mutation.split_turns.188f78a793a8.1"),
    "chat_turn_changed": ("clinic_chat", "mutation.self_correct.b904713e65c9.1"),
    "chat_no_op": ("clinic_chat", "mutation.split_turns.2c759e98cfc8.1"),
}
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small set that was read, built and committed."""
    monkeypatch.chdir(tmp_path)
    return checkout(tmp_path)


def told(spec: str, name: str, capsys: Capture, *more: str) -> dict[str, Any]:
    """The answer as JSON data."""
    capsys.readouterr()
    assert run(["why", spec, name, "--json", *more]) == Exit.OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def since(spec: str, name: str, capsys: Capture) -> tuple[str, list[str]]:
    """What became of it since the last commit, and why."""
    found = told(spec, name, capsys, "--base", "HEAD")["since"]
    return found["state"], found.get("causes", [])


@pytest.mark.parametrize("example", sorted({example for example, _ in ASKED.values()}))
def test_what_is_told_about_the_examples(example: str, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    """Golden output on the refund desk and on conversations of four and more turns."""
    monkeypatch.chdir(ROOT)
    ground = ground_of(f"specs/{example}.yaml")
    for name, (_, asked) in ((name, one) for name, one in ASKED.items() if one[0] == example):
        answer = why(ground, asked)
        lines = cell_text(answer) if isinstance(answer, CellWhy) else case_lines(answer)
        found, expected = "\n".join(lines) + "\n", GOLDEN / f"{name}.txt"
        if update_golden:
            expected.write_text(found, "utf-8")
        assert found == expected.read_text("utf-8")


def test_the_command_prints_what_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """The same lines come out of the command line."""
    monkeypatch.chdir(ROOT)
    example, asked = ASKED["chat_turn_split"]
    assert run(["why", f"specs/{example}.yaml", asked]) == Exit.OK
    assert capsys.readouterr().out == (GOLDEN / "chat_turn_split.txt").read_text("utf-8")


def test_there_is_a_file_for_each_question_and_no_other() -> None:
    """A golden file that nobody asks for any more would never fail."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(ASKED)


def test_places_are_lines_of_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place leads to a line that names what it is said to be."""
    monkeypatch.chdir(ROOT)
    lines = Path("specs/refund.yaml").read_text("utf-8").splitlines()
    ground = ground_of("specs/refund.yaml")
    for name in ("prompted.enterprise_buyer.outside_window.01", "persona.retiree.delay.01", "redteam.override.02"):
        for one in why(ground, name).lines:
            assert one.at is not None
            line = lines[one.at.line - 1]
            if one.what == "cell rule":
                assert "enterprise_buyer" in line and "outside_window" in line
            else:
                assert ("mix" if one.what == "mix" else one.name.split()[-1]) in line


@pytest.mark.parametrize(
    ("name", "meant"),
    [("prompted.table.1", "prompted.table.01"), ("prompted.tabel", "prompted.table"), ("clok", "clock")],
)
def test_an_unknown_name_gets_the_nearest_one(spec: str, capsys: Capture, name: str, meant: str) -> None:
    """A slip of the pen is answered with what there is."""
    assert run(["why", spec, name]) == Exit.INVALID
    captured = capsys.readouterr()
    assert f"did you mean `{meant}`?" in captured.err
    assert captured.out == ""


def test_a_near_duplicate_stands_beside_what_it_repeats(spec: str, capsys: Capture) -> None:
    """The reason with both texts, their words that differ, and the value against the bound."""
    one, other = case_ids(spec, "prompted")[:2]
    text = told(spec, other, capsys)["input"]
    decide(spec, one, "fix", "--input", text.replace("?", "??"))
    decide(spec, other, "fix", "--input", text + " ")

    screened = [told(spec, name, capsys) for name in (one, other)]
    dropped = next(found for found in screened if found["status"] == "drop")
    kept = next(found for found in screened if found["status"] != "drop")
    assert dropped["screened"]["reason"] == "near_duplicate"
    assert dropped["screened"]["value"] >= dropped["screened"]["bound"] == 0.85
    assert dropped["screened"]["other"]["id"] == kept["id"]
    assert dropped["screened"]["other"]["input"] == kept["input"]
    words = dropped["screened"]["other"]["edits"][0]["words"]
    assert "".join(word["text"] for word in words if word["how"] != "new") == kept["input"]
    assert "".join(word["text"] for word in words if word["how"] != "cut") == dropped["input"]


def test_decisions_in_force_and_superseded(spec: str, capsys: Capture) -> None:
    """A fix overrules a keep; after the label moved, both are about another text or label."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "fix", "--input", "one leg of my table is short, what now?")
    found = told(spec, case, capsys)["decisions"]
    assert [(one["verdict"], one["state"]) for one in found] == [("keep", "superseded"), ("fix", "in force")]
    assert found[1]["edits"]

    edit_spec(spec, lambda data: data["axes"]["item"]["clock"].update(expected="track"))
    clock = [name for name in case_ids(spec, "prompted") if ".clock." in name][-1]
    assert [one["state"] for one in told(spec, clock, capsys)["decisions"]] == ["about another text or label"]
    assert told(spec, clock, capsys)["status"] == "waiting"


def test_nothing_changed_is_reused(spec: str, capsys: Capture) -> None:
    """Against the commit it was built at, every field is the same."""
    for pool in ("seed", "mutation", "prompted"):
        assert since(spec, case_ids(spec, pool)[0], capsys) == ("same", [])


def test_rebuilt_since_its_parent_changed(spec: str, capsys: Capture) -> None:
    """A person mends a row: its children are written anew, and say so."""
    child = next(one for one in case_ids(spec, "mutation") if "lowercase" in one)
    parent = told(spec, child, capsys)["texts"][0]["id"]
    line = ["review", "record", spec, parent, "fix", "--input", "The TABLE wobbles, and I have Tried everything."]
    assert run([*line, "--reviewer", "bob", "--date", "2026-03-02"]) == Exit.OK

    state, causes = since(spec, child, capsys)
    assert state == "rebuilt"
    assert causes[0] == f"its parent `{parent}` has another text or label, or left the set"


def test_rebuilt_since_the_grammar_changed(spec: str, capsys: Capture) -> None:
    """Another grammar: the cases it wrote name it; the rows it did not write are reused."""
    path = Path("specs/small/grammar.yaml")
    grammar = yaml.safe_load(path.read_text("utf-8"))
    grammar["rules"]["ask"] = ["so what do you suggest?", "what would you do about it?", "any idea at your end?"]
    path.write_text(yaml.safe_dump(grammar, sort_keys=False), "utf-8")

    state, causes = since(spec, case_ids(spec, "prompted")[0], capsys)
    assert (state, causes) == ("rebuilt", ["the grammar `small/grammar.yaml` changed"])
    assert since(spec, case_ids(spec, "seed")[0], capsys) == ("same", [])


def test_rebuilt_since_the_spec_was_edited(spec: str, capsys: Capture) -> None:
    """The edited block is named; a pool that is new is told with its line."""
    edit_spec(spec, lambda data: data["axes"]["item"]["table"].update(expected="track"))
    table = next(name for name in case_ids(spec, "prompted") if ".table." in name)

    state, causes = since(spec, table, capsys)
    assert state == "rebuilt"
    assert "`axes` of the spec was edited" in causes


def test_instructions_in_a_file_are_no_edit_of_the_task(spec: str, capsys: Capture) -> None:
    """The base knows the path and not the text: only another file or another path is told, and as what it is."""
    file = Path("specs/small/system.md")
    file.write_text("Say what the customer wants.\n", "utf-8")
    edit_spec(spec, lambda data: data["task"].update(instructions={"path": "small/system.md"}))
    keep_all(spec)
    assert run(["build", spec, "-q"]) == Exit.OK
    commit(Path())
    case = next(name for name in case_ids(spec, "prompted") if ".table." in name)
    assert since(spec, case, capsys) == ("same", [])

    edit_spec(spec, lambda data: data["axes"]["item"]["table"].update(expected="track"))
    causes = since(spec, case, capsys)[1]
    assert "`axes` of the spec was edited" in causes
    assert not any("task" in one or "system.md" in one for one in causes)

    file.write_text("Say what the customer wants, in one word.\n", "utf-8")
    causes = since(spec, case, capsys)[1]
    assert "the file `small/system.md` changed" in causes
    assert "`task` of the spec was edited" not in causes

    edit_spec(spec, lambda data: data["task"].update(instructions="Say what the customer wants."))
    assert "`task` of the spec was edited" in since(spec, case, capsys)[1]


def test_dropped_since_somebody_decided(spec: str, capsys: Capture) -> None:
    """A case that went out, with the line that took it out; what takes its place is new."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "drop", "--reason", "implausible")

    state, causes = since(spec, case, capsys)
    assert (state, causes[0]) == ("went out", "decision added: drop by bob on 2026-03-02")
    assert told(spec, case, capsys)["lock"].endswith("the lock is out of date")


def test_a_case_that_is_no_longer_planned(spec: str, capsys: Capture) -> None:
    """The lock holds it and the spec does not: it can still be asked about."""
    child = next(one for one in case_ids(spec, "mutation") if ".typo." in one)
    edit_spec(spec, lambda data: data["pools"]["mutation"].update(operators={"lowercase": {}}))

    found = told(spec, child, capsys, "--base", "HEAD")
    assert found["status"] == "gone"
    assert found["since"]["causes"][0] == "its slot is no longer planned"


def test_a_cell_owes_and_holds(spec: str, capsys: Capture) -> None:
    """What each pool owes there, its cases, and what was dropped, by reason."""
    case = next(name for name in case_ids(spec, "prompted") if ".table." in name)
    decide(spec, case, "drop", "--reason", "implausible")
    whole, pool = told(spec, "table", capsys), told(spec, "prompted.table", capsys)

    assert whole["pools"] == pool["pools"]
    found = pool["pools"][0]
    assert (found["places"], len(found["cases"])) == (2, 2)
    assert found["dropped"] == {"review/implausible": [case]}
    assert pool["levels"] == {"item": "table"}
    assert pool["expected"] == "replace"


def test_a_cell_of_one_voice_is_a_cell(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """With the pool and without; all voices together are the cell, and a slip is answered with the voice that is."""
    monkeypatch.chdir(ROOT)
    ground = ground_of("specs/refund.yaml")
    voices = ("lowercase_poweruser", "retiree")
    whole = why(ground, "persona.delay")
    parts = [why(ground, f"persona.{voice}.delay") for voice in voices]

    assert isinstance(whole, CellWhy) and all(isinstance(one, CellWhy) for one in parts)
    cases = [one.strata[0].cases for one in parts if isinstance(one, CellWhy)]
    assert sorted(cases[0] + cases[1]) == sorted(whole.strata[0].cases) and cases[0] and cases[1]
    for voice, part in zip(voices, parts, strict=True):
        assert isinstance(part, CellWhy)
        assert part.levels == whole.levels and part.seeds == whole.seeds
        (stratum,) = part.strata
        assert (stratum.voice, stratum.places) == (voice, whole.strata[0].places)
        assert all(f".{voice}." in case for case in stratum.cases)
        assert voice in {line.name for line in part.lines if line.what == "persona"}
        bare = why(ground, f"{voice}.delay")
        assert isinstance(bare, CellWhy) and bare.strata == part.strata
    assert run(["why", "specs/refund.yaml", "persona.retire.delay"]) == Exit.INVALID
    assert "did you mean `persona.retiree.delay`?" in capsys.readouterr().err


def test_a_base_without_a_lock(spec: str, capsys: Capture) -> None:
    """Against a commit that holds no lock everything is new."""
    Path("specs/small.lock.json").unlink()
    commit(Path())

    assert since(spec, case_ids_planned(spec, capsys), capsys)[0] == "new"


def case_ids_planned(spec: str, capsys: Capture) -> str:
    """One case of the set where there is no lock to read it from."""
    return str(told(spec, "prompted.table", capsys)["pools"][0]["cases"][0])


def test_nothing_that_a_terminal_or_a_runner_obeys_comes_out(spec: str, capsys: Capture) -> None:
    """Escapes and workflow commands in a text are spelled out."""
    case = case_ids(spec, "prompted")[0]
    decide(spec, case, "fix", "--input", "my table \x1b[31mis red ::error::stop ##[group]x")
    capsys.readouterr()

    assert run(["why", spec, case, "--format", "github"]) == Exit.OK
    said = capsys.readouterr().out
    assert "\x1b" not in said and "::error::" not in said and "##[group]" not in said


def test_the_rules_that_wrote_a_text_are_lines_of_the_grammar(spec: str, capsys: Capture) -> None:
    """Every line that is named wrote a part of the text: a word put into it comes out in the case."""
    path = Path("specs/small/grammar.yaml")
    whole = path.read_text("utf-8")
    case = case_ids(spec, "prompted")[0]
    before = told(spec, case, capsys)
    assert before["rules"][0]["name"].endswith("message") and before["rules"][0]["what"] == "rule"

    for rule in before["rules"]:
        lines = whole.splitlines()
        at = rule["at"]
        assert at["path"] == str(path)
        line = lines[at["line"] - 1]
        assert rule["said"] in line
        lines[at["line"] - 1] = line.replace(rule["said"], f"{rule['said']} zebra")
        path.write_text("\n".join(lines) + "\n", "utf-8")
        assert "zebra" in told(spec, case, capsys)["input"].lower(), rule
    path.write_text(whole, "utf-8")
    assert told(spec, case, capsys) == before
    assert "rules" not in told(spec, case_ids(spec, "seed")[0], capsys)
