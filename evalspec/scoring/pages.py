"""A scorecard as blocks of lines and tables, and the blocks as text for a terminal or as Markdown for a comment."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalspec.model.scorecard import Change, Rate, RunCard, Scorecard, Swap
from evalspec.scoring.figures import cell, interval_text, p_text, percent, points, size
from evalspec.stages.reporting.figures import table
from evalspec.stats.tests import DISCORDANCE, POWER

PART_NAMES: Mapping[str, str] = {
    "seed": "real (decides)",
    "golden": "golden",
    "synthetic": "synthetic",
    "all": "all together",
}
LISTED_PAIRS = 10  # a slice with fewer pairs says too little to be listed; --json has all
LISTED_SLICES = 12
NO_TERMINAL = 100  # columns of prose where nobody says how many there are
NARROWEST = 40  # columns; a terminal that claims fewer is not read line by line
_SENTENCE = 2000  # characters; longer than any that is written here


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A title, lines of prose, and a table below them; any may be empty."""

    title: str = ""
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def page(card: Scorecard, history: Sequence[Swap]) -> tuple[Block, ...]:
    """Return everything that is said about a swap, the verdict first."""
    found = card.verdict
    first = Block(
        title=f"{card.name}: {card.baseline.model} → {card.contender.model}",
        lines=(
            f"{found.decision.upper()}: {found.reason}.",
            *(f"Mind: {one}." for one in found.cautions),
            f"Margin {size(card.margin)} points, declared, not measured; lock {card.lock}; purpose {card.purpose}.",
        ),
    )
    blocks = [first, _parts(card), _doubts(card), _relations(card), _rates(card), _slices(card)]
    return (*blocks, *([_history(history)] if history else []))


def _parts(card: Scorecard) -> Block:
    rows = [
        (
            PART_NAMES[part],
            _count(one),
            percent(one.baseline),
            percent(one.contender),
            points(one.delta),
            interval_text(one.interval) if one.pairs else "–",
            interval_text(one.bootstrap) if one.bootstrap else "–",
            f"{one.gain}/{one.loss}",
            p_text(one.p) if one.pairs else "–",
            size(one.smallest) if one.smallest is not None else "none",
        )
        for part, one in card.parts.items()
    ]
    head = ("Part", "Scored in both", "Before", "After", "Points", "95 %", "Bootstrap", "Gain/loss", "p", "Can show")
    words = (
        f"Can show: the smallest difference with {percent(POWER, 0)} % power, at the share of cases that changed "
        f"answer here; plan assumes {percent(DISCORDANCE, 0)} %."
    )
    return Block(title="Change", lines=(words,), head=head, rows=tuple(rows))


def _count(one: Change) -> str:
    families = f" in {one.families} families" if one.families != one.pairs else ""
    return f"{one.pairs}{families}" if one.pairs == one.cases else f"{one.pairs} of {one.cases}{families}"


def _doubts(card: Scorecard) -> Block:
    """Say whether the parts move together, what reruns show, and how tracks stand to each other."""
    apart = card.divergence
    lines = ["Do real and synthetic cases move together? not known: a part has no pairs or no differences."]
    if apart is not None:
        between = f"synthetic minus real {points(apart.value)} points, {interval_text(apart.interval)}"
        lines = [f"Do real and synthetic cases move together? {apart.together}: {between}."]
    for side in (card.baseline, card.contender):
        floors = [
            f"{PART_NAMES[part]} ±{size(one.floor)} points ({percent(one.flips)} % of {one.cases} cases flip)"
            for part, one in side.noise.items()
        ]
        words = f"between two runs {', '.join(floors)}" if floors else "not known, no case ran twice"
        lines.append(f"Noise of {side.model}: {words}.")
    lines.append(_tracks(card))
    return Block(title="How far to trust it", lines=tuple(lines))


def _tracks(card: Scorecard) -> str:
    happy, hostile = card.tracks.get("happy", 0), card.tracks.get("adversarial", 0)
    if not hostile:
        return f"Happy to adversarial: {happy} to 0 cases; nothing hostile is asked."
    rates = [
        f"{side.model} passes {percent(_rate(side, 'track=happy'))} % and {percent(_rate(side, 'track=adversarial'))} %"
        for side in (card.baseline, card.contender)
    ]
    return f"Happy to adversarial: {happy} to {hostile} cases ({happy / hostile:.1f} to 1); {'; '.join(rates)}."


def _rate(side: RunCard, name: str) -> float | None:
    return next((one.value for one in side.rates if one.slice == name), None)


def _relations(card: Scorecard) -> Block:
    rows = [
        (side.model, one.name, str(one.held), str(one.violated), str(one.not_evaluable))
        for side in (card.baseline, card.contender)
        for one in side.relations
    ]
    lines = [one(side) for one in (_held, _refusals) for side in (card.baseline, card.contender)]
    return Block(
        title="Relations and refusals",
        lines=tuple(lines),
        head=("Model", "Relation", "Held", "Violated", "Not evaluable") if rows else (),
        rows=tuple(rows),
    )


