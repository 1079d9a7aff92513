"""Words that decide whether two near texts differ by noise only; part of the definition, English.

Elsewhere the rule accepts equality and misspellings alone: it errs towards keeping.
"""

from __future__ import annotations

# fmt: off
# May come and go without changing what is asked.
COURTESY: frozenset[str] = frozenset({
    "a", "an", "the", "please", "pls", "plz", "kindly", "just", "really", "actually", "truly", "very", "so", "too",
    "also", "hi", "hello", "hey", "thanks", "thank", "you", "ok", "okay", "oh", "well", "um", "uh", "sir", "madam",
})

# Never a misspelling of something else: negation, time, comparison, pronoun, auxiliary, quantity, direction.
PROTECTED: frozenset[str] = frozenset({
    "no", "not", "never", "none", "nothing", "nobody", "neither", "nor", "cannot", "without",
    "before", "after",
    "more", "less", "most", "least", "former", "latter",
    "he", "she", "him", "her", "his", "hers", "i", "you", "my", "your",
    "was", "were", "is", "are", "will", "would", "can", "could", "should", "must", "may", "might", "do", "does",
    "did",
    "than", "only", "all", "any", "every", "some", "first", "last",
    "up", "down", "in", "out", "on", "off", "over", "under", "and", "or", "to", "from",
})
# fmt: on
