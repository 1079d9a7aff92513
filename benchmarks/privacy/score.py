"""Score the detectors of personal data on the labelled corpus and on labelled real rows: `score.py [--write]`.

The corpus (`corpus.jsonl`) is our own. The real rows (`rows.jsonl`) are labels only: their texts are read from the
shared data (folder by `EVALSPEC_SHARED`) and are left out where that is not set. `--write` puts both tables into
`docs/privacy.md`; `--misses` prints what was missed and what was wrongly found, which is not for commits;
`--sample` prints the real rows that are to be labelled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalspec.catalog import load_catalog
from evalspec.stages.scrub import detectors_of, personal_spans

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "privacy.md"
CORPUS = HERE / "corpus.jsonl"
ROWS = HERE / "rows.jsonl"
SAMPLE_KEY = "evalspec privacy 1"  # fixed before the rows were looked at
SAMPLED = 100  # rows of each set
SETS = {"abcd": ("abcd/customer_utterances.jsonl", "text"), "cfpb": ("cfpb_complaints/complaints.jsonl", "narrative")}

# What has a grammar of its own, and is promised to be found; names and addresses are published as measured.
STRUCTURED = ("api_key", "card", "email", "iban", "ip", "phone", "url_credentials")
NEVER_MISTAKEN = ("amount", "order", "tracking")
_MARK = re.compile(r"⟦(\w+)\|(.*?)⟧", re.DOTALL)
_BLOCK = re.compile(r"(<!-- begin (\w+)[^>]*-->\n).*?(<!-- end \2 -->)", re.DOTALL)

Span = tuple[int, int, str]  # start, end, type


@dataclass(frozen=True)
class Labelled:
    """A text with the spans that a person marked in it; `mistakable` says what an empty one is mistaken for."""

    text: str
    spans: tuple[Span, ...]
    language: str = "en"
    mistakable: str = ""


@dataclass
class Score:
    """Counts of one type: labelled, found whole, touched but cut short, findings, and findings of nothing."""

    labelled: int = 0
    whole: int = 0
    part: int = 0
    findings: int = 0
    false: int = 0

    @property
    def recall(self) -> float:
        """The share of labelled spans that one finding of their type covers whole."""
        return self.whole / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """The share of findings that touch a labelled span of their type."""
        return 1 - self.false / self.findings if self.findings else 1.0


@dataclass
class Scored:
    """The score of each type, false alarms by what was mistaken, and the errors to read."""

    types: dict[str, Score] = field(default_factory=dict)
    alarms: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def corpus() -> tuple[Labelled, ...]:
    """Read our own strings."""
    return tuple(_read(json.loads(line)) for line in CORPUS.read_text(encoding="utf-8").splitlines())


def _read(line: dict[str, str]) -> Labelled:
    marked, text, spans = line["text"].replace("¦", ""), "", []
    at = 0
    for found in _MARK.finditer(marked):
        text += marked[at : found.start()]
        spans.append((len(text), len(text) + len(found.group(2)), found.group(1)))
        text += found.group(2)
        at = found.end()
    return Labelled(text + marked[at:], tuple(spans), line["language"], line.get("not", ""))


def scored(rows: Iterable[Labelled]) -> Scored:
    """Compare what the product finds (all detectors, overlaps settled) with what is labelled."""
    detectors, result = detectors_of(load_catalog()), Scored()
    for row in rows:
        found = [(one.start, one.end, one.type) for one in personal_spans(row.text, detectors)]
        _count(row, found, result)
    return result


def _count(row: Labelled, found: Sequence[Span], result: Scored) -> None:
    for start, end, kind in row.spans:
        score = result.types.setdefault(kind, Score())
        score.labelled += 1
        whole = any(low <= start and end <= high for low, high, one in found if one == kind)
        touched = any(low < end and start < high for low, high, one in found if one == kind)
        score.whole += whole
        score.part += touched and not whole
        if not whole:
            result.errors.append(f"missed {kind} {row.text[start:end]!r} in {_around(row.text, start, end)!r}")
    for low, high, kind in found:
        score = result.types.setdefault(kind, Score())
        score.findings += 1
        if not any(low < end and start < high for start, end, one in row.spans if one == kind):
            score.false += 1
            result.alarms[row.mistakable or "beside personal data"] += 1
            result.errors.append(f"false {kind} {row.text[low:high]!r} in {_around(row.text, low, high)!r}")


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - 50) : end + 30]


def sampled(name: str) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of the rows of one shared set that are labelled: the lowest by a keyed digest of their text."""
    path, column = SETS[name]
    lines = (Path(os.environ["EVALSPEC_SHARED"]) / "data" / path).read_text(encoding="utf-8").splitlines()
    texts = {_hex(text)[:16]: text for text in (json.loads(line)[column] for line in lines)}
    yield from sorted(texts.items(), key=lambda one: _hex(f"{SAMPLE_KEY}/{one[0]}"))[:SAMPLED]


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def real_rows(name: str) -> tuple[Labelled, ...]:
    """Join the labels of one set with its texts."""
    labels = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    spans = {one["id"]: tuple((low, high, kind) for low, high, kind in one["spans"]) for one in labels}
    return tuple(Labelled(text, spans[row]) for row, text in sampled(name))


def table(result: Scored) -> str:
    """Lay out the scores by type, the promised ones first."""
    lines = [
        "| type | labelled | found whole | in part | missed | recall | findings | false | precision |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in sorted(result.types, key=lambda one: (one not in STRUCTURED, one)):
        one = result.types[kind]
        missed = one.labelled - one.whole - one.part
        recall = f"{one.recall:.3f}" if one.labelled else "–"
        precision = f"{one.precision:.3f}" if one.findings else "–"
        cells = (f"`{kind}`", one.labelled, one.whole, one.part, missed, recall, one.findings, one.false, precision)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def alarms(rows: Sequence[Labelled], result: Scored) -> str:
    """Lay out the strings that hold nothing personal, by what they are mistaken for, with the false alarms in them."""
    kinds = Counter(row.mistakable for row in rows if row.mistakable)
    lines = ["| looks like | strings | false alarms |", "| --- | --- | --- |"]
    lines += [f"| {kind.replace('_', ' ')} | {kinds[kind]} | {result.alarms[kind]} |" for kind in sorted(kinds)]
    return "\n".join(lines) + "\n"


def blocks() -> dict[str, str]:
    """Return the tables that can be made here; those of real rows only where their texts are."""
    ours = corpus()
    result = scored(ours)
    made = {"corpus": table(result), "alarms": alarms(ours, result)}
    if "EVALSPEC_SHARED" in os.environ and ROWS.exists():
        made |= {name: table(scored(real_rows(name))) for name in SETS}
    return made


def filled(page: str, made: dict[str, str]) -> str:
    """Put tables between their marks; a block that could not be made stays as it is."""
    return _BLOCK.sub(lambda one: one[1] + made.get(one[2], one[0][len(one[1]) : -len(one[3])]) + one[3], page)


def main(arguments: Sequence[str]) -> None:
    """Print the tables, or do what the one option says."""
    if "--sample" in arguments:
        for name in SETS:
            for row, text in sampled(name):
                print(json.dumps({"set": name, "id": row, "text": text}, ensure_ascii=False))
        return
    if "--misses" in arguments:
        print("\n".join(scored(corpus()).errors))
        if "EVALSPEC_SHARED" in os.environ and ROWS.exists():
            print("\n".join(error for name in SETS for error in scored(real_rows(name)).errors))
        return
    made = blocks()
    for name, one in made.items():
        print(f"{name}\n\n{one}")
    if "--write" in arguments:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