def _held(side: RunCard) -> str:
    held, violated = sum(one.held for one in side.relations), sum(one.violated for one in side.relations)
    silent = sum(one.not_evaluable for one in side.relations)
    words = f"{held} held, {violated} violated, {silent} not evaluable" if side.relations else "the set has none"
    return f"{side.model}: relations between a case and its parent: {words}."


def _refusals(side: RunCard) -> str:
    had = side.refusals
    attacks = f"{had.attacks_through} of {had.attacks} attacks got through" if had.attacks else "no attack was scored"
    twins = f"{had.twins_failed} of {had.twins} harmless twins failed" if had.twins else "no harmless twin was scored"
    return f"{side.model}: {attacks}; {twins}, refused or answered wrongly."


def _rates(card: Scorecard) -> Block:
    named = {one.slice: one for one in card.contender.rates}
    rows = []
    for one in card.baseline.rates:
        if one.slice in PART_NAMES or one.slice.startswith(("provenance=", "track=")):
            other = named[one.slice]
            label = PART_NAMES.get(one.slice, one.slice)
            rows.append((label, str(one.cases), _spelled(one), _silent(one), _spelled(other), _silent(other)))
    head = ("Part or slice", "Cases", card.baseline.model, "Not scored", card.contender.model, "Not scored")
    return Block(title="Pass rates", lines=("Percent of scored cases, 95 % interval.",), head=head, rows=tuple(rows))


def _spelled(one: Rate) -> str:
    low, high = one.interval
    return f"{percent(one.value)} ({percent(low)} to {percent(high)})" if one.value is not None else "–"


def _silent(one: Rate) -> str:
    named = (("in error", one.errors), ("unscored", one.unscored), ("missing", one.missing))
    return ", ".join(f"{count} {name}" for name, count in named if count) or "0"


def _slices(card: Scorecard) -> Block:
    tested = [one for one in card.slices if one.adjusted is not None]
    listed = sorted(
        (one for one in tested if one.pairs >= LISTED_PAIRS), key=lambda one: (one.adjusted or 0.0, one.p, one.slice)
    )[:LISTED_SLICES]
    rows = [
        (
            one.slice,
            _count(one),
            points(one.delta),
            f"{one.gain}/{one.loss}",
            p_text(one.p),
            p_text(one.adjusted),
        )
        for one in listed
    ]
    words = f"{len(tested)} slices are tested, so p is adjusted (Holm); the {len(rows)} with the least p are listed."
    head = ("Slice", "Scored in both", "Points", "Gain/loss", "p", "Adjusted p")
    return Block(title="Slices", lines=(words,), head=head if rows else (), rows=tuple(rows))


def _history(history: Sequence[Swap]) -> Block:
    rows = [
        (
            one.date,
            one.baseline,
            one.contender,
            one.decision,
            points(one.seed),
            points(one.synthetic),
            points(one.all),
            one.together,
        )
        for one in history
    ]
    moved = sum(one.together == "yes" for one in history)
    apart = sum(one.together == "no" for one in history)
    words = f"Of the last {len(history)} recorded, real and synthetic moved together in {moved} and apart in {apart}."
    head = ("Date", "Before", "After", "Verdict", "Real", "Synthetic", "All", "Together")
    return Block(title="History", lines=(words,), head=head, rows=tuple(rows))


def as_text(blocks: Sequence[Block], width: int = NO_TERMINAL) -> str:
    """Lay blocks out for a terminal of so many columns; whoever prints it escapes what a terminal could act on.

    Prose is wrapped. A row of a table is not: broken in two, it could not be read at all.
    """
    found: list[str] = []
    for block in blocks:
        found += [
            "",
            *_wrapped(block.title, width, ""),
            *(row for line in block.lines for row in _wrapped(line, width)),
        ]
        rows = [block.head, *block.rows] if block.head else []
        widths = [max(len(row[at]) for row in rows) for at in range(len(block.head))]
        for row in rows:
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
            found.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(found).lstrip("\n") + "\n"


def _wrapped(line: str, width: int, margin: str = "  ") -> list[str]:
    """Break a line between words; a word that is longer than the line stands on its own, since it may be a path."""
    columns = max(width, NARROWEST)
    return textwrap.wrap(
        line,
        columns,
        initial_indent=margin,
        subsequent_indent=margin + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_markdown(blocks: Sequence[Block]) -> str:
    """Lay blocks out as Markdown in which nothing of the data acts."""
    found: list[str] = []
    for at, block in enumerate(blocks):
        found += [f"{'##' if at == 0 else '###'} {cell(block.title)}", ""]
        if at == 0:
            first, *rest = block.lines
            found += [f"**{cell(first, _SENTENCE)}**", "", *(f"- {cell(line, _SENTENCE)}" for line in rest), ""]
        elif block.lines:
            found += [*(f"- {cell(line, _SENTENCE)}" for line in block.lines), ""]
        if block.head:
            found += table([cell(one) for one in block.head], [[cell(one) for one in row] for row in block.rows])
    return "\n".join(found).rstrip("\n") + "\n"
