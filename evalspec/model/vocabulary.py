"""The closed word lists of the spec language: what a spec may name that is no function of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
CASE_ID_MAX = 64  # `^[a-z][a-z0-9._-]{5,63}$`
AXES_MAX = 3  # a pool crosses two axes, at most three; fold the rest into personas
CELLS_MAX = 10_000  # nobody reads more; `plan` refuses far smaller grids with the review bill

# Slices that every case has; no axis and no metadata column may take one of these names.
RESERVED_SLICES: frozenset[str] = frozenset(
    {"language", "persona", "pool", "track", "operator", "attack", "relation", "behaviour", "provenance"}
)
# What a row of a source says of itself besides labels and metadata; a row has no pool, operator or attack yet.
ROW_SLICES: frozenset[str] = frozenset({"language", "behaviour"})
# First words of the readable provenance tag, as the lock writes them.
PROVENANCE_HEADS: frozenset[str] = frozenset(
    {"prod", "golden", "mutation", "synth", "persona", "redteam", "metamorphic", "document"}
)
BEHAVIOURS: tuple[str, ...] = ("answer", "abstain", "clarify", "challenge", "refuse")
TRACKS: tuple[str, ...] = ("happy", "edge", "adversarial", "wild")
SOURCE_KINDS: tuple[str, ...] = ("production", "golden", "anchor", "document", "training", "traffic", "known")
# Kept as digests alone: texts are held against them, and none is ever read again.
DIGESTED: frozenset[str] = frozenset({"training", "known"})
TECHNIQUES: tuple[str, ...] = (
    "seed",
    "golden",
    "prompted",
    "mutation",
    "persona",
    "redteam",
    "metamorphic",
    "document",
)
GRIDS: frozenset[str] = frozenset({"prompted", "persona", "document"})  # spread over cells, written by a generator
PART_KINDS: tuple[str, ...] = ("label", "text", "json", "tool_calls", "citations", "query", "criteria")

# Types of personal data that a spec may keep and that no detector of this version replaces.
NEVER_REPLACED: frozenset[str] = frozenset({"age", "date"})

# linguist takes these for the locks of package managers, and GitHub folds `NAME.lock.json` unread.
FOLDED_LOCKS: frozenset[str] = frozenset({"poetry", "pdm", "composer", "cargo"})
# Windows cannot hold a file of these names, whatever the suffix.
DEVICE_NAMES: frozenset[str] = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)

# Providers that run on the user's own machine, by litellm's prefixes: they cost no money.
FREE_PROVIDERS: tuple[str, ...] = (
    "builtin/",
    "hosted_vllm/",
    "llama_cpp/",
    "llamafile/",
    "lm_studio/",
    "ollama/",
    "ollama_chat/",
)
GRAMMAR_MODEL = "builtin/grammar"

# Sampling parameters that a spec may set, with their least and greatest value. Endpoints, keys and headers never
# stand in a spec: they belong to user config.
MODEL_PARAMS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "frequency_penalty": (-2, 2),
        "max_tokens": (1, 32768),
        "presence_penalty": (-2, 2),
        "seed": (0, 2**63 - 1),
        "temperature": (0, 2),
        "top_k": (1, 1000),
        "top_p": (0, 1),
    }
)
WHOLE_PARAMS: frozenset[str] = frozenset({"max_tokens", "seed", "top_k"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What moves between a parent and its child, and what becomes of the label.

    `label`: same (inherited, `expected` may not be given), given (`expected` must be), either (may be), or challenge
    (the child expects to be challenged).
    """

    title: str
    label: Literal["same", "given", "either", "challenge"]
    fact: Literal["range", "values", "absent"] | None = None
    written: bool = False  # by a model


