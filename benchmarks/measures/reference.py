"""Every core measure against the reference values of the shared checks: measured, expected, pass.

Run with EVALSPEC_SHARED naming the shared folder. Tolerances are those of the reference: four digits in the lexical
space, three elsewhere, 0.02 for a p of 999 draws.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from benchmarks.measures.samples import CASES, READERS, SEEDS, rows, sample
from evalspec.catalog import load_catalog
from evalspec.catalog.measures.rawness import is_open_ended, starts_lower
from evalspec.edges.meaning.embedder import minilm_embedder
from evalspec.edges.meaning.minilm import MiniLM
from evalspec.model.outcome import Measurement
from evalspec.model.spec import Mix, Spec
from evalspec.stats.agreement import alpha, disagreement, kappa
from evalspec.stats.comparison import Comparison, Item
from evalspec.stats.contrast import learned_words
from evalspec.stats.dense_pairs import pairs_at_least
from evalspec.stats.intervals import wilson
from evalspec.stats.neighbours import neighbour_rank
from evalspec.stats.richness import collision, expected_distinct
from evalspec.stats.scope import MeasureFacts, Scope
from evalspec.stats.spaces import apart
from evalspec.stats.tests import fisher, holm
from evalspec.text.meaning import Embed
from evalspec.text.nearness import NEAR_COSINE, duplicate_pairs, same_but_noise
from evalspec.text.tokens import document_counts, ngrams, opening_of, tokens
from evalspec.text.vectors import at_least, close_pairs, dot, vectorize

LEXICAL, OTHER, P = 1e-4, 1e-3, 0.02
AUC = 0.01  # two solvers of one objective
MEANING, MEANING_SHARE = 0.002, 2.1 / SEEDS  # rounding moves a distance, and the nearest case of two texts
ROUNDED = 0.004  # of a cosine near 0.92 whose rows are rounded to int8: lower by 0.002 on average, deviation 0.003
# Five times the 999 of a build: the reference's own 999 draws already move a p of 0.25 by 0.014 (one sigma).
DRAWS = 4999
REFERENCE_DRAWS, JUDGES, SIGMAS = 999, 20_000, 3.0
# Of the set, the bound 0.85 is met exactly (51 / 60) by one pair, which floating point lost.
EXACT_TIES = {("single xsid_ja", "pairs .85"): 1}
KEY_TERMS = (
    *("refund", "return", "cancel", "send back", "send it back", "money back", "charge back", "chargeback"),
    *("reverse", "reimburse", "exchange", "credit", "undo", "dispute"),
)
# Removed by the noise rule at 0.85 among the first 900 of a set, and pairs (measures.md, G).
REMOVED = {"abcd": 22, "hint3": 2, "banking77": 0, "multidogo": 35, "star": 26, "bitext": 3, "cucom": 0}
REMOVED |= {"gpt35_issue": 3, "gpt4_issue": 1}
REMOVED_PAIRS = {"abcd": 23, "multidogo": 39, "star": 35}
# Pairs at a cosine of 0.92 by meaning among the first 900 of a set (measures.md, G), to one in a hundred.
SAME_MEANING = {"abcd": 535, "hint3": 13, "banking77": 102, "multidogo": 1368, "star": 252, "bitext": 166}
SAME_MEANING |= {"gpt35_issue": 1008, "gpt4_issue": 585, "cucom": 32}
# No filter is written for these, and none of the 80,000 unions of intents and of flows tried gives their counts.
UNKNOWN = frozenset({"abcd_refund", "bitext_refund"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison with the reference."""

    pair: str
    figure: str
    measured: object
    expected: object
    within: float = 0.0

    @property
    def passes(self) -> bool:
        """True within the tolerance, or when equal."""
        if isinstance(self.measured, int | float) and isinstance(self.expected, int | float):
            return abs(self.measured - self.expected) <= self.within + 1e-12
        return self.measured == self.expected


