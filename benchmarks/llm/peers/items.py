"""The questions and the right answers, the same for every contender; standard library only, as peers import it too.

A question carries the name of its item, and the answer follows from that name: whoever returns another text has
returned a stale or a damaged one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ITEM = re.compile(r"\bitem-\d{5}(?:-v\d)?\b")
MODEL = "small-writer"
NOUNS = [
    "kettle",
    "lamp",
    "pram",
    "jacket",
    "chair",
    "plate",
    "cable",
    "parcel",
    "clock",
    "sofa",
    "carpet",
    "mirror",
    "blender",
    "drill",
    "tent",
    "bicycle",
]
ACTS = [
    "arrived cracked",
    "never came",
    "smells odd",
    "has no manual",
    "is the wrong size",
    "stopped on day two",
    "leaks",
    "hums all night",
    "lost a wheel",
    "will not charge",
    "came in green",
    "is missing a leg",
    "has a torn box",
    "was sent to my old address",
]
ENDS = [
    "who do I call",
    "what now",
    "send someone",
    "I leave on Friday",
    "my aunt wanted it",
    "money back then",
    "is that covered",
    "do I keep the box",
    "who pays for the way back",
    "when will you answer",
    "I have waited nine days",
]


def draw(name: str, purpose: str) -> int:
    """Return a number that depends on a name and a purpose alone."""
    return int.from_bytes(hashlib.blake2b(f"{purpose}/{name}".encode(), digest_size=8).digest(), "big")


def names(count: int, *, changed: bool = False) -> list[str]:
    """Return the names of the items; `changed` gives the one in the middle another."""
    found = [f"item-{at:05d}" for at in range(count)]
    if changed:
        found[count // 2] += "-v2"
    return found


def question(name: str) -> str:
    """Spell the question about an item, about as long as a real one."""
    return (
        f"You write test messages for a support desk. The situation is {name}: a customer with a {_noun(name)} that "
        f"{_act(name)}. Write one message of one or two sentences as real people do, without a greeting. Do not name "
        'the situation. Reply with one JSON object and nothing else: {"message": "..."}'
    )


def message(name: str) -> str:
    """Return the message that the server gives for an item."""
    order = draw(name, "order") % 900_000 + 100_000
    return f"The {_noun(name)} {_act(name)}, order {order}. {ENDS[draw(name, 'end') % len(ENDS)]}?"


def answer(name: str) -> str:
    """Return the text of the reply for an item."""
    return json.dumps({"message": message(name)})


def usable(texts: Sequence[str | None], wanted: Sequence[str]) -> int:
    """Count the items whose text holds the right message."""
    return sum(text is not None and message(name) in text for text, name in zip(texts, wanted, strict=True))


def fault_of(name: str) -> str | None:
    """Return what goes wrong the first time an item is asked for: 5 % 429, 2 % 500, 1 % a body cut in half."""
    at = draw(name, "fault") % 100
    return "429" if at < 5 else "500" if at < 7 else "cut" if at < 8 else None


def read_job(path: str) -> Any:
    """Return what a contender is to do: `url`, `jobs`, `questions`, `folder` that outlives the run, `out`."""
    return json.loads(Path(path).read_text("utf-8"))


def write_texts(job: Any, texts: Sequence[str | None]) -> None:
    """Keep a contender's texts, in the order of the questions."""
    Path(job["out"]).write_text(json.dumps(list(texts)), "utf-8")


def _noun(name: str) -> str:
    return NOUNS[draw(name, "noun") % len(NOUNS)]


def _act(name: str) -> str:
    return ACTS[draw(name, "act") % len(ACTS)]
