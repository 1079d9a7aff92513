"""Fourteen acceptance checks on real and synthetic text of other people: measured, expected, pass, one row each.

    EVALSPEC_SHARED=... PYTHONPATH=. python benchmarks/real/checks.py [--json] [--only 6] [--data FOLDER]

`--data` names the folder of data sets (default: EVALSPEC_SHARED/data); one with the same files and other rows is judged
alike. `--learn` is the folder that check 9 learns from, when that is another one. Every figure comes from the product:
its registered measures, gates and report on texts in the place of a generator's pool, its screen, its import. Exits 1
when a row fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from check_imports import of_raw_texts, of_repeats
from check_pairs import of_contrasts, of_paraphrases

from benchmarks.judged import POOL, Judged, judged
from benchmarks.measures.samples import rows, sample
from evalspec.model.outcome import Verdict
from evalspec.stats.intervals import wilson
from evalspec.stats.spaces import apart
from evalspec.stats.tests import holm

SIDE = 450  # texts a side, where a set has as many
ALPHA = 0.05
NULLS = ("abcd", "hint3", "banking77", "clinc")
CLASSIFIER_BAND = (0.40, 0.60)  # from 200 texts a side on; below, chance alone leaves it
ASKING = ("refund", "return", "cancel", "send back", "send it back", "money back", "charge back", "chargeback")
ASKING += ("reverse", "reimburse", "exchange", "credit", "undo", "dispute")
# The paraphrasing model's words that a list learned from it must hold ten of (data.md, 3.3 and check 9).
SIGNATURE = ("behind", "feasible", "attempt", "method", "curious", "inform", "despite", "utilize", "duration", "kindly")
SIGNATURE += ("origin", "functioning", "issues", "financial", "reflected", "credited", "reimbursement", "although")
COSTUME = ("opening_share", "top_term_excess", "spread")
ACCUSING = re.compile(r"synthetic|artificial|\bfake|machine|not real|\bbots?\b|\bAI\b|\bLLM|written by a model", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    check: int
    what: str
    measured: object
    expected: str
    passes: bool


Rows = Iterator[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where the rows come from."""

    folder: Path
    learned: Path  # what check 9 learns from

    def texts(self, name: str) -> list[str]:
        """Return the unique texts of a set in the order of their sha256."""
        if name == "abcd_refund":
            return self._ordered(
                str(row["text"])
                for row in rows(self.folder, "abcd/customer_utterances")
                if re.search(r"refund|return", f"{row['text']} {row['occurrences']}", re.I)
                and len(str(row["text"]).split()) >= 3
            )
        if name == "bitext_refund":
            found = rows(self.folder, "bitext_customer_service/utterances")
            return self._ordered(str(row["utterance"]) for row in found if row["category"] == "REFUND")
        return sample(self.folder, name)

    @staticmethod
    def _ordered(texts: Iterator[str]) -> list[str]:
        from hashlib import sha256

        return sorted({one for one in texts if one.strip()}, key=lambda text: sha256(text.encode("utf-8")).hexdigest())

    def halves(self, name: str, side: int = SIDE) -> tuple[list[str], list[str]]:
        """Return two parts of one set, of equal size."""
        texts = self.texts(name)
        size = min(side, len(texts) // 2)
        return texts[:size], texts[size : 2 * size]

    def pair(self, left: str, right: str, side: int = SIDE) -> tuple[list[str], list[str]]:
        """Return the first texts of two sets, equally many."""
        seeds, pool = self.texts(left), self.texts(right)
        size = min(side, len(seeds), len(pool))
        return seeds[:size], pool[:size]


def _figure(value: float | None) -> float:
    """Return a figure; one that is missing passes no comparison."""
    return float("nan") if value is None else value


def of_null(data: Data) -> Rows:
    """1: two halves of one source raise no alarm."""
    found = {name: judged(*data.halves(name)) for name in NULLS}
    shifts = {name: one.one("shift", space="lexical") for name, one in found.items()}
    adjusted = holm([_figure(one.p) for one in shifts.values()])
    for (name, one), p in zip(shifts.items(), adjusted, strict=True):
        yield Row(
            check=1,
            what=f"{name} against itself, {one.n} a side: p of shift, corrected for {len(NULLS)} sources",
            measured=round(p, 3),
            expected=f"> {ALPHA}",
            passes=p > ALPHA,
        )
    for name, one in found.items():
        failing = sorted(gate for gate, verdict in _of_pool(one).items() if verdict.status == "fail")
        yield Row(check=1, what=f"{name}: gates that fail", measured=failing, expected="none", passes=not failing)
        yield from _classified(name, one)


def _classified(name: str, one: Judged) -> Rows:
    told = one.one("shift", space="c2st")
    low, high = CLASSIFIER_BAND
    if min(told.n, told.baseline_n) < 200:
        return
    what = f"{name}: area under the curve of a classifier"
    fits = low <= _figure(told.value) <= high
    yield Row(check=1, what=what, measured=told.value, expected=f"{low} to {high}", passes=fits)


def _of_pool(one: Judged) -> dict[str, Verdict]:
    return {
        name: verdict
        for name, verdict in one.gates().items()
        if verdict.measurement is not None and verdict.measurement.slice == f"pool={POOL}" and name != "share"
    }


def of_drift(data: Data) -> Rows:
    """2: text from templates stands far off, beside what chance reaches."""
    seeds, pool = data.pair("abcd_refund", "bitext_refund")
    one = judged(seeds, pool)
    shift = one.one("shift", space="lexical")
    both = one.comparison()
    largest = max(found.mmd for block in both.labels for found in apart(both.vectors, block))
    ratio = _figure(shift.value) / largest
    yield Row(
        check=2,
        what=f"bitext refund beside abcd refund, {shift.n} a side: shift over its largest exchange",
        measured=round(ratio, 1),
        expected=">= 5",
        passes=ratio >= 5,
    )


def of_subtle_drift(data: Data) -> Rows:
    """3: paraphrases by a model are told from their originals, where a fixed bound on JS is blind."""
    one = judged(*data.pair("b77_orig", "b77_gpt"))
    shift, js = one.one("shift", space="lexical"), one.one("shift", space="js")
    yield Row(
        check=3,
        what=f"ChatGPT's paraphrases beside the originals, {shift.n} a side: p of shift",
        measured=shift.p,
        expected="<= 0.005",
        passes=_figure(shift.p) <= 0.005,
    )
    null = judged(*data.halves("hint3")).one("shift", space="js")
    yield Row(
        check=3,
        what="JS of hint3 against itself, and of the paraphrases: no bound on JS does both checks",
        measured=[null.value, js.value],
        expected="the first above the second, p on the right side of each",
        passes=_figure(null.value) > _figure(js.value) and _figure(null.p) > ALPHA and _figure(js.p) <= ALPHA,
    )


def of_accusations(data: Data) -> Rows:
    """4: another real source is told as another source, and is not called synthetic."""
    seeds, fresh = data.halves("abcd", 200)
    plain = judged(seeds, fresh, in_set=data.texts("abcd")[400:460]).report()
    for name in ("hint3", "multidogo"):
        one = judged(seeds, data.texts(name)[:200], in_set=data.texts("abcd")[400:460])
        shift = one.one("shift", space="lexical")
        yield Row(
            check=4,
            what=f"{name} beside abcd: p of shift",
            measured=shift.p,
            expected="<= 0.01",
            passes=shift.p <= 0.01,
        )
        added = sorted(_accusations(one.report()) - _accusations(plain))
        yield Row(
            check=4,
            what=f"{name} beside abcd: sentences of the report that accuse it, beyond those about abcd itself",
            measured=added,
            expected="none",
            passes=not added,
        )

    own = _accusations(_audited(seeds, fresh))
    for name in ("hint3", "multidogo"):
        page = _audited(seeds, data.texts(name)[:200])
        added = sorted(_accusations(page) - own)
        what = f"{name} audited beside abcd: lines that accuse it, beyond those about abcd itself"
        yield Row(check=4, what=what, measured=added, expected="none", passes=not added and "shift" in page)


def _audited(seeds: Sequence[str], texts: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        for name, side in (("set", texts), ("seeds", seeds)):
            lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in side)
            (Path(scratch) / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        words = [sys.executable, "-m", "evalspec", "audit", "set.jsonl", "--seeds", "seeds.jsonl", "--quiet"]
        done = subprocess.run(words, cwd=scratch, capture_output=True, text=True, check=True)
    return done.stdout


def _accusations(text: str) -> set[str]:
    """Return what a report says with a word of accusation, figures masked: a set made of pools names them so."""
    prose = text.split("## Numbers")[0]
    parts = re.split(r"(?<=[.;:|])\s|\n", prose)
    return {re.sub(r"[\d.,]+", "#", part).strip() for part in parts if ACCUSING.search(part)}


def of_sizes(data: Data) -> Rows:
    """5: a divergence carries n and what chance gives at that n; too few seeds are refused."""
    texts = data.texts("abcd")
    sizes = [size for size in (30, 63, 100, 200, 450) if 2 * size <= len(texts)]
    found = [judged(texts[:size], texts[size : 2 * size]).one("shift", space="js") for size in sizes]
    values = [_figure(one.value) for one in found]
    means = [one.detail.get("permutation_mean") for one in found]
    yield Row(
        check=5,
        what=f"JS of abcd against itself at {sizes}",
        measured=values,
        expected="falls with n",
        passes=values == sorted(values, reverse=True),
    )
    adjusted = holm([_figure(one.p) for one in found])
    yield Row(
        check=5,
        what="their p, corrected",
        measured=[round(p, 3) for p in adjusted],
        expected="> 0.05",
        passes=min(adjusted) > ALPHA,
    )
    carried = all(one.n == one.baseline_n == size for one, size in zip(found, sizes, strict=True))
    yield Row(
        check=5,
        what="each carries n and the mean of its exchanges",
        measured=means,
        expected="all there",
        passes=carried and None not in means,
    )
    few = judged(texts[:29], texts[29:58]).one("shift", space="js")
    yield Row(check=5, what="29 a side", measured=few.note, expected="not evaluable", passes=few.value is None)
    for count, answer in ((49, "fail"), (50, "pass")):
        status = judged([], [], in_set=texts[:count]).gates("seeds")["seeds"].status
        yield Row(check=5, what=f"a launch on {count} seeds", measured=status, expected=answer, passes=status == answer)


def of_costume(data: Data) -> Rows:
    """6: stock openings fail; those of paraphrased real questions do not."""
    for left, right, fails in (
        ("abcd", "gpt35_issue", True),
        ("abcd", "gpt4_issue", True),
        ("b77_orig", "b77_gpt", False),
    ):
        one = judged(*data.pair(left, right))
        ratio = _top_openings(one)
        yield Row(
            check=6,
            what=f"{right} beside {left}: share of the ten commonest openings, over the seeds' at equal n",
            measured=round(ratio, 2),
            expected="> 2" if fails else "< 2",
            passes=(ratio > 2) == fails,
        )
        status = one.gates("opening_share")["opening_share"].status
        yield Row(
            check=6,
            what=f"{right} beside {left}: the gate on openings",
            measured=status,
            expected="fail" if fails else "no fail",
            passes=(status == "fail") == fails,
        )


def _top_openings(one: Judged) -> float:
    both = one.comparison()
    split = len(both.pool)
    sides = (Counter(both.openings[:split]), Counter(both.openings[split:]))
    here, there = (sum(count for _, count in side.most_common(10)) for side in sides)
    return (here / split) / (there / len(both.seeds))


def of_noise(data: Data) -> Rows:
    """7: templates with injected noise are as noisy as users, and are still told."""
    one = judged(*data.pair("hint3", "bitext"))
    noise, shift = one.one("rawness_noise"), one.one("shift", space="lexical")
    yield Row(
        check=7,
        what="bitext beside hint3: noise in 1,000 tokens, less the seeds', and its p",
        measured=[noise.value, noise.p],
        expected=f"p > {ALPHA}",
        passes=_figure(noise.p) > ALPHA,
    )
    yield Row(check=7, what="p of shift", measured=shift.p, expected="<= 0.01", passes=_figure(shift.p) <= 0.01)
    failing = sorted(name for name, verdict in _of_pool(one).items() if verdict.status == "fail")
    costume = sorted({*COSTUME, "coverage", "term_mix"} & set(failing))
    yield Row(
        check=7, what="gates that fail", measured=failing, expected="one of costume or reach", passes=bool(costume)
    )


def of_vocabulary(data: Data) -> Rows:
    """8: the terms of a generator stand off the seeds', the seeds' own wobble does not."""
    seeds = data.texts("abcd_refund")
    for name in ("bitext_refund", "cucom"):
        pool = data.texts(name)[:SIDE]
        one = judged(seeds, pool, key_terms=ASKING)
        verdict, entropy = one.gates("entropy")["entropy"], one.one("entropy", of="ask")
        yield Row(
            check=8,
            what=f"{name} beside abcd refund: entropy of action words over the seeds', p",
            measured=[entropy.value, entropy.p, verdict.status],
            expected="beyond 15 %, gate fails",
            passes=verdict.status == "fail" and abs(_figure(entropy.value)) > 0.15,
        )
        if name == "bitext_refund":
            literal = judged(seeds, pool, key_terms=("refund",)).one("mention", of="ask")
            yield Row(
                check=8,
                what="share of cases that say refund, seeds' share, p",
                measured=[literal.value, literal.baseline, literal.p],
                expected="more, p <= 0.01",
                passes=_figure(literal.value) > _figure(literal.baseline) and _figure(literal.p) <= 0.01,
            )
    half = len(seeds) // 2
    own = judged(seeds[:half], seeds[half : 2 * half], key_terms=ASKING).gates("entropy", "term_mix")
    yield Row(
        check=8,
        what="abcd refund against itself: gates of terms",
        measured={name: verdict.status for name, verdict in own.items()},
        expected="none fails",
        passes=all(verdict.status != "fail" for verdict in own.values()),
    )


def of_signatures(data: Data) -> Rows:
    """9: a model's words are learned from its texts, and tell its other texts."""
    named = _learned(data.learned)
    hits = [word for word in named if word in SIGNATURE]
    yield Row(
        check=9,
        what=f"words learned from ChatGPT's paraphrases of Banking77: {', '.join(named)}",
        measured=len(hits),
        expected=">= 10 of the first 20 known",
        passes=len(hits) >= 10,
    )
    for name in ("banking77", "clinc_oos") if data.learned != data.folder else ("clinc_oos",):
        texts, originals = _paraphrased(data.folder, name)
        here, there = (_share(side, named) for side in (texts, originals))
        yield Row(
            check=9,
            what=f"share of {name}'s paraphrases, and of its originals, with one of these words",
            measured=[round(here, 3), round(there, 3)],
            expected="the first above twice the second",
            passes=here > 2 * there,
        )


def _paraphrased(folder: Path, name: str) -> tuple[list[str], list[str]]:
    found = list(rows(folder, f"gptaug_paraphrases/{name}"))
    return [str(text) for row in found for text in row["paraphrases"]], [str(row["original"]) for row in found]  # type: ignore[attr-defined]


def _learned(folder: Path) -> list[str]:
    texts, originals = _paraphrased(folder, "banking77")
    pool = list(dict.fromkeys(texts))
    seeds = sorted(set(originals) - set(pool))
    words = judged(seeds, pool).one("signature_rate").detail["learned"]
    return list(words)[:20]  # type: ignore[call-overload]


def _share(texts: Sequence[str], words: Sequence[str]) -> float:
    from evalspec.text.tokens import tokens

    known = frozenset(words)
    return sum(bool(known & set(tokens(text))) for text in texts) / len(texts)


def of_firewall(data: Data) -> Rows:
    """14: what stands near a training set is flagged, and what does not is let through."""
    found = {}
    for name in ("bitext", "cucom", "hint3"):
        texts = data.texts(name)
        pool, training = texts[:200], texts[200:3200]
        one = judged([], pool, training=training, training_cosine=0.80).one("training_overlap")
        found[name] = wilson(_figure(one.value), one.n)
        share = _figure(one.value) / one.n
        what = f"{name} beside {len(training):,} other texts of its own: share that overlaps at cosine 0.80"
        if name == "bitext":
            yield Row(check=14, what=what, measured=round(share, 3), expected="> 0", passes=share > 0)
        else:
            yield Row(check=14, what=what, measured=round(share, 3), expected="< 0.10", passes=share < 0.10)
    low, high = found["bitext"][0], max(found[name][1] for name in ("cucom", "hint3"))
    yield Row(
        check=14,
        what="least share of bitext, largest of the others (95 % intervals)",
        measured=[round(low, 3), round(high, 3)],
        expected="the first above the second",
        passes=low > high,
    )
    verdict = judged([], data.texts("bitext")[:200], training=data.texts("bitext")[200:3200]).gates("training_overlap")
    answer = verdict["training_overlap"].status
    yield Row(
        check=14, what="bitext: the gate at its defaults", measured=answer, expected="fail", passes=answer == "fail"
    )


def of_bytes(data: Data) -> Rows:
    """10: texts go in and come out as they are, scrubbed spans apart."""
    yield from (Row(check=10, **row) for row in of_raw_texts(data.folder))


def of_contrast_pairs(data: Data) -> Rows:
    """11: pairs that one word tells apart are kept, and what cannot be seen is said."""
    yield from (Row(check=11, **row) for row in of_contrasts(data.folder))


def of_recall(data: Data) -> Rows:
    """12: where nothing reads meaning, paraphrases are not found, and the report says so."""
    yield from (Row(check=12, **row) for row in of_paraphrases(data.folder))


def of_repeated_rows(data: Data) -> Rows:
    """13: rows that repeat are collapsed at import, and counted."""
    yield from (Row(check=13, **row) for row in of_repeats(data.folder))


CHECKS: dict[int, Callable[[Data], Rows]] = {
    1: of_null,
    2: of_drift,
    3: of_subtle_drift,
    4: of_accusations,
    5: of_sizes,
    6: of_costume,
    7: of_noise,
    8: of_vocabulary,
    9: of_signatures,
    10: of_bytes,
    11: of_contrast_pairs,
    12: of_recall,
    13: of_repeated_rows,
    14: of_firewall,
}


def main() -> int:
    """Print the table; return 1 when a row fails."""
    parser = argparse.ArgumentParser(description="Judge the product on real data: measured, expected, pass.")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--only", type=int, choices=sorted(CHECKS), action="append", help="one check; may be repeated")
    parser.add_argument("--data", type=Path, help="the folder of data sets")
    parser.add_argument("--learn", type=Path, help="the folder that check 9 learns from (default: --data)")
    args = parser.parse_args()
    shared = os.environ.get("EVALSPEC_SHARED")
    if args.data is None and shared is None:
        parser.error("name the data: --data FOLDER, or EVALSPEC_SHARED")
    folder = (args.data or Path(str(shared)) / "data").resolve()
    data = Data(folder=folder, learned=(args.learn or folder).resolve())
    found: list[Row] = []
    for number in args.only or sorted(CHECKS):
        print(f"check {number} ...", file=sys.stderr, flush=True)
        found += CHECKS[number](data)
    failed = [row for row in found if not row.passes]
    if args.json:
        print(json.dumps([asdict(row) for row in found], indent=1, ensure_ascii=False))
    else:
        print("| check | what | measured | expected | |", "|---|---|---|---|---|", sep="\n")
        for row in found:
            answer = "pass" if row.passes else "**FAIL**"
            print(f"| {row.check} | {row.what} | {_shown(row.measured)} | {row.expected} | {answer} |")
        print(f"\n{len(found) - len(failed)} of {len(found)} pass")
    return 1 if failed else 0


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