def scope_of(seeds: list[str], cases: list[str], space: str | None = None, embed: Embed | None = None) -> Scope:
    """Put two samples on the sides of a comparison."""
    return Scope(
        spec=Spec(name="x", path="x.yaml", folder=".", mix=Mix(size=1, counts=())),
        facts=MeasureFacts(embed=embed),
        slice="pool=x",
        cases=(),
        all_cases=(),
        families={},
        seeds=(),
        comparison=Comparison(
            pool=_items("c", cases),
            seeds=_items("s", seeds),
            key="reference",
            draws=DRAWS,
            embed=embed,
        ),
        source=_items("s", seeds),
        terms=KEY_TERMS,
        space=space,
        measure="reference",
    )


def _items(side: str, texts: list[str]) -> tuple[Item, ...]:
    # The reference took a line for a turn, because it joins turns by line feeds: only openings show the difference.
    return tuple(
        Item(id=f"{side}{at}", turns=tuple(text.split("\n")), family=f"{side}{at}") for at, text in enumerate(texts)
    )


def of_meaning(pair: str, seeds: list[str], cases: list[str], want: dict[str, object], embed: Embed) -> list[Row]:
    """Compare the figures of one pair in the space of the packaged model."""
    catalog, scope = load_catalog(), scope_of(seeds, cases, "minilm", embed)
    shift, spread, near = (catalog.get("measure", name).function(scope) for name in ("shift", "spread", "coverage"))
    sem, cov = want["sem"], want["cov_sem"]
    figures = (
        ("shift.minilm", shift.value, sem["mmd"], MEANING),
        ("effect", shift.detail["effect"], sem["effect"], MEANING),
        ("d_E", shift.detail["pool"], sem["dE"], MEANING),
        ("d_S", shift.detail["seeds"], sem["dS"], MEANING),
        ("spread", spread.value, sem["dE"] / sem["dS"], 2 * MEANING),
        ("coverage", near.value, cov["value"], MEANING_SHARE),
        ("k*", near.detail["neighbours"], cov["k"], 0.0),
    )
    judge = of_p(
        pair, lambda: of_rows(embed([*cases, *seeds]).astype(float)), len(cases), "p (minilm)", shift.p, sem["p"]
    )
    return [
        judge,
        *(
            Row(pair=pair, figure=f"{name} (minilm)", measured=found, expected=wanted, within=within)
            for name, found, wanted, within in figures
        ),
    ]


def of_same_meaning(name: str, texts: list[str], embed: Embed, model: MiniLM) -> list[Row]:
    """Compare how many pairs of a set mean the same: the model's own floats, and the rounded rows that decide here."""
    if name not in SAME_MEANING:
        return []
    want = SAME_MEANING[name]
    floats = np.asarray(model.vectors(texts, lambda count: None), dtype=np.float64)
    near = of_rows(floats)[np.triu_indices(len(texts), 1)]
    least, most = ((near >= 0.92 + by).sum() for by in (ROUNDED, 0.0))
    found, middle = pairs_at_least(embed(texts), 0.92).total, (least + most) / 2
    return [
        Row(pair=f"single {name}", figure="pairs .92 (floats)", measured=int(most), expected=want, within=want / 100),
        Row(pair=f"single {name}", figure="pairs .92 (int8)", measured=found, expected=middle, within=most - middle),
    ]


def of_p(pair: str, near: Callable[[], np.ndarray], split: int, figure: str, found: float, want: float) -> Row:
    """Compare a p of drawn exchanges; where two estimates lie apart, 20,000 draws of our own decide about ours."""
    row = Row(pair=pair, figure=figure, measured=found, expected=want, within=P)
    if row.passes:
        return row
    judge = drawn_p(near(), split, JUDGES)
    sigmas = abs(want - judge) / (judge * (1 - judge) / (REFERENCE_DRAWS + 1)) ** 0.5
    if sigmas > SIGMAS:
        return row  # not chance: the reference, or this judge, is another test
    print(f"{pair}, {figure}: {found:.3f}, reference {want:.3f}, {JUDGES:,} independent draws {judge:.4f}: ", end="")
    print(f"the reference's {REFERENCE_DRAWS} draws lie {sigmas:.1f} standard deviations off")
    return Row(pair=pair, figure=f"{figure}, by the judge", measured=found, expected=judge, within=P / 2)


