"""`import` and `init` as a user runs them: what is said, what is written, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalspec import importing
from evalspec.cli import run

SPEC = """\
version: 1
purpose: smoke
task:
  expected:
    decision: {{kind: label, values: [deny, refund]}}
    citations: {{from: manual}}
  languages: [en]
sources:
  production:
    fields: {{id: ticket, input: message, expected: {{decision: decision}}, time: opened, metadata: [channel]}}
    pii: {pii}
    sample: {{size: 30, by: [decision]}}
  manual: {{kind: document, path: s/*.md}}
pools:
  seed: {{from: production}}
mix: {{size: 10, shares: {{seed: 1}}}}
"""


def raw_rows(count: int = 60) -> list[dict[str, str]]:
    return [
        {
            "ticket": f"t{n}",
            "message": f"Hello, parcel {n} is late, write to user{n}@example.org"
            if n % 4 == 0
            else f"Parcel {n} is late!",
            "decision": "refund" if n % 3 else "deny",
            "opened": f"2026-01-{n % 28 + 1:02d}",
            "channel": "web" if n % 2 else "app",
        }
        for n in range(count)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in raw_rows()))
    (tmp_path / "s.yaml").write_text(SPEC.format(pii="redact"))
    return tmp_path


def test_import_says_what_came_in_and_what_was_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary names rows, redactions, strata, dates and the file."""
    assert run(["import", "s.yaml", "production", "--from", "raw.jsonl"]) == 0

    said = capsys.readouterr().err
    redacted = json.loads((folder / "s" / "production.jsonl").read_text().split("\n")[0])["redacted"]["email"]
    for line in (
        "rows in         60",
        f"redacted        rows with email {redacted}",
        "sampled         30 of 60 distinct rows",
        "dates           2026-01-01 to 2026-01-28",
        "decision=deny: 10 of 20",
        "wrote s/production.jsonl",
    ):
        assert line in said


def test_a_dry_run_writes_nothing_and_json_goes_to_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--dry-run --json` is one document on stdout and no file."""
    assert run(["import", "s.yaml", "production", "--from", "raw.jsonl", "--dry-run", "--json"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert (answer["written"], answer["header"]["sampled"]) == (False, 30)
    assert answer["strata"]["decision=refund"] == {"rows": 40, "sampled": 20}
    assert not (folder / "s").exists()


def test_a_second_import_is_the_same_file(folder: Path) -> None:
    """The same data gives the same bytes."""
    texts = []
    for _ in range(2):
        assert run(["import", "s.yaml", "production", "--from", "raw.jsonl"]) == 0
        texts.append((folder / "s" / "production.jsonl").read_bytes())

    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["prodction", "--from", "raw.jsonl"], 3, "did you mean `production`?"),
        (["manual", "--from", "raw.jsonl"], 3, "`manual` is a document source"),
        (["production", "--from", "rw.jsonl"], 3, "Did you mean `raw.jsonl`?"),
        (["production", "--from", "empty.jsonl"], 3, "the file holds no rows"),
        (["production", "--from", "bad.csv"], 3, "`refnd` is no value of `decision`"),
        (["production"], 2, "--from"),
    ],
)
def test_what_cannot_be_imported_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """Each refusal has its exit code and what to do, and writes nothing."""
    (folder / "empty.jsonl").write_text("")
    (folder / "bad.csv").write_text("ticket,message,decision,opened,channel\n1,SECRET-TEXT,refnd,2026-01-01,web\n")

    assert run(["import", "s.yaml", *arguments]) == code

    err = capsys.readouterr().err
    assert said in err
    assert "SECRET-TEXT" not in err
    assert not (folder / "s").exists()


def test_a_snapshot_that_no_build_would_read_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told at import, with a sample that fits: the next command would refuse the file."""
    monkeypatch.setattr(importing, "MAX_FILE_BYTES", 2000)

    assert run(["import", "s.yaml", "production", "--from", "raw.jsonl", "--json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]

    assert found["code"] == "E904" and "a build reads at most 2,000" in found["message"]
    size = int(found["hint"].split("size: ")[1].split("}")[0])
    assert 0 < size < 30 and not (folder / "s" / "production.jsonl").exists()
    (folder / "s.yaml").write_text(SPEC.format(pii="redact").replace("size: 30", f"size: {size}"))
    assert run(["import", "s.yaml", "production", "--from", "raw.jsonl"]) == 0


def test_blocked_data_says_so_and_never_shows_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When `pii: block` leaves nothing the types are counted and the values are not shown."""
    (folder / "s.yaml").write_text(SPEC.format(pii="block"))
    rows = [row for row in raw_rows() if "@" in row["message"]]
    (folder / "mail.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert run(["import", "s.yaml", "production", "--from", "mail.jsonl"]) == 3

    err = capsys.readouterr().err
    assert "15 with email" in err
    assert "example.org" not in err


CHATS = [
    {
        "convId": n,
        "chat": [
            {"speaker": "guest", "text": f"Hi, room {n} has no towels!"},
            {"speaker": "frontdesk", "text": "Which floor?"},
            {"speaker": "guest", "text": f"The {n}th, please hurry."},
            {"speaker": "frontdesk", "text": "On my way."},
        ],
        "department": ["housekeeping", "repairs"][n % 2],
    }
    for n in range(40)
]


@pytest.mark.parametrize("rows", [raw_rows(), CHATS, [{"text": f"quite another question {n}"} for n in range(20)]])
def test_the_first_spec_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rows: list[dict[str, object]]
) -> None:
    """What `init` writes from messages, chats or bare texts passes check and builds at once."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert run(["init", "my data.jsonl", "--yes"]) == 0
    assert run(["check", "specs/my_data.yaml"]) == 0
    assert run(["build", "specs/my_data.yaml", "-q"]) == 0

    assert (tmp_path / "specs" / "my_data.lock.json").exists()
    assert "Next: evalspec build specs/my_data.yaml" in capsys.readouterr().err


def test_init_shows_its_guesses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fields, speakers, labels and language are shown before anything is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chats.json").write_text(json.dumps(CHATS))

    run(["init", "chats.json", "--yes"])

    said = capsys.readouterr().err
    for line in (
        "conversations  column `chat`",
        "speakers       guest = user, frontdesk = assistant",
        "labels         column `department`: housekeeping, repairs",
        "id             column `convId`",
        "language       en",
    ):
        assert line in said


def test_init_leaves_nothing_behind_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few messages, an unknown column and a taken name write no spec."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.jsonl").write_text('{"text": "only one message"}\n')

    assert run(["init", "few.jsonl", "--yes"]) == 3
    assert run(["init", "few.jsonl", "--yes", "--input", "body"]) == 3
    assert run(["init", "few.jsonl", "--yes", "--name", "No Name"]) == 2
    assert run(["init", "--yes"]) == 2

    assert list(tmp_path.glob("specs/*.yaml")) == []
