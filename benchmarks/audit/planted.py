"""What the audit says of faults that were planted in real sets, and of real sets without any.

    EVALSPEC_SHARED=... python -m benchmarks.audit.planted [--splits N] [--only SOURCE ...] [--only-page]

Every source is halved at random: one half is the set, the other the real texts. Clean halves must raise no alarm; then
one fault at a time is put into the set. Results go to `planted.json` and as a table into docs/audit.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalspec.audit_files import Asked, audit_files
from evalspec.auditing.fields import Told
from evalspec.model.audit import Audit

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "audit.md"
RESULTS = HERE / "planted.json"
MOST = 400  # rows of a half
# A file of a source, its column of texts, and its column of labels.
SOURCES: Mapping[str, tuple[str, str, str | None]] = {
    "banking77": ("banking77/messages.jsonl", "text", "category"),
    "clinc150": ("clinc150/messages.jsonl", "text", "intent"),
    "hint3": ("hint3/messages.jsonl", "sentence", "label"),
    "star": ("star/openings.jsonl", "first_customer_message", None),
    "sgd": ("sgd/openings.jsonl", "first_customer_message", None),
    "abcd": ("abcd/customer_utterances.jsonl", "text", None),
    "nlupp": ("nlupp/banking.jsonl", "text", None),
    "multidogo": ("multidogo/openings.jsonl", "first_customer_message", "intent"),
    "cfpb": ("cfpb_complaints/complaints.jsonl", "narrative", "product"),
    "hh openings": ("redteam/hh_harmless_openings.jsonl", "first_human_message", None),
}
# Findings that a figure makes; who wrote and who checked a case is said of every set that says nothing.
MEASURED = frozenset(
    {
        *("training_overlap", "duplicates", "copies", "coverage", "thin_regions", "spread", "opening_share"),
        *("top_term_excess", "rawness_lower", "rawness_open_end", "label_mix", "answer_places"),
    }
)
Rows = list[dict[str, Any]]
Dice = random.Random


@dataclass(frozen=True)
class Given:
    """What an audit is given: the set, real texts, training texts, and what has to be named for the fault."""

    rows: Rows
    seeds: Rows
    training: Rows | None = None
    named: str | None = None


@dataclass(frozen=True)
class Fault:
    """A way to spoil a set, and the findings or actions that tell it."""

    title: str
    told_by: tuple[str, ...]
    plant: Callable[[Dice, Given], Given | None]  # None: the source has nothing to spoil in this way
    has_name: bool = False  # a label, a letter or words that the screen has to show


def leaked(dice: Dice, given: Given) -> Given:
    """Nearly a third of the cases stands in the training file."""
    taken = dice.sample(given.rows, len(given.rows) * 3 // 10)
    return Given(given.rows, given.seeds, training=[*given.seeds, *({"text": one["text"]} for one in taken)])


def repeated(dice: Dice, given: Given) -> Given:
    """Two cases in five are another one again, one in two of them with a courtesy word."""
    kept = given.rows[: len(given.rows) * 6 // 10]
    again = [dict(dice.choice(kept)) for _ in range(len(given.rows) - len(kept))]
    for row in again[::2]:
        row["text"] = f"{row['text']} please"
    return Given([*kept, *again], given.seeds)


def one_letter(dice: Dice, given: Given) -> Given:
    """Choices for every case, the right one always second."""
    rows = [{"text": row["text"], "choices": ["yes", "no", "later", "never"], "answer": "B"} for row in given.rows]
    return Given(rows, given.seeds, named="(B)")


def one_label(dice: Dice, given: Given) -> Given | None:
    """Every case expects the same."""
    if "label" not in given.rows[0]:
        return None
    return Given([row | {"label": "refund"} for row in given.rows], given.seeds, named="`refund`")


def without_a_label(dice: Dice, given: Given) -> Given | None:
    """The commonest label of the real texts has no case."""
    labels = [row["label"] for row in given.seeds if row.get("label")]
    if not labels:
        return None
    top = max(sorted(set(labels)), key=labels.count)
    return Given([row for row in given.rows if row["label"] != top], given.seeds, named=f"`{top[:29]}")


def contradicted(dice: Dice, given: Given) -> Given | None:
    """Of twenty cases one stands a second time, with another answer."""
    if "label" not in given.rows[0]:
        return None
    taken = dice.sample(given.rows, len(given.rows) // 20)
    return Given([*given.rows, *(row | {"label": f"not {row['label']}"} for row in taken)], given.seeds)


def costumed(dice: Dice, given: Given) -> Given:
    """Every case begins and ends as an assistant writes a customer."""
    text = "I hope this message finds you well. {} I would greatly appreciate your assistance with this matter."
    rows = [row | {"text": text.format(row["text"])} for row in given.rows]
    return Given(rows, given.seeds, named="i hope this")


def polished(dice: Dice, given: Given) -> Given | None:
    """Every case has a capital and a mark at its end."""
    rows = [row | {"text": f"{row['text'][:1].upper()}{row['text'][1:].rstrip('.?! ')}."} for row in given.rows]
    plain = sum(row["text"][:1].islower() or row["text"][-1:].isalnum() for row in given.rows)
    return Given(rows, given.seeds) if plain >= len(rows) / 10 else None


def narrowed(dice: Dice, given: Given) -> Given:
    """The cases come from the half of the texts that share most words with one of them."""
    words = [set(re.findall(r"\w+", row["text"].lower())) for row in given.rows]
    first = words[dice.randrange(len(words))]
    near = sorted(range(len(words)), key=lambda at: (-len(first & words[at]) / len(first | words[at] | {""}), at))
    return Given([given.rows[at] for at in near[: max(len(near) // 10, 40)]], given.seeds)


def copied(dice: Dice, given: Given) -> Given:
    """The set is the real texts."""
    return Given(given.seeds, given.seeds)


def half_empty(dice: Dice, given: Given) -> Given:
    """Every second text is missing."""
    return Given([row if at % 2 else row | {"text": ""} for at, row in enumerate(given.rows)], given.seeds)


def unsaid(dice: Dice, given: Given) -> Given:
    """Nobody says who wrote a case: nothing is planted, the set is as it is."""
    return given


FAULTS = (
    Fault("30 % of the cases stand in the training file", ("training_overlap",), leaked),
    Fault("40 % of the cases repeat another", ("duplicates",), repeated),
    Fault("of four choices always the second is right", ("answer_places",), one_letter, has_name=True),
    Fault("one label for all", ("label_balance",), one_label, has_name=True),
    Fault("the commonest real label has no case", ("label_mix",), without_a_label, has_name=True),
    Fault("5 % stand twice, with two answers", ("contradictions",), contradicted),
    Fault("an assistant's first and last sentence", ("opening_share", "top_term_excess"), costumed, has_name=True),
    Fault("a capital and a full stop everywhere", ("rawness_lower", "rawness_open_end"), polished),
    Fault("a tenth of the texts, alike in words", ("coverage", "thin_regions", "spread", "top_term_excess"), narrowed),
    Fault("the set is the real texts", ("copies",), copied),
    Fault("half of the texts are empty", ("read",), half_empty),
    Fault("nobody says who wrote a case", ("from_people",), unsaid),
)


def halves(shared: Path, source: str, split: int) -> Given:
    """Return two random halves of a source."""
    name, text, label = SOURCES[source]
    with (shared / "data" / name).open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    rows = [
        {"text": row[text]} | ({"label": str(row[label])} if label else {})
        for row in found
        if row.get(text) and (label is None or row.get(label))
    ]
    Dice(f"{source}/{split}").shuffle(rows)
    size = min(len(rows) // 2, MOST)
    return Given(rows[:size], rows[size : 2 * size])


def audited(given: Given, folder: Path) -> Audit:
    """Take an audit of files that hold what is given."""

    def write(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return str(path)

    training = None if given.training is None else write("training", given.training)
    asked = Asked(
        path=write("set", given.rows), seeds=write("seeds", given.seeds), training=training, told=Told(text="text")
    )
    return audit_files(asked, lambda stage, done, total: None).audit


def judged(fault: Fault, given: Given, audit: Audit) -> dict[str, Any]:
    """Say whether a fault was found, shown with an example or a name, and which place among the things to do it has."""
    lines = [one for one in audit.findings if one.key in fault.told_by and one.status in ("warning", "error")]
    actions = [at for at, one in enumerate(audit.actions, start=1) if one.finding in fault.told_by]
    words = " ".join([one.words for one in lines] + [f"{one.words} {one.figure}" for one in audit.actions])
    return {
        "found": bool(lines or actions),
        "named": given.named is None or given.named in words,
        "rank": actions[0] if actions else None,
        "first": audit.actions[0].finding if audit.actions else None,
    }


def taken(shared: Path, splits: int, sources: Sequence[str]) -> dict[str, Any]:
    """Take the audits of some sources."""
    clean: list[dict[str, Any]] = []
    planted: dict[str, list[dict[str, Any]]] = {fault.title: [] for fault in FAULTS}
    with tempfile.TemporaryDirectory() as name:
        for source in sources:
            for split in range(splits):
                given = halves(shared, source, split)
                audit = audited(given, Path(name))
                alarms = [
                    one.key for one in audit.findings if one.key in MEASURED and one.status in ("warning", "error")
                ]
                clean.append({"source": source, "split": split, "cases": len(given.rows), "alarms": alarms})
                print(clean[-1], flush=True)
            given = halves(shared, source, 0)
            for fault in FAULTS:
                made = fault.plant(Dice(f"{source}/{fault.title}"), given)
                if made is not None:
                    found = {"source": source, **judged(fault, made, audited(made, Path(name)))}
                    planted[fault.title].append(found)
                    print(fault.title, found, flush=True)
    return {"clean": clean, "planted": planted}


def merged(found: Mapping[str, Any], fresh: Mapping[str, Any], sources: Sequence[str]) -> dict[str, Any]:
    """Put what was taken of some sources in the place of what was known of them."""
    planted = found.get("planted", {})

    def others(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [one for one in rows if one["source"] not in sources]

    return {
        "clean": [*others(found.get("clean", [])), *fresh["clean"]],
        "planted": {title: [*others(planted.get(title, [])), *rows] for title, rows in fresh["planted"].items()},
    }


def table(found: Mapping[str, Any]) -> str:
    """Spell the results for the page."""
    clean = found["clean"]
    alarms = [f"{name} ({one['source']})" for one in clean for name in one["alarms"]]
    checks = len(clean) * (len(MEASURED) - 2)  # no training file, and no choices, are in a clean half
    lines = [
        "| planted | sets | found | named | said first | among the three |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    named = {fault.title for fault in FAULTS if fault.has_name}
    for title, tries in found["planted"].items():
        counts = [
            len(tries),
            sum(one["found"] for one in tries),
            sum(one["named"] for one in tries) if title in named else "–",
            sum(one["rank"] == 1 for one in tries),
            sum(one["rank"] is not None for one in tries),
        ]
        lines.append(f"| {title} | {' | '.join(map(str, counts))} |")
    told = f": {', '.join(alarms)}" if alarms else ""
    spelled = f"{len(alarms)} false alarm{'' if len(alarms) == 1 else 's'}"
    sources = len({one["source"] for one in clean})
    said = f"On {len(clean)} pairs of clean halves of {sources} sources (at most {MOST:,} cases a side), with some "
    return "\n".join([*lines, "", f"{said}{checks} figures that could have been past a bound: {spelled}{told}."])


def write_page(found: Mapping[str, Any]) -> None:
    """Put the table into the page."""
    page = PAGE.read_text("utf-8")
    start, end = "<!-- planted -->\n", "<!-- end planted -->"
    before, rest = page.split(start)
    PAGE.write_text(f"{before}{start}{table(found)}\n{end}{rest.split(end, 1)[1]}", "utf-8")


def main() -> None:
    """Take the audits, or write the page from what was taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SOURCES, metavar="SOURCE", help="keep what is known of the others")
    parser.add_argument("--only-page", action="store_true")
    given = parser.parse_args()
    if not given.only_page:
        shared = os.environ.get("EVALSPEC_SHARED")
        if not shared:
            raise SystemExit("EVALSPEC_SHARED names the folder of the public sets")
        sources = given.only or list(SOURCES)
        known = json.loads(RESULTS.read_text("utf-8")) if given.only and RESULTS.exists() else {}
        found = merged(known, taken(Path(shared), given.splits, sources), sources)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(json.loads(RESULTS.read_text("utf-8")))


if __name__ == "__main__":
    main()
