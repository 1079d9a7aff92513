"""Whether a writer shows through, told for people: its key terms, words and openings; and whether more would add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.model.build import Build
from evalspec.model.outcome import Measurement
from evalspec.stages.measuring.frame import is_written
from evalspec.stages.reporting.figures import percent, plain_text, table
from evalspec.stages.reporting.likeness import quoted

SHOWN_LEAD = 0.05  # of a word or opening; less is what any two samples differ by
LISTED = 5
CELLS = 8
_TEXT = (
    "What a writer repeats and users do not, pool by pool, beside the same seeds. The interval of the key terms covers "
    "the wobble of both sides: two halves of one real source differ by tens of per cent where terms are few."
)
_MORE = (
    "Of the word pairs that a further case of the same kind would hold, the share that the pool holds already; beside "
    "it what as many seeds hold of a further seed. Far above the seeds, the writer repeats itself: more of the same "
    "adds little, and another cell, persona or exemplar adds more."
)


def leakage(build: Build) -> list[str]:
    """Show what gives each written pool away."""
    lines: list[str] = []
    for pool in build.spec.pools:
        mine = [one for one in build.measurements or () if one.slice == f"pool={pool.name}" and one.value is not None]
        if is_written(pool) and (part := [*_terms(mine), *_words(mine), *_openings(mine), *_lists(mine)]):
            lines += [f"**{plain_text(pool.name)}**", "", *(f"- {one}" for one in part), ""]
    return ["## Does the writer show through?", "", _TEXT, "", *lines] if lines else []


def _terms(found: Sequence[Measurement]) -> list[str]:
    lines = []
    for one in (one for one in found if one.measure == "entropy"):
        assert one.value is not None
        where = f" (95 % interval {one.interval[0]:+.0%} to {one.interval[1]:+.0%})" if one.interval else ""
        mix = next((two for two in found if two.measure == "term_mix" and two.of == one.of), None)
        said = f"Key terms of {plain_text(f'`{one.of}`')}: variety {one.value:+.0%} against the seeds{where}"
        if mix is not None and mix.value is not None:
            said += f"; {mix.value:.0%} of the mentions would have to change to match the seeds' mix"
            said += f" (p {mix.p:.3f})" if mix.p is not None else ""
        if one.note:
            said += f"; {plain_text(one.note)}"
        lines.append(said.replace("%", " %").replace("  %", " %") + ".")
    return lines


def _words(found: Sequence[Measurement]) -> list[str]:
    one = next((one for one in found if one.measure == "top_term_excess"), None)
    leads = _leading(one, "leads")
    if one is None or not leads:
        return []
    sure = "" if one.p is None else f" (p of the first {one.p:.3f})"
    return [f"Words in more of its cases than of the seeds{sure}: {'; '.join(leads)}."]


def _openings(found: Sequence[Measurement]) -> list[str]:
    one = next((one for one in found if one.measure == "opening_share"), None)
    leads = _leading(one, "openings")
    return [f"Openings that it repeats: {'; '.join(leads)}."] if leads else []


def _leading(one: Measurement | None, name: str) -> list[str]:
    shares = one.detail.get(name) if one is not None else None
    if not isinstance(shares, Mapping):
        return []
    return [
        f"{quoted([word])} {percent(here)}, seeds {percent(there)}"
        for word, (here, there) in shares.items()
        if here - there >= SHOWN_LEAD
    ][:LISTED]


def _lists(found: Sequence[Measurement]) -> list[str]:
    lines = []
    tale = next((one for one in found if one.measure == "tell_tale"), None)
    if tale is not None:
        words = tale.detail.get("words")
        names = quoted(list(words)[:LISTED]) if isinstance(words, Mapping) and words else "none"
        lines.append(f"Words that give it away, where chance would name none in 99 of 100 pools: {names}.")
    rate = next((one for one in found if one.measure == "signature_rate"), None)
    if rate is not None and isinstance(rate.detail.get("rate"), float | int):
        learned = rate.detail.get("learned")
        names = quoted(list(learned)[:LISTED]) if isinstance(learned, Mapping) and learned else "none"
        lines.append(
            f"Words that it says ten times and more, and surely more than users: {names}. Of the shipped list of words "
            f"that models overuse: {rate.detail['rate']:.1f} in 1,000 words, seeds {rate.baseline or 0.0:.1f}."
        )
    return lines


def room(build: Build) -> list[str]:
    """Show how much of a further case each pool, and its fullest cells, hold already."""
    found = [one for one in build.measurements or () if one.measure == "saturation" and one.value is not None]
    if not found:
        return []
    cells = [one for one in found if ",cell=" in one.slice]
    fullest = sorted(cells, key=lambda one: (-(one.value or 0.0), one.slice))[:CELLS]
    lines = ["## Would more cases add anything?", "", _MORE, ""]
    lines += _table([*(one for one in found if one not in cells), *fullest])
    rest = len(cells) - len(fullest)
    return [
        *lines,
        *([f"The {len(fullest)} fullest of {len(cells)} cells of five cases and more.", ""] if rest else []),
    ]


def _table(found: Sequence[Measurement]) -> list[str]:
    rows = []
    for one in found:
        new, whole = one.detail.get("new_pairs"), one.detail.get("pairs_a_case")
        adds = f"{new:.1f} of {whole:.1f}" if isinstance(new, float | int) and isinstance(whole, float | int) else "–"
        rows.append(
            (
                plain_text(one.slice.removeprefix("pool=").replace(",cell=", ": ")),
                str(one.n),
                percent(one.value or 0.0),
                f"{one.interval[0]:.2f}–{one.interval[1]:.2f}" if one.interval else "–",
                percent(one.baseline) if one.baseline is not None else "–",
                adds,
            )
        )
    return table(
        ("Pool or cell", "Cases", "Held already", "95 %", "As many seeds", "New word pairs of another case"), rows
    )
