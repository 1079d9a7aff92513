"""Mutation operators on real texts: children to read, no-op rates, whether the changed share follows the rate, speed.

EVALSPEC_SHARED=... python -m benchmarks.real.operators [--children 30] [--source abcd] [--only typo,filler]
EVALSPEC_SHARED=... python -m benchmarks.real.operators --rates
EVALSPEC_SHARED=... python -m benchmarks.real.operators --speed
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from evalspec.catalog import load_catalog
from evalspec.catalog.mutations import abbreviate, code_switch, misspell
from evalspec.catalog.mutations.slips import may_slip
from evalspec.catalog.techniques.mutation import mutate
from evalspec.model.case import Input, Made, Message, user_texts
from evalspec.registry import CATALOG, Member
from evalspec.stream import Stream
from evalspec.text.phrases import Found, find_phrases
from evalspec.text.spans import is_protected, protected_spans

SOURCES = {
    "abcd": ("abcd/customer_utterances.jsonl", "text"),
    "hint3": ("hint3/messages.jsonl", "sentence"),
    "banking77": ("banking77/messages.jsonl", "text"),
    "cfpb_complaints": ("cfpb_complaints/complaints.jsonl", "text"),
    "hinglish_top": ("hinglish_top/pairs.jsonl", "cs_query"),
    "xsid": ("xsid/utterances.jsonl", "text"),
}
TERMS = (
    ("ask", ("refund", "money back", "send it back", "reverse the charge", "cancel")),
    ("thing", ("order", "purchase", "parcel", "package")),
)
KNOWN = {
    "misspell": misspell._known,
    "abbreviate": abbreviate._known,
    "code_switch": lambda: code_switch._known("es"),
}
RATES = (0.01, 0.02, 0.05, 0.1)
WORD_RATES = (0.1, 0.3, 0.5, 0.8)


def texts_of(source: str) -> list[str]:
    """Return the texts of a source in an order that has nothing to do with their content."""
    path, column = SOURCES[source]
    folder = Path(os.environ["EVALSPEC_SHARED"]) / "data"
    rows = [json.loads(line) for line in (folder / path).open(encoding="utf-8")]
    column = (
        column if column in rows[0] else next(name for name in ("text", "utterance", "narrative") if name in rows[0])
    )
    texts = sorted({row[column] for row in rows})
    return Stream("operators", source).shuffled(texts)


def chats() -> list[tuple[Message, ...]]:
    """Return real chats as tuples of messages that end with the user's."""
    path = Path(os.environ["EVALSPEC_SHARED"]) / "data" / "abcd" / "conversations.jsonl"
    roles = {"customer": "user", "agent": "assistant"}
    found: list[tuple[Message, ...]] = []
    for line in path.open(encoding="utf-8"):
        turns = [
            Message(role=roles[one["role"]], content=one["text"])  # type: ignore[arg-type]
            for one in json.loads(line)["turns"]
            if one["role"] in roles
        ]
        while turns and turns[-1].role != "user":
            turns.pop()
        found.append(tuple(turns))
    return found


def child_of(member: Member, value: Input, key: str, partner: str, **options: object) -> Input | str:
    """Return the child, or the reason why there is none in brackets."""
    made = mutate(value, (member,), options, key=key, language="en", partner=partner, terms=TERMS)
    return made.input if isinstance(made, Made) else f"[{made.reason}]"


def show_children(source: str, count: int, only: frozenset[str]) -> None:
    """Print children beside their parents, and the share of parents that have none."""
    texts = texts_of(source)
    for member in CATALOG.all("operator"):
        if only and member.name not in only:
            continue
        reasons: Counter[str] = Counter()
        shown = 0
        sample = texts[:1000]
        for number, text in enumerate(sample):
            child = child_of(member, text, f"{member.name}.{number}", texts[-1 - number])
            if isinstance(child, str) and child in ("[no_op]", "[lost_fact]"):
                reasons[child] += 1
            elif shown < count:
                shown += 1
                print(f"  - {text}\n  + {child}")
        none = ", ".join(f"{reason} {n / len(sample):.3f}" for reason, n in sorted(reasons.items())) or "none unmade"
        print(f"== {member.name} on {source}: {none}\n")


def show_rates() -> None:
    """Print the share of eligible places that changed over 1,000 texts, beside the rate that was asked for."""
    texts = texts_of("abcd")[:500] + texts_of("hint3")[:500]
    print("| operator | rate | eligible | expected | changed | share | z |\n|---|---|---|---|---|---|---|")
    for name in ("typo", "keyboard", "swap", "drop_letter", "double_letter"):
        for rate in RATES:
            _letter_row(name, rate, texts)
    for name in ("misspell", "abbreviate", "code_switch"):
        for rate in WORD_RATES:
            _word_row(name, rate, texts)


