"""Privacy: what the detectors find in the labelled corpus, and that replacing changes no other byte."""

from __future__ import annotations

import random
import re
from pathlib import Path

from benchmarks.privacy.score import NEVER_MISTAKEN, STRUCTURED, Labelled, corpus, scored
from evalspec.catalog import load_catalog
from evalspec.stages.scrub import PLACEHOLDER, Detectors, detectors_of, personal_spans, redact_texts
from evalspec.text.folding import fold
from evalspec.text.mentions import LETTER
from tests.torture.suites import Effort, Tally, suite

FULL, SAMPLE = 10_000, 500
LOWEST_RECALL = 0.98  # of structured types, as the reliability design asks
MOST_PASSES = 5  # as import replaces: what two types claimed may leave a rest that is personal by itself
# What stands between values and may join, split or hide them.
BETWEEN = (
    " ",
    "",
    "\n",
    ", ",
    ".",
    ";",
    "  ",
    "\u200b",
    "、",
    "だ",
    " - ",
    "/",
    "\u00a0",
    " and ",
    "<EMAIL_1>",
    "é",
    "@",
    "7",
)
# Types whose values are long enough that finding them again in prose is a leak and no accident.
LONG = ("api_key", "card", "email", "iban", "url_credentials")


@suite("privacy", "Personal data is found, replaced, and nothing else is touched")
def privacy(effort: Effort, folder: Path) -> list[Tally]:
    """Score the corpus, then replace in strings made of its pieces."""
    labelled = corpus()
    texts = made_texts(labelled, effort.dice("privacy"), effort.count(FULL, SAMPLE))
    return [*score_tallies(labelled), *byte_tallies(texts, detectors_of(load_catalog()))]


def score_tallies(labelled: tuple[Labelled, ...]) -> list[Tally]:
    """Count recall of each structured type, and false alarms in what is easily mistaken."""
    result = scored(labelled)
    recall = Tally(
        f"each structured type is found whole in at least {LOWEST_RECALL:.0%} of its {len(labelled)} strings"
    )
    for kind in STRUCTURED:
        score = result.types[kind]
        recall.hold(score.recall >= LOWEST_RECALL, f"{kind}: recall {score.recall:.3f}")
        recall.figures[kind] = f"recall {score.recall:.3f}, precision {score.precision:.3f} ({score.labelled} spans)"
    alarms = Tally("order numbers, tracking numbers and amounts are not mistaken for personal data")
    for kind in NEVER_MISTAKEN:
        rows = [row for row in labelled if row.mistakable == kind]
        for row in rows:
            alarms.hold(not scored([row]).alarms, f"{kind}: {row.text!r}")
        alarms.figures[kind] = f"{len(rows)} strings"
    return [recall, alarms]


def made_texts(labelled: tuple[Labelled, ...], dice: random.Random, count: int) -> list[str]:
    """Make texts of up to six strings of the corpus with odd joints, some with a character lost or doubled."""
    texts = []
    for _ in range(count):
        text = "".join(dice.choice(labelled).text + dice.choice(BETWEEN) for _ in range(dice.randint(1, 6)))
        if dice.random() < 0.3:
            at = dice.randrange(len(text))
            text = text[:at] + dice.choice(("", text[at] * 2, dice.choice(BETWEEN))) + text[at + 1 :]
        texts.append(text)
    return texts


def byte_tallies(texts: list[str], detectors: Detectors) -> list[Tally]:
    """Try the promises about replacing on each text."""
    equal = Tally("without the placeholders and what they replaced, both texts are equal byte for byte")
    still = Tally("replacing in a text that was replaced changes nothing")
    gone = Tally("no structured value that was found still stands by itself in the replaced text")
    for text in texts:
        found = personal_spans(text, detectors)
        once = replaced(text, detectors)
        equal.hold(same_rest(text, once), repr(text))
        done = settled(once, detectors)
        still.hold(replaced(done, detectors) == done, repr(text))
        rest = fold(PLACEHOLDER.sub("\0", done)).text.casefold()
        values = (fold(text[one.start : one.end]).text.casefold() for one in found if one.type in LONG)
        gone.hold(not any(stands_in(value, rest) for value in values), repr(text))
    return [equal, still, gone]


def stands_in(value: str, text: str) -> bool:
    """Tell whether a value stands in a text by itself, and not as a part of a longer word or number."""
    return re.search(rf"(?<!{LETTER}){re.escape(value)}(?!{LETTER})", text) is not None


def replaced(text: str, detectors: Detectors) -> str:
    """Replace the personal spans of one text."""
    ((done,), _) = redact_texts([("", text)], detectors)
    return done


def settled(text: str, detectors: Detectors) -> str:
    """Replace as import does, until nothing is found."""
    for _ in range(MOST_PASSES):
        text = replaced(text, detectors)
    return text


def same_rest(before: str, after: str) -> bool:
    """Tell whether `after` is `before` with stretches replaced by placeholders, every other byte in its place."""
    old = {one.group() for one in PLACEHOLDER.finditer(before)}
    pieces = [""]
    at = 0
    for one in PLACEHOLDER.finditer(after):
        if one.group() in old:
            continue
        pieces[-1] += after[at : one.start()]
        pieces.append("")
        at = one.end()
    pieces[-1] += after[at:]
    if len(pieces) == 1:
        return before == after
    # Spaces around a value are not its own, but a key that is cut off reaches to the end of the text.
    pattern = r"(?!\s)(.+?)(?:(?<!\s)|\Z)".join(re.escape(piece) for piece in pieces)
    kept = re.fullmatch(pattern, before, re.DOTALL)
    if kept is None:
        return False
    rest, at = "", 0
    for group in range(1, len(pieces)):
        rest += before[at : kept.start(group)]
        at = kept.end(group)
    return (rest + before[at:]).encode("utf-8", "surrogatepass") == "".join(pieces).encode("utf-8", "surrogatepass")