def of_rows(rows: np.ndarray) -> np.ndarray:
    """Return all cosines of rows of whole numbers."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def cosines(texts: list[str]) -> np.ndarray:
    """Return all cosines of hashed 3- to 5-grams, computed here from their definition and not by the product."""
    block = np.zeros((len(texts), 4096))
    for row, text in enumerate(texts):
        padded = f" {' '.join(unicodedata.normalize('NFC', text).lower().split())} "
        for size in (3, 4, 5):
            for at in range(len(padded) - size + 1):
                digest = blake2b(padded[at : at + size].encode("utf-8"), digest_size=8).digest()
                number = int.from_bytes(digest, "little")
                block[row, number % 4096] += -1 if number >> 63 else 1
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    unit = block / np.where(norms > 0, norms, 1)
    return unit @ unit.T


def drawn_p(near: np.ndarray, split: int, draws: int) -> float:
    """Return the p of the squared distance between two sides, from all pairs of each draw: no sums of vectors."""
    total, rng = len(near), np.random.default_rng(20_261_121)
    np.fill_diagonal(near, 0.0)

    def squared(side: np.ndarray) -> np.ndarray:
        rest, n, m = 1 - side, split, total - split
        halves = side @ near
        inside, across = (halves * side).sum(axis=1) / (n * (n - 1)), (halves * rest).sum(axis=1) / (n * m)
        return inside + ((rest @ near) * rest).sum(axis=1) / (m * (m - 1)) - 2 * across

    seen = squared((np.arange(total) < split)[None, :].astype(float))[0]
    hits = 0
    for start in range(0, draws, 500):
        count = min(500, draws - start)
        order = np.argsort(rng.random((count, total)), axis=1)
        side = np.zeros((count, total))
        np.put_along_axis(side, order[:, :split], 1.0, axis=1)
        hits += int((squared(side) >= seen - 1e-12).sum())
    return (1 + hits) / (1 + draws)


def of_pair(pair: str, seeds: list[str], cases: list[str], want: dict[str, object]) -> list[Row]:
    """Compare one pair of samples, figure by figure."""
    catalog, lexical, js = load_catalog(), scope_of(seeds, cases, "lexical"), scope_of(seeds, cases, "js")

    def run(name: str, scope: Scope = lexical) -> Measurement:
        found = catalog.get("measure", name).function(scope)
        assert isinstance(found, Measurement)
        return found

    told = run("shift", scope_of(seeds, cases, "c2st"))
    lex, cov, far, excess = want["lex"], want["cov_lex"], want["seed_distance"], want["excess"]
    shift, near, distance, top = run("shift"), run("coverage"), run("seed_distance"), run("top_term_excess")
    out = [
        Row(pair=pair, figure="shift.lexical", measured=shift.value, expected=lex["mmd"], within=LEXICAL),
        Row(pair=pair, figure="effect", measured=shift.detail["effect"], expected=lex["effect"], within=LEXICAL),
        of_p(pair, lambda: cosines([*cases, *seeds]), len(cases), "shift p", shift.p, lex["p"]),
        Row(pair=pair, figure="d_E", measured=shift.detail["pool"], expected=lex["dE"], within=LEXICAL),
        Row(pair=pair, figure="d_S", measured=shift.detail["seeds"], expected=lex["dS"], within=LEXICAL),
        Row(pair=pair, figure="spread", measured=run("spread").value, expected=lex["dE"] / lex["dS"], within=LEXICAL),
        Row(pair=pair, figure="coverage", measured=near.value, expected=cov["value"], within=LEXICAL),
        Row(pair=pair, figure="k*", measured=near.detail["neighbours"], expected=cov["k"]),
        Row(pair=pair, figure="coverage expected", measured=near.baseline, expected=cov["expected"], within=LEXICAL),
        Row(pair=pair, figure="shift.c2st", measured=told.value, expected=want["auc"], within=AUC),
        Row(pair=pair, figure="shift.js", measured=run("shift", js).value, expected=want["js"], within=OTHER),
        Row(pair=pair, figure="excess", measured=top.value, expected=excess["excess"], within=OTHER),
        Row(
            pair=pair,
            figure="excess term",
            measured=_leads(lexical, excess["term"]),
            expected=excess["excess"],
            within=OTHER,
        ),
        Row(pair=pair, figure="far limit", measured=distance.detail["limit"], expected=far["limit"], within=LEXICAL),
        Row(pair=pair, figure="far", measured=distance.detail["beyond"], expected=far["beyond"]),
        Row(pair=pair, figure="far median", measured=distance.detail["median"], expected=far["median"], within=LEXICAL),
    ]
    for size in ("1", "2"):
        found, there = run(f"distinct_{size}"), want["distinct"][size]
        out.append(Row(pair=pair, figure=f"distinct_{size} m", measured=found.detail["at"], expected=there["m"]))
        out.append(Row(pair=pair, figure=f"distinct_{size}", measured=found.value, expected=there["E"], within=OTHER))
        out.append(
            Row(pair=pair, figure=f"distinct_{size} S", measured=found.baseline, expected=there["S"], within=OTHER)
        )
    for name, field in (("opening_share", "share"), ("opening_collision", "collision")):
        found, there = run(name), want["open"]
        out.append(Row(pair=pair, figure=name, measured=found.value, expected=there["E"][field], within=OTHER / 10))
        out.append(
            Row(pair=pair, figure=f"{name} S", measured=found.baseline, expected=there["S"][field], within=OTHER / 10)
        )
    for name, field in (("rawness_lower", "lower"), ("rawness_open_end", "no_end")):
        there = want["surface"]
        found = run(name)
        out.append(
            Row(pair=pair, figure=name, measured=found.detail["share"], expected=there["E"][field], within=OTHER)
        )
        out.append(
            Row(pair=pair, figure=f"{name} S", measured=found.baseline, expected=there["S"][field], within=OTHER)
        )
    if "vocab" in want:
        out += of_terms(pair, run("entropy"), run("term_mix"), run("mention"), want["vocab"])
    return out


def _leads(scope: Scope, term: str) -> float:
    """Return the lead of one term, since several may lead equally."""
    both = scope.comparison
    here = sum(term in words for words in both.tokens[: len(both.pool)]) / len(both.pool)
    return here - sum(term in words for words in both.tokens[len(both.pool) :]) / len(both.seeds)


def of_terms(pair: str, bits: Measurement, mix: Measurement, said: Measurement, want: dict[str, float]) -> list[Row]:
    """Compare the figures of key terms."""
    return [
        Row(pair=pair, figure="hits E", measured=bits.detail["hits"], expected=want["hitsE"]),
        Row(pair=pair, figure="hits S", measured=bits.detail["hits_seeds"], expected=want["hitsS"]),
        Row(pair=pair, figure="H_E", measured=bits.detail["bits"], expected=want["HE"], within=OTHER),
        Row(pair=pair, figure="H_S", measured=bits.detail["bits_seeds"], expected=want["HS"], within=OTHER),
        Row(pair=pair, figure="entropy", measured=bits.value, expected=want["ratio"], within=OTHER),
        Row(pair=pair, figure="term_mix", measured=mix.value, expected=want["tv"], within=OTHER),
        Row(pair=pair, figure="mention E", measured=said.value, expected=want["mentionE"], within=OTHER),
        Row(pair=pair, figure="mention S", measured=said.baseline, expected=want["mentionS"], within=OTHER),
    ]


def of_set(name: str, texts: list[str], want: dict[str, object]) -> list[Row]:
    """Compare the figures of one set."""
    words = [tokens(text) for text in texts]
    vectors = vectorize(texts)
    openings = [opening_of(tokens(text.split("\n")[0])) for text in texts]  # a line is a turn, as in `_items`
    lower, open_end = want["surface"]["lower"], want["surface"]["no_end"]
    label = f"single {name}"
    out = [
        Row(pair=label, figure="n", measured=len(texts), expected=want["n"]),
        Row(pair=label, figure="tokens", measured=sum(map(len, words)), expected=want["tokens"]),
        Row(pair=label, figure="mean distance", measured=_mean(texts), expected=want["mpd"], within=LEXICAL),
        Row(pair=label, figure="pairs .92", measured=len(close_pairs(vectors, None, 0.92)), expected=want["pairs92"]),
        Row(
            pair=label,
            figure="pairs .85",
            measured=len(close_pairs(vectors, None, 0.85)),
            expected=want["pairs85"] + EXACT_TIES.get((label, "pairs .85"), 0),
        ),
        Row(
            pair=label,
            figure="opening share",
            measured=max(Counter(openings).values()) / len(texts),
            expected=want["open"]["share"],
            within=OTHER / 10,
        ),
        Row(
            pair=label,
            figure="collision",
            measured=collision(openings),
            expected=want["open"]["collision"],
            within=1e-5,
        ),
        Row(pair=label, figure="lower", measured=_share(texts, starts_lower), expected=lower, within=OTHER),
        Row(pair=label, figure="open end", measured=_share(texts, is_open_ended), expected=open_end, within=OTHER),
    ]
    for size in (1, 2):
        counts = Counter(gram for one in words for gram in ngrams(one, size))
        measured = expected_distinct(list(counts.values()), 1000) / 1000
        out.append(Row(pair=label, figure=f"d{size}@1000", measured=measured, expected=want[f"d{size}"], within=OTHER))
    if name in REMOVED:
        # The printed counts are of pairs at 0.85; equal token sequences of very short texts can lie below.
        named = {f"{at:04}": text for at, text in enumerate(texts)}
        pairs = [one for one in duplicate_pairs(named, {}, lambda left, right: False) if one[2] >= NEAR_COSINE]
        stays = dict.fromkeys(named, True)
        for left, right, _ in sorted(pairs, key=lambda one: (one[1], one[0])):
            stays[right] = stays[right] and not stays[left]
        removed = sum(not one for one in stays.values())
        out.append(Row(pair=label, figure="removed", measured=removed, expected=REMOVED[name]))
        wanted = REMOVED_PAIRS.get(name)
        if wanted is not None:
            out.append(Row(pair=label, figure="removed pairs", measured=len(pairs), expected=wanted))
    return out


def _share(texts: list[str], holds: object) -> float:
    assert callable(holds)
    return sum(bool(holds(text)) for text in texts) / len(texts)


def _mean(texts: list[str]) -> float:
    both = scope_of(texts[:2], texts).comparison
    return apart(vectorize([one.text for one in both.items]), both.truth)[0].pool


def of_labelled_pairs(data: Path) -> list[Row]:
    """Compare the near-duplicate rule with the labelled pairs of CheckList."""
    found = [(str(r["q1"]), str(r["q2"]), r["duplicate"]) for r in rows(data, "checklist/qqp_mft_pairs")]
    seen = document_counts(tokens(text) for text in {text for a, b, _ in found for text in (a, b)})
    out: list[Row] = []
    for bound, near, noise in ((0.92, (17, 45), (0, 0)), (0.85, (149, 284), (16, 0)), (0.80, (235, 436), (42, 0))):
        hits, kept = Counter[object](), Counter[object]()
        for left, right, label in found:
            vectors = vectorize([left, right])
            if at_least(dot(vectors, 0, vectors, 1), int(vectors.norms[0]), int(vectors.norms[1]), bound):
                hits[label] += 1
                a, b = tokens(left), tokens(right)
                kept[label] += same_but_noise(a, b, lambda form, a=a, b=b: seen[form] > (form in a) + (form in b))
        out.append(Row(pair="checklist", figure=f"cosine {bound}", measured=(hits[1], hits[0]), expected=near))
        out.append(Row(pair="checklist", figure=f"noise rule {bound}", measured=(kept[1], kept[0]), expected=noise))
    return out


def of_learned(data: Path, want: list[str]) -> list[Row]:
    """Compare the words learned from all paraphrases of a model beside their originals."""
    found = list(rows(data, "gptaug_paraphrases/banking77"))
    sides = ([str(text) for row in found for text in row["paraphrases"]], [str(row["original"]) for row in found])
    here, there = (Counter(word for text in side for word in tokens(text)) for side in sides)
    return [Row(pair="gptaug", figure="learned words", measured=list(learned_words(here, there, 20)), expected=want)]


def of_tables() -> list[Row]:
    """Compare k*, survival and its tests with the printed values."""
    out = [
        Row(pair="k*", figure=str(sizes), measured=neighbour_rank(*sizes)[0], expected=rank)
        for sizes, rank in (
            ((50, 50), 5),
            ((50, 200), 2),
            ((184, 40), 15),
            ((184, 60), 11),
            ((184, 200), 5),
            ((1000, 200), 17),
            ((10000, 10000), 5),
        )
    ]
    for (kept, n), low, high in (((153, 200), 0.702, 0.818), ((21, 40), 0.375, 0.671), ((38, 40), 0.835, 0.986)):
        found = wilson(kept, n)
        out.append(Row(pair="wilson", figure=f"{kept}/{n} low", measured=found[0], expected=low, within=5e-4))
        out.append(Row(pair="wilson", figure=f"{kept}/{n} high", measured=found[1], expected=high, within=5e-4))
    for label, kept_by, n, wanted in (
        ("policy", (38, 31, 33, 21, 30), 40, (0.0056, 1.0, 1.0, 0.0012, 1.0)),
        ("user type", (46, 38, 33, 36), 50, (0.0081, 1.0, 0.162, 0.883)),
    ):
        total, rest = sum(kept_by), n * (len(kept_by) - 1)
        ps = holm([fisher(one, n - one, total - one, rest - total + one) for one in kept_by])
        for level, p, want in zip(kept_by, ps, wanted, strict=True):
            out.append(Row(pair="fisher, Holm", figure=f"{label} {level}/{n}", measured=p, expected=want, within=6e-4))
    return out


def of_agreement(data: Path) -> list[Row]:
    """Compare kappa and alpha with the values on real votes."""
    raters = ("annotator1", "annotator2", "annotator3")
    units = [tuple(str(row[one]) for one in raters) for row in rows(data, "pandalm/judged_pairs")]
    out = [Row(pair="pandalm", figure="alpha", measured=alpha(units), expected=0.876, within=OTHER)]
    for (a, b), want in zip(((0, 1), (0, 2), (1, 2)), (0.867, 0.888, 0.874), strict=True):
        pairs = [(unit[a], unit[b]) for unit in units]
        out.append(
            Row(pair="pandalm", figure=f"kappa {a + 1},{b + 1}", measured=kappa(pairs), expected=want, within=OTHER)
        )
    verdicts = list(rows(data, "abcd/resolution_verdicts"))
    for left, right, want, apart_share in (
        ("gpt4_no_actions_1", "gpt4_no_actions_2", 0.946, 0.0140),
        ("gpt35_no_actions_1", "gpt4_no_actions_1", 0.591, 0.0965),
    ):
        pairs = [(str(row[left]), str(row[right])) for row in verdicts if row[left] and row[right]]
        different, count = disagreement(pairs)
        label = f"{left} {right}"
        out.append(Row(pair=label, figure="kappa", measured=kappa(pairs), expected=want, within=OTHER))
        out.append(
            Row(pair=label, figure="disagreement", measured=different / count, expected=apart_share, within=OTHER / 10)
        )
    return out


def main() -> int:
    """Print the table; exit 1 when anything differs."""
    shared = Path(os.environ["EVALSPEC_SHARED"])
    reference = json.loads((shared / "checks" / "measures_dev.json").read_text(encoding="utf-8"))
    data = shared / "data"
    samples = {name: sample(data, name) for name in READERS}
    out = of_tables() + of_labelled_pairs(data) + of_agreement(data) + of_learned(data, reference["signature"])
    skipped: list[str] = []
    embed, model = minilm_embedder("reference.yaml", None), MiniLM("reference.yaml")
    for pair, want in reference.items():
        left, _, right = pair.removeprefix("null ").partition(" <- ")
        if not pair.startswith("null ") and " <- " not in pair:
            continue
        if {left, right} & UNKNOWN:
            skipped.append(pair)
            continue
        cases = samples[right][:CASES] if right else samples[left][SEEDS : SEEDS + CASES]
        out += of_pair(pair, samples[left][:SEEDS], cases, want)
        out += of_meaning(pair, samples[left][:SEEDS], cases, want, embed) if "sem" in want else []
    for name, want in reference["single"].items():
        if name in samples and name not in UNKNOWN:
            out += of_set(name, samples[name][:900], want) + of_same_meaning(name, samples[name][:900], embed, model)
        else:
            skipped.append(f"single {name}")
    for row in out:
        if not row.passes or "-v" in sys.argv:
            answer = "pass" if row.passes else "FAIL"
            print(f"{row.pair:28} {row.figure:22} {row.measured!s:>14} {row.expected!s:>14} {answer}")
    failed = sum(not row.passes for row in out)
    print(f"{len(out) - failed} of {len(out)} figures agree; not rebuilt: {', '.join(skipped)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