def _letter_row(name: str, rate: float, texts: list[str]) -> None:
    # A word of n letters has n - 1 that may slip, and at most one that does.
    eligible = changed = 0
    expected = 0.0
    for number, text in enumerate(texts):
        spans = protected_spans(text)
        words = [
            match.group()
            for match in re.finditer(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)
            if may_slip(match.group()) and not is_protected(spans, *match.span())
        ]
        eligible += len(words)
        expected += sum(1 - (1 - rate) ** (len(one) - 1) for one in words)
        child = CATALOG.get("operator", name).function(text, Stream(str(number), name), spans, "en", rate=rate)
        if child is not None:
            changed += sum(a != b for a, b in zip(re.split(r"[\W_]+", text), re.split(r"[\W_]+", child), strict=True))
    _print_row(name, rate, eligible, expected, changed)


def _word_row(name: str, rate: float, texts: list[str]) -> None:
    known = KNOWN[name]()
    eligible = changed = 0
    for number, text in enumerate(texts):
        spans = protected_spans(text)
        places = [one for one in find_phrases(text, known) if not is_protected(spans, one.start, one.end)]
        eligible += len(places)
        child = CATALOG.get("operator", name).function(text, Stream(str(number), name), spans, rate=rate)
        changed += _changed_places(text, places, child) if child is not None else 0
    _print_row(name, rate, eligible, eligible * rate, changed)


def _changed_places(text: str, places: list[Found], child: str) -> int:
    """Line the child up with the stretches between the places, and count the places that differ."""
    borders = [0, *(at for one in places for at in (one.start, one.end)), len(text)]
    between = [text[borders[at] : borders[at + 1]] for at in range(0, len(borders), 2)]
    # The old wording is tried first, so that a stretch between is not found inside a place that did not change.
    stood = [f"({re.escape(text[one.start : one.end])}|.+?)" for one in places]
    parts = [piece for pair in zip(map(re.escape, between), [*stood, ""], strict=True) for piece in pair]
    found = re.fullmatch("".join(parts), child, re.DOTALL)
    assert found is not None, (text, child)
    return sum(new != text[one.start : one.end] for one, new in zip(places, found.groups(), strict=True))


def _print_row(name: str, rate: float, eligible: int, expected: float, changed: int) -> None:
    z = (changed - expected) / max(1.0, (expected * (1 - expected / eligible)) ** 0.5)
    print(f"| {name} | {rate} | {eligible} | {expected:.0f} | {changed} | {changed / eligible:.3f} | {z:+.1f} |")


def show_speed() -> None:
    """Print texts per second of every operator on short texts, one core, spans included."""
    texts = [text for text in texts_of("hint3") + texts_of("banking77") if len(text) <= 100][:5000]
    print(f"{len(texts)} texts, {sum(map(len, texts)) / len(texts):.0f} characters on average")
    for member in CATALOG.all("operator"):
        if member.traits["scope"] == "conversation":
            continue
        function: Callable[..., object] = member.function
        supply = {"language": "en", "partner": texts[7], "terms": TERMS}
        begun = time.perf_counter()
        for number, text in enumerate(texts):
            supply |= {"text": text, "rng": Stream(str(number)), "protected": protected_spans(text)}
            function(**{name: supply[name] for name in member.supplied})
        alone = len(texts) / (time.perf_counter() - begun)
        begun = time.perf_counter()
        for number, text in enumerate(texts[:1000]):
            child_of(member, text, str(number), texts[7])
        whole = 1000 / (time.perf_counter() - begun)
        print(f"{member.name:22s} {alone:9,.0f} texts/s   mutate with guard and redraws {whole:9,.0f}")


def show_chats(only: frozenset[str]) -> None:
    """Print children of whole chats."""
    for member in CATALOG.all("operator"):
        if only and member.name not in only:
            continue
        for number, chat in enumerate(chats()):
            child = child_of(
                member, chat, f"{member.name}.{number}", "Do you ship to Canada and how long does it take?"
            )
            if isinstance(child, str):
                print(f"== {member.name}: {child}")
                continue
            before = user_texts(chat)
            print(f"== {member.name}: {len(before)} user messages -> {len(user_texts(child))}")
            print("\n".join(f"   {text}" for text in user_texts(child) if text not in before))


def main() -> None:
    """Read the flags and print what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="abcd", choices=sorted(SOURCES))
    parser.add_argument("--children", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--rates", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--chats", action="store_true")
    given = parser.parse_args()
    load_catalog()
    only = frozenset(filter(None, given.only.split(",")))
    if given.rates:
        show_rates()
    elif given.speed:
        show_speed()
    elif given.chats:
        show_chats(only)
    else:
        show_children(given.source, given.children, only)


if __name__ == "__main__":
    main()
