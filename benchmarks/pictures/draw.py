"""One picture a question: what is told apart above, and every measure of a good and a bad set below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.pictures.sets import QUESTIONS, Example, Line
from benchmarks.pictures.svg import WIDTH, diamond, dot, line, picture, rect, text
from evalspec.stats.intervals import wilson
from evalspec.stats.neighbours import covered
from evalspec.stats.spaces import apart
from evalspec.text.vectors import vectorize

LEFT, AXIS, END = 24.0, 236.0, 520.0  # where names, axes and the figures behind them begin
ROW = 34.0
BINS = 70
Parts = list[str]


def draw(name: str, example: Example) -> tuple[str, list[Line]]:
    """Return the picture of a question, and the figures in it."""
    title, names = QUESTIONS[name]
    lines = example.lines(names)
    parts, y = _head(title, example)
    above, height = DRAWN[name](example, y)
    parts += above
    y += height + 14
    parts += _strip_head(y)
    for at, one in enumerate(lines):
        parts += _strip(one, y + 30 + at * ROW)
    bottom = y + 30 + len(lines) * ROW + 4
    return picture(f"{title} A good and a bad set, measured.", parts, bottom), lines


def _head(title: str, example: Example) -> tuple[Parts, float]:
    parts = [text(LEFT, 36, title, css="t f-ink")]
    parts += [dot(LEFT + 7, 57.5), text(LEFT + 22, 62, f"good: {_cut(example.good_text)}")]
    parts += [diamond(LEFT + 7, 79.5), text(LEFT + 22, 84, f"bad: {_cut(example.bad_text)}")]
    parts.append(text(LEFT + 22, 102, example.vice, css="s f-soft"))
    return parts, 118


def _cut(said: str) -> str:
    return said if len(said) <= 96 else f"{said[:95]}…"


def _strip_head(y: float) -> Parts:
    return [
        line(LEFT, y, WIDTH - LEFT, y, "edge"),
        text(LEFT, y + 18, "measure", css="s f-soft"),
        text(AXIS, y + 18, "shaded: past the gate · stroke: the seeds", css="s f-soft"),
        text(END + 76, y + 18, "good", css="s f-soft", anchor="end"),
        text(END + 146, y + 18, "bad", css="s f-soft", anchor="end"),
        text(WIDTH - LEFT, y + 18, "gate", css="s f-soft", anchor="end"),
    ]


def _strip(one: Line, y: float) -> Parts:
    """Draw one measure: an axis, what lies past the gate, the seeds, the good and the bad set."""
    middle = y + ROW / 2
    low, high, zones = _range(one)
    place = _scale(low, high)
    parts = [text(LEFT, middle + 4, one.name.replace(" label", ""), css="m f-ink")]
    parts += [rect(place(a), middle - 10, place(b) - place(a), 20, "zone", 3) for a, b in zones]
    parts.append(line(AXIS, middle, END, middle, "edge"))
    if one.good.baseline is not None and one.good.measure not in RELATIVE:
        parts.append(line(place(one.good.baseline), middle - 9, place(one.good.baseline), middle + 9, "soft", width=2))
    elif one.good.measure in RELATIVE:
        parts.append(line(place(0), middle - 9, place(0), middle + 9, "soft", width=2))
    parts += [diamond(place(_value(one.bad.value)), middle), dot(place(_value(one.good.value)), middle)]
    parts.append(text(END + 76, middle + 4, shown(one.good.value), anchor="end"))
    parts.append(text(END + 146, middle + 4, shown(one.bad.value), anchor="end", css="m b f-ink"))
    said = one.said[1]
    answer = {"fail": "fails", "not known": "not known", "pass": "passes"}.get(said.status, "–") if said else "no gate"
    return [
        *parts,
        text(WIDTH - LEFT, middle + 4, answer, anchor="end", css="s f-bad b" if answer == "fails" else "s f-soft"),
    ]


KINDS = (("seed", "good"), ("golden", "bad"), ("edited", "soft"), ("prompted", "bar"))
NAMES = {"seed": "as users sent it", "golden": "by an expert", "edited": "edited", "prompted": "made"}
RELATIVE = ("rawness_lower", "rawness_open_end", "rawness_noise", "signature_rate", "entropy")


def _value(value: float | None) -> float:
    assert value is not None
    return value


def _range(one: Line) -> tuple[float, float, list[tuple[float, float]]]:
    """Return the ends of the axis and the stretches past the gate's bounds."""
    said = one.said[1] or one.said[0]
    bound = said.bound if said is not None else ""
    numbers = {part.split()[0]: float(part.split()[1]) for part in bound.split(", ") if len(part.split()) == 2}
    held = [_value(one.good.value), _value(one.bad.value), 0.0, *numbers.values()]
    held += [] if one.good.baseline is None or one.good.measure in RELATIVE else [one.good.baseline]
    held += [-numbers["within"]] if "within" in numbers else []
    room = (max(held) - min(held)) * 0.08 or 1.0
    low, high = min(held) - (room if min(held) < 0 else 0), max(held) + room
    zones = []
    if "min" in numbers:
        zones.append((low, numbers["min"]))
    if "max" in numbers:
        zones.append((numbers["max"], high))
    if "within" in numbers:
        zones += [(low, -numbers["within"]), (numbers["within"], high)]
    return low, high, zones


