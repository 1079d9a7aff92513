"""A light guess at the language of a text: its script, then its commonest small words; `und` when unsure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalspec.text.patterns import lazy_unicode
from evalspec.text.tokens import tokens

if TYPE_CHECKING:
    import regex

UNSURE = "und"
MIN_HITS = 1  # small words that must be found before a language of the Latin script is named
SCRIPT_SHARE = 0.3  # of the letters, for a script to decide: product names and titles stay in Latin letters

# Script to the languages written in it, the commonest first.
_SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Arabic": ("ar", "fa", "ur"),
        "Armenian": ("hy",),
        "Bengali": ("bn",),
        "Cyrillic": ("ru", "uk", "bg", "sr", "kk"),
        "Devanagari": ("hi", "mr", "ne"),
        "Georgian": ("ka",),
        "Greek": ("el",),
        "Gujarati": ("gu",),
        "Hangul": ("ko",),
        "Han": ("zh", "ja"),
        "Hebrew": ("he", "yi"),
        "Kannada": ("kn",),
        "Khmer": ("km",),
        "Lao": ("lo",),
        "Malayalam": ("ml",),
        "Myanmar": ("my",),
        "Tamil": ("ta",),
        "Telugu": ("te",),
        "Thai": ("th",),
    }
)
_LETTERS = {script: lazy_unicode(rf"\p{{{script}}}") for script in _SCRIPTS}
_KANA = lazy_unicode(r"[\p{Hiragana}\p{Katakana}]")
_LETTER = lazy_unicode(r"\p{L}")

# Letters that only some languages of a script use.
_TELLING: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("Cyrillic", "kk", frozenset("әғқңөұүһ")),
    ("Cyrillic", "uk", frozenset("іїєґ")),
    ("Cyrillic", "sr", frozenset("ђјљњћџ")),
    ("Arabic", "ur", frozenset("ٹڈڑںے")),
    ("Arabic", "fa", frozenset("پچژگ")),
)

# Small words of the languages of the Latin script; `hi-Latn` is Hindi as people type it.
_SMALL_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        tag: frozenset(words.split())
        for tag, words in {
            "cs": "je na se že to jak kde jsem mi mám proč můj moje prosím není jsou byl pro co by aby ale už",
            "da": "jeg er og det ikke en et at på min mit kan du hvad hvordan har til med af hvor vil der skal den",
            "de": "der die das und ist nicht ich ein eine zu wie wo wann warum mein meine meinen kann habe mit für auf "
            "bitte den dem von wird sie mir mich es im am noch auch bei was hallo danke",
            "en": "the a an is are was i my you your to of and in it for on what how can do not this that with have "
            "where when why me please would need want be at from has will there if but so we they did does don't i'm",
            "es": "el la los las de que y en un una mi por para es no se con cómo como qué dónde cuándo cuando puedo "
            "quiero tengo está mis lo del al hola gracias favor hacer más pero ha he",
            "fi": "on ja ei se että en minun minulla miten missä mikä voinko kun jos oli olen tämä hän mutta",
            "fr": "le la les de des un une et est je ne pas que qui pour dans mon ma mes sur avec vous comment où "
            "quand pourquoi j'ai c'est du au il en ce puis bonjour merci suis ai",
            "hi-Latn": "hai hain ka ki ke ko kya mera meri mere mujhe nahi nahin aur kaise kab kahan karo karna kar "
            "se mein main ho raha rahi tha thi bhi toh bhai kyun kyu apna aap hoga chahiye wala par",
            "hu": "a az és nem hogy van egy ez mi hol mikor miért kérem vagy már csak meg az én",
            "id": "yang saya di dan ini itu tidak untuk dengan apa bagaimana kapan bisa ada ke dari akan sudah mohon",
            "it": "il lo la i gli le di che e un una mio mia per è non con come dove quando perché ho sono posso "
            "voglio del della al mi si da nel ciao grazie questo",
            "nl": "de het een en is niet ik mijn van op te in dat hoe wat waar wanneer waarom kan heb met voor je zijn "
            "er maar ook nog aan wil u bij naar",
            "no": "jeg er og det ikke en et å på min mitt kan du hva hvordan har til med av hvor vil der skal den",
            "pl": "nie jest się na to w z i że jak gdzie kiedy dlaczego mój moja moje mam proszę czy do mi już co po",
            "pt": "o a os as de que e em um uma meu minha por para é não se com como onde quando porque posso quero "
            "tenho está do da no na ao olá obrigado mais mas eu você",
            "ro": "și nu este un o la de pe că în cu mi care cum unde când am meu mea pentru să sunt vreau din",
            "sv": "jag är och det inte en ett att på min mitt kan du vad hur har till med av var vill ska den när som",
            "tr": "bir ve bu ne için ile nasıl nerede ben benim var yok mi mı değil çok daha ama kadar olan istiyorum",
            "vi": "tôi là của và không có được cho này đã với một những các để bị làm như thế nào khi",
        }.items()
    }
)
_WEAK_LEAD = 1  # how many more small words the first needs than the second, unless only it is allowed

# Before a text is said to be in another language than its own. With these, 0.4 % of the short texts of the worst pair
# of 13 languages are, and 6 % to 37 % where one word decides: titles and product names are quoted in other languages.
SURE_WORDS = 3  # different small words of the other language
SURE_LEAD = 3  # more small words of the other than of its own
SURE_SHARE = 0.35  # of all words that are small words of the other
_TWO_SCRIPTS = frozenset({"az", "kk", "sr", "uz"})  # written in Latin letters too, for which no words are known here


def guess_language(text: str, allowed: Collection[str] = ()) -> str:
    """Guess the BCP 47 tag of a text among `allowed` (empty: all known); `und` when nothing speaks for one."""
    by_script = _script_language(text, allowed)
    if by_script is not None:
        return by_script
    counts = Counter(tokens(text))
    scores = {
        tag: sum(count for word, count in counts.items() if word in words)
        for tag, words in _SMALL_WORDS.items()
        if _permitted(tag, allowed)
    }
    ranked = sorted(scores, key=lambda tag: (-scores[tag], tag))
    if not ranked or scores[ranked[0]] < MIN_HITS:
        return _only(text, allowed)
    if len(ranked) > 1 and scores[ranked[0]] - scores[ranked[1]] < _WEAK_LEAD:
        return UNSURE
    return _spelled(ranked[0], allowed)


def is_in_another(text: str, own: str, allowed: Collection[str]) -> bool:
    """Tell whether a text that should be in `own` is surely in another of the languages allowed."""
    other = guess_language(text, allowed)
    if other == UNSURE or _same(other, own):
        return False
    if any(sign.search(text) for sign in _signs(own)):
        return False
    if any(sign.search(text) for sign in _signs(other)):
        return True
    theirs, mine = _words_of(other), _words_of(own)
    if not mine and (not _signs(own) or own.split("-")[0].lower() in _TWO_SCRIPTS):
        return False
    words = tokens(text)
    found = [word for word in words if word in theirs]
    lead = len(found) - sum(word in mine for word in words)
    return len(set(found)) >= SURE_WORDS and lead >= SURE_LEAD and len(found) >= SURE_SHARE * len(words)


def _signs(tag: str) -> list[regex.Pattern[str]]:
    """Return what finds a letter of a language's own script; nothing for those in Latin letters."""
    primary = tag.split("-")[0].lower()
    if "latn" in tag.lower():
        return []
    return [_LETTERS[script] for script, tags in _SCRIPTS.items() if primary in tags] + ([_KANA] * (primary == "ja"))


