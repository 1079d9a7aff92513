"""How many kinds of sentence a pool is built from, whatever its words."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.richness import counted, expected_distinct
from evalspec.stats.scope import Scope
from evalspec.text.function_words import FUNCTION_WORDS_VERSION, shapes
from evalspec.text.tokens import ngrams, tokens

GRAM = 4  # tags together
DRAWN = 500  # 4-grams at which sets are compared (measures.md, B), or fewer where a side has fewer
MIN_GRAMS = 100
MIN_ENGLISH = 30  # texts a side
PATTERN = "pattern"


@measure(
    "syntactic_variety",
    version=1,
    unit="share",
    low=0,
    high=1,
    better="higher",
    source="measures.md, B: rarefied tag 4-grams",
    per="comparison",
    spaces=("shapes", PATTERN),
)
def syntactic_variety(scope: Scope) -> Measurement:
    """Return the share of sequences of four tags that are distinct, among 500 by rarefaction, beside the seeds'.

    `shapes`: English function words as they are, every other word masked; no tagger is needed. `pattern`: Penn tags by
    the PatternTagger of textblob, the extra `lang`, where a gate asks for that space. English texts only. Linear.
    """
    if scope.space == PATTERN and scope.facts.tag is None:
        return scope.silent("not measured: parts of speech need the extra `lang` (pip install 'evalspec[lang]')")
    ours, theirs = _tagged(scope, in_pool=True), _tagged(scope, in_pool=False)
    if min(len(ours), len(theirs)) < MIN_ENGLISH:
        return scope.silent(
            f"not evaluable: {len(ours)} cases and {len(theirs)} seeds in English, at least {MIN_ENGLISH} are needed"
        )
    here = list(counted(ngrams(tags, GRAM) for tags in ours).values())
    there = list(counted(ngrams(tags, GRAM) for tags in theirs).values())
    draws = min(DRAWN, sum(here), sum(there))
    if draws < MIN_GRAMS:
        return scope.silent(f"not evaluable: fewer than {MIN_GRAMS} sequences of {GRAM} words on a side")
    tagger = f"function words {FUNCTION_WORDS_VERSION}" if scope.space != PATTERN else "textblob PatternTagger"
    return scope.result(
        expected_distinct(here, draws) / draws,
        baseline=expected_distinct(there, draws) / draws,
        compared=True,
        detail={"at": draws, "tagger": tagger},
    )


def _tagged(scope: Scope, *, in_pool: bool) -> list[Sequence[str]]:
    """Return the tags of each English text of a side."""
    both = scope.comparison
    said = {case.id: case.candidate.language for case in scope.cases} | {one.key: one.language for one in scope.seeds}
    side = both.pool if in_pool else both.seeds
    english = [one.text for one in side if _is_english(said.get(one.id, "und"), one.text)]
    tag = scope.facts.tag
    if scope.space == PATTERN and tag is not None:
        return [tag(text) for text in english]
    return [shapes(tokens(text)) for text in english]


def _is_english(language: str, text: str) -> bool:
    """Return True for English, and for plain Latin text whose language nobody says."""
    return text.isascii() if language == "und" else language.partition("-")[0] == "en"
