"""Keys: found by their formats and by the environment, refused where written, blotted out where shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalspec.cli.console import emit, emit_json, say
from evalspec.diagnostics import EvalspecError, Exit
from evalspec.edges.files import append_lines, write_atomic
from evalspec.edges.secrets import SHORTEST, masked, refuse_secrets, secret_spans
from evalspec.text.secrets import key_spans
from tests.torture.hostile_setting import ENVIRONMENT, KEYS


@pytest.mark.parametrize("name", KEYS)
def test_every_format_is_found_wherever_it_stands(name: str) -> None:
    """In a sentence, in JSON, at either end; and its span is the whole key."""
    for before, after in (("", ""), ("my key is ", ", ok?"), ('{"a": "', '"}'), ("key=", "\n"), ("(", ")")):
        assert key_spans(f"{before}{KEYS[name]}{after}") == ((len(before), len(before) + len(KEYS[name])),)


@pytest.mark.parametrize(
    "text",
    ["sk-learn-for-beginners-and-experts", "the task-force of 2026", "risk-0000000000000000000000", "AKIA", "hf_x1"],
)
def test_words_are_no_keys(text: str) -> None:
    """A slug without a digit, a word that ends like a start, and a start alone are texts."""
    assert key_spans(text) == ()


def test_what_the_environment_calls_secret_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exact values of variables by name; a path, a plain word, a short value and another variable are none."""
    short = "a1" * (SHORTEST // 2 - 1)
    (tmp_path / "file1").write_text("")
    for name, value in {
        **ENVIRONMENT,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "file1"),
        "SECRET_WORD": "plainwordonly",
        "SHORT_TOKEN": short,
        "GREETING": "hello-world-2026",
    }.items():
        monkeypatch.setenv(name, value)
    text = f"{ENVIRONMENT['DESK_PASSWORD']} {tmp_path / 'file1'} plainwordonly {short} hello-world-2026"

    assert [text[start:end] for start, end in secret_spans(text)] == [ENVIRONMENT["DESK_PASSWORD"]]
    assert masked(text) == text.replace(ENVIRONMENT["DESK_PASSWORD"], "*" * len(ENVIRONMENT["DESK_PASSWORD"]))


def test_the_place_is_told_and_not_the_value() -> None:
    """Line and column of the first character; exit 3."""
    with pytest.raises(EvalspecError) as caught:
        refuse_secrets(f"one\n  é {KEYS['aws']} x\n", "specs/a.md")
    (found,) = caught.value.diagnostics

    assert (found.code, caught.value.exit) == ("E915", Exit.INVALID)
    assert found.span is not None and (found.span.line, found.span.col, found.span.end_col) == (2, 5, 25)
    assert KEYS["aws"] not in str(found)


def test_nothing_with_a_key_is_written(tmp_path: Path) -> None:
    """Neither a whole file nor a line; what stands there stays."""
    target = tmp_path / "a.jsonl"
    target.write_text("old\n", "utf-8")

    with pytest.raises(EvalspecError, match="E915"):
        write_atomic(str(target), f"new {KEYS['github']}\n")
    with pytest.raises(EvalspecError, match="E915"):
        append_lines(str(target), ["fine", KEYS["jwt"]], root=str(tmp_path))

    assert target.read_text("utf-8") == "old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


def test_no_key_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Text, JSON keys and values, stdout and stderr."""
    say(f"a {KEYS['openai']}")
    emit(f"b {KEYS['anthropic']}")
    emit_json({KEYS["gitlab"]: [KEYS["slack"], {"x": f"c {KEYS['sendgrid']}"}], "n": 3})
    out, err = capsys.readouterr()

    assert "Canary" not in out + err and '"n": 3' in out
