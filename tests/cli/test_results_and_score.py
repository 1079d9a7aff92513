"""`evalspec results import` and `evalspec score` on the library example, from export to verdict."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from evalspec.cli import run
from evalspec.diagnostics import Exit

SPECS = Path(__file__).parents[2] / "specs"
SPEC = "library.yaml"


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The library example in a folder of its own, exported; the records of the export."""
    monkeypatch.chdir(tmp_path)
    for name in ("library.yaml", "library.lock.json"):
        shutil.copy(SPECS / name, tmp_path)
    shutil.copytree(SPECS / "library", tmp_path / "library")
    assert run(["export", SPEC, "--to", "jsonl", "--out", "out"]) == Exit.OK
    return [json.loads(line) for line in Path("out/cases.jsonl").read_text(encoding="utf-8").split("\n") if line]


def write(name: str, rows: list[dict[str, object]]) -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def answers(cases: list[dict[str, object]], model: str, *, real: int, other: int) -> list[dict[str, object]]:
    """Results that fail the first so many real and other cases."""
    left = {True: real, False: other}
    rows = []
    for case in cases:
        is_real = case["provenance"] == "prod"
        left[is_real] -= 1
        rows.append({"id": case["id"], "digest": case["digest"], "model": model, "pass": left[is_real] < 0})
    return rows


def import_(*arguments: str) -> int:
    return run(["results", "import", SPEC, *arguments])


def test_from_results_to_a_verdict(cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]) -> None:
    """Two models are imported and scored: real cases fall, synthetic ones rise, exit 1, and the history remembers."""
    a = write("a.jsonl", answers(cases, "old", real=2, other=9))
    b = write("b.jsonl", answers(cases, "new", real=14, other=0))
    assert import_(a, "--model", "old") == Exit.OK
    assert import_(b, "--model", "new") == Exit.OK
    assert sorted(path.name for path in Path("library/results").iterdir()) == ["new.jsonl", "old.jsonl"]
    capsys.readouterr()

    score = ["score", SPEC, "--baseline", "old", "--contender", "new"]
    assert run([*score, "--json"]) == Exit.FINDING
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["decision"] == "block" and found["verdict"]["blocks"]
    assert found["parts"]["seed"]["loss"] == 12 and found["parts"]["synthetic"]["delta"] > 0

    assert run([*score, "--record", "--date", "2026-11-20", "--history"]) == Exit.FINDING
    text = capsys.readouterr().out
    assert text.startswith("library: old → new\n  BLOCK: on 42 real cases") and "2026-11-20" in text
    assert len(Path("library/results/history.jsonl").read_text(encoding="utf-8").splitlines()) == 1

    assert run([*score, "--format", "markdown"]) == Exit.FINDING
    assert "\n**BLOCK: " in capsys.readouterr().out
    # The set is one for smoke: inconclusive does not block there.
    assert run(["score", SPEC, "--baseline", "old", "--contender", "old"]) == Exit.OK
    assert "no launch may rest on it" in capsys.readouterr().out
    assert run([*score[:4], "--contender", "library/results/new.jsonl", "--baseline", "old"]) == Exit.FINDING


