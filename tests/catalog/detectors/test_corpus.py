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


CUES = {
    "name": (
        "my full name is {}",
        "hello. name: {}",
        "the passenger name is {}",
        "customer name = {}",
        "i'm called {}",
        "me llamo {}",
        "mi nombre es {}",
        "je m'appelle {}",
        "mon nom est {}",
        "ich heisse {}",
        "mein name ist {}",
        "mi chiamo {}",
        "me chamo {}",
        "benim adim {}",
        "mijn naam is {}",
        "ik heet {}",
        "mera naam {}",
    ),
    "password": tuple(
        f"{word} = {{}}"
        for word in (
            *("pass word", "pass code", "passphrase", "passwrd", "passwd", "pwd", "pw", "passwort", "kennwort", "pin"),
            *("contrasena", "mot de passe", "mdp", "senha", "palavra-passe", "wachtwoord", "haslo", "sifrem", "parola"),
            *("pass", "clave"),
        )
    ),
    "api_key": (
        "Authorization: Basic {}",
        "aws_secret_access_key = {}",
        "hooks.slack.com/services/T0123456/B0123456/{}",
        "AccountKey={}",
        "api key is {}",
        "client secret: {}",
        "_bot_token={}",
        "SK{}",
        "12345678:{}",
    ),
}
GIVEN = {
    "name": ("Anna Berg",),
    "password": ("xY7!kk09",),
    "api_key": (_HEX := "0123456789abcdef" * 2, _HEX + "abc", _HEX + "01234567", _HEX * 3),
}


@pytest.mark.parametrize("kind", CUES)
def test_the_look_before_the_search_misses_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it and without it the same is found, after every cue and in the whole corpus, in small letters or large."""
    found = CATALOG.get("detector", kind).function
    by_cue = [[cue.format(value) for value in GIVEN[kind]] for cue in CUES[kind]]
    plain = [text.replace("«", "").replace("»", "") for _, text in CASES]
    texts = [way(text) for text in [*plain, *(one for texts in by_cue for one in texts)] for way in (str, str.upper)]
    quick = [found(text) for text in texts]

    assert all(any(found(text) for text in texts) for texts in by_cue)
    monkeypatch.setattr(sys.modules[found.__module__], "lacks", lambda text, parts: False)
    assert [found(text) for text in texts] == quick
