"""Names that people introduce themselves by.

A title (`Dr. Okoro`) or a closing (`Regards, ...`) is no cue: titles are mostly of staff, and a task may hang on them.
"""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.patterns import lacks, lazy_pattern

# What introduces a name, in the languages that the word lists know.
_CUE = lazy_pattern(
    r"(?:\bmy (?:full |first |last |real |good )?name(?:'s|s|’s| is| ist|:)|"
    r"(?:^|[.,;!?\n] {0,2}|\b(?:his|her|their|the|passenger|whose|and) )name(?: is|:| -|\'s)|"
    r"\b(?:customer|full|first|last|user's|member|account ?holder|cardholder|passenger|caller|patient)"
    r"[ _]?(?:'s )?name ?(?::|is|=|-)|"
    r"\bi(?:'m| am) called|\bme llamo|\bmi nombre es|\bje m'appelle|\bmon nom est|"
    r"\bich hei(?:ß|ss)e|\bmein name ist|\bmi chiamo|\bmeu nome é|\bme chamo|\bo meu nome é|\bnazywam się|"
    r"\bmam na imię|\b(?:benim )?ad[ıi]m(?= [A-ZÇĞİÖŞÜ])|"
    r"\bmijn naam is|"
    r"\bik heet|\bmera naam|\bменя зовут|我叫|我的名字是|私の名前は|मेरा नाम)"
    r"(?:\s*[:,\-]?\s*)",
    re.IGNORECASE,
)
# One of these is in whatever `_CUE` finds in ASCII, and nearly all texts hold none.
_CUE_PARTS = (
    *("name", "called", "llamo", "nombre", "appelle", "nom est", "heisse", "chiamo", "chamo", "adim", "naam", "heet"),
)
# After these only capitals are a name: `this is Anna Berg`, and not `this is great`.
_LEAD = lazy_pattern(
    r"(?:\b[Mm]y (?:husband|wife|son|daughter|brother|sister|mother|father|mom|mum|dad|partner|fianc[eé]e?|boyfriend|"
    r"girlfriend|roommate|neighbou?r),? |"
    r"\b[Cc]ardholder |\b(?:under|in) the name(?: of)? |\b[Aa]ccount is (?:under|in the name of) )"
)
# After these only two capitalised words and a stop, or what a caller says next, are a name.
_I_AM = lazy_pattern(
    r"\b(?:[Tt]his is|[Ii] am|[Ii]'m|[Ii]t's|[Ss]oy|[Ss]ono|[Ii]ch bin|[Ii]k ben|[Jj]e suis|[Ss]ou(?: o| a)?) "
    r"(?=(?:[^\W\d_]+[ \-]){1,3}?[^\W\d_]+(?:[,.;!\n]|$| (?:calling|speaking|here|from|and|with|again|y|e|"
    r"und|et|en)\b))"
)
_WORD = lazy_pattern(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*\.?")
_MASKED = lazy_pattern(r"[Xx]{2,}\.?")  # what publishers of complaints put in the place of a name
# Two to four, and nothing that makes a verb of `call`: 我叫了外卖 is about a delivery.
_IDEOGRAPHS = lazy_pattern(r"(?![\u4e00-\u9fff]?[了过着来不的是])[\u4e00-\u9fff]{2,4}")
_DEVANAGARI = lazy_pattern(r"[\u0900-\u0963\u0971-\u097f]+(?: [\u0900-\u0963\u0971-\u097f]+)?(?= है| हैं| और|[,।.]|$)")
_GAP = lazy_pattern(r" {1,2}")
_AFTER_PARTICLE = lazy_pattern(r" {1,2}(?:l[ae] |de[nr] )?([^\W\d_])")
_PARTICLE_WORDS = "al bin da de del della den der di do dos du el la le of van von"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
LONGEST_NAME = 4  # words; a chat seldom gives more, and more would take the sentence with it

# Words that end a name, or show that none was given (`my name is on the account`, `name is misspelled`).
_STOP_WORDS = """
    a about account actually after all already also an and any are as asking at be because been before being but by
    can card cause changed correct correctly could did do does don't email for from go going had has have having he
    hello help here hi how i i'd i'll i'm i've id if im in incorrect incorrectly is it it's its just last like listed
    looking made may me misspelled misspelt my need no not number of ok okay on one only or order our phone please
    pls plz same shown since so some sorry speaking spelled spelt still supposed sure thank thanks that that's the
    their there they this to today trying u under until up user username using ur very want wanted was we well were
    what when where which who why will with would wrong yes you your zip calling needed now first middle then
    account attached booking both city confirmation deeply e-mail legally mail mobile password passowrd pin reservation
    ssn address adress number street
    falsch nicht geändert anders incorrect mal comment déjà galat wrong sahi badal yanlış değil verkeerd errado erróneo
    incorrecto sbagliato sir madam again sent happy
    aur hai hoon hun he h main mujhe y e et und und ich et je j'ai é con de que et mit habe möchte quiero tengo
    soy et ik en wil ed ho e'
"""
_STOP = frozenset(_STOP_WORDS.split())


@detector("name", version=2)
def name(text: str) -> tuple[tuple[int, int], ...]:
    """Find the name after words that introduce one, as `my name is` and `me llamo` do."""
    cues = () if lacks(text, _CUE_PARTS) else _CUE.finditer(text)
    spans = [_introduced(text, found.end()) for found in cues]
    if text.islower():  # what follows has to be capitalised
        return tuple(sorted({span for span in spans if span is not None}))
    spans += [_name_at(text, found.end(), capitals=1) for found in _LEAD.finditer(text)]
    spans += [_name_at(text, found.end(), capitals=2) for found in _I_AM.finditer(text)]
    return tuple(sorted({span for span in spans if span is not None}))


def _introduced(text: str, start: int) -> tuple[int, int] | None:
    unspaced = _IDEOGRAPHS.match(text, start) or _DEVANAGARI.match(text, start)
    if unspaced is not None or re.match(r"[\u4e00-\u9fff]", text[start : start + 1]):
        return unspaced.span() if unspaced else None
    return _name_at(text, start)


def _name_at(text: str, start: int, capitals: int = 0) -> tuple[int, int] | None:
    """Return the span of the name at `start`, which has at least `capitals` capitalised words."""
    words: list[re.Match[str]] = []
    at = start
    while len(words) < LONGEST_NAME and (word := _WORD.match(text, at)):
        bare = word.group().rstrip(".")
        if _MASKED.fullmatch(word.group()):
            break
        capital = bare[0].isupper()
        particle = bool(words) and bare in _PARTICLES and _is_capital(text, word.end())
        if not particle:
            if bare.lower() in _STOP and not (words and len(bare) == 1 and capital):
                break
            # After a capitalised name a small word is prose; an all-small name has seldom more than two words.
            small = words[0].group()[0].islower() if words else True
            if words and not capital and (not small or len(words) >= 2 + (len(words[-1].group()) == 1)):
                break
            if capitals and not capital:
                break
        words.append(word)
        gap = _GAP.match(text, word.end())
        if gap is None or (word.group().endswith(".") and len(word.group()) > 3):
            break
        at = gap.end()
    if not words or len(words[0].group()) < 2 or len(words) < capitals:
        return None
    end = words[-1].end()
    return start, end - (1 if text[end - 1] == "." and len(words[-1].group()) > 2 else 0)


def _is_capital(text: str, at: int) -> bool:
    """Tell whether the word after a particle, or after two of them, is capitalised."""
    following = _AFTER_PARTICLE.match(text, at)
    return following is not None and following.group(1).isupper()
