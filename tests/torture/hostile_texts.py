"""Strings that act where they are shown: on a terminal, in a log, in Markdown, in HTML, in a table, in a template."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

PARTS = (
    "\x1b[2J", "\x1b[31m", "\x1b]0;title\x07", "\x1b]52;c;cm0gLXJm\x07", "\x1b]8;;http://127.0.0.1:9/\x1b\\link\x1b]8;;\x1b\\",
    "\x9b2J", "\x90q\x9c", "\r", "\x08\x08\x08", "\x07", "\x7f", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\x84",
    "\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\u2028", "\u2029", "\ufeff", "\U000e0041", "\U000e007f",
    "\n::add-mask::x\n", "\n  ::stop-commands::t\n", "\u00a0::error::x", "\r::set-env name=A::b", "##[error]x",
    "a ##[add-mask]b", "::debug::x", ":: ::", "##[group]",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "\"><b>", "</details>",
    "![x](http://127.0.0.1:9/beacon.png)", "[x](javascript:alert(1))", "```\n# h\n```", "~~~", "| a | b |\n|---|---|",
    "@everyone", "#1", "https://127.0.0.1:9/", "`` ` ``", "<!-- x", "-->", "$(touch PWNED)", "`touch PWNED`",
    "=cmd|' /C calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://127.0.0.1:9\")", "'=1", "\uff1d1",
    "{{ 7*7 }}", "{% raw %}", "${jndi:ldap://127.0.0.1:9/a}", "%s%s%n", "{0.__class__}", "{}", "%(x)s",
    "${{ secrets.X }}",
    "../../etc/passwd", "C:\\x", "a" * 300, "\U0001f600", "e\u0301", "\u0000", "\ufffe", "EOF\n", "<<<<<<< HEAD",
)  # fmt: skip
WORDS = (
    "parcel",
    "kettle",
    "refund",
    "invoice",
    "lamp",
    "driver",
    "shoes",
    "plates",
    "jacket",
    "money",
    "chair",
    "pram",
)
LABELS = ("refund", "replace", "track")


def hostile_text(dice: random.Random) -> str:
    """Some of the parts, between words of a message."""
    parts = [dice.choice(PARTS) for _ in range(dice.randint(1, 4))]
    words = [dice.choice(WORDS) for _ in range(5)]
    dice.shuffle(words)
    mixed = [one for pair in zip(words, parts, strict=False) for one in pair]
    text = " ".join(mixed) if dice.random() < 0.5 else "".join(mixed)
    return text if dice.random() < 0.6 else dice.choice(PARTS) + text


def hostile_rows(dice: random.Random, count: int) -> list[dict[str, Any]]:
    """Rows whose text, id and other columns are hostile; every text is another one."""
    return [
        {
            "id": f"r{at}{dice.choice(PARTS)}" if at % 3 else f"r{at}",
            "input": f"My {dice.choice(WORDS)} number {at} is late. {hostile_text(dice)} Please help me.",
            "expected": LABELS[at % 3],
        }
        for at in range(count)
    ]


def texts(dice: random.Random, count: int) -> Iterator[str]:
    """Some hostile texts."""
    yield from (hostile_text(dice) for _ in range(count))
