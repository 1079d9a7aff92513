"""Names that people introduce themselves by."""

from __future__ import annotations

import re

from evalspec.registry import detector

# What introduces a name, in the languages that the word lists know.
_CUE = re.compile(
    r"(?:\bmy (?:full |first |last |real |good )?name(?:'s|s|’s| is| ist|:)|"
    r"(?:^|[.,;!?\n] {0,2}|\b(?:his|her|their|the|passenger|whose|and) )name(?: is|:| -|\'s)|"
    r"\b(?:customer|full|first|last|user's|member|account ?holder|cardholder|passenger|caller|patient)"
    r"[ _]?(?:'s )?name ?(?::|is|=|-)|"
    r"\bi(?:'m| am) called|\bme llamo|\bmi nombre es|\bje m'appelle|\bmon nom est|"
    r"\bich hei(?:ß|ss)e|\bmein name ist|\bmi chiamo|\bmeu nome é|\bme chamo|\bo meu nome é|\bnazywam się|"
    r"\bmijn naam is|"
    r"\bik heet|\bmera naam|\bменя зовут|我叫|我的名字是|私の名前は|मेरा नाम)"
    r"(?:\s*[:,\-]?\s*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*\.?")
_MASKED = re.compile(r"[Xx]{2,}\.?")  # what publishers of complaints put in the place of a name
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fff]{2,4}")
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
    aur hai hoon hun he h main mujhe y e et und und ich et je j'ai é con de que et mit habe möchte quiero tengo
    soy et ik en wil ed ho e'
"""
_STOP = frozenset(_STOP_WORDS.split())


@detector("name", version=1)
def name(text: str) -> tuple[tuple[int, int], ...]:
    """Find the name after words that introduce one, as `my name is` and `me llamo` do."""
    spans = []
    for found in _CUE.finditer(text):
        ideographs = _IDEOGRAPHS.match(text, found.end())
        span = ideographs.span() if ideographs else _name_at(text, found.end())
        if span is not None:
            spans.append(span)
    return tuple(dict.fromkeys(spans))


def _name_at(text: str, start: int) -> tuple[int, int] | None:
    words: list[re.Match[str]] = []
    at = start
    while len(words) < LONGEST_NAME and (word := _WORD.match(text, at)):
        if word.group().rstrip(".").lower() in _STOP or _MASKED.fullmatch(word.group()):
            break
        capital = word.group()[0].isupper()
        # After a capitalised name a small word is prose; an all-small name has seldom more than two words.
        if words and not capital and (words[0].group()[0].isupper() or len(words) >= 2 + (len(words[-1].group()) == 1)):
            break
        words.append(word)
        gap = re.compile(r" {1,2}").match(text, word.end())
        if gap is None or (word.group().endswith(".") and len(word.group()) > 3):
            break
        at = gap.end()
    if not words or len(words[0].group()) < 2:
        return None
    end = words[-1].end()
    return start, end - (1 if text[end - 1] == "." and len(words[-1].group()) > 2 else 0)
