"""Passwords and PINs that the words before them call so."""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.mentions import LETTER, UNSPACED
from evalspec.text.patterns import lacks, lazy_pattern

_IS = rf"(?: (?:is|was|to|ist|lautet|war|est|es|è|é|era)(?!{LETTER}))?"
_WORDS = (
    "pass ?word|pass ?code|pass ?phrase|passwrd|passwd|pwd|pw|passwort|kennwort|contraseña|contrasena|mot de passe|"
    "mdp|senha|palavra-passe|wachtwoord|hasło|haslo|şifrem?|sifrem?|parolam?|пароль"
)
_UNSPACED_WORDS = "密码|口令|パスワード|पासवर्ड|비밀번호"
# One of these is in whatever `_BEGINNING` finds in ASCII.
_PARTS = (
    *("pass", "pw", "kennwort", "contrasena", "mdp", "senha", "wachtwoord", "haslo", "sifre", "parola", "clave", "pin"),
)
# What every cue begins with, told in a tenth of the time; texts without it are nearly all of them.
_BEGINNING = lazy_pattern(rf"(?:{_WORDS}|pass|clave|pin)[\s:=]|{_UNSPACED_WORDS}", re.IGNORECASE)
_CUE = lazy_pattern(
    rf"(?:(?<!{LETTER})(?:(?:{_WORDS})(?!{LETTER}){_IS}(?: ?[:=]|(?=\s))|"
    # These have other meanings, so that what follows has to be said to be one.
    rf"(?:pass|clave|pin(?! ?code)(?: number| no)?)(?: (?:is|was|to|es|ist)(?!{LETTER})| ?[:=]))|"
    r"(?:密码|口令)(?:是|为)?[:=]?|パスワードは?[:=]?|पासवर्ड|비밀번호는?[:=]?)\s{0,2}",
    re.IGNORECASE,
)
_VALUE = lazy_pattern(rf"[^\s{UNSPACED}<>]{{4,64}}")
_AROUND = "\"'`“”‘’«»()[]{}"
_AFTER = ".,;:?"


@detector("password", version=1)
def password(text: str) -> tuple[tuple[int, int], ...]:
    """Find what follows `my password is` and its like, if it has a digit or a sign in it or follows `=`."""
    if lacks(text, _PARTS) or not _BEGINNING.search(text):
        return ()
    spans = []
    for cue in _CUE.finditer(text):
        value = _VALUE.match(text, cue.end())
        if value is None:
            continue
        start, end = value.span()
        while start < end and text[start] in _AROUND:
            start += 1
        while start < end and text[end - 1] in _AROUND + _AFTER:
            end -= 1
        if _is_password(text[start:end], assigned="=" in cue.group()):
            spans.append((start, end))
    return tuple(spans)


def _is_password(written: str, *, assigned: bool) -> bool:
    """Tell a password from the next word of a sentence (`my password is wrong`)."""
    if len(written) < 4:
        return False
    sign_inside = any(not char.isalnum() and char not in "-'’_./" for char in written[:-1])
    return assigned or any(char.isdigit() for char in written) or sign_inside
