"""The near-duplicate rule on labelled pairs: `EVALSPEC_SHARED=... python -m benchmarks.measures.near_labels [--json]`.

Pairs that people labelled (CheckList's question pairs, paraphrases of the gptaug sets), real texts with one fact
changed here, and real texts with noise added here. Every rule is asked through the product's own search. The tables of
`docs/near-duplicates.md` are written from `near_labels.json`. Meaning needs the extra `semantic`; without it those
columns stay empty.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.measures.samples import READERS, rows, sample
from benchmarks.pages import replaced
from evalspec.edges.meaning.embedder import minilm_embedder
from evalspec.edges.meaning.minilm import missing
from evalspec.stats.dense_pairs import pairs_at_least
from evalspec.stream import Stream
from evalspec.text.nearness import NEAR_COSINE, NearIndex, duplicate_pairs
from evalspec.text.vectors import close_pairs, vectorize

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "near_labels.json"
PAGE = ROOT / "docs" / "near-duplicates.md"
BEGIN = "<!-- begin tables, written by python -m benchmarks.measures.near_labels -->"
END = "<!-- end tables -->"

MEANS_THE_SAME = Fraction(23, 25)
NOISE_ALONE = 1e-9  # a cosine that every pair has: the words decide
FACT_SETS = ("abcd", "banking77", "hint3", "star", "hinglish", "cfpb")
NOISE_SETS = ("abcd", "banking77", "clinc", "multidogo")
TEXTS = 250  # of each real set
LONGEST = 3000  # characters of a complaint that is changed
WORD = 5  # letters of a word that a slip is made in; the rule takes no word under four for a slip

RULES = {
    "lexical cosine >= 0.85": "cosine",
    "semantic cosine >= 0.92": "meaning",
    "**the rule, lexical**": "lexical",
    "**the rule, lexical or semantic**": "both",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two texts that people, or the way they were made, call the same request or two."""

    left: str
    right: str
    same: bool


def checklist(data: Path) -> list[Pair]:
    """Return CheckList's pairs of questions with their labels."""
    return [
        Pair(left=str(row["q1"]), right=str(row["q2"]), same=bool(row["duplicate"]))
        for row in rows(data, "checklist/qqp_mft_pairs")
    ]


def paraphrases(data: Path) -> list[Pair]:
    """Return originals with their first paraphrase, and as many pairs of two originals of one intent."""
    found: list[Pair] = []
    for name in ("banking77", "clinc_oos"):
        last: dict[object, str] = {}
        for row in rows(data, f"gptaug_paraphrases/{name}"):
            original, label = str(row["original"]), row["label"]
            found.append(Pair(left=original, right=str(row["paraphrases"][0]), same=True))  # type: ignore[index]
            if label in last:
                found.append(Pair(left=last[label], right=original, same=False))
            last[label] = original
    return found


# One word for another that says something else; whole words, whatever their case.
SWAPS = (
    *(("before", "after"), ("debit", "credit"), ("more", "less"), ("increase", "decrease"), ("can", "can't")),
    *(("is", "is not"), ("was", "was not"), ("did", "did not"), ("have", "have not"), ("he", "she"), ("his", "her")),
    *(("first", "last"), ("always", "never"), ("on", "off"), ("up", "down"), ("with", "without"), ("to", "from")),
    *(("charged", "changed"), ("sent", "lost"), ("buy", "sell"), ("open", "close"), ("received", "returned")),
)


def facts(data: Path, name: str) -> list[Pair]:
    """Return real texts beside themselves with one fact changed: a number, or one of the words above."""
    found: list[Pair] = []
    for text in sample(data, name):
        if len(text) > LONGEST:
            continue
        found += [Pair(left=text, right=other, same=False) for other in _changed(text)]
        if len(found) >= TEXTS:
            break
    return found[:TEXTS]


