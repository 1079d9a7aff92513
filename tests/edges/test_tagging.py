"""Parts of speech for a gate that asks: refused by name without the extra, counted with it, trusted by `verify`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from evalspec.cli import run
from evalspec.edges import tagging

REFUND = Path(__file__).parents[2] / "specs"
GATE = "gates:\n  variety: {measure: syntactic_variety, space: pattern, min: 0.1, severity: warning}\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The smallest example, with a gate on the variety of parts of speech."""
    shutil.copytree(REFUND / "library", tmp_path / "library")
    text = (REFUND / "library.yaml").read_text("utf-8")
    assert text.count("gates:\n") == 1
    (tmp_path / "library.yaml").write_text(text.replace("gates:\n", GATE), "utf-8")
    return tmp_path / "library.yaml"


@pytest.fixture
def textblob(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of the extra's name, whose tagger tells words by their length, since the extra may be missing here."""

    class PatternTagger:
        def tag(self, text: str) -> list[tuple[str, str]]:
            return [(word, f"T{len(word) % 5}") for word in text.split()]

    taggers = ModuleType("textblob.en.taggers")
    taggers.PatternTagger = PatternTagger  # type: ignore[attr-defined]
    for name in ("textblob", "textblob.en"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "textblob.en.taggers", taggers)
    monkeypatch.setattr(tagging, "find_spec", lambda name: object())
    tagging._tagger.cache_clear()
    yield
    tagging._tagger.cache_clear()


def test_without_the_extra_the_build_is_refused_by_name(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "find_spec", lambda name: None)
    code = run(["build", str(spec), "--json"])
    (problem,) = json.loads(capsys.readouterr().out)["diagnostics"]

    assert (code, problem["code"]) == (10, "E908")
    assert "evalspec[lang]" in problem["hint"]


def test_with_the_extra_it_is_measured_and_named(
    spec: Path, textblob: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report holds both spaces; where the extra is missing, `verify` takes the figure as it stands."""
    assert run(["build", str(spec), "-q"]) == 0
    assert "syntactic_variety (pattern)" in spec.with_suffix(".report.md").read_text("utf-8")
    assert run(["verify", str(spec)]) == 0

    monkeypatch.setattr(tagging, "find_spec", lambda name: None)
    assert run(["verify", str(spec)]) == 0
    capsys.readouterr()
