"""Smaller pictures of what single measures see: rawness, distance, repetition, room for more, key terms and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from benchmarks.pictures.draw import AXIS, END, LEFT, Parts
from benchmarks.pictures.sets import Example
from benchmarks.pictures.svg import WIDTH, diamond, dot, line, picture, rect, text
from evalspec.model.defaults import DEFAULT_GATES
from evalspec.stats.intervals import wilson
from evalspec.stats.saturation import rarefied_coverage
from evalspec.text.nearness import duplicate_pairs
from evalspec.text.tokens import ngrams, tokens
from evalspec.text.vectors import cosine_matrix, vectorize

NEAR = 0.85  # `screen.near_duplicate`
PAIRS = (
    ("please cancel the subscription for my phone", "please cancel the subcription for my phone"),
    ("hi, where is the refund for my raincoat", "where is the refund for my raincoat please"),
    ("I was charged twice for order 4481", "I was charged twice for order 4482"),
    ("can I return it before day 30", "can I return it after day 30"),
    ("how do I return the kettle", "I want to send the kettle back"),
)
SIZES = tuple(range(5, 60, 5))
SIDES = (("the seeds", "bar"), ("good", "good"), ("bad", "bad"))
# By its shade: five kinds of label and eight terms do not need as many colours.
SHADES = ("bad", "good", "soft", "bar", "band", "zone", "edge")


def drawn(found: Mapping[str, Example]) -> dict[str, str]:
    """Return every small picture by its name."""
    return {name: _drawn(name, found) for name in INSETS}


def _drawn(name: str, found: Mapping[str, Example]) -> str:
    question, title, draw = INSETS[name]
    parts, height = draw(found[question], 56)
    return picture(f"{title}.", [text(LEFT, 34, title, css="t f-ink"), *parts], height)


def _bar(y: float, name: str, share: float, css: str, said: str) -> Parts:
    width = max(1.0, share * (END - AXIS))
    return [
        text(AXIS - 10, y + 12, name, css="s f-ink", anchor="end"),
        rect(AXIS, y, width, 15, css, 2),
        text(AXIS + width + 8, y + 12, said, css="s f-soft"),
    ]


def _of_rawness(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how often each side starts small, ends open, and how noisy it is."""
    parts: Parts = []
    for measure, what, key in (
        ("rawness_lower", "start with a small letter", "share"),
        ("rawness_open_end", "end without a mark", "share"),
        ("rawness_noise", "noise in 1,000 words", "rate"),
    ):
        good, bad = example.good.one(measure), example.bad.one(measure)
        values = (good.baseline, good.detail[key], bad.detail[key])
        full = 1.0 if key == "share" else 20.0
        parts.append(text(AXIS, y + 12, what, css="s b f-ink"))
        y += 20
        for (name, css), value in zip(SIDES, values, strict=True):
            assert isinstance(value, float | int)
            said = f"{100 * value:.0f} %" if key == "share" else f"{value:.1f}"
            parts += _bar(y, name, value / full, css, said)
            y += 20
        y += 8
    return parts, y + 4


