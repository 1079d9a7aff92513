"""`evalspec audit` as a user runs it: what is said, in which form, with which exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalspec.cli import run

THINGS = ("kettle", "lamp", "chair", "phone", "jacket", "carpet", "bicycle", "mirror", "drill", "tent")
CITIES = ("Leeds", "York", "Bath", "Derby", "Ely", "Hull", "Wells")


def real_rows(count: int = 70) -> list[dict[str, Any]]:
    """What people sent: short, in small letters, seldom with an end."""
    openings = (
        "my {t} never came to {c}",
        "the {t} i got in {c} is broken",
        "{t} late again?? in {c}",
        "want to return {t}, {c}",
    )
    return [
        {
            "message": openings[n % 4].format(t=THINGS[n % 10], c=CITIES[n % 7]) + f" {n}",
            "label": ("late", "broken")[n % 2],
        }
        for n in range(count)
    ]


def made_rows(count: int = 70) -> list[dict[str, Any]]:
    """What a template wrote."""
    return [
        {
            "message": f"I would like to kindly inquire about the {THINGS[n % 10]} that I ordered to "
            f"{CITIES[n % 7]}, number {n}.",
            "label": ("late", "broken", "late", "late")[n % 4],
        }
        for n in range(count)
    ]


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return name


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("real.jsonl", real_rows())
    write("made.jsonl", made_rows())
    return tmp_path


def audited(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run(["audit", *arguments, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def finding(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in found["findings"] if one["finding"] == key)


def test_one_screen_says_what_the_set_is_worth(capsys: pytest.CaptureFixture[str]) -> None:
    """It fits a terminal, shows how the file was read, and ends with at most three things to do."""
    assert run(["audit", "made.jsonl", "--seeds", "real.jsonl"]) == 0

    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) <= 45 and max(map(len, lines)) <= 100
    assert lines[0] == "made.jsonl: 70 cases, beside 70 real texts of real.jsonl"
    assert "text `message`, answer `label`" in lines[1]
    assert re.search(r"! from people +nobody said", out)
    assert re.search(r"✗ commonest opening +100 % .*open with “i would like”", out)
    assert re.search(r"! small first letter +0 % +100 %", out)
    assert [line[2:4] for line in lines if re.match(r"  \d\. ", line)] == ["1.", "2.", "3."]
    assert "\x1b" not in out


def test_every_figure_of_the_json_has_its_n_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    """Findings, measures with p, pools, fields and actions, each under its name."""
    found = audited(capsys, "made.jsonl", "--seeds", "real.jsonl")

    assert found["files"]["set"]["fields"]["text"] == "message"
    assert found["pools"] == [{"pool": "this set", "origin": "unsaid", "cases": 70, "measured": 70}]
    assert all({"unit", "n", "p", "status", "figures"} <= one.keys() for one in found["findings"])
    shift = next(one for one in found["measures"] if one["measure"] == "shift" and one["space"] == "lexical")
    assert shift["p"] == 0.001 and shift["n"] == 70 and shift["n_real"] == 70 and shift["unit"]
    assert len(found["actions"]) == 3


def test_a_source_beside_itself_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Real texts beside other real texts of the same source: no costume, no shift, nothing to add."""
    rows = real_rows(280)
    write("one.jsonl", rows[:140])
    write("other.jsonl", rows[140:])
    found = audited(capsys, "one.jsonl", "--seeds", "other.jsonl", "--label", "none")

    judged = {one["finding"]: one["status"] for one in found["findings"]}
    assert {judged[one] for one in ("coverage", "opening_share", "top_term_excess", "rawness_lower")} == {"ok"}
    assert "no difference seen" in finding(found, "shift")["words"]


def test_copies_of_the_real_texts_stand_on_neither_side(capsys: pytest.CaptureFixture[str]) -> None:
    """A set that holds the real texts themselves is not praised for being near them."""
    write("mixed.jsonl", [*real_rows(), *made_rows()])
    found = audited(capsys, "mixed.jsonl", "--seeds", "real.jsonl")

    assert finding(found, "copies")["figures"]["count"] == 70
    assert found["pools"][0]["measured"] == 70
    assert finding(found, "opening_share")["cells"]["this set"] == "100 %"


def test_training_overlap_is_an_error_and_named_first(capsys: pytest.CaptureFixture[str]) -> None:
    """What the model was trained on comes before everything else there is to do."""
    write("tuned.jsonl", made_rows(10))
    found = audited(capsys, "made.jsonl", "--training", "tuned.jsonl")

    overlap = finding(found, "training_overlap")
    assert overlap["status"] == "error" and overlap["figures"]["by_rule"]["equal_tokens"] == 10
    assert found["actions"][0]["finding"] == "training_overlap"