def _scale(low: float, high: float) -> Callable[[float], float]:
    return lambda value: AXIS + (value - low) / (high - low) * (END - AXIS)


def shown(value: float | None) -> str:
    """Spell a figure: counts whole, the rest with three digits after the point."""
    assert value is not None
    if float(value).is_integer() and (abs(value) >= 1 or value == 0):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _bars(rows: Sequence[tuple[str, float, str, str]], y: float, full: float) -> tuple[Parts, float]:
    """Draw one bar a row: name, length, colour, and what stands behind it."""
    parts: Parts = []
    for at, (name, value, css, said) in enumerate(rows):
        top = y + at * 24
        parts.append(text(AXIS - 10, top + 14, name, css="s f-ink", anchor="end"))
        parts.append(rect(AXIS, top + 3, max(1.0, value / full * (END - AXIS)), 15, css, 2))
        parts.append(text(AXIS + max(1.0, value / full * (END - AXIS)) + 8, top + 14, said, css="s f-soft"))
    return parts, len(rows) * 24


def _of_shares(example: Example, y: float) -> tuple[Parts, float]:
    """Draw what each set is made of."""
    parts: Parts = []
    for at, (name, one) in enumerate((("good", example.good), ("bad", example.bad))):
        top = y + at * 30
        counts = Counter("edited" if case.candidate.edited else case.pool for case in one.evalset.cases)
        total, x = counts.total(), AXIS
        parts.append(text(AXIS - 10, top + 16, f"the {name} set", css="s f-ink", anchor="end"))
        for kind, css in KINDS:
            width = counts[kind] / total * (WIDTH - LEFT - AXIS)
            parts.append(rect(x, top + 2, width, 20, css))
            if width > 60:
                said = f"{counts[kind]} {'real' if kind == 'seed' else kind}"
                parts.append(text(x + 8, top + 16, said, css="s b f-ink" if css == "bar" else "s b f-ground"))
            x += width
    x = AXIS
    for kind, css in KINDS:
        parts += [rect(x, y + 65, 10, 10, css), text(x + 15, y + 74, NAMES[kind], css="s f-soft")]
        x += 125
    return parts, 80


def _of_draws(example: Example, y: float) -> tuple[Parts, float]:
    """Draw what chance alone gives, 999 times, and where both sets stand."""
    parts: Parts = []
    values = []
    for one in (example.good, example.bad):
        both = one.comparison()
        drawn = [found.mmd for block in both.labels for found in apart(both.vectors, block)]
        values.append((apart(both.vectors, both.truth)[0].mmd, drawn))
    low = min(min(drawn) for _, drawn in values)
    high = max(seen for seen, _ in values)
    low, high = low - (high - low) * 0.04, high + (high - low) * 0.06
    place = _scale(low, high)
    for at, (name, (seen, drawn)) in enumerate(zip(("good", "bad"), values, strict=True)):
        base = y + 56 + at * 74
        counts, edges = np.histogram(drawn, bins=BINS, range=(low, high))
        most = max(int(counts.max()), 1)
        parts.append(text(AXIS - 10, base - 16, f"the {name} pool", css="s f-ink", anchor="end"))
        for count, left in zip(counts.tolist(), edges.tolist(), strict=False):
            if count:
                parts.append(
                    rect(place(left), base - 48 * count / most, (END - AXIS) / 70 - 0.6, 48 * count / most, "bar")
                )
        parts.append(line(AXIS, base, END, base, "edge"))
        parts.append((dot if name == "good" else diamond)(place(seen), base - 10))
        reach = sum(value >= seen for value in drawn)
        parts.append(text(END + 16, base - 16, f"{reach} of {len(drawn)} exchanges", css="s f-soft"))
        parts.append(text(END + 16, base - 1, "are as far", css="s f-soft"))
    parts.append(text(AXIS, y + 150, "grey: labels of pool and seeds exchanged at random", css="s f-soft"))
    return parts, 158


