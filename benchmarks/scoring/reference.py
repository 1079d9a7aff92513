"""The verdict on real logs and the worked table, against the figures that were measured independently.

Run with EVALSPEC_SHARED naming the shared folder: python -m benchmarks.scoring.reference
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalspec.model.scorecard import Change, Outcome, ScoredCase
from evalspec.scoring.compare import change, compare_slices, divergence
from evalspec.scoring.verdict import decide
from evalspec.stats.intervals import tango
from evalspec.stats.tests import mcnemar, mcnemar_power, smallest_difference
from evalspec.stream import Stream

MARGIN = 0.02
SAMPLES = 2000  # of a small set from a large log
HUMAN = "ori_mmlu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside its reference."""

    what: str
    measured: float
    expected: float
    within: float

    @property
    def passes(self) -> bool:
        """True within the tolerance."""
        return abs(self.measured - self.expected) <= self.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Two runs over the items of a log."""

    cases: tuple[ScoredCase, ...]
    before: Mapping[str, Outcome]
    after: Mapping[str, Outcome]

    def part(self, name: str | None = None) -> Change:
        """Compare the runs on a part, or on everything."""
        return change(name or "all", [one for one in self.cases if name in (None, one.part)], self.before, self.after)


def log_of(items: Sequence[tuple[str, bool, str, bool, bool]]) -> Log:
    """Build a log of (id, is real, slice, before, after)."""
    return Log(
        cases=tuple(
            ScoredCase(
                id=name,
                digest="",
                part="seed" if real else "synthetic",
                family=name,
                track="wild",
                slices=(f"slice={where}",),
            )
            for name, real, where, _, _ in items
        ),
        before={name: Outcome(passes=int(one), scored=1) for name, _, _, one, _ in items},
        after={name: Outcome(passes=int(one), scored=1) for name, _, _, _, one in items},
    )


def lines(folder: Path, name: str) -> list[dict[str, object]]:
    """Read one file of the logs."""
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def mmlu(folder: Path, baseline: str, contender: str) -> Log:
    """MMLU-Pro: items that people wrote against those taken from the web, two models by the start of their names."""
    models = json.loads((folder / "mmlu_pro_models.json").read_text(encoding="utf-8"))
    at = [next(i for i, name in enumerate(models) if name.lower().startswith(one)) for one in (baseline, contender)]
    items = []
    for row in lines(folder, "mmlu_pro_item_correct.jsonl"):
        answers = str(row["correct"])
        if "-" not in (answers[at[0]], answers[at[1]]):
            real = row["provenance"] == HUMAN
            items.append(
                (str(row["question_id"]), real, str(row["category"]), answers[at[0]] == "1", answers[at[1]] == "1")
            )
    return log_of(items)


def flips(folder: Path) -> Iterator[Row]:
    """The swap that the aggregate hides: human items fall, the others rise."""
    for baseline, seed, rest, gap in (
        ("qwen1.5-72b-chat", (443, 1045, -0.1250, 2.9e-56), (661, 456, 0.0560, 9.3e-10), 0.181),
        ("yi-34b", (621, 876, -0.0529, 4.7e-11), (685, 414, 0.0740, 2.7e-16), None),
    ):
        log = mmlu(folder, baseline, "mathstral")
        for part, (gain, loss, delta, p) in (("seed", seed), ("synthetic", rest)):
            found = log.part(part)
            yield Row(what=f"{baseline} -> mathstral, {part}: gain", measured=found.gain, expected=gain, within=0)
            yield Row(what=f"{baseline} -> mathstral, {part}: loss", measured=found.loss, expected=loss, within=0)
            yield Row(
                what=f"{baseline} -> mathstral, {part}: delta", measured=found.delta or 0, expected=delta, within=5e-5
            )
            yield Row(what=f"{baseline} -> mathstral, {part}: p", measured=found.p or 0, expected=p, within=p * 0.05)
        blocks = float(decide(log.part("seed"), MARGIN) == "block")
        yield Row(what=f"{baseline} -> mathstral: blocked", measured=blocks, expected=1, within=0)
        found = divergence(log.cases, log.before, log.after, MARGIN)
        if gap is not None and found is not None:
            yield Row(what=f"{baseline} -> mathstral: divergence", measured=found.value, expected=gap, within=5e-4)
            for side, expected in zip(found.interval, (0.158, 0.205), strict=True):
                yield Row(what="  its interval", measured=side, expected=expected, within=2e-3)


def paired(folder: Path) -> Iterator[Row]:
    """McNemar and Tango on two real comparisons."""
    log = mmlu(folder, "mathstral", "meta-llama-3_1-8b-instruct").part()
    yield Row(what="mathstral -> Llama-3.1-8B-Instruct: gain", measured=log.gain, expected=1319, within=0)
    yield Row(what="  loss", measured=log.loss, expected=1172, within=0)
    yield Row(what="  p", measured=log.p or 0, expected=0.00343, within=5e-6)
    for side, expected in zip(log.interval, (0.0058, 0.0289), strict=True):
        yield Row(what="  Tango", measured=side, expected=expected, within=5e-5)
    items = []
    for row in lines(folder, "gsm8k_gpt3_item_correct.jsonl"):
        right = row["correct"]
        assert isinstance(right, dict)
        items.append((str(row["id"]), True, "gsm8k", bool(right["175b_finetuning"]), bool(right["6b_verification"])))
    gsm = log_of(items).part()
    for what, measured, expected, within in (
        ("GSM8K 175B tuned -> 6B with verifier: gain", gsm.gain, 143, 0),
        ("  loss", gsm.loss, 108, 0),
        ("  p", gsm.p, 0.0317, 5e-5),
        ("  Tango", gsm.interval[0], 0.0044, 5e-5),
        ("  Tango", gsm.interval[1], 0.0738, 5e-5),
    ):
        yield Row(what=what, measured=measured or 0, expected=expected, within=within)


def slices(folder: Path) -> Iterator[Row]:
    """BBH: of 27 tasks five fall, and one of them survives Holm."""
    rows = lines(folder, "bbh_codex_item_correct.jsonl")
    items = [
        (f"{one['task']}.{one['i']}", True, str(one["task"]), bool(one["direct"]), bool(one["cot"])) for one in rows
    ]
    log = log_of(items)
    yield Row(what="BBH direct -> CoT: gain", measured=log.part().gain, expected=1402, within=0)
    yield Row(what="  loss", measured=log.part().loss, expected=397, within=0)
    found = {one.slice.removeprefix("slice="): one for one in compare_slices(log.cases, log.before, log.after)}
    fallen = {name for name, one in found.items() if (one.delta or 0) < 0}
    yield Row(what="  slices that fall", measured=len(fallen), expected=5, within=0)
    for name, expected in (
        ("word_sorting", 0.038),
        ("ruin_names", 0.355),
        ("causal_judgement", 0.774),
        ("snarks", 1.0),
    ):
        yield Row(what=f"  {name}, adjusted p", measured=found[name].adjusted or 0, expected=expected, within=5e-4)


def power(folder: Path) -> Iterator[Row]:
    """What a set of the usual size can show of a difference that 8,480 items show."""
    gain, loss, n = 1319, 1172, 8480
    psi, delta = (gain + loss) / n, (gain - loss) / n
    for size, expected in ((153, 0.051), (218, 0.060), (1000, 0.157)):
        yield Row(
            what=f"power at {size}, exact", measured=mcnemar_power(size, psi, delta), expected=expected, within=0.01
        )
    log = mmlu(folder, "mathstral", "meta-llama-3_1-8b-instruct")
    signs = [log.after[one.id].passes - log.before[one.id].passes for one in log.cases]
    for size, expected in ((153, 0.051), (218, 0.060), (1000, 0.157)):
        found = 0
        for draw in range(SAMPLES):
            stream = Stream("power", str(size), str(draw))
            drawn = [signs[stream.below(n)] for _ in range(size)]
            found += mcnemar(drawn.count(1), drawn.count(-1)) <= 0.05
        yield Row(what=f"power at {size}, {SAMPLES} samples", measured=found / SAMPLES, expected=expected, within=0.02)
    for size, discordance, expected in ((65, 0.20, 0.15), (153, 0.29, 0.12), (184, 0.20, 0.09), (500, 0.20, 0.06)):
        shown = smallest_difference(size, discordance) or 0
        yield Row(what=f"smallest difference at {size}", measured=shown, expected=expected, within=0.01)


def table() -> Iterator[Row]:
    """The worked table: the same percentages, three stories."""
    for gain, loss, p, expected in (
        (2, 10, 0.0386, "block"),
        (4, 12, 0.077, "inconclusive"),
        (8, 16, 0.15, "inconclusive"),
    ):
        outcomes = [(False, True)] * gain + [(True, False)] * loss + [(True, True)] * (24 - loss)
        outcomes += [(False, False)] * (62 - len(outcomes))
        found = log_of([(str(at), True, "all", *one) for at, one in enumerate(outcomes)]).part("seed")
        yield Row(what=f"{gain} gained, {loss} lost: p", measured=found.p or 0, expected=p, within=2e-3)
        yield Row(what=f"  {expected}", measured=float(decide(found, MARGIN) == expected), expected=1, within=0)
    for side, expected_side in zip(tango(2, 10, 62), (-0.247, -0.023), strict=True):
        yield Row(what="2 gained, 10 lost: Tango", measured=side, expected=expected_side, within=5e-4)


def main() -> int:
    """Print every figure beside its reference; 1 when one is off."""
    folder = Path(os.environ["EVALSPEC_SHARED"]) / "data" / "eval_logs"
    rows = [*table(), *flips(folder), *paired(folder), *slices(folder), *power(folder)]
    for row in rows:
        print(f"{'ok ' if row.passes else 'OFF'} {row.what:<55} {row.measured:>12.5g}  {row.expected:>10.5g}")
    failed = sum(not row.passes for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} within tolerance")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
