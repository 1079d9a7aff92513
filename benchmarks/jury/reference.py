"""The jury's arithmetic on published verdicts of judges, against figures that were measured independently.

LLMBar (six judges, both orders), PandaLM (three people, two judges) and XSTest (two people, two judges), with the
functions that the product counts with; balanced accuracy and correlation beside scikit-learn and scipy.

Run with EVALSPEC_SHARED naming the shared folder: python -m benchmarks.jury.reference
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from evalspec.stats.agreement import balanced_accuracy, correlation, kappa, majority

Rows = Sequence[Mapping[str, Any]]
Verdicts = Mapping[str, tuple[str, str]]  # item to (true, given)
STRATEGY = "Vanilla"
CROSS = ("GPT-4", "PaLM2", "LLaMA2")  # three families
SAME = ("GPT-4", "ChatGPT", "ChatGPT-0301")  # one
HUNDREDTH = 0.0051  # references are given to two digits
# Two references are not met to their last digit: PaLM2 gave no verdict on two pairs, which the reference counts as
# held; and one phi of .525 stands there as .53.
LOOSE = 0.0065
VERDICTS = ("1_full_compliance", "2_full_refusal", "3_partial_refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside its reference."""

    what: str
    measured: float
    expected: float
    within: float = HUNDREDTH

    @property
    def passes(self) -> bool:
        """True within the tolerance."""
        return abs(self.measured - self.expected) <= self.within


def read(folder: Path, name: str) -> Rows:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def part_of(rows: Rows, part: str) -> Rows:
    """The rows of a subset, by the beginning of its name."""
    return [row for row in rows if row["subset"].startswith(part)]


def verdicts(rows: Rows, judge: str, order: int = 0) -> Verdicts:
    """What a judge said of each pair in one of the two orders; what it did not say is left out."""
    said = {row["id"]: (row, row["verdicts"].get(judge, {}).get(STRATEGY)) for row in rows}
    return {
        item: (str(row["label"]), str(both[order]))
        for item, (row, both) in said.items()
        if both is not None and None not in both
    }


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of verdicts that are the true ones."""
    return sum(true == given for true, given in pairs) / len(pairs)


def judges(rows: Rows) -> Iterator[Row]:
    """Each judge: right in both orders together, kappa with the label in the first, the same in both."""
    expected = {
        "Natural": {
            "GPT-4": (0.95, 0.87, 0.95),
            "ChatGPT": (0.80, 0.51, 0.69),
            "PaLM2": (0.83, 0.54, 0.79),
            "LLaMA2": (0.79, 0.52, 0.80),
            "Falcon": (0.72, 0.40, 0.48),
        },
        "Adv": {
            "GPT-4": (0.81, 0.58, 0.93),
            "ChatGPT": (0.26, -0.49, 0.64),
            "PaLM2": (0.66, 0.29, 0.70),
            "LLaMA2": (0.34, -0.30, 0.72),
            "Falcon": (0.51, 0.00, 0.39),
        },
    }
    for part, of_judge in expected.items():
        for judge, (right, agreement, held) in of_judge.items():
            first, turned = (verdicts(part_of(rows, part), judge, order) for order in (0, 1))
            pairs = list(first.values())
            same = sum(first[item][1] == turned[item][1] for item in first) / len(first)
            name = f"LLMBar {part} {judge}"
            yield Row(what=f"{name}: right", measured=accuracy([*pairs, *turned.values()]), expected=right)
            yield Row(what=f"{name}: kappa", measured=kappa(pairs) or 0.0, expected=agreement)
            yield Row(what=f"{name}: same in both orders", measured=same, expected=held, within=LOOSE)


def errors(rows: Rows) -> Iterator[Row]:
    """How far two judges err together: phi of their errors."""
    for one, other, expected in (
        ("ChatGPT", "ChatGPT-0301", (0.72, 0.53)),
        ("ChatGPT", "PaLM2", (0.31, 0.27)),
        ("GPT-4", "PaLM2", (0.23, 0.51)),
    ):
        for part, phi in zip(("Natural", "Adv"), expected, strict=True):
            left, right = (verdicts(part_of(rows, part), judge) for judge in (one, other))
            both = sorted(left.keys() & right.keys())
            wrong = [(float(left[item][0] != left[item][1]), float(right[item][0] != right[item][1])) for item in both]
            name = f"LLMBar {part}: errors of {one} and {other}"
            yield Row(what=name, measured=correlation(wrong) or 0, expected=phi, within=LOOSE)


def juries(rows: Rows) -> Iterator[Row]:
    """A majority of three of one family and of three families, and what unanimity and a split are worth."""
    for name, jury, part, wanted in (
        ("three families", CROSS, "Adv", {"majority": 0.69}),
        ("one family", SAME, "Adv", {"majority": 0.44, "unanimous right": 0.57}),
        ("three families", CROSS, "Natural", {"unanimous": 0.68, "unanimous right": 0.96, "split right": 0.56}),
    ):
        found = jury_of([verdicts(part_of(rows, part), judge) for judge in jury])
        for what, expected in wanted.items():
            yield Row(what=f"LLMBar {part}, {name}: {what}", measured=found[what], expected=expected)
    adversarial = part_of(rows, "Adv")
    single = [one for order in (0, 1) for one in verdicts(adversarial, "GPT-4", order).values()]
    yield Row(what="LLMBar Adv, GPT-4 alone", measured=accuracy(single), expected=0.81)


def jury_of(jurors: Sequence[Verdicts]) -> Mapping[str, float]:
    """What a jury's votes come to."""
    items = sorted(set.intersection(*(set(one) for one in jurors)))
    votes = {item: [one[item][1] for one in jurors] for item in items}
    right = {item: majority(votes[item]) == jurors[0][item][0] for item in items}
    agreed = [item for item in items if len(set(votes[item])) == 1]
    split = [item for item in items if len(set(votes[item])) > 1]
    return {
        "majority": sum(right.values()) / len(items),
        "unanimous": len(agreed) / len(items),
        "unanimous right": sum(right[item] for item in agreed) / len(agreed),
        "split right": sum(right[item] for item in split) / len(split),
    }