def _of_policies(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how much of each kind of message has a case near it."""
    from benchmarks.pictures.sets import rows

    kinds = {str(row["input"]): str(row["metadata"]["policy"]) for row in rows("refund")}  # type: ignore[index]
    parts: Parts = []
    found = []
    for one in (example.good, example.bad):
        both = one.comparison()
        texts = [item.text for item in both.seeds]
        flags = covered(vectorize(texts), vectorize([item.text for item in both.pool]))[0].tolist()
        total = Counter(kinds[text_] for text_ in texts)
        found.append((Counter(kinds[text_] for text_, flag in zip(texts, flags, strict=True) if flag), total))
    for at, kind in enumerate(sorted(found[0][1])):
        top = y + at * 34
        parts.append(text(AXIS - 10, top + 18, kind.replace("_", " "), css="s f-ink", anchor="end"))
        for side, css in ((0, "good"), (1, "bad")):
            hit, total = found[side][0][kind], found[side][1][kind]
            width = hit / total * (END - AXIS)
            parts.append(rect(AXIS, top + 2 + side * 13, max(1.0, width), 11, css, 2))
            parts.append(text(AXIS + max(1.0, width) + 8, top + 11 + side * 13, f"{hit} of {total}", css="s f-soft"))
    height = 34.0 * len(found[0][1])
    parts.append(text(AXIS, y + height + 14, "seeds of each policy with a case near them", css="s f-soft"))
    return parts, height + 20


def _of_openings(example: Example, y: float) -> tuple[Parts, float]:
    """Draw the commonest first three words."""
    bars = []
    for one, css in ((example.good, "good"), (example.bad, "bad")):
        both = one.comparison()
        counts = Counter(both.openings[: len(both.pool)])
        for opening, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:2]:
            bars.append((f"“{' '.join(opening)} …”", float(count), css, f"{count} of {len(both.pool)}"))
    return _bars(bars, y, 60)


def _of_words(example: Example, y: float) -> tuple[Parts, float]:
    """Draw in how many messages the words stand that give the pool away."""
    both = example.bad.comparison()
    told = example.bad.one("tell_tale").detail["words"]
    assert isinstance(told, Mapping)
    bars = []
    sides = (
        ("in the pool", both.tokens[: len(both.pool)], "bad"),
        ("in the seeds", both.tokens[len(both.pool) :], "bar"),
    )
    for word in list(told)[:4]:
        for where, tokens, css in sides:
            share = sum(word in set(words) for words in tokens) / len(tokens)
            bars.append((f"“{word}” {where}", share, css, f"{100 * share:.0f} %"))
    return _bars(bars, y, 1)


def _of_rules(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how many cases each rule of the firewall stops."""
    bars = []
    for name, one, css in (("good", example.good, "good"), ("bad", example.bad, "bad")):
        row = one.one("training_overlap")
        by = row.detail["by_rule"]
        assert isinstance(by, Mapping)
        bars += [
            (f"{name}: {rule.replace('_', ' ')}", float(count), css, f"{count} of {row.n}")
            for rule, count in by.items()
        ]
        if not by:
            bars.append((f"{name}: no rule", 0.0, css, f"0 of {row.n}"))
    return _bars(bars, y, 20)


def _of_levels(example: Example, y: float) -> tuple[Parts, float]:
    """Draw survival level by level with its interval, on the healthy band."""
    place = _scale(0, 1)
    parts = [rect(place(0.65), y, place(0.85) - place(0.65), 152, "band")]
    at = 0
    for one, mark in ((example.good, dot), (example.bad, diamond)):
        for row in one.take("survival"):
            if row.value is None or "=" not in row.slice:
                continue
            middle = y + 12 + at * 18
            low, high = wilson(row.value * row.n, row.n)
            parts.append(
                text(AXIS - 10, middle + 4, row.slice.partition("=")[2].replace("_", " "), css="s f-ink", anchor="end")
            )
            parts.append(line(place(low), middle, place(high), middle, "soft", width=2))
            parts.append(mark(place(row.value), middle))
            parts.append(text(END + 16, middle + 4, f"{row.value * row.n:.0f} of {row.n} kept", css="s f-soft"))
            at += 1
    parts.append(text(AXIS, y + 168, "green: the healthy band, 0.65 to 0.85; strokes: 95 % intervals", css="s f-soft"))
    return parts, 172


DRAWN: Mapping[str, Callable[[Example, float], tuple[Parts, float]]] = {
    "real": _of_shares,
    "same": _of_draws,
    "missing": _of_policies,
    "repeats": _of_openings,
    "leaks": _of_words,
    "trained": _of_rules,
    "judged": _of_levels,
}