def _words_of(tag: str) -> frozenset[str]:
    return next((words for known, words in _SMALL_WORDS.items() if _same(known, tag)), frozenset())


def _only(text: str, allowed: Collection[str]) -> str:
    """Return the one language that a set is said to be in, unless its words speak for another."""
    if len(allowed) != 1 or guess_language(text) != UNSURE:
        return UNSURE
    return next(iter(allowed))


def _script_language(text: str, allowed: Collection[str]) -> str | None:
    letters = len(_LETTER.findall(text))
    if text.isascii() or letters == 0:
        return None
    if _KANA.search(text) and len(_KANA.findall(text)) * 5 >= letters:
        return _spelled("ja", allowed) if _permitted("ja", allowed) else UNSURE
    for script, tags in _SCRIPTS.items():
        if len(_LETTERS[script].findall(text)) < SCRIPT_SHARE * letters:
            continue
        telling = [tag for where, tag, signs in _TELLING if where == script and signs & set(text.lower())]
        known = [tag for tag in (*telling, *tags) if _permitted(tag, allowed)]
        return _spelled(known[0], allowed) if known else UNSURE
    return None


def _permitted(tag: str, allowed: Collection[str]) -> bool:
    return not allowed or any(_same(tag, one) for one in allowed)


def _same(tag: str, given: str) -> bool:
    # Hindi in Latin letters is another thing to guess than Hindi; regions (`pt-BR`) do not matter.
    left, right = tag.split("-"), given.split("-")
    return left[0].lower() == right[0].lower() and ("latn" in tag.lower()) == ("latn" in given.lower())


def _spelled(tag: str, allowed: Collection[str]) -> str:
    return next((one for one in sorted(allowed) if _same(tag, one)), tag)