def pandalm(rows: Rows) -> Iterator[Row]:
    """People with each other, and two judges with their majority; garbage is a verdict of its own."""
    people = ("annotator1", "annotator2", "annotator3")
    for (one, other), expected in zip(combinations(people, 2), (0.87, 0.89, 0.87), strict=True):
        pairs = [(str(row[one]), str(row[other])) for row in rows]
        yield Row(what=f"PandaLM {one} and {other}: kappa", measured=kappa(pairs) or 0, expected=expected)
    truth = [majority([str(row[one]) for one in people]) or "none" for row in rows]
    gpt = list(zip(truth, [str(row["gpt35_judge"]).replace("Tie", "0") for row in rows], strict=True))
    own = list(zip(truth, [str(row["pandalm7b_judge"]) for row in rows], strict=True))
    yield Row(what="PandaLM GPT-3.5: right", measured=accuracy(gpt), expected=0.68)
    yield Row(what="PandaLM GPT-3.5: kappa", measured=kappa(gpt) or 0, expected=0.46)
    yield Row(what="PandaLM GPT-3.5: unread", measured=sum(said == "garbage" for _, said in gpt), expected=18, within=0)
    # Reference .63: .625 rounded up.
    yield Row(what="PandaLM PandaLM-7B: right", measured=accuracy(own), expected=0.63)


def xstest(rows: Rows) -> Iterator[Row]:
    """Two people, a judge and a string match; how often safe prompts are refused, by people and by the judge."""
    yield Row(
        what="XSTest people: kappa",
        measured=kappa([(row["human_1"], row["human_2"]) for row in rows]) or 0,
        expected=0.94,
    )
    for judge, expected in (("gpt4_judge", 0.63), ("strmatch_judge", 0.70)):
        pairs = [(row["human_final"], row[judge]) for row in rows]
        yield Row(what=f"XSTest {judge}: kappa", measured=kappa(pairs) or 0, expected=expected)
    unread = sum(row["gpt4_judge"] not in VERDICTS for row in rows)
    yield Row(what="XSTest gpt4_judge: unread", measured=unread, expected=4, within=0)
    for model, people, judged in (("llama2orig", 0.61, 0.36), ("llama2new", 0.31, 0.15)):
        safe = [row for row in rows if row["model"] == model and not row["type"].startswith("contrast")]
        for who, expected in (("human_final", people), ("gpt4_judge", judged)):
            refused = sum(row[who] != VERDICTS[0] for row in safe) / len(safe)
            yield Row(what=f"XSTest {model} refuses safe prompts, by {who}", measured=refused, expected=expected)


def beside_others(llmbar: Rows, panda: Rows, xs: Rows) -> Iterator[Row]:
    """The same figures from scikit-learn and scipy."""
    from scipy.stats import pearsonr
    from sklearn.metrics import cohen_kappa_score, recall_score

    sets: Mapping[str, Sequence[tuple[str, str]]] = {
        **{f"LLMBar {one}": list(verdicts(llmbar, one).values()) for one in (*CROSS, "Falcon")},
        "PandaLM GPT-3.5": [(str(row["annotator1"]), str(row["gpt35_judge"])) for row in panda],
        "XSTest string match": [(row["human_final"], row["strmatch_judge"]) for row in xs],
    }
    for name, pairs in sets.items():
        true, given = zip(*pairs, strict=True)
        yield Row(
            what=f"{name}: balanced, as scikit-learn",
            measured=balanced_accuracy(pairs) or 0,
            expected=float(recall_score(true, given, average="macro", labels=sorted(set(true)))),
            within=1e-12,
        )
        yield Row(
            what=f"{name}: kappa, as scikit-learn",
            measured=kappa(pairs) or 0,
            expected=float(cohen_kappa_score(true, given)),
            within=1e-12,
        )
    for judge in ("gpt4_judge", "strmatch_judge"):
        kept = [row for row in xs if row["completion"]]  # those to unsafe prompts are not part of the copy
        lengths = [(float(len(row["completion"])), float(row[judge] == VERDICTS[0])) for row in kept]
        theirs = float(pearsonr(*zip(*lengths, strict=True)).statistic)
        found = correlation(lengths) or 0
        yield Row(what=f"XSTest {judge}: verdict with length, as scipy", measured=found, expected=theirs, within=1e-9)


def main() -> int:
    """Print every figure beside its reference; 1 when one is off."""
    folder = Path(os.environ["EVALSPEC_SHARED"]) / "data"
    llmbar = read(folder, "llmbar/judged_pairs.jsonl")
    panda = read(folder, "pandalm/judged_pairs.jsonl")
    xs = read(folder, "xstest/completions_judged.jsonl")
    rows = [*judges(llmbar), *errors(llmbar), *juries(llmbar), *pandalm(panda), *xstest(xs)]
    rows += beside_others(llmbar, panda, xs)
    for row in rows:
        print(f"{'ok ' if row.passes else 'OFF'} {row.what:<60} {row.measured:>9.4f}  {row.expected:>9.4f}")
    failed = sum(not row.passes for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} within tolerance")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
