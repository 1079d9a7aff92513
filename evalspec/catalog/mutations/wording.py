"""Case, questions, greetings and openings: what several operators must know to write like the text they change."""

from __future__ import annotations

import re

from evalspec.catalog.words import words
from evalspec.text.patterns import lazy_pattern
from evalspec.text.phrases import WORD, word_set

# Words that carry the meaning: no operator respells, drops or hides them.
KEPT = word_set(
    "no not nor never none nothing cannot can't without neither nobody unless except zero one two three four five six "
    "seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty "
    "forty fifty sixty seventy eighty ninety hundred thousand million half dozen first second third"
)
_QUESTION_START = lazy_pattern(
    r"(?:who|whose|what|whats|what's|when|where|wheres|where's|why|which|how|hows|is|are|am|was|were|do|does|did|can|"
    r"could|will|would|should|may|has|have|had|isn't|aren't|don't|doesn't|didn't|can't|won't)\b",
    re.IGNORECASE,
)
GREETING = lazy_pattern(
    r"(?:hi+|hello+|hey+|greetings|good (?:morning|afternoon|evening|day)|"
    r"dear (?:sir(?: or madam)?|madam|team|support))"
    r"(?: there| team| all| everyone| everybody| guys| sir| madam| again)?"
    r"(?:\s*[,.!]+\s*|\s+(?=i\b|i'|my\b|can\b|could\b|please\b|what|where|how|when|why|is\b|do\b))",
    re.IGNORECASE,
)
# An answer to a question of the other side: it begins no message of its own.
_REPLY = lazy_pattern(
    r"(?:yes|yeah|yep|yup|no|nope|ok|okay|sure|oh|and|but|also|about|it was|it's|its|that's|this is the|"
    r"(?:my|the|order|account|user) ?(?:full |first |last |order |account |zip |e-?mail |phone |user)*"
    r"(?:name|id|username|email|address|number|code)\s*(?:is\b|:))",
    re.IGNORECASE,
)
_THANKS = lazy_pattern(
    r"(?:thank|thanks|thx|cheers|regards|best regards|bye|have a (?:nice|good|great))\b", re.IGNORECASE
)


def cased_like(old: str, new: str) -> str:
    """Write `new` in the case of `old`: all capitals, a capital first, or as it is."""
    if old.islower():
        return new
    letters = [char for char in old if char.isalpha()]
    if len(letters) > 1 and old.isupper():
        return new.upper()
    if letters and letters[0].isupper():
        return upper_first(new)
    return new


def upper_first(text: str) -> str:
    """Make the first letter a capital."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Make the first letter small, unless the word is `I`, a name or an acronym."""
    match = WORD.match(text)
    if match is None:
        return text
    word = match.group()
    if word[:1] == "I" and (len(word) == 1 or word[1] in "'’"):
        return text
    if not word[:1].isupper() or (len(word) > 1 and not word[1:].islower()) or not _is_common(word.lower()):
        return text
    return text[:1].lower() + text[1:]


def _is_common(word: str) -> bool:
    stem, _, tail = word.replace("’", "'").partition("'")
    return stem in words("common.txt") or (tail == "t" and stem[:-1] in words("common.txt"))


def is_lower(text: str) -> bool:
    """Return True when the writer does not begin with a capital."""
    letter = next((char for char in text if char.isalpha()), "")
    return letter.islower()


def is_question(sentence: str) -> bool:
    """Return True for what ends with a question mark or begins as questions do."""
    return sentence.rstrip("\"')”’ ").endswith(("?", "？")) or bool(_QUESTION_START.match(sentence))


def is_thanks(sentence: str) -> bool:
    """Return True for thanks and good-byes."""
    return bool(_THANKS.match(sentence))


def is_reply(sentence: str) -> bool:
    """Return True for what answers a question of the other side: yes, an id, a name."""
    return bool(_REPLY.match(sentence))


def word_count(text: str) -> int:
    """Count words."""
    return len(WORD.findall(text))


def after_greeting(text: str) -> int:
    """Return where the text goes on after a greeting; 0 when there is none or nothing follows."""
    start = len(text) - len(text.lstrip())
    match = GREETING.match(text, start)
    return match.end() if match is not None and match.end() < len(text.rstrip()) else start


def with_opening(text: str, opening: str) -> str:
    """Put a sentence in front, after a greeting, written as small as the text itself begins."""
    at = after_greeting(text)
    head, rest = text[:at], text[at:]
    if is_lower(text):
        opening = opening.lower()
    elif head.strip() and head.rstrip()[-1] not in ".!":
        # `Hi, this is unacceptable. My parcel ...`: the sentence goes on after the comma, and the next one begins.
        opening, rest = lower_first(opening), upper_first(rest)
    blank = " " if head and not head[-1].isspace() else ""
    return f"{head}{blank}{opening} {rest}"