def test_without_seeds_the_question_stays_open_and_the_rest_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Openings and lengths need nothing beside them; likeness does."""
    found = audited(capsys, "made.jsonl")

    assert found["beside"] is None and found["measures"] == []
    assert finding(found, "opening_share")["figures"]["value"] == 1.0
    assert any("--seeds" in one for one in found["open"]) and any("--training" in one for one in found["open"])


def test_its_own_cases_by_people_stand_in_for_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    """A set that says who wrote what is held against its own part by people, and says that it is."""
    people = [row | {"author": "human"} for row in real_rows()]
    write("both.jsonl", [*people, *(row | {"author": "synthetic"} for row in made_rows())])
    found = audited(capsys, "both.jsonl")

    assert found["beside"] == {"what": "its own cases by people", "measured": 70}
    assert finding(found, "from_people")["figures"]["people"] == 70
    assert set(finding(found, "opening_share")["cells"]) == {"synthetic", "real"}


def test_distance_alone_never_makes_a_set_synthetic(capsys: pytest.CaptureFixture[str]) -> None:
    """However far a set is from the real texts, nothing says that a machine wrote it."""
    assert run(["audit", "made.jsonl", "--seeds", "real.jsonl", "-o", "report.md"]) == 0

    said = (capsys.readouterr().out + Path("report.md").read_text("utf-8")).lower()
    assert "not the same source" in said
    assert "synthetic" not in said and "machine" not in said


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("warning", 1), ("error", 1)])
def test_findings_fail_the_command_only_when_asked(fail_on: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """CI says from which severity on; the JSON says what the command leaves with."""
    found = audited(capsys, "made.jsonl", "--seeds", "real.jsonl", "--fail-on", fail_on, code=code)

    assert (found["ok"], found["exit"]) == (code == 0, code)


def test_warnings_alone_do_not_fail_on_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody said who wrote the cases: a warning."""
    assert run(["audit", "real.jsonl", "--fail-on", "error"]) == 0
    assert run(["audit", "real.jsonl", "--fail-on", "warning"]) == 1


def test_github_gets_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    """A finding is an annotation with its severity and figure."""
    assert run(["audit", "made.jsonl", "--seeds", "real.jsonl", "--format", "github"]) == 0

    out = capsys.readouterr().out
    assert "::error file=made.jsonl,title=A807::commonest opening" in out
    assert "::warning file=made.jsonl,title=A807::from people" in out


def test_the_same_set_in_any_form_gives_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """JSONL, a JSON array, CSV, promptfoo, DeepEval, Inspect AI and lm-evaluation-harness differ in form alone."""
    rows = made_rows()
    Path("array.json").write_text(json.dumps(rows), "utf-8")
    Path("table.csv").write_text(
        "message,label\n" + "".join(f'"{row["message"]}",{row["label"]}\n' for row in rows), "utf-8"
    )
    tests = [
        {"vars": {"message": row["message"]}, "assert": [{"type": "equals", "value": row["label"]}]} for row in rows
    ]
    Path("promptfooconfig.yaml").write_text(json.dumps({"prompts": ["{{message}}"], "tests": tests}), "utf-8")
    goldens = [{"input": row["message"], "expected_output": row["label"]} for row in rows]
    Path("goldens.json").write_text(json.dumps(goldens), "utf-8")
    samples = [
        {"id": n, "epoch": epoch, "input": row["message"], "target": row["label"], "scores": {"m": {"value": "NaN"}}}
        for n, row in enumerate(rows)
        for epoch in (1, 2)
    ]
    log = json.dumps({"version": 2, "eval": {"task": "t"}, "samples": samples}).replace('"NaN"', "NaN")
    Path("log.json").write_text(log, "utf-8")
    write(
        "samples_x.jsonl",
        [
            {"doc_id": n, "doc": {"query": row["message"]}, "target": row["label"], "resps": [["x"]], "filter": one}
            for n, row in enumerate(rows)
            for one in ("none", "strict")
        ],
    )
    forms = {
        "made.jsonl": "JSONL",
        "array.json": "JSON",
        "table.csv": "CSV",
        "promptfooconfig.yaml": "promptfoo tests",
        "goldens.json": "DeepEval goldens",
        "log.json": "Inspect AI log",
        "samples_x.jsonl": "lm-evaluation-harness samples",
    }
    found = {name: audited(capsys, name, "--seeds", "real.jsonl") for name in forms}

    assert {name: one["files"]["set"]["form"] for name, one in found.items()} == forms
    assert {name: one["files"]["set"]["repeats"] for name, one in found.items() if one["files"]["set"]["repeats"]} == {
        "log.json": 70,
        "samples_x.jsonl": 70,
    }
    figures = [[(m["measure"], m["space"], m["value"], m["p"]) for m in one["measures"]] for one in found.values()]
    assert all(one == figures[0] for one in figures[1:])
    assert len({json.dumps(finding(one, "label_balance")["figures"]["counts"]) for one in found.values()}) == 1