def _of_distance(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how far the texts of each side stand from the nearest seed, in ten bins, and the limit."""
    good, bad = example.good.one("seed_distance", space="lexical"), example.bad.one("seed_distance", space="lexical")
    sides = (("the seeds", good.detail["bins_seeds"], "bar"), ("good", good.detail["bins"], "good"))
    limit, base = bad.detail["limit"], y
    assert isinstance(limit, float)
    width = (END - AXIS) / 10
    parts: Parts = [rect(AXIS + limit * 10 * width, y, (1 - limit) * 10 * width, 196, "zone")]
    for name, bins, css in (*sides, ("bad", bad.detail["bins"], "bad")):
        assert isinstance(bins, list)
        base += 64
        parts += [text(AXIS - 10, base - 8, name, css="s f-ink", anchor="end")]
        for at, count in enumerate(bins):
            left, height = AXIS + at * width, 50 * count / max(sum(bins), 1)
            if count:
                parts.append(rect(left + 1, base - height, width - 2, height, css))
                parts.append(text(left + width / 2, base - height - 3, str(count), css="s f-soft", anchor="middle"))
        parts.append(line(AXIS, base, END, base, "edge"))
    parts += [
        text(END + 12, y + 20, f"shaded: beyond {limit:.2f}, where", css="s f-soft"),
        text(END + 12, y + 36, "1 in 100 seeds is", css="s f-soft"),
        text(END + 12, y + 60, f"{bad.detail['beyond']} of {bad.n} of the bad", css="s b f-bad"),
        text(END + 12, y + 76, "pool lie there", css="s b f-bad"),
    ]
    for at in range(0, 11, 2):
        parts.append(text(AXIS + at * width, base + 16, f"{at / 10:g}", css="s f-soft", anchor="middle"))
    parts.append(
        text(AXIS, base + 34, "distance to the nearest seed: 0 the same letters, 1 nothing shared", css="s f-soft")
    )
    return parts, base + 46


def _of_pairs(example: Example, y: float) -> tuple[Parts, float]:
    """Draw five pairs by how near they are, and what the rule says of each."""
    left, right = AXIS + 150, WIDTH - LEFT - 70

    def place(cosine: float) -> float:
        return left + cosine * (right - left)

    parts: Parts = [rect(place(NEAR), y - 4, place(1) - place(NEAR), 44 * len(PAIRS) + 4, "zone")]
    for one, other in PAIRS:
        cosine = float(cosine_matrix(vectorize([one]), vectorize([other]))[0, 0])
        dropped = bool(duplicate_pairs({"a": one, "b": other}, {}, lambda *_: False, cosine=NEAR))
        parts += [text(LEFT, y + 14, one, css="s f-ink"), text(LEFT, y + 30, other, css="s f-ink")]
        parts.append(line(left, y + 20, right, y + 20, "edge"))
        parts.append((diamond if dropped else dot)(place(cosine), y + 20))
        parts.append(text(place(cosine) - 12, y + 15, f"{cosine:.3f}", css="s f-soft", anchor="end"))
        parts.append(text(WIDTH - LEFT, y + 24, "dropped" if dropped else "kept", anchor="end", css="s b f-ink"))
        y += 44
    said = "shaded: 0.85 and nearer. Near is not enough: what differs must be noise"
    return [*parts, text(left - 60, y + 14, said, css="s f-soft")], y + 28


def _of_room(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how much of a further text a pool holds already, as it grows."""
    height, parts = 150.0, []
    place: Callable[[float], float] = lambda count: AXIS + count / 60 * (END - AXIS)  # noqa: E731
    for share in (0.0, 0.5, 1.0):
        at = y + height * (1 - share)
        parts += [line(AXIS, at, END, at, "edge"), text(AXIS - 8, at + 4, f"{share:g}", css="s f-soft", anchor="end")]
    both = example.good.comparison()
    sides = (
        ("the seeds", "soft", both.seeds),
        ("good", "good", both.pool),
        ("bad", "bad", example.bad.comparison().pool),
    )
    for name, css, items in sides:
        things = [frozenset(ngrams(tokens(one.text), 2)) for one in items]
        points = [(count, rarefied_coverage(things, count)) for count in SIZES if count < len(things)]
        for (a, low), (b, high) in pairwise(points):
            parts.append(line(place(a), y + height * (1 - low), place(b), y + height * (1 - high), css, width=2))
        last, value = points[-1]
        above = -6 if name == "the seeds" else 14 if name == "good" else 4
        parts.append(text(place(last) + 10, y + height * (1 - value) + above, f"{name}: {value:.2f}", css="s f-ink"))
    for count in (0, 20, 40, 60):
        parts.append(text(place(count), y + height + 16, str(count), css="s f-soft", anchor="middle"))
    said = "texts, and the share of the next one's word pairs that they hold already"
    return [*parts, text(AXIS, y + height + 34, said, css="s f-soft")], y + height + 46


def _stacked(y: float, name: str, shares: Sequence[tuple[str, float]], css: Mapping[str, str]) -> Parts:
    parts, x = [text(AXIS - 10, y + 16, name, css="s f-ink", anchor="end")], AXIS
    for part, share in shares:
        width = share * (END - AXIS)
        parts.append(rect(x, y, max(0.0, width - 1), 22, css[part]))
        x += width
    return parts


def _legend(y: float, css: Mapping[str, str]) -> Parts:
    parts, x = [], AXIS - 120
    for name, colour in css.items():
        parts += [rect(x, y, 10, 10, colour), text(x + 14, y + 9, name, css="s f-soft")]
        x += 28 + 6.2 * len(name)
    return parts


def _of_terms(example: Example, y: float) -> tuple[Parts, float]:
    """Draw by which words each side asks for money, and what entropy and mix say of that."""
    sides = []
    for name, one, key in (
        ("the seeds", example.good, "terms_seeds"),
        ("the good pool", example.good, "terms"),
        ("the bad pool", example.bad, "terms"),
    ):
        counts = one.one("entropy", of="ask").detail[key]
        assert isinstance(counts, Mapping)
        sides.append((name, {str(term): int(count) for term, count in counts.items() if count}))
    totals = {term: sum(counts.get(term, 0) for _, counts in sides) for _, each in sides for term in each}
    order = sorted(totals, key=lambda term: (-totals[term], term))
    css = {term: SHADES[at % len(SHADES)] for at, term in enumerate(order)}
    parts: Parts = []
    said = {"the seeds": ""}
    for name, one in (("the good pool", example.good), ("the bad pool", example.bad)):
        entropy, mix = one.one("entropy", of="ask").value, one.one("term_mix", of="ask").value
        said[name] = f"entropy {100 * (entropy or 0):+.0f} %, mix {mix:.2f}"
    for name, counts in sides:
        whole = sum(counts.values())
        parts += _stacked(y, name, [(term, counts.get(term, 0) / whole) for term in order], css)
        parts.append(text(END + 10, y + 16, said[name], css="s f-soft"))
        y += 32
    return [*parts, *_legend(y + 4, css)], y + 30


def _of_labels(example: Example, y: float) -> tuple[Parts, float]:
    """Draw how often two readers agree, with what fifty pairs can tell, and who vouched for the labels."""
    bound = next(gate.min for gate in DEFAULT_GATES if gate.measure == "agreement")
    assert bound is not None
    parts: Parts = [text(AXIS, y + 12, "pairs of blind readers that say the same", css="s b f-ink")]
    parts.append(rect(AXIS, y + 20, bound * (END - AXIS), 48, "zone"))
    for at, (mark, one) in enumerate(((dot, example.good), (diamond, example.bad))):
        row = one.one("agreement", of="label")
        assert row.value is not None
        low, high = wilson(round(row.value * row.n), row.n)
        middle = y + 32 + at * 24
        parts.append(line(AXIS + low * (END - AXIS), middle, AXIS + high * (END - AXIS), middle, "soft", width=2))
        parts.append(mark(AXIS + row.value * (END - AXIS), middle))
        said = f"{round(row.value * row.n)} of {row.n}, {low:.2f} to {high:.2f}"
        parts.append(text(END + 10, middle + 4, said, css="s f-soft"))
        parts.append(text(AXIS - 10, middle + 4, ("good", "bad")[at], css="s f-ink", anchor="end"))
    parts.append(
        text(AXIS, y + 84, "shaded: under the gate's 0.80; the stroke must lie in it whole to fail", css="s f-soft")
    )
    y += 106
    parts.append(text(AXIS, y + 12, "labels that a person vouched for", css="s b f-ink"))
    css = {"verified": "good", "others": "bar"}
    for at, (name, one) in enumerate((("good", example.good), ("bad", example.bad))):
        row = next(row for row in one.take("verified_share") if row.slice == "all")
        assert row.value is not None
        parts += _stacked(y + 20 + at * 30, name, [("verified", row.value), ("others", 1 - row.value)], css)
        parts.append(text(END + 10, y + 36 + at * 30, f"{round(row.value * row.n)} of {row.n}", css="s f-soft"))
    return [*parts, *_legend(y + 84, css)], y + 108


INSETS: Mapping[str, tuple[str, str, Callable[[Example, float], tuple[Parts, float]]]] = {
    "raw": ("real", "Typed by hand, or tidied up", _of_rawness),
    "far": ("same", "How far from the nearest seed", _of_distance),
    "twice": ("repeats", "Near is not the same", _of_pairs),
    "room": ("repeats", "Would another case add anything", _of_room),
    "terms": ("leaks", "In which words they ask", _of_terms),
    "labels": ("judged", "Who vouches for the labels", _of_labels),
}
