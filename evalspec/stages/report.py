"""A finished build to the mix report: Markdown for people, and its numbers as JSON that `verify` recomputes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from evalspec.digests import digest, digest_text
from evalspec.model.build import Build
from evalspec.stages.header import replies_digest
from evalspec.stages.reporting.claims import claims, five_questions, real_cases, two_questions
from evalspec.stages.reporting.distances import distance_table
from evalspec.stages.reporting.gaps import gaps
from evalspec.stages.reporting.instruments import same_meaning_table, spoken_numbers
from evalspec.stages.reporting.jury import jury_numbers, jury_tables
from evalspec.stages.reporting.leakage import leakage, room
from evalspec.stages.reporting.likeness import likeness
from evalspec.stages.reporting.replies import reply_numbers, reply_table
from evalspec.stages.reporting.tables import (
    cell_tables,
    drop_table,
    gate_table,
    independence_table,
    measure_tables,
    mix_table,
    source_table,
    survival_table,
)
from evalspec.stages.reporting.trained import trained_tables
from evalspec.text.json_text import JsonProblem, read_json

FENCE = "```json"
DIGITS = 6  # significant digits of a number in the JSON block


def report(build: Build) -> str:
    """Write the mix report; its first line names the lock it belongs to."""
    assert build.lock is not None and build.evalset is not None
    name, total = build.spec.name, len(build.evalset.cases)
    lines = [f"# Mix report of `{name}`, lock `{build.lock.root}`", ""]
    lines += [
        f"{total} cases, purpose **{build.spec.purpose}**."
        + (" **A trial set.**" if "partial" in build.lock.header else ""),
        "",
    ]
    for section in (
        claims,
        two_questions,
        five_questions,
        mix_table,
        gate_table,
        survival_table,
        likeness,
        distance_table,
        gaps,
        leakage,
        room,
        measure_tables,
        same_meaning_table,
        trained_tables,
        cell_tables,
        drop_table,
        reply_table,
        independence_table,
        jury_tables,
        source_table,
    ):
        lines += section(build)
    lines += ["## Numbers", "", FENCE, *_numbers_lines(numbers(build)), "```", ""]
    return "\n".join(lines)


def _numbers_lines(found: Mapping[str, object]) -> list[str]:
    """Spell the numbers one record a line: a number that moves is one changed line of a diff."""
    lines = []
    for at, (name, value) in enumerate(found.items()):
        comma = "," if at < len(found) - 1 else ""
        if isinstance(value, list) and value:
            rows = ",\n".join(f" {json.dumps(one, ensure_ascii=False)}" for one in value)
            lines.append(f"{json.dumps(name)}: [\n{rows}]{comma}")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{comma}")
    return ["{", *lines, "}"]


def numbers(build: Build) -> dict[str, object]:
    """Return every number of the report as JSON data, rounded to six significant digits."""
    assert build.lock is not None and build.evalset is not None
    cases = build.evalset.cases
    return {
        "root": build.lock.root,
        "inputs": inputs_digest(build),
        **({"today": build.today} if build.today else {}),
        **({"embedder": spoken_numbers(build)} if build.spoken else {}),
        "cases": len(cases),
        "real": real_cases(build),
        "pools": dict(sorted(Counter(case.pool for case in cases).items())),
        "tracks": dict(sorted(Counter(case.candidate.track for case in cases).items())),
        "drops": {
            f"{stage}/{reason}": count
            for (stage, reason), count in sorted(
                Counter((one.stage, one.reason) for one in build.evalset.drops).items()
            )
        },
        "spares": len(build.evalset.spares),
        "survival": [
            {"slice": one.slice, "level": one.level, "kept": one.kept, "fixed": one.fixed, "dropped": one.dropped}
            for one in (build.reviewed.survival if build.reviewed else ())
        ],
        "measures": [
            {
                "measure": one.measure,
                **({"of": one.of} if one.of else {}),
                **({"space": one.space} if one.space else {}),
                "slice": one.slice,
                "value": significant(one.value),
                "n": one.n,
                **({"seeds": significant(one.baseline)} if one.baseline is not None else {}),
                **({"p": significant(one.p)} if one.p is not None else {}),
            }
            for one in build.measurements or ()
        ],
        "gates": [
            {
                "gate": one.gate,
                "slice": one.measurement.slice if one.measurement else None,
                "answer": one.status,
                **({"waived_until": one.waived_until} if one.waived_until else {}),
            }
            for one in build.verdicts or ()
            if one.status != "off"
        ],
        "related": [{"one": one.left, "other": one.right, "how": one.how} for one in build.related],
        **({"served": _served_numbers(build)} if build.served else {}),
        **({"replies": found} if (found := reply_numbers(build)) else {}),
        **({"jury": _rounded(jury_numbers(build))} if build.jury.records else {}),
    }


def _served_numbers(build: Build) -> list[dict[str, object]]:
    return [
        {"asked": one.asked, "served": one.name, "family": one.family, "replies": one.replies, "how": one.how}
        for one in build.served
    ]


def _rounded(data: object) -> object:
    if isinstance(data, Mapping):
        return {name: _rounded(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_rounded(one) for one in data]
    return significant(data) if isinstance(data, float) else data


def inputs_digest(build: Build) -> str:
    """Return the digest of every row, decision and file that was read: it tells a stale report from an edited one."""
    inputs = build.inputs
    return digest(
        {
            "seeds": {name: sorted(seed.digest for seed in rows) for name, rows in inputs.seeds.items()},
            "training": {name: sorted(digest(one.record()) for one in rows) for name, rows in inputs.training.items()},
            "ledger": sorted(decision.line_digest for decision in inputs.ledger.decisions),
            "texts": {path: digest_text(text) for path, text in inputs.texts.items()},
            "spec": build.lock.header["spec"] if build.lock else None,
            **({"tape": replies_digest(build.replies)} if build.replies else {}),
        }
    )


def numbers_in(text: str) -> object:
    """Return the JSON block of a written report, or None when there is none to read."""
    start = text.rfind(FENCE)
    if start < 0:
        return None
    body = text[start + len(FENCE) :].split("```")[0]
    try:
        return read_json(body)  # a key that stands twice is refused: one of the two would be shown and not compared
    except JsonProblem:
        return None


def significant(value: float | None) -> float | None:
    """Round to six significant digits, so that the last bits of a machine's arithmetic do not show."""
    return None if value is None else float(f"{value:.{DIGITS}g}")