def _changed(text: str) -> Iterator[str]:
    digit = re.search(r"\d", text)
    if digit:
        yield f"{text[: digit.start()]}{(int(digit[0]) + 1) % 10}{text[digit.end() :]}"
    for one, other in SWAPS:
        for before, after in ((one, other), (other, one)):
            changed = re.sub(rf"\b{before}\b(?!['’])", after, text, count=1, flags=re.IGNORECASE)
            if changed != text:
                yield changed
                break


def noise(data: Path, kind: str) -> list[Pair]:
    """Return real texts beside themselves with noise of one kind."""
    found = []
    for name in NOISE_SETS:
        for text in sample(data, name)[:TEXTS]:
            other = NOISE[kind](text, Stream(kind, text))
            if other is not None and other != text:
                found.append(Pair(left=text, right=other, same=True))
    return found


def _slip(text: str, rng: Stream, change: Callable[[str, int], str]) -> str | None:
    words = [word for word in text.split() if len(word) >= WORD and word.isalpha() and word.isascii()]
    if not words:
        return None
    word = rng.choice(words)
    return text.replace(word, change(word, 1 + rng.below(len(word) - 2)), 1)


NOISE: dict[str, Callable[[str, Stream], str | None]] = {
    "case": lambda text, rng: text.upper(),
    "punctuation": lambda text, rng: text.translate(str.maketrans("", "", string.punctuation.replace("'", ""))) + "!!",
    "a courtesy word": lambda text, rng: f"{rng.choice(('please', 'hi', 'hello', 'ok'))} {text}",
    "two letters swapped": lambda text, rng: _slip(
        text, rng, lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    ),
    "a letter dropped": lambda text, rng: _slip(text, rng, lambda word, at: word[:at] + word[at + 1 :]),
}


def judged(pairs: Sequence[Pair]) -> dict[str, set[int] | None]:
    """Return, for each way to decide, the places of the pairs that it calls one; None where nothing can say."""
    ids = {text: f"{at:08}" for at, text in enumerate(dict.fromkeys(t for one in pairs for t in (one.left, one.right)))}
    asked: dict[frozenset[str], set[int]] = {}
    for at, one in enumerate(pairs):
        asked.setdefault(frozenset((ids[one.left], ids[one.right])), set()).add(at)
    texts = {id: text for text, id in ids.items()}

    def unasked(left: str, right: str) -> bool:
        return frozenset((left, right)) not in asked

    def chosen(found: object) -> set[int]:
        return set().union(*(asked[frozenset((one[0], one[1]))] for one in found))  # type: ignore[attr-defined]

    if all(one.same for one in pairs):  # one at a time, as a build meets them: else slips vouch for each other
        index = _index({ids[one.left]: one.left for one in pairs})
        lexical = {at for at, one in enumerate(pairs) if index.find(one.right) is not None}
        noisy = {at for at, one in enumerate(pairs) if index.alike(one.right)}
    else:
        lexical = chosen(duplicate_pairs(texts, {}, unasked, cosine=NEAR_COSINE))
        noisy = chosen(duplicate_pairs(texts, {}, unasked, cosine=NOISE_ALONE))
    near = {
        at for at, one in enumerate(pairs) if close_pairs(vectorize([one.left]), vectorize([one.right]), NEAR_COSINE)
    }
    means = None
    if not missing():
        order = list(ids)
        found = pairs_at_least(minilm_embedder("near_labels", None)(order), MEANS_THE_SAME, limit=50_000_000).pairs
        known = {frozenset((ids[order[left]], ids[order[right]])) for left, right in found.tolist()}
        means = set().union(*(places for one, places in asked.items() if one in known))
    both = None if means is None else lexical | (noisy & means)
    return {"cosine": near, "meaning": means, "lexical": lexical, "both": both}


def _index(texts: dict[str, str]) -> NearIndex:
    index = NearIndex(texts)
    for id, text in texts.items():
        index.add(id, text)
    return index


