"""Replace in rows that invite backtracking or hold thousands of values: does the cost grow in a line?

Prints CPU seconds for 64 and 256 KiB of each piece and their ratio; 4 is a line, 16 a square.
"""

from __future__ import annotations

import itertools
import time

from evalspec.catalog import load_catalog
from evalspec.stages.scrub import detectors_of, redact_texts

SMALL, LARGE = 64 * 1024, 256 * 1024
PIECES = (
    *(
        "a",
        " ",
        "1",
        "é",
        "\n",
        "\u200b",
        "市",
        "a@",
        "a.",
        "1 ",
        "12 a ",
        "a:",
        "::",
        "(1",
        "+1",
        "- ",
        "1234-",
        "4 1 1 1 ",
    ),
    *(
        "a at b dot ",
        "(at)",
        "DE89 ",
        "eyJ",
        "sk-",
        "SG.a",
        "://a1",
        "http://a:",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
    ),
    *(
        "api key ",
        "my password is ",
        "name is a ",
        "this is A ",
        "i am A B c ",
        "thanks\n",
        "12 street ",
        "1 rue a ",
        "via a ",
    ),
    *(
        "ul. a ",
        "東京都a",
        "<EMAIL_1>",
        "u{}@e.org ",
        "my name is Aa Bb{} ",
        "call 206 555 {:04} ",
        "phone 1234567890 ",
    ),
)


def row(piece: str, size: int) -> str:
    """Repeat a piece, numbered where it has a place for a number."""
    numbered = (piece.format(at % 10_000) for at in itertools.count())
    return "".join(itertools.islice(numbered, size // len(piece) + 1))[:size]


def seconds(text: str) -> float:
    """Return the CPU time of replacing in one row."""
    detectors = detectors_of(load_catalog())
    start = time.process_time()
    redact_texts([("", text)], detectors)
    return time.process_time() - start


def main() -> None:
    """Print the cost of each piece, then the worst ratio."""
    ratios = []
    for piece in PIECES:
        small, large = seconds(row(piece, SMALL)), seconds(row(piece, LARGE))
        ratios.append((large / small, piece, large))
        print(f"{piece!r:<32} {small:6.2f} s {large:6.2f} s  x {large / small:4.1f}", flush=True)
    print("worst ratio {:.1f} ({!r}); slowest {:.1f} s".format(*max(ratios)[:2], max(one[2] for one in ratios)))


if __name__ == "__main__":
    main()
