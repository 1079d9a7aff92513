"""Detectors against our own labelled strings, type by type, and against each other's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import evalspec.catalog.detectors  # noqa: F401  (registers them)
from evalspec.registry import CATALOG

sys.path.insert(0, str(Path(__file__).parent))
from corpus import LABELLED


def marked(text: str, kind: str) -> str:
    """Put the marks of the corpus around what the detector finds."""
    for start, end in sorted(CATALOG.get("detector", kind).function(text), reverse=True):
        text = f"{text[:start]}«{text[start:end]}»{text[end:]}"
    return text


CASES = [(kind, text) for kind, texts in LABELLED.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_a_detector_finds_what_is_marked_and_nothing_else(kind: str, text: str) -> None:
    """Each string gives exactly its marked spans."""
    plain = text.replace("«", "").replace("»", "")

    assert marked(plain, kind) == text


def test_the_corpus_is_large_and_every_detector_has_both_sides() -> None:
    """At least 150 strings; each detector has strings that it must find something in and strings that it must not."""
    assert len(CASES) >= 150
    assert set(LABELLED) == set(CATALOG.names("detector"))
    for kind, texts in LABELLED.items():
        assert sum("«" in text for text in texts) >= 5, kind
        assert sum("«" not in text for text in texts) >= 5, kind


@pytest.mark.parametrize("name", CATALOG.names("detector"))
def test_hostile_texts_are_read_in_linear_time(name: str) -> None:
    """Long runs that invite backtracking end; a text four times as long is no wall."""
    for piece in ("a@", "1 ", "12 a ", "a.", "DE89", "::", "name is a ", "- ", "http://a:", "(1", "st ", "eyJ"):
        assert isinstance(CATALOG.get("detector", name).function(piece * 5000), tuple)
