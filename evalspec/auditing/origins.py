"""A word about who wrote a case to people, a generator, or nothing that can be told; never from the text itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from evalspec.model.audit import Origin

PEOPLE = frozenset(
    """
    human humans person people user users customer customers agent production prod real crowd crowdworker crowdworkers
    crowdsourced annotator annotators expert experts sme manual handwritten hand_written hand log logs traffic seed
    seeds golden gold wild organic live employee staff student students native field ticket tickets
    """.split()  # noqa: SIM905  (a list of forty quoted words is no easier to read)
)
GENERATED = frozenset(
    """
    synthetic synth generated llm lm model ai bot machine auto automatic automated template templates templated
    augmented augmentation paraphrase paraphrased mutation mutated persona prompted redteam metamorphic distilled
    simulated simulator simulation synthesizer grammar chatgpt selfinstruct evol
    """.split()  # noqa: SIM905
)
YES = frozenset({"true", "yes", "y", "1", "t"})
NO = frozenset({"false", "no", "n", "0", "f"})
# Columns that hold the name of what wrote the row: any value in them is one.
ALWAYS_GENERATED = frozenset({"synthesizer_name", "generator", "author_model"})
_WORD = re.compile(r"[a-z0-9]+")


def says_origin(column: str, value: str, flags: Mapping[str, Origin], knows_model: Callable[[str], bool]) -> Origin:
    """Return what a value of a column says; `column` and `value` are in lower case."""
    if not value:
        return "unsaid"
    if column in flags:
        other: Origin = "people" if flags[column] == "generated" else "generated"
        return flags[column] if value in YES else other if value in NO else "unsaid"
    words = _WORD.findall(value)
    joined = "".join(words)
    by_people = joined in PEOPLE or (bool(words) and words[0] in PEOPLE)
    by_machine = joined in GENERATED or any(word in GENERATED for word in words)
    if by_machine:  # `human_augmented`, `model written by a person`: a machine had a hand in it
        return "generated"
    if by_people:
        return "people"
    if column in ALWAYS_GENERATED or knows_model(value):
        return "generated"
    return "unsaid"


_VERIFIED = re.compile(r"(?i)\s*(verified|human|expert|sme|approved|accepted|checked|reviewed|keep|kept|fix(ed)?)\b")
_UNVERIFIED = re.compile(
    r"(?i)\s*(none|null|nan|nobody|no one|unverified|unreviewed|pending|todo|rejected|n/?a|-|inherited|rule|llm|model|"
    r"auto(matic)?)\b"
)


def says_verified(column: str, value: object) -> bool:
    """Tell whether a value says that a person looked: yes, a name, or a word for it; not what a rule or model gave."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if not isinstance(value, str) or not value.strip():
        return bool(value) and isinstance(value, list)
    spelled = value.strip().casefold()
    if spelled in YES or _VERIFIED.match(spelled):
        return True
    if spelled in NO or _UNVERIFIED.match(spelled):
        return False
    # `verified_by: ann` names somebody; what else stands in `status` or `verified` is not understood as a yes.
    return column.endswith(("_by", "reviewer", "annotator"))
