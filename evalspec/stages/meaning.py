"""Which of the texts that a candidate differs from by noise only means the same: by the vectors, or as a lock says.

A model decides only between texts whose words differ by courtesy and misspellings, which anybody can check; so a drop
that `verify` takes on trust can hide nothing but a case of which one like it is in the set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalspec.model.spec import Spec
from evalspec.model.vocabulary import MEANING
from evalspec.ports import Tools
from evalspec.text.meaning import Embed, meanings
from evalspec.text.vectors import at_least, cosine_of

REASON = "near_duplicate_semantic"
DIGITS = 3  # of the cosine that a lock records: another machine's arithmetic may move the fourth

# A candidate's id and text, and (id, text) of others: the first that means the same, and the cosine.
SameMeaning = Callable[[str, str, Sequence[tuple[str, str]]], "tuple[str, float] | None"]


def same_meaning_of(spec: Spec, tools: Tools) -> SameMeaning | None:
    """Return what decides for a spec whether two texts mean the same, or None where nothing does."""
    if spec.screen.embedder not in MEANING:
        return None
    bound = spec.screen.near_semantic
    return _as_recorded(tools.recorded, bound) if tools.embed is None else _by_vectors(tools.embed, bound)


def _by_vectors(embed: Embed, bound: float) -> SameMeaning:
    def judge(id: str, text: str, others: Sequence[tuple[str, str]]) -> tuple[str, float] | None:
        found = meanings(embed([text, *(other for _, other in others)]))
        rows = found.rows.astype("int64")
        for at, (other, _) in enumerate(others, start=1):
            product, norms = int(rows[0] @ rows[at]), (int(found.norms[0]), int(found.norms[at]))
            if at_least(product, *norms, bound):
                return other, round(cosine_of(product, *norms), DIGITS)
        return None

    return judge


def _as_recorded(recorded: Mapping[str, tuple[str, float]], bound: float) -> SameMeaning:
    def judge(id: str, text: str, others: Sequence[tuple[str, str]]) -> tuple[str, float] | None:
        found = recorded.get(id)
        if found is None or found[0] not in {other for other, _ in others} or found[1] < round(bound, DIGITS):
            return None
        return found

    return judge


def recorded_drops(drops: Sequence[Mapping[str, object]]) -> dict[str, tuple[str, float]]:
    """Return the drops by meaning that a lock states: the candidate's id to its partner and the cosine."""
    return {
        str(one.get("id")): (str(one.get("other")), float(str(one.get("value"))))
        for one in drops
        if one.get("reason") == REASON and _is_number(one.get("value"))
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