RELATIONS: Mapping[str, Relation] = MappingProxyType(
    {
        "cross_boundary": Relation(
            title="Moves a number to the other side of its limit; the label becomes the one given.",
            label="given",
            fact="range",
        ),
        "demographic_swap": Relation(
            title="Puts another value of a group in the place of the one stated; the label stays.",
            label="same",
            fact="values",
        ),
        "evidence_added": Relation(
            title="Adds proof for what is claimed; an ordered label never gets lower.", label="either", written=True
        ),
        "false_premise": Relation(
            title="Asks for something that does not exist; the output must challenge it.",
            label="challenge",
            fact="absent",
        ),
        "paraphrase": Relation(title="Says the same in other words; the label stays.", label="same", written=True),
        "preamble": Relation(title="Puts something beside the point in front; the label stays.", label="same"),
        "rename_identifiers": Relation(title="Renames identifiers in code; the label stays.", label="same"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckKind:
    """A property of outputs that is tested without a model, and the option that it cannot do without."""

    title: str
    option: Literal["whole number", "list of strings"] | None = None


CHECKS: Mapping[str, CheckKind] = MappingProxyType(
    {
        "cites_given_sources": CheckKind(title="Every source that it cites was given to it."),
        "max_chars": CheckKind(title="It is at most this long.", option="whole number"),
        "no_call": CheckKind(title="None of these tools is called.", option="list of strings"),
        "no_new_pii": CheckKind(title="It holds no personal data that the input or context did not hold."),
        "no_string": CheckKind(title="None of these strings stands in it.", option="list of strings"),
        "no_unstated_policy": CheckKind(title="Every period and amount in it stands in the instructions or context."),
        "same_over_runs": CheckKind(title="It is the same when the subject is asked again."),
        "valid_json": CheckKind(title="It parses as JSON."),
    }
)

# What a measure is held against where its definition asks for it.
HELD_AGAINST: Mapping[str, Literal["terms", "source"]] = MappingProxyType(
    {
        "absent_labels": "source",
        "coverage": "source",
        "entropy": "terms",
        "mention": "terms",
        "term_mix": "terms",
        "thin_regions": "source",
    }
)
LEXICAL = "lexical"  # the space that needs no model
MINILM = "minilm"  # the packaged model; in a measure's list of spaces it stands for whatever embedder a spec names
BY_WORDS: frozenset[str] = frozenset({"lexical", "js", "c2st", "shapes", "pattern"})  # spaces that no model makes


class _ByMeaning(Container[object]):
    """Every space that an embedding model makes: a spec gives a model of its own a name that nobody can list."""

    def __contains__(self, space: object) -> bool:
        return isinstance(space, str) and space not in BY_WORDS


MEANING: Container[object] = _ByMeaning()
NOT_RECOMPUTED = "not recomputed: it needs the embedder"  # where a replay with the core alone has no figure
ON_REQUEST: frozenset[str] = frozenset({"pattern"})  # spaces that are looked into only where a gate names them
# Measures over an embedding or a tagger, and the spaces each is defined in; the first is the one that needs nothing.
SPACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "coverage": ("lexical", "minilm"),
        "novelty": ("lexical", "minilm"),
        "seed_distance": ("lexical", "minilm"),
        "shift": ("lexical", "c2st", "js", "minilm"),
        "spread": ("lexical", "minilm"),
        "syntactic_variety": ("shapes", "pattern"),
        "thin_regions": ("lexical", "minilm"),
        "training_overlap": ("lexical", "minilm"),
    }
)


def spaces_with(known: Iterable[str | None], embedder: str) -> tuple[str | None, ...]:
    """Return the spaces of a measure where `embedder` reads meaning."""
    return tuple(embedder if one == MINILM and embedder in MEANING else one for one in known)


# Measures that ask one thing by words (was this text there?) and another by meaning (was one like it?): a gate is about
# words unless it names the space, and one that does leaves the gate over words where it is.
TWO_QUESTIONS: frozenset[str] = frozenset({"novelty", "training_overlap"})
# A gate on `share` without a bound is held against the mix's own counts.
BOUND_BY_THE_MIX: frozenset[str] = frozenset({"share"})
