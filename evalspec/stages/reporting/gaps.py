"""What the sources hold and the set hardly reaches, told for people: labels, regions and texts, with examples.

Examples are rows of snapshots, which `import` has scrubbed; they are cut to a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.model.build import Build
from evalspec.model.case import measured_text
from evalspec.model.outcome import Measurement
from evalspec.stages.reporting.figures import percent, plain_text, table
from evalspec.stages.reporting.likeness import quoted

EXAMPLES, LETTERS = 3, 100
LISTED_LABELS, LISTED_REGIONS = 12, 6
SURE = 0.05  # of an absence, corrected for the number of labels


def gaps(build: Build) -> list[str]:
    """Show labels without a case, thin and empty regions, and how much of each source the pools reach."""
    found = [one for one in build.measurements or () if one.of is not None]
    lines: list[str] = []
    for source in dict.fromkeys(one.of for one in found if one.measure == "coverage"):
        mine = [one for one in found if one.of == source]
        part = [*_labels(mine), *_regions(mine), *_coverage(build, mine)]
        lines += [f"### {plain_text(source or '')}", "", *part] if part else []
    return ["## What is asked and hardly covered?", "", *lines] if lines else []


def _labels(found: Sequence[Measurement]) -> list[str]:
    whole = next((one for one in found if one.measure == "absent_labels" and one.slice == "all"), None)
    if whole is None or whole.value is None:
        return []
    absent = whole.detail.get("labels")
    if not isinstance(absent, Mapping) or not absent:
        return [f"Each of its {whole.detail.get('looked_at')} labels has a case.", ""]
    rows = [
        (
            plain_text(f"`{label}`"),
            str(rows_),
            f"{expected:.1f}",
            "**missing**" if p <= SURE else "chance allows it",
        )
        for label, (rows_, expected, p) in list(absent.items())[:LISTED_LABELS]
    ]
    more = len(absent) - len(rows)
    lines = ["Labels of its rows that no case of the set has:", ""]
    lines += table(("Label", "Rows", "Cases to expect", "Absence"), rows)
    return [*lines, *([f"And {more} rarer ones.", ""] if more else [])]


def _regions(found: Sequence[Measurement]) -> list[str]:
    lines: list[str] = []
    for one in found:
        if one.measure != "thin_regions" or one.value is None:
            continue
        thin = one.detail.get("thin")
        where = "the set" if one.slice == "all" else plain_text(f"`{one.slice.removeprefix('pool=')}`")
        by = "by its words" if one.space == "lexical" else f"by meaning ({one.space})"
        if isinstance(thin, list | tuple) and thin:
            lines += [
                f"Regions of its texts, {by}, in which {where} has surely fewer cases than its size calls for:",
                "",
            ]
            lines += _region_table(thin)
        elif one.slice == "all":
            lines += [
                f"Cut into {one.detail.get('regions')} regions {by}, none has surely fewer cases of the set than its "
                "share of texts. A topic of a few texts can still be missing.",
                "",
            ]
    return lines


def _region_table(thin: Sequence[Mapping[str, object]]) -> list[str]:
    rows = []
    for region in thin[:LISTED_REGIONS]:
        words, examples = region.get("words"), region.get("examples")
        label = region.get("label")
        about = quoted(words) if isinstance(words, list) else ""
        rows.append(
            (
                f"{about} (mostly {plain_text(f'`{label}`')})" if label else about,
                str(region.get("texts")),
                "**none**" if not region.get("cases") else str(region.get("cases")),
                f"{region.get('expected'):.1f}",
                "<br>".join(f"“{plain_text(str(text), LETTERS)}”" for text in examples)
                if isinstance(examples, list)
                else "",
            )
        )
    return table(("About", "Texts", "Cases", "To expect", "Such as"), rows)


def _coverage(build: Build, found: Sequence[Measurement]) -> list[str]:
    shown = [one for one in found if one.measure == "coverage" and one.value is not None]
    if not shown:
        return []
    texts = {
        seed.key: measured_text(seed.input) for name, seeds in build.inputs.seeds.items() for seed in seeds if name
    }
    is_one_space = len({one.space for one in shown}) == 1
    rows = []
    for one in shown:
        missed = one.detail.get("missed")
        examples = [texts[id] for id in missed if id in texts][:EXAMPLES] if isinstance(missed, list | tuple) else []
        rows.append(
            (
                ("the set" if one.slice == "all" else one.slice.removeprefix("pool="))
                + ("" if is_one_space else f" ({one.space})"),
                percent(one.value or 0.0),
                percent(one.baseline or 0.0),
                f"{one.interval[0]:.2f}–{one.interval[1]:.2f}" if one.interval else "–",
                "<br>".join(f"“{plain_text(text, LETTERS)}”" for text in examples) or "none",
            )
        )
    head = ("Pool", "Reached", "Same source would", "95 %", "Out of its reach, such as")
    text = (
        "A text of the source is reached when a case stands as near to it as its own neighbours do. *Same source "
        "would* is what as many fresh texts of that source reach."
    )
    return [text, "", *table(head, rows)]