def measure(data: Path) -> dict[str, Any]:
    """Ask every rule about every set."""
    found: dict[str, Any] = {}
    for name, pairs in (("checklist", checklist(data)), ("gptaug", paraphrases(data))):
        found[name] = _counted(pairs)
    found["facts"] = {name: _counted(facts(data, name)) for name in FACT_SETS}
    found["noise"] = {kind: _counted(noise(data, kind)) for kind in NOISE}
    return found


def _counted(pairs: Sequence[Pair]) -> dict[str, Any]:
    same = {at for at, one in enumerate(pairs) if one.same}
    rules = {
        rule: None if at is None else {"same": len(at & same), "other": len(at - same)}
        for rule, at in judged(pairs).items()
    }
    return {"same": len(same), "other": len(pairs) - len(same), "rules": rules}


def tables(found: dict[str, Any]) -> str:
    """Spell the tables of the page."""
    head = ["rule", "duplicates found", "recall", "contrasts lost", "precision"]
    parts = [
        f"### CheckList: {found['checklist']['same']:,} duplicates, {found['checklist']['other']:,} contrasts\n\n"
        + _table(head, [_scores(name, found["checklist"], key) for name, key in RULES.items()]),
        f"### Paraphrases (gptaug): {found['gptaug']['same']:,} paraphrases by a model, {found['gptaug']['other']:,} "
        "pairs of two questions of one intent\n\n"
        + _table(head, [_scores(name, found["gptaug"], key) for name, key in RULES.items()]),
        "### Real texts with one fact changed: share that would be merged\n\n"
        + _table(
            ["set", "pairs", *RULES],
            [
                [name, f"{one['other']:,}", *(_share(one, key, "other") for key in RULES.values())]
                for name, one in _with_sum(found["facts"]).items()
            ],
        ),
        "### Real texts with noise: share that is found\n\n"
        + _table(
            ["noise", "pairs", *RULES],
            [
                [name, f"{one['same']:,}", *(_share(one, key, "same") for key in RULES.values())]
                for name, one in found["noise"].items()
            ],
        ),
    ]
    return f"{BEGIN}\n" + "\n".join(parts) + END


def _with_sum(sets: dict[str, Any]) -> dict[str, Any]:
    rules = {
        key: {"other": sum(one["rules"][key]["other"] for one in sets.values())}
        for key in RULES.values()
        if all(one["rules"][key] for one in sets.values())
    }
    whole = {"other": sum(one["other"] for one in sets.values())}
    return sets | {"all": whole | {"rules": dict.fromkeys(RULES.values()) | rules}}


def _share(one: dict[str, Any], rule: str, kind: str) -> str:
    hits = one["rules"][rule]
    return "" if hits is None else f"{hits[kind] / max(1, one[kind]):.1%} ({hits[kind]:,})"


def _scores(name: str, one: dict[str, Any], rule: str) -> list[str]:
    hits = one["rules"][rule]
    if hits is None:
        return [name, "not measured", "", "", ""]
    chosen = hits["same"] + hits["other"]
    precision = f"{hits['same'] / chosen:.3f}" if chosen else "none chosen"
    return [name, f"{hits['same']:,}", f"{hits['same'] / one['same']:.3f}", f"{hits['other']:,}", precision]


def _table(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> None:
    """Measure, keep it, and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures.near_labels", description=__doc__)
    parser.add_argument("--page", action="store_true", help="measure nothing, write the tables again")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    asked = parser.parse_args()
    if not asked.page:
        assert set(FACT_SETS + NOISE_SETS) <= set(READERS)
        RESULTS.write_text(json.dumps(measure(Path(os.environ["EVALSPEC_SHARED"]) / "data"), indent=1) + "\n", "utf-8")
    found = json.loads(RESULTS.read_text("utf-8"))
    PAGE.write_text(replaced(PAGE.read_text("utf-8"), BEGIN, END, tables(found)), "utf-8")
    if asked.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