def test_personal_data_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Examples, openings, labels, origins and words are scrubbed on the screen, in Markdown and in JSON."""
    secret = "rosa.kean@example.org"
    row = {"message": f"{secret} is my mail, where is my {{}}?", "label": f"ask {secret}", "author": "human"}
    rows = [row | {"message": row["message"].format(f"{one} {n}")} for n, one in enumerate(THINGS * 7)]
    write("private.jsonl", [*rows, *(one | {"author": f"llm by {secret}"} for one in made_rows())])
    for arguments in (["private.jsonl"], ["made.jsonl", "--seeds", "private.jsonl"]):
        assert run(["audit", *arguments, "-o", "report.md"]) == 0
        assert run(["audit", *arguments, "--json"]) == 0

        said = capsys.readouterr()
        assert secret not in said.out + said.err + Path("report.md").read_text("utf-8")


def test_nothing_of_a_file_acts_on_a_terminal_or_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns, labels, origins and openings with escapes, links and mentions are spelled out."""
    bad = "\x1b[2J::error::x <img src=x> @team [a](http://evil.example)\u202e"
    rows = [
        {"message": f"{bad} where is {one} {n}", f"label{bad}": bad, "origin": f"llm {bad}"}
        for n, one in enumerate(THINGS * 7)
    ]
    write("bad.jsonl", rows)
    assert run(["audit", "bad.jsonl", "--label", f"label{bad}", "--seeds", "real.jsonl", "-o", "report.md"]) == 0

    out, page = capsys.readouterr().out, Path("report.md").read_text("utf-8")
    assert "\x1b" not in out + page and "\u202e" not in out + page
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert not re.search(r"(?<!\\)(<img|@team|\[a)", page) and "](http://" not in page


def test_bad_rows_are_warnings_and_the_rest_is_audited(capsys: pytest.CaptureFixture[str]) -> None:
    """Every bad line has a code and a place; the screen counts them."""
    good = Path("made.jsonl").read_text("utf-8")
    Path("torn.jsonl").write_text(good + '{"message": "cut\n{"message": {"a": 1}}\n[1]\n{"message": ""}\n', "utf-8")
    found = audited(capsys, "torn.jsonl")

    assert found["files"]["set"] | {"fields": 0} == found["files"]["set"] | {"fields": 0}
    assert (found["files"]["set"]["rows"], found["files"]["set"]["refused"], found["files"]["set"]["blank"]) == (
        70,
        3,
        1,
    )
    told = sorted((one["code"], one["severity"], one["line"]) for one in found["diagnostics"])
    assert told == [("A804", "warning", 72), ("I303", "warning", 71), ("I304", "warning", 73)]


def test_a_terminal_gets_colour_and_a_file_gets_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Marks are painted where somebody looks; `NO_COLOR` is heeded."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run(["audit", "made.jsonl", "-q"]) == 0
    assert "\x1b[33m!\x1b[0m" in capsys.readouterr().out

    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["audit", "made.jsonl", "-q"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_screen_is_as_wide_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`COLUMNS` counts where nobody can be asked, as in a pipe; a terminal that cannot paint gets no colour."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["audit", "made.jsonl", "--seeds", "real.jsonl", "-q"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 70 < max(map(len, lines)) <= 80

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert run(["audit", "made.jsonl", "-q"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_guess_names_the_flags_that_put_it_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the guess, without those that were given."""
    assert run(["audit", "made.jsonl", "-q", "--label", "none"]) == 0

    assert "(guessed; or say --text, --origin)" in " ".join(capsys.readouterr().out.split())


def test_a_file_of_more_rows_than_are_read_is_cut_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first rows are audited, the screen says how many, and a warning says what to do."""
    monkeypatch.setattr("evalspec.audit_files.MOST_ROWS", 50)
    found = audited(capsys, "made.jsonl")

    assert (found["files"]["set"]["rows"], found["files"]["set"]["whole"]) == (50, False)
    assert [(one["code"], one["severity"]) for one in found["diagnostics"]] == [("A806", "warning")]


def test_a_lock_says_more_than_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a built set the pools, who vouched, and what was made from what are read from the lock itself."""
    specs = Path(__file__).parents[2] / "specs"
    found = audited(capsys, str(specs / "refund.lock.json"), "--seeds", str(specs / "refund" / "production.jsonl"))

    assert found["files"]["set"]["form"] == "evalspec lock" and found["files"]["seeds"]["form"] == "evalspec snapshot"
    assert finding(found, "from_people")["figures"]["people"] == 84
    assert finding(found, "duplicates")["figures"]["count"] == 0
    assert finding(found, "copies")["status"] == "report"


def test_files_of_one_name_are_told_apart_by_their_folders(capsys: pytest.CaptureFixture[str]) -> None:
    """`a/set.jsonl` beside `b/set.jsonl` is no set beside itself."""
    for folder, rows in (("ours", made_rows()), ("theirs", real_rows())):
        Path(folder).mkdir()
        write(f"{folder}/set.jsonl", rows)
    assert run(["audit", "ours/set.jsonl", "--seeds", "theirs/set.jsonl"]) == 0

    assert capsys.readouterr().out.startswith("ours/set.jsonl: 70 cases, beside 70 real texts of theirs/set.jsonl")
