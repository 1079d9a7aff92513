"""A shop's messages from a counter: as many as asked for, the same on every machine, and a spec of any size over them.

Written for this benchmark: no real customer is in it. Texts are drawn from a few hundred phrases, so that a set of
100,000 has the near-duplicates that templates give, but few whole repetitions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from evalspec.stream import Stream

SPARE = 1.25  # raw rows for each case, so that sampling has something to choose from
SAMPLED = 0.75  # rows of the snapshot for each case: some must stay outside the set, to compare with


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES = _words(
    "black white grey navy red green beige brown silver copper matt glossy striped checked plain small large folding "
    "portable heavy light wireless corded ceramic wooden steel glass woven padded insulated rechargeable vintage "
    "modern "
    "slim wide tall round square stackable quiet"
)
_NOUNS = _words(
    "kettle lamp jacket blender backpack keyboard grinder coat mirror rug toaster speaker suitcase pan helmet monitor "
    "chair dryer tent jumper drill duvet watch hose printer headset vest table whiteboard cabinet glove scanner webcam "
    "heater radio toothbrush shelf curtain pillow blanket mug plate bowl knife ladder bucket broom vase clock frame "
    "candle basket bench stool sofa mattress fridge freezer oven cooker iron vacuum fan charger cable router tablet "
    "phone camera tripod lens bike scooter pump tyre saddle boots sandals scarf belt wallet umbrella"
)
_CITIES = _words(
    "Leeds Porto Gdansk Malmo Tartu Bruges Lyon Graz Turin Aarhus Cork Ghent Basel Bilbao Split Varna Krakow Utrecht "
    "Bergen Dover York Derby Exeter Bath Truro Perth Oban Derry Galway Kiel Mainz Ulm Jena Brno Pecs Cluj Iasi Riga"
)
_HELLO = ("", "hi, ", "Hello, ", "hey ", "Good morning. ", "Hi there, ", "Dear team, ", "ok so ", "quick question: ")
_PROBLEM = (
    "my {item} has not arrived",
    "the {item} came broken",
    "you sent me a {item} instead of the {other}",
    "I no longer want the {item}",
    "the {item} stopped working after {days} days",
    "there is a crack in the {item}",
    "the {item} is missing a part",
    "I was charged twice for the {item}",
    "the {item} looks used",
    "the tracking for my {item} says {city} since last week",
    "the {item} is the wrong size",
    "one of the two boxes is missing, the one with the {item}",
    "nobody told me that the {item} is out of stock",
    "the {item} smells of smoke",
    "the courier left the {item} in the rain",
)
_DETAIL = (
    "order {order}",
    "it was delivered {days} days ago to {city}",
    "I paid {price} for it",
    "my order number is {order}",
    "I bought it with a {other} in {city}",
    "the box says {city} but I live in {other_city}",
    "it was a gift and the birthday was {days} days ago",
    "this is the {nth} time that I write about order {order}",
    "the invoice says {price} and the bank says {price2}",
    "I only opened the box, nothing else",
    "your shop in {city} could not help",
)
_ASK = (
    "can I get my money back?",
    "please refund {price}.",
    "what happens now?",
    "send a new one to {city} please",
    "I would like to return it.",
    "how do I send it back?",
    "when will it come?",
    "can you exchange it for a {other}?",
    "is there still a way to cancel?",
    "I want to talk to a person.",
)
_CLOSE = ("", " Thanks", " thank you", " Regards", " cheers", " please hurry", " this is getting silly", " :(")
_LABELS = ("refund", "deny", "escalate")
_CHANNELS = ("web", "app", "email", "phone_note")


def texts(count: int, seed: str = "scale") -> Iterator[str]:
    """Yield `count` messages of about 20 words; the first ones are the same for every count."""
    for at in range(count):
        yield text(Stream(seed, str(at)))


def text(rng: Stream) -> str:
    """Write one message."""
    joint = rng.choice((". ", ", ", " - ", " and ", ". ", "; "))
    parts = f"{rng.choice(_PROBLEM)}{joint}{rng.choice(_DETAIL)}. {rng.choice(_ASK)}"
    line = parts.format(
        item=_thing(rng),
        other=_thing(rng),
        city=rng.choice(_CITIES),
        other_city=rng.choice(_CITIES),
        days=rng.between(2, 90),
        order=rng.between(100000, 999999),
        price=f"{rng.between(5, 900)}.{rng.between(10, 99)}",
        price2=f"{rng.between(5, 900)}.{rng.between(10, 99)}",
        nth=rng.choice(("second", "third", "fourth")),
    )
    return f"{rng.choice(_HELLO)}{line}{rng.choice(_CLOSE)}"


def _thing(rng: Stream) -> str:
    return f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}"


def write_project(folder: Path, cases: int) -> Path:
    """Write raw rows, a grammar and a spec of `cases` cases into a folder, and return the spec's path."""
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.jsonl"
    with raw.open("w", encoding="utf-8", newline="\n") as file:
        for at, message in enumerate(texts(int(cases * SPARE))):
            rng = Stream("row", str(at))
            row = {
                "ticket": f"T-{at:07d}",
                "message": message,
                "decision": rng.choice(_LABELS),
                "channel": rng.choice(_CHANNELS),
                "opened_at": f"2026-{rng.between(1, 9):02d}-{rng.between(1, 28):02d}",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    (folder / "shop" / "grammar.yaml").write_text(_GRAMMAR, encoding="utf-8")
    spec = folder / "shop.yaml"
    spec.write_text(_SPEC.format(size=cases, sampled=int(cases * SAMPLED), budget=cases // 30 + 10), encoding="utf-8")
    return spec


def edit_one_cell(spec: Path) -> None:
    """Change what one of the twelve cells of the grid expects; every other cell stays as it was."""
    source = spec.read_text(encoding="utf-8")
    edited = source.replace("expected: deny       # the edit", "expected: escalate   # the edit")
    assert edited != source
    spec.write_text(edited, encoding="utf-8")


_SPEC = """\
version: 1
description: A shop's messages, made for the benchmark.
purpose: smoke
random_state: 7
task:
  expected: [refund, deny, escalate]
  languages: [en]
sources:
  production:
    fields: {{id: ticket, input: message, expected: decision, time: opened_at, metadata: [channel]}}
    verified_by: benchmark
    pii: redact
    sample: {{size: {sampled}, by: [expected, channel]}}
axes:
  tone: {{calm: Says what it is., terse: Few words., cross: Third contact.}}
  topic:
    late: {{description: Not there yet., expected: refund}}
    broken: {{description: Came broken., expected: refund}}
    wrong: {{description: Another thing came., expected: refund}}
    old: {{description: After the window., expected: deny}}
models:
  bot: {{model: anthropic/claude-sonnet-4-20250514}}
  writer: {{model: builtin/grammar, grammar: shop/grammar.yaml}}
roles: {{subject: bot, generator: writer}}
pools:
  seed: {{from: production}}
  prompted:
    axes: [tone, topic]
    max_per_cell: {budget}
    cells:
      - where: {{tone: cross, topic: old}}
        expected: deny       # the edit
  mutation:
    operators: {{typo: , abbreviate: , misspell: , spacing: , filler: }}
review: {{require: {{prompted: 0, mutation: 0}}, overlap: 0}}
mix:
  size: {size}
  shares: {{seed: 0.50, mutation: 0.30, prompted: 0.20}}
"""


def _grammar() -> str:
    """Write a grammar of the same phrases, so that what it writes is not far from what customers write."""
    numbers = {
        "order": [str(number) for number in range(100_019, 999_999, 2_311)],
        "days": [str(number) for number in range(2, 91)],
        "price": [f"{number}.{number % 90 + 10}" for number in range(5, 900, 3)],
        "nth": ["second", "third", "fourth"],
    }
    topics = {"late": (0, 9, 12), "broken": (1, 4, 5, 6, 13, 14), "wrong": (2, 8, 10), "old": (3, 7, 11)}
    tones = {
        "calm": ["Hello, {problem}. {detail}. {ask}", "{problem} and {detail}. {ask} thank you"],
        "terse": ["{problem}, {detail}. {ask}", "{problem}; {detail}. {ask}"],
        "cross": ["{problem} - {detail}. {ask} this is getting silly", "hey {problem}. {detail}. {ask} please hurry"],
    }
    lists = {"item": ["{look} {noun}"], "other": ["{other_look} {other_noun}"], "look": _ADJECTIVES, "noun": _NOUNS}
    lists |= {
        "other_look": _ADJECTIVES[::-1],
        "other_noun": _NOUNS[::-1],
        "city": _CITIES[:20],
        "other_city": _CITIES[20:],
        **numbers,
    }
    lists["price2"] = lists["price"][::-1]
    lines = ["language: en", "lexicon:", *(f"  {name}: {_listed(words)}" for name, words in lists.items())]
    lines += ["rules:", f"  detail: {_listed(_DETAIL)}", f"  ask: {_listed(_ASK)}", "levels:", "  topic:"]
    lines += [f"    {name}: {{problem: {_listed([_PROBLEM[at] for at in places])}}}" for name, places in topics.items()]
    lines += ["  tone:", *(f"    {name}: {{message: {_listed(found)}}}" for name, found in tones.items())]
    return "\n".join(lines) + "\n"


def _listed(words: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(word) for word in words) + "]"


_GRAMMAR = _grammar()
