"""`evalspec review` on a small spec of conversations: list, decide one by one and together, build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalspec.cli import run
from evalspec.diagnostics import Exit
from evalspec.model.row import Header
from evalspec.project import load_spec
from evalspec.stages.snapshot import header_json, rule_digest

SPEC = """\
version: 1
purpose: smoke
task:
  turns: conversation
  expected: [deny, refund]
sources:
  production: {verified_by: support, pii: allow}
pools:
  seed:
  mutation:
    operators: [lowercase, no_punctuation]
review:
  require: {mutation: 1}
  guidelines: tiny/guidelines.md
  overlap: 0
mix:
  cases: {seed: 4, mutation: 4}
"""
ASKED = (
    ("Where is my parcel? Order 4481.", "refund"),
    ("I changed my mind about the blue lamp, please take it back.", "deny"),
    ("The box arrived broken. I want my money!", "refund"),
    ("It has been 60 days. Can I still return it?", "deny"),
)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A spec with four conversations, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny.yaml").write_text(SPEC)
    (tmp_path / "tiny" / "guidelines.md").write_text("Keep what a customer could have written.\n")
    loaded = load_spec("tiny.yaml").spec
    header = Header(
        snapshot=1,
        source="production",
        kind="production",
        rows_digest="0" * 32,
        rule=rule_digest(loaded.source("production"), loaded),
        rows=4,
        eligible=4,
        duplicates=0,
        sampled=4,
    )
    rows = [
        {
            "id": f"t{at}",
            "input": [
                {"role": "user", "content": "Hello there!"},
                {"role": "assistant", "content": "Hi. How can I help?"},
                {"role": "user", "content": text},
            ],
            "expected": label,
        }
        for at, (text, label) in enumerate(ASKED)
    ]
    lines = [json.dumps(one) for one in (header_json(header), *rows)]
    (tmp_path / "tiny" / "production.jsonl").write_text("\n".join(lines) + "\n")
    return "tiny.yaml"


def queue(spec: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What `review list --json` prints."""
    assert run(["review", "list", spec, "--json"]) == Exit.OK
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["queue"]
    return found


def test_what_waits_is_shown_with_all_that_a_decision_hangs_on(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Text and parent turn by turn, operator, label, why it waits, and the digest that a decision binds to."""
    first, *rest = queue(spec, capsys)

    assert len(rest) == 3
    assert (first["why"], first["pool"], first["in_set"], first["needed"]) == ("first", "mutation", True, 1)
    assert first["operator"] in ("lowercase", "no_punctuation")
    assert isinstance(first["parent"], list) and len(first["parent"]) == 3

    assert run(["review", "list", spec]) == Exit.OK
    page = capsys.readouterr().out

    assert f"{first['case']}  first: nobody has read it" in page
    assert page.count("assistant: Hi. How can I help?") == 8
    assert str(first["digest"]) in page


def test_the_names_of_the_data_are_those_of_a_build(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`waiting` maps the picked cases to why, as in `build --json`; `queue` lists, `queued` counts with the rest."""
    capsys.readouterr()
    assert run(["build", spec, "--json"]) == Exit.FINDING
    built = json.loads(capsys.readouterr().out)
    found = {}
    for more in ([], ["--all"]):
        assert run(["review", "list", spec, "--json", *more]) == Exit.OK
        found[len(more)] = json.loads(capsys.readouterr().out)
    assert run(["build", spec, "--until", "review", "--json"]) == Exit.OK
    queued = json.loads(capsys.readouterr().out)["queued"]

    shown, whole = found[0], found[1]
    assert shown["waiting"] == whole["waiting"] == built["waiting"] != {}
    assert [one["case"] for one in shown["queue"]] == [one["case"] for one in whole["queue"] if one["in_set"]]
    assert {one["case"] for one in shown["queue"]} == built["waiting"].keys()
    assert len(whole["queue"]) == shown["queued"] == whole["queued"] == queued
    assert "cases" not in shown


def test_decisions_lead_to_a_lock(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No lock while something waits; a dispute comes first and shows who said what; all decided, the lock is there."""
    one, two, three, four = (str(case["case"]) for case in queue(spec, capsys))
    record = ["review", "record", spec]

    assert run(["build", spec, "-q"]) == Exit.FINDING
    assert run([*record, one, "keep", "--reviewer", "ann", "--date", "2026-03-01"]) == Exit.OK
    assert run([*record, one, "drop", "--reason", "unnatural", "--reviewer", "bob"]) == Exit.OK
    capsys.readouterr()
    disputed = queue(spec, capsys)[0]
    assert (disputed["case"], disputed["why"]) == (one, "disputed")
    assert [(said["reviewer"], said["verdict"]) for said in disputed["said"]] == [("ann", "keep"), ("bob", "drop")]  # type: ignore[attr-defined]

    assert run([*record, one, "fix", "--input", "where is it", "--reviewer", "cat", "--supersedes"]) == Exit.OK
    drafts = [{"case": case, "verdict": "keep"} for case in (two, three, four)]
    Path("drafts.jsonl").write_text("\n".join(json.dumps(draft) for draft in drafts))
    assert run([*record, "--from", "drafts.jsonl", "--reviewer", "ann"]) == Exit.OK
    assert queue(spec, capsys) == []
    assert run(["build", spec, "-q"]) == Exit.OK

    lock = json.loads(Path("tiny.lock.json").read_text())
    fixed = next(case for case in lock["cases"] if case["id"] == one)
    assert fixed["review"] == {"verdict": "fix", "by": ["cat"], "votes": 3}
    assert [turn["content"] for turn in fixed["input"]][-1] == "where is it"


def test_the_ledger_holds_one_line_a_decision_with_the_guidelines_it_was_made_by(
    spec: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file a reviewer; the line names the digest that was listed."""
    case = queue(spec, capsys)[0]

    run(["review", "record", spec, str(case["case"]), "keep", "--reviewer", "ann", "--date", "2026-03-01"])

    line = json.loads(Path("tiny/ledger/ann.jsonl").read_text())
    assert len(line.pop("guidelines")) == 32
    assert line == {
        "case": case["case"],
        "digest": case["digest"],
        "verdict": "keep",
        "reviewer": "ann",
        "date": "2026-03-01",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--reviewer", "ann"], Exit.USAGE, "name a CASE and a verdict"),
        (["CASE", "keep"], Exit.USAGE, "--reviewer"),
        (["CASE", "maybe", "--reviewer", "ann"], Exit.USAGE, "maybe"),
        (["CASE", "keep", "--reviewer", "ann", "--from", "x"], Exit.USAGE, "leave out case, verdict"),
        (["CASE", "fix", "--expected", "{", "--reviewer", "ann"], Exit.USAGE, "--expected is not JSON"),
        (["CASE", "drop", "--reviewer", "ann"], Exit.INVALID, "V406"),
        (["CASE", "keep", "--reviewer", "../ann"], Exit.INVALID, "V405"),
        (["CASE", "keep", "--reviewer", "ann", "--date", "yesterday"], Exit.INVALID, "V405"),
        (["mutation.gone.000000000000.1", "keep", "--reviewer", "ann"], Exit.INVALID, "V411"),
        (["--from", "missing.jsonl", "--reviewer", "ann"], Exit.INVALID, "E901"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    spec: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: Exit, said: str
) -> None:
    """A refusal has its exit code, says why, and writes nothing."""
    case = str(queue(spec, capsys)[0]["case"])

    assert run(["review", "record", spec, *(case if one == "CASE" else one for one in arguments)]) == code
    assert said in capsys.readouterr().err
    assert not Path("tiny/ledger").exists()