def test_rows_that_do_not_fit_are_refused_together(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown id, another digest and a repeated row are three problems, and nothing is written."""
    rows = answers(cases, "m", real=0, other=0)
    bad = [{**rows[0], "id": "seed.nobody"}, {**rows[1], "digest": "0" * 32}, rows[2], rows[2]]

    capsys.readouterr()
    assert import_(write("bad.jsonl", bad), "--model", "m", "--json") == Exit.INVALID

    problems = json.loads(capsys.readouterr().out)["diagnostics"]
    assert sorted(one["code"] for one in problems) == ["R703", "R704", "R705"]
    assert not Path("library/results").exists()

    assert import_(write("stale.jsonl", [bad[1]]), "--model", "m") == Exit.STALE


def test_a_runner_that_keeps_positions_only_joins_by_the_export(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows without id and digest: refused alone, joined through the evalspec.json beside them."""
    rows: list[dict[str, object]] = [{"score": 1.0} for _ in cases]

    assert import_(write("bare.jsonl", rows), "--model", "m") == Exit.INVALID
    assert "R702" in capsys.readouterr().err
    assert import_(write("out/bare.jsonl", rows), "--model", "m") == Exit.OK
    written = Path("library/results/m.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(written[0])["cases"] == len(cases)


def test_a_name_is_not_written_over(cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]) -> None:
    """Two models whose names make one file name; `--out` is the way out."""
    rows = [{"id": one["id"], "digest": one["digest"], "pass": True} for one in cases]
    file = write("r.jsonl", rows)

    assert import_(file, "--model", "lab/m") == Exit.OK
    assert import_(file, "--model", "lab-m") == Exit.INVALID
    assert "R712" in capsys.readouterr().err
    assert import_(file, "--model", "lab-m", "--out", "library/results/other.jsonl") == Exit.OK
    assert import_(file, "--model", "lab/m") == Exit.OK


def test_results_that_are_not_there_or_of_another_lock(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The first names what there is, the second says to import again (exit 4), an edited one is refused (exit 5)."""
    file = write("r.jsonl", [{"id": one["id"], "digest": one["digest"], "pass": True} for one in cases])
    assert import_(file, "--model", "gpt-a") == Exit.OK

    assert run(["score", SPEC, "--baseline", "gpt-a", "--contender", "gpt-b"]) == Exit.INVALID
    assert "did you mean `gpt-a`?" in capsys.readouterr().err

    path = Path("library/results/gpt-a.jsonl")
    text = path.read_text(encoding="utf-8")
    root = json.loads(text.splitlines()[0])["lock"]
    path.write_text(text.replace(root, "0" * 32), encoding="utf-8")
    assert run(["score", SPEC, "--baseline", "gpt-a", "--contender", "gpt-a"]) == Exit.STALE
    path.write_text(text.replace(str(cases[0]["digest"]), "0" * 32), encoding="utf-8")
    assert run(["score", SPEC, "--baseline", "gpt-a", "--contender", "gpt-a"]) == Exit.INTEGRITY


def test_an_older_run_is_told_what_helps(cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]) -> None:
    """The hint of R709 leads out: import again only where that is accepted, else run the lock, and doing it works."""
    rows: list[dict[str, object]] = [{"id": one["id"], "digest": one["digest"], "pass": True} for one in cases]
    score = ["score", SPEC, "--baseline", "m", "--contender", "m"]
    path = Path("library/results/m.jsonl")

    def older(rows: list[dict[str, object]]) -> None:
        """The results as an earlier lock left them, with these rows."""
        assert import_(write("all.jsonl", rows[-1:]), "--model", "m") == Exit.OK
        header = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        lines = [{**header, "lock": "0" * 32, "rows": len(rows)}]
        lines += [{"id": one["id"], "digest": one["digest"], "epoch": 1, "status": "ok", "pass": True} for one in rows]
        write(str(path), lines)
        capsys.readouterr()

    older(rows[:-3])
    assert run(score) == Exit.STALE
    said = capsys.readouterr().err
    assert f"its {len(rows) - 3} cases are unchanged, so import the runner's file again" in said
    assert "3 new ones have no result until they are run" in said
    assert import_(write("old.jsonl", rows[:-3]), "--model", "m") == Exit.OK  # what the hint said
    assert run(score) == Exit.OK

    changed = [{**rows[0], "digest": "0" * 32}, {**rows[1], "id": "seed.gone"}, *rows[2:]]
    older([rows[0], *changed[1:]])
    assert run(score) == Exit.STALE
    assert f"1 of its {len(rows)} cases changed or left" in capsys.readouterr().err
    older(changed)
    assert run(score) == Exit.STALE
    said = capsys.readouterr().err
    assert f"2 of its {len(rows)} cases changed or left" in said
    assert f"evalspec export {SPEC} --to RUNNER --out FOLDER, then: evalspec results import" in said
    assert import_(write("old.jsonl", changed), "--model", "m") != Exit.OK  # what the hint warned of


def test_what_an_import_wrote_is_no_runner_s_file(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is known by its header, and the answer names the set and the lock that it is of."""
    rows: list[dict[str, object]] = [{"id": one["id"], "digest": one["digest"], "pass": True} for one in cases]
    assert import_(write("r.jsonl", rows), "--model", "m") == Exit.OK
    capsys.readouterr()

    assert import_("library/results/m.jsonl", "--model", "n") == Exit.INVALID

    said = capsys.readouterr().err
    assert said.count("R701") == 1 and "from `m` on lock " in said and "of `library`" in said


def test_a_file_of_another_kind_is_refused_once(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Not line by line: whoever names the wrong file, or forgets `--from`, reads one sentence."""
    capsys.readouterr()
    assert import_(SPEC, "--model", "m") == Exit.INVALID

    said = capsys.readouterr().err
    assert said.count("R701") == 1 and "`--from` names what wrote it" in said


def test_plan_and_score_name_the_share_they_assume(
    cases: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The promise of `plan` at 20 % of cases changing answer, assumed, stands beside what these two runs show."""
    assert import_(write("a.jsonl", answers(cases, "old", real=2, other=0)), "--model", "old") == Exit.OK
    assert import_(write("b.jsonl", answers(cases, "new", real=4, other=0)), "--model", "new") == Exit.OK
    capsys.readouterr()
    score = ["score", SPEC, "--baseline", "old", "--contender", "new"]

    assert run(["plan", SPEC]) == Exit.OK
    plan = capsys.readouterr().out
    assert run(score) == Exit.OK
    text = " ".join(capsys.readouterr().out.split())
    assert run(["plan", SPEC, "--json"]) == Exit.OK
    promised = json.loads(capsys.readouterr().out)
    assert run([*score, "--json"]) == Exit.OK
    seed = json.loads(capsys.readouterr().out)["parts"]["seed"]

    points = f"{100 * promised['smallest_difference']:.1f} points"
    assert "with 80 % power, at 20 % of cases changing answer between two models, assumed" in plan
    assert (
        f"at the 4.8 % of cases changing answer seen here; plan assumed 20 %, which shows differences from {points}"
        in (text)
    )
    assert promised["assumed_discordance"] == 0.2
    assert seed["planned"] == pytest.approx(promised["smallest_difference"], abs=1e-6)
    assert (seed["discordance"], seed["smallest"]) == (pytest.approx(2 / 42, abs=1e-6), None)


@pytest.mark.parametrize("width", [None, 64, 130])
def test_sentences_fit_the_terminal(cases: list[dict[str, object]], width: int | None) -> None:
    """As wide as the terminal is, and 100 columns where there is none."""
    assert import_(write("a.jsonl", answers(cases, "old", real=2, other=0)), "--model", "old") == Exit.OK
    line = [sys.executable, "-m", "evalspec", "score", SPEC, "--baseline", "old", "--contender", "old"]
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    if width is None:
        text = subprocess.run(line, env=env, check=True, capture_output=True).stdout.decode()
    else:
        text = on_a_terminal(line, env, width)

    sentences = [one for one in text.splitlines() if "  " not in one.lstrip()]
    longest = max(len(one) for one in sentences)
    assert (width or 100) - 20 < longest <= (width or 100)


def on_a_terminal(line: list[str], env: dict[str, str], width: int) -> str:
    """What a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with subprocess.Popen(line, env=env, stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    assert process.returncode == Exit.OK
    return b"".join(parts).decode()
